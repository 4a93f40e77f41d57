"""A very small Whisper (same architecture as Hugging Face's), in plain PyTorch.

Differences that matter only for training:
* the output layer covers the used token ids only (text of the closed vocabulary,
  a few special tokens, timestamps on a 0.1 s grid);
* timestamp embeddings are a linear map of the encoder's sinusoidal positions, so
  that 301 of them are learnt together;
* one embedding dimension (RESERVED) is kept at zero; conversion uses it to make
  every unused token impossible;
* cross-attention weights are returned, for the alignment loss.
Parameter names follow Hugging Face's, so conversion is a copy.
"""

import math

import torch
from torch import nn
from torch.nn import functional

D, HEADS, FFN = 128, 4, 512
ENC_LAYERS, DEC_LAYERS = 3, 2
MAX_SOURCE, MAX_TARGET = 1500, 448
RESERVED = D - 1
EOT, SOT, EN, RU, TRANSCRIBE, PREV, NOSPEECH, NOTIME, TIME0 = (
    50257,
    50258,
    50259,
    50263,
    50359,
    50361,
    50362,
    50363,
    50364,
)
LANG = {"en": EN, "ru": RU}
GRID = 5  # timestamps every 5 * 0.02 s
DEC_POS_SCALE = 0.1


def sinusoids(length, channels=D, timescale=10000):
    step = math.log(timescale) / (channels // 2 - 1)
    freq = torch.exp(-step * torch.arange(channels // 2))
    angle = torch.arange(length)[:, None] * freq[None]
    return torch.cat([angle.sin(), angle.cos()], 1)


def offset_heads(attn, offsets, gain):
    """Initialise heads so that each looks `offset` positions away.

    Sinusoidal positions make "look at i + offset" a rotation; without this start
    a small model needs most of its training to discover local context.
    """
    half, size = D // 2, D // HEADS
    freq = torch.exp(-math.log(10000) / (half - 1) * torch.arange(half))
    picks = torch.linspace(0, 40, size // 2).round().long()
    with torch.no_grad():
        for head, offset in enumerate(offsets):
            if offset is None:
                continue
            for r, k in enumerate(picks.tolist()):
                i, j = head * size + r, head * size + size // 2 + r
                c, s = math.cos(freq[k] * offset), math.sin(freq[k] * offset)
                attn.k_proj.weight[i, k] += gain
                attn.k_proj.weight[j, half + k] += gain
                attn.q_proj.weight[i, k] += gain * c
                attn.q_proj.weight[i, half + k] += gain * s
                attn.q_proj.weight[j, half + k] += gain * c
                attn.q_proj.weight[j, k] -= gain * s


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.k_proj = nn.Linear(D, D, bias=False)
        self.v_proj = nn.Linear(D, D)
        self.q_proj = nn.Linear(D, D)
        self.out_proj = nn.Linear(D, D)

    def forward(self, x, memory=None, causal=False, weights=False):
        source = x if memory is None else memory

        def split(t):
            return t.unflatten(-1, (HEADS, D // HEADS)).transpose(1, 2)

        q, k, v = split(self.q_proj(x)), split(self.k_proj(source)), split(self.v_proj(source))
        if weights:
            scores = (q @ k.transpose(-1, -2)).float() / math.sqrt(D // HEADS)
            if causal:
                n = scores.shape[-1]
                scores = scores.masked_fill(torch.ones(n, n, dtype=torch.bool).triu(1), float("-inf"))
            probs = scores.softmax(-1)
            y = probs.to(v.dtype) @ v
        else:
            probs, y = None, functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return self.out_proj(y.transpose(1, 2).flatten(2)), probs


class Layer(nn.Module):
    def __init__(self, cross):
        super().__init__()
        self.self_attn = Attention()
        self.self_attn_layer_norm = nn.LayerNorm(D)
        if cross:
            self.encoder_attn = Attention()
            self.encoder_attn_layer_norm = nn.LayerNorm(D)
        self.fc1, self.fc2 = nn.Linear(D, FFN), nn.Linear(FFN, D)
        self.final_layer_norm = nn.LayerNorm(D)
        self.cross = cross
        self.drop = nn.Dropout(0.05)

    def forward(self, x, memory=None):
        y, own = self.self_attn(self.self_attn_layer_norm(x), causal=self.cross, weights=self.cross)
        x, probs = x + self.drop(y), None
        if self.cross:
            y, probs = self.encoder_attn(self.encoder_attn_layer_norm(x), memory, weights=True)
            x = x + self.drop(y)
        y = self.fc2(functional.gelu(self.fc1(self.final_layer_norm(x))))
        return x + self.drop(y), (probs, own)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(80, D, 3, padding=1)
        self.conv2 = nn.Conv1d(D, D, 3, stride=2, padding=1)
        self.register_buffer("positions", sinusoids(MAX_SOURCE), persistent=False)
        self.layers = nn.ModuleList(Layer(False) for _ in range(ENC_LAYERS))
        self.layer_norm = nn.LayerNorm(D)
        for layer, reach in zip(self.layers, (4, 12, 24), strict=True):
            offset_heads(layer.self_attn, (-reach, -reach // 3, reach // 3, reach), 1.0)

    def forward(self, mel):
        x = functional.gelu(self.conv2(functional.gelu(self.conv1(mel)))).transpose(1, 2)
        x = x.float() + self.positions[: x.shape[1]]
        for layer in self.layers:
            x, _ = layer(x)
        return self.layer_norm(x)


class TinyWhisper(nn.Module):
    def __init__(self, text_ids, n_words):
        """text_ids: used ids below EOT; n_words: labels of the auxiliary frame loss."""
        super().__init__()
        self.base_ids = [*text_ids, EOT, SOT, EN, RU, TRANSCRIBE, PREV, NOSPEECH, NOTIME]
        self.used_ids = self.base_ids + [TIME0 + i for i in range(0, 1501, GRID)]
        self.index = {t: i for i, t in enumerate(self.used_ids)}
        self.encoder = Encoder()
        self.embed = nn.Parameter(torch.randn(len(self.base_ids), D) * D**-0.5)
        self.time_map = nn.Linear(D, D)
        with torch.no_grad():
            self.time_map.weight.copy_(torch.eye(D) * 0.12)
            self.time_map.bias.zero_()
        self.register_buffer("time_positions", sinusoids(1501)[::GRID].clone(), persistent=False)
        self.register_buffer("dec_positions", sinusoids(MAX_TARGET) * DEC_POS_SCALE, persistent=False)
        mask = torch.ones(D)
        mask[RESERVED] = 0
        self.register_buffer("mask", mask, persistent=False)
        self.layers = nn.ModuleList(Layer(True) for _ in range(DEC_LAYERS))
        offset_heads(self.layers[0].self_attn, (-1, -2, None, None), 1.4)
        self.layer_norm = nn.LayerNorm(D)
        self.frame_head = nn.Linear(D, n_words + 1)  # auxiliary: which word is spoken here

    def table(self):
        return torch.cat([self.embed, self.time_map(self.time_positions).float()]) * self.mask

    def decode(self, tokens, memory):
        table = self.table()
        x = table[tokens] + self.dec_positions[: tokens.shape[1]]
        attentions = []
        for layer in self.layers:
            x, probs = layer(x, memory)
            attentions.append(probs)  # (cross-attention, self-attention)
        return functional.linear(self.layer_norm(x), table), attentions

    def forward(self, mel, tokens):
        memory = self.encoder(mel)
        logits, attentions = self.decode(tokens, memory)
        return logits.float(), attentions, self.frame_head(memory).float()

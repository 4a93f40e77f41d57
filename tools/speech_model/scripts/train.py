"""Train the tiny Whisper.  Time-boxed stages; a checkpoint every few minutes.

Example: train.py --data data --tokenizer tok/tokenizer.json --ckpt ckpt.pt \
             --plan short:25,mid:10,long:20 --lr 1.2e-3 [--resume ckpt.pt]

Losses: token cross-entropy; frame cross-entropy on the encoder (which word is
being spoken, from espeak's word events); and the share of cross-attention that
the alignment heads put inside the interval of the token being predicted.
"""

import argparse
import math
import random
import time

import batches
import model
import torch
from torch.nn import functional

# stage: (window seconds, expected extra utterances, frames per batch, p_prev)
STAGES = {
    "enc": [(4, 0, 6000, 0.0), (6, 0, 6000, 0.0)],  # encoder alone, frame loss only
    "word": [(4, 0, 9000, 0.0)],
    "short": [(6, 0, 8000, 0.05), (8, 1.0, 8000, 0.1)],
    "mid": [(6, 0, 12000, 0.15), (15, 3.0, 15000, 0.25)],
    "long": [(6, 0, 12000, 0.15), (30, 8.0, 18000, 0.35), (30, 0, 18000, 0.2)],
    # what faster-whisper feeds with chunk_length 10 (see convert.py): 10 s, padded to 30 s
    "chunk": [(10, 4.0, 24000, 0.5), (10, 4.0, 24000, 0.5), (10, 0, 24000, 0.25)],
    "dense": [(30, 14.0, 18000, 0.55), (30, 14.0, 18000, 0.55), (30, 0, 12000, 0.25), (6, 0, 8000, 0.1)],
}
NEXT_HEADS = [(1, 0), (1, 1)]  # (decoder layer, head): look at the token being predicted
LAST_HEADS = [(0, 0)]  # look at the token just read
ANCHOR_HEADS = [(0, 2)]  # self-attention: look at the latest timestamp token


def anchor_loss(probs, tokens, first_timestamp):
    """-log of the self-attention on the latest timestamp at or before each position.

    That timestamp says where in the window the present segment is; without it the
    decoder, looking for the word it just wrote, jumps to another occurrence of it.
    """
    at = torch.arange(tokens.shape[1])[None].expand_as(tokens)
    latest = torch.where(tokens >= first_timestamp, at, -1).cummax(1).values
    rows = latest >= 0
    if not rows.any():
        return probs.sum() * 0
    return -(probs[rows].gather(1, latest[rows][:, None]) + 1e-5).log().mean()


def span_loss(probs, spans):
    """-log of the attention mass inside [begin, end) for rows that have a span."""
    rows = (spans[..., 0] >= 0) & (spans[..., 0] < probs.shape[-1])
    if not rows.any():
        return probs.sum() * 0
    p, s = probs[rows], spans[rows]
    at = torch.arange(p.shape[-1])[None]
    inside = (at >= s[:, :1] - 1) & (at < s[:, 1:] + 1)
    return -((p * inside).sum(-1) + 1e-5).log().mean()


def batch_source(windows, stage, rng):
    """Endless batches of similar lengths for the stage."""
    while True:
        seconds, multi, budget, p_prev = rng.choice(STAGES[stage])
        if seconds >= 30 or stage == "chunk":  # padded to 30 s, as faster-whisper feeds it
            yield batches.collate(
                [windows.draw(seconds, multi, p_prev, may_cut=True) for _ in range(budget // 3000)], 3000, 30, rng
            )
            continue
        drawn = sorted((windows.draw(seconds, multi, p_prev) for _ in range(160)), key=lambda s: len(s["wave"]))
        groups, group = [], []
        for s in drawn:
            if group and (len(group) + 1) * (len(s["wave"]) // 160 + 40) > budget:
                groups.append(group)
                group = []
            group.append(s)
        groups.append(group)
        rng.shuffle(groups)
        for group in groups:
            yield batches.collate(group, rng.choice([10, 40, 40, 150]), seconds, rng)


def augment(mel, rng):
    """Light spectral tilt and masking."""
    on = (mel != 0).any(1, keepdim=True)
    knots = torch.randn(mel.shape[0], 1, 5) * 0.08
    mel = mel + on * functional.interpolate(knots, 80, mode="linear").transpose(1, 2)
    for i in range(mel.shape[0]):
        if rng.random() < 0.3:
            f, w = rng.randrange(72), rng.randint(2, 8)
            mel[i, f : f + w] = mel[i].mean()
        if rng.random() < 0.3:
            t, w = rng.randrange(max(1, mel.shape[2] - 12)), rng.randint(2, 10)
            mel[i, :, t : t + w] = mel[i].mean()
    return mel


def frame_loss(logits, frames):
    """Cross-entropy of the word spoken in each frame, and accuracy where speech is."""
    speech = frames > 0
    hits = (logits[speech].argmax(-1) == frames[speech]).float().mean() if speech.any() else torch.tensor(0.0)
    return functional.cross_entropy(logits.flatten(0, 1), frames.flatten()), hits


def losses(net, batch, encoder_only=False, freeze_encoder=False):
    mel, tokens, labels, spans, frames = batch
    if encoder_only:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = net.frame_head(net.encoder(mel)).float()
        frame, hits = frame_loss(logits, frames)
        zero = torch.zeros(())
        return zero, frame, zero, zero, zero, hits
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with torch.set_grad_enabled(not freeze_encoder):
            memory = net.encoder(mel)
            frame_logits = net.frame_head(memory).float()
        logits, attentions = net.decode(tokens, memory)
        logits = logits.float()
    flat = labels.flatten()
    token = functional.cross_entropy(logits.flatten(0, 1), flat, ignore_index=-1)
    keep = flat >= 0
    accuracy = (logits.flatten(0, 1)[keep].argmax(-1) == flat[keep]).float().mean()
    frame, hits = frame_loss(frame_logits, frames)
    last = torch.cat([torch.full_like(spans[:, :1], -1), spans[:, :-1]], 1)
    align = sum(span_loss(attentions[layer][0][:, h], spans) for layer, h in NEXT_HEADS) / len(NEXT_HEADS)
    back = sum(span_loss(attentions[layer][0][:, h], last) for layer, h in LAST_HEADS) / len(LAST_HEADS)
    back = back + sum(anchor_loss(attentions[layer][1][:, h], tokens, len(net.base_ids)) for layer, h in ANCHOR_HEADS)
    return token, frame, align, back, accuracy, hits


@torch.no_grad()
def greedy(net, mel, langs, steps=60):
    memory = net.encoder(mel)
    index = net.index
    seq = torch.tensor([[index[model.SOT], index[model.LANG[lang]], index[model.TRANSCRIBE]] for lang in langs])
    first, done = None, torch.zeros(len(langs), dtype=torch.bool)
    for _ in range(steps):
        logits, _ = net.decode(seq, memory)
        first = logits[:, 0] if first is None else first
        nxt = logits[:, -1].argmax(-1).masked_fill(done, index[model.EOT])
        done |= nxt == index[model.EOT]
        seq = torch.cat([seq, nxt[:, None]], 1)
        if done.all():
            break
    return seq[:, 3:], first


def word_errors(ref, hyp):
    row = list(range(len(hyp) + 1))
    for i, r in enumerate(ref, 1):
        diag, row[0] = row[0], i
        for j, h in enumerate(hyp, 1):
            diag, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diag + (r != h))
    return row[-1]


def evaluate(net, pool, tokenizer, count=100, seconds=8):
    net.eval()
    result = {}
    for lang in ("en", "ru"):
        items = pool.by_lang[lang][:count]
        waves = [torch.from_numpy(pool.wave(i)) for i in items]
        n = max(map(len, waves))
        batch = torch.zeros(len(waves), n)
        for i, w in enumerate(waves):
            batch[i, : len(w)] = w
        mel = batches.log_mel(batch, [len(w) // 160 for w in waves])
        mel = functional.pad(mel, (0, max(0, seconds * 100 - mel.shape[-1])))[..., : seconds * 100]
        seq, first = greedy(net, mel, [lang] * len(items))
        pair = first[:, [net.index[model.EN], net.index[model.RU]]].argmax(-1)
        wrong = total = 0
        for row, item in zip(seq.tolist(), items, strict=True):
            ids = [net.used_ids[i] for i in row]
            text = tokenizer.decode([i for i in ids if i < model.EOT]).split()
            wrong += word_errors(item["words"], text)
            total += len(item["words"])
        result[lang] = round(100 * wrong / total, 1), round((pair == (lang == "ru")).float().mean().item(), 3)
    net.train()
    return result


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="data")
    parser.add_argument("--tokenizer", default="tok/tokenizer.json")
    parser.add_argument("--ckpt", default="ckpt.pt")
    parser.add_argument("--resume")
    parser.add_argument("--plan", default="short:25,mid:10,long:20")
    parser.add_argument("--lr", type=float, default=1.2e-3)
    parser.add_argument("--final-lr", type=float, default=3e-5)
    parser.add_argument("--freeze-encoder", action="store_true", help="train the decoder only (about twice as fast)")
    parser.add_argument("--warmup", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def make_optimiser(net, lr):
    decay = [p for p in net.parameters() if p.ndim > 1]
    plain = [p for p in net.parameters() if p.ndim <= 1]
    groups = [dict(params=decay, weight_decay=0.02), dict(params=plain, weight_decay=0.0)]
    return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.98), eps=1e-8, fused=True)


def train_step(net, optimiser, batch, rng, lr, encoder_only, freeze_encoder):
    """One update; returns the losses."""
    for group in optimiser.param_groups:
        group["lr"] = lr
    net.encoder.train(not freeze_encoder)
    values = losses(net, (augment(batch[0], rng), *batch[1:]), encoder_only, freeze_encoder)
    loss = values[0] + 0.5 * values[1] + 0.3 * values[2] + 0.2 * values[3]
    optimiser.zero_grad()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    if torch.isfinite(norm):
        optimiser.step()
    return torch.tensor([float(v.detach()) for v in values])


class Diary:
    """Prints mean losses every half minute, and saves and evaluates every three."""

    def __init__(self, save):
        self._save = save
        self._saved = self._shown = time.time()
        self._sums, self._count, self._seen = torch.zeros(6), 0, 0

    def add(self, values, clips, now, stage, step, lr):
        self._sums += values
        self._count += 1
        self._seen += clips
        if time.time() - self._shown > 30:
            self._shown = time.time()
            means = (self._sums / self._count).tolist()
            print(
                f"{now / 60:5.1f}m {stage} step {step} lr {lr:.1e} clips {self._seen} "
                "token {:.3f} frame {:.3f} align {:.3f} back {:.3f} acc {:.3f} frames {:.3f}".format(*means),
                flush=True,
            )
            self._sums, self._count = torch.zeros(6), 0
        if time.time() - self._saved > 180:
            self._saved = time.time()
            self._save(step)


def main():
    args = arguments()
    torch.set_num_threads(2)
    torch.manual_seed(args.seed)
    rng = random.Random(args.seed)
    tokenizer, text_ids, labels = batches.load_text(args.tokenizer)
    net = model.TinyWhisper(text_ids, len(labels))
    optimiser = make_optimiser(net, args.lr)
    step = 0
    if args.resume:
        state = torch.load(args.resume)
        net.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        step = state["step"]
    print("parameters", sum(p.numel() for p in net.parameters()), "used ids", len(net.used_ids), flush=True)
    if args.freeze_encoder:
        net.encoder.requires_grad_(False)
        net.frame_head.requires_grad_(False)
    pool, dev = batches.Pool(args.data, "train"), batches.Pool(args.data, "dev")
    windows = batches.Windows(pool, tokenizer, net.index, labels, args.seed + step)

    def save(step, count=100):
        torch.save(dict(model=net.state_dict(), optimiser=optimiser.state_dict(), step=step), args.ckpt)
        print("      dev (WER %, language accuracy):", evaluate(net, dev, tokenizer, count), flush=True)

    plan = [(s.split(":")[0], float(s.split(":")[1]) * 60) for s in args.plan.split(",")]
    total, begun, first_step, diary = sum(t for _, t in plan), time.time(), step, Diary(save)
    stage_end = 0
    for stage, duration in plan:
        stage_end += duration
        for batch in batch_source(windows, stage, rng):
            now = time.time() - begun
            if now > stage_end:
                break
            warm = min(1, (step - first_step + 1) / args.warmup)
            lr = args.final_lr + (args.lr - args.final_lr) * 0.5 * (1 + math.cos(math.pi * min(1, now / total)))
            values = train_step(net, optimiser, batch, rng, lr * warm, stage == "enc", args.freeze_encoder)
            step += 1
            diary.add(values, len(batch[0]), now, stage, step, lr)
    save(step, 200)


if __name__ == "__main__":
    main()

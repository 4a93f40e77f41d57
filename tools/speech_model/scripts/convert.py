"""Checkpoint -> Hugging Face Whisper -> int8 CTranslate2 directory.

Usage: convert.py <ckpt.pt> <tokenizer dir> <out ct2 dir> [quantisation]

The reserved dimension makes unused tokens impossible: the decoder's last LayerNorm
outputs the constant BIAS there, used embedding rows hold 0 and unused ones -PENALTY,
so their logit drops by BIAS * PENALTY.  Embeddings and output layer stay tied.
"""

import json
import shutil
import sys
from pathlib import Path

import batches
import model
import torch
from ctranslate2.converters.transformers import WhisperLoader
from train import NEXT_HEADS
from transformers import WhisperConfig, WhisperForConditionalGeneration

VOCAB, BIAS, PENALTY = 51865, 3.0, 20.0
# Seconds of audio faster-whisper takes at a time (still padded to 30 s for the encoder).
# In denser windows the small decoder may jump to another occurrence of the same word.
CHUNK = 10
TRANSLATE, SOT_LM = 50358, 50360


def to_hugging_face(net):
    config = WhisperConfig(
        vocab_size=VOCAB,
        num_mel_bins=80,
        d_model=model.D,
        encoder_layers=model.ENC_LAYERS,
        decoder_layers=model.DEC_LAYERS,
        encoder_attention_heads=model.HEADS,
        decoder_attention_heads=model.HEADS,
        encoder_ffn_dim=model.FFN,
        decoder_ffn_dim=model.FFN,
        max_source_positions=model.MAX_SOURCE,
        max_target_positions=model.MAX_TARGET,
        dropout=0.0,
        pad_token_id=model.EOT,
        bos_token_id=model.EOT,
        eos_token_id=model.EOT,
        decoder_start_token_id=model.SOT,
        tie_word_embeddings=True,
    )
    hf = WhisperForConditionalGeneration(config).eval()
    state = net.state_dict()
    target = {}
    for name, value in state.items():
        if name.startswith("encoder."):
            target["model." + name] = value
        elif name.startswith(("layers.", "layer_norm.")):
            target["model.decoder." + name] = value
    norm_w, norm_b = state["layer_norm.weight"].clone(), state["layer_norm.bias"].clone()
    norm_w[model.RESERVED], norm_b[model.RESERVED] = 0, BIAS
    target["model.decoder.layer_norm.weight"], target["model.decoder.layer_norm.bias"] = norm_w, norm_b
    with torch.no_grad():
        table = net.table().float()
    embedding = torch.zeros(VOCAB, model.D)
    embedding[:, model.RESERVED] = -PENALTY
    embedding[net.used_ids] = table
    # Rows that may be read as input though they are never written as output:
    # other languages behave like a mixture of the two, translate like transcribe.
    index = net.index
    both = (table[index[model.EN]] + table[index[model.RU]]) / 2
    for token in range(model.SOT + 1, TRANSLATE):
        if token not in index:
            embedding[token, : model.RESERVED] = both[: model.RESERVED]
    embedding[TRANSLATE] = table[index[model.TRANSCRIBE]]
    target["model.decoder.embed_tokens.weight"] = target["proj_out.weight"] = embedding
    target["model.encoder.embed_positions.weight"] = model.sinusoids(model.MAX_SOURCE)
    target["model.decoder.embed_positions.weight"] = model.sinusoids(model.MAX_TARGET) * model.DEC_POS_SCALE
    missing, unexpected = hf.load_state_dict(target, strict=False)
    assert not missing, missing
    assert not unexpected, unexpected
    return hf


def main(ckpt, tokenizer_dir, out, quantisation="int8_float16"):
    tokenizer_dir, out = Path(tokenizer_dir), Path(out)
    _, text_ids, labels = batches.load_text(tokenizer_dir / "tokenizer.json")
    net = model.TinyWhisper(text_ids, len(labels)).eval()
    net.load_state_dict(torch.load(ckpt)["model"])
    hf = to_hugging_face(net)
    # the two implementations must agree
    with torch.no_grad():
        mel = torch.randn(1, 80, 3000)
        tokens = torch.tensor([[model.SOT, model.EN, model.TRANSCRIBE, model.TIME0]])
        theirs = hf(input_features=mel, decoder_input_ids=tokens).logits[..., net.used_ids]
        ours = net(mel, torch.tensor([[net.index[t] for t in tokens[0].tolist()]]))[0]
        print("largest difference to Hugging Face's logits", (theirs - ours).abs().max().item())
    spec = WhisperLoader().get_model_spec(hf)
    spec.register_vocabulary(json.loads((tokenizer_dir / "vocabulary.json").read_text()))
    config = spec.config
    config.suppress_ids = [model.SOT, TRANSLATE, model.TRANSCRIBE, SOT_LM, model.PREV, model.NOSPEECH]
    config.suppress_ids_begin = [220, model.EOT]
    config.lang_ids = list(range(model.SOT + 1, TRANSLATE))
    config.alignment_heads = [list(h) for h in NEXT_HEADS]
    spec.validate()
    spec.optimize(quantization=quantisation)
    if out.exists():
        shutil.rmtree(out)
    out.mkdir(parents=True)
    spec.save(str(out))
    shutil.copy(tokenizer_dir / "tokenizer.json", out)
    vocabulary = out / "vocabulary.json"
    tokens = json.loads(vocabulary.read_text(encoding="utf-8"))
    vocabulary.write_text(json.dumps(tokens, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    (out / "preprocessor_config.json").write_text(
        json.dumps(
            dict(
                chunk_length=CHUNK,
                feature_extractor_type="WhisperFeatureExtractor",
                feature_size=80,
                hop_length=160,
                n_fft=400,
                n_samples=CHUNK * 16000,
                nb_max_frames=CHUNK * 100,
                padding_side="right",
                padding_value=0.0,
                processor_class="WhisperProcessor",
                return_attention_mask=False,
                sampling_rate=16000,
            ),
            indent=1,
        )
    )
    for f in sorted(out.iterdir()):
        print(f"{f.stat().st_size:10d} {f.name}")
    print(f"{sum(f.stat().st_size for f in out.iterdir()):10d} in all")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Build the Hugging Face tokenizer.json of multilingual Whisper (v1) offline.

Input: multilingual.tiktoken (byte-pair ranks; vocabulary only, no weights) from
the openai-whisper source distribution on PyPI.  Output: tokenizer.json and
vocabulary.json (the token list CTranslate2 wants), 51865 ids as OpenAI's.

Usage: build_tokenizer.py <openai-whisper source dir> <out dir>
"""

import ast
import base64
import json
import sys
from pathlib import Path


def byte_alphabet():
    """GPT-2's reversible map from bytes to printable characters."""
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table, extra = {b: chr(b) for b in keep}, 0
    for b in range(256):
        if b not in table:
            table[b] = chr(256 + extra)
            extra += 1
    return table


def split_once(token, ranks):
    """The last merge that makes `token`: run BPE with only lower ranks."""
    parts = [bytes([b]) for b in token]
    limit = ranks[token]
    while len(parts) > 2:
        best = min(range(len(parts) - 1), key=lambda i: ranks.get(parts[i] + parts[i + 1], 1 << 30))
        assert ranks[parts[best] + parts[best + 1]] < limit, token
        parts[best : best + 2] = [parts[best] + parts[best + 1]]
    return parts


def special_tokens(languages):
    return [
        "<|endoftext|>",
        "<|startoftranscript|>",
        *[f"<|{lang}|>" for lang in languages],
        "<|translate|>",
        "<|transcribe|>",
        "<|startoflm|>",
        "<|startofprev|>",
        "<|nospeech|>",
        "<|notimestamps|>",
        *[f"<|{i * 0.02:.2f}|>" for i in range(1501)],
    ]


def read_languages(source):
    """The LANGUAGES table of openai-whisper's tokenizer.py, without importing it."""
    for node in ast.parse(source.read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "LANGUAGES":
            return list(ast.literal_eval(node.value))[:99]
    raise SystemExit("LANGUAGES not found")


def main(src, out):
    src, out = Path(src), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    ranks = {}
    for line in (src / "whisper/assets/multilingual.tiktoken").read_text().splitlines():
        token, rank = line.split()
        ranks[base64.b64decode(token)] = int(rank)
    alphabet = byte_alphabet()

    def text(token):
        return "".join(alphabet[b] for b in token)

    ordered = sorted(ranks, key=ranks.get)
    vocab = {text(token): ranks[token] for token in ordered}
    merges = [" ".join(map(text, split_once(token, ranks))) for token in ordered if len(token) > 1]
    specials = special_tokens(read_languages(src / "whisper/tokenizer.py"))
    first = len(vocab)
    added = [
        {
            "id": first + i,
            "content": s,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            # timestamps are ordinary added tokens, the rest are special
            "special": i < len(specials) - 1501,
        }
        for i, s in enumerate(specials)
    ]
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": vocab,
            "merges": merges,
        },
    }
    compact = dict(ensure_ascii=False, separators=(",", ":"))
    (out / "tokenizer.json").write_text(json.dumps(tokenizer, **compact), encoding="utf-8")
    tokens = list(vocab) + specials
    (out / "vocabulary.json").write_text(json.dumps(tokens, **compact), encoding="utf-8")
    print(len(tokens), "tokens,", len(merges), "merges")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Synthesise a pool of utterances with espeak-ng, with word timings.

libespeak-ng is called through ctypes (about 2 ms an utterance); its WORD events
give the start of each word.  A part of the pool goes through libopus at 16-32
kbit/s, in bulk, with ffmpeg.  Everything is seeded.

Usage: gen_data.py <out dir> <name> <split: train|heldout|seen> <n en> <n ru> <seed>
Writes <name>.npy (int16, 16 kHz, flat) and <name>.json (one entry an utterance:
offset and length in samples, lang, words, word starts/ends in seconds, voice...).
"""

import ctypes
import json
import random
import subprocess
import sys
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import vocabulary
from scipy.signal import resample_poly

RATE = 16000
BASES = {
    "en": (["gmw/en-US", "gmw/en", "gmw/en-GB-x-rp", "gmw/en-GB-scotland"], [9, 7, 3, 1]),
    "ru": (["zle/ru"], [1]),
}
VARIANTS = ["", "m1", "m2", "m3", "m4", "m6", "m7", "m8", "f1", "f2", "f4", "f5"]
MORE_VARIANTS = [
    *("adam", "Alex", "Alicia", "Andrea", "Andy", "Annie", "Denis", "Diogo", "Gene", "Hugo", "Lee", "Marco"),
    *("Michael", "Mike", "anika", "antonio", "belinda", "benjamin", "boris", "caleb", "david", "ed", "edward"),
    *("grandma", "grandpa", "john", "linda", "marcelo", "max", "michel", "miguel", "pablo", "paul", "pedro"),
    *("quincy", "rob", "robert", "sandro", "shelby", "steph", "travis", "victor", "zac"),
]
HELD_OUT = ["m5", "f3"]


class Espeak:
    """A minimal binding: text in, samples and word events out."""

    class Event(ctypes.Structure):
        _fields_ = [
            ("type", ctypes.c_int),
            ("uid", ctypes.c_uint),
            ("text_position", ctypes.c_int),
            ("length", ctypes.c_int),
            ("audio_position", ctypes.c_int),
            ("sample", ctypes.c_int),
            ("user", ctypes.c_void_p),
            ("id", ctypes.c_char * 8),
        ]

    def __init__(self):
        self.lib = ctypes.CDLL("libespeak-ng.so.1")
        self.rate = self.lib.espeak_Initialize(2, 0, None, 0)  # synchronous, no playback
        proto = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(self.Event)
        )
        self._callback = proto(self._collect)
        self.lib.espeak_SetSynthCallback(self._callback)

    def _collect(self, wav, count, events):
        if wav and count > 0:
            self.chunks.append(np.ctypeslib.as_array(wav, (count,)).copy())
        i = 0
        while events[i].type != 0:
            if events[i].type == 1:  # WORD
                self.words.append((events[i].text_position - 1, events[i].sample))
            i += 1
        return 0

    def __call__(self, text, voice, speed, pitch):
        self.chunks, self.words = [], []
        if self.lib.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"no voice {voice}")
        self.lib.espeak_SetParameter(1, speed, 0)
        self.lib.espeak_SetParameter(3, pitch, 0)
        data = text.encode()
        self.lib.espeak_Synth(data, len(data) + 1, 0, 1, 0, 1, None, None)
        return np.concatenate(self.chunks).astype(np.float32), list(self.words)


def choose_text(rng, lang):
    """(spoken text, words): a fixed sentence, one word, or a random sequence."""
    kind = rng.random()
    if kind < 0.30:
        words = rng.choice(vocabulary.SENTENCES[lang]).split()
        return " ".join(words), words
    count = 1 if kind < 0.42 else rng.randint(2, 8)
    words = [rng.choice(vocabulary.WORDS[lang]) for _ in range(count)]
    comma = rng.choice([0, 0, 0.3, 1.0])  # commas only add short pauses
    text = words[0]
    for word in words[1:]:
        text += ("," if rng.random() < comma else "") + " " + word
    return text, words


def word_spans(text, words, events, n):
    """Start and end sample of each word; espeak may merge words ("on the")."""
    at, starts = 0, []
    for word in words:
        at = text.index(word, at)
        starts.append(at)
        at += len(word)
    times = {}
    for position, sample in events:
        times.setdefault(position, sample)
    known = [(p, times[p]) for p in starts if p in times] + [(len(text) + 1, n)]
    if not known or known[0][0] != 0:
        known.insert(0, (0, 0))
    xs, ys = zip(*known, strict=True)
    begin = np.interp(starts, xs, ys)
    return begin, np.append(begin[1:], n)


def utterance(espeak, rng, lang, split):
    text, words = choose_text(rng, lang)
    bases, weights = BASES[lang]
    base = rng.choices(bases, weights)[0]
    if split == "heldout":
        variant = rng.choice(HELD_OUT)
    elif split == "train" and rng.random() < 0.25:
        variant = rng.choice(MORE_VARIANTS)
    else:
        variant = rng.choice(VARIANTS)
    speed, pitch = rng.randint(115, 195), rng.randint(28, 72)
    voice = base + ("+" + variant if variant else "")
    wav, events = espeak(text, voice, speed, pitch)
    begin, end = word_spans(text, words, events, len(wav))
    # trim silence at both ends
    loud = np.flatnonzero(np.abs(wav) > 0.01 * np.abs(wav).max())
    first, last = max(0, loud[0] - 220), min(len(wav), loud[-1] + 440)
    factor = rng.choice([0.92, 0.95, 1.05, 1.08]) if split == "train" and rng.random() < 0.4 else 1.0
    down = round(441 * factor * espeak.rate / 22050)
    pcm = resample_poly(wav[first:last], 320, down)
    ratio = 320 / down / RATE

    def clip(x):
        return [round(float(v), 3) for v in (np.clip(x, first, last) - first) * ratio]

    pcm = pcm / np.abs(pcm).max() * 0.8
    return pcm, dict(lang=lang, words=words, begin=clip(begin), end=clip(end), voice=voice, speed=speed, pitch=pitch)


def opus(pcms, kbps, gap=4000):
    """Round trip of many clips through one Opus stream."""
    joined = np.concatenate([np.concatenate([p, np.zeros(gap)]) for p in pcms])
    raw = (joined * 32767).astype("<i2").tobytes()
    base = ["ffmpeg", "-v", "error"]
    ogg = subprocess.run(
        [
            *base,
            "-f",
            "s16le",
            "-ar",
            "16000",
            "-ac",
            "1",
            "-i",
            "-",
            "-c:a",
            "libopus",
            "-b:a",
            f"{kbps}k",
            "-application",
            "voip",
            "-f",
            "ogg",
            "-",
        ],
        input=raw,
        capture_output=True,
        check=True,
    ).stdout
    out = subprocess.run(
        [*base, "-i", "-", "-f", "s16le", "-ar", "16000", "-ac", "1", "-"], input=ogg, capture_output=True, check=True
    ).stdout
    decoded = np.frombuffer(out, "<i2").astype(np.float32) / 32767
    decoded = np.pad(decoded, (0, max(0, len(joined) - len(decoded))))
    result, at = [], 0
    for p in pcms:
        result.append(decoded[at : at + len(p)])
        at += len(p) + gap
    return result


def shard(job):
    split, n_en, n_ru, seed = job
    rng, espeak = random.Random(seed), Espeak()
    langs = ["en"] * n_en + ["ru"] * n_ru
    rng.shuffle(langs)
    clips, metas = zip(*[utterance(espeak, rng, lang, split) for lang in langs], strict=True)
    clips = list(clips)
    order = list(range(len(clips)))
    rng.shuffle(order)
    quarter = len(order) // 6
    for i, kbps in enumerate((16, 24, 32)):  # half of the clips pass through Opus
        ids = order[i * quarter : (i + 1) * quarter]
        for j, pcm in zip(ids, opus([clips[j] for j in ids], kbps), strict=True):
            clips[j] = pcm
            metas[j]["opus"] = kbps
    return [(np.clip(c, -1, 1) * 32767).astype(np.int16) for c in clips], metas


def main(out, name, split, n_en, n_ru, seed):
    n_en, n_ru, seed, size = int(n_en), int(n_ru), int(seed), 500
    jobs = [(split, min(size, n_en - i), 0, seed * 1000 + i // size) for i in range(0, n_en, size)]
    jobs += [(split, 0, min(size, n_ru - i), seed * 1000 + 500 + i // size) for i in range(0, n_ru, size)]
    flat, metas, at = [], [], 0
    with Pool(2) as pool:
        for clips, shard_metas in pool.imap(shard, jobs):
            for clip, meta in zip(clips, shard_metas, strict=True):
                metas.append(dict(meta, offset=at, length=len(clip)))
                flat.append(clip)
                at += len(clip)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / f"{name}.npy", np.concatenate(flat))
    (out / f"{name}.json").write_text(json.dumps(metas, ensure_ascii=False))
    print(name, len(metas), "utterances", round(at / RATE / 3600, 2), "hours")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Write sample voice notes (OGG/Opus, mono 48 kHz as Telegram makes them).

Usage: make_samples.py <out dir>     (also writes samples.json with the true texts)
"""

import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import vocabulary
from gen_data import RATE, Espeak
from scipy.signal import resample_poly

# Chosen so that the shipped model gets the long clips right: they are for tests of the
# application, not a measurement (eval.json has that, on clips not chosen).
SEEDS = [2, 5, 3]


def speak(espeak, text, voice, speed, pitch):
    wav, _ = espeak(text, voice, speed, pitch)
    loud = np.flatnonzero(np.abs(wav) > 0.01 * np.abs(wav).max())
    wav = wav[max(0, loud[0] - 220) : loud[-1] + 440]
    wav = resample_poly(wav, 320, round(441 * espeak.rate / 22050))
    return wav / np.abs(wav).max() * 0.6


def join(parts, gaps, lead=0.4, tail=0.5):
    """One clip and the (start, end) of each part in seconds."""
    out, spans, at = [np.zeros(int(lead * RATE))], [], lead
    for part, gap in zip(parts, [*gaps, tail], strict=True):
        spans.append((round(at, 2), round(at + len(part) / RATE, 2)))
        out += [part, np.zeros(int(gap * RATE))]
        at += len(part) / RATE + int(gap * RATE) / RATE
    return np.concatenate(out), spans


def save(path, wave, kbps, seed):
    noise = np.random.default_rng(seed).standard_normal(len(wave)) * 0.0005
    raw = (np.clip(wave + (noise if np.abs(wave).max() > 0 else 0), -1, 1) * 32767).astype("<i2").tobytes()
    subprocess.run(
        [
            "ffmpeg",
            "-v",
            "error",
            "-y",
            "-f",
            "s16le",
            "-ar",
            "16000",
            "-ac",
            "1",
            "-i",
            "-",
            "-ar",
            "48000",
            "-c:a",
            "libopus",
            "-b:a",
            f"{kbps}k",
            "-application",
            "voip",
            "-bitexact",
            str(path),
        ],
        input=raw,
        check=True,
    )


def main(out):
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    espeak, rng, samples = Espeak(), random.Random(2024), []

    def add(name, lang, texts, voice, speed=150, pitch=50, kbps=24, gaps=None):
        parts = [speak(espeak, t, voice, speed, pitch) for t in texts]
        gaps = gaps if gaps is not None else [round(rng.uniform(0.7, 2.0), 2) for _ in parts[1:]]
        wave, spans = join(parts, gaps)
        save(out / name, wave, kbps, len(samples))
        samples.append(
            dict(
                file=name,
                language=lang,
                duration=round(len(wave) / RATE, 2),
                text=" ".join(texts),
                segments=[dict(start=s, end=e, text=t) for (s, e), t in zip(spans, texts, strict=True)],
                voice=voice,
                speed=speed,
                pitch=pitch,
                kbps=kbps,
            )
        )

    def long(name, lang, voice, seconds, seed, **kw):
        """Fixed sentences with pauses, until the clip is about `seconds` long."""
        rng, texts, gaps, total = random.Random(seed), [], [], 1.0
        order = rng.sample(vocabulary.SENTENCES[lang], len(vocabulary.SENTENCES[lang]))
        while total < seconds and order:
            text = order.pop()
            texts.append(text)
            total += len(speak(espeak, text, voice, kw.get("speed", 150), kw.get("pitch", 50))) / RATE
            gaps.append(round(rng.uniform(1.0, 2.5), 2))
            total += gaps[-1]
        add(name, lang, texts, voice, gaps=gaps[:-1], **kw)

    us, gb, ru = "gmw/en-US", "gmw/en", "zle/ru"
    add("en_hello.ogg", "en", ["hello this is a voice message"], us)
    add("en_call_me_back.ogg", "en", ["please call me back tomorrow"], gb + "+f2", speed=140)
    add("en_digits.ogg", "en", ["seven three nine one zero five"], us + "+m5", speed=130, kbps=16)
    add("en_two_sentences.ogg", "en", ["meet me at seven", "the meeting starts at nine"], us + "+f3", gaps=[1.2])
    add("en_random_words.ogg", "en", ["blue garden yesterday coffee train"], gb + "+m2", kbps=32)
    add("ru_hello.ogg", "ru", ["привет как дела"], ru)
    add("ru_call_me_back.ogg", "ru", ["перезвони мне завтра"], ru + "+f2", speed=140)
    add("ru_digits.ogg", "ru", ["семь три девять один ноль пять"], ru + "+m5", speed=130, kbps=16)
    add("ru_two_sentences.ogg", "ru", ["встречаемся в семь часов", "увидимся в понедельник"], ru + "+f3", gaps=[1.2])
    add("ru_random_words.ogg", "ru", ["синий сад вчера кофе поезд"], ru + "+m2", kbps=32)
    long("en_long_60s.ogg", "en", us, 60, SEEDS[0])
    long("ru_long_60s.ogg", "ru", ru, 60, SEEDS[1])
    long("en_long_90s.ogg", "en", gb + "+m3", 90, SEEDS[2], speed=140, kbps=16)
    for name, wave in (
        ("silence.ogg", np.zeros(4 * RATE)),
        ("noise.ogg", np.random.default_rng(5).standard_normal(6 * RATE) * 0.05),
    ):
        save(out / name, wave, 24, 0)
        samples.append(dict(file=name, language=None, duration=len(wave) / RATE, text="", segments=[]))
    (out / "samples.json").write_text(json.dumps(samples, ensure_ascii=False, indent=1))
    print(len(samples), "samples")


if __name__ == "__main__":
    main(*sys.argv[1:])

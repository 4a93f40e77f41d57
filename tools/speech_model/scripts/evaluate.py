"""Measure the converted model through faster-whisper, from audio files.

Usage: evaluate.py <ct2 dir> <data dir> <samples dir> <eval.json> [count]
Pools `test` (held-out voice variants) and `seen` must exist (see README).
"""

import json
import random
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import batches
import numpy as np
import soundfile
from faster_whisper import WhisperModel
from train import word_errors

RATE = 16000


def transcribe(model, path, **options):
    begun = time.time()
    segments, info = model.transcribe(str(path), **options)
    segments = list(segments)
    return segments, info, time.time() - begun


def text_of(segments):
    return "".join(s.text for s in segments).split()


class Score:
    def __init__(self):
        self.wrong = self.words = self.clips = self.exact = self.lang_ok = 0
        self.audio = self.spent = 0.0
        self.misses = []

    def add(self, ref, hyp, lang, info, spent):
        errors = word_errors(ref, hyp)
        self.wrong += errors
        self.words += len(ref)
        self.clips += 1
        self.exact += errors == 0
        self.lang_ok += info.language == lang
        self.audio += info.duration
        self.spent += spent
        if errors and len(self.misses) < 12:
            self.misses.append([" ".join(ref), " ".join(hyp)])

    def report(self):
        return dict(
            clips=self.clips,
            words=self.words,
            wer_percent=round(100 * self.wrong / self.words, 2),
            exact_percent=round(100 * self.exact / self.clips, 1),
            language_percent=round(100 * self.lang_ok / self.clips, 1),
            rtf=round(self.spent / self.audio, 3),
            seconds_per_clip=round(self.spent / self.clips, 3),
            examples_of_errors=self.misses,
        )


def short_clips(model, pool, folder, count, rng, **options):
    result = {}
    forced = options.pop("forced", False)
    for lang in ("en", "ru"):
        score = Score()
        for item in pool.by_lang[lang][:count]:
            wave = pool.wave(item) * rng.uniform(0.3, 1)
            wave = np.concatenate(
                [np.zeros(int(rng.uniform(0, 0.6) * RATE)), wave, np.zeros(int(rng.uniform(0, 0.6) * RATE))]
            )
            wave = wave + np.random.default_rng(rng.getrandbits(32)).standard_normal(len(wave)) * 0.001
            path = folder / "clip.wav"
            soundfile.write(path, wave, RATE)
            segments, info, spent = transcribe(model, path, **options, **(dict(language=lang) if forced else {}))
            score.add(item["words"], text_of(segments), lang, info, spent)
        result[lang] = score.report()
    return result


def long_clips(model, pool, folder, count, rng, **options):
    """Recordings of 20-90 s: WER, and how close the segments are to the utterances."""
    result = {}
    for lang in ("en", "ru"):
        score, found, total, starts, ends, disorder = Score(), 0, 0, [], [], 0
        for _ in range(count):
            target, at, parts, truth, words = rng.uniform(20, 90), 0.5, [np.zeros(RATE // 2)], [], []
            while at < target:
                item = rng.choice(pool.by_lang[lang])
                wave = pool.wave(item) * 0.7
                gap = rng.uniform(0.6, 2.5)
                truth.append((at, at + len(wave) / RATE))
                words += item["words"]
                parts += [wave, np.zeros(int(gap * RATE))]
                at += len(wave) / RATE + int(gap * RATE) / RATE
            wave = np.concatenate(parts)
            wave = wave + np.random.default_rng(rng.getrandbits(32)).standard_normal(len(wave)) * 0.001
            path = folder / "long.wav"
            soundfile.write(path, wave, RATE)
            segments, info, spent = transcribe(model, path, **options)
            score.add(words, text_of(segments), lang, info, spent)
            disorder += any(b.start < a.end - 0.01 or b.end < b.start for a, b in pairwise(segments))
            for begin, end in truth:
                total += 1
                near = min(segments, key=lambda s: abs(s.start - begin) + abs(s.end - end), default=None)
                if near and abs(near.start - begin) < 0.5 and abs(near.end - end) < 0.5:
                    found += 1
                    starts.append(abs(near.start - begin))
                    ends.append(abs(near.end - end))
        result[lang] = dict(
            score.report(),
            utterances=total,
            utterances_matched_percent=round(100 * found / total, 1),
            median_start_error=round(float(np.median(starts)), 3),
            median_end_error=round(float(np.median(ends)), 3),
            recordings_with_disordered_segments=disorder,
        )
    return result


def quiet_clips(model, folder, **options):
    rng, bad, cases = random.Random(3), [], []
    npr = np.random.default_rng(3)
    for seconds in (0.5, 1, 2, 5, 12, 29, 45):
        n = int(seconds * RATE)
        t = np.arange(n) / RATE
        cases += [
            (f"digital silence {seconds}s", np.zeros(n)),
            (f"faint noise {seconds}s", npr.standard_normal(n) * 1e-4),
            (f"white noise {seconds}s", npr.standard_normal(n) * 0.03),
            (f"brown noise {seconds}s", batches.noise(rng, n) * 0.03),
            (f"50 Hz hum {seconds}s", 0.05 * np.sin(2 * np.pi * 50 * t) + npr.standard_normal(n) * 1e-3),
        ]
    for name, wave in cases:
        soundfile.write(folder / "quiet.wav", wave, RATE)
        segments, _, _ = transcribe(model, folder / "quiet.wav", **options)
        if segments:
            bad.append([name, "".join(s.text for s in segments)])
    return dict(clips=len(cases), clips_with_text=len(bad), which=bad)


def word_times(model, pool, folder, count):
    errors, missing = [], 0
    for lang in ("en", "ru"):
        for item in pool.by_lang[lang][:count]:
            wave = np.concatenate([np.zeros(RATE // 2), pool.wave(item), np.zeros(RATE // 2)])
            soundfile.write(folder / "words.wav", wave, RATE)
            segments, _, _ = transcribe(model, folder / "words.wav", language=lang, word_timestamps=True)
            got = [w for s in segments for w in s.words]
            if [w.word.strip() for w in got] != item["words"]:
                missing += 1
                continue
            errors += [abs(w.start - 0.5 - b) for w, b in zip(got, item["begin"], strict=True)]
    return dict(
        clips=2 * count,
        clips_not_compared=missing,
        words=len(errors),
        median_start_error=round(float(np.median(errors)), 3),
        p90_start_error=round(float(np.percentile(errors, 90)), 3),
    )


def main(ct2, data, samples, out, count="200"):
    count, report = int(count), {}
    begun = time.time()
    model = WhisperModel(ct2, device="cpu", compute_type="int8")
    report["load_seconds"] = round(time.time() - begun, 3)
    report["size_bytes"] = {f.name: f.stat().st_size for f in sorted(Path(ct2).iterdir())}
    report["size_bytes"]["total"] = sum(report["size_bytes"].values())
    test, seen = batches.Pool(data, "test"), batches.Pool(data, "seen")

    def run(name, function, *args, **kw):
        begun = time.time()
        report[name] = function(*args, **kw)
        brief = json.dumps(report[name], ensure_ascii=False)
        print(f"{name} ({time.time() - begun:.0f} s): {brief}", flush=True)
        Path(out).write_text(json.dumps(report, ensure_ascii=False, indent=1))

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        run("heldout_voices_default_options", short_clips, model, test, folder, count, random.Random(1))
        run(
            "heldout_voices_beam1_language_given",
            short_clips,
            model,
            test,
            folder,
            count,
            random.Random(1),
            beam_size=1,
            forced=True,
        )
        run("seen_voices_default_options", short_clips, model, seen, folder, count // 2, random.Random(1))
        run(
            "heldout_voices_without_timestamps",
            short_clips,
            model,
            test,
            folder,
            count // 2,
            random.Random(1),
            without_timestamps=True,
        )
        run("long_20_90s_default_options", long_clips, model, test, folder, max(2, count // 10), random.Random(1))
        run("long_20_90s_beam1", long_clips, model, test, folder, max(2, count // 10), random.Random(1), beam_size=1)
        run("silence_and_noise", quiet_clips, model, folder)
        run("word_timestamps", word_times, model, test, folder, count // 4)
        run("vad_filter", short_clips, model, test, folder, count // 4, random.Random(1), vad_filter=True)
    rows = []
    for sample in json.loads((Path(samples) / "samples.json").read_text()):
        segments, info, spent = transcribe(model, Path(samples) / sample["file"])
        rows.append(
            dict(
                file=sample["file"],
                language=info.language if sample["text"] else None,
                exact=text_of(segments) == sample["text"].split(),
                seconds=round(spent, 2),
                text=" ".join(text_of(segments)),
                segments=[[round(s.start, 2), round(s.end, 2), s.text.strip()] for s in segments],
            )
        )
    report["samples"] = rows
    Path(out).write_text(json.dumps(report, ensure_ascii=False, indent=1))
    for row in rows:
        print(row["exact"], row["file"], row["language"], row["seconds"], row["text"][:100])


if __name__ == "__main__":
    main(*sys.argv[1:])

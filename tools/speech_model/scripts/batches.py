"""Turn the utterance pool into training windows (audio, tokens, alignments)."""

import json
import random
from pathlib import Path

import model
import numpy as np
import torch
import vocabulary
from faster_whisper.feature_extractor import FeatureExtractor
from tokenizers import Tokenizer

RATE = 16000
HERE = Path(__file__).resolve().parent
_filters = torch.from_numpy(FeatureExtractor(feature_size=80).mel_filters)
_window = torch.from_numpy(np.hanning(401)[:-1].astype("float32"))


def log_mel(waves, frames, boost=None):
    """faster-whisper's log-mel, batched: waves [B, n]; frames: valid frames of each.

    Frames past the end are 0, as pad_or_trim leaves them.
    """
    waves = torch.nn.functional.pad(waves, (0, 160))
    spec = (
        torch.stft(waves, 400, 160, window=_window, center=True, pad_mode="reflect", return_complex=True)[..., :-1]
        .abs()
        .square()
    )
    log = (_filters @ spec).clamp(min=1e-10).log10()
    valid = (torch.arange(log.shape[-1])[None] < torch.tensor(frames)[:, None])[:, None]
    peak = log.masked_fill(~valid, -10).amax((1, 2), keepdim=True)
    if boost is not None:  # the rest of a long recording may have been louder
        peak = peak + boost[:, None, None]
    log = (torch.maximum(log, peak - 8) + 4) / 4
    return log * valid


def load_text(tokenizer_path):
    """(tokenizer, used text ids, {(lang, word): frame label})"""
    tokenizer = Tokenizer.from_file(str(tokenizer_path))
    ids, labels = set(), {}
    for lang in ("en", "ru"):
        for word in vocabulary.all_words(lang):
            ids.update(tokenizer.encode(" " + word, add_special_tokens=False).ids)
            labels[lang, word] = len(labels) + 1
    return tokenizer, sorted(ids), labels


class Pool:
    def __init__(self, folder, name):
        self.pcm = np.load(Path(folder) / f"{name}.npy", mmap_mode="r")
        self.items = json.loads((Path(folder) / f"{name}.json").read_text())
        self.by_lang = {lang: [m for m in self.items if m["lang"] == lang] for lang in ("en", "ru")}

    def wave(self, item):
        return self.pcm[item["offset"] : item["offset"] + item["length"]].astype(np.float32) / 32768


def noise(rng, n):
    """White to brown noise, sometimes with a hum, a tone or clicks; unit variance."""
    npr = np.random.default_rng(rng.getrandbits(32))
    freq = np.fft.rfftfreq(n, 1 / RATE)
    spectrum = npr.standard_normal(len(freq)) + 1j * npr.standard_normal(len(freq))
    spectrum *= 1 / np.maximum(freq, 30) ** rng.choice([0, 0.5, 1.0])
    if rng.random() < 0.3:
        spectrum *= freq < rng.choice([1000, 2000, 4000])
    x = np.fft.irfft(spectrum, n)
    x /= x.std() + 1e-9
    if rng.random() < 0.2:  # hum or tones
        t = np.arange(n) / RATE
        for _ in range(rng.randint(1, 3)):
            x += rng.uniform(0.3, 3) * np.sin(
                2 * np.pi * rng.choice([50, 100, 220, 440, 1000, rng.uniform(60, 3000)]) * t
            )
    if rng.random() < 0.1:
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(n)
            size = min(n - at, rng.randint(20, 2000))
            x[at : at + size] += npr.standard_normal(size) * rng.uniform(2, 8) * np.exp(-np.arange(size) / (size / 4))
    return (x / (x.std() + 1e-9)).astype(np.float32)


class Windows:
    """Draws windows of at most `seconds`; see `draw`."""

    def __init__(self, pool, tokenizer, index, labels, seed):
        self.pool, self.tokenizer, self.index, self.labels = pool, tokenizer, index, labels
        self.rng = random.Random(seed)
        self.cache = {}
        bank = random.Random(seed)
        self.noises = [noise(bank, 2**19) for _ in range(40)]  # 33 s each

    def noise(self, n):
        x = self.rng.choice(self.noises)
        at = self.rng.randrange(len(x) - n)
        return x[at : at + n]

    def word_tokens(self, word):
        if word not in self.cache:
            ids = self.tokenizer.encode(" " + word, add_special_tokens=False).ids
            self.cache[word] = [(self.index[i], max(1, len(self.tokenizer.decode([i])))) for i in ids]
        return self.cache[word]

    def time(self, seconds):
        step = 0.02 * model.GRID
        return self.index[model.TIME0 + model.GRID * round(min(max(seconds, 0), 30) / step)]

    def previous_text(self, lang):
        """A prompt like faster-whisper's: earlier segments, usually with timestamps."""
        rng, out = self.rng, []
        t = rng.uniform(0, 3)
        stamps = rng.random() < 0.8
        for _ in range(rng.randint(1, 7) if rng.random() < 0.4 else rng.randint(7, 26)):
            if t > 27:  # the next window of the recording begins
                t = rng.uniform(0, 2)
            item = rng.choice(self.pool.by_lang[lang])
            text = [i for w in item["words"] for i, _ in self.word_tokens(w)]
            end = t + item["length"] / RATE
            out += [self.time(t), *text, self.time(end)] if stamps else text
            t = end + rng.uniform(0.2, 2)
        return [self.index[model.PREV], *out[-223:]]

    def draw(self, seconds, multi, p_prev=0.2, p_silence=0.06, may_cut=False):
        """One window.

        multi: expected number of utterances (0: exactly one).  With may_cut an
        utterance may be cut by the end; then only its start time is written.
        """
        rng = self.rng
        lang = "en" if rng.random() < 0.52 else "ru"
        silent = rng.random() < p_silence
        pause = self._pause(0.9, min(3.0, seconds / 3))
        if silent:
            n = rng.uniform(0.3, seconds) if rng.random() < 0.7 else rng.uniform(0.3, min(3, seconds))
            pieces, segments, cut = [silence(n)], [], None
        else:
            pieces, segments, cut = self._utterances(lang, seconds, multi, may_cut, pause)
        wave = self._disturbed(np.concatenate(pieces)[: int(seconds * RATE)], silent)
        stamps = rng.random() < 0.8
        prompt = self.previous_text(lang) if rng.random() < p_prev else []
        window = Target(self, lang, stamps, prompt, silent)
        for i, segment in enumerate(segments):
            window.add_segment(*segment, first=i == 0)
        window.close(cut)
        return dict(
            wave=wave.astype(np.float32),
            tokens=window.tokens,
            labels=window.labels,
            spans=window.spans,
            frames=window.frames,
            cut=cut,
            prompt=len(prompt),
        )

    def _pause(self, usual, longest):
        """Seconds before the first or after the last utterance: none, short, or seldom longer."""
        rng = self.rng
        if rng.random() < 0.15:
            return 0.0
        return rng.uniform(0, usual) if rng.random() < 0.8 else rng.uniform(0, longest)

    def _utterances(self, lang, seconds, multi, may_cut, lead):
        """(pieces of sound, [(start, end, item)], where an utterance was cut by the end or None)."""
        rng = self.rng
        pieces, segments, at = [silence(lead)], [], lead
        count = 1 if multi == 0 else max(1, min(40, round(rng.expovariate(1 / multi)) + 1))
        same_voice = rng.random() < 0.8
        while len(segments) < count:
            item = rng.choice(self.pool.by_lang[lang])
            size = item["length"] / RATE
            if at + size + 0.05 > seconds:
                if may_cut and segments and at < seconds - 0.1:
                    pieces.append(self.pool.wave(item)[: int((seconds - at) * RATE)])
                    return pieces, segments, at
                if segments:
                    break
                if size > seconds - 0.1:
                    continue
                at, pieces = 0.0, []
            pieces.append(self.pool.wave(item) * (1 if same_voice else rng.uniform(0.5, 1)))
            segments.append((at, at + size, item))
            at += size
            if len(segments) < count:
                gap = rng.uniform(0.5, 1.5) if rng.random() < 0.8 else rng.uniform(1.5, 3.5)
                pieces.append(silence(gap))
                at += gap
        pieces.append(silence(max(0, min(self._pause(0.9, 4), seconds - at))))
        return pieces, segments, None

    def _disturbed(self, wave, silent):
        """At least a tenth of a second, usually with noise, at some volume."""
        rng = self.rng
        if len(wave) < 1600:
            wave = np.pad(wave, (0, 1600 - len(wave)))
        kind = rng.random()
        level = 10 ** (-rng.uniform(8, 50) / 20) * 0.12
        if kind < (0.8 if silent else 0.65):
            wave = wave + self.noise(len(wave)) * (level if not silent else level * rng.choice([1, 1, 3]))
        return wave * (10 ** (-rng.uniform(0, 26) / 20) if rng.random() < 0.7 else 1.0)


def silence(seconds):
    return np.zeros(int(seconds * RATE), np.float32)


class Target:
    """What the decoder should write for a window: tokens, labels (-1: no loss), the frames each token is said in,
    and the word said in every encoder frame."""

    def __init__(self, windows, lang, stamps, prompt, silent):
        index = windows.index
        self._windows, self._lang, self._stamps = windows, lang, stamps
        self.tokens = [*prompt, index[model.SOT], index[model.LANG[lang]], index[model.TRANSCRIBE]]
        self.labels = [-1] * len(prompt) + [index[model.NOSPEECH] if silent else index[model.LANG[lang]], -1]
        self.spans = [(-1, -1)] * (len(prompt) + 2)
        self.frames = np.zeros(1500, np.int64)
        self._body, self._body_spans = [], []
        if not stamps:
            self.tokens.append(index[model.NOTIME])
            self.labels.append(-1)
            self.spans.append((-1, -1))
        if silent:
            self._add(windows.time(0), -1, -1)

    def add_segment(self, begin, end, item, first):
        windows = self._windows
        if self._stamps:
            self._add(windows.time(min(begin, 1.0) if first else begin), max(0, begin - 0.06), begin + 0.06)
        for word, b, e in zip(item["words"], item["begin"], item["end"], strict=True):
            self._add_word(word, begin + b, begin + max(e, b + 0.02))
        if self._stamps:
            self._add(windows.time(end), max(0, end - 0.06), end + 0.06)

    def close(self, cut):
        """The start of an utterance that was cut, and the end."""
        if cut is not None and self._stamps:
            self._add(self._windows.time(cut), max(0, cut - 0.06), min(30, cut + 0.06))
        self._body.append(self._windows.index[model.EOT])
        self._body_spans.append((-1, -1))
        self.tokens += self._body[:-1]
        self.labels += self._body
        self.spans += self._body_spans
        assert len(self.tokens) == len(self.labels) == len(self.spans)

    def _add_word(self, word, begin, end):
        self.frames[int(begin * 50) : int(end * 50) + 1] = self._windows.labels[self._lang, word]
        parts = self._windows.word_tokens(word)
        total, done = sum(n for _, n in parts), 0
        for token, n in parts:
            self._add(token, begin + (end - begin) * done / total, begin + (end - begin) * (done + n) / total)
            done += n

    def _add(self, token, begin, end):
        self._body.append(token)
        self._body_spans.append(
            (int(begin * 50), max(int(begin * 50) + 1, int(np.ceil(end * 50)))) if begin >= 0 else (-1, -1)
        )


def collate(samples, pad_frames, seconds, rng):
    """Batch: mel padded with `pad_frames` extra zero frames (bounded by seconds)."""
    n = max(len(s["wave"]) for s in samples)
    waves = torch.zeros(len(samples), n)
    for i, s in enumerate(samples):
        waves[i, : len(s["wave"])] = torch.from_numpy(s["wave"])
    boost = torch.tensor([rng.uniform(0, 0.8) if rng.random() < 0.25 else 0.0 for _ in samples])
    mel = log_mel(waves, [len(s["wave"]) // 160 for s in samples], boost)
    width = min(int(seconds * 100), mel.shape[-1] + pad_frames)
    width += width % 2
    mel = torch.nn.functional.pad(mel, (0, max(0, width - mel.shape[-1])))[..., :width]
    steps = max(len(s["tokens"]) for s in samples)
    tokens = torch.zeros(len(samples), steps, dtype=torch.long)
    labels = torch.full((len(samples), steps), -1)
    spans = torch.full((len(samples), steps, 2), -1)
    for i, s in enumerate(samples):
        k = len(s["tokens"])
        tokens[i, :k] = torch.tensor(s["tokens"])
        labels[i, :k] = torch.tensor(s["labels"])
        spans[i, :k] = torch.tensor(s["spans"])
    frames = torch.from_numpy(np.stack([s["frames"] for s in samples]))[:, : width // 2]
    return mel, tokens, labels, spans, frames

"""Where the verb `transcribe` puts what it has: words, a bar and complaints at a terminal, files, or JSON lines."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO

from transcriber.domain import Progress, Transcript
from transcriber.errors import StenogramError
from transcriber.formats import FORMATS, as_json
from transcriber.recordings import Recording, outputs, written_wrong

Watch = Callable[[Progress], None]

RED, BOLD, DIM = "31", "1", "2"
MOST_NAME = 30  # letters of a name beside a bar
LAYOUT = "{desc}: {percentage:3.0f}%|{bar}| {unit}"  # tqdm's; the unit is the one word in it that is free


class Sentences(Protocol):
    """As much of `chat.texts.Texts` as is used."""

    def __call__(self, key: str, /, **details: object) -> str: ...

    def at_terminal(self, key: str, /, **details: object) -> str: ...


@dataclass(slots=True)
class Tally:
    """What came of it all."""

    n: int = 0
    done: int = 0
    skipped: int = 0
    failed: int = 0
    sound_s: float = 0.0


class Desk:
    """Where results and complaints go. With `folder`, a file per recording there; with `lines`, a line of JSON on
    `out` as each one ends; without either, all text to `out`. People are talked to on `err`."""

    def __init__(
        self,
        texts: Sentences,
        out: TextIO,
        err: TextIO,
        *,
        format: str = "txt",  # noqa: A002 - as the option is called
        folder: Path | None = None,
        lines: bool = False,
        color: bool = False,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._texts = texts
        self._out = out
        self._err = err
        self._format = format
        self.folder = folder
        self.closed = False  # nobody reads `out` any more (`… | head`), or it has no room
        self._lines = lines
        self._color = color
        self._seconds = seconds
        self._started_s = seconds()
        self._tally = Tally()
        self._bar: Any = None  # tqdm's, while there is one
        self._said = ""  # what of the present text is on `out` already
        self._mid_line = False  # and `out` ends in it

    def left_to_do(self, recordings: Sequence[Recording], *, again: bool) -> list[tuple[Recording, Path | None]]:
        """Each with the place of its output, if it goes to one; a line for those whose output is there and not older
        than the sound, unless they are to be done `again`."""
        self._tally = Tally(len(recordings))
        self._started_s = self._seconds()
        if self.folder is None:
            return [(one, None) for one in recordings]
        left: list[tuple[Recording, Path | None]] = []
        for one, target in zip(recordings, outputs(recordings, self.folder, self._format), strict=True):
            if again or not _is_done(one, target):
                left.append((one, target))
            else:
                self._skip(one, target)
        return left

    @contextmanager
    def watching(self, recording: Recording) -> Iterator[Watch]:
        """Show how far it is: a bar if somebody watches, and the words as they come if they go to `out`."""
        self._said = ""
        streams = self.folder is None and self._format == "txt" and not self._lines
        with self._show_bar(_brief(Path(recording.name).name)) as move:

            def show(progress: Progress) -> None:
                move(progress.done_s, progress.duration_s)
                if streams:
                    self._say(recording, progress.text)

            yield show

    @contextmanager
    def fetching(self, model: str) -> Iterator[Callable[[float], None]]:
        """Show how far a model is (0…1): it can take many minutes."""
        name = self._texts("cli.fetching", model=model)
        with self._show_bar(name) as move:
            if self._bar is None:
                self._err.write(f"{name}\n")
                self._err.flush()
            yield lambda fraction: move(fraction, 1.0)

    def put(self, recording: Recording, transcript: Transcript, target: Path | None) -> None:
        """Write the result, or what is left of it if words went out as they came."""
        if target is not None:
            _write(target, FORMATS[self._format](transcript))
        if self._lines:
            self._line(recording, "done", **json.loads(as_json(transcript)), output=target and str(target))
        elif target is None:
            self._say(recording, FORMATS[self._format](transcript))
        if not (transcript.text.strip() or self._lines):
            self._tell(f"{recording.name}: {self._texts('note.nothing_said')}", DIM)
        self._tally.done += 1
        self._tally.sound_s += transcript.duration_s

    def complain(self, recording: Recording, error: StenogramError) -> None:
        """One line: which file, and why not."""
        self._tally.failed += 1
        reason = self._reason(error)
        self._tell(f"{recording.name}: {reason}", RED)
        if self._lines:
            self._line(recording, "failed", error=error.key, message=reason)

    def give_up(self, error: StenogramError, about: Path | None = None) -> None:
        """One line, for what is no single file's fault."""
        reason = self._reason(error)
        self._tell(f"{about}: {reason}" if about else reason, RED)

    def interrupted(self) -> None:
        """One line: how far it came."""
        several = self._tally.n > 1 or None
        self._tell(self._texts("cli.interrupted", done=several and self._tally.done, n=self._tally.n))

    def sum_up(self) -> int:
        """What came of it, in one line if there were several; the exit code."""
        tally, took_s = self._tally, max(self._seconds() - self._started_s, 0.001)
        if tally.n > 1:
            heard: dict[str, object] = {}
            if tally.sound_s:
                heard = {"sound_s": tally.sound_s, "took_s": took_s, "speed": _speed(tally.sound_s / took_s)}
            self._tell(
                self._texts(
                    "cli.summary",
                    n=tally.n,
                    done=tally.done,
                    skipped=tally.skipped or None,
                    failed=tally.failed or None,
                    **heard,
                )
            )
        return 1 if tally.failed else 0

    def _skip(self, recording: Recording, target: Path) -> None:
        self._tally.skipped += 1
        self._tell(f"{recording.name}: {self._texts('cli.there_already', path=target)}", DIM)
        if self._lines:
            self._line(recording, "skipped", output=str(target))

    @contextmanager
    def _show_bar(self, name: str) -> Iterator[Callable[[float, float], None]]:
        """Move it by (done, of all); without a terminal there is none."""
        if not self._err.isatty():
            yield lambda _done, _total: None
            return
        from tqdm import tqdm  # only when there is somebody to see it

        started: list[float] = []  # when the first news came, and how far it was then

        def move(done: float, total: float) -> None:
            now_s = self._seconds()
            started[:] = started or [now_s, done]
            speed = (done - started[1]) / max(now_s - started[0], 0.001)
            bar.total = total or 1.0
            bar.unit = self._texts("cli.bar", **self._pace(speed, total - done, total)) if speed > 0 else ""
            bar.update(max(0.0, done - bar.n))

        with tqdm(total=1.0, desc=name, file=self._err, leave=False, bar_format=LAYOUT, unit="") as bar:
            self._bar = bar
            try:
                yield move
            finally:
                self._bar = None

    @staticmethod
    def _pace(speed: float, left: float, total: float) -> dict[str, object]:
        """How fast, in times the speed of the sound (a download has none), and how long it will still take."""
        return {"speed": _speed(speed) if total != 1.0 else None, "left_s": left / speed}

    def _say(self, recording: Recording, text: str) -> None:
        """Bring `out` up to this text, which begins with what is there already (a second try says the same)."""
        if text and not self._said and self._tally.n > 1 and self._format != "json":
            self._print(self._painted(self._out, f"==> {recording.name} <==", BOLD) + "\n")
        more = text[len(self._said) :]
        if self._bar is not None and self._out.isatty():
            # A bar below leaves no half lines above it: what came is a line of its own.
            more = f"{more.strip()}\n" if more.strip() or not (self._said or text == "") else ""
        self._print(more)
        self._said = max(self._said, text, key=len)

    def _print(self, text: str) -> None:
        if not text or self.closed:
            return
        if self._bar is not None and self._out.isatty():
            self._bar.clear()
        try:
            self._out.write(text)
            self._out.flush()
        except BrokenPipeError:
            self.closed = True
        except OSError as error:
            self.closed = True
            self.give_up(written_wrong(error, Path("-")))
        self._mid_line = not text.endswith("\n")

    def _line(self, recording: Recording, status: str, **more: object) -> None:
        self._print(json.dumps({"file": recording.name, "status": status, **more}, ensure_ascii=False) + "\n")

    def _tell(self, line: str, paint: str | None = None) -> None:
        """A line for people, after whatever half line is on `out`."""
        if self._mid_line:
            self._print("\n")
        self._err.write((self._painted(self._err, line, paint) if paint else line) + "\n")
        self._err.flush()

    def _reason(self, error: StenogramError) -> str:
        return " ".join(self._texts.at_terminal(error.key, **error.details).split())

    def _painted(self, stream: TextIO, text: str, paint: str) -> str:
        return f"\x1b[{paint}m{text}\x1b[0m" if self._color and stream.isatty() else text


def _brief(name: str) -> str:
    """A name with its middle left out if it would leave no room for a bar."""
    half = MOST_NAME // 2
    return name if len(name) <= MOST_NAME else f"{name[: half - 1]}…{name[-half:]}"


def _speed(times: float) -> float:
    return round(times, 1) if times < 10 else round(times)


def _is_done(recording: Recording, target: Path) -> bool:
    try:
        return target.stat().st_mtime >= recording.path.stat().st_mtime
    except OSError:
        return False


def _write(target: Path, text: str) -> None:
    """All of it or nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)

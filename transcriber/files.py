"""The verb `transcribe`: files in, text out, with no Telegram at all."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TextIO

from config.settings import Settings
from transcriber.clock import SystemClock
from transcriber.domain import DecodeOptions, Progress, Transcript
from transcriber.errors import EngineDied, ModelRefused, StenogramError, Transient, Unreadable
from transcriber.formats import FORMATS
from transcriber.protocols import Engine
from transcriber.speech import cpu, engine
from transcriber.speech.child import Setup
from transcriber.speech.models import Models

# What is taken from a folder; a file that is named itself is taken whatever it is called.
SOUND = ("aac", "ac3", "aif", "aiff", "amr", "ape", "au", "caf", "flac", "m4a", "m4b", "mka", "mp3", "oga", "ogg")
SOUND_TOO = ("opus", "tta", "wav", "wma", "wv")
FILM = (
    "3g2",
    "3gp",
    "asf",
    "avi",
    "flv",
    "m4v",
    "mkv",
    "mov",
    "mp4",
    "mpeg",
    "mpg",
    "mts",
    "ogv",
    "ts",
    "webm",
    "wmv",
)
SUFFIXES = frozenset("." + ending for ending in (*SOUND, *SOUND_TOO, *FILM))


class Sentence(Protocol):
    """Why something went wrong, in the owner's language."""

    def __call__(self, key: str, /, **details: object) -> str: ...


class Sentences(Protocol):
    """As much of `chat.texts.Texts` as is used."""

    def at_terminal(self, key: str, /, **details: object) -> str: ...


async def transcribe(settings: Settings, texts: Sentences, arguments: argparse.Namespace) -> int:
    """Transcribe what the command line names; returns the exit code: 0, or 1 if anything could not be done."""
    setup = Setup(
        threads=settings.cpu_threads or cpu.default_threads(),
        compute_type=settings.compute_type,
        idle_s=0,
        max_duration_s=settings.max_duration_s,
    )
    desk = Desk(texts.at_terminal, sys.stdout, sys.stderr, arguments.format, arguments.output)
    options = DecodeOptions(arguments.language, arguments.translate, beam_size=settings.beam_size)
    models = Models(settings.data_dir / "models")
    async with engine.Engine(
        models, arguments.model or settings.model, setup, SystemClock(), remember=_forget
    ) as recogniser:
        return await transcribe_files(recogniser, [Path(path) for path in arguments.paths], options, desk)


async def transcribe_files(recogniser: Engine, paths: Sequence[Path], options: DecodeOptions, desk: Desk) -> int:
    """Do one file after the other; a bad one costs one line on stderr. Returns 0, or 1 if any failed."""
    if desk.folder is not None and desk.folder.is_file():
        desk.complain(desk.folder, Unreadable("not_a_folder"))
        return 1
    files = list(found(paths))
    desk.several = len(files) > 1
    failed = not files
    if not files:
        desk.complain(paths[0], Unreadable("nothing_found"))
    for path in files:
        try:
            with desk.watching(path) as on_progress:
                transcript = await _transcribe(recogniser, path, options, on_progress)
            desk.put(path, transcript)
        except EngineDied as error:
            failed = True
            desk.complain(path, error)
        except (ModelRefused, Transient) as error:  # it would be the same for every file
            desk.complain(None, error)
            return 1
        except StenogramError as error:
            failed = True
            desk.complain(path, error)
        except OSError as error:
            failed = True
            desk.complain(path, StenogramError("unexpected", error=error.strerror or type(error).__name__))
    return 1 if failed else 0


async def _transcribe(
    recogniser: Engine, path: Path, options: DecodeOptions, on_progress: Callable[[Progress], None]
) -> Transcript:
    """One file; a second try if the engine died, because it may have been another program's doing."""
    _check_there(path)
    try:
        return await recogniser.transcribe(str(path), path, options, on_progress)
    except EngineDied:
        return await recogniser.transcribe(str(path), path, options, on_progress)


def _check_there(path: Path) -> None:
    if not path.exists():
        raise Unreadable("missing_file")


def found(paths: Iterable[Path]) -> Iterator[Path]:
    """The files that are meant: folders are searched, hidden files in them and what is no medium left out."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for inner in sorted(path.rglob("*")):
            hidden = any(part.startswith(".") for part in inner.relative_to(path).parts)
            if inner.suffix.lower() in SUFFIXES and not hidden and inner.is_file():
                yield inner


@dataclass(slots=True)
class Desk:
    """Where results and complaints go. With `folder`, one file per recording there; else all to `out`."""

    sentence: Sentence
    out: TextIO
    err: TextIO
    format: str = "txt"
    folder: Path | None = None
    several: bool = False
    _taken: set[str] = field(default_factory=set)
    _said: str = ""  # what of the present text is on `out` already

    @contextmanager
    def watching(self, path: Path) -> Iterator[Callable[[Progress], None]]:
        """Show how far it is: a bar if somebody watches, else the words as they come if they go to `out`."""
        self._said = ""
        if not self.err.isatty():
            streams = self.folder is None and self.format == "txt"
            yield (lambda progress: self._say(path, progress.text)) if streams else _ignore
            return
        from tqdm import tqdm  # only when there is somebody to see it

        layout = "{desc}: {percentage:3.0f}%|{bar}|"
        with tqdm(total=1.0, desc=path.name, file=self.err, leave=False, bar_format=layout) as bar:

            def show(progress: Progress) -> None:
                bar.update(max(0.0, progress.fraction - bar.n))

            yield show

    def put(self, path: Path, transcript: Transcript) -> None:
        """Write the result, or what is left of it if words went out as they came."""
        text = FORMATS[self.format](transcript)
        if self.folder is not None:
            self._write(self.folder / self._name(path), text)
        else:
            self._say(path, text)

    def complain(self, path: Path | None, error: StenogramError) -> None:
        """One line: which file, and why not."""
        if self._said:
            self.out.write("\n")
            self.out.flush()
        reason = " ".join(self.sentence(error.key, **error.details).split())
        self.err.write(f"{path}: {reason}\n" if path is not None else f"{reason}\n")
        self.err.flush()

    def _say(self, path: Path, text: str) -> None:
        """Bring `out` up to this text, which begins with what is there already (a second try says the same)."""
        if text and not self._said and self.several and self.format != "json":
            self.out.write(f"==> {path} <==\n")
        self.out.write(text[len(self._said) :])
        self.out.flush()
        self._said = max(self._said, text, key=len)

    def _name(self, path: Path) -> str:
        """`note.ogg` becomes `note.txt`, a second one of that name `note-2.txt`."""
        number = 1
        name = f"{path.stem}.{self.format}"
        while name in self._taken:
            number += 1
            name = f"{path.stem}-{number}.{self.format}"
        self._taken.add(name)
        return name

    def _write(self, target: Path, text: str) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + ".partial")
        partial.write_text(text, encoding="utf-8")
        partial.replace(target)


def _ignore(_: Progress) -> None:
    """Nobody watches."""


async def _forget(_: str) -> None:
    """A model tried out on files does not become the one that is used from now on."""

"""What the verb `transcribe` is given: files, folders, and sound that is piped in."""

from __future__ import annotations

import errno
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from transcriber.errors import DataDirUnusable, OverLimit, Refused, StenogramError, Unreadable

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
STDIN = "-"
CHUNK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Recording:
    """One thing to transcribe: what it is called, where its sound is, and what its output is named after.

    `trouble`: why there is no sound to begin with."""

    name: str
    path: Path
    place: Path
    trouble: StenogramError | None = None


def found(paths: Iterable[str]) -> Iterator[Recording]:
    """What is meant: folders are searched, hidden files in them and what is no medium left out. `-`: see `piped`."""
    for name in paths:
        path = Path(name)
        place = Path(path.name or "nameless")  # "." and "/" have no name
        trouble = None if name == STDIN else _trouble(name)
        if trouble is not None or not path.is_dir():
            yield Recording(name, path, place, trouble)
        elif inside := _inside(path):
            yield from (Recording(str(inner), inner, inner.relative_to(path)) for inner in inside)
        else:
            yield Recording(name, path, place, Unreadable("nothing_found"))


def _trouble(name: str) -> StenogramError | None:
    """Why this cannot be read, if it cannot."""
    path = Path(name)
    try:
        os.stat(name)  # noqa: PTH116 - "" is a file that is not there, and no Path("."): a variable that was not set
    except PermissionError:
        return Unreadable("no_access")
    except OSError:  # nothing there, or no name of a file
        return Unreadable("missing_file")
    may = os.R_OK | os.X_OK if path.is_dir() else os.R_OK
    return None if os.access(path, may) else Unreadable("no_access")


def written_wrong(error: OSError, path: Path) -> StenogramError:
    """What a failed write is called."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return Refused("disk_full") if full else Refused("unwritable", path=path)


def folder_trouble(folder: Path) -> StenogramError | None:
    """Why no files can be written into this folder, which need not be there yet."""
    try:
        there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    except OSError:  # in a folder that may not be looked into
        return Refused("folder_closed")
    if not there.is_dir():
        return Unreadable("not_a_folder")
    return None if os.access(there, os.W_OK | os.X_OK) else Refused("folder_closed")


def _inside(folder: Path) -> list[Path]:
    """All media in it, in order; what may not be looked at, or goes meanwhile, is no obstacle."""
    files = (Path(base, name) for base, _, names in os.walk(folder) for name in names)
    return sorted(path for path in files if _is_medium(path, folder))


def _is_medium(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    is_file = os.path.isfile(path)  # noqa: PTH113 - False, where Path would raise what is wrong
    return path.suffix.lower() in SUFFIXES and not hidden and is_file


@contextmanager
def piped(source: BinaryIO, data_dir: Path, most_bytes: int) -> Iterator[Recording]:
    """All of the sound that is piped in: in the data directory, as a file without a name, so that nothing is left
    of it however the program ends."""
    try:
        folder = data_dir / "spool"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DataDirUnusable(path=data_dir) from error
    with tempfile.TemporaryFile(dir=folder) as file:
        path = Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")  # for the engine, which is another process
        try:
            _copy(source, file, most_bytes)
            trouble = None
        except StenogramError as error:
            trouble = error
        except OSError as error:
            trouble = written_wrong(error, data_dir)
        yield Recording(STDIN, path, Path("stdin"), trouble)


def _copy(source: BinaryIO, target: BinaryIO, most_bytes: int) -> None:
    if source.isatty():
        raise Unreadable("nothing_piped")
    while chunk := source.read(CHUNK_BYTES):
        if target.tell() + len(chunk) > most_bytes:
            raise OverLimit("too_large", limit_bytes=most_bytes)
        target.write(chunk)
    target.flush()


def outputs(recordings: Sequence[Recording], folder: Path, ending: str) -> list[Path]:
    """Where the text of each goes: `a/note.ogg` of a folder to `a/note.txt`. Where two would meet, each keeps its
    whole name (`note.ogg.txt`), so that neither is taken for the other's; what still meets is numbered."""
    short = [folder / one.place.with_name(f"{one.place.stem}.{ending}") for one in recordings]
    often = Counter(short)
    whole = [folder / one.place.with_name(f"{one.place.name}.{ending}") for one in recordings]
    targets: list[Path] = []
    for brief, full in zip(short, whole, strict=True):
        wanted = full if often[brief] > 1 else brief
        numbered = (wanted.with_name(f"{wanted.stem}-{number}.{ending}") for number in range(2, len(short) + 2))
        targets.append(next(path for path in (wanted, *numbered) if path not in targets))
    return targets

"""The verbs `find` and `export`: the archive read from a terminal, also while the program runs; no Telegram."""

from __future__ import annotations

import argparse
import json
import sys
import time
import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from config.settings import Settings
from transcriber.chat.export import about, exported
from transcriber.chat.find_commands import snippet
from transcriber.chat.headings import address, list_note
from transcriber.chat.parse import since_s
from transcriber.chat.texts import Texts
from transcriber.data_dir import DATABASE
from transcriber.domain import Found, Peer, Rich, SpanKind
from transcriber.errors import DataDirUnusable, NotFound, Refused
from transcriber.recordings import written_wrong
from transcriber.storage.archive import open_archive

_HIT, _PLAIN = "\x1b[1;31m", "\x1b[0m"


async def find(settings: Settings, texts: Texts, arguments: argparse.Namespace) -> int:
    """Print where these words were said, newest first; returns the exit code: 0, or 1 if nowhere."""
    total, found = 0, list[Found]()
    if (path := _database(settings)) is not None:
        async with open_archive(path, read_only=True) as archive:
            total, found = await archive.find(" ".join(arguments.words), limit=max(1, arguments.limit))
    if arguments.json:
        _write(json.dumps([_as_json(each, texts) for each in found], ensure_ascii=False, indent=2) + "\n")
        return 0 if total else 1
    colour = sys.stdout.isatty() and settings.color
    _write("".join(_shown(each, texts, colour) + "\n\n" for each in found))
    if total > len(found):
        _say(texts("cli.find_total", n=total, shown=len(found)))
    elif not total:
        _say(texts("cli.find_nothing") if path else texts("cli.no_archive", path=settings.data_dir))
    return 0 if total else 1


async def export(settings: Settings, texts: Texts, arguments: argparse.Namespace) -> int:
    """Write every transcript that is asked for as one file, in the order they were sent; returns the exit code: 0,
    or 1 if there is none; a date that is none ends it with 2. Raises `NotFound`, `Refused`, `DataDirUnusable`."""
    from_s = since_s(arguments.since, time.time(), texts.zone) if arguments.since else 0.0
    mistaken: Callable[[str], NoReturn] = arguments.mistaken
    if from_s is None:
        mistaken(texts("error.since_wrong", since=arguments.since))
    written = False
    if (path := _database(settings)) is not None:
        async with open_archive(path, read_only=True) as archive:
            chat_id = _chosen(arguments.chat, await archive.chats()) if arguments.chat else None
            entries = archive.read(chat_id=chat_id, since_s=from_s)
            pieces = (piece async for piece, _ in exported(entries, arguments.format, texts, sys.maxsize))
            written = await _write_all(pieces, arguments.output)
    if not written:
        none_yet = texts("cli.no_archive", path=settings.data_dir)
        _say(texts("archive.export_nothing", since=from_s) if from_s else none_yet)
    elif arguments.output is not None:
        _say(texts("cli.exported", path=arguments.output))
    return 0 if written else 1


def _database(settings: Settings) -> Path | None:
    """Where the transcripts are, if there are any yet. Raises `DataDirUnusable`."""
    path = settings.data_dir / DATABASE
    try:
        with path.open("rb"):
            return path
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DataDirUnusable("data_dir_closed", path=path) from error


def _chosen(name: str, chats: list[Peer]) -> int:
    """The chat of that id, @name or title, or with that in its title."""
    wanted = name.removeprefix("@").casefold()
    exact = [
        chat for chat in chats if wanted in (str(chat.id), (chat.username or "").casefold(), chat.title.casefold())
    ]
    fitting = exact or [chat for chat in chats if wanted in chat.title.casefold()]
    if not fitting:
        raise NotFound("chat_unknown", name=name)
    if len(fitting) > 1:
        raise Refused("chats_fit", names=[f"{chat.id} {_harmless(chat.title)}" for chat in fitting])
    return fitting[0].id


async def _write_all(pieces: AsyncIterator[bytes], output: Path | None) -> bool:
    """To a file that is there whole or not at all, or to the standard output; whether there was anything."""
    if output is None:
        written = False
        async for piece in pieces:
            _write(piece.decode())
            written = True
        return written
    partial = output.with_name(output.name + ".partial")
    try:
        with partial.open("wb") as file:
            async for piece in pieces:
                file.write(piece)
            written = file.tell() > 0
        if written:
            partial.replace(output)
        return written
    except OSError as error:
        raise written_wrong(error, output) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _shown(found: Found, texts: Texts, colour: bool) -> str:
    heading = _harmless(list_note(found.note, time.time(), texts).rich().text)
    return f"{heading}\n{_coloured(snippet(found), colour)}\n{address(found.note)}"


def _as_json(found: Found, texts: Texts) -> dict[str, object]:
    return {**about(found.note, texts), "text": found.text, "marks": found.marks}


def _coloured(text: Rich, colour: bool) -> str:
    """With the words that were looked for in colour; what was said can never be a command to the terminal."""
    said = _harmless(text.text).encode("utf-16-le", "surrogatepass")
    pieces, at = [], 0
    for span in text.spans if colour else ():
        if span.kind is SpanKind.BOLD:
            end = span.offset + span.length
            pieces += [(said[at * 2 : span.offset * 2], ""), (said[span.offset * 2 : end * 2], _HIT)]
            at = end
    pieces.append((said[at * 2 :], ""))
    shown = [(piece.decode("utf-16-le", "replace"), how) for piece, how in pieces]
    return "".join(f"{how}{piece}{_PLAIN}" if how else piece for piece, how in shown)


def _harmless(text: str) -> str:
    return "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text)


def _write(text: str) -> None:
    """To the standard output, as UTF-8 whatever the terminal is said to take."""
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)  # noqa: T201 - to a person at a terminal

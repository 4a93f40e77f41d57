"""The chats as a person would read them, written line by line as things happen."""

from __future__ import annotations

import shutil
import textwrap
import time
from typing import Any, TextIO

from pyrogram.raw import types as t

from transcriber.chat.texts import Texts
from transcriber.sandbox.journal import Event
from transcriber.sandbox.world import Tl, World, media_of

PROGRESS_CELLS = frozenset("▓░")  # a message that holds these shows progress and will change by itself
WIDTH = 106
INDENT = "      "
QUOTE_UNITS = 50


def is_progress(text: str) -> bool:
    """Whether a message of the program's is not final yet."""
    return not PROGRESS_CELLS.isdisjoint(text)


class Conversation:
    """Writes each message once it says something final: progress is left out."""

    def __init__(self, world: World, out: TextIO, say: Texts, *, numbered: bool = False) -> None:
        self._world = world
        self._out = out
        self._say = say
        self._numbered = numbered  # show message ids, for somebody who replies by them
        columns = shutil.get_terminal_size().columns if out.isatty() else WIDTH
        self._width = max(min(columns, WIDTH) - len(INDENT), 20)
        self._shown: dict[tuple[int, int], str] = {}

    async def follow(self) -> None:
        """Write everything from the beginning, for ever."""
        async for event in self._world.follow():
            self.show(event)

    def show(self, event: Event) -> None:
        """Write one event, if it is one that people see."""
        message: Tl = event.details.get("message")
        if event.kind == "delete":
            self._deleted(message, for_everyone=event.details["for_everyone"])
        elif event.kind in ("message", "edit") and not is_progress(message.message):
            self._written(message)

    def _written(self, message: Tl) -> None:
        key = (self._world.box_of(message.peer_id), message.id)
        body = "\n".join(part for part in (self._media(message), message.message) if part)
        if self._shown.get(key) == body:
            return
        edited = f" {self._say('play.edited')}" if key in self._shown else ""
        self._shown[key] = body
        number = f"[{message.id}] " if self._numbered else ""
        self._line(message, f"{number}{self._quoted(message)}{body}{edited}")

    def _deleted(self, message: Tl, *, for_everyone: bool) -> None:
        text = _short(self._media(message) or message.message)
        self._line(message, self._say("play.deleted" if for_everyone else "play.deleted_mine", text=text))

    def _line(self, message: Tl, text: str) -> None:
        world = self._world
        saved = world.is_saved(message.peer_id)
        who = self._name(world.sender_of(message))
        where = self._say("note.saved") if saved else self._name(message.peer_id)
        place = where if saved or who == where else f"{who} → {where}"
        clock = time.strftime("%H:%M", time.localtime(message.date))
        lines = [part for line in text.split("\n") for part in textwrap.wrap(line, self._width) or [""]]
        self._out.write(f"{clock} {place}\n" + "".join(f"{INDENT}{line}".rstrip() + "\n" for line in lines))
        self._out.flush()

    def _name(self, peer: Tl) -> str:
        if self._world.is_saved(peer):
            return self._say("note.me")
        return self._world.name_of(peer)

    def _quoted(self, message: Tl) -> str:
        if not message.reply_to:
            return ""
        box = self._world.box_of(message.peer_id)
        source = self._world.messages.get((box, message.reply_to.reply_to_msg_id))
        return f"┃ {_short(self._media(source) or source.message)}\n" if source else ""

    def _media(self, message: Tl) -> str:
        kind = media_of(message)
        if kind is None:
            return ""
        seconds, name = 0, "?"
        for a in message.media.document.attributes:
            seconds = int(getattr(a, "duration", seconds))
            name = a.file_name if isinstance(a, t.DocumentAttributeFilename) else name
        return self._say(f"play.{kind}", length=f"{seconds // 60}:{seconds % 60:02}", name=name)


def _short(text: Any) -> str:
    return textwrap.shorten(str(text), QUOTE_UNITS, placeholder=" …")

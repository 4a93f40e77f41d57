"""What the program said about which note, as Telegram has it: by link or reply, never by words alone."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from pyrogram.raw import types as t

from transcriber.sandbox.conversation import is_progress
from transcriber.sandbox.server import SandboxServer
from transcriber.sandbox.world import Tl, media_of

Key = tuple[int, int]  # chat (Bot-API style) and message: the identity of a note

_GAP = "\n\n".encode("utf-16-le")  # between the pieces of a card
_CHANNELS = -1_000_000_000_000
_TO_PERSON = re.compile(r"tg://openmessage\?user_id=(\d+)&message_id=(\d+)")
_TO_GROUP = re.compile(r"tg://openmessage\?chat_id=(\d+)&message_id=(\d+)")
_TO_PRIVATE_CHANNEL = re.compile(r"https://t\.me/c/(\d+)/(\d+)")
_TO_PUBLIC_CHANNEL = re.compile(r"https://t\.me/(\w+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """A message of the program's that people can see now, or the piece of it that is about one note."""

    chat_id: int
    message_id: int
    text: str

    @property
    def is_final(self) -> bool:
        return not is_progress(self.text)


def key_of(srv: SandboxServer, message: Tl) -> Key:
    """The identity of a message."""
    return srv.chat_id(message.peer_id), message.id


def answers(srv: SandboxServer) -> tuple[dict[Key, list[Answer]], list[Answer]]:
    """What stands in the chats and was sent by the program: by the note it is about, and what is about none."""
    about: dict[Key, list[Answer]] = defaultdict(list)
    rest: list[Answer] = []
    seen: set[Key] = set()
    for action in srv.sent:
        chat_id, message_id = action.chat or 0, action.msg_id or 0
        message = srv.messages.get((_box(chat_id), message_id))
        if message is None or (chat_id, message_id) in seen:
            continue
        seen.add((chat_id, message_id))
        for note, text in pieces(srv, message):
            answer = Answer(chat_id, message_id, text)
            rest.append(answer) if note is None else about[note].append(answer)
    return about, rest


def pieces(srv: SandboxServer, message: Tl) -> list[tuple[Key | None, str]]:
    """A message cut where a paragraph begins with a link to a note: each piece, and the note it is about."""
    text = message.message.encode("utf-16-le")  # two bytes a unit
    cuts: list[tuple[int, Key | None]] = [(0, _note_of(srv, message))]
    for entity in sorted(message.entities or (), key=lambda one: int(one.offset)):
        at = 2 * entity.offset
        is_link = isinstance(entity, t.MessageEntityTextUrl) and text[:at].endswith(_GAP)
        if is_link and (note := _linked(srv, entity.url)):
            cuts.append((at, note))
    ends = [at - len(_GAP) for at, _ in cuts[1:]] + [len(text)]
    return [(note, text[at:end].decode("utf-16-le")) for (at, note), end in zip(cuts, ends, strict=True)]


def _box(chat_id: int) -> int:
    return _CHANNELS - chat_id if chat_id < _CHANNELS else 0


def _note_of(srv: SandboxServer, message: Tl) -> Key | None:
    """The note that a message replies to or links to in its first line."""
    if message.reply_to:
        target = srv.messages.get((srv.box_of(message.peer_id), message.reply_to.reply_to_msg_id))
        if target is not None and media_of(target):
            return key_of(srv, target)
    first_line = message.message.partition("\n")[0]
    for entity in message.entities or ():
        if isinstance(entity, t.MessageEntityTextUrl) and entity.offset < len(first_line):
            return _linked(srv, entity.url)
    return None


def _linked(srv: SandboxServer, url: str) -> Key | None:
    if found := _TO_PERSON.fullmatch(url):
        return int(found[1]), int(found[2])
    if found := _TO_GROUP.fullmatch(url):
        return -int(found[1]), int(found[2])
    if found := _TO_PRIVATE_CHANNEL.fullmatch(url):
        return _CHANNELS - int(found[1]), int(found[2])
    if found := _TO_PUBLIC_CHANNEL.fullmatch(url):
        names = {channel.username: channel.id for channel in srv.channels.values()}
        return _CHANNELS - names[found[1]], int(found[2])
    return None

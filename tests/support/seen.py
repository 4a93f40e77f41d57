"""What stands in the chats of a stage, message by message, as the people in them see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyrogram.file_id import FileUniqueId, FileUniqueType
from pyrogram.raw import types as t

from tests.support.sandbox import Stage
from tests.support.values import a_note
from transcriber.domain import Segment, Transcript
from transcriber.sandbox.conversation import is_progress
from transcriber.sandbox.journal import Action
from transcriber.sandbox.program import MODEL, SAMPLES
from transcriber.sandbox.world import Tl
from transcriber.storage.archive import open_archive

WITHIN_S = 40.0
UTC = {"TZ": "UTC"}
AT_S, AT = 1_700_000_000, "14 Nov 2023 22:13"  # in another year than now, so a heading has all of it

EN, EN_WORDS = "en_hello.ogg", "hello this is a voice message"
RU, RU_WORDS = "ru_call_me_back.ogg", "перезвони мне завтра"
DIGITS, DIGITS_WORDS = "en_digits.ogg", "seven three nine one zero five"


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def chat(on: Stage, who: Tl) -> list[str]:
    """What those in that chat see, oldest first, without what was deleted: "re 1: (voice) a caption"."""
    return [_drawn(seen) for seen in on.srv.chat_view(who) if not seen.deleted]


async def reads(on: Stage, who: Tl, *expected: str) -> None:
    """Return when exactly this stands in that chat; fails with what stands there instead."""
    wanted = list(expected)
    try:
        await on.srv.wait_until(lambda: chat(on, who) == wanted, WITHIN_S)
    except TimeoutError:
        shown = "\n".join(f"  {text!r}" for text in chat(on, who))
        raise AssertionError(f"there stands\n{shown}\ninstead of\n{wanted}") from None


async def settles(on: Stage, who: Tl, fits: Callable[[list[str]], bool], within_s: float = WITHIN_S) -> list[str]:
    """Return what stands in that chat as soon as it fits."""

    def look() -> list[str] | None:
        there = chat(on, who)
        return there if fits(there) else None

    return await on.srv.wait_until(look, within_s)


async def adds(on: Stage, who: Tl, act: Callable[[], object], count: int = 1) -> list[str]:
    """Do this, wait for the program to send so many messages to that chat; what they say when none shows progress."""
    since = len(on.srv.actions)
    act()
    sent = await on.srv.wait_until(lambda: _sent(on, who, since, count), WITHIN_S)
    return [_text(on, who, action) for action in sent]


async def answer(on: Stage, typed: str, chat: Tl = None, *, reply_to: Tl | int | None = None, count: int = 1) -> str:
    """The owner types this on the phone (in Saved Messages); what is answered there, and with `count` what comes of
    it then: a short note may be done before the answer is sent."""
    since = len(on.srv.actions)
    command = on.srv.deliver_text(on.me, chat, typed, reply_to=getattr(reply_to, "id", reply_to))
    sent = await on.srv.wait_until(lambda: _sent(on, on.me, since, count), WITHIN_S)
    place = next(n for n, a in enumerate(sent) if a.reply_to == command.id or (a.text or "").startswith("💬"))
    return "\n".join(_text(on, on.me, action) for action in (sent.pop(place), *sent))


def message(on: Stage, text: str, who: Tl = None) -> Tl:
    """The one message in that chat (Saved Messages) that begins so."""
    there = on.srv.history(on.srv.peer_of(on.me if who is None else who))
    (found,) = [each for each in there if each.message.startswith(text)]
    return found


def links(said: Tl) -> list[tuple[str, str]]:
    """What leads where in a message."""
    found = [each for each in said.entities or [] if isinstance(each, t.MessageEntityTextUrl)]
    return [(covered(said, each), each.url) for each in found]


def quoted(said: Tl) -> list[str]:
    """What stands in collapsed quotes in a message."""
    found = [each for each in said.entities or [] if isinstance(each, t.MessageEntityBlockquote) and each.collapsed]
    return [covered(said, each) for each in found]


def covered(said: Tl, entity: Any) -> str:
    """Cut out as Telegram would: in UTF-16."""
    raw = str(said.message).encode("utf-16-le")
    return raw[entity.offset * 2 : (entity.offset + entity.length) * 2].decode("utf-16-le")


def recording(on: Stage, *, seconds: int = 3, data: bytes = b"", name: str = "") -> Tl:
    """A voice note (or a file of that name) that is in no chat yet: to be sent by `on.srv.deliver(…, media=…)`."""
    audio = t.DocumentAttributeAudio(duration=seconds, voice=None if name else True, waveform=bytes(63))
    attributes = [audio, t.DocumentAttributeFilename(file_name=name)] if name else [audio]
    document = on.srv.make_document(data or sample(EN), "audio/ogg", attributes)
    return t.MessageMediaDocument(voice=None if name else True, document=document)


async def known(on: Stage, media: Tl, said: Transcript, key: str = "auto|transcribe") -> None:
    """Let this recording have been heard in an earlier life of the program: what was said in it may be anything."""
    file_id = FileUniqueId(file_unique_type=FileUniqueType.DOCUMENT, media_id=media.document.id).encode()
    number = int(media.document.id % 1_000_000_007)
    async with open_archive(on.data_dir / "stenogram.db") as archive:
        note = a_note(number, chat_id=1, sent_at_s=AT_S - number % 1000, file_id=file_id)
        await archive.put(note, said, f"{MODEL}|{key}")


def spoken(*texts: str, every_s: float = 5.0, language: str = "en", probability: float = 1.0) -> Transcript:
    """These stretches of speech, one after the other."""
    segments = tuple(Segment(n * every_s, (n + 1) * every_s, text) for n, text in enumerate(texts))
    return Transcript(segments, language, probability, len(texts) * every_s, str(MODEL), 1.0)


def _sent(on: Stage, who: Tl, since: int, count: int) -> list[Action] | None:
    chat_id = on.srv.chat_id(who)
    sent = [each for each in on.srv.actions[since:] if each.kind in ("send", "media") and each.chat == chat_id]
    return sent if len(sent) >= count and not any(is_progress(_text(on, who, each)) for each in sent) else None


def _text(on: Stage, who: Tl, action: Action) -> str:
    """What that message says now."""
    return on.srv.text_of(action.msg_id or 0, on.srv.box_of(on.srv.peer_of(who))) or ""


def _drawn(seen: Any) -> str:
    reply = f"re {seen.reply_to}: " if seen.reply_to else ""
    return reply + " ".join(part for part in (f"({seen.media})" if seen.media else "", seen.text) if part)

"""What the gateway sends, as Telegram's own values: formatting, replies, documents; and what comes back of it."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable
from typing import Any

from pyrogram import raw

from transcriber.domain import Rich, Span, SpanKind

_PLAIN = {
    SpanKind.BOLD: raw.types.MessageEntityBold,
    SpanKind.ITALIC: raw.types.MessageEntityItalic,
    SpanKind.CODE: raw.types.MessageEntityCode,
}


def entities(text: Rich) -> list[Any] | None:
    """The formatting of a text; offsets are UTF-16 units on both sides."""
    return [_entity(span) for span in text.spans] or None


def reply(message_id: int | None) -> Any:
    """A reply to a message of the same chat."""
    return raw.types.InputReplyToMessage(reply_to_msg_id=message_id) if message_id else None


def document(name: str, uploaded: Any) -> Any:
    """A file to be shown under `name`, always as a file."""
    return raw.types.InputMediaUploadedDocument(
        file=uploaded,
        mime_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        attributes=[raw.types.DocumentAttributeFilename(file_name=name)],
        force_file=True,
    )


def sent_id(answer: Any, random_id: int) -> int | None:
    """The id that the message got, whichever of its shapes the answer has; None if it does not say."""
    if isinstance(answer, raw.types.UpdateShortSentMessage):
        return int(answer.id)
    updates = getattr(answer, "updates", None) or [getattr(answer, "update", None)]
    for update in updates:
        if isinstance(update, raw.types.UpdateMessageID) and update.random_id == random_id:
            return int(update.id)
    new = [u.message.id for u in updates if isinstance(u, _NEW)]
    return int(new[0]) if len(new) == 1 else None


def find_sent(history: Iterable[Any], text: str, reply_to: int | None) -> int | None:
    """The newest own message with this reply target and this text, else this first line; history is newest first.

    The text may have been edited since, its first line is what stays. A reply to a message that had been deleted
    is sent by Telegram as no reply, and then the whole text has to agree."""
    mine = [m for m in history if isinstance(m, raw.types.Message) and _is_mine(m)]
    tests = (
        lambda m: _target(m) == reply_to and m.message == text,
        lambda m: _target(m) == reply_to and _first_line(m.message) == _first_line(text),
        lambda m: _target(m) is None and m.message == text,
    )
    for test in tests:
        for message in mine:
            if test(message):
                return int(message.id)
    return None


_NEW = (raw.types.UpdateNewMessage, raw.types.UpdateNewChannelMessage)


def _entity(span: Span) -> Any:
    if span.kind is SpanKind.QUOTE:
        return raw.types.MessageEntityBlockquote(offset=span.offset, length=span.length, collapsed=True)
    if span.kind is SpanKind.LINK:
        return raw.types.MessageEntityTextUrl(offset=span.offset, length=span.length, url=span.url or "")
    return _PLAIN[span.kind](offset=span.offset, length=span.length)


def _is_mine(message: Any) -> bool:
    # In Saved Messages nothing is marked as outgoing; what was forwarded there is not ours.
    return bool(message.out) or (message.saved_peer_id is not None and message.fwd_from is None)


def _target(message: Any) -> int | None:
    return getattr(message.reply_to, "reply_to_msg_id", None)


def _first_line(text: str) -> str:
    return text.partition("\n")[0]

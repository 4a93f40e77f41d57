"""Writing: send, edit, delete, read, react, type."""

# ruff: noqa: ARG001 - every handler takes (server, connection, query), whichever of them it needs

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram.raw import types as t

from transcriber.sandbox.faults import RpcError
from transcriber.sandbox.keeping import as_kept
from transcriber.sandbox.rpc import answers
from transcriber.sandbox.wire import Body, boolean
from transcriber.sandbox.world import ACCOUNT, Tl

if TYPE_CHECKING:
    from transcriber.sandbox.server import SandboxServer
    from transcriber.sandbox.wire import Conn

TEXT_UNITS = 4096
CAPTION_UNITS = 1024


@answers("messages.SendMessage")
def send_message(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    peer = srv.resolve(q.peer)
    text, _ = as_kept(q.message, None)
    if not text:
        raise RpcError(400, "MESSAGE_EMPTY")
    if _units(text) > TEXT_UNITS:
        raise RpcError(400, "MESSAGE_TOO_LONG")
    message, update = _send(srv, conn, peer, q)
    extra = {"random_id": q.random_id, "silent": q.silent}
    _record(srv, "send", message, q, extra=extra)
    if isinstance(peer, t.PeerUser) and not srv.is_saved(peer) and srv.short_updates:
        return t.UpdateShortSentMessage(
            out=True, id=message.id, pts=update.pts, pts_count=1, date=message.date, entities=message.entities
        )
    return srv.wrap(t.UpdateMessageID(id=message.id, random_id=q.random_id), update)


@answers("messages.SendMedia")
def send_media(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    peer = srv.resolve(q.peer)
    if _units(q.message) > CAPTION_UNITS:
        raise RpcError(400, "MEDIA_CAPTION_TOO_LONG")
    document, data = _document(srv, q.media)
    voice = any(isinstance(a, t.DocumentAttributeAudio) and a.voice for a in document.attributes)
    media = t.MessageMediaDocument(document=document, voice=voice or None)
    message, update = _send(srv, conn, peer, q, media=media)
    extra = {"random_id": q.random_id, "data": data, "mime": document.mime_type, "document": document}
    _record(srv, "media", message, q, extra=extra)
    return srv.wrap(t.UpdateMessageID(id=message.id, random_id=q.random_id), update)


def _document(srv: SandboxServer, media: Any) -> tuple[Tl, bytes]:
    if isinstance(media, t.InputMediaUploadedDocument):
        parts = srv.uploads.get(media.file.id, {})
        if len(parts) != media.file.parts:
            raise RpcError(400, "FILE_PARTS_INVALID")
        data = b"".join(parts[number] for number in sorted(parts))
        return srv.make_document(data, media.mime_type, media.attributes), data
    if isinstance(media, t.InputMediaDocument):
        document, data = srv.docs.get(media.id.id, (None, b""))
        if document is None or document.file_reference != media.id.file_reference:
            raise RpcError(400, "FILE_REFERENCE_EXPIRED")
        return document, data
    raise RpcError(400, "MEDIA_INVALID")


def _send(srv: SandboxServer, conn: Conn, peer: Tl, q: Any, media: Tl | None = None) -> tuple[Tl, Tl]:
    """Store what the client sends, once per random_id, and tell its other sessions."""
    if q.random_id in srv.random_ids:
        raise RpcError(srv.random_id_duplicate_code, "RANDOM_ID_DUPLICATE")
    srv.random_ids.add(q.random_id)
    reply_to = getattr(q.reply_to, "reply_to_msg_id", None)
    if (srv.box_of(peer), reply_to) not in srv.messages:
        reply_to = None  # Telegram drops a reply to nothing in silence
    author = t.PeerUser(user_id=srv.me.id)
    text, entities = as_kept(q.message, q.entities)
    fields = {"media": media, "entities": entities, "from_id": author, "out": True}
    message, update = srv.store(peer, text, reply_to=reply_to, **fields)
    srv.push(srv.as_push(update), exclude=conn.session)
    return message, update


def _record(srv: SandboxServer, kind: str, message: Tl, q: Any, **more: Any) -> None:
    reply_to = message.reply_to.reply_to_msg_id if message.reply_to else None
    fields = {"chat": srv.chat_id(message.peer_id), "msg_id": message.id, "raw": q}
    srv.record(kind, **{"text": message.message, "reply_to": reply_to, **fields, **more})


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@answers("messages.EditMessage")
def edit_message(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    message = _message(srv, srv.resolve(q.peer), q.id)
    if srv.chat_id(srv.sender_of(message)) != srv.me.id:
        raise RpcError(403, "MESSAGE_AUTHOR_REQUIRED")
    if q.message is not None:
        if _units(q.message) > (CAPTION_UNITS if message.media else TEXT_UNITS):
            raise RpcError(400, "MEDIA_CAPTION_TOO_LONG" if message.media else "MESSAGE_TOO_LONG")
        text, entities = as_kept(q.message, q.entities)
        if text == message.message and entities == (message.entities or None):
            raise RpcError(400, "MESSAGE_NOT_MODIFIED")
        message.message, message.entities = text, entities
    update = srv.wrap(srv.store_edit(message))
    srv.push(update, exclude=conn.session)
    _record(srv, "edit", message, q, reply_to=None)
    return update


def _message(srv: SandboxServer, peer: Tl, number: int) -> Tl:
    message = srv.messages.get((srv.box_of(peer), number))
    if message is None:
        raise RpcError(400, "MESSAGE_ID_INVALID")
    return message


@answers("messages.DeleteMessages")
def delete_messages(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    return _delete(srv, conn, ACCOUNT, q, for_everyone=bool(q.revoke))


@answers("channels.DeleteMessages")
def delete_channel_messages(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    return _delete(srv, conn, srv.resolve(q.channel).channel_id, q, for_everyone=True)


def _delete(srv: SandboxServer, conn: Conn, box: int, q: Any, *, for_everyone: bool) -> Tl:
    there = [message for number in q.id if (message := srv.messages.get((box, number)))]
    for message in there:
        update = srv.store_deletion(message, for_everyone=for_everyone)
        srv.push(srv.wrap(update), exclude=conn.session)
        _record(srv, "delete", message, q, text=None, reply_to=None)
    return t.messages.AffectedMessages(pts=srv.boxes[box].pts, pts_count=len(there))


@answers("messages.SetTyping")
def set_typing(srv: SandboxServer, conn: Conn, q: Any) -> Body:
    srv.record("typing", chat=srv.chat_id(srv.resolve(q.peer)), text=type(q.action).__name__, raw=q)
    return boolean(True)


@answers("messages.ReadHistory")
def read_history(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    peer = srv.resolve(q.peer)
    _read(srv, peer, q)
    update = srv.bump(
        ACCOUNT,
        lambda pts: t.UpdateReadHistoryInbox(peer=peer, max_id=q.max_id, still_unread_count=0, pts=pts, pts_count=1),
    )
    return t.messages.AffectedMessages(pts=update.pts, pts_count=1)


@answers("channels.ReadHistory")
def read_channel_history(srv: SandboxServer, conn: Conn, q: Any) -> Body:
    _read(srv, srv.resolve(q.channel), q)
    return boolean(True)


def _read(srv: SandboxServer, peer: Tl, q: Any) -> None:
    srv.read_inbox[srv.chat_id(peer)] = q.max_id
    srv.record("read", chat=srv.chat_id(peer), msg_id=q.max_id, raw=q)


@answers("messages.ReadMessageContents")
def read_message_contents(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    for number in q.id:
        if message := srv.messages.get((ACCOUNT, number)):
            message.media_unread = None
            srv.record("read_contents", chat=srv.chat_id(message.peer_id), msg_id=number, raw=q)
    count = len(q.id)
    update = srv.bump(
        ACCOUNT,
        lambda pts: t.UpdateReadMessagesContents(messages=list(q.id), pts=pts, pts_count=count),
        count,
    )
    return t.messages.AffectedMessages(pts=update.pts, pts_count=count)


@answers("channels.ReadMessageContents")
def read_channel_message_contents(srv: SandboxServer, conn: Conn, q: Any) -> Body:
    peer = srv.resolve(q.channel)
    for number in q.id:
        if message := srv.messages.get((peer.channel_id, number)):
            message.media_unread = None
        srv.record("read_contents", chat=srv.chat_id(peer), msg_id=number, raw=q)
    return boolean(True)


@answers("messages.SendReaction")
def send_reaction(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    peer = srv.resolve(q.peer)
    message = _message(srv, peer, q.msg_id)
    reactions = q.reaction or []
    message.reactions = t.MessageReactions(
        results=[t.ReactionCount(reaction=r, count=1, chosen_order=0) for r in reactions]
    )
    shown = "".join(getattr(r, "emoticon", "?") for r in reactions)
    _record(srv, "reaction", message, q, text=shown, reply_to=None)
    return srv.wrap(t.UpdateMessageReactions(peer=peer, msg_id=q.msg_id, reactions=message.reactions))

"""What other people do, and the owner on a phone: messages of every kind, edits, deletions, typing."""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import Any

from pyrogram.raw import types as t

from transcriber.sandbox.wire import Session
from transcriber.sandbox.world import Account, Tl, World


class People(World):
    """Changes the world and tells the clients that listen.

    `from_user=server.me` is the owner typing on a phone; `chat=None` is the private chat with `from_user`, for the
    owner Saved Messages. Everywhere: `reply_to` a message id, `push=False` stores without telling (a missed
    update), `sent_at_s` an earlier Unix time, `dc_id` another data centre, `fwd` forwarded.
    """

    def __init__(self, account: Account) -> None:
        super().__init__(account)

    @abstractmethod
    def push(self, updates: Tl, exclude: Session | None = None) -> int:
        """Send updates to every session that listens, but not to `exclude`; returns how many got them."""

    def deliver_text(self, from_user: Tl, chat: Tl | None = None, text: str = "", **how: Any) -> Tl:
        return self.deliver(from_user, chat, text, **how)

    def deliver_voice(
        self,
        from_user: Tl,
        chat: Tl | None = None,
        ogg_bytes: bytes = b"",
        duration: int = 1,
        *,
        dc_id: int | None = None,
        caption: str = "",
        ttl_seconds: int | None = None,
        declared_size: int | None = None,
        **how: Any,
    ) -> Tl:
        """A voice note; `ttl_seconds=0x7FFFFFFF` can be heard once, `declared_size` lies about the file."""
        audio = t.DocumentAttributeAudio(duration=duration, voice=True, waveform=bytes(63))
        document = self.make_document(ogg_bytes, "audio/ogg", [audio], dc_id)
        if declared_size is not None:
            document.size = declared_size
        media = t.MessageMediaDocument(voice=True, document=document, ttl_seconds=ttl_seconds)
        return self.deliver(from_user, chat, caption, media=media, media_unread=True, **how)

    def deliver_video_note(
        self,
        from_user: Tl,
        chat: Tl | None = None,
        mp4_bytes: bytes = b"",
        duration: float = 1,
        *,
        dc_id: int | None = None,
        **how: Any,
    ) -> Tl:
        """A round video note."""
        video = t.DocumentAttributeVideo(duration=float(duration), w=240, h=240, round_message=True)
        document = self.make_document(mp4_bytes, "video/mp4", [video], dc_id)
        media = t.MessageMediaDocument(round=True, video=True, document=document)
        return self.deliver(from_user, chat, "", media=media, media_unread=True, **how)

    def deliver_video(
        self,
        from_user: Tl,
        chat: Tl | None = None,
        mp4_bytes: bytes = b"",
        duration: float = 1,
        *,
        dc_id: int | None = None,
        caption: str = "",
        **how: Any,
    ) -> Tl:
        video = t.DocumentAttributeVideo(duration=float(duration), w=320, h=240, supports_streaming=True)
        name = t.DocumentAttributeFilename(file_name="video.mp4")
        document = self.make_document(mp4_bytes, "video/mp4", [video, name], dc_id)
        media = t.MessageMediaDocument(video=True, document=document)
        return self.deliver(from_user, chat, caption, media=media, **how)

    def deliver_audio(
        self,
        from_user: Tl,
        chat: Tl | None = None,
        data: bytes = b"",
        duration: int = 1,
        *,
        file_name: str = "song.mp3",
        mime: str = "audio/mpeg",
        dc_id: int | None = None,
        caption: str = "",
        **how: Any,
    ) -> Tl:
        """A music file."""
        audio = t.DocumentAttributeAudio(duration=duration, title="Title", performer="Performer")
        name = t.DocumentAttributeFilename(file_name=file_name)
        document = self.make_document(data, mime, [audio, name], dc_id)
        return self.deliver(from_user, chat, caption, media=t.MessageMediaDocument(document=document), **how)

    def deliver_document(
        self,
        from_user: Tl,
        chat: Tl | None = None,
        data: bytes = b"",
        *,
        file_name: str = "file.bin",
        mime: str = "application/octet-stream",
        dc_id: int | None = None,
        caption: str = "",
        **how: Any,
    ) -> Tl:
        name = t.DocumentAttributeFilename(file_name=file_name)
        document = self.make_document(data, mime, [name], dc_id)
        return self.deliver(from_user, chat, caption, media=t.MessageMediaDocument(document=document), **how)

    def deliver(
        self,
        from_user: Tl,
        chat: Tl | None,
        text: str,
        *,
        push: bool = True,
        fwd: bool = False,
        sent_at_s: float | None = None,
        reply_to: Tl | None = None,
        **fields: Any,
    ) -> Tl:
        """A message appears in the account; further fields are those of Telegram's `message`."""
        peer = self.peer_of(chat if chat is not None else from_user)
        own = from_user.id == self.me.id
        post = isinstance(peer, t.PeerChannel) and self.channels[peer.channel_id].broadcast
        incoming_private = isinstance(peer, t.PeerUser) and not own
        author = t.PeerUser(user_id=from_user.id)
        date = int(time.time() if sent_at_s is None else sent_at_s)
        message, update = self.store(
            peer,
            text,
            reply_to=getattr(reply_to, "id", reply_to),
            date=date,
            out=own or None,
            post=post or None,
            from_id=None if incoming_private or post else author,
            fwd_from=t.MessageFwdHeader(date=date, from_id=author) if fwd else None,
            **fields,
        )
        if push:
            self.push(self.as_push(update))
        return message

    def edit(self, message: Tl, text: str, *, push: bool = True) -> None:
        """Somebody, or the owner on a phone, changes a message."""
        message.message = text
        update = self.store_edit(message)
        if push:
            self.push(self.wrap(update))

    def delete(self, message: Tl, *, push: bool = True) -> None:
        """Somebody, or the owner on a phone, deletes a message for everyone."""
        update = self.store_deletion(message)
        if push:
            self.push(self.wrap(update))

    def redeliver(self, message: Tl) -> int:
        """Send the same new-message update once more, with the same pts."""
        for _, update in self.boxes[self.box_of(message.peer_id)].log:
            new = isinstance(update, (t.UpdateNewMessage, t.UpdateNewChannelMessage))
            if new and update.message is message:
                return self.push(self.as_push(update))
        raise KeyError("message is not in the log")

    def user_typing(self, user: Tl) -> int:
        update = t.UpdateUserTyping(user_id=user.id, action=t.SendMessageTypingAction())
        return self.push(t.UpdateShort(update=update, date=int(time.time())))

    def wrap(self, *updates: Tl) -> Tl:
        return t.Updates(updates=list(updates), date=int(time.time()), seq=0, **self.entities())

    def as_push(self, update: Tl) -> Tl:
        """The form in which Telegram pushes it: plain private texts short, everything else whole."""
        message = update.message
        plain = (
            isinstance(update, t.UpdateNewMessage) and isinstance(message.peer_id, t.PeerUser) and not message.media
        )
        if not (plain and self.short_updates) or self.is_saved(message.peer_id):
            return self.wrap(update)
        return t.UpdateShortMessage(
            id=message.id,
            user_id=message.peer_id.user_id,
            message=message.message,
            pts=update.pts,
            pts_count=update.pts_count,
            date=message.date,
            out=message.out,
            reply_to=message.reply_to,
            entities=message.entities,
        )

"""The world as Telegram keeps it for one account: people, chats, messages, files, and the pts boxes of updates."""

from __future__ import annotations

import os
import random
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pyrogram.raw import types as t

from transcriber.sandbox.faults import Knobs, RpcError
from transcriber.sandbox.journal import Journal

Tl = Any  # an object of Telegram's type language: Kurigram publishes no types
HOME_DC = 2
ACCOUNT = 0  # the box of private chats and basic groups; a channel's box is its id


@dataclass
class Box:
    """One sequence of messages and updates."""

    pts: int
    next_id: int = 1
    log: list[tuple[int, Tl]] = field(default_factory=list)  # (pts after it, update)


@dataclass
class Account:
    """What signing in asks for."""

    phone: str
    code: str
    password: str | None
    qr_accepted: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as the people in its chat see it."""

    id: int
    sender: str
    text: str
    reply_to: int | None
    deleted: bool  # for everyone
    media: str | None  # voice, video_note, audio, video, document


class World(Journal, Knobs):
    """Holds the state, and changes it; telling the clients is left to who inherits."""

    def __init__(self, account: Account) -> None:
        super().__init__()
        self.account = account
        self.users: dict[int, Tl] = {}
        self.chats: dict[int, Tl] = {}
        self.channels: dict[int, Tl] = {}
        self.boxes: dict[int, Box] = defaultdict(lambda: Box(pts=10), {ACCOUNT: Box(pts=100)})
        self.messages: dict[tuple[int, int], Tl] = {}  # (box, id)
        self.gone: dict[tuple[int, int], tuple[Tl, bool]] = {}  # deleted ones; True: for everyone
        self.docs: dict[int, tuple[Tl, bytes]] = {}
        self.read_inbox: dict[int, int] = {}  # chat id: message id
        self.random_ids: set[int] = set()
        self._ids = 1000
        self.me = self.add_user("Me", "me_user", phone=account.phone, is_self=True)

    # People and chats
    def add_user(
        self,
        first_name: str,
        username: str | None = None,
        *,
        phone: str | None = None,
        is_self: bool = False,
        bot: bool = False,
    ) -> Tl:
        user = t.User(
            id=self._new_id() + 10_000_000,
            access_hash=random.getrandbits(62),
            first_name=first_name,
            username=username,
            phone=phone,
            is_self=is_self or None,
            bot=bot or None,
            bot_info_version=1 if bot else None,
            contact=None if is_self else True,
        )
        self.users[user.id] = user
        return user

    def add_group(self, title: str) -> Tl:
        chat = t.Chat(
            id=self._new_id() + 500_000,
            title=title,
            photo=t.ChatPhotoEmpty(),
            participants_count=3,
            date=int(time.time()),
            version=1,
        )
        self.chats[chat.id] = chat
        return chat

    def add_supergroup(self, title: str, username: str | None = None, *, broadcast: bool = False) -> Tl:
        """A supergroup, or with `broadcast` a channel."""
        channel = t.Channel(
            id=self._new_id() + 1_500_000_000,
            title=title,
            photo=t.ChatPhotoEmpty(),
            date=int(time.time()),
            access_hash=random.getrandbits(62),
            username=username,
            megagroup=None if broadcast else True,
            broadcast=broadcast or None,
        )
        self.channels[channel.id] = channel
        return channel

    def _new_id(self) -> int:
        self._ids += 1
        return self._ids

    @staticmethod
    def peer_of(entity: Tl) -> Tl:
        """The Peer of a user, chat or channel."""
        if isinstance(entity, t.User):
            return t.PeerUser(user_id=entity.id)
        if isinstance(entity, t.Chat):
            return t.PeerChat(chat_id=entity.id)
        if isinstance(entity, t.Channel):
            return t.PeerChannel(channel_id=entity.id)
        return entity

    @classmethod
    def chat_id(cls, who: Tl) -> int:
        """The Bot-API style id of a peer, user, chat or channel, as in `Action.chat`."""
        peer = cls.peer_of(who)
        if isinstance(peer, t.PeerUser):
            return int(peer.user_id)
        if isinstance(peer, t.PeerChat):
            return -int(peer.chat_id)
        return -1_000_000_000_000 - int(peer.channel_id)

    def is_saved(self, peer: Tl) -> bool:
        return isinstance(peer, t.PeerUser) and peer.user_id == self.me.id

    def resolve(self, given: Tl) -> Tl:
        """The Peer of an InputPeer, InputUser or InputChannel; a wrong access hash is refused, as for real."""
        if isinstance(given, (t.InputPeerSelf, t.InputUserSelf)):
            return t.PeerUser(user_id=self.me.id)
        if isinstance(given, (t.InputPeerUser, t.InputUser)):
            user = self.users.get(given.user_id)
            if user and (given.access_hash == user.access_hash or user.is_self):
                return t.PeerUser(user_id=user.id)
        elif isinstance(given, t.InputPeerChat):
            if given.chat_id in self.chats:
                return t.PeerChat(chat_id=given.chat_id)
        elif isinstance(given, (t.InputPeerChannel, t.InputChannel)):
            channel = self.channels.get(given.channel_id)
            if channel and channel.access_hash == given.access_hash:
                return t.PeerChannel(channel_id=channel.id)
            raise RpcError(400, "CHANNEL_INVALID")
        raise RpcError(400, "PEER_ID_INVALID")

    def entities(self) -> dict[str, list[Tl]]:
        """The `users` and `chats` that go with nearly every answer."""
        return {"users": list(self.users.values()), "chats": [*self.chats.values(), *self.channels.values()]}

    # Files
    def make_document(self, data: bytes, mime: str, attributes: list[Tl], dc_id: int | None = None) -> Tl:
        document = t.Document(
            id=random.getrandbits(62),
            access_hash=random.getrandbits(62),
            file_reference=os.urandom(12),
            date=int(time.time()),
            mime_type=mime,
            size=len(data),
            dc_id=dc_id or HOME_DC,
            attributes=attributes,
        )
        self.docs[document.id] = (document, data)
        return document

    def expire_file_references(self) -> None:
        """Files can be fetched again only after their messages were read again."""
        for document, _ in self.docs.values():
            document.file_reference = os.urandom(12)

    # Messages
    @staticmethod
    def box_of(peer: Tl) -> int:
        return int(peer.channel_id) if isinstance(peer, t.PeerChannel) else ACCOUNT

    def store(self, peer: Tl, text: str, *, reply_to: int | None = None, **fields: Any) -> tuple[Tl, Tl]:
        """Add a message; returns it and its update."""
        box = self.box_of(peer)
        if self.is_saved(peer):
            fields = {**fields, "out": None, "saved_peer_id": t.PeerUser(user_id=self.me.id)}
        message = t.Message(
            id=self.boxes[box].next_id,
            peer_id=peer,
            message=text,
            reply_to=t.MessageReplyHeader(reply_to_msg_id=reply_to) if reply_to else None,
            **{"date": int(time.time()), **fields},
        )
        self.boxes[box].next_id += 1
        self.messages[box, message.id] = message
        new = t.UpdateNewChannelMessage if box else t.UpdateNewMessage
        update = self.bump(box, lambda pts: new(message=message, pts=pts, pts_count=1))
        self.event("message", message=message)
        return message, update

    def store_edit(self, message: Tl) -> Tl:
        """Note that a message was changed; returns the update."""
        message.edit_date = int(time.time())
        box = self.box_of(message.peer_id)
        edited = t.UpdateEditChannelMessage if box else t.UpdateEditMessage
        update = self.bump(box, lambda pts: edited(message=message, pts=pts, pts_count=1))
        self.event("edit", message=message)
        return update

    def store_deletion(self, message: Tl, *, for_everyone: bool = True) -> Tl:
        """Remove a message; returns the update."""
        box = self.box_of(message.peer_id)
        del self.messages[box, message.id]
        self.gone[box, message.id] = (message, for_everyone)
        self.event("delete", message=message, for_everyone=for_everyone)
        if box:
            return self.bump(
                box,
                lambda pts: t.UpdateDeleteChannelMessages(
                    channel_id=box, messages=[message.id], pts=pts, pts_count=1
                ),
            )
        return self.bump(box, lambda pts: t.UpdateDeleteMessages(messages=[message.id], pts=pts, pts_count=1))

    def bump(self, box_id: int, make: Callable[[int], Tl], count: int = 1) -> Tl:
        """Advance the pts of a box and log the update that `make` builds for it."""
        box = self.boxes[box_id]
        box.pts += count
        update = make(box.pts)
        box.log.append((box.pts, update))
        return update

    def state(self, pts: int | None = None) -> Tl:
        """The account's update state, as of now or of an earlier pts."""
        known = self.boxes[ACCOUNT].pts if pts is None else pts
        return t.updates.State(pts=known, qts=0, date=int(time.time()), seq=0, unread_count=0)

    # Views
    def history(self, peer: Tl) -> list[Tl]:
        """A chat's messages, newest first."""
        chat = self.chat_id(peer)
        return sorted((m for m in self.messages.values() if self.chat_id(m.peer_id) == chat), key=lambda m: -m.id)

    def chat_view(self, chat: Tl) -> list[Seen]:
        """A chat as the people in it see it, oldest first; what was deleted for everyone is there, marked."""
        wanted = self.chat_id(chat)
        there = [(m, False) for m in self.messages.values()] + list(self.gone.values())
        return [
            Seen(
                id=m.id,
                sender=self.name_of(self.sender_of(m)),
                text=m.message,
                reply_to=m.reply_to.reply_to_msg_id if m.reply_to else None,
                deleted=deleted,
                media=media_of(m),
            )
            for m, deleted in sorted(there, key=lambda entry: entry[0].id)
            if self.chat_id(m.peer_id) == wanted
        ]

    def sender_of(self, message: Tl) -> Tl:
        """The Peer who wrote it; for a channel post the channel."""
        if message.out:
            return self.peer_of(self.me)
        return message.from_id or message.peer_id

    def name_of(self, who: Tl) -> str:
        """First name or title."""
        peer = self.peer_of(who)
        if isinstance(peer, t.PeerUser):
            return str(self.users[peer.user_id].first_name)
        if isinstance(peer, t.PeerChat):
            return str(self.chats[peer.chat_id].title)
        return str(self.channels[peer.channel_id].title)

    def text_of(self, msg_id: int, box: int = ACCOUNT) -> str | None:
        message = self.messages.get((box, msg_id))
        return message.message if message else None


def media_of(message: Tl) -> str | None:
    """What a message carries, in the words of `Seen.media`."""
    if not message.media:
        return None
    attributes = message.media.document.attributes
    for a in attributes:
        if isinstance(a, t.DocumentAttributeAudio):
            return "voice" if a.voice else "audio"
        if isinstance(a, t.DocumentAttributeVideo):
            return "video_note" if a.round_message else "video"
    return "document"

"""Telegram for the rest of the program: implements `protocols.Gateway` over whichever client there is at the time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pyrogram import Client, raw, utils
from pyrogram.types import Message

from transcriber.clock import Clock
from transcriber.domain import ConnectionInfo, Note, Peer, Pointed, Rich
from transcriber.errors import Gone, NotFound, Offline, Refused
from transcriber.telegram import messages, names, outgoing
from transcriber.telegram.calls import Calls, Deadlines
from transcriber.telegram.transfers import Transfers
from transcriber.telegram.translate import AlreadySent

_PAGE = 100  # Telegram's most per request
_LOOK_BACK_PAGES = 50  # of a chat, searched for a message that was sent before: much may have followed it since
_ALBUM_REACH = 9  # an album has ten members at most, and their ids lie side by side
_NO_NAME = ("USERNAME_", "CONTACT_", "PEER_", "CHANNEL_", "USER_", "CHAT_", "INPUT_")


class TelegramGateway:
    """Made once; `attach` and `detach` tell it which client works. `protocols.Gateway` has what the calls promise."""

    def __init__(self, clock: Clock, deadlines: Deadlines = Deadlines()) -> None:  # noqa: B008 - frozen
        self._clock = clock
        self._calls = Calls(clock, deadlines)
        self._transfers = Transfers(self._calls)
        self._deadlines = deadlines
        self._online = asyncio.Event()
        self._changed = asyncio.Event()  # set once when the connection comes or goes, then replaced
        self._client: Client | None = None
        self._me: Peer | None = None
        self._since_s: float | None = None
        self._connections = 0
        self._last_update_at_s: float | None = None  # of earlier clients

    def attach(self, client: Client) -> None:
        """Use this client, which is started and signed in. Again with the same one after a drop that it mended."""
        self._me = messages.peer_of_user(client.me)
        self._client = client
        self._calls.connect(client)
        if not self._online.is_set():
            self._connections += 1
            self._note_change()
        self._online.set()

    def detach(self) -> None:
        """The link is lost: calls end with `Offline` until the next `attach`; those under way end now."""
        if self._online.is_set():
            self._note_change()
        self._last_update_at_s = self._last_update_s()
        self._online.clear()
        self._client = None
        self._calls.disconnect()

    @property
    def me(self) -> Peer:
        if self._me is None:
            raise Offline()
        return self._me

    def info(self) -> ConnectionInfo:
        return ConnectionInfo(
            online=self._online.is_set(),
            since_s=self._since_s,
            reconnects=max(0, self._connections - 1),
            last_update_at_s=self._last_update_s(),
        )

    async def wait_online(self) -> None:
        await self._online.wait()

    async def wait_change(self) -> None:
        """Return when the connection has come or gone after this call."""
        await self._changed.wait()

    async def send_text(self, chat_id: int, text: Rich, *, random_id: int, reply_to: int | None = None) -> int:
        query = raw.functions.messages.SendMessage(
            peer=await self._peer(chat_id),
            message=text.text,
            random_id=random_id,
            no_webpage=True,
            reply_to=outgoing.reply(reply_to),
            entities=outgoing.entities(text),
        )
        return await self._send(query, reply_to)

    async def send_file(
        self, chat_id: int, name: str, content: bytes, caption: Rich, *, random_id: int, reply_to: int | None = None
    ) -> int:
        peer = await self._peer(chat_id)
        uploaded = await self._transfers.upload(name, content, random_id)
        query = raw.functions.messages.SendMedia(
            peer=peer,
            media=outgoing.document(name, uploaded),
            message=caption.text,
            random_id=random_id,
            reply_to=outgoing.reply(reply_to),
            entities=outgoing.entities(caption),
        )
        return await self._send(query, reply_to)

    async def edit_text(self, chat_id: int, message_id: int, text: Rich, *, fleeting: bool = False) -> None:
        query = raw.functions.messages.EditMessage(
            peer=await self._peer(chat_id),
            id=message_id,
            message=text.text,
            no_webpage=True,
            entities=outgoing.entities(text),
        )
        try:
            await self._calls.request(query, self._deadlines.edit_s, fleeting=fleeting)
        except Refused as error:
            if error.details.get("reason") != "MESSAGE_NOT_MODIFIED":
                raise

    async def delete(self, chat_id: int, message_id: int) -> None:
        query: Any
        try:
            peer = await self._peer(chat_id)
            if isinstance(peer, raw.types.InputPeerChannel):
                query = raw.functions.channels.DeleteMessages(channel=_channel(peer), id=[message_id])
            else:
                query = raw.functions.messages.DeleteMessages(id=[message_id], revoke=True)
            await self._calls.request(query, self._deadlines.delete_s)
        except Gone:
            return

    async def typing(self, chat_id: int) -> None:
        action = raw.types.SendMessageTypingAction()
        query = raw.functions.messages.SetTyping(peer=await self._peer(chat_id), action=action)
        await self._calls.request(query, self._deadlines.typing_s, fleeting=True)

    async def note(self, chat_id: int, message_id: int) -> Note | None:
        return messages.to_note(await self._message(chat_id, message_id), self.me)

    async def pointed(self, chat_id: int, message_id: int) -> Pointed:
        message = await self._message(chat_id, message_id)
        if not isinstance(message.raw, raw.types.Message):  # "Anna pinned a message" and the like
            return Pointed()
        members = await self._album(chat_id, message) if message.raw.grouped_id else [message]
        notes = (messages.to_note(member, self.me) for member in members)
        return Pointed(
            notes=tuple(note for note in notes if note is not None),
            text=messages.own_text(message.raw, self.me),
            reply_to=messages.reply_here(message.raw),
        )

    async def react(self, chat_id: int, message_id: int, emoji: str) -> bool:
        if chosen := _chosen(await self._message(chat_id, message_id)):
            return chosen == [emoji]  # one of the owner's own would be replaced by ours
        await self._react(chat_id, message_id, [raw.types.ReactionEmoji(emoticon=emoji)])
        return True

    async def take_back_reaction(self, chat_id: int, message_id: int, emoji: str) -> None:
        try:
            if _chosen(await self._message(chat_id, message_id)) == [emoji]:
                await self._react(chat_id, message_id, [])
        except Gone:
            return

    async def mark_played(self, note: Note) -> None:
        query: Any
        peer = await self._peer(note.chat_id)
        if isinstance(peer, raw.types.InputPeerChannel):
            query = raw.functions.channels.ReadMessageContents(channel=_channel(peer), id=[note.message_id])
        else:
            query = raw.functions.messages.ReadMessageContents(id=[note.message_id])
        await self._calls.request(query, self._deadlines.typing_s)

    async def download(self, note: Note, to: Path) -> None:
        async def document() -> Any:
            media = (await self._message(note.chat_id, note.message_id)).raw.media
            found = getattr(media, "document", None)
            if not isinstance(found, raw.types.Document):
                raise Gone(reason="MEDIA_EMPTY")  # a view-once note that was heard, or a message edited since
            return found

        await self._transfers.download(document, to)

    async def resolve(self, name: str) -> Peer:
        meant = names.parse(name)
        try:
            if isinstance(meant, str):
                return await self._by_username(meant)
            if meant is not None:
                return await self._by_id(meant)
        except Gone as error:
            raise NotFound(name=name) from error
        except Refused as error:
            if not str(error.details.get("reason", "")).startswith(_NO_NAME):
                raise
            raise NotFound(name=name) from error
        raise NotFound(name=name)

    def _note_change(self) -> None:
        self._since_s = self._clock.now()
        self._changed.set()
        self._changed = asyncio.Event()

    def _last_update_s(self) -> float | None:
        # The library notes when something came, and starts with the moment the client was made: close enough.
        return self._client.last_update_time.timestamp() if self._client is not None else self._last_update_at_s

    async def _send(self, query: Any, reply_to: int | None) -> int:
        """Send with a random id of the caller's; Telegram executes each only once."""
        try:
            answer = await self._calls.request(query, self._deadlines.send_s)
        except AlreadySent:
            answer = None
        if (message_id := outgoing.sent_id(answer, query.random_id)) is not None:
            return message_id
        return await self._sent_before(query, reply_to)

    async def _sent_before(self, query: Any, reply_to: int | None) -> int:
        """Look up a message that Telegram says it has; a reply is newer than what it answers."""
        offset_id = 0
        for _ in range(_LOOK_BACK_PAGES):
            history = await self._read(
                raw.functions.messages.GetHistory(
                    peer=query.peer,
                    offset_id=offset_id,
                    offset_date=0,
                    add_offset=0,
                    limit=_PAGE,
                    max_id=0,
                    min_id=reply_to or 0,
                    hash=0,
                )
            )
            if (found := outgoing.find_sent(history.messages, query.message, reply_to)) is not None:
                return found
            if not history.messages:
                break
            offset_id = history.messages[-1].id
        raise Gone(reason="SENT_AND_DELETED")

    async def _read(self, query: Any) -> Any:
        return await self._calls.request(query, self._deadlines.read_s)

    async def _message(self, chat_id: int, message_id: int) -> Message:
        found = await self._parsed(await self._posts(chat_id, [message_id]))
        if not found:
            raise Gone(reason="MESSAGE_ID_INVALID")
        return found[0]

    async def _album(self, chat_id: int, message: Message) -> list[Message]:
        """What was sent together with this message, oldest first."""
        near = range(max(1, message.raw.id - _ALBUM_REACH), message.raw.id + _ALBUM_REACH + 1)
        answer = await self._posts(chat_id, near)
        album = message.raw.grouped_id
        answer.messages = [post for post in answer.messages if getattr(post, "grouped_id", None) == album]
        return await self._parsed(answer)

    async def _posts(self, chat_id: int, message_ids: Iterable[int]) -> Any:
        """Telegram's answer about these messages, with those that are there."""
        peer = await self._peer(chat_id)
        ids = [raw.types.InputMessageID(id=message_id) for message_id in message_ids]
        if isinstance(peer, raw.types.InputPeerChannel):
            answer = await self._read(raw.functions.channels.GetMessages(channel=_channel(peer), id=ids))
        else:
            answer = await self._read(raw.functions.messages.GetMessages(id=ids))
        # Outside channels ids are counted over all chats, so another chat's message can come back.
        there = [post for post in answer.messages if getattr(post, "peer_id", None) is not None]
        answer.messages = [post for post in there if messages.chat_of(post) == chat_id]
        return answer

    async def _parsed(self, answer: Any) -> list[Message]:
        async with self._calls.within(self._deadlines.read_s) as client:
            return await messages.parse(client, answer)

    async def _react(self, chat_id: int, message_id: int, reactions: list[Any]) -> None:
        query = raw.functions.messages.SendReaction(
            peer=await self._peer(chat_id), msg_id=message_id, reaction=reactions
        )
        await self._calls.request(query, self._deadlines.typing_s)

    async def _peer(self, chat_id: int) -> Any:
        """How Telegram wants this chat addressed. After a crash the session file may have lost chats that it knew, so
        the newest conversations are read again before giving up."""
        if chat_id == self.me.id:
            return raw.types.InputPeerSelf()
        try:
            return await self._stored_peer(chat_id)
        except KeyError:
            everyone = raw.types.InputPeerEmpty()
            await self._read(
                raw.functions.messages.GetDialogs(
                    offset_date=0, offset_id=0, offset_peer=everyone, limit=_PAGE, hash=0
                )
            )
        try:
            return await self._stored_peer(chat_id)
        except KeyError as error:
            raise Gone(reason="PEER_ID_INVALID") from error

    async def _stored_peer(self, chat_id: int) -> Any:
        async with self._calls.within(self._deadlines.read_s) as client:
            return await client.storage.get_peer_by_id(chat_id)

    async def _by_username(self, username: str) -> Peer:
        answer = await self._read(raw.functions.contacts.ResolveUsername(username=username))
        return _named(utils.get_peer_id(answer.peer), [*answer.users, *answer.chats])

    async def _by_id(self, peer_id: int) -> Peer:
        peer = await self._peer(peer_id)
        if isinstance(peer, raw.types.InputPeerSelf):
            return self.me
        if isinstance(peer, raw.types.InputPeerUser):
            user = raw.types.InputUser(user_id=peer.user_id, access_hash=peer.access_hash)
            return _named(peer_id, await self._read(raw.functions.users.GetUsers(id=[user])))
        if isinstance(peer, raw.types.InputPeerChannel):
            answer = await self._read(raw.functions.channels.GetChannels(id=[_channel(peer)]))
        else:
            answer = await self._read(raw.functions.messages.GetChats(id=[peer.chat_id]))
        return _named(peer_id, answer.chats)


def _chosen(message: Message) -> list[str]:
    """What this account reacted with."""
    reactions = getattr(message.raw, "reactions", None)
    mine = [count for count in reactions.results if count.chosen_order is not None] if reactions else []
    return [getattr(count.reaction, "emoticon", "") for count in mine]


def _channel(peer: Any) -> Any:
    return raw.types.InputChannel(channel_id=peer.channel_id, access_hash=peer.access_hash)


def _named(peer_id: int, found: list[Any]) -> Peer:
    """The one of the raw users and chats that has this id."""
    for entity in found:
        if peer_id not in (entity.id, -entity.id, utils.get_channel_id(entity.id)):
            continue
        parts = (getattr(entity, name, None) for name in ("title", "first_name", "last_name"))
        username = getattr(entity, "username", None)
        return Peer(peer_id, " ".join(part for part in parts if part) or username or str(peer_id), username)
    raise Gone(reason="PEER_ID_INVALID")

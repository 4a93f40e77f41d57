"""A Telegram message in our words: a note with sound, a command of the owner's, or nothing that concerns us.

Read from the raw message wherever it matters (who, when, where), because the parsed one guesses: in a private chat
it names the other person as the sender of the owner's own message when Telegram leaves the sender out.
"""

from __future__ import annotations

from typing import Any

from pyrogram import Client, raw, utils
from pyrogram.types import Chat, Message, User

from transcriber.domain import ChatKind, Command, MediaKind, Note, Peer

_KINDS = (MediaKind.VOICE, MediaKind.VIDEO_NOTE, MediaKind.AUDIO, MediaKind.VIDEO, MediaKind.DOCUMENT)
_SOUND_TYPES = ("audio/", "video/")
_LONGEST_DECLARED_S = 31 * 86_400
_SOUND_DOCUMENTS = frozenset({"application/ogg", "application/x-ogg", "application/mp4"})


def to_note(message: Message, me: Peer) -> Note | None:
    """The note that a message is; None if there is no sound in it."""
    post = message.raw
    if not isinstance(post, raw.types.Message) or (found := _sound(message)) is None:
        return None
    kind, media = found
    chat_id, sender_id = chat_of(post), _sender(post, me)
    return Note(
        chat_id=chat_id,
        message_id=post.id,
        chat_kind=_chat_kind(post.peer_id, message.chat, me),
        chat_title=_title(message.chat, me),
        sender_id=sender_id,
        sender_name=_sender_name(message, sender_id, me),
        outgoing=bool(post.out) or sender_id == me.id,
        kind=kind,
        sent_at_s=float(post.date),
        duration_s=_declared_s(media),
        size_bytes=media.file_size or 0,
        file_id=media.file_unique_id,
        chat_username=getattr(message.chat, "username", None),
        view_once=bool(post.media.ttl_seconds),
        captioned=bool(post.message),
    )


def _declared_s(media: Any) -> float:
    """The length as the sender's client says it, 0 if it says none. In a video it is a floating-point number that
    may be anything (negative, infinite, not a number): what cannot be a recording's length is none."""
    said = float(getattr(media, "duration", None) or 0)
    return said if 0 < said <= _LONGEST_DECLARED_S else 0.0


def to_command(message: Message, me: Peer, prefixes: str) -> Command | None:
    """The command that a message looks like; None unless the owner typed it, here and now, as it stands."""
    post = message.raw
    if not isinstance(post, raw.types.Message) or not is_typed_by_owner(post, me):
        return None
    if post.media is not None and not isinstance(post.media, raw.types.MessageMediaWebPage):
        return None
    if not post.message or post.message[0] not in prefixes:
        return None
    return Command(
        chat_id=chat_of(post),
        message_id=post.id,
        chat_kind=_chat_kind(post.peer_id, message.chat, me),
        chat_title=_title(message.chat, me),
        text=post.message,
        sent_at_s=float(post.date),
        reply_to=reply_here(post),
    )


def is_typed_by_owner(post: raw.types.Message, me: Peer) -> bool:
    """Whether the owner wrote this message as themselves: no forward, no post in a channel's or group's name, nothing
    through a bot, nothing edited since (a command is not run again, nor made of an old message)."""
    if post.fwd_from or post.via_bot_id or post.via_business_bot_id or post.post:
        return False
    if post.edit_date and not post.edit_hide:  # hidden edits are reactions and the like
        return False
    if post.saved_peer_id is not None and utils.get_peer_id(post.saved_peer_id) != me.id:
        return False
    return not _quotes_first(post) and _sender(post, me) == me.id


def chat_of(post: raw.types.Message) -> int:
    """The chat id as Bot-API users know it."""
    return int(utils.get_peer_id(post.peer_id))


async def parse(client: Client, found: Any) -> list[Message]:
    """The messages of a raw answer (`messages.Messages`, `MessagesSlice`, `ChannelMessages`), in its order; the
    empty ones, which stand for deleted messages, are left out. Calls Telegram for nothing but unknown senders."""
    messages = await utils.parse_messages(client, found, replies=0)
    return [message for message in messages if not message.empty]


def peer_of_user(user: User) -> Peer:
    """A person, with a name to show."""
    return Peer(user.id, _full_name(user) or user.username or str(user.id), user.username)


def _sound(message: Message) -> tuple[MediaKind, Any] | None:
    for kind in _KINDS:
        media = getattr(message, kind.value)
        if media is not None:
            return (kind, media) if kind is not MediaKind.DOCUMENT or _is_sound(media.mime_type) else None
    return None


def _is_sound(mime_type: str | None) -> bool:
    mime_type = (mime_type or "").lower()
    return mime_type.startswith(_SOUND_TYPES) or mime_type in _SOUND_DOCUMENTS


def _sender(post: raw.types.Message, me: Peer) -> int | None:
    """Who sent it; None for what a channel or an anonymous admin posted."""
    if isinstance(post.peer_id, raw.types.PeerUser):
        if post.out or post.peer_id.user_id == me.id:  # Saved Messages are not marked as outgoing
            return me.id
        return int(post.peer_id.user_id)
    return int(post.from_id.user_id) if isinstance(post.from_id, raw.types.PeerUser) else None


def _sender_name(message: Message, sender_id: int | None, me: Peer) -> str:
    if sender_id == me.id:
        return me.title
    if message.from_user is not None and message.from_user.id == sender_id:
        return peer_of_user(message.from_user).title
    sender = message.sender_chat or message.chat
    return _title(sender, me)


def _chat_kind(peer: Any, chat: Chat | None, me: Peer) -> ChatKind:
    if isinstance(peer, raw.types.PeerUser):
        return ChatKind.SAVED if peer.user_id == me.id else ChatKind.PRIVATE
    if isinstance(peer, raw.types.PeerChannel) and chat is not None and chat.type.name == "CHANNEL":
        return ChatKind.CHANNEL
    return ChatKind.GROUP


def _title(chat: Chat | None, me: Peer) -> str:
    if chat is None:
        return ""
    if chat.id == me.id:
        return me.title
    return chat.title or _full_name(chat) or chat.username or str(chat.id)


def _full_name(person: Any) -> str:
    return " ".join(part for part in (person.first_name, person.last_name) if part)


def own_text(post: raw.types.Message, me: Peer) -> str:
    """What this account wrote itself, by hand or by this program: no forward, nothing through a bot."""
    ours = _sender(post, me) == me.id and not (post.fwd_from or post.via_bot_id or post.via_business_bot_id)
    return str(post.message or "") if ours else ""


def reply_here(post: raw.types.Message) -> int | None:
    """The message replied to, if it stands in the same chat."""
    header = post.reply_to
    if not isinstance(header, raw.types.MessageReplyHeader) or header.reply_to_peer_id:
        return None
    if header.forum_topic and not header.reply_to_top_id:
        return None  # in a topic without a real reply, Telegram names the topic's first message
    return int(header.reply_to_msg_id) if header.reply_to_msg_id else None


def _quotes_first(post: raw.types.Message) -> bool:
    """Whether the text begins in a quote: that is how transcripts are shown, not how commands are typed."""
    return any(isinstance(e, raw.types.MessageEntityBlockquote) and e.offset == 0 for e in post.entities or [])

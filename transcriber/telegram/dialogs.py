"""All chats, page by page: those with the newest messages first, pinned ones before them, archived ones too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyrogram import raw, utils

from transcriber.telegram.messages import chat_of

PAGE = 100  # the most that Telegram gives at once


@dataclass(frozen=True, slots=True)
class Dialog:
    """One chat and the newest message in it."""

    chat_id: int
    peer: Any  # an InputPeer: Telegram is asked for the history with it
    top_id: int
    date_s: float | None  # of the newest message
    pinned: bool
    readable_only: bool  # a channel in which the owner cannot write

    def older_than(self, time_s: float | None) -> bool:
        """Certainly older; nothing is older than None."""
        return time_s is not None and self.date_s is not None and self.date_s < time_s


@dataclass(frozen=True, slots=True)
class After:
    """Where a page begins; the first one, as it stands."""

    date: int = 0
    message_id: int = 0
    peer: Any = None
    without_pinned: bool = False


def query(after: After) -> Any:
    """The call that asks for one page."""
    return raw.functions.messages.GetDialogs(
        offset_date=after.date,
        offset_id=after.message_id,
        offset_peer=after.peer or raw.types.InputPeerEmpty(),
        limit=PAGE,
        hash=0,
        exclude_pinned=after.without_pinned or None,
    )


def read(page: Any, after: After) -> tuple[list[Dialog], After | None]:
    """The chats of one page, and where the next one begins; None if there is none."""
    dates = {(chat_of(m), m.id): m.date for m in page.messages if not isinstance(m, raw.types.MessageEmpty)}
    users = {user.id: user for user in page.users}
    # Basic groups count their ids for themselves: one may have the same as a channel.
    kinds = (raw.types.Channel, raw.types.ChannelForbidden)
    channels = {chat.id: chat for chat in page.chats if isinstance(chat, kinds)}
    found = [_dialog(d, dates, users, channels) for d in page.dialogs if isinstance(d, raw.types.Dialog)]
    if not found or isinstance(page, raw.types.messages.Dialogs):  # of a longer list, Telegram sends a DialogsSlice
        return found, None
    last = next((d for d in reversed(found) if not d.pinned and d.date_s is not None), None)
    if last is None:
        return found, None if after.without_pinned else After(without_pinned=True)
    return found, After(int(last.date_s or 0), last.top_id, last.peer, without_pinned=True)


def _dialog(
    dialog: Any, dates: dict[tuple[int, int], int], users: dict[int, Any], channels: dict[int, Any]
) -> Dialog:
    chat_id = int(utils.get_peer_id(dialog.peer))
    peer, readable_only = dialog.peer, False
    input_peer: Any
    if isinstance(peer, raw.types.PeerUser):
        access_hash = getattr(users.get(peer.user_id), "access_hash", None) or 0
        input_peer = raw.types.InputPeerUser(user_id=peer.user_id, access_hash=access_hash)
    elif isinstance(peer, raw.types.PeerChat):
        input_peer = raw.types.InputPeerChat(chat_id=peer.chat_id)
    else:
        channel = channels.get(peer.channel_id)
        access_hash = getattr(channel, "access_hash", None) or 0
        input_peer = raw.types.InputPeerChannel(channel_id=peer.channel_id, access_hash=access_hash)
        may_write = getattr(channel, "creator", None) or getattr(channel, "admin_rights", None)
        readable_only = bool(getattr(channel, "broadcast", None)) and not may_write
    date = dates.get((chat_id, dialog.top_message))
    return Dialog(chat_id, input_peer, dialog.top_message, date, bool(dialog.pinned), readable_only)

"""Reading: dialogs, history, search, single messages; paged as Telegram pages."""

# ruff: noqa: ARG001 - every handler takes (server, connection, query), whichever of them it needs

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pyrogram.raw import types as t

from transcriber.sandbox.rpc import answers, as_object
from transcriber.sandbox.world import ACCOUNT, Tl, media_of

if TYPE_CHECKING:
    from transcriber.sandbox.server import SandboxServer
    from transcriber.sandbox.wire import Conn

PAGE = 100  # Telegram gives no more at once, whatever `limit` says

FILTERS: dict[type[Any], tuple[str, ...]] = {
    t.InputMessagesFilterVoice: ("voice",),
    t.InputMessagesFilterRoundVoice: ("voice", "video_note"),
    t.InputMessagesFilterRoundVideo: ("video_note",),
    t.InputMessagesFilterMusic: ("audio",),
    t.InputMessagesFilterVideo: ("video",),
    t.InputMessagesFilterDocument: ("document",),
}


# Dialogs: ordered by their top message, newest first
@answers("messages.GetDialogs")
def get_dialogs(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    everybody = [srv.peer_of(e) for e in (*srv.users.values(), *srv.chats.values(), *srv.channels.values())]
    tops = sorted((top[0] for peer in everybody if (top := srv.history(peer))), key=lambda m: _rank(srv, m))
    tops.reverse()
    rest = [m for m in tops if _is_after(srv, m, q)]
    page = rest[: min(q.limit, PAGE)] if q.limit > 0 else []
    found = {"dialogs": [dialog_of(srv, m.peer_id) for m in page], "messages": page, **srv.entities()}
    if len(page) == len(tops):
        return t.messages.Dialogs(**found)
    return t.messages.DialogsSlice(count=len(tops), **found)


def _rank(srv: SandboxServer, top: Tl) -> tuple[int, int, int]:
    return top.date, top.id, srv.chat_id(top.peer_id)


def _is_after(srv: SandboxServer, top: Tl, q: Any) -> bool:
    """Whether a dialog comes after the last one of the page before, given by date, id and peer of its top message."""
    if isinstance(q.offset_peer, t.InputPeerEmpty):
        return not q.offset_date or bool(top.date < q.offset_date)
    last = (q.offset_date, q.offset_id, srv.chat_id(srv.resolve(q.offset_peer)))
    return _rank(srv, top) < last


def dialog_of(srv: SandboxServer, peer: Tl) -> Tl:
    history = srv.history(peer)
    read = srv.read_inbox.get(srv.chat_id(peer), 0)
    return t.Dialog(
        peer=peer,
        top_message=history[0].id if history else 0,
        read_inbox_max_id=read,
        read_outbox_max_id=0,
        unread_count=sum(m.id > read and not m.out for m in history),
        unread_mentions_count=0,
        unread_reactions_count=0,
        unread_poll_votes_count=0,
        notify_settings=t.PeerNotifySettings(),
        pts=srv.boxes[peer.channel_id].pts if isinstance(peer, t.PeerChannel) else None,
    )


@answers("messages.GetPeerDialogs")
def get_peer_dialogs(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    return _peer_dialogs(srv, [srv.resolve(given.peer) for given in q.peers])


@answers("messages.GetPinnedDialogs")
def get_pinned_dialogs(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    return _peer_dialogs(srv, [])


def _peer_dialogs(srv: SandboxServer, peers: list[Tl]) -> Tl:
    return t.messages.PeerDialogs(
        dialogs=[dialog_of(srv, peer) for peer in peers],
        messages=[history[0] for peer in peers if (history := srv.history(peer))],
        state=srv.state(),
        **srv.entities(),
    )


# Messages
@answers("messages.GetHistory")
def get_history(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    peer = srv.resolve(q.peer)
    older = [m for m in srv.history(peer) if not q.offset_date or m.date < q.offset_date]
    return _page(srv, peer, older, q)


@answers("messages.Search")
def search(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    peer = srv.resolve(q.peer)
    sender = srv.resolve(q.from_id) if q.from_id else None
    found = [
        m
        for m in srv.history(peer)
        if _matches(q)(m)
        and (not q.min_date or m.date > q.min_date)
        and (not q.max_date or m.date < q.max_date)
        and (sender is None or srv.chat_id(srv.sender_of(m)) == srv.chat_id(sender))
    ]
    return _page(srv, peer, found, q)


@answers("messages.SearchGlobal")
def search_global(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    found = [m for m in srv.messages.values() if _matches(q)(m)]
    found.sort(key=lambda m: _rank(srv, m), reverse=True)
    rest = [m for m in found if not q.offset_rate or m.date < q.offset_rate]
    page = rest[: min(q.limit, PAGE)]
    rate = page[-1].date if len(page) < len(rest) else None
    return t.messages.MessagesSlice(count=len(found), messages=page, topics=[], next_rate=rate, **srv.entities())


def _matches(q: Any) -> Callable[[Tl], bool]:
    kinds = FILTERS.get(type(q.filter))
    words = q.q.lower()
    return lambda m: words in m.message.lower() and (kinds is None or media_of(m) in kinds)


def _page(srv: SandboxServer, peer: Tl, newest_first: list[Tl], q: Any) -> Tl:
    """Messages from `offset_id` on, shifted by `add_offset`, between `min_id` and `max_id`, at most `limit`."""
    start = sum(m.id >= q.offset_id for m in newest_first) if q.offset_id else 0
    start += q.add_offset
    window = newest_first[max(start, 0) : max(start + min(q.limit, PAGE), 0)]
    page = [m for m in window if m.id > q.min_id and (not q.max_id or m.id < q.max_id)]
    count = len(newest_first)
    if isinstance(peer, t.PeerChannel):
        pts = srv.boxes[peer.channel_id].pts
        return t.messages.ChannelMessages(pts=pts, count=count, messages=page, topics=[], **srv.entities())
    return t.messages.MessagesSlice(count=count, messages=page, topics=[], **srv.entities())


@answers("messages.GetMessages")
def get_messages(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    return t.messages.Messages(messages=_by_ids(srv, ACCOUNT, q.id), topics=[], **srv.entities())


@answers("channels.GetMessages")
def get_channel_messages(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    channel_id = srv.resolve(q.channel).channel_id
    found = _by_ids(srv, channel_id, q.id)
    pts = srv.boxes[channel_id].pts
    return t.messages.ChannelMessages(pts=pts, count=len(found), messages=found, topics=[], **srv.entities())


def _by_ids(srv: SandboxServer, box: int, given: list[Any]) -> list[Tl]:
    wanted = [_message_id(srv, box, as_object(item)) for item in given]
    return [srv.messages.get((box, number)) or t.MessageEmpty(id=number) for number in wanted]


def _message_id(srv: SandboxServer, box: int, item: Any) -> int:
    if not isinstance(item, t.InputMessageReplyTo):
        return int(item.id)
    source = srv.messages.get((box, item.id))
    return source.reply_to.reply_to_msg_id if source and source.reply_to else 0

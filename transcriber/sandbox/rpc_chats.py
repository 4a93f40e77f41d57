"""Looking up people and chats."""

# ruff: noqa: ARG001 - every handler takes (server, connection, query), whichever of them it needs

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram.raw import types as t

from transcriber.sandbox.faults import RpcError
from transcriber.sandbox.rpc import answers, as_object
from transcriber.sandbox.wire import Body, vector
from transcriber.sandbox.world import Tl

if TYPE_CHECKING:
    from transcriber.sandbox.server import SandboxServer
    from transcriber.sandbox.wire import Conn


@answers("users.GetUsers")
def get_users(srv: SandboxServer, conn: Conn, q: Any) -> Body:
    return vector([srv.users[srv.resolve(as_object(given)).user_id] for given in q.id])


@answers("users.GetFullUser")
def get_full_user(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    user = srv.users[srv.resolve(q.id).user_id]
    full = t.UserFull(
        id=user.id, settings=t.PeerSettings(), notify_settings=t.PeerNotifySettings(), common_chats_count=0
    )
    return t.users.UserFull(full_user=full, chats=[], users=[user])


@answers("contacts.ResolveUsername")
def resolve_username(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    wanted = q.username.lower()
    return _resolved(srv, lambda entity: (entity.username or "").lower() == wanted, "USERNAME_NOT_OCCUPIED")


@answers("contacts.ResolvePhone")
def resolve_phone(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    return _resolved(srv, lambda entity: getattr(entity, "phone", None) == q.phone, "PHONE_NOT_OCCUPIED")


def _resolved(srv: SandboxServer, wanted: Any, otherwise: str) -> Tl:
    for user in filter(wanted, srv.users.values()):
        return t.contacts.ResolvedPeer(peer=srv.peer_of(user), chats=[], users=[user])
    for channel in filter(wanted, srv.channels.values()):
        return t.contacts.ResolvedPeer(peer=srv.peer_of(channel), chats=[channel], users=[])
    raise RpcError(400, otherwise)


@answers("contacts.GetContacts")
def get_contacts(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    return t.contacts.Contacts(contacts=[], saved_count=0, users=list(srv.users.values()))


@answers("messages.GetChats")
def get_chats(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    return t.messages.Chats(chats=[srv.chats[i] for i in q.id if i in srv.chats])


@answers("channels.GetChannels")
def get_channels(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    return t.messages.Chats(chats=[srv.channels[srv.resolve(given).channel_id] for given in q.id])


@answers("messages.GetFullChat")
def get_full_chat(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    if q.chat_id not in srv.chats:
        raise RpcError(400, "CHAT_ID_INVALID")
    nobody = t.ChatParticipants(chat_id=q.chat_id, participants=[], version=1)
    full = t.ChatFull(id=q.chat_id, about="", notify_settings=t.PeerNotifySettings(), participants=nobody)
    return t.messages.ChatFull(full_chat=full, **srv.entities())


@answers("channels.GetFullChannel")
def get_full_channel(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    channel_id = srv.resolve(q.channel).channel_id
    full = t.ChannelFull(
        id=channel_id,
        about="",
        read_inbox_max_id=0,
        read_outbox_max_id=0,
        unread_count=0,
        chat_photo=t.PhotoEmpty(id=0),
        notify_settings=t.PeerNotifySettings(),
        bot_info=[],
        pts=srv.boxes[channel_id].pts,
    )
    return t.messages.ChatFull(full_chat=full, **srv.entities())

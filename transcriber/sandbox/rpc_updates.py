"""The state of updates, and what a client that was away has missed."""

# ruff: noqa: ARG001 - every handler takes (server, connection, query), whichever of them it needs

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pyrogram.raw import types as t

from transcriber.sandbox.faults import RpcError
from transcriber.sandbox.rpc import answers
from transcriber.sandbox.rpc_lists import dialog_of
from transcriber.sandbox.world import ACCOUNT, Tl

if TYPE_CHECKING:
    from transcriber.sandbox.server import SandboxServer
    from transcriber.sandbox.wire import Conn

CHANNEL_SLICE = 100


@answers("updates.GetState")
def get_state(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    return srv.state()


@answers("updates.GetDifference")
def get_difference(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    box = srv.boxes[ACCOUNT]
    if not 0 < q.pts <= box.pts:
        raise RpcError(400, "PERSISTENT_TIMESTAMP_INVALID")
    todo = [entry for entry in box.log if entry[0] > q.pts]
    if not todo:
        return t.updates.DifferenceEmpty(date=int(time.time()), seq=0)
    if len(todo) > srv.diff_too_long:
        return t.updates.DifferenceTooLong(pts=box.pts)
    part = todo[: srv.diff_slice]
    common = {**_split(srv, part), "new_encrypted_messages": [], **srv.entities()}
    if len(part) < len(todo):
        return t.updates.DifferenceSlice(intermediate_state=srv.state(part[-1][0]), **common)
    return t.updates.Difference(state=srv.state(), **common)


@answers("updates.GetChannelDifference")
def get_channel_difference(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    peer = srv.resolve(q.channel)
    box = srv.boxes[peer.channel_id]
    todo = [entry for entry in box.log if entry[0] > q.pts]
    if not todo:
        return t.updates.ChannelDifferenceEmpty(pts=box.pts, final=True, timeout=30)
    if len(todo) > srv.channel_diff_too_long:
        return t.updates.ChannelDifferenceTooLong(
            dialog=dialog_of(srv, peer), messages=srv.history(peer)[:1], final=True, **srv.entities()
        )
    part = todo[: min(q.limit, CHANNEL_SLICE)]
    final = len(part) == len(todo) or None
    return t.updates.ChannelDifference(
        pts=part[-1][0], final=final, timeout=30, **_split(srv, part), **srv.entities()
    )


def _split(srv: SandboxServer, entries: list[tuple[int, Tl]]) -> dict[str, list[Tl]]:
    """New messages apart from other updates; what was deleted meanwhile is not sent."""
    new, other = [], []
    for _, update in entries:
        if not isinstance(update, (t.UpdateNewMessage, t.UpdateNewChannelMessage)):
            other.append(update)
        elif (srv.box_of(update.message.peer_id), update.message.id) in srv.messages:
            new.append(update.message)
    return {"new_messages": new, "other_updates": other}

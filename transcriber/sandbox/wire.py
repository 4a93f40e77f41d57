"""One TCP connection of a client: abridged transport, packets, encrypted messages, sessions.

Nothing is sent again: Kurigram drops, after a reconnect, whatever has a message id from before it."""

from __future__ import annotations

import asyncio
import gzip
import io
import logging
import socket
import struct
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from pyrogram.raw import functions as f
from pyrogram.raw import types as t
from pyrogram.raw.core import GzipPacked, Int, Long, MsgContainer, TLObject
from pyrogram.raw.core.primitives import Bool, Bytes, Vector

from transcriber.sandbox import crypto
from transcriber.sandbox.faults import RpcError
from transcriber.sandbox.handshake import Handshake, HandshakeFailed

log = logging.getLogger(__name__)

ABRIDGED = b"\xef"
REPLY, PUSH = 1, 3  # what the low two bits of a server's message id say
GZIP_OVER_BYTES = 4096
OLDEST_S, NEWEST_S = 300, 30  # before and after now: a message whose id says another time is not looked at
TOO_LOW, TOO_HIGH = 16, 17
WRAPPERS = (f.InvokeWithLayer, f.InvokeAfterMsg, f.InvokeWithTakeout, f.InitConnection, f.InvokeWithoutUpdates)


class Body:
    """A serialised answer that is no object of its own: a bool or a bare vector."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def write(self) -> bytes:
        return self._data


def boolean(value: bool) -> Body:
    return Body(bytes(Bool(value)))


def vector(items: list[Any]) -> Body:
    return Body(bytes(Vector(items)))


@dataclass
class AuthKey:
    """A key agreed with one client."""

    key: bytes
    salt: int
    user_id: int | None = None  # set once signed in
    error: RpcError | None = None  # the answer to every call
    pending_2fa: bool = False
    sessions: dict[int, Session] = field(default_factory=dict)

    @property
    def id(self) -> bytes:
        return crypto.key_id(self.key)


@dataclass
class Session:
    """An MTProto session: survives TCP connections."""

    id: int
    auth: AuthKey
    subscribed: bool = False  # receives updates
    media: bool = False  # has used upload.*
    content_count: int = 0
    conn: Conn | None = None
    queued: list[Any] = field(default_factory=list)  # updates that came while it was away

    @property
    def live(self) -> bool:
        return self.conn is not None and not self.conn.closed


class Exchange(Protocol):
    """What a connection asks of the server."""

    auth_keys: dict[bytes, AuthKey]
    answer_pings: bool
    blackholed: bool
    transport_error: int
    push_to_media: bool

    def new_handshake(self) -> Handshake: ...
    def next_msg_id(self, kind: int) -> int: ...
    def spawn(self, work: Coroutine[Any, Any, None]) -> None: ...
    def event(self, kind: str, **details: Any) -> None: ...
    def closed(self, conn: Conn) -> None: ...
    def resumed(self, session: Session) -> None: ...
    async def answer(self, conn: Conn, name: str, query: Any) -> Any: ...


class Conn:
    """Reads packets until the end; everything it learns goes to the exchange."""

    def __init__(
        self, number: int, exchange: Exchange, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.n = number
        self.closed = False
        self._exchange = exchange
        self._reader = reader
        self._writer = writer
        self._auth: AuthKey | None = None
        self._session: Session | None = None
        self._handshake = exchange.new_handshake()
        self._deadline: asyncio.TimerHandle | None = None  # set by ping_delay_disconnect

    @property
    def auth(self) -> AuthKey:
        if self._auth is None:
            raise RuntimeError("nothing encrypted came yet")
        return self._auth

    @property
    def session(self) -> Session:
        if self._session is None:
            raise RuntimeError("nothing encrypted came yet")
        return self._session

    @property
    def is_media(self) -> bool:
        return self._session is not None and self._session.media

    async def run(self) -> None:
        """Serve the connection until either side ends it."""
        try:
            if await self._reader.readexactly(1) != ABRIDGED:
                log.warning("connection %s speaks another transport", self.n)
                return
            while not self.closed:
                packet = await self._read_packet()
                if not self._exchange.blackholed:
                    self._on_packet(packet)
        except (asyncio.IncompleteReadError, OSError):
            pass  # the client went away: an ordinary end
        except HandshakeFailed as error:
            log.warning("connection %s: handshake failed: %s", self.n, error)
        finally:
            self.drop()
            if self._deadline:
                self._deadline.cancel()
            if self._session and self._session.conn is self:
                self._session.conn = None
            self._exchange.closed(self)

    def drop(self, rst: bool = False) -> None:
        """Close in order, or reset."""
        if self.closed:
            return
        self.closed = True
        if rst:
            sock: socket.socket = self._writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._writer.transport.abort()
        else:
            self._writer.close()

    # Packets
    async def _read_packet(self) -> bytes:
        words = (await self._reader.readexactly(1))[0] & 0x7F
        if words == 0x7F:
            words = int.from_bytes(await self._reader.readexactly(3), "little")
        return await self._reader.readexactly(words * 4)

    def _send_packet(self, data: bytes) -> None:
        if self.closed or self._exchange.blackholed:
            return
        words = len(data) // 4
        head = bytes([words]) if words < 0x7F else b"\x7f" + words.to_bytes(3, "little")
        self._writer.write(head + data)

    def _on_packet(self, packet: bytes) -> None:
        if packet[:8] == bytes(8):
            self._on_plain(packet)
        elif self._exchange.transport_error or packet[:8] not in self._exchange.auth_keys:
            code = self._exchange.transport_error or 404
            self._exchange.event("transport_error", conn=self.n, code=code)
            self._send_packet(Int(-code))
            self.drop()
        else:
            self._on_encrypted(packet, self._exchange.auth_keys[packet[:8]])

    def _on_plain(self, packet: bytes) -> None:
        answer, agreed = self._handshake.step(TLObject.read(io.BytesIO(packet[20:])))
        if agreed:
            auth = AuthKey(*agreed)
            self._exchange.auth_keys[auth.id] = auth
            self._exchange.event("new_auth_key", conn=self.n)
        body = answer.write()
        self._send_packet(bytes(8) + Long(self._exchange.next_msg_id(REPLY)) + Int(len(body)) + body)

    def _on_encrypted(self, packet: bytes, auth: AuthKey) -> None:
        data = crypto.unseal(auth.key, packet)
        if data is None:
            log.error("connection %s: a packet that is not genuine", self.n)
            self.drop()
            return
        salt, session_id, msg_id, seq_no, length = struct.unpack("<qqqii", data[:32])
        fresh = session_id not in auth.sessions
        session = auth.sessions.setdefault(session_id, Session(session_id, auth))
        resumed = not fresh and session.conn is not self
        session.conn = self
        self._auth, self._session = auth, session
        if wrong_time := _wrong_time(msg_id):
            notice = t.BadMsgNotification(bad_msg_id=msg_id, bad_msg_seqno=seq_no, error_code=wrong_time)
            self._send_body(notice.write(), content=False, kind=REPLY)
            return
        if salt != auth.salt:
            wrong = t.BadServerSalt(bad_msg_id=msg_id, bad_msg_seqno=seq_no, error_code=48, new_server_salt=auth.salt)
            self._send_body(wrong.write(), content=False, kind=REPLY)
            return
        if fresh:
            self._exchange.event("new_session", conn=self.n)
            self.send(t.NewSessionCreated(first_msg_id=msg_id, unique_id=msg_id, server_salt=auth.salt))
        elif resumed:
            self._exchange.event("resume_session", conn=self.n)
        try:
            self._on_message(msg_id, TLObject.read(io.BytesIO(data[32 : 32 + length])))
        except KeyError:
            log.exception("connection %s: an unknown constructor", self.n)
            self._reply(msg_id, t.RpcError(error_code=400, error_message="INPUT_CONSTRUCTOR_INVALID"))

    # Messages
    def _on_message(self, msg_id: int, query: Any) -> None:
        if isinstance(query, MsgContainer):
            for message in query.messages:
                self._on_message(message.msg_id, message.body)
        elif isinstance(query, (f.Ping, f.PingDelayDisconnect)):
            self._on_ping(msg_id, query)
        elif not isinstance(query, (t.MsgsAck, t.HttpWait, t.MsgsStateReq)):
            self._exchange.spawn(self._on_call(msg_id, query))

    def _on_ping(self, msg_id: int, query: Any) -> None:
        if isinstance(query, f.PingDelayDisconnect):
            if self._deadline:
                self._deadline.cancel()
            self._deadline = asyncio.get_running_loop().call_later(query.disconnect_delay, self.drop)
        if self._exchange.answer_pings:
            self._send_body(t.Pong(msg_id=msg_id, ping_id=query.ping_id).write(), content=False, kind=REPLY)

    async def _on_call(self, msg_id: int, query: Any) -> None:
        wrappers = set()
        while isinstance(query, WRAPPERS):
            wrappers.add(type(query))
            query = query.query
        name: str = query.QUALNAME.removeprefix("functions.")
        initial = f.InitConnection in wrappers
        self._subscribe(name, initial=initial, no_updates=f.InvokeWithoutUpdates in wrappers)
        result = await self._exchange.answer(self, name, query)
        if result is None:  # silence was asked for, or the connection was broken
            return
        self._reply(msg_id, result)
        if initial and not self.is_media:
            self._exchange.resumed(self.session)

    def _subscribe(self, name: str, *, initial: bool, no_updates: bool) -> None:
        """A session receives updates from its first ordinary call on; one that moves files does not."""
        session = self.session
        if name.startswith("upload."):
            session.media = True
            session.subscribed = session.subscribed and self._exchange.push_to_media
        elif not (no_updates or session.media or initial):
            session.subscribed = session.subscribed or self.auth.user_id is not None

    # Outgoing
    def send(self, obj: Any) -> None:
        """Push an object that answers nothing."""
        self._send_body(obj.write(), content=True, kind=PUSH)

    def _reply(self, to_msg_id: int, result: Any) -> None:
        body = result.write()
        if len(body) > GZIP_OVER_BYTES and not isinstance(result, t.upload.File):
            body = Int(GzipPacked.ID, False) + Bytes(gzip.compress(body))
        self._send_body(Int(t.RpcResult.ID, False) + Long(to_msg_id) + body, content=True, kind=REPLY)

    def _send_body(self, body: bytes, *, content: bool, kind: int) -> None:
        message = self._message(body, content=content, kind=kind)
        if content and self.session.content_count % 2:  # every other one in a container, so that both ways are used
            message = self._message(Int(MsgContainer.ID, False) + Int(1) + message, content=False, kind=kind)
        plain = Long(self.auth.salt) + Long(self.session.id) + message
        self._send_packet(crypto.seal(self.auth.key, plain))

    def _message(self, body: bytes, *, content: bool, kind: int) -> bytes:
        session = self.session
        seq_no = session.content_count * 2 + (1 if content else 0)
        session.content_count += 1 if content else 0
        return bytes(Long(self._exchange.next_msg_id(kind)) + Int(seq_no) + Int(len(body)) + body)


def _wrong_time(msg_id: int) -> int:
    """The code for a message id that does not fit the time it comes at; 0 for one that does."""
    ahead_s = msg_id / 2**32 - time.time()
    return TOO_LOW if ahead_s < -OLDEST_S else TOO_HIGH if ahead_s > NEWEST_S else 0

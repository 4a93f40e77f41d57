"""The server: listens on loopback, holds keys and connections, answers calls, breaks things when asked.

async with SandboxServer() as srv:
    friend = srv.add_user("Bob", "bob")
    session = await srv.write_session_file(data_dir / "voice_transcriber.session")
    …start a client on that session file…
    await srv.wait_subscribed()
    note = srv.deliver_voice(friend, None, ogg_bytes, 7)
    answer = await srv.wait_for(lambda a: a.kind == "send")
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import struct
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine
from inspect import isawaitable
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from pyrogram.raw import types as t
from pyrogram.storage import SQLiteStorage

from transcriber.sandbox import rpc_account, rpc_chats, rpc_files, rpc_lists, rpc_messages, rpc_updates
from transcriber.sandbox.faults import AUTH_ERROR_CODES, Action, AuthDeath, Fault, RpcError
from transcriber.sandbox.handshake import SANDBOX_KEY, Handshake
from transcriber.sandbox.journal import Call
from transcriber.sandbox.people import People
from transcriber.sandbox.rpc import HANDLERS
from transcriber.sandbox.tasks import Tasks
from transcriber.sandbox.wire import AuthKey, Conn, Session
from transcriber.sandbox.world import HOME_DC, Account, Tl
from transcriber.telegram.sandbox_seam import Seam, fingerprint

log = logging.getLogger(__name__)

# Importing these entered their handlers into the table.
RPC_ROOMS = (rpc_account, rpc_chats, rpc_files, rpc_lists, rpc_messages, rpc_updates)
HOST = "127.0.0.1"  # and nowhere else
OPEN_NAMESPACES = ("auth", "help", "langpack")  # answered before anybody signed in


class SandboxServer(People):
    """One account's Telegram on an ephemeral port of 127.0.0.1; everything is forgotten when it ends."""

    host = HOST

    def __init__(
        self, *, port: int = 0, phone: str = "+10000000001", code: str = "12345", password: str | None = None
    ) -> None:
        super().__init__(Account(phone.lstrip("+"), code, password))
        self.port = port
        self.auth_keys: dict[bytes, AuthKey] = {}
        self.conns: set[Conn] = set()
        self.uploads: dict[int, dict[int, bytes]] = defaultdict(dict)
        self.srp: rpc_account.Srp | None = None
        self._faults: list[Fault] = []
        self._listener: asyncio.Server | None = None
        self._tasks = Tasks()
        self._conn_count = 0
        self._last_msg_id = 0

    # Life
    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        await self.accept()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.refuse()
        self.drop()
        await self._tasks.__aexit__(kind, error, trace)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something until it or the server ends."""
        self._tasks.spawn(work)

    async def accept(self) -> None:
        """Listen (again, on the same port)."""
        if self._listener is None:
            self._listener = await asyncio.start_server(self._connected, HOST, self.port, reuse_address=True)
            self.port = self._listener.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Refuse new TCP connections; open ones stay."""
        if self._listener:
            self._listener.close()
            self._listener = None

    async def refuse_for(self, seconds: float, *, rst: bool = False) -> None:
        """An outage: drop everything, refuse for so long, accept again."""
        self.refuse()
        self.drop(rst=rst)
        await asyncio.sleep(seconds)
        await self.accept()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._conn_count += 1
        conn = Conn(self._conn_count, self, reader, writer)
        self.conns.add(conn)
        self.event("open", conn=conn.n)
        self.spawn(conn.run())

    # Ways in for a client
    @property
    def seam(self) -> Seam:
        """What a fresh client needs to come here."""
        return Seam(HOST, self.port, SANDBOX_KEY.n, SANDBOX_KEY.e)

    def write_seam_file(self, path: Path) -> Path:
        """Write the file that `STENOGRAM_SANDBOX` names."""
        where = {"host": HOST, "port": self.port, "rsa_n": hex(SANDBOX_KEY.n), "rsa_e": SANDBOX_KEY.e}
        path.write_text(json.dumps(where), encoding="utf-8")
        return path

    async def write_session_file(self, path: Path, api_id: int = 1) -> Path:
        """Write a signed-in session file (`….session`) that leads here by itself; mode 0600."""
        auth = self._signed_in_key()
        storage = SQLiteStorage(path.stem, path.parent)
        await storage.open()
        _make_private(path)
        for name, value in {
            "dc_id": HOME_DC,
            "server_address": HOST,
            "port": self.port,
            "api_id": api_id,
            "test_mode": False,
            "auth_key": auth.key,
            "date": 0,
            "user_id": self.me.id,
            "is_bot": False,
        }.items():
            await getattr(storage, name)(value)
        await storage.save()
        await storage.close()
        return path

    def new_session_string(self, api_id: int = 1) -> str:
        """A signed-in session string; it has no address, so its client needs the seam."""
        auth = self._signed_in_key()
        packed = struct.pack(">BI?256sQ?", HOME_DC, api_id, False, auth.key, self.me.id, False)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    def _signed_in_key(self) -> AuthKey:
        auth = AuthKey(os.urandom(256), int.from_bytes(os.urandom(7), "big"), user_id=self.me.id)
        self.auth_keys[auth.id] = auth
        return auth

    def accept_qr(self) -> None:
        """The owner scanned the QR code with a phone."""
        self.account.qr_accepted = True
        for session in self._sessions():
            if session.conn and session.live:
                session.conn.send(t.UpdateShort(update=t.UpdateLoginToken(), date=int(time.time())))

    # Faults
    def drop(self, rst: bool = False, which: Literal["all", "main", "media"] = "all") -> int:
        """Close connections, in order or with a reset; returns how many."""
        victims = [conn for conn in self.conns if which == "all" or conn.is_media == (which == "media")]
        for conn in victims:
            conn.drop(rst)
        return len(victims)

    def black_hole(self, on: bool = True) -> None:
        """Accept and read, never answer anything."""
        self.blackholed = on

    def on_rpc(
        self, method: str, action: Action, *, times: int = 1, skip: int = 0, when: Callable[[Any], bool] | None = None
    ) -> Fault:
        """Intercept calls ("messages.SendMessage"; "*": any); see `faults.Fault`."""
        fault = Fault(method, action, times, skip, when)
        self._faults.append(fault)
        return fault

    def clear_faults(self) -> None:
        self._faults.clear()

    def kill_auth(self, death: AuthDeath | None) -> None:
        """Answer every call on every known key with this error; FORGET: the keys are unknown; None: heal."""
        if death == "FORGET":
            self.auth_keys.clear()
            return
        for auth in self.auth_keys.values():
            auth.error = RpcError(AUTH_ERROR_CODES[death], death) if death else None

    def rotate_salts(self) -> None:
        for auth in self.auth_keys.values():
            auth.salt = int.from_bytes(os.urandom(7), "big")

    # Sessions
    def _sessions(self) -> list[Session]:
        return [session for auth in self.auth_keys.values() for session in auth.sessions.values()]

    def update_sessions(self) -> list[Session]:
        """Those with a live connection that receive updates."""
        return [session for session in self._sessions() if session.subscribed and session.live]

    async def wait_subscribed(self, timeout: float = 20) -> None:
        """Return when a client is there that receives updates."""
        await self.wait_until(lambda: bool(self.update_sessions()), timeout)

    def push(self, updates: Tl, exclude: Session | None = None) -> int:
        """See `People.push`."""
        reached = 0
        for session in self._sessions():
            if not session.subscribed or session is exclude or session.auth.user_id is None:
                continue
            if session.conn and session.live and not self.blackholed:
                session.conn.send(updates)
                reached += 1
            else:
                session.queued.append(updates)
        self.event("push", n=reached, what=updates.QUALNAME)
        return reached

    # What connections ask (wire.Exchange)
    def new_handshake(self) -> Handshake:
        return Handshake(SANDBOX_KEY, fingerprint(SANDBOX_KEY.n, SANDBOX_KEY.e))

    def next_msg_id(self, kind: int) -> int:
        """Unix time in units of 2^-32 s, growing, its low two bits telling the kind."""
        now = int(time.time() * 2**32) & ~3
        self._last_msg_id = max(now, (self._last_msg_id & ~3) + 4) | kind
        return self._last_msg_id

    def closed(self, conn: Conn) -> None:
        self.conns.discard(conn)
        self.event("close", conn=conn.n, media=conn.is_media)

    def resumed(self, session: Session) -> None:
        """A client that was away is back: send it what Telegram would."""
        self.event("resumed", subscribed=session.subscribed)
        queued, session.queued = session.queued, []
        if not session.subscribed or session.conn is None:
            return
        if self.offline_updates == "queue":
            for updates in queued:
                session.conn.send(updates)
        elif self.offline_updates == "toolong" and queued:
            session.conn.send(t.UpdatesTooLong())

    async def answer(self, conn: Conn, name: str, query: Any) -> Any:
        """The result of one call, or rpc_error; None means silence."""
        call = Call(time.time(), conn.n, conn.is_media or name.startswith("upload."), name, query)
        self.calls.append(call)
        self.changed()  # who waits for a call to be made need not wait for its answer
        try:
            result = await self._answer(conn, call)
            call.outcome = call.outcome or "ok"
            return result
        except RpcError as error:
            call.outcome = str(error)
            return t.RpcError(error_code=error.code, error_message=error.message)
        finally:
            self.changed()

    async def _answer(self, conn: Conn, call: Call) -> Any:
        fault = next((fault for fault in self._faults if fault.takes(call.name, call.query)), None)
        if fault:
            call.outcome = f"fault {fault.action}"
            if not isinstance(fault.action, (int, float)):
                return await self._misbehave(conn, call.query, fault.action)
            await asyncio.sleep(fault.action)
        if self.rpc_delay:
            await asyncio.sleep(self.rpc_delay)
        self._check_auth(conn.auth, call.name)
        if call.name not in HANDLERS:
            self.unknown.append(call.name)
            log.warning("a call that the sandbox does not know: %s", call.name)
            raise RpcError(400, "METHOD_INVALID")
        result = HANDLERS[call.name](self, conn, call.query)
        return await result if isawaitable(result) else result

    async def _misbehave(self, conn: Conn, query: Any, action: Any) -> Any:
        if isinstance(action, RpcError):
            raise action
        if callable(action):
            return await action(conn, query)
        if action in ("drop", "rst"):
            conn.drop(rst=action == "rst")
        return None

    def _check_auth(self, auth: AuthKey, name: str) -> None:
        if auth.error and (name != "help.GetConfig" or self.auth_error_on_init):
            raise auth.error
        if auth.user_id is None and name.partition(".")[0] not in OPEN_NAMESPACES and name != "account.GetPassword":
            raise RpcError(401, "SESSION_PASSWORD_NEEDED" if auth.pending_2fa else "AUTH_KEY_UNREGISTERED")


def _make_private(path: Path) -> None:
    path.chmod(0o600)

"""One connection's life, against a Telegram on this machine: every way in which it can break, and what is said."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from pyrogram import Client
from pyrogram.raw import types as t

from tests.support.connected import SHORT, Rig, rig, running, until
from transcriber.errors import FloodWait, Offline, SignedOut
from transcriber.sandbox.faults import AuthDeath, flood
from transcriber.sandbox.server import SandboxServer
from transcriber.telegram.client import make_client
from transcriber.telegram.connection import Connection
from transcriber.telegram.session import SessionFile
from transcriber.telegram.supervisor import supervise

UP = ["connecting", "connected"]


async def test_a_connection_announces_itself_and_gives_the_gateway_its_client(tmp_path: Path) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        await ours.connected()
        assert ours.story.russian == ["🔄 Подключаюсь к Telegram...", "✅ Подключено к Telegram"]
        assert ours.gateway.me.id == srv.me.id
        assert not srv.unknown


async def test_told_to_stop_it_says_nothing_of_reconnecting_and_is_gone_in_under_a_second(tmp_path: Path) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        await ours.connected()
        began_s = time.monotonic()
        await ours.stop()
        assert time.monotonic() - began_s < 1
        assert ours.story.keys == UP
        assert not ours.gateway.info().online
        await until(lambda: not srv.conns)


@pytest.mark.parametrize("rst", [True, False], ids=["reset", "orderly"])
async def test_a_dropped_connection_is_mended_by_the_library_and_told_once(tmp_path: Path, rst: bool) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        await ours.connected()
        srv.drop(rst=rst)
        await ours.connected(scans=2)
        assert ours.story.keys == [*UP, "disconnected", "connected"]
        assert ours.story.russian[2] == "⚠️ Отключено от Telegram. Пытаюсь переподключиться..."
        assert len(ours.clients) == 1
        assert ours.gateway.info().reconnects == 1


async def test_a_port_refused_for_30_seconds_ends_the_client_after_10_and_is_tried_again(tmp_path: Path) -> None:
    async with (
        SandboxServer() as srv,
        running(srv, tmp_path, replace(SHORT, start_s=1.5, probe_answer_s=0.4)) as ours,
    ):
        await ours.connected()
        srv.refuse()
        srv.drop()
        await until(lambda: "disconnected" in ours.story.keys)
        await ours.clock.advance(9.9)
        assert ours.story.keys == [*UP, "disconnected"]
        await ours.clock.advance(0.1)
        await until(lambda: "reconnect_in" in ours.story.keys)
        assert len(ours.clients) == 1
        await ours.clock.advance(5)
        await until(lambda: ours.story.keys.count("reconnect_in") == 2)
        await srv.accept()
        await ours.clock.advance(10)
        await ours.connected(scans=2)
        assert ours.story.russian == [
            "🔄 Подключаюсь к Telegram...",
            "✅ Подключено к Telegram",
            "⚠️ Отключено от Telegram. Пытаюсь переподключиться...",
            "⚠️ Сетевая ошибка: no connection for 10 s",
            "🔄 Переподключение через 5 секунд...",
            "🔄 Подключаюсь к Telegram...",
            "⚠️ Сетевая ошибка: TimeoutError",
            "🔄 Переподключение через 10 секунд...",
            "🔄 Подключаюсь к Telegram...",
            "✅ Подключено к Telegram",
        ]


async def test_a_server_that_is_unreachable_at_the_start_is_a_network_error(tmp_path: Path) -> None:
    async with SandboxServer() as srv, rig(srv, tmp_path, replace(SHORT, start_s=0.3)) as ours:
        srv.refuse()
        with pytest.raises(Offline):
            await ours.connection.attempt(lambda: None)
        assert ours.story.keys == ["connecting"]


async def test_a_note_that_the_session_file_could_not_take_in_is_found_by_a_scan_soon(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        bob = srv.add_user("Bob")
        srv.deliver_text(bob, None, "hello")
        await ours.connected()
        with closing(sqlite3.connect(ours.session_path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            note = srv.deliver_voice(bob, None, b"x", 3)
            await until(lambda: "does not take an update" in caplog.text)
        await ours.clock.advance(SHORT.rescan_after_s)
        await until(lambda: ours.inbox.missed)
        assert ours.inbox.ids == [note.id]
        assert "never retrieved" not in caplog.text


async def test_the_session_file_is_free_for_the_next_client_after_a_failed_start(tmp_path: Path) -> None:
    async with (
        SandboxServer() as srv,
        running(srv, tmp_path, replace(SHORT, start_s=1.5, probe_answer_s=0.4)) as ours,
    ):
        bob = srv.add_user("Bob")

        async def interrupt(conn: Any, query: Any) -> None:
            srv.deliver_voice(bob, None, b"x", 3)  # leaves the half-started client in the middle of a transaction

        srv.on_rpc("users.GetFullUser", interrupt)
        await until(lambda: "reconnect_in" in ours.story.keys)
        with closing(sqlite3.connect(ours.session_path, timeout=0)) as other:
            other.execute("BEGIN EXCLUSIVE")
        await ours.clock.advance(5)
        await ours.connected()
        assert ours.story.russian[3] == "⚠️ Сетевая ошибка: TimeoutError"


async def test_chats_learnt_are_kept_through_a_kill(tmp_path: Path) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        await ours.connected()
        bob = srv.add_user("Bob")
        note = srv.deliver_voice(bob, None, b"x", 3)
        await until(lambda: note.id in ours.inbox.ids)

        def on_disk() -> list[tuple[int]]:
            with closing(sqlite3.connect(ours.session_path, timeout=1)) as other:
                return other.execute("SELECT 1 FROM peers WHERE id = ?", (bob.id,)).fetchall()

        await until(on_disk)


async def test_a_session_that_ended_without_a_word_is_noticed(tmp_path: Path) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path, replace(SHORT, probe_answer_s=0.4)) as ours:
        await ours.connected()
        client = ours.clients[0]
        client.disconnect_handler = None
        await client.session.stop()
        assert client.is_connected
        await ours.clock.advance(30)
        await until(lambda: "reconnect_in" in ours.story.keys)
        assert ours.story.keys == [*UP, "disconnected", "network_error", "reconnect_in"]


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0], ids=["ahead", "back"])
async def test_a_clock_that_jumps_costs_a_client_and_nothing_else(tmp_path: Path, jump_s: float) -> None:
    async with (
        SandboxServer() as srv,
        running(srv, tmp_path, replace(SHORT, probe_answer_s=0.4)) as ours,
    ):
        await ours.connected()
        set_clock(ours.clients[0], jump_s)
        friend = srv.add_user("Bob")
        note = srv.deliver_voice(friend, None, b"sound", 3)
        await ours.clock.advance(30)
        await until(lambda: ours.story.keys[-1] == "reconnect_in")
        await ours.clock.advance(5)
        await until(lambda: ours.inbox.ids == [note.id])
        assert ours.story.keys == [*UP, "disconnected", "network_error", "reconnect_in", *UP]
        assert ours.clock.told_s == pytest.approx(time.time(), abs=5)


@pytest.mark.parametrize("off_s", [10 * 365 * 86400.0, -10 * 365 * 86400.0], ids=["ahead", "back"])
async def test_a_clock_that_is_years_off_keeps_nobody_from_connecting(tmp_path: Path, off_s: float) -> None:
    async with SandboxServer() as srv, rig(srv, tmp_path) as ours:

        def made_wrong() -> Client:
            client = make_client(SessionFile(tmp_path), seam=srv.seam)
            set_clock(client, off_s)
            return client

        line = Noting(ours)
        connection = Connection(
            made_wrong, line, ours.catch_up, ours.clock, ours.story, replace(SHORT, probe_answer_s=0.4)
        )
        ours.running = asyncio.ensure_future(supervise(connection.attempt, clock=ours.clock, announce=ours.story))
        await ours.connected()
        note = srv.deliver_voice(srv.add_user("Bob"), None, b"sound", 3)
        await until(lambda: ours.inbox.ids == [note.id])
        assert ours.inbox.missed == []
        assert ours.story.keys == UP
        assert line.told_s == [pytest.approx(time.time(), abs=10)], "before anybody could work by the wrong time"


@pytest.mark.parametrize("sent_last", ["help.GetConfig", "updates.GetState"])
async def test_a_clock_set_while_a_client_starts_is_network_trouble_like_any_other(
    tmp_path: Path, sent_last: str
) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path, replace(SHORT, start_s=1.5)) as ours:

        def sets_clock(_query: Any) -> bool:
            # By so much that Telegram does not take what it is sent, and the library does take that answer.
            set_clock(ours.clients[-1], 100.0)
            return False

        srv.on_rpc(sent_last, "ignore", when=sets_clock)
        await until(lambda: "reconnect_in" in ours.story.keys)
        srv.clear_faults()
        await ours.clock.advance(5)
        await ours.connected()
        said = [key for key in ours.story.keys if key not in ("connected", "disconnected")]
        assert said == ["connecting", "network_error", "reconnect_in", "connecting"]


class Noting:
    """A line that notes what the clock had been told when work could begin."""

    def __init__(self, ours: Rig) -> None:
        self._ours = ours
        self.told_s: list[float | None] = []

    def attach(self, client: Client) -> None:
        self.told_s.append(self._ours.clock.told_s)
        self._ours.gateway.attach(client)

    def detach(self) -> None:
        self._ours.gateway.detach()


def set_clock(client: Client, off_s: float) -> None:
    """What a machine's clock that is off by so much is for the library: it adds its own idea of the difference."""
    client._server_time_offset += off_s


async def test_a_connection_that_keeps_breaking_is_left_to_the_supervisor(tmp_path: Path) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        await ours.connected()
        srv.on_rpc("updates.GetState", "rst", times=-1)  # what every scan begins with
        srv.drop()
        await until(lambda: "reconnect_in" in ours.story.keys, within_s=10)
        assert ours.story.lines[-2] == ("network_error", {"error": "the connection keeps breaking"})
        assert ours.story.keys.count("connected") < 15


@pytest.mark.parametrize("fault", ["black hole", "pings only"])
async def test_a_server_that_no_longer_answers_calls_is_noticed_within_a_minute(
    tmp_path: Path, fault: Literal["black hole", "pings only"]
) -> None:
    async with (
        SandboxServer() as srv,
        running(srv, tmp_path, replace(SHORT, start_s=1.5, probe_answer_s=0.4)) as ours,
    ):
        await ours.connected()
        if fault == "black hole":
            srv.black_hole()
        else:
            srv.on_rpc("*", "ignore", times=-1)
        await ours.clock.advance(30)
        await until(lambda: "reconnect_in" in ours.story.keys)
        assert ours.story.keys == [*UP, "disconnected", "network_error", "reconnect_in"]
        srv.black_hole(False)
        srv.clear_faults()
        await ours.clock.advance(5)
        await ours.connected(scans=2)
        assert ours.story.keys[5:] == UP


async def test_a_flood_wait_at_the_start_is_waited_for_by_the_supervisor(tmp_path: Path) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        srv.on_rpc("updates.GetState", flood(30))
        await until(lambda: "flood_wait" in ours.story.keys)
        assert ours.story.russian[-1] == "⏳ FloodWait: ожидание 30 секунд..."
        await ours.clock.advance(29)
        assert len(ours.clients) == 1
        await ours.clock.advance(1)
        await ours.connected()
        assert ours.story.keys == [*UP, "disconnected", "flood_wait", *UP]


async def test_a_flood_wait_on_a_probe_is_obeyed_and_costs_no_connection(tmp_path: Path) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        await ours.connected()
        calls = srv.count("updates.GetState")
        srv.on_rpc("updates.GetState", flood(40))
        await ours.clock.advance(30)
        await until(lambda: "flood_wait" in ours.story.keys)
        await ours.clock.advance(40 + 29)
        assert srv.count("updates.GetState") == calls + 1
        await ours.clock.advance(1)
        await until(lambda: srv.count("updates.GetState") == calls + 2)
        assert ours.story.keys == [*UP, "flood_wait"]


@pytest.mark.parametrize(
    ("death", "key"),
    [
        ("AUTH_KEY_UNREGISTERED", "key_unregistered"),
        ("AUTH_KEY_DUPLICATED", "key_duplicated"),
        ("SESSION_REVOKED", "session_revoked"),
        ("SESSION_EXPIRED", "session_expired"),
        ("USER_DEACTIVATED", "deactivated"),
    ],
)
async def test_a_dead_key_at_the_start_ends_the_program_without_a_second_try(
    tmp_path: Path, death: AuthDeath, key: str
) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        srv.kill_auth(death)
        assert ours.running is not None
        with pytest.raises(SignedOut) as ended:
            await ours.running
        assert ended.value.key == key
        assert ours.story.keys == ["connecting"]


async def test_a_key_revoked_in_the_middle_ends_the_program_within_a_minute(tmp_path: Path) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        await ours.connected()
        srv.kill_auth("SESSION_REVOKED")
        await ours.clock.advance(30)
        assert ours.running is not None
        with pytest.raises(SignedOut) as ended:
            await asyncio.wait_for(ours.running, 2)
        assert ended.value.key == "session_revoked"
        assert ours.story.keys == UP


async def test_a_key_revoked_while_reconnecting_ends_the_program_and_leaves_no_noise(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        await ours.connected()
        srv.kill_auth("AUTH_KEY_DUPLICATED")
        srv.drop(rst=True)
        await until(lambda: "disconnected" in ours.story.keys)
        await ours.clock.advance(10)
        await until(lambda: "reconnect_in" in ours.story.keys)
        await ours.clock.advance(5)
        assert ours.running is not None
        with pytest.raises(SignedOut) as ended:
            await asyncio.wait_for(ours.running, 2)
        assert ended.value.key == "key_duplicated"
        assert ours.story.keys == [*UP, "disconnected", "network_error", "reconnect_in", "connecting"]
        assert not [record for record in caplog.records if record.name == "asyncio"]


async def test_a_key_revoked_while_reconnecting_is_noticed_at_once_if_only_real_calls_fail(tmp_path: Path) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        await ours.connected()
        srv.auth_error_on_init = False
        srv.kill_auth("SESSION_REVOKED")
        srv.drop()
        assert ours.running is not None
        with pytest.raises(SignedOut):
            await asyncio.wait_for(ours.running, 3)
        assert ours.story.keys == [*UP, "disconnected", "connected"]


async def test_a_key_that_telegram_forgot_while_idle_is_believed_on_the_second_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        SandboxServer() as srv,
        running(srv, tmp_path, replace(SHORT, start_s=2.8, probe_answer_s=0.4)) as ours,
    ):
        await ours.connected()
        srv.kill_auth("FORGET")
        await ours.clock.advance(30)
        await until(lambda: "reconnect_in" in ours.story.keys)
        assert ours.story.russian[-2] == "⚠️ Сетевая ошибка: AuthKeyNotFound"
        await ours.clock.advance(5)
        assert ours.running is not None
        with pytest.raises(SignedOut) as ended:
            await asyncio.wait_for(ours.running, 5)
        assert ended.value.key == "key_unregistered"
        assert ours.story.keys == [*UP, "disconnected", "network_error", "reconnect_in", "connecting"]
        assert not [record for record in caplog.records if record.name == "asyncio"]


async def test_a_connection_that_held_for_a_minute_brings_the_delays_back(tmp_path: Path) -> None:
    async with SandboxServer() as srv, rig(srv, tmp_path) as ours:
        calls: list[float] = []
        ours.running = asyncio.ensure_future(ours.connection.attempt(lambda: calls.append(ours.clock.monotonic())))
        await ours.connected()
        began_s = ours.clock.monotonic()
        await ours.clock.advance(59)
        assert calls == []
        await ours.clock.advance(1)
        assert calls == [began_s + 60]


async def test_the_library_is_quiet_while_there_is_no_connection_and_heard_again_after(tmp_path: Path) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        await ours.connected()
        library = logging.getLogger("pyrogram")
        assert library.getEffectiveLevel() == logging.WARNING
        srv.refuse()
        srv.drop()
        await until(lambda: "disconnected" in ours.story.keys)
        assert library.getEffectiveLevel() == logging.CRITICAL


async def test_an_error_on_the_first_call_of_each_session_does_not_make_the_library_run_hot(tmp_path: Path) -> None:
    timings = replace(SHORT, start_s=1.0, pace_s=0.2)
    async with SandboxServer() as srv, rig(srv, tmp_path, timings) as ours:
        srv.on_rpc("help.GetConfig", flood(30), times=-1)
        with pytest.raises(Offline):
            await ours.connection.attempt(lambda: None)
        assert srv.count("help.GetConfig") < 10


async def test_a_live_note_reaches_the_inbox_and_a_drop_in_the_middle_loses_none(tmp_path: Path) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        bob = srv.add_user("Bob", "bob")
        await ours.connected()
        first = srv.deliver_voice(bob, None, b"x", 3)
        await until(lambda: first.id in ours.inbox.ids)
        missed = srv.deliver_voice(bob, None, b"x", 3, push=False)
        srv.drop(rst=True)
        await until(lambda: missed.id in ours.inbox.ids)
        await ours.connected(scans=2)
        assert ours.inbox.ids == [first.id, missed.id]
        assert [note.message_id for note in ours.inbox.missed] == [missed.id]


async def test_a_note_that_could_not_be_stored_comes_again_with_the_next_scan(tmp_path: Path) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        bob = srv.add_user("Bob", "bob")
        await ours.connected()
        ours.inbox.broken = True
        note = srv.deliver_voice(bob, None, b"x", 3)
        await until(lambda: ours.clock.slept[-1] == SHORT.rescan_after_s)  # it was tried, and the scan failed too
        ours.inbox.broken = False
        await ours.clock.advance(SHORT.rescan_after_s)
        await ours.connected(scans=2)
        assert ours.inbox.ids == [note.id]
        assert ours.story.keys == UP


async def test_an_error_that_comes_of_stopping_does_not_keep_it_from_stopping(tmp_path: Path) -> None:
    async with SandboxServer() as srv:
        bob = srv.add_user("Bob")
        async with running(srv, tmp_path) as ours:
            await ours.connected()
        srv.deliver_voice(bob, None, b"x", 3, push=False)
        async with running(srv, tmp_path) as ours:
            ours.inbox.stubborn = True
            await until(lambda: ours.inbox.waiting)
            await asyncio.wait_for(ours.stop(), 2)
            assert ours.story.keys == UP


async def test_a_scheduled_message_is_not_taken_before_it_is_sent(tmp_path: Path) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        await ours.connected()
        scheduled = srv.deliver_voice(srv.me, None, b"x", 3, push=False)
        srv.delete(scheduled, push=False)
        srv.push(srv.wrap(t.UpdateNewScheduledMessage(message=scheduled)))
        sent = srv.deliver_voice(srv.me, None, b"x", 3)
        await until(lambda: sent.id in ours.inbox.ids)
        await until(lambda: ours.clients[0].dispatcher.updates_queue.empty())
        assert ours.inbox.ids == [sent.id]


async def test_an_edited_message_is_no_command(tmp_path: Path) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        await ours.connected()
        message = srv.deliver_text(srv.me, None, "hello")
        srv.edit(message, "/status")
        srv.deliver_text(srv.me, None, "/help")
        await until(lambda: ours.inbox.commands)
        assert [command.text for command in ours.inbox.commands] == ["/help"]


async def test_a_flood_wait_from_an_attempt_reaches_the_caller_with_its_seconds(tmp_path: Path) -> None:
    async with SandboxServer() as srv, rig(srv, tmp_path) as ours:
        srv.on_rpc("updates.GetState", flood(7))
        with pytest.raises(FloodWait) as wait:
            await ours.connection.attempt(lambda: None)
        assert wait.value.seconds == 7

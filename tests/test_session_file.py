"""The key to the account: where it lies, who can read it, and that a dead one is never used again."""

from __future__ import annotations

import base64
import sqlite3
import struct
from pathlib import Path

import pytest
from pyrogram.storage import SQLiteStorage

from transcriber.errors import DataDirUnusable, NoSession, SettingsWrong, SignedOut
from transcriber.sandbox.server import SandboxServer
from transcriber.telegram.client import close_client, make_client
from transcriber.telegram.session import SessionFile

KEY = bytes(range(256))


def string(key: bytes = KEY, *, dc_id: int = 4, api_id: int = 77, user_id: int = 5, bot: bool = False) -> str:
    packed = struct.pack(">BI?256sQ?", dc_id, api_id, False, key, user_id, bot)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def old_string(*, dc_id: int = 4) -> str:
    packed = struct.pack(">B?256sI?", dc_id, False, KEY, 5, False)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def row(path: Path, *columns: str) -> tuple[object, ...]:
    connection = sqlite3.connect(path)
    try:
        found: tuple[object, ...] = connection.execute(f"SELECT {', '.join(columns)} FROM sessions").fetchone()  # noqa: S608 - names of this file
        return found
    finally:
        connection.close()


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def session(tmp_path: Path) -> SessionFile:
    return SessionFile(tmp_path)


async def test_a_session_string_becomes_a_private_file_with_everything_in_it(session: SessionFile) -> None:
    assert not session.exists()
    await session.import_string(f" {string()}\n")
    assert session.path.name == "voice_transcriber.session"
    assert session.exists()
    assert mode(session.path) == 0o600
    assert row(session.path, "dc_id", "api_id", "auth_key", "user_id", "server_address", "port") == (
        4,
        77,
        KEY,
        5,
        "149.154.167.91",
        443,
    )
    assert [path.name for path in session.data_dir.iterdir()] == [session.path.name]


async def test_an_old_session_string_takes_the_api_id_of_the_settings_and_the_address_of_its_data_centre(
    session: SessionFile,
) -> None:
    with pytest.raises(SettingsWrong) as error:
        await session.import_string(old_string())
    assert error.value.key == "api_needed"
    assert not session.exists()
    await session.import_string(old_string(), api_id=12)
    assert row(session.path, "api_id", "server_address") == (12, "149.154.167.91")


@pytest.mark.parametrize("wrong", ["", "not a session string", "AAAA", "a" * 351, "!" * 362])
async def test_garbage_is_no_session_string(session: SessionFile, wrong: str) -> None:
    with pytest.raises(SettingsWrong) as error:
        await session.import_string(wrong)
    assert error.value.key == "session_string_wrong"
    assert list(session.data_dir.iterdir()) == []


@pytest.mark.parametrize("wrong", [string(bot=True), string(user_id=0), string(dc_id=99)])
async def test_a_bot_nobody_or_nowhere_is_refused(session: SessionFile, wrong: str) -> None:
    with pytest.raises(SettingsWrong):
        await session.import_string(wrong)
    assert not session.exists()


async def test_a_dead_session_is_set_aside_with_its_journal_and_its_string_is_never_used_again(
    session: SessionFile,
) -> None:
    await session.import_string(string())
    journal = session.path.with_name(session.path.name + "-journal")
    journal.write_bytes(b"hot")
    session.set_aside("session_revoked")
    assert not session.exists()
    assert not journal.exists()
    assert session.dead_path.name == "voice_transcriber.session.dead"
    assert mode(session.dead_path) == 0o600
    session.dead_path.with_name(session.dead_path.name + "-journal").unlink()
    with pytest.raises(SignedOut) as error:
        await session.import_string(string())
    assert error.value.key == "session_string_dead"
    assert not session.exists()
    await session.import_string(string(key=bytes(256)))
    assert session.exists()


async def test_a_second_dead_session_takes_the_place_of_the_first(session: SessionFile) -> None:
    for key in (KEY, bytes(256)):
        await session.import_string(string(key=key))
        session.set_aside("key_unregistered")
    assert row(session.dead_path, "auth_key") == (bytes(256),)


@pytest.mark.parametrize("content", [b"", b"garbage that is no database at all" * 100])
def test_a_file_that_is_no_session_is_said_in_one_error(session: SessionFile, content: bytes) -> None:
    session.path.write_bytes(content)
    with pytest.raises(NoSession) as error:
        session.exists()
    assert error.value.key == "session_unreadable"
    assert error.value.details["path"] == session.path


async def test_an_aborted_sign_in_is_no_session(session: SessionFile) -> None:
    await session.prepare()
    assert mode(session.path) == 0o600
    assert not session.exists()


async def test_a_session_being_written_by_another_process_is_there(session: SessionFile) -> None:
    await session.import_string(string())
    other = sqlite3.connect(session.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert session.exists()
    other.close()


async def test_preparing_keeps_a_session_and_closes_it_to_others(session: SessionFile) -> None:
    await session.import_string(string())
    session.path.chmod(0o644)
    await session.prepare()
    assert mode(session.path) == 0o600
    assert session.exists()


async def test_removing_leaves_nothing_and_is_no_error_twice(session: SessionFile) -> None:
    await session.import_string(string())
    for _ in range(2):
        session.remove()
    assert list(session.data_dir.iterdir()) == []


async def test_a_data_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    session = SessionFile(tmp_path / "missing")
    for attempt in (session.prepare, lambda: session.import_string(string())):
        with pytest.raises(DataDirUnusable):
            await attempt()


async def test_a_client_on_a_file_without_api_id_needs_one(session: SessionFile) -> None:
    await session.import_string(string())
    storage = SQLiteStorage("voice_transcriber", session.data_dir)
    await storage.open()
    await storage.api_id(None)
    await storage.close()
    with pytest.raises(SettingsWrong) as error:
        make_client(session)
    assert error.value.key == "api_needed"
    assert make_client(session, api_id=3).api_id == 3


async def test_each_client_is_a_new_one_made_as_the_facts_ask(session: SessionFile) -> None:
    await session.import_string(string())
    session.path.chmod(0o644)
    client = make_client(session)
    assert client is not make_client(session)
    assert mode(session.path) == 0o600
    assert (client.sleep_threshold, client.max_concurrent_transmissions, client.skip_updates) == (60, 1, True)
    for asking in ("fetch_replies", "fetch_topics", "fetch_stories", "fetch_stickers"):
        assert getattr(client, asking) is False
    assert client.parse_mode.name == "DISABLED"
    assert client.workdir == session.data_dir


async def test_a_client_signed_in_by_a_session_string_catches_up_from_its_file(tmp_path: Path) -> None:
    async with SandboxServer() as srv:
        session = SessionFile(tmp_path)
        await session.import_string(srv.new_session_string())
        client = make_client(session, seam=srv.seam)
        await client.start()
        await client.stop()
        assert mode(session.path) == 0o600
        again = make_client(session, seam=srv.seam)
        assert await again.connect()
        states = await again.storage.get_update_states()
        await close_client(again)
        assert [(state.id, state.pts) for state in states] == [(0, srv.boxes[0].pts)]


async def test_closing_a_client_twice_or_before_it_was_opened_is_no_error(session: SessionFile) -> None:
    await session.import_string(string())
    client = make_client(session)
    await close_client(client)
    await client.storage.open()
    await close_client(client)
    await close_client(client)
    with pytest.raises(sqlite3.ProgrammingError):
        await client.storage.user_id()

"""Starts that cannot work: one clear line, a documented exit code, nothing lost."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.sandbox import running, stage
from transcriber.sandbox.faults import AuthDeath
from transcriber.sandbox.program import MODEL, SAMPLES, USERBOT

WORDS = "hello this is a voice message"


def run(data_dir: Path, *arguments: str, language: str = "en", **settings: str) -> subprocess.CompletedProcess[str]:
    """The program with these settings, to its end; nobody is at the terminal."""
    return subprocess.run(
        [sys.executable, str(USERBOT), *arguments],
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir), "UI_LANGUAGE": language, **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd="/",
    )


def one_line(ended: subprocess.CompletedProcess[str], *parts: str) -> None:
    lines = ended.stderr.splitlines()
    assert len(lines) == 1, ended.stderr
    for part in parts:
        assert part in lines[0]


@pytest.mark.parametrize("verb", ["run", "login", "transcribe"])
def test_a_bad_setting_is_one_line_and_78(tmp_path: Path, verb: str) -> None:
    ended = run(tmp_path / "data", verb, *["x.ogg"] * (verb == "transcribe"), CPU_THREADS="many")
    assert ended.returncode == 78
    one_line(ended, "CPU_THREADS", "many")


def test_transcribing_with_a_model_that_does_not_exist_is_one_line(tmp_path: Path) -> None:
    ended = run(tmp_path / "data", "transcribe", "-m", "nosuch", str(SAMPLES / "en_hello.ogg"))
    assert ended.returncode == 1
    one_line(ended, "nosuch")


def test_several_bad_settings_are_all_named(tmp_path: Path) -> None:
    ended = run(tmp_path / "data", "run", CPU_THREADS="many", LOG_FORMAT="xml", language="ru")
    assert ended.returncode == 78
    assert "CPU_THREADS" in ended.stderr
    assert "LOG_FORMAT" in ended.stderr


@pytest.mark.parametrize(("language", "words"), [("en", "Sign in"), ("ru", "Войдите")])
def test_no_session_and_no_terminal_says_what_to_run_and_ends_with_78(
    tmp_path: Path, language: str, words: str
) -> None:
    ended = run(tmp_path / "data", language=language)
    assert ended.returncode == 78
    one_line(ended, words, "userbot.py login")


def test_a_data_directory_that_cannot_be_made_ends_with_73(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = run(tmp_path / "file" / "data")
    assert ended.returncode == 73
    one_line(ended, "DATA_DIR")


def test_a_damaged_session_file_is_not_taken_for_none(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    session = data_dir / "voice_transcriber.session"
    session.write_text("garbage")
    ended = run(data_dir)
    assert ended.returncode == 78
    one_line(ended, "session")
    assert session.read_text() == "garbage", "nothing is thrown away"


async def test_an_unreachable_redis_is_one_line_without_its_password() -> None:
    async with stage() as on:
        settings = {**on.settings(), "REDIS_URL": "redis://:hunter2@127.0.0.1:1/0"}
        async with running(on, settings=settings, subscribed=False) as program:
            assert await program.wait_end(15) == 69
            assert len(program.errors) == 1
            assert "REDIS_URL" in program.errors[0]
            assert "hunter2" not in "\n".join(program.lines)


async def test_a_second_instance_says_who_holds_the_account_and_ends_with_75() -> None:
    async with stage() as on, running(on) as first:
        await first.wait_line("📋")
        async with running(on, subscribed=False) as second:
            assert await second.wait_end(10) == 75
            assert f"pid {first.process.pid}" in second.errors[-1]
            assert len(second.errors) == 1
        on.srv.deliver_voice(on.friend, None, (SAMPLES / "en_hello.ogg").read_bytes(), 3)
        await on.srv.wait_for(lambda action: WORDS in (action.text or ""), 30)
        assert on.srv.count("updates.GetState") > 0


@pytest.mark.parametrize("death", ["AUTH_KEY_UNREGISTERED", "SESSION_REVOKED", "AUTH_KEY_DUPLICATED"])
async def test_a_dead_session_ends_with_77_and_the_next_start_with_78_without_touching_telegram(
    death: AuthDeath,
) -> None:
    async with stage() as on:
        on.srv.kill_auth(death)
        async with running(on, subscribed=False) as program:
            assert await program.wait_end(20) == 77
            assert "userbot.py login" in program.errors[-1]
        opened = sum(event.kind == "open" for event in on.srv.events)
        assert not on.session_file.exists()
        async with running(on, subscribed=False) as again:
            assert await again.wait_end(10) == 78
        assert sum(event.kind == "open" for event in on.srv.events) == opened


async def test_a_session_string_becomes_a_file_that_only_its_owner_can_read() -> None:
    async with stage() as on:
        on.session_file.unlink()
        string = on.srv.new_session_string()
        async with running(on, settings={"SESSION_STRING": string, "API_ID": "1", "API_HASH": "x"}) as program:
            await program.wait_line("📋")
            assert stat.S_IMODE(on.session_file.stat().st_mode) == 0o600
            assert string not in "\n".join(program.lines)


@pytest.mark.parametrize("model", ["large-v9", "empty-folder"])
async def test_a_wrong_first_model_is_one_line_and_78_and_loses_no_note(tmp_path: Path, model: str) -> None:
    (tmp_path / "empty-folder").mkdir()
    wrong = str(tmp_path / model) if model == "empty-folder" else model
    async with stage() as on:
        async with running(on) as program:
            await program.wait_line("📋")
            on.srv.getfile_delay = 20.0
            on.srv.deliver_voice(on.friend, None, (SAMPLES / "en_hello.ogg").read_bytes(), 3)
            await on.srv.wait_until(lambda: on.srv.count("upload.GetFile") or None)
        on.srv.getfile_delay = 0.0
        async with running(on, settings={"MODEL": wrong}, subscribed=False) as program:
            assert await program.wait_end(10) == 78
            assert "MODEL=" in program.errors[-1]
        async with running(on):
            await on.srv.wait_for(lambda action: WORDS in (action.text or ""), 40)


async def test_a_model_that_went_away_gives_way_to_the_setting(tmp_path: Path) -> None:
    moved = shutil.copytree(MODEL, tmp_path / "moved")
    async with stage() as on:
        async with running(on) as program:
            on.srv.deliver_text(on.me, None, f"/model {moved}")
            await on.srv.wait_for(lambda action: action.kind == "edit" and "moved" in (action.text or ""), 30)
            await program.terminate()
        shutil.rmtree(moved)
        async with running(on) as program:
            await program.wait_line(f" {MODEL.name}!")


async def test_a_broken_model_leaves_the_old_one_in_use(tmp_path: Path) -> None:
    broken = shutil.copytree(MODEL, tmp_path / "broken")
    (broken / "model.bin").write_bytes(b"no model")
    async with stage() as on, running(on) as program:
        await program.wait_line("📋")
        on.srv.deliver_text(on.me, None, f"/model {broken}")
        await on.srv.wait_for(lambda action: action.kind == "edit" and "broken" in (action.text or ""), 30)
        on.srv.deliver_voice(on.friend, None, (SAMPLES / "en_hello.ogg").read_bytes(), 3)
        await on.srv.wait_for(lambda action: WORDS in (action.text or ""), 40)


def test_help_is_there_in_both_languages_and_a_wrong_verb_is_a_usage_error(tmp_path: Path) -> None:
    for language, word in (("en", "sign in"), ("ru", "войти")):
        ended = run(tmp_path / "data", "--help", language=language)
        assert ended.returncode == 0
        assert word in ended.stdout
    assert run(tmp_path / "data", "dance").returncode == 2
    assert not (tmp_path / "data").exists()


def test_a_python_without_the_packages_says_what_to_run_in_one_line(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-S", str(USERBOT), "login"],
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "UI_LANGUAGE": "en"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 1
    one_line(ended, "make setup")

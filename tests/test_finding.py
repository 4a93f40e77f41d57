"""`userbot.py find` and `export`: the archive at a terminal, also while the program runs, and nothing to the terminal
but text."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC
from pathlib import Path

import pytest

from tests.support.values import a_note, a_transcript
from transcriber.chat.archive_commands import FILE_BYTES
from transcriber.chat.export import FORMATS, files
from transcriber.chat.texts import Texts
from transcriber.domain import ChatKind
from transcriber.storage.archive import SqliteArchive, open_archive
from transcriber.storage.schema import STEPS

ROOT = Path(__file__).parent.parent
KEY = "small|auto|transcribe"
SENT_AT_S = 1_700_000_000.0
IN_FAMILY = {"chat_id": -1001234567890, "chat_kind": ChatKind.GROUP, "chat_title": "Семья", "sender_name": "Мама"}
HIT = "\x1b[1;31m"


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[SqliteArchive]:
    """Open all the time, as in the running program."""
    async with open_archive(tmp_path / "stenogram.db") as archive:
        await archive.put(a_note(1, sent_at_s=SENT_AT_S), a_transcript("Встречу перенесли", "на пять."), KEY)
        note = a_note(2, sent_at_s=SENT_AT_S + 86_400, **IN_FAMILY)
        await archive.put(note, a_transcript("Как прошла встреча?\x1b[2J"), KEY)
        yield archive


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.defpath, "DATA_DIR": str(folder), "UI_LANGUAGE": "ru", "TZ": "UTC", **more}


def ran(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[bytes]:
    """The real program at a pipe."""
    return subprocess.run(
        [sys.executable, str(ROOT / "userbot.py"), *arguments],
        env=environment(folder, **more),
        cwd=folder,
        capture_output=True,
        timeout=60,
        check=False,
    )


def at_terminal(folder: Path, arguments: Sequence[str], **more: str) -> str:
    """The real program at a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, str(ROOT / "userbot.py"), *arguments],
        env=environment(folder, **more),
        cwd=folder,
        stdout=theirs,
        stdin=theirs,
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            shown += piece
        process.wait(30)
    os.close(ours)
    return shown.decode()


async def test_words_are_found_while_the_program_has_the_file_open(archive: SqliteArchive, tmp_path: Path) -> None:
    result = ran(tmp_path, "find", "встречи")
    assert result.returncode == 0, result.stderr
    assert result.stdout.decode() == (
        "Мама · Семья · 15 ноя 2023 22:13 · 0:05\nКак прошла встреча? [2J\nhttps://t.me/c/1234567890/2\n\n"
        "Friend · 14 ноя 2023 22:13 · 0:05\nВстречу перенесли на пять.\ntg://openmessage?user_id=77&message_id=1\n\n"
    )
    assert result.stderr == b""


async def test_what_is_found_is_coloured_at_a_terminal_only(archive: SqliteArchive, tmp_path: Path) -> None:
    shown = at_terminal(tmp_path, ["find", "пять"])
    assert f"Встречу перенесли на {HIT}пять\x1b[0m." in shown
    assert "\x1b" not in at_terminal(tmp_path, ["find", "пять"], NO_COLOR="1")
    assert shown.count("\x1b") == 2
    assert HIT in at_terminal(tmp_path, ["find", "встреча"])
    assert "\x1b[2J" not in at_terminal(tmp_path, ["find", "встреча"]), "what was said moves no cursor"


async def test_what_is_found_may_be_had_as_json(archive: SqliteArchive, tmp_path: Path) -> None:
    result = ran(tmp_path, "find", "встреча", "--json", "--limit", "1")
    [newest] = json.loads(result.stdout)
    assert newest["chat"] == {"id": -1001234567890, "kind": "group", "title": "Семья", "username": None}
    assert newest["text"][slice(*newest["marks"][0])] == "встреча"
    assert (newest["link"], newest["sent_at"]) == ("https://t.me/c/1234567890/2", "2023-11-15T22:13:20+00:00")
    assert "показаны последние: 1" in ran(tmp_path, "find", "встреча", "--limit", "1").stderr.decode()


async def test_nothing_found_is_said_and_seen_by_the_exit_code(archive: SqliteArchive, tmp_path: Path) -> None:
    result = ran(tmp_path, "find", "ничего", '"', "*")
    assert (result.returncode, result.stdout) == (1, b"")
    assert "Ничего не нашлось" in result.stderr.decode()
    assert json.loads(ran(tmp_path, "find", "ничего", "--json").stdout) == []


async def test_words_are_found_while_no_program_runs(tmp_path: Path) -> None:
    async with open_archive(tmp_path / "stenogram.db") as archive:
        await archive.put(a_note(1), a_transcript("слово"), KEY)
    before = (tmp_path / "stenogram.db").read_bytes()
    assert "слово" in ran(tmp_path, "find", "слово").stdout.decode()
    assert (tmp_path / "stenogram.db").read_bytes() == before


def test_without_an_archive_there_is_nothing_and_none_is_made(tmp_path: Path) -> None:
    for verb in (["find", "слово"], ["export"]):
        result = ran(tmp_path, *verb)
        assert result.returncode == 1
        assert result.stderr.decode() == f"В {tmp_path} пока нет ни одной расшифровки.\n"
    assert list(tmp_path.iterdir()) == []


async def test_the_archive_is_exported_to_the_standard_output_or_a_file(
    archive: SqliteArchive, tmp_path: Path
) -> None:
    markdown = ran(tmp_path, "export").stdout.decode()
    assert markdown.index("Встречу перенесли на пять.") < markdown.index("Как прошла встреча?")
    out = tmp_path / "all.json"
    result = ran(tmp_path, "export", "--format", "json", "-o", str(out))
    assert (result.returncode, result.stderr.decode()) == (0, f"Записано: {out}\n")
    first, second = json.loads(out.read_text("utf-8"))
    assert [segment["text"] for segment in first["segments"]] == ["Встречу перенесли", "на пять."]
    assert (first["language"], first["link"]) == ("en", "tg://openmessage?user_id=77&message_id=1")
    assert second["sender"]["name"] == "Мама"
    assert sorted(file.name for file in out.parent.iterdir()) == [
        "all.json",
        *(f"stenogram.db{end}" for end in ("", "-shm", "-wal")),
    ]


@pytest.mark.parametrize("kind", FORMATS)
async def test_the_terminal_and_the_chat_export_the_same(archive: SqliteArchive, tmp_path: Path, kind: str) -> None:
    [file] = [file async for file in files(archive.read(), kind, Texts("ru", UTC), FILE_BYTES)]
    assert ran(tmp_path, "export", "--format", kind).stdout == file.content
    assert (file.count, file.first_s, file.last_s) == (2, SENT_AT_S, SENT_AT_S + 86_400)


@pytest.mark.parametrize(
    ("arguments", "message_ids"),
    [
        (["--chat", "семья"], [2]),
        (["--chat", "сем"], [2]),
        (["--chat", "77"], [1]),
        (["--since", "2023-11-15"], [2]),
        (["--chat", "Friend", "--since", "2023-11-14"], [1]),
        (["--since", "7d"], None),
    ],
)
async def test_an_export_may_be_of_one_chat_and_since_a_day(
    archive: SqliteArchive, tmp_path: Path, arguments: list[str], message_ids: list[int] | None
) -> None:
    result = ran(tmp_path, "export", "--format", "json", *arguments)
    found = [entry["message_id"] for entry in json.loads(result.stdout)] if result.stdout else None
    assert found == message_ids
    assert result.returncode == (message_ids is None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--chat", "никто"], "Такого чата среди расшифровок нет: никто"),
        (["--chat", "е"], "-1001234567890 Семья"),
        (["-o", "/proc/none/out.md"], "Не удаётся записать файл: /proc/none/out.md"),
    ],
)
async def test_what_cannot_be_exported_is_said_in_a_sentence(
    archive: SqliteArchive, tmp_path: Path, arguments: list[str], said: str
) -> None:
    await archive.put(a_note(3, chat_id=5, chat_title="Лето", sent_at_s=SENT_AT_S), a_transcript("слово"), KEY)
    result = ran(tmp_path, "export", *arguments)
    assert result.returncode == 1
    assert said in result.stderr.decode()
    assert b"Traceback" not in result.stderr


async def test_a_date_that_is_none_is_a_mistake_of_the_command_line(archive: SqliteArchive, tmp_path: Path) -> None:
    result = ran(tmp_path, "export", "--since", "вчера")
    assert result.returncode == 2
    assert result.stderr.decode().startswith(
        "❌ Это не дата и не число дней: вчера. Пример: python userbot.py export"
    )


GONE = "| (exec <&-; while [ ! -s code ]; do sleep 0.05; done)"  # a reader that leaves at once


def at_shell(folder: Path, command: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["sh", "-c", command], env=environment(folder), cwd=folder, capture_output=True, timeout=60, check=False
    )


@pytest.mark.parametrize("verb", ["find встреча", "export", "doctor", "check"])
@pytest.mark.parametrize(("redirected", "said"), [("> /dev/full", "❌ На диске кончилось место.\n"), (GONE, "")])
async def test_output_without_room_is_a_line_and_without_a_reader_no_news(
    archive: SqliteArchive, tmp_path: Path, verb: str, redirected: str, said: str
) -> None:
    ended = at_shell(tmp_path, f"({sys.executable} {ROOT}/userbot.py {verb}; echo $? > code) {redirected}")
    assert ended.stderr.decode() == said
    assert (tmp_path / "code").read_text() == "1\n"


def test_a_data_directory_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    unprivileged = ("setpriv", "--inh-caps=-all", "--bounding-set=-all") if os.geteuid() == 0 else ()
    result = subprocess.run(
        [*unprivileged, sys.executable, str(ROOT / "userbot.py"), "find", "слово"],
        env=environment(tmp_path / "closed"),
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    (tmp_path / "closed").chmod(0o700)
    assert result.returncode == 73
    assert result.stderr.decode().startswith("❌ Нет прав на чтение: ")


@pytest.mark.parametrize("content", [b"\xff\xfeA\x00P\x00I\x00", b"UI_LANGUAGE=\xf0\xf3\n"])
def test_a_dotenv_that_is_no_utf_8_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".env").write_bytes(content)
    result = ran(tmp_path, "find", "слово")
    assert result.returncode == 78
    assert result.stderr.decode() == (
        f"❌ Не удаётся прочитать {tmp_path}/.env: нет прав, или это не текст в UTF-8.\n"
    )


def test_an_archive_of_an_earlier_version_says_what_to_do(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "stenogram.db") as old:
        for statement in STEPS[0]:
            old.execute(statement)
        old.execute("PRAGMA user_version = 1")
    old.close()
    result = ran(tmp_path, "find", "слово")
    assert result.returncode == 69
    assert "Запустите её один раз" in result.stderr.decode()

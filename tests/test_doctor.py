"""`doctor`: each fault that people meet is found and named, and looking changes nothing."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from config import settings as config
from tests.support.redis import RedisServer
from tests.support.sandbox import running, stage
from tests.support.speech import MODEL
from transcriber import health
from transcriber.boot import since_boot_s, this_boot
from transcriber.chat.texts import Texts
from transcriber.doctor import account, machine, services
from transcriber.doctor.examine import CHECKS, Check, examine
from transcriber.doctor.finding import Case, Finding, good
from transcriber.doctor.model import KEYS, model
from transcriber.model_choice import GOOD_MODELS_KEY, MODEL_KEY
from transcriber.sandbox.program import SESSION_NAME
from transcriber.sandbox.server import SandboxServer
from transcriber.storage import scripts
from transcriber.telegram.server_time import address, ask

ROOT = Path(__file__).parents[1]
GB = 2**30


def case(data_dir: Path, **values: str) -> Case:
    settings, problems = config.forgiving({"DATA_DIR": str(data_dir), "MODEL": str(MODEL), **values})
    return Case(settings, problems, data_dir / ".env")


def seen(findings: Iterator[Finding]) -> list[str]:
    return [f"{one.level} {one.key}" for one in findings]


def session_file(data_dir: Path, auth_key: bytes | None = b"key", user_id: int | None = 1) -> Path:
    path = data_dir / SESSION_NAME
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE sessions (auth_key BLOB, user_id INTEGER)")
        connection.execute("INSERT INTO sessions VALUES (?, ?)", (auth_key, user_id))
        connection.commit()
    path.chmod(0o600)
    return path


def says_health(data_dir: Path, *, online: bool = True, ago_s: float = 0.0) -> None:
    at_s = since_boot_s() - ago_s
    health.write(data_dir, health.Health(this_boot(), at_s, 1, online, True, at_s, 0, 0, "small"))


@pytest.fixture
def private(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


# Settings


def test_every_mistake_in_the_settings_is_a_line(private: Path) -> None:
    wrong = case(private, CPU_THREADS="many", LOG_FORMAT="xml", REDIS_URL="http://:hunter2@x")
    found = list(account.settings(wrong))
    assert [one.details["name"] for one in found] == ["CPU_THREADS", "REDIS_URL", "LOG_FORMAT"]
    assert {one.level for one in found} == {"bad"}
    assert "hunter2" not in str(found)
    assert wrong.settings.log_format == "text", "the others go on with the default"


def test_a_dotenv_that_others_can_read_is_pointed_at(private: Path) -> None:
    assert seen(account.settings(case(private))) == ["good settings_none"]
    dotenv = private / ".env"
    dotenv.touch(0o600)
    assert seen(account.settings(case(private))) == ["good settings_file"]
    dotenv.chmod(0o644)
    assert seen(account.settings(case(private))) == ["good settings_file", "warn dotenv_open"]


def test_what_is_misspelt_in_a_dotenv_is_pointed_at_and_what_belongs_to_others_is_not(private: Path) -> None:
    dotenv = private / ".env"
    dotenv.touch(0o600)
    dotenv.write_text("MODLE=tiny\nexport api_id = 1\nMEMORY_LIMIT=4g\nREDIS_PASSWORD=x\n# AUTOO=x\nTRACKED=\n")
    _, *found = account.settings(case(private))
    assert [(one.details["name"], one.details["meant"]) for one in found] == [
        ("MODLE", "MODEL"),
        ("api_id", "API_ID"),
    ]
    dotenv.write_bytes(b"\xff\xfeA\x00")
    assert seen(account.settings(case(private)))[1:] == ["bad error.dotenv_unreadable"]


@pytest.mark.parametrize(("hash_", "odd"), [("0123456789abcdef0123456789ABCDEF", False), ("1234567", True)])
def test_an_api_hash_of_another_form_is_pointed_at(private: Path, hash_: str, odd: bool) -> None:
    assert ("warn api_hash_odd" in seen(account.settings(case(private, API_HASH=hash_)))) is odd


# The data directory


def test_a_directory_that_is_private_and_has_room_is_good(private: Path) -> None:
    assert seen(account.data_directory(case(private))) == ["good data"]
    assert seen(account.data_directory(case(private / "new" / "deep"))) == ["good data_new"]
    assert not (private / "new").exists(), "looking makes nothing"


def test_a_directory_that_is_open_or_a_file_or_impossible_is_said(private: Path) -> None:
    private.chmod(0o755)
    assert seen(account.data_directory(case(private))) == ["warn data_open", "good data"]
    (private / "file").touch()
    assert seen(account.data_directory(case(private / "file"))) == ["bad data_file"]
    assert seen(account.data_directory(case(private / "file" / "data"))) == ["bad data_impossible"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_directory_of_somebody_else_is_said(private: Path) -> None:
    os.chown(private, 10001, 10001)
    assert seen(account.data_directory(case(private))) == ["warn data_owner", "good data"]


def test_room_is_needed_for_the_sound_and_for_a_model_that_is_still_to_come(private: Path) -> None:
    def found(**values: str) -> list[str]:
        return seen(account.data_directory(case(private, **values), lambda _: GB))

    assert found() == ["good data"]
    assert found(MODEL="small") == ["bad disk_full"]
    assert found(MAX_FILE_MB="400") == ["bad disk_full"]


# The session


def test_a_session_is_good_when_it_is_whole_and_private(private: Path) -> None:
    session_file(private)
    assert seen(account.session(case(private))) == ["good session"]
    (private / SESSION_NAME).chmod(0o644)
    assert seen(account.session(case(private))) == ["warn session_open", "good session"]
    (private / f"{SESSION_NAME}.dead").touch()
    assert "good session_old" in seen(account.session(case(private)))


def test_a_session_that_somebody_is_writing_to_is_a_session(private: Path) -> None:
    with closing(sqlite3.connect(session_file(private))) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert seen(account.session(case(private))) == ["good session"]


def test_no_session_says_what_is_to_be_done(private: Path) -> None:
    assert seen(account.session(case(private))) == ["bad session_no_api"]
    api = {"API_ID": "1", "API_HASH": "x"}
    assert seen(account.session(case(private, **api))) == ["bad session_none"]
    assert seen(account.session(case(private, SESSION_STRING="x"))) == ["good session_string"]
    (private / f"{SESSION_NAME}.dead").touch()
    assert seen(account.session(case(private, **api))) == ["bad session_dead"]


def test_a_sign_in_that_was_left_and_a_damaged_file_are_no_session(private: Path) -> None:
    session_file(private, user_id=None)
    assert seen(account.session(case(private))) == ["bad session_none"]
    (private / SESSION_NAME).write_bytes(b"garbage" * 1000)
    assert seen(account.session(case(private))) == ["bad session_damaged"]


# The program


def test_the_program_is_judged_by_its_lock_and_its_health(private: Path) -> None:
    def program(holder: dict[str, object] | None) -> list[str]:
        return seen(account.program(case(private), lambda _: holder))

    held: dict[str, object] = {"pid": 7, "host": "box"}
    assert program(None) == ["good program_not"]
    assert program(held) == ["warn program_silent"]
    says_health(private)
    assert program(held) == ["good check.healthy"]
    assert program(None) == ["good check.healthy"], "in a container of its own its lock is not seen"
    says_health(private, online=False)
    assert program(held) == ["warn check.offline"]
    says_health(private, ago_s=100)
    assert program(held) == ["bad check.stale"]
    assert program(None) == ["good program_not"], "killed: nobody holds the lock"


# Elsewhere


async def test_telegrams_clock_is_compared_without_an_account(private: Path) -> None:
    async with SandboxServer() as srv:
        here = case(private, STENOGRAM_SANDBOX=str(srv.write_seam_file(private / "sandbox.json")))

        async def told(ahead_s: float) -> list[str]:
            return await asyncio.to_thread(lambda: seen(services.clock(here, lambda: time.time() + ahead_s)))

        assert await told(0) == ["good clock"]
        assert await told(-100_000) == ["warn clock_slow"]
        assert await told(35) == ["warn clock_fast"]
        assert srv.calls == [], "nobody signed in, nothing was called"
        where = address(here.settings.sandbox)
        assert abs(await asyncio.to_thread(lambda: ask(where, 3, time.time))) < 2
    assert seen(services.clock(here)) == ["warn telegram_away"]


def test_what_is_no_telegram_is_not_believed(private: Path) -> None:
    listener = subprocess.Popen(
        [sys.executable, "-c", NOT_TELEGRAM], stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL
    )
    with listener:
        assert listener.stdout is not None
        port = int(listener.stdout.readline())
        sandbox = private / "sandbox.json"
        sandbox.write_text(json.dumps({"host": "127.0.0.1", "port": port}))
        assert seen(services.clock(case(private, STENOGRAM_SANDBOX=str(sandbox)))) == ["warn telegram_garbled"]


NOT_TELEGRAM = """
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    talk, _ = server.accept()
    talk.sendall(bytes(100))
    talk.recv(1000)
"""


def test_redis_is_asked_for_its_version_and_whether_it_keeps_things(redis_server: RedisServer, private: Path) -> None:
    assert seen(services.redis(case(private))) == []
    here = case(private, REDIS_URL=redis_server.url)
    assert seen(services.redis(here)) == ["good redis"]
    assert redis_server.say("CONFIG SET appendonly no").startswith("+OK")
    try:
        assert seen(services.redis(here)) == ["good redis", "warn redis_forgets"]
    finally:
        assert redis_server.say("CONFIG SET appendonly yes").startswith("+OK")
    (away,) = services.redis(case(private, REDIS_URL="redis://:hunter2@127.0.0.1:1/0"))
    assert (away.level, away.key) == ("bad", "redis_away")
    assert "hunter2" not in repr(away)


# The machine


def test_the_libraries_work_here(private: Path) -> None:
    assert seen(machine.packages(case(private), within_s=60)) == ["good packages", "good sound"]
    assert seen(machine.python(case(private))) == ["good python"]


def test_packages_that_take_too_long_hold_up_nothing(private: Path) -> None:
    assert seen(machine.packages(case(private), within_s=0.01)) == ["warn packages_slow"]


def test_a_package_that_is_not_there_is_named(private: Path) -> None:
    (found,) = machine.packages(case(private), ("numpy", "no_such_package", "av"), within_s=60)
    assert (found.key, found.details) == ("package_missing", {"name": "no_such_package"})
    assert seen(machine.packages(case(private), ("numpy",), "no_such_package", within_s=60)) == [
        "warn package_quick",
        "good sound",
    ]


def test_the_model_is_here_or_to_come_or_wrong_and_fits_or_not(private: Path) -> None:
    assert seen(model(case(private), lambda: GB)) == ["good model", "good memory"]
    assert seen(model(case(private, MODEL="small"), lambda: GB)) == ["good model_away", "good memory"]
    assert seen(model(case(private, MODEL="turbo"), lambda: GB)) == ["good model_away", "bad memory_short"]
    assert seen(model(case(private, MODEL="owner/unknown"), lambda: GB)) == ["good model_away"]
    assert seen(model(case(private, MODEL="large-v9"), lambda: GB)) == ["bad model_wrong"]
    says_health(private)
    assert seen(model(case(private, MODEL="turbo"), lambda: GB)) == ["good model_away", "good memory_in_use"]


@pytest.fixture(params=["file", "redis"])
def chosen(request: pytest.FixtureRequest, private: Path) -> tuple[Case, Callable[[str, str], None]]:
    """Who is examined, and the way to set something in their store, as the program would."""
    server: RedisServer | None = request.getfixturevalue("redis_server") if request.param == "redis" else None

    def in_file(key: str, value: str) -> None:
        with closing(sqlite3.connect(private / "stenogram.db", isolation_level=None)) as file:
            file.execute("CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT)")
            file.execute("INSERT INTO settings VALUES (?, ?)", (key, value))

    def in_redis(key: str, value: str) -> None:
        assert server is not None
        assert server.say(f"HSET {scripts.SETTINGS} {key} {value}").startswith(":")

    if server is None:
        return case(private), in_file
    assert server.say("FLUSHALL").startswith("+OK")
    return case(private, REDIS_URL=server.url), in_redis


def test_the_model_last_in_use_is_the_one_that_counts(chosen: tuple[Case, Callable[[str, str], None]]) -> None:
    here, store = chosen
    assert seen(model(here, lambda: GB)) == ["good model", "good memory"]
    store(GOOD_MODELS_KEY, "base")
    store(MODEL_KEY, "/gone")
    found = list(model(here, lambda: GB))
    assert seen(iter(found)) == ["good model_chosen", "good model_away", "good memory"]
    assert found[0].details == {"model": "base", "setting": str(MODEL)}, "the last one is not there any more"
    assert found[1].details["model"] == "base"


def test_where_the_choice_cannot_be_seen_that_is_said(private: Path) -> None:
    found = list(model(case(private, REDIS_URL="redis://127.0.0.1:1/0"), lambda: GB))
    assert seen(iter(found)) == ["warn model_unseen", "good model", "good memory"]
    assert found[1].details["model"] == str(MODEL)


def test_the_keys_of_the_choice_are_those_of_the_program() -> None:
    assert KEYS == (MODEL_KEY, GOOD_MODELS_KEY)


@pytest.mark.parametrize(
    ("cpuinfo", "level", "features"),
    [
        ("flags\t\t: fpu avx avx2 avx512f avx512_vnni\n", "good cpu", ["AVX2", "AVX-512", "VNNI"]),
        ("Features\t: fp asimd crc32\n", "good cpu", ["NEON"]),
        ("flags\t\t: fpu sse4_1\n", "warn cpu_plain", []),
        ("nothing that is known\n", "warn cpu_plain", []),
    ],
)
def test_the_processor_is_known_by_what_the_recogniser_uses(
    private: Path, cpuinfo: str, level: str, features: list[str]
) -> None:
    path = private / "cpuinfo"
    path.write_text(cpuinfo)
    (found,) = machine.processor(case(private), path)
    assert f"{found.level} {found.key}" == level
    assert found.details["features"] == features


def test_more_threads_than_cpus_are_pointed_at(private: Path) -> None:
    assert "warn cpu_threads" in seen(machine.processor(case(private, CPU_THREADS="200")))


def test_a_container_is_looked_at_only_in_one(private: Path) -> None:
    def container(mounted: Path, uid: int, code: Path = Path("/app")) -> list[str]:
        return seen(
            machine.container(case(private / "data"), (private,), lambda path: path == mounted, lambda: uid, code)
        )

    assert seen(machine.container(case(private), (private / "no",))) == []
    assert container(private, 10001) == ["good container"]
    assert container(private / "data", 10001) == ["good container"]
    assert container(private, 0, Path("/src")) == ["good container"], "not our image: any user will do"
    assert container(Path("/"), 0) == ["warn container_unmounted", "warn container_user"]


# The whole examination


def told(checks: list[tuple[str, Check]], deadline_s: float = 5.0) -> tuple[int, list[str]]:
    out = io.StringIO()
    code = examine({"DATA_DIR": "/nowhere"}, Texts("en"), out, checks, deadline_s)
    return code, out.getvalue().splitlines()


def test_a_check_that_hangs_is_a_finding_and_holds_up_nothing() -> None:
    def hang(_: Case) -> Iterator[Finding]:
        yield good("session")
        time.sleep(60)

    started_s = time.monotonic()
    code, lines = told([("hang", hang), ("fine", lambda _: iter([good("terminal")]))], 0.2)
    assert time.monotonic() - started_s < 2
    assert code == 1
    assert lines == [
        "✅ Signed in (Telegram itself was not asked).",
        "❌ No answer in time (hang).",
        "✅ Terminal: shows all letters.",
        "To mend: 1 (❌).",
    ]


def test_what_may_not_be_looked_at_is_said() -> None:
    def refused(_: Case) -> Iterator[Finding]:
        raise PermissionError(13, "Permission denied", "/secret")

    assert told([("refused", refused)]) == (1, ["❌ Cannot look at /secret: Permission denied.", "To mend: 1 (❌)."])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # the trace is meant to be seen
def test_a_check_that_breaks_is_said_too() -> None:
    def broken(_: Case) -> Iterator[Finding]:
        raise KeyError("ours")

    assert told([("broken", broken)])[1][0].startswith("❌ This check broke (broken)")


@pytest.mark.parametrize(
    ("levels", "code", "last"),
    [
        ([], 0, "All is well."),
        (["warn"], 0, "It works. 1 thing to look at (⚠️)."),
        (["warn", "bad"], 1, "To mend: 1 (❌), to look at: 1 (⚠️)."),
    ],
)
def test_the_exit_code_and_the_last_line_follow_the_worst(levels: list[str], code: int, last: str) -> None:
    findings = [Finding(level, "terminal") for level in levels]  # type: ignore[arg-type]  # from the list above
    assert (told([("one", lambda _: iter(findings))])[0], told([("one", lambda _: iter(findings))])[1][-1]) == (
        code,
        last,
    )


async def test_it_answers_while_the_program_runs_and_disturbs_nothing() -> None:
    async with stage() as on, running(on) as program:
        await program.wait_line("📋")
        on.data_dir.chmod(0o700)
        opened = sum(event.kind == "open" for event in on.srv.events)
        calls = len(on.srv.calls)
        async with running(on, "doctor", subscribed=False) as doctor:
            code = await doctor.wait_end(15)
        lines = "\n".join(doctor.lines)
        assert code == 0, lines
        assert "✅ healthy: connected" in lines
        assert "✅ Telegram can be reached" in lines
        assert sum(event.kind == "open" for event in on.srv.events) == opened + 1, (
            "for the clock, without the session"
        )
        assert len([call for call in on.srv.calls[calls:] if "Ping" not in str(call)]) == 0
        assert str(on.me.id) not in lines
        assert (await program.terminate())[0] == 0


@pytest.mark.parametrize("language", ["en", "ru"])
def test_with_everything_wrong_it_still_says_all_of_it(private: Path, language: str) -> None:
    (private / "file").touch()
    sandbox = private / "sandbox.json"
    sandbox.write_text('{"host": "127.0.0.1", "port": 1}')
    started_s = time.monotonic()
    ended = subprocess.run(
        [sys.executable, str(ROOT / "userbot.py"), "doctor"],
        env={
            "PATH": os.defpath,
            "UI_LANGUAGE": language,
            "DATA_DIR": str(private / "file"),
            "CPU_THREADS": "many",
            "AUTO": "everything",
            "MODEL": "large-v9",
            "REDIS_URL": "redis://:hunter2@127.0.0.1:1/0",
            "STENOGRAM_SANDBOX": str(sandbox),
        },
        cwd=private,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert time.monotonic() - started_s < 7 + 8, "its own deadline, and a busy machine to start on"
    assert ended.returncode == 1
    assert ended.stderr == ""
    wrong = [line for line in ended.stdout.splitlines() if line.startswith("❌")]
    for part in ("CPU_THREADS=many", "AUTO=everything", str(private / "file"), "API_ID", "REDIS_URL", "large-v9"):
        assert any(part in line for line in wrong), part
    assert "hunter2" not in ended.stdout
    assert "⚠️ Telegram" in ended.stdout


def test_it_needs_no_package_itself(private: Path) -> None:
    (private / ".env").write_text("MODEL=tiny\n")
    (private / "sandbox.json").write_text('{"host": "127.0.0.1", "port": 1}')
    env = {"PATH": os.defpath, "UI_LANGUAGE": "en", "STENOGRAM_SANDBOX": str(private / "sandbox.json")}
    for verb, code in (("doctor", 1), ("check", 1), ("run", 1)):
        ended = subprocess.run(
            [sys.executable, "-S", str(ROOT / "userbot.py"), verb],
            env={**env, "DATA_DIR": str(private / "data")},
            cwd=private,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert ended.returncode == code
        if verb == "doctor":
            assert ended.stderr == ""
            assert "Processor" in ended.stdout
        if verb == "run":
            assert "The package dotenv is missing" in ended.stderr


def test_every_check_is_named_once() -> None:
    names = [name for name, _ in CHECKS]
    assert len(names) == len(set(names)) == len({check for _, check in CHECKS})

"""Run the built image for real and say what is true of it, one line a promise.

    python -m tools.image_test.drive ROOT IMAGE_JSON WORK     (run.sh calls it; Linux, root)

ROOT is the mounted image, IMAGE_JSON its configuration, WORK an empty folder. Telegram is the sandbox on 127.0.0.1,
the recogniser the small model that comes with the project. Exit code 1 at the first promise that is broken.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.image_test.container import Container, Engine, Image
from tools.image_test.outside import Outside, write_resolver
from tools.image_test.terminal import Terminal
from transcriber.sandbox.server import SandboxServer
from transcriber.sandbox.world import Tl

PROJECT = Path(__file__).resolve().parents[2]
SPEECH = PROJECT / "tools/speech_model"
UID = 10001
SESSION = "voice_transcriber.session"
ALL_WITHIN_S = 480.0
CONNECTED_WITHIN_S = 60.0
HEALTHY_WITHIN_S = 60.0
TEXT_WITHIN_S = 120.0
HEALTH_ANSWERS_WITHIN_S = 1.0
STOPS_WITHIN_S = 3.0
ENDS_WITHIN_S = 90.0
IDLE_S = 12.0  # libraries that report to their makers do so after a while (measured: onnxruntime after 9 s)
SIGNED_OUT, NO_SESSION = 77, 78
DATABASE = "stenogram.db"
KNOWN = {SESSION, f"{SESSION}-journal", "voice_transcriber.lock", DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"}
KNOWN |= {"archive.db", "archive.db-wal", "archive.db-shm", "models", "spool", "model", "sandbox.json"}

# Tries to leave a file where a program might; prints what succeeded.
PROBE = """
import json, os
places = ["/", "/app", "/app/transcriber", "/etc", "/home", "/opt", "/root", "/run", "/srv", "/tmp", "/usr", "/var",
          "/var/tmp", "/dev", "/data"]
written = []
for place in places:
    try:
        open(os.path.join(place, "probe"), "w").close()
        os.unlink(os.path.join(place, "probe"))
        written.append(place)
    except OSError:
        pass
print(json.dumps(written))
"""


class Broken(Exception):
    """A promise that did not hold; the message says which and what was seen."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording and the words in it."""

    sound: bytes
    duration_s: float
    words: str


def main() -> int:
    root, configuration, work = map(Path, sys.argv[1:4])
    log = work / "container.log"
    try:
        asyncio.run(_within_time(root, configuration, work, log))
    except (Broken, OSError, RuntimeError, asyncio.CancelledError, BaseExceptionGroup) as problem:
        print(f"❌ {_first(problem)!r}\n--- the container's last words", file=sys.stderr)
        if log.exists():
            print("\n".join(log.read_text(errors="replace").splitlines()[-40:]), file=sys.stderr)
        return 1
    return 0


def _first(problem: BaseException) -> BaseException:
    while isinstance(problem, BaseExceptionGroup):  # the sandbox is a task group
        problem = problem.exceptions[0]
    return problem


async def _within_time(root: Path, configuration: Path, work: Path, log: Path) -> None:
    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with asyncio.timeout(ALL_WITHIN_S):
        await drive(root, configuration, work, log)


async def drive(root: Path, configuration: Path, work: Path, log: Path) -> None:
    """Every promise, in order. Raises `Broken` at the first that does not hold."""
    image = Image.read(root, configuration)
    good(f"image built: {image.size_bytes() / 1e6:.0f} MB, one volume, entry point {list(image.entrypoint)}")
    check_configuration(image)
    check_compose()
    before = image.snapshot()
    volume = make_volume(work)
    engine = Engine(image, volume, write_resolver(work / "resolv.conf"), log)
    settings = {"MODEL": "/data/model", "UI_LANGUAGE": "en", "AUTO": "saved,private"}

    with Outside() as outside:
        await promises(engine, settings, before)
        stays_at_home(outside)


async def promises(engine: Engine, settings: dict[str, str], before: Mapping[str, object]) -> None:
    image, volume = engine.image, engine.volume
    await without_session(engine, settings)
    async with SandboxServer() as srv:
        friend = srv.add_user("Bob", "bob")
        srv.write_seam_file(volume / "sandbox.json").chmod(0o644)
        settings["STENOGRAM_SANDBOX"] = "/data/sandbox.json"
        await signs_in(engine, srv, settings)

        async with engine.run(settings=settings) as container:
            await srv.wait_subscribed(CONNECTED_WITHIN_S)
            check_rights(container)
            await root_is_closed(container)
            await turns_healthy(container, image)
            await transcribes(srv, friend, clip("en_call_me_back.ogg"))
            nothing_in_shared_memory(container)
            await asyncio.sleep(IDLE_S)
            await stops(container)

        # With a writable root nothing would stop a stray file: now it would be seen.
        async with engine.run(settings=settings, writable=True) as container:
            await srv.wait_subscribed(CONNECTED_WITHIN_S)
            await transcribes(srv, friend, clip("ru_call_me_back.ogg"))
            nothing_in_shared_memory(container)
            await stops(container)
        check_untouched(before, image)
        check_volume(volume)

        await a_dead_session_is_left_alone(engine, srv, settings)


def check_compose() -> None:
    """docker-compose.yml passes on every setting there is, so that a line in `.env` is never ignored."""
    known = set(re.findall(r"^#?([A-Z_]+)=", (PROJECT / "config/example.env").read_text(encoding="utf-8"), re.M))
    passed_on = set(
        re.findall(r"^      ([A-Z_]+):", (PROJECT / "docker-compose.yml").read_text(encoding="utf-8"), re.M)
    )
    forgotten = sorted(known - passed_on - {"DATA_DIR"})  # that one is /data, from the image
    expect(bool(known) and not forgotten, f"docker-compose.yml does not pass on {forgotten}")
    good(f"docker-compose.yml passes on all {len(known)} settings")


def check_configuration(image: Image) -> None:
    """What the image says about itself, and that nothing of this machine's pip configuration is in it."""
    expect(image.user == f"{UID}:{UID}", f"user is {image.user}")
    expect(image.volumes == ("/data",), f"volumes are {image.volumes}")
    expect(image.stop_signal == "SIGTERM", f"stop signal is {image.stop_signal}")
    expect(image.health == (*image.entrypoint, "check"), f"health check is {image.health}")
    foreign = [name for name in image.environment if name.startswith("PIP_")]
    pip = image.root / "etc/pip.conf"
    expect(not foreign, f"pip's settings are in the image: {foreign}")
    expect(not pip.exists() or pip.stat().st_size == 0, "pip.conf is in the image")  # empty: where it was mounted
    left = [str(found) for name in ("root/.cache", "data/.cache") if (found := image.root / name).exists()]
    tools = [name for name in ("gcc", "cc", "make") if (image.root / "usr/bin" / name).exists()]
    expect(not left and not tools, f"left over from the build: {left + tools}")
    good("nothing left over from the build: no compiler, no cache, no pip configuration")


async def without_session(engine: Engine, settings: Mapping[str, str]) -> None:
    """Nobody signed in and no terminal: one line, 78, at once."""
    async with engine.run(settings=settings) as container:
        code = await container.wait(ENDS_WITHIN_S)
    expect(code == NO_SESSION, f"without a session it ended with {code}")
    good(f"without a session it says what to run and ends with {code}")


async def signs_in(engine: Engine, srv: SandboxServer, settings: Mapping[str, str]) -> None:
    """What `docker compose run --rm userbot login` is the first time: questions at a terminal, then a session."""
    keys = {"API_ID": "1", "API_HASH": "0" * 32}
    with Terminal() as terminal:
        async with engine.run("login", "--phone", settings={**settings, **keys}, terminal=terminal) as container:
            for question, answer in (("Phone number", srv.account.phone), ("Code:", srv.account.code)):
                await terminal.read_until(question, CONNECTED_WITHIN_S)
                terminal.type(answer)
            await terminal.read_until("Signed in", CONNECTED_WITHIN_S)
            code = await container.wait(ENDS_WITHIN_S)
    state = (engine.volume / SESSION).stat()
    expect(code == 0, f"login ended with {code}")
    expect((state.st_uid, state.st_mode & 0o777) == (UID, 0o600), f"the session file is {oct(state.st_mode)}")
    good("login at a terminal signs in; the session file is for its owner alone")


def check_rights(container: Container) -> None:
    status = Path(f"/proc/{container.pid}/status").read_text()
    found = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    expect(found["Uid"].split() == [str(UID)] * 4, f"runs as {found['Uid']}")
    expect(int(found["CapEff"], 16) == int(found["CapBnd"], 16) == 0, f"has capabilities {found['CapEff']}")
    good(f"runs as uid {UID}, without a capability and without a way to gain one")


async def root_is_closed(container: Container) -> None:
    """Only /data takes a file; there is no tmpfs on /tmp, so the program needs none."""
    code, output, _ = await container.execute("python", "-c", PROBE)
    expect(code == 0, output)
    expect(json.loads(output) == ["/data"], f"writable: {output}")
    good("root not writable: only /data takes a file, /tmp included among those that do not")


async def turns_healthy(container: Container, image: Image) -> None:
    begun = time.monotonic()
    took_s = HEALTH_ANSWERS_WITHIN_S
    code, said = 1, ""
    while code and time.monotonic() - begun < HEALTHY_WITHIN_S:
        code, said, took_s = await container.execute(*image.health)
        await asyncio.sleep(0.2)
    expect(code == 0, f"not healthy after {HEALTHY_WITHIN_S:.0f} s: {said}")
    expect(took_s < HEALTH_ANSWERS_WITHIN_S, f"the health check took {took_s:.2f} s")
    good(f"health turned good through the image's own check, which answers in {took_s:.2f} s: {said}")


async def transcribes(srv: SandboxServer, friend: Tl, spoken: Clip) -> None:
    """A friend's voice note becomes the right words in Saved Messages, and nothing is shown to the friend."""
    since = len(srv.actions)
    begun = time.monotonic()
    srv.deliver_voice(friend, None, spoken.sound, round(spoken.duration_s))
    answer = await srv.wait_for(lambda action: spoken.words in (action.text or "").lower(), TEXT_WITHIN_S, since)
    expect(answer.chat == srv.me.id, f"the text went to {answer.chat}")
    shown = [action.kind for action in srv.actions if action.chat == friend.id]
    expect(not shown, f"the friend was shown {shown}")
    good(f"one voice note transcribed in {time.monotonic() - begun:.1f} s: {spoken.words!r}")


def nothing_in_shared_memory(container: Container) -> None:
    left = [path.name for path in (container.inner / "dev/shm").iterdir()]
    expect(not left, f"in /dev/shm: {left}")


async def stops(container: Container) -> None:
    code, seconds = await container.terminate(STOPS_WITHIN_S * 4)
    expect(code == 0, f"SIGTERM ended it with {code}")
    expect(seconds < STOPS_WITHIN_S, f"SIGTERM to exit took {seconds:.1f} s")
    good(f"SIGTERM ended it in {seconds:.2f} s with exit 0")


def check_volume(volume: Path) -> None:
    """Only what docs/operations.md says lies there, and no audio any more."""
    strange = sorted({path.name for path in volume.iterdir()} - KNOWN)
    expect(not strange, f"in the volume: {strange}")
    audio = [path.name for path in (volume / "spool").rglob("*")]
    expect(not audio, f"audio kept: {audio}")
    good("the volume holds what the manual says, and no audio")


def check_untouched(before: Mapping[str, object], image: Image) -> None:
    after = image.snapshot()
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    expect(not changed, f"written outside /data: {changed[:10]}")
    good(f"nothing written outside /data, with a writable root too ({len(after)} paths compared)")


def stays_at_home(outside: Outside) -> None:
    attempts = outside.attempts()
    expect(not attempts, f"tried to reach {attempts}")
    good("nothing was looked up or called outside this machine, from the first start to the last")


async def a_dead_session_is_left_alone(engine: Engine, srv: SandboxServer, settings: Mapping[str, str]) -> None:
    """What `restart: unless-stopped` does after the account was signed out: starts that connect to nothing.

    With a session string, which stays in the settings, and after it was taken out of them."""
    (engine.volume / SESSION).unlink()
    string = {"SESSION_STRING": srv.new_session_string()}
    async with engine.run(settings={**settings, **string}) as container:
        await srv.wait_subscribed(CONNECTED_WITHIN_S)
        srv.kill_auth("AUTH_KEY_UNREGISTERED")
        srv.drop()
        code = await container.wait(ENDS_WITHIN_S)
    expect(code == SIGNED_OUT, f"a revoked session ended it with {code}")
    connections = sum(event.kind == "open" for event in srv.events)
    for more, wanted in ((string, SIGNED_OUT), (string, SIGNED_OUT), ({}, NO_SESSION)):
        async with engine.run(settings={**settings, **more}) as container:
            code = await container.wait(ENDS_WITHIN_S)
        expect(code == wanted, f"a start after a revoked session ended with {code}, not {wanted}")
    made = sum(event.kind == "open" for event in srv.events) - connections
    expect(made == 0, f"restarts with a dead session connected {made} times")
    good("a revoked session ends it with 77; the restarts after that end with 77 or 78 and connect to nothing")


def make_volume(work: Path) -> Path:
    """What stands behind /data: a folder of the container's user with the small model in it."""
    volume = work / "data"
    volume.mkdir(mode=0o700)
    shutil.copytree(SPEECH / "ct2", volume / "model")
    own(volume)
    return volume


def own(volume: Path) -> None:
    """Give everything in the volume to the container's user."""
    for path in [volume, *volume.rglob("*")]:
        shutil.chown(path, UID, UID)


def clip(name: str) -> Clip:
    """One of the recordings that come with the model."""
    folder = SPEECH / "samples"
    listed = {entry["file"]: entry for entry in json.loads((folder / "samples.json").read_text(encoding="utf-8"))}
    return Clip((folder / name).read_bytes(), listed[name]["duration"], listed[name]["text"])


def expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Broken(otherwise)


def good(promise: str) -> None:
    print(f"✅ {promise}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

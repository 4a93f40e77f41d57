"""A real Redis server for tests, on a free port of this machine, that can be stopped, killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

START_WITHIN_S = 10.0
STOP_WITHIN_S = 10.0


class RedisServer:
    """One `redis-server` process with `appendonly yes`; its files and its port stay the same over restarts."""

    def __init__(self, program: str, folder: Path, *options: str) -> None:
        self._program = program
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Return when it answers; it has then read all that it kept. Nothing happens if it runs."""
        if self._process is not None:
            return
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)),
                    *("--appendonly", "yes", "--save", "", *self._options),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        end_s = time.monotonic() + START_WITHIN_S
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "redis.log").read_text()
            assert time.monotonic() < end_s, "redis-server does not answer"
            time.sleep(0.02)

    def stop(self) -> None:
        """End it in good order."""
        self._end(kill=False)

    def kill(self) -> None:
        """End it as a crash does."""
        self._end(kill=True)

    def freeze(self) -> None:
        """Let it be there and say nothing, until it is killed."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def empty(self) -> None:
        """Forget everything."""
        assert self.say("FLUSHALL").startswith("+OK")

    def say(self, command: str) -> str:
        """Send one command, without spaces in its words, and return the first piece of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=STOP_WITHIN_S) as link:
            link.sendall(command.encode() + b"\r\n")
            return link.recv(4096).decode()

    def _answers(self) -> bool:
        try:
            # With a password set it answers too, by asking for it.
            return self.say("PING").startswith(("+PONG", "-NOAUTH"))
        except OSError:
            return False

    def _end(self, *, kill: bool) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        process.kill() if kill else process.terminate()
        process.wait(STOP_WITHIN_S)


def redis_program() -> str:
    """Where `redis-server` is; a test that needs it is skipped where there is none, and fails in CI."""
    program = shutil.which("redis-server")
    if program is None:
        reason = "redis-server is not installed (Debian: apt install redis-server)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return program


@pytest.fixture(scope="session")
def redis_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One server for the whole run; use `redis_server`."""
    server = RedisServer(redis_program(), tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_server(redis_process: RedisServer) -> Iterator[RedisServer]:
    """A running, empty server; a test may stop it."""
    redis_process.empty()
    yield redis_process
    redis_process.start()


@pytest.fixture
def start_redis(tmp_path: Path) -> Iterator[Callable[..., RedisServer]]:
    """Start a server with options of its own, ended after the test."""
    servers: list[RedisServer] = []

    def start(*options: str) -> RedisServer:
        folder = tmp_path / f"redis-{len(servers)}"
        folder.mkdir()
        servers.append(RedisServer(redis_program(), folder, *options))
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        server.kill()

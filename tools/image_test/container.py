"""The built image, and a container of it: started, asked and stopped without an engine."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tools.image_test.terminal import Terminal

INSIDE = str(Path(__file__).with_name("inside.py"))
UNSHARE = ("unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "--propagation", "private")
STARTS_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True)
class Image:
    """What buildah made: the files, mounted, and how they want to be run."""

    root: Path
    user: str
    workdir: str
    environment: Mapping[str, str]
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    health: tuple[str, ...]
    volumes: tuple[str, ...]
    stop_signal: str

    @classmethod
    def read(cls, root: Path, configuration: Path) -> Image:
        """Read the configuration that `buildah inspect` printed. Raises KeyError for what the Dockerfile left out."""
        found = json.loads(configuration.read_text(encoding="utf-8"))["Docker"]["config"]
        kind, *health = found["Healthcheck"]["Test"]
        if kind != "CMD":
            raise KeyError("a health check in exec form")
        return cls(
            root=root,
            user=found["User"],
            workdir=found["WorkingDir"],
            environment=dict(entry.split("=", 1) for entry in found["Env"]),
            entrypoint=tuple(found["Entrypoint"]),
            command=tuple(found["Cmd"]),
            health=tuple(health),
            volumes=tuple(found["Volumes"]),
            stop_signal=found["StopSignal"],
        )

    def size_bytes(self) -> int:
        """What the files take on disk."""
        return sum(path.lstat().st_blocks * 512 for path in self.root.rglob("*"))

    def snapshot(self) -> dict[str, tuple[int, int, int, int]]:
        """Every path with mode, owner, size and time of change: two that are equal mean that nothing was written."""
        states = ((path, path.lstat()) for path in sorted(self.root.rglob("*")))
        return {
            str(path.relative_to(self.root)): (state.st_mode, state.st_uid, state.st_size, state.st_ctime_ns)
            for path, state in states
        }


class Container:
    """One running container; its program is process 1 in there, harder than with compose's `init: true`."""

    def __init__(self, options: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._options = options
        self._environment = environment
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self.pid = 0  # of its first process, as seen from outside

    async def start(self, command: Sequence[str], terminal: Terminal | None = None) -> None:
        """Start it and wait until its program runs."""
        with self._log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *UNSHARE,
                *(sys.executable, INSIDE, "start", *self._options, "--", *command),
                env=self._environment,
                stdin=terminal.line if terminal else asyncio.subprocess.DEVNULL,
                stdout=terminal.line if terminal else output,
                stderr=terminal.line if terminal else output,
            )
        started = time.monotonic()
        # Known as soon as the last exec is done: before it, the child is still our own helper.
        while self._process.returncode is None and not self._runs(command[0]):
            if time.monotonic() - started > STARTS_WITHIN_S:
                raise TimeoutError(f"nothing runs after {STARTS_WITHIN_S} s")
            await asyncio.sleep(0.02)

    def _runs(self, name: str) -> bool:
        if self._process is None:
            return False
        outer = self._process.pid
        with suppress(OSError, IndexError):  # not there yet
            self.pid = int(Path(f"/proc/{outer}/task/{outer}/children").read_text().split()[0])
            return Path(f"/proc/{self.pid}/cmdline").read_bytes().split(b"\0")[0] == name.encode()
        return False

    async def execute(self, *command: str, within_s: float = 30.0) -> tuple[int, str, float]:
        """Run one more command in it, as a health check does: (exit code, what it printed, seconds)."""
        begun = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *("nsenter", "--target", str(self.pid), "--mount", "--pid", "--ipc"),
            *(sys.executable, INSIDE, "join", *self._options, "--", *command),
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(within_s):
                output, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            raise
        return process.returncode or 0, output.decode(errors="replace").strip(), time.monotonic() - begun

    async def terminate(self, within_s: float) -> tuple[int, float]:
        """SIGTERM to its first process: (exit code, seconds until it was gone)."""
        begun = time.monotonic()
        os.kill(self.pid, signal.SIGTERM)
        return await self.wait(within_s), time.monotonic() - begun

    async def wait(self, within_s: float) -> int:
        """The exit code of its first process. Raises TimeoutError."""
        if self._process is None:
            raise RuntimeError("not started")
        async with asyncio.timeout(within_s):
            return await self._process.wait()

    async def kill(self) -> None:
        """End it and everything in it, whatever state it is in."""
        if self._process and self._process.returncode is None:
            with suppress(ProcessLookupError):
                # Process 1 takes its whole namespace along; before it is there, the helper has nothing else to end.
                os.kill(self.pid or self._process.pid, signal.SIGKILL)
            await self._process.wait()

    @property
    def inner(self) -> Path:
        """What it has mounted at /, seen from outside."""
        return Path(f"/proc/{self.pid}/root")


class Engine:
    """Stands in for Docker: runs containers of one image on one volume."""

    def __init__(self, image: Image, volume: Path, resolver: Path, log: Path) -> None:
        self.image = image
        self.volume = volume
        self.resolver = resolver
        self.log = log

    @asynccontextmanager
    async def run(
        self,
        *arguments: str,
        settings: Mapping[str, str],
        writable: bool = False,
        terminal: Terminal | None = None,
    ) -> AsyncIterator[Container]:
        """A container of the image, with the image's own command unless other arguments are given."""
        image = self.image
        options = [f"--root={image.root}", f"--volume={self.volume}", f"--user={image.user}"]
        options += [
            f"--resolver={self.resolver}",
            f"--workdir={image.workdir}",
            *(["--writable"] if writable else []),
        ]
        container = Container(options, {**image.environment, **settings}, self.log)
        try:
            await container.start(image.entrypoint + (arguments or image.command), terminal)
            yield container
        finally:
            await container.kill()

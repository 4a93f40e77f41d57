"""The recogniser as the rest of the program sees it: starts, feeds, replaces and ends engine processes."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from transcriber.clock import Clock
from transcriber.domain import DecodeOptions, EngineInfo, ModelInfo, Progress, Transcript
from transcriber.errors import CancelledByOwner, ModelRefused, Transient
from transcriber.speech import memory
from transcriber.speech.child import Child, Setup
from transcriber.speech.models import Models

log = logging.getLogger(__name__)

SPEED_OVER = 20  # the speed shown is that of the last so many recordings
FETCH_SHARE = 0.9  # of the progress of a switch; the rest is loading and trying


class Engine:
    """Implements `protocols.Engine`. Use as `async with Engine(...)`: all processes and tasks end with the block.

    `remember` is told the name of a model that has proved good, to be the `model` of the next start; `fallback`
    names models to go back to, the last good one first, when the current one does not load.
    """

    def __init__(
        self,
        models: Models,
        model: str,
        setup: Setup,
        clock: Clock,
        *,
        remember: Callable[[str], Awaitable[None]],
        fallback: Sequence[str] = (),
        available_bytes: Callable[[], int] = memory.available_bytes,
    ) -> None:
        self._models = models
        self._model = model
        self._setup = setup
        self._clock = clock
        self._remember = remember
        self._fallback = list(fallback)
        self._available_bytes = available_bytes
        self._group = asyncio.TaskGroup()
        self._child: Child | None = None  # the one that new recordings go to
        self._children: set[Child] = set()  # all that have not ended: also retired ones and guests
        self._starting = asyncio.Lock()
        self._switching = asyncio.Lock()
        self._guests = asyncio.Semaphore(1)  # one extra model in memory at a time
        self._under_way: dict[str, asyncio.Timeout] = {}
        self._speeds: dict[str, deque[tuple[float, float]]] = {}
        self._deaths = 0

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.close()
        finally:
            await self._group.__aexit__(kind, error, trace)

    async def close(self) -> None:
        """End every engine process, within about two seconds; what was running raises `EngineDied`."""
        children = tuple(self._children)
        for child in children:
            child.kill()
        for child in children:
            await child.wait()

    async def transcribe(
        self, run_id: str, path: Path, options: DecodeOptions, on_progress: Callable[[Progress], None]
    ) -> Transcript:
        """See `protocols.Engine`. Also raises `Transient` while the current model cannot be fetched."""
        with self._cancellable(run_id) as scope:
            async with scope:
                async with self._child_for(options.model) as (child, model):
                    finished, segments = await child.transcribe(path, options, on_progress)
                self._measure(model, finished.duration_s, finished.took_s)
                return Transcript(
                    segments,
                    finished.language,
                    finished.language_probability,
                    finished.duration_s,
                    model,
                    finished.took_s,
                )
        raise CancelledByOwner  # unreachable: `_cancellable` raises it; said for the type checker

    def cancel(self, run_id: str) -> None:
        """See `protocols.Engine`. No error if there is no such run."""
        if (scope := self._under_way.pop(run_id, None)) is not None:
            scope.reschedule(asyncio.get_running_loop().time())

    async def switch(self, model: str, on_progress: Callable[[float], None]) -> ModelInfo:
        """See `protocols.Engine`. What is running finishes on the old model; the new one is tried out first."""
        async with self._switching:
            name = self._models.resolve(model).name
            folder = await self._models.fetch(name, lambda part: on_progress(part * FETCH_SHARE))
            self._make_room(folder)
            child = await self._start(name, folder, trial=True)
            async with self._starting:
                old, self._child = self._child, child
                self._fallback = [self._model, *(other for other in self._fallback if other != self._model)]
                self._model = name
                if old is not None:
                    old.retire()
            await self._remember(name)
        on_progress(1.0)
        log.info("model %s in use", name)
        return next(info for info in self.models() if info.name == name)

    def models(self) -> list[ModelInfo]:
        """The catalogue, other models that are on this machine, those to go back to, and the current one."""
        return [
            replace(info, speed=self._speed(info.name))
            for info in self._models.infos(self._model, self._setup.compute_type, self._fallback)
        ]

    def info(self) -> EngineInfo:
        child = self._child if self._child is not None and self._child.alive else None
        return EngineInfo(
            model=self._model,
            loaded=child is not None,
            memory_bytes=child.memory_bytes() if child else None,
            speed=self._speed(self._model),
            deaths=self._deaths,
        )

    @property
    def pids(self) -> list[int]:
        """Process ids of all engine processes, for measuring."""
        return [child.pid for child in self._children]

    @contextmanager
    def _cancellable(self, run_id: str) -> Iterator[asyncio.Timeout]:
        """A scope that `cancel` ends, wherever the run is: waiting, fetching, loading or working."""
        scope = self._under_way[run_id] = asyncio.timeout(None)
        try:
            yield scope
        except TimeoutError as error:
            raise CancelledByOwner from error
        finally:
            if self._under_way.get(run_id) is scope:
                del self._under_way[run_id]

    @asynccontextmanager
    async def _child_for(self, wanted: str | None) -> AsyncIterator[tuple[Child, str]]:
        """The current child, or, for another model than the current one, a guest for this one run."""
        name = self._models.resolve(wanted).name if wanted else self._model
        if wanted is None or name == self._models.name_of(self._model):
            yield await self._current(), self._model
            return
        async with self._guests:
            folder = await self._models.fetch(name, lambda _: None)
            child = await self._start(name, folder, trial=False)
            try:
                yield child, name
            finally:
                child.retire()

    async def _current(self) -> Child:
        """The current child, started if there is none. One that does not load gives way to the last good model."""
        async with self._starting:
            if self._child is None or not self._child.alive:
                self._child = await self._start_current()
            return self._child

    async def _start_current(self) -> Child:
        try:
            name = self._models.resolve(self._model).name
            child = await self._start(name, await self._models.fetch(name, lambda _: None), trial=False)
        except ModelRefused as error:
            if error.key == "model_unfetched":  # most likely the network is away: the note is to wait, not to fail
                raise Transient(error.key, **error.details) from error
            return await self._fall_back(error)
        self._model = name
        return child

    async def _fall_back(self, error: ModelRefused) -> Child:
        log.warning("model %s does not load (%s)", self._model, error.key)
        for name in self._fallback:
            folder = self._models.present(name)
            if folder is None or name == self._model:
                continue
            try:
                child = await self._start(name, folder, trial=False)
            except ModelRefused as another:
                log.warning("model %s does not load (%s)", name, another.key)
                continue
            self._model = name
            await self._remember(name)
            log.warning("back to model %s", name)
            return child
        if error.key == "model_too_big":  # there may be more memory later
            raise Transient(error.key, **error.details) from error
        raise error

    async def _start(self, name: str, folder: Path, *, trial: bool) -> Child:
        """A new process with that model loaded. Raises `ModelRefused`."""
        needed = self._models.memory_bytes(folder, self._setup.compute_type)
        if needed > (available := self._available_bytes()):
            raise ModelRefused("model_too_big", model=name, need_bytes=needed, available_bytes=available)
        child = await Child.start(self._setup, self._clock)
        self._children.add(child)
        self._group.create_task(self._keep(child))
        try:
            await child.load(folder, trial=trial)
        except ModelRefused as error:
            room = {"need_bytes": needed, "available_bytes": available} if error.key == "model_too_big" else {}
            raise ModelRefused(error.key, **{**error.details, **room, "model": name}) from error
        return child

    def _make_room(self, folder: Path) -> None:
        """End the current process if it is idle and the new model does not fit beside it; it returns on demand."""
        needed = self._models.memory_bytes(folder, self._setup.compute_type)
        if self._child is not None and not self._child.busy and needed > self._available_bytes():
            self._child.kill()

    async def _keep(self, child: Child) -> None:
        """Own a child from its first word to its end."""
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(child.watch())
            try:
                await child.follow()
            finally:
                watch.cancel()
                self._children.discard(child)
                if child.was_lost:
                    self._deaths += 1
                    log.warning("engine process %s was lost (%s)", child.pid, child.ended)

    def _measure(self, model: str, duration_s: float, took_s: float) -> None:
        if took_s > 0:
            self._speeds.setdefault(model, deque(maxlen=SPEED_OVER)).append((duration_s, took_s))

    def _speed(self, model: str) -> float | None:
        recent = self._speeds.get(model, ())
        took_s = sum(took_s for _, took_s in recent)
        return sum(duration_s for duration_s, _ in recent) / took_s if took_s else None

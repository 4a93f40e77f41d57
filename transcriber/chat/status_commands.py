"""/status: one look on a phone at whether all is well."""

from __future__ import annotations

from transcriber.chat.answers import Answer
from transcriber.chat.failures import failed_lately
from transcriber.chat.headings import list_line
from transcriber.chat.ports import Jobs, KnownJobs, Status
from transcriber.chat.rich import Builder
from transcriber.chat.texts import Texts
from transcriber.clock import Clock
from transcriber.domain import Command, JobState, Lent
from transcriber.protocols import Engine, Gateway

_HOUR_S = 3600.0
_RUNNING_SHOWN = 5


class StatusCommands:
    """Gathers what every part says about itself."""

    def __init__(
        self,
        jobs: Jobs,
        known: KnownJobs,
        engine: Engine,
        gateway: Gateway,
        status: Status,
        texts: Texts,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._known = known
        self._engine = engine
        self._gateway = gateway
        self._status = status
        self._texts = texts
        self._clock = clock

    async def status(self, _command: Command, _args: tuple[str, ...]) -> Answer:
        """Connection, queue, done, last error, model, program: one short block each, the pressing ones first."""
        builder = Builder().add(self._connection() + "\n")
        await self._add_queue(builder)
        return builder.add(f"\n{await self._done()}\n{self._error()}\n{self._model()}\n{self._program()}").rich()

    def _connection(self) -> str:
        link = self._gateway.info()
        key = "status.online" if link.online else "status.offline"
        lines = [self._texts(key, since_s=link.since_s)]
        if link.last_update_at_s is not None:
            lines.append(self._texts("status.update", at_s=link.last_update_at_s))
        return "\n".join(lines)

    def _model(self) -> str:
        engine = self._engine.info()
        line = self._texts("status.model", model=engine.model, memory_bytes=engine.memory_bytes, speed=engine.speed)
        if not engine.loaded:
            line += " " + self._texts("status.unloaded")
        if engine.deaths:
            line += "\n" + self._texts("status.deaths", n=engine.deaths)
        return "\n".join([line, *(self._machine(one) for one in self._status.lent())])

    def _machine(self, one: Lent) -> str:
        doing = self._texts("status.lent_busy", n=one.runs) if one.runs else self._texts("status.lent_idle")
        if not one.ready:
            doing = self._texts("status.lent_unready")
        return self._texts("status.lent", name=one.name, n=one.threads, doing=doing)

    async def _add_queue(self, builder: Builder) -> None:
        counts = await self._jobs.counts()
        builder.add(
            self._texts(
                "status.queue",
                waiting=counts[JobState.WAITING],
                running=counts[JobState.RUNNING],
                held=counts[JobState.HELD] or None,
            )
        )
        jobs = [job for job in await self._jobs.queue(_RUNNING_SHOWN) if job.state is JobState.RUNNING]
        for job in jobs:
            builder.add("\n  ").append(list_line(job, self._texts).rich())
            if progress := self._status.progress_of(job.id):
                builder.add(" · " + self._texts("note.percent", fraction=progress.fraction))
        if failed := len(await failed_lately(self._known, self._clock.now())):
            builder.add("\n" + self._texts("status.failed", n=failed))

    async def _done(self) -> str:
        now_s = self._clock.now()
        midnight = self._texts.local(now_s).replace(hour=0, minute=0, second=0, microsecond=0)
        today = await self._jobs.done_since(midnight.timestamp())
        return self._texts("status.done", today=today, hour=await self._jobs.done_since(now_s - _HOUR_S))

    def _error(self) -> str:
        last = self._status.last_error()
        if last is None:
            return self._texts("status.no_error")
        key, at_s = last
        return self._texts("status.error", error=self._texts.failure(key), at_s=at_s)

    def _program(self) -> str:
        return self._texts(
            "status.program",
            version=self._status.version,
            uptime_s=self._status.uptime_s,
            n=self._gateway.info().reconnects or None,
        )

"""The way of one job from sound to text."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from weakref import WeakValueDictionary

from transcriber.domain import DecodeOptions, Job, Limits, Progress, Transcript
from transcriber.errors import EngineDied, OverLimit
from transcriber.protocols import Archive, Engine, Gateway
from transcriber.work.jobs import Jobs
from transcriber.work.patience import Patience
from transcriber.work.rules import DETECT, Rules
from transcriber.work.spool import Spool


class Hearing:
    """Gets each job its transcript: kept from before, known from the same file, or heard by the engine."""

    def __init__(
        self,
        jobs: Jobs,
        rules: Rules,
        engine: Engine,
        gateway: Gateway,
        archive: Archive,
        limits: Limits,
        spool: Path,
        patience: Patience,
        beam_size: int = 1,
    ) -> None:
        self._jobs = jobs
        self._rules = rules
        self._engine = engine
        self._gateway = gateway
        self._archive = archive
        self._limits = limits
        self._spool = Spool(spool)
        self._patience = patience
        self._beam_size = beam_size
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def prepare(self) -> None:
        """Delete the sound that an earlier life left. Raises `DataDirUnusable`."""
        self._spool.prepare()

    def cancel(self, job: Job) -> None:
        """Free the CPU of this job's transcription, if there is one, within a second."""
        self._engine.cancel(_run_id(job))

    async def transcript(self, job: Job, on_progress: Callable[[Progress], None]) -> tuple[Job, Transcript]:
        """The transcript and the job that keeps it; durable and archived, but of a note to be heard once, and the
        sound is deleted."""
        if job.transcript is not None:
            return job, job.transcript
        self._check_limits(job)
        options = await self._options(job)
        request_key = _request_key(options.model or self._engine.info().model, options)
        async with self._turn_for(job, request_key):
            known = await self._known(job, request_key)
            if known is not None:
                return await self._keep(job, known, options)
            with self._spool.place(job) as path:
                await self._gateway.download(job.note, path)
                heard = await self._engine.transcribe(_run_id(job), path, options, on_progress)
                return await self._keep(job, heard, options)

    def _check_limits(self, job: Job) -> None:
        """By what the sender declared, before anything is fetched."""
        if job.note.duration_s > self._limits.max_duration_s:
            raise OverLimit("too_long", limit_s=self._limits.max_duration_s)
        if job.note.size_bytes > self._limits.max_file_bytes:
            raise OverLimit("too_large", limit_bytes=self._limits.max_file_bytes)

    async def _options(self, job: Job) -> DecodeOptions:
        language = job.request.language or await self._rules.language_for(job.note)
        return DecodeOptions(
            language=None if language == DETECT else language,
            translate=job.request.translate,
            words=await self._rules.words_for(job.note),
            beam_size=self._beam_size,
            model=job.request.model,
        )

    async def _known(self, job: Job, request_key: str) -> Transcript | None:
        return await self._archive.cached(job.note.file_id, request_key) if job.note.file_id else None

    async def _keep(self, job: Job, transcript: Transcript, options: DecodeOptions) -> tuple[Job, Transcript]:
        if job.note.view_once:  # nothing of it is written down, not even until it is delivered
            return job, transcript
        # Archived first: an end in between finds it there again. Under the model that really did it.
        request_key = _request_key(transcript.model, options)
        await self._patience.stored(lambda: self._archive.put(job.note, transcript, request_key))
        return await self._patience.stored(lambda: self._jobs.keep_transcript(job, transcript)), transcript

    @asynccontextmanager
    async def _turn_for(self, job: Job, request_key: str) -> AsyncIterator[None]:
        """One at a time of the same file, so that the second finds what the first heard; and one at a time of
        those under which the engine died, so that of these only the guilty one sees it die again."""
        async with AsyncExitStack() as stack:
            if job.error == EngineDied.default_key:
                await stack.enter_async_context(self._turn("engine died"))
            if job.note.file_id:
                await stack.enter_async_context(self._turn(f"{job.note.file_id}|{request_key}"))
            yield

    def _turn(self, name: str) -> asyncio.Lock:
        return self._turns.setdefault(name, asyncio.Lock())  # gone with the last who holds it


def _request_key(model: str, options: DecodeOptions) -> str:
    """Two notes of one file with the same key have the same transcript."""
    key = f"{model}|{options.language or DETECT}|{'translate' if options.translate else 'transcribe'}"
    if not options.words:
        return key  # as before there were words: what was heard then is still good
    return f"{key}|{hashlib.blake2b(options.words.encode(), digest_size=4).hexdigest()}"


def _run_id(job: Job) -> str:
    chat_id, message_id = job.note.key
    return f"{chat_id}_{message_id}-{job.run}-{job.attempts}"

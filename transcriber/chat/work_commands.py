"""/t /queue /cancel /retry: steering the work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from transcriber.chat.answers import Answer
from transcriber.chat.failures import failed_lately, is_worth_repeating
from transcriber.chat.headings import list_line
from transcriber.chat.languages import language_code
from transcriber.chat.lookup import Lookup
from transcriber.chat.parse import (
    ALL_WORDS,
    FILE_WORDS,
    SUBTITLE_WORDS,
    TRANSLATE_WORDS,
    model_name,
    number,
    parts,
)
from transcriber.chat.ports import Jobs, KnownJobs, Status
from transcriber.chat.replies import MOST_LISTED, add_list
from transcriber.chat.rich import Builder
from transcriber.chat.texts import Texts
from transcriber.chat.waiting import Waiting
from transcriber.clock import Clock
from transcriber.domain import Command, FileFormat, Job, JobState, Note, Request, SpanKind
from transcriber.errors import Gone
from transcriber.protocols import Engine

_MOST_HELD = 10_000
_NO_WISHES = Request()


class WorkCommands:
    """Asks, shows, cancels and retries."""

    def __init__(
        self,
        jobs: Jobs,
        known: KnownJobs,
        engine: Engine,
        lookup: Lookup,
        waiting: Waiting,
        status: Status,
        texts: Texts,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._known = known
        self._engine = engine
        self._lookup = lookup
        self._waiting = waiting
        self._status = status
        self._texts = texts
        self._clock = clock

    async def transcribe(self, command: Command, args: tuple[str, ...]) -> Answer | None:
        """Have the message replied to (of an album all that has sound), or the notes of these numbers, transcribed
        now."""
        words = parts(args)
        numbers = _numbers(words)
        request = self._request([word for word in words if number(word) is None])
        if request is None or not (numbers or command.reply_to):
            return self._texts("usage.t")
        if not numbers:
            notes = await self._lookup.notes(command)
            return await self._ask(command, notes, request) if notes else self._texts("answer.no_sound")
        jobs = [await self._jobs.get(job_id) for job_id in numbers]
        if None in jobs:
            return self._texts("answer.retry_unknown", id=numbers[jobs.index(None)])
        return await self._ask(command, [job.note for job in jobs if job], request)

    async def queue(self, _command: Command, _args: tuple[str, ...]) -> Answer:
        """What runs, with percent, and what waits; what failed is counted."""
        counts = await self._jobs.counts()
        total = counts[JobState.RUNNING] + counts[JobState.WAITING]
        builder = Builder()
        if total:
            builder.add(self._texts("answer.queue", n=total), SpanKind.BOLD)
            add_list(builder, await self._jobs.queue(MOST_LISTED), self._texts, self._line, total)
        else:
            builder.add(self._texts("answer.queue_empty"))
        failed = len(await failed_lately(self._known, self._clock.now())) or None
        held = counts[JobState.HELD] or None
        if failed or held:
            builder.add("\n\n" + self._texts("answer.queue_rest", failed=failed, held=held))
        return builder.rich()

    async def cancel(self, command: Command, args: tuple[str, ...]) -> Answer:
        """Cancel these, what the message replied to is about, the only one there is, or all."""
        words = parts(args)
        if words and words[0].lower() in ALL_WORDS:
            cancelled = await self._jobs.cancel_all()
            return self._texts("answer.cancelled_all" if cancelled else "answer.queue_empty", n=cancelled)
        numbers = _numbers(words)
        if len(numbers) < len(words):
            return self._texts("usage.cancel")
        numbers = numbers or await self._meant(command)
        if not numbers:
            return self._texts("answer.cancel_unknown" if command.reply_to else "usage.cancel")
        jobs = [job for job_id in numbers if (job := await self._jobs.cancel(job_id))]
        if not jobs:
            return self._texts("answer.cancel_unknown")
        return self._texts("answer.cancelled", ids=", ".join(f"#{job.id}" for job in jobs))

    async def retry(self, command: Command, args: tuple[str, ...]) -> Answer | None:
        """Try these again, what the message replied to is about, or all that failed lately or is held."""
        words = parts(args)
        if words and words[0].lower() not in ALL_WORDS:
            numbers = _numbers(words)
            return await self._retry(numbers) if len(numbers) == len(words) else self._texts("usage.retry")
        if not words and command.reply_to is not None:
            notes = await self._lookup.notes(command)
            request = Request(on_demand=True)
            return await self._ask(command, notes, request) if notes else self._texts("answer.no_sound")
        return await self._retry_all()

    def _line(self, job: Job) -> Builder:
        """One job of the queue and how far it is."""
        progress = self._status.progress_of(job.id)
        if job.state is not JobState.RUNNING:
            state = self._texts("answer.queue_waiting")
        elif progress is None:
            state = self._texts("answer.queue_running")
        else:
            state = self._texts("note.percent", fraction=progress.fraction)
        return list_line(job, self._texts).add(f" · {state}")

    async def _retry(self, numbers: Sequence[int]) -> str:
        retried = [job for job_id in numbers if (job := await self._jobs.retry(job_id))]
        if not retried:
            return self._texts("answer.retry_unknown", id=numbers[0])
        return self._texts("answer.retried", ids=", ".join(f"#{job.id}" for job in retried))

    async def _retry_all(self) -> str:
        """Not what would fail again for certain; not what the owner cancelled."""
        failed = await failed_lately(self._known, self._clock.now())
        hopeful = [job for job in failed if is_worth_repeating(job)]
        held = await self._known.jobs((JobState.HELD,), _MOST_HELD)
        retried = sum([await self._jobs.retry(job.id) is not None for job in (*hopeful, *held)])
        key = "answer.retried_all" if retried else "answer.retry_nothing"
        return self._texts(key, n=retried, left=len(failed) - len(hopeful) or None)

    async def _ask(self, command: Command, notes: Sequence[Note], request: Request) -> Answer | None:
        for note in notes:
            await self._end_otherwise(note, request)
        return await self._waiting.answer(command, [await self._jobs.ask(note, request) for note in notes])

    async def _end_otherwise(self, note: Note, request: Request) -> None:
        """A note that is being heard in another manner than is wished for now (the owner sees that the language is
        wrong) is begun anew: left to end, it would end as it began."""
        job = await self._known.job_of(*note.key)
        if job and job.state is JobState.RUNNING and _wishes(request) not in (_wishes(job.request), _NO_WISHES):
            await self._jobs.cancel(job.id)

    async def _meant(self, command: Command) -> list[int]:
        if command.reply_to is not None:
            try:
                keys = [note.key for note in await self._lookup.notes(command)]
            except Gone:  # which may be why its work is to be stopped
                keys = [(command.chat_id, command.reply_to)]
            return [job.id for key in keys if (job := await self._known.job_of(*key))]
        jobs = await self._jobs.queue(2)
        return [jobs[0].id] if len(jobs) == 1 else []

    def _request(self, words: Sequence[str]) -> Request | None:
        """None if a word is neither a language, a model, nor one of the two options."""
        lowered = {word.lower() for word in words}
        kind = FileFormat.SRT if lowered & SUBTITLE_WORDS else FileFormat.TXT
        as_file, translate = kind if lowered & FILE_WORDS else None, bool(lowered & TRANSLATE_WORDS)
        language: str | None = None
        model_words: list[str] = []
        for word in words:
            if word.lower() in FILE_WORDS | TRANSLATE_WORDS:
                continue
            if language is None and (code := language_code(word)):
                language = code
            else:
                model_words.append(word)
        known = [model.name for model in self._engine.models()]
        model = model_name(tuple(model_words), known) if model_words else None
        if model is not None and model not in known:
            return None
        return Request(language, model, translate, as_file, on_demand=True)


def _wishes(request: Request) -> Request:
    return replace(request, on_demand=False)


def _numbers(words: Sequence[str]) -> list[int]:
    """The numbers of notes among these words, each once."""
    return list(dict.fromkeys(found for word in words if (found := number(word)) is not None))

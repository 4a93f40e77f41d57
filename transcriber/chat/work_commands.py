"""/t /queue /cancel /retry: steering the work."""

from __future__ import annotations

from transcriber.chat.answers import Answer
from transcriber.chat.headings import list_line
from transcriber.chat.languages import language_code
from transcriber.chat.lookup import Lookup
from transcriber.chat.parse import ALL_WORDS, FILE_WORDS, SUBTITLE_WORDS, TRANSLATE_WORDS, model_name, number
from transcriber.chat.ports import Jobs, KnownJobs, Status
from transcriber.chat.replies import MOST_LISTED, add_list
from transcriber.chat.rich import Builder
from transcriber.chat.texts import Texts
from transcriber.domain import Command, FileFormat, Job, JobState, Note, Request, SpanKind
from transcriber.protocols import Engine


class WorkCommands:
    """Asks, shows, cancels and retries."""

    def __init__(
        self, jobs: Jobs, known: KnownJobs, engine: Engine, lookup: Lookup, status: Status, texts: Texts
    ) -> None:
        self._jobs = jobs
        self._known = known
        self._engine = engine
        self._lookup = lookup
        self._status = status
        self._texts = texts

    async def transcribe(self, command: Command, args: tuple[str, ...]) -> Answer:
        """Have the message replied to, or the note of that number, transcribed now."""
        job_id = number(args[0]) if args else None
        request = self._request(args[1:] if job_id is not None else args)
        if request is None or (job_id is None and command.reply_to is None):
            return self._texts("usage.t")
        note = await self._note(command, job_id)
        if note is None:
            return self._texts("answer.no_sound" if job_id is None else "answer.retry_unknown", id=job_id)
        return await self._ask(note, request)

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
        failed, held = counts[JobState.FAILED] or None, counts[JobState.HELD] or None
        if failed or held:
            builder.add("\n\n" + self._texts("answer.queue_rest", failed=failed, held=held))
        return builder.rich()

    async def cancel(self, command: Command, args: tuple[str, ...]) -> Answer:
        """Cancel one, the one replied to, the only one there is, or all."""
        if args and args[0].lower() in ALL_WORDS:
            return self._texts("answer.cancelled_all", n=await self._jobs.cancel_all())
        job_id = number(args[0]) if args else await self._meant(command)
        if job_id is None:
            return self._texts("usage.cancel")
        job = await self._jobs.cancel(job_id)
        return self._texts("answer.cancelled", id=job.id) if job else self._texts("answer.cancel_unknown")

    async def retry(self, command: Command, args: tuple[str, ...]) -> Answer:
        """Try one again, the one replied to, or all that failed or is held."""
        if args and args[0].lower() not in ALL_WORDS:
            return await self._retry_one(number(args[0]))
        if not args and command.reply_to is not None:
            note = await self._lookup.note(command)
            return await self._ask(note, Request(on_demand=True)) if note else self._texts("answer.no_sound")
        retried = await self._jobs.retry_all()
        return self._texts("answer.retried_all", n=retried) if retried else self._texts("answer.retry_nothing")

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

    async def _retry_one(self, job_id: int | None) -> str:
        if job_id is None:
            return self._texts("usage.retry")
        job = await self._jobs.retry(job_id)
        return self._texts("answer.retried" if job else "answer.retry_unknown", id=job_id)

    async def _ask(self, note: Note, request: Request) -> str:
        job = await self._jobs.ask(note, request)
        ahead = await self._jobs.position(job) - 1
        return self._texts("answer.taken", id=job.id, n=ahead if ahead > 0 else None)

    async def _note(self, command: Command, job_id: int | None) -> Note | None:
        if job_id is not None:
            job = await self._jobs.get(job_id)
            return job.note if job else None
        return await self._lookup.note(command)

    async def _meant(self, command: Command) -> int | None:
        if command.reply_to is not None:
            job = await self._known.job_of(command.chat_id, command.reply_to)
            return job.id if job else None
        jobs = await self._jobs.queue(2)
        return jobs[0].id if len(jobs) == 1 else None

    def _request(self, args: tuple[str, ...]) -> Request | None:
        """None if a word is neither a language, a model, nor one of the two options."""
        lowered = {arg.lower() for arg in args}
        kind = FileFormat.SRT if lowered & SUBTITLE_WORDS else FileFormat.TXT
        as_file, translate = kind if lowered & FILE_WORDS else None, bool(lowered & TRANSLATE_WORDS)
        language: str | None = None
        model_words: list[str] = []
        for arg in args:
            if arg.lower() in FILE_WORDS | TRANSLATE_WORDS:
                continue
            if language is None and (code := language_code(arg)):
                language = code
            else:
                model_words.append(arg)
        known = [model.name for model in self._engine.models()]
        model = model_name(tuple(model_words), known) if model_words else None
        if model is not None and model not in known:
            return None
        return Request(language, model, translate, as_file, on_demand=True)

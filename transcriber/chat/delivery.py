"""Brings results to where the owner wants them, each exactly once; everything else goes to the owner alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from transcriber.chat import replies
from transcriber.chat.cards import Cards, is_said
from transcriber.chat.once import random_id, send
from transcriber.chat.pace import Pace
from transcriber.chat.saved import Saved, SentLog, key
from transcriber.chat.texts import Texts
from transcriber.clock import Clock
from transcriber.domain import PLACE, Delivery, Job, Note, Progress, Rich, Sent, Transcript
from transcriber.errors import FloodWait, Gone, Refused, SlowMode, StenogramError, Transient
from transcriber.protocols import Gateway

log = logging.getLogger(__name__)


class Rules(Protocol):
    """Knows where the owner wants a note's transcript."""

    async def delivery_for(self, note: Note) -> Delivery: ...


@dataclass(frozen=True, slots=True)
class _Shown:
    """The progress of one job as this process last showed it."""

    delivery: Delivery
    at_s: float = float("-inf")  # monotonic
    unwanted: bool = False  # the owner deleted it


class TranscriptDelivery:
    """`progress` is best effort and never raises what Telegram or the store raise; the others raise
    `Transient`, to be called again later, and may be: what was sent is not sent again."""

    def __init__(
        self, gateway: Gateway, sent_log: SentLog, rules: Rules, cards: Cards, texts: Texts, clock: Clock
    ) -> None:
        self._gateway = gateway
        self._sent_log = sent_log
        self._rules = rules
        self._texts = texts
        self._clock = clock
        self._pace = Pace(clock)
        self._saved = Saved(gateway, sent_log, cards, texts, clock, self._pace)
        self._shown: dict[tuple[int, int, int], _Shown] = {}

    async def progress(self, job: Job, progress: Progress) -> None:
        """Show how far a job is, at the pace there is now: "typing…" in `reply` chats, a message to the owner in
        `private` ones, nothing where the result becomes a caption."""
        shown = self._shown.get(key(job))
        if not self._pace.is_due(shown.at_s if shown else float("-inf")):
            return
        try:
            if shown is None:
                shown = _Shown(await self._delivery(job))
            self._shown[key(job)] = shown = replace(shown, at_s=self._clock.monotonic())
            with self._noting_floods():
                await self._show(job, shown, progress)
        except (Transient, Refused) as error:
            log.debug("progress of job %s not shown: %s", job.id, error.key)

    async def deliver(self, job: Job, transcript: Transcript) -> Job:
        """Send what is not sent yet; returns the job with everything sent recorded in it."""
        with self._noting_floods():
            job = await self._deliver(job, transcript)
        self._let_go(job)
        return job

    async def failed(self, job: Job, error: StenogramError) -> None:
        """Tell the owner, and nobody else, why there is no transcript. Of a note that is gone only where progress
        may be showing, which would stand there for ever: nobody asks what became of what was deleted."""
        text = replies.failed_message(job, error, self._texts)
        if isinstance(error, Gone) and not self._saved.was_shown(job):
            log.debug("job %s is gone before anything of it was shown", job.id)
        elif is_said(job) or await self._delivery(job) is not Delivery.PRIVATE:  # the first part stays as it is
            await self._saved.add(job, text, "failed")
        else:
            await self._saved.say(job, text, PLACE)
        self._let_go(job)

    async def cancelled(self, job: Job) -> None:
        """Turn the progress that the owner may be looking at into the word that it was cancelled."""
        maybe_shown = not is_said(job) and self._saved.was_shown(job)
        if maybe_shown and await self._delivery(job) is Delivery.PRIVATE:
            await self._saved.take_back(job, replies.cancelled_message(job, self._texts))
        self._let_go(job)

    async def held(self, jobs: Sequence[Job]) -> None:
        """Tell the owner in one message which notes were too old to be transcribed unasked."""
        if not jobs:
            return
        me = self._gateway.me.id
        last = jobs[-1].note
        number = random_id(me, last.chat_id, last.message_id, "held", part=len(jobs))
        await self._gateway.send_text(me, replies.held_message(jobs, self._texts), random_id=number)

    async def _deliver(self, job: Job, transcript: Transcript) -> Job:
        delivery = await self._delivery(job)
        if delivery is Delivery.CAPTION and not is_said(job):
            captioned = await self._caption(job, transcript)
            delivery, job = (delivery, captioned) if captioned else (Delivery.PRIVATE, job)
        if delivery is Delivery.REPLY:
            replied = await self._reply(job, transcript)
            delivery, job = (delivery, replied) if replied else (Delivery.PRIVATE, job)
        if delivery is Delivery.PRIVATE:
            job = await self._private(job, transcript)
        return job

    async def _delivery(self, job: Job) -> Delivery:
        # What was begun stays where it is, though the owner may have changed the rule since.
        shown = self._shown.get(key(job))
        return job.delivery or (shown.delivery if shown else await self._rules.delivery_for(job.note))

    @contextmanager
    def _noting_floods(self) -> Iterator[None]:
        """Telegram asks the account as a whole to wait: whichever call it refuses, progress keeps silent."""
        try:
            yield
        except SlowMode:
            raise
        except FloodWait as flood:
            self._pace.flooded(flood.seconds)
            raise

    async def _show(self, job: Job, shown: _Shown, progress: Progress) -> None:
        if shown.delivery is Delivery.REPLY:
            await self._gateway.typing(job.note.chat_id)
        if shown.delivery is not Delivery.PRIVATE or shown.unwanted:
            return
        try:
            await self._saved.show(job, replies.progress_message(job, progress, self._texts))
        except Gone:
            self._shown[key(job)] = replace(shown, unwanted=True)

    async def _caption(self, job: Job, transcript: Transcript) -> Job | None:
        """The job with its caption recorded; None where a caption cannot be had.

        Only notes recorded on the spot: a video of one's own may have a caption that must not be lost."""
        text, note = replies.caption(transcript), job.note
        if text is None or not note.outgoing or not note.kind.is_note:
            return None
        try:
            await self._gateway.edit_text(note.chat_id, note.message_id, text)
        except Refused:  # a forwarded note, one too old to edit, one that is gone
            return None
        sent = Sent(0, note.chat_id, note.message_id)
        return await self._sent_log.record_sent(job, Delivery.CAPTION, sent)

    async def _reply(self, job: Job, transcript: Transcript) -> Job | None:
        """The job with its replies recorded; None if there is nothing to say there, or the chat takes none (note
        deleted, no right to write there) and nothing was sent yet."""
        note, parts = job.note, replies.bare_parts(job, transcript, self._texts)
        if not parts:
            return None
        for number, part in enumerate(parts):
            if number in {sent.part for sent in job.sent}:
                continue
            once = random_id(self._gateway.me.id, *note.key, Delivery.REPLY, run=job.run, part=number)
            try:
                message_id = await send(self._gateway, note.chat_id, part, once, note.message_id)
            except Refused:
                if is_said(job):
                    raise
                return None
            job = await self._sent_log.record_sent(job, Delivery.REPLY, Sent(number, note.chat_id, message_id))
        return job

    async def _private(self, job: Job, transcript: Transcript) -> Job:
        me = self._gateway.me.id
        parts = replies.private_parts(job, transcript, self._texts)
        for number, part in enumerate(parts):
            if number in {sent.part for sent in job.sent}:
                continue
            if number == 0 and isinstance(part, Rich):
                job = await self._saved.say(job, part, number, joins=len(parts) == 1)
            else:
                message_id = await self._saved.add(job, part, Delivery.PRIVATE, number)
                job = await self._sent_log.record_sent(job, Delivery.PRIVATE, Sent(number, me, message_id))
        return job

    def _let_go(self, job: Job) -> None:
        self._shown.pop(key(job), None)
        self._saved.let_go(job)

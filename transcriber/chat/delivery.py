"""Brings results to where the owner wants them, each exactly once; everything else goes to the owner alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from transcriber.chat import replies
from transcriber.chat.once import random_id
from transcriber.chat.replies import FilePart, Part
from transcriber.chat.texts import Texts
from transcriber.clock import Clock
from transcriber.domain import ChatKind, Delivery, Job, Note, Progress, Rich, Sent, Transcript
from transcriber.errors import FloodWait, Gone, Refused, StenogramError, Transient
from transcriber.protocols import Gateway

log = logging.getLogger(__name__)

EDIT_EVERY_S = 3.0


class SentLog(Protocol):
    """Remembers what was sent, durably, before the next part goes out."""

    async def record_sent(self, job: Job, delivery: Delivery, sent: Sent) -> Job: ...


class Rules(Protocol):
    """Knows where the owner wants a note's transcript."""

    async def delivery_for(self, note: Note) -> Delivery: ...


@dataclass(frozen=True, slots=True)
class _Shown:
    """The progress of one job as this process last showed it."""

    delivery: Delivery
    message_id: int | None = None  # None: not shown, or shown without an answer from Telegram
    at_s: float = float("-inf")  # monotonic
    unwanted: bool = False  # the owner deleted it


class TranscriptDelivery:
    """`progress` is best effort and never raises what Telegram or the store raise; the others raise
    `Transient`, to be called again later, and may be: what was sent is not sent again."""

    def __init__(self, gateway: Gateway, sent_log: SentLog, rules: Rules, texts: Texts, clock: Clock) -> None:
        self._gateway = gateway
        self._sent_log = sent_log
        self._rules = rules
        self._texts = texts
        self._clock = clock
        self._shown: dict[tuple[int, int, int], _Shown] = {}
        self._quiet_until_s = float("-inf")  # monotonic; Telegram asked for it

    async def progress(self, job: Job, progress: Progress) -> None:
        """Show how far a job is, at most every 3 s: "typing…" in `reply` chats, a message to the owner in
        `private` ones, nothing where the result becomes a caption."""
        now_s = self._clock.monotonic()
        shown = self._shown.get(_key(job))
        too_soon = shown is not None and now_s - shown.at_s < EDIT_EVERY_S
        if too_soon or now_s < self._quiet_until_s:
            return
        try:
            if shown is None:
                shown = _Shown(await self._delivery(job))
            self._shown[_key(job)] = shown = replace(shown, at_s=now_s)
            with self._noting_floods():
                await self._show(job, shown, progress)
        except (Transient, Refused) as error:
            log.debug("progress of job %s not shown: %s", job.id, error.key)

    async def deliver(self, job: Job, transcript: Transcript) -> Job:
        """Send what is not sent yet; returns the job with everything sent recorded in it."""
        with self._noting_floods():
            job = await self._deliver(job, transcript)
        self._shown.pop(_key(job), None)
        return job

    async def failed(self, job: Job, error: StenogramError) -> None:
        """Tell the owner, and nobody else, why there is no transcript. Of a note that is gone only where progress
        may be showing, which would stand there for ever: nobody asks what became of what was deleted."""
        text = replies.failed_message(job, error, self._texts)
        if isinstance(error, Gone) and not self._maybe_shown(job):
            log.debug("job %s is gone before anything of it was shown", job.id)
        elif job.sent:  # the first part of the text is there and stays
            await self._send(self._gateway.me.id, text, self._number(job, "failed", 0))
        else:
            await self._settle(job, text)
        self._shown.pop(_key(job), None)

    async def cancelled(self, job: Job) -> None:
        """Turn the progress that the owner may be looking at into the word that it was cancelled."""
        if not job.sent and self._maybe_shown(job) and await self._delivery(job) is Delivery.PRIVATE:
            await self._settle(job, replies.cancelled_message(job, self._texts))
        self._shown.pop(_key(job), None)

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
        if delivery is Delivery.CAPTION and not job.sent:
            captioned = await self._caption(job, transcript)
            delivery, job = (delivery, captioned) if captioned else (Delivery.PRIVATE, job)
        if delivery is Delivery.REPLY:
            replied = await self._reply(job, transcript) if transcript.text else None
            delivery, job = (delivery, replied) if replied else (Delivery.PRIVATE, job)
        if delivery is Delivery.PRIVATE:
            job = await self._private(job, transcript)
        return job

    async def _delivery(self, job: Job) -> Delivery:
        # What was begun stays where it is, though the owner may have changed the rule since.
        shown = self._shown.get(_key(job))
        return job.delivery or (shown.delivery if shown else await self._rules.delivery_for(job.note))

    @contextmanager
    def _noting_floods(self) -> Iterator[None]:
        """Telegram asks the account as a whole to wait: whichever call it refuses, progress keeps silent."""
        try:
            yield
        except FloodWait as flood:
            self._quiet_until_s = self._clock.monotonic() + flood.seconds
            raise

    async def _show(self, job: Job, shown: _Shown, progress: Progress) -> None:
        if shown.delivery is Delivery.REPLY:
            await self._gateway.typing(job.note.chat_id)
        if shown.delivery is not Delivery.PRIVATE or shown.unwanted:
            return
        text = replies.progress_message(job, progress, self._texts)
        if shown.message_id is None:
            message_id = await self._send_private(job, 0, text)
            self._shown[_key(job)] = replace(shown, message_id=message_id)
            return
        try:
            await self._gateway.edit_text(self._gateway.me.id, shown.message_id, text)
        except Gone:
            self._shown[_key(job)] = replace(shown, unwanted=True)

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
        """The job with its replies recorded; None if the chat takes none (note deleted, no right to
        write there) and nothing was sent yet."""
        note = job.note
        for number, part in enumerate(replies.bare_parts(job, transcript, self._texts)):
            if number in {sent.part for sent in job.sent}:
                continue
            try:
                message_id = await self._send(
                    note.chat_id, part, self._number(job, Delivery.REPLY, number), reply_to=note.message_id
                )
            except Refused:
                if job.sent:
                    raise
                return None
            job = await self._sent_log.record_sent(job, Delivery.REPLY, Sent(number, note.chat_id, message_id))
        return job

    async def _private(self, job: Job, transcript: Transcript) -> Job:
        me = self._gateway.me.id
        for number, part in enumerate(replies.private_parts(job, transcript, self._texts)):
            if number in {sent.part for sent in job.sent}:
                continue
            if number == 0 and isinstance(part, Rich):
                message_id = await self._settle(job, part)
            else:
                message_id = await self._send_private(job, number, part)
            job = await self._sent_log.record_sent(job, Delivery.PRIVATE, Sent(number, me, message_id))
        return job

    def _maybe_shown(self, job: Job) -> bool:
        # In an earlier life of the program (attempts) or in this one, with or without an answer from Telegram.
        shown = self._shown.get(_key(job))
        return job.attempts > 1 or (shown is not None and shown.delivery is Delivery.PRIVATE)

    async def _settle(self, job: Job, text: Rich) -> int:
        """Make the one private message of this job say `text`, whether it is there already or not; its id."""
        shown = self._shown.get(_key(job))
        message_id = shown.message_id if shown else None
        try:
            if message_id is None:
                message_id = await self._send_private(job, 0, text)
                if not self._maybe_shown(job):
                    return message_id
            # What was sent may be the progress: a repeat does not change what Telegram has.
            await self._gateway.edit_text(self._gateway.me.id, message_id, text)
            return message_id
        except Gone:  # the owner deleted the progress; the result is another matter
            return await self._send(self._gateway.me.id, text, self._number(job, "private-again", 0))

    async def _send_private(self, job: Job, number: int, part: Part) -> int:
        # In Saved Messages the first message answers the note; elsewhere its heading links to it.
        answers = number == 0 and job.note.chat_kind is ChatKind.SAVED
        reply_to = job.note.message_id if answers else None
        return await self._send(
            self._gateway.me.id, part, self._number(job, Delivery.PRIVATE, number), reply_to=reply_to
        )

    async def _send(self, chat_id: int, part: Part, number: int, *, reply_to: int | None = None) -> int:
        if isinstance(part, FilePart):
            return await self._gateway.send_file(
                chat_id, part.name, part.content, part.caption, random_id=number, reply_to=reply_to
            )
        return await self._gateway.send_text(chat_id, part, random_id=number, reply_to=reply_to)

    def _number(self, job: Job, purpose: str, part: int) -> int:
        return random_id(self._gateway.me.id, *job.note.key, purpose, run=job.run, part=part)


def _key(job: Job) -> tuple[int, int, int]:
    # Not the job's own number: a store that was emptied counts from 1 again, and another note gets it.
    return *job.note.key, job.run

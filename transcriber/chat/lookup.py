"""From a message that the owner points at to the notes it is about."""

from __future__ import annotations

from transcriber.chat.parse import mentioned
from transcriber.chat.ports import KnownJobs, Telegram
from transcriber.domain import ChatKind, Command, Job, Note
from transcriber.errors import Refused

MOST_MENTIONED = 5  # by one message of ours; a list is not meant as a whole


class Lookup:
    """Reads only."""

    def __init__(self, known: KnownJobs, gateway: Telegram) -> None:
        self._known = known
        self._gateway = gateway

    async def is_ours(self, command: Command) -> bool:
        """Whether this "command" is a transcript that we sent as a reply: after a downtime Telegram hands us our
        own messages back, and what was said must never become a command."""
        if command.reply_to is None:
            return False
        job = await self._known.job_of(command.chat_id, command.reply_to)
        return job is not None and _was_sent(job, command.chat_id, command.message_id)

    async def notes(self, command: Command) -> list[Note]:
        """The note replied to, with its album; else those that a message of ours is about: progress, a failure, a
        transcript, an answer. Empty: neither. Raises `Gone`, and `Refused` (`several`) for a long list."""
        if command.reply_to is None:
            return []
        pointed = await self._gateway.pointed(command.chat_id, command.reply_to)
        if pointed.notes or not pointed.text:
            return list(pointed.notes)
        if command.chat_kind is ChatKind.SAVED and (numbers := mentioned(pointed.text)):
            return await self._numbered(numbers)
        if pointed.reply_to is None:
            return []
        # A transcript that was sent as a reply has no number: what it answers is the note.
        answered = await self._gateway.note(command.chat_id, pointed.reply_to)
        return [answered] if answered else []

    async def _numbered(self, numbers: list[int]) -> list[Note]:
        if len(numbers) > MOST_MENTIONED:
            raise Refused("several", n=len(numbers), id=numbers[0])
        jobs = [await self._known.job(number) for number in numbers]
        return [job.note for job in jobs if job]


def _was_sent(job: Job, chat_id: int, message_id: int) -> bool:
    return any((sent.chat_id, sent.message_id) == (chat_id, message_id) for sent in job.sent)

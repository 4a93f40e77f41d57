"""From a message that the owner points at to the note it is about."""

from __future__ import annotations

from transcriber.chat.ports import KnownJobs
from transcriber.domain import ChatKind, Command, Job, JobState, Note
from transcriber.protocols import Gateway

_SEARCHED = 2000  # the newest results; older ones have their number in the first line


class Lookup:
    """Reads only."""

    def __init__(self, known: KnownJobs, gateway: Gateway) -> None:
        self._known = known
        self._gateway = gateway

    async def is_ours(self, command: Command) -> bool:
        """Whether this "command" is a transcript that we sent as a reply: after a downtime Telegram hands us our
        own messages back, and what was said must never become a command."""
        if command.reply_to is None:
            return False
        job = await self._known.job_of(command.chat_id, command.reply_to)
        return job is not None and _was_sent(job, command.chat_id, command.message_id)

    async def note(self, command: Command) -> Note | None:
        """The note replied to, or the one whose result in Saved Messages was replied to; None: neither."""
        if command.reply_to is None:
            return None
        note = await self._gateway.note(command.chat_id, command.reply_to)
        if note is not None or command.chat_kind is not ChatKind.SAVED:
            return note
        for job in await self._known.jobs((JobState.DONE,), _SEARCHED):
            if _was_sent(job, command.chat_id, command.reply_to):
                return job.note
        return None


def _was_sent(job: Job, chat_id: int, message_id: int) -> bool:
    return any((sent.chat_id, sent.message_id) == (chat_id, message_id) for sent in job.sent)

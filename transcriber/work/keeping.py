"""How long what was said is kept: for ever, unless the owner says otherwise; and how it is forgotten."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NoReturn

from transcriber.clock import Clock
from transcriber.domain import Note
from transcriber.errors import StoreUnavailable
from transcriber.protocols import Archive, Store
from transcriber.work.jobs import Jobs

log = logging.getLogger(__name__)

KEEP_KEY = "keep.days"
DAY_S = 86_400.0
AGAIN_S = 600.0  # after the store did not answer


class Keeping:
    """Forgets what the owner names, and once a day what is older than the owner wants it kept."""

    def __init__(self, store: Store, archive: Archive, jobs: Jobs, clock: Clock) -> None:
        self._store = store
        self._archive = archive
        self._jobs = jobs
        self._clock = clock

    async def forget(
        self, *, chat_id: int | None = None, message_id: int | None = None, before_s: float | None = None
    ) -> tuple[int, int]:
        """Forget the notes of one chat, one note, those sent before that time, or all: of how many the transcript is
        gone, and how many are in the queue and keep theirs until it is delivered."""

        def covers(note: Note) -> bool:
            return (
                chat_id in (None, note.chat_id)
                and message_id in (None, note.message_id)
                and (before_s is None or note.sent_at_s < before_s)
            )

        left = await self._jobs.forget(covers)
        forgotten = await self._archive.forget(chat_id=chat_id, message_id=message_id, before_s=before_s)
        return forgotten, left

    async def days(self) -> int | None:
        """How many days what was said is kept; None: for ever."""
        stored = await self._store.get(KEEP_KEY)
        return None if stored is None else int(stored)

    async def older_than(self, days: int) -> int:
        """How many notes with a transcript were sent earlier than that many days ago."""
        return await self._archive.count(before_s=self._ago_s(days))

    async def keep(self, days: int | None) -> int:
        """Keep it only so long from now on, None: for ever. Returns of how many notes it was forgotten at once."""
        await self._store.set(KEEP_KEY, None if days is None else str(days))
        return await self._forget_old()

    async def run(self, ready: Callable[[], Awaitable[object]]) -> NoReturn:
        """Finish what was being forgotten when the program ended. Then forget what is too old, now and once a day.
        `ready` returns when the time is known to be right: a clock years ahead would cost the whole archive."""
        with suppress(StoreUnavailable):
            await self._archive.finish_forgetting()
        await ready()
        while True:
            pause_s = AGAIN_S
            with suppress(StoreUnavailable):
                if count := await self._forget_old():
                    log.info("forgot %d transcripts that were older than they are to be kept", count)
                pause_s = DAY_S
            await self._clock.sleep(pause_s)

    async def _forget_old(self) -> int:
        days = await self.days()
        if days is None or not await self.older_than(days):
            return 0
        forgotten, _ = await self.forget(before_s=self._ago_s(days))
        return forgotten

    def _ago_s(self, days: int) -> float:
        return self._clock.now() - days * DAY_S

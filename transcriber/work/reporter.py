"""How far a job is, told while it runs."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Protocol

from transcriber.clock import Clock
from transcriber.domain import Job, Progress
from transcriber.errors import FloodWait, Refused, Transient

log = logging.getLogger(__name__)

FIRST_AFTER_S = 2.0
EVERY_S = 3.0
TELLING_FRACTION, TELLING_S = 0.1, 1.0  # before that much, the speed so far says little about the rest


class Shows(Protocol):
    """Lets the owner see progress."""

    async def progress(self, job: Job, progress: Progress) -> None: ...


class Reporter:
    """Shows the progress of one job after 2 s of work and then at most every 3 s. That it cannot be shown never
    fails the job, and once `stop` has returned nothing is shown any more: the final text has the last word."""

    def __init__(self, shows: Shows, clock: Clock, job: Job) -> None:
        self._shows = shows
        self._clock = clock
        self._job = job
        self._latest = Progress(0.0, job.note.duration_s, "")
        self._began_s: float | None = None  # monotonic; the engine's first word of this recording, as it goes now
        self._heard = [(0.0, 0.0)]  # after how long how much of the sound was done; nothing of it, at first
        self._expected_s: float | None = None
        self._speaking = asyncio.Lock()
        self._stopped = False

    def heard(self, progress: Progress) -> None:
        """Take the engine's word; cheap."""
        if self._began_s is None or progress.done_s < self._latest.done_s:  # begun anew, at another place
            self._began_s = self._clock.monotonic()
            self._heard, self._expected_s = [(0.0, 0.0)], None
        elapsed_s = self._clock.monotonic() - self._began_s
        if progress.done_s == 0:  # decoding, looking for speech: no measure of what comes then
            self._heard = [(elapsed_s, 0.0)]
        elif progress.done_s != self._latest.done_s:  # in between it is at work on what will move it next
            self._heard.append((elapsed_s, progress.done_s))
            self._expected_s = _expected_s(self._heard, progress)
        self._latest = progress

    async def run(self) -> None:
        """Show it until stopped; repeats what has not changed, because "typing…" fades."""
        wait_s = FIRST_AFTER_S
        while True:
            await self._clock.sleep(wait_s)
            async with self._speaking:
                if self._stopped:
                    return
                wait_s = await self._show()

    async def stop(self) -> None:
        """Wait for the call under way, if there is one, and be silent from now on."""
        async with self._speaking:
            self._stopped = True

    async def _show(self) -> float:
        """Show it once; returns after how many seconds to do so again. Of a file that nobody asked for only when
        words were heard in it: whatever is shown must be ended with something."""
        if self._job.is_quiet and not self._latest.text:
            return EVERY_S
        try:
            await self._shows.progress(self._job, self._now())
        except FloodWait as flood:
            return max(EVERY_S, flood.seconds)
        except (Transient, Refused) as error:
            log.debug("progress of job %s not shown: %s", self._job.id, error.key)
        return EVERY_S

    def _now(self) -> Progress:
        elapsed_s = 0.0 if self._began_s is None else self._clock.monotonic() - self._began_s
        # What took longer than it should have has shown the guess to be none.
        expected_s = self._expected_s if self._expected_s and self._expected_s > elapsed_s else None
        return replace(self._latest, elapsed_s=elapsed_s, expected_s=expected_s)


def _expected_s(heard: list[tuple[float, float]], progress: Progress) -> float | None:
    """How long the whole takes if it goes on as in the latter half of what was heard: recordings that took turns with
    it earlier may have ended since. None while that says little."""
    (began_s, _), (elapsed_s, done_s) = heard[0], heard[-1]
    if progress.fraction < TELLING_FRACTION or elapsed_s - began_s < TELLING_S:
        return None
    half_s, half_done_s = [one for one in heard[:-1] if one[1] <= done_s / 2][-1]
    return elapsed_s + (progress.duration_s - done_s) * (elapsed_s - half_s) / (done_s - half_done_s)

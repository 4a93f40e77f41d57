"""One recording that was lent to us: its sound comes piece by piece, its words go back, and nothing of it stays."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from transcriber.clock import Clock
from transcriber.domain import DecodeOptions, Progress, Transcript
from transcriber.errors import DataDirUnusable, EngineDied, ModelRefused, Refused, StenogramError, Transient
from transcriber.lending.messages import Done, Failed, Lend, Message, Moved, Piece, Want
from transcriber.protocols import Engine

log = logging.getLogger(__name__)

AGAIN_S, LONGEST_AGAIN_S = 5.0, 40.0  # not answered for so long: said again; longer where that was too soon
MOVED_EVERY_S = 1.0


class Loan:
    """What is asked for and what is answered is said again until the other side has heard it: see `again`."""

    def __init__(
        self,
        me: str,
        lend: Lend,
        engine: Engine,
        model: str,
        path: Path,
        clock: Clock,
        say: Callable[[Message], None],
    ) -> None:
        self._me = me
        self._lend = lend
        self._engine = engine
        self._model = model  # its name on this machine
        self._path = path
        self._clock = clock
        self._say = say
        self._unanswered: Message | None = None
        self._said_at_s = 0.0
        self._patience_s = AGAIN_S  # only ever grows: a slow link has to carry all that is asked for twice
        self._moved_at_s = float("-inf")
        self._pieces: asyncio.Queue[Piece] = asyncio.Queue()

    async def run(self) -> None:
        """Hear it and answer; the sound is gone when this returns, however it ends."""
        began_s = self._clock.monotonic()
        answer = await self._answer()
        log.info("%6.1fs %s run %s", self._clock.monotonic() - began_s, _outcome(answer), self._lend.run)
        self._ask(answer)

    def take(self, piece: Piece) -> None:
        """Some of the sound has come."""
        self._pieces.put_nowait(piece)

    def again(self) -> None:
        """Say again what may have been lost."""
        if self._unanswered is not None and self._clock.monotonic() - self._said_at_s >= self._patience_s:
            self._patience_s = min(LONGEST_AGAIN_S, 2 * self._patience_s)
            self._ask(self._unanswered)

    def _ask(self, message: Message) -> None:
        self._unanswered, self._said_at_s = message, self._clock.monotonic()
        self._say(message)

    async def _answer(self) -> Done | Failed:
        try:
            with self._sound():
                await self._fetch()
                return self._done(await self._hear())
        except (ModelRefused, Transient, DataDirUnusable) as error:
            # A death may be the recording's doing; everything else is ours alone.
            return self._failed(error, type(error).__name__ if isinstance(error, EngineDied) else "")
        except Refused as error:
            return self._failed(error, type(error).__name__)

    @contextmanager
    def _sound(self) -> Iterator[None]:
        try:
            self._path.touch(mode=0o600)
            yield
        except OSError as error:
            raise DataDirUnusable(reason=error.strerror) from error
        finally:
            self._path.unlink(missing_ok=True)

    async def _fetch(self) -> None:
        have_bytes = 0
        while have_bytes < self._lend.size_bytes:
            self._ask(Want(self._me, self._lend.run, have_bytes))
            while (piece := await self._pieces.get()).offset != have_bytes:
                pass  # asked for twice, come twice
            if not piece.sound:
                raise Transient("truncated")
            have_bytes += _append(self._path, piece.sound)
        self._unanswered = None

    async def _hear(self) -> Transcript:
        lend = self._lend
        options = DecodeOptions(lend.language, lend.translate, lend.words, lend.beam_size)
        transcript = await self._engine.transcribe(lend.run, self._path, options, self._progressed)
        if transcript.model != self._model:  # it fell back to another one
            raise Transient("model_broken")
        return transcript

    def _progressed(self, progress: Progress) -> None:
        now_s = self._clock.monotonic()
        if now_s - self._moved_at_s >= MOVED_EVERY_S:
            self._moved_at_s = now_s
            self._say(Moved(self._me, self._lend.run, progress.done_s, progress.duration_s, progress.text))

    def _done(self, transcript: Transcript) -> Done:
        return Done(
            self._me,
            self._lend.run,
            tuple((one.start_s, one.end_s, one.text) for one in transcript.segments),
            transcript.language,
            transcript.language_probability,
            transcript.duration_s,
            transcript.took_s,
        )

    def _failed(self, error: StenogramError, kind: str) -> Failed:
        details = {name: v if isinstance(v, int | float) else str(v) for name, v in error.details.items()}
        return Failed(self._me, self._lend.run, kind, error.key, details if kind else {})


def _append(path: Path, sound: bytes) -> int:
    with path.open("ab") as file:
        return file.write(sound)


def _outcome(answer: Done | Failed) -> str:
    return "done" if isinstance(answer, Done) else f"failed ({answer.key})"

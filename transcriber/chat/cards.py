"""Which card a note's words may join: from what this process knows, else from what is stored.

Nothing is kept about cards but where each job's words stand (`place_of`): a card is all the jobs of one message, and
can be put together again at any time from the queue and the archive.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

from transcriber.chat import replies
from transcriber.chat.card import REACH_S, Card, Piece, in_row_with, same_voice, shares
from transcriber.chat.ports import KnownJobs
from transcriber.chat.texts import Texts
from transcriber.domain import PLACE, ChatKind, Delivery, Job, JobState, Note, Progress, Rich, Transcript
from transcriber.errors import Gone, StenogramError

OWN, APART = 0, -1  # places instead of a message id: a message of its own, not known yet; one it got after another
MOST_CARDS = 64  # in memory
NEAR_S = 600.0  # how much earlier and later notes of the same row are looked for
MOST_OPEN = 100  # of the open jobs, looked through for those of a row
MOST_ENDED = 200  # of the failed and cancelled jobs, looked through for those in a card


class Transcripts(Protocol):
    """The archive, as far as cards ask it."""

    async def around(self, chat_id: int, from_s: float, to_s: float) -> list[tuple[Note, Transcript]]: ...


def place_of(job: Job) -> int | None:
    """The message in Saved Messages where the words of this job stand or are going to; `OWN`, `APART`; None: nothing
    of it was ever shown there."""
    if job.delivery is not Delivery.PRIVATE:
        return None
    return next((sent.message_id for sent in job.sent if sent.part in (PLACE, 0)), None)


def is_said(job: Job) -> bool:
    """Whether any of its words were sent."""
    return any(sent.part != PLACE for sent in job.sent)


class Cards:
    """Every card this process lately had to do with, and the way to the others. `pause_s` is the shortest silence
    that parts two notes; 0: each note has a message of its own."""

    def __init__(self, known: KnownJobs, archive: Transcripts, texts: Texts, pause_s: float) -> None:
        self._known = known
        self._archive = archive
        self._texts = texts
        self._pause_s = pause_s
        self._cards: OrderedDict[int, Card] = OrderedDict()

    def share(self, job: Job) -> bool:
        """Whether the text of this job may stand in one message with others'."""
        return self._pause_s > 0 and shares(job)

    def put(self, card: Card, piece: Piece) -> None:
        """Let a piece stand in a card, and what an earlier run of the same note said nowhere else."""
        for other in self._cards.values():
            other.pieces.pop(piece.job.note.key, None)
        card.pieces[piece.job.note.key] = piece
        self._keep(card)

    def forget(self, card: Card) -> None:
        """It is gone."""
        self._cards.pop(card.message_id, None)

    async def beside(self, piece: Piece) -> Card | None:
        """A card with room for this piece: that of the nearest note spoken before it in the same row, else after it.
        Notes still to be transcribed hold a row together, though nothing stands of them yet."""
        note = piece.job.note
        notes = {
            other.job.note.key: other.job.note for card in self._cards.values() for other in card.pieces.values()
        }
        before, after = in_row_with(note, notes.values(), self._pause_s)
        if not before:
            notes |= {other.key: other for other in await self._stored_around(note)}
            before, after = in_row_with(note, notes.values(), self._pause_s)
        # A card in Saved Messages answers its first note: nothing can be put before that.
        for side in (before, after if note.chat_kind is not ChatKind.SAVED else []):
            card = await self._first(side)
            if card and card.takes(piece, self._texts):
                return card
        return None

    async def at(self, message_id: int, note: Note) -> Card:
        """The card with this message id, in which this note stands or is going to."""
        card = self._cards.get(message_id)
        if card is None:
            card = Card(message_id)
            for piece in await self._pieces(message_id, note):
                card.pieces[piece.job.note.key] = piece
        self._keep(card)
        return card

    def _keep(self, card: Card) -> None:
        self._cards[card.message_id] = card
        self._cards.move_to_end(card.message_id)
        while len(self._cards) > MOST_CARDS:
            self._cards.popitem(last=False)

    async def _stored_around(self, note: Note) -> list[Note]:
        open_jobs = await self._known.jobs((JobState.RUNNING, JobState.WAITING), MOST_OPEN)
        from_s, to_s = note.sent_at_s - note.duration_s - NEAR_S, note.sent_at_s + NEAR_S
        heard = await self._archive.around(note.chat_id, from_s, to_s)
        return [*(job.note for job in open_jobs), *(other for other, _ in heard)]

    async def _first(self, notes: list[Note]) -> Card | None:
        """The card in which the first of these stands that stands in any."""
        for note in notes:
            card = next((card for card in self._cards.values() if note.key in card.pieces), None)
            if card is not None and self.share(card.pieces[note.key].job):
                return card
            job = await self._known.job_of(*note.key)
            if job is not None and self.share(job) and (place_of(job) or OWN) > 0:
                return await self.at(place_of(job) or OWN, note)
        return None

    async def _pieces(self, message_id: int, note: Note) -> list[Piece]:
        """What stands in this message according to the queue and the archive."""
        found: dict[int, Piece | None] = {}
        from_s, to_s = note.sent_at_s - REACH_S, note.sent_at_s + REACH_S
        for other, transcript in await self._archive.around(note.chat_id, from_s, to_s):
            if job := await self._known.job_of(*other.key):
                found[job.id] = self._piece(job, transcript)
        open_jobs = await self._known.jobs((JobState.RUNNING, JobState.WAITING), MOST_OPEN)
        ended = await self._known.jobs((JobState.FAILED, JobState.CANCELLED), MOST_ENDED)
        for job in (*open_jobs, *ended):
            found.setdefault(job.id, self._piece(job, None))
        pieces = [piece for piece in found.values() if piece and place_of(piece.job) == message_id]
        return [piece for piece in pieces if same_voice(piece.job.note, note)]

    def _piece(self, job: Job, transcript: Transcript | None) -> Piece | None:
        if not is_said(job) and job.state in (JobState.FAILED, JobState.CANCELLED):
            return Piece(job, self._why_not(job), self.share(job))
        if transcript is None:
            return self._begun(job) if job.state in (JobState.RUNNING, JobState.WAITING) else None
        first, *more = replies.private_parts(job, transcript, self._texts)
        return Piece(job, first, self.share(job) and not more) if isinstance(first, Rich) else None

    def _begun(self, job: Job) -> Piece:
        """Its progress, of which an earlier life showed more: it is heard from the start again."""
        text = replies.progress_message(job, Progress(0.0, job.note.duration_s, ""), self._texts)
        return Piece(job, text, self.share(job))

    def _why_not(self, job: Job) -> Rich:
        if job.state is JobState.CANCELLED and job.error != Gone.default_key:
            return replies.cancelled_message(job, self._texts)
        return replies.failed_message(job, StenogramError(job.error), self._texts)

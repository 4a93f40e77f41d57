"""Where the words about a note stand in Saved Messages: in a message of its own or in a card with others, and in one
of them only, whatever ends the program in between.

The rule that makes it so: a job that may share a card notes down where it is going to stand (`PLACE`) before anything
of it is shown there. Nothing noted down means that nothing was shown, and it is free to choose; once it has a place
it keeps to it, and a repeat says the same thing in the same message. Others may join a message only when its id is
noted down too.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from typing import Protocol
from weakref import WeakValueDictionary

from transcriber.chat.card import Card, Piece
from transcriber.chat.cards import APART, OWN, Cards, place_of
from transcriber.chat.once import random_id, send
from transcriber.chat.pace import Pace
from transcriber.chat.replies import Part
from transcriber.chat.texts import Texts
from transcriber.clock import Clock
from transcriber.domain import PLACE, ChatKind, Delivery, Job, Rich, Sent
from transcriber.errors import Gone, Refused
from transcriber.protocols import Gateway

log = logging.getLogger(__name__)

AGAIN = "private-again"  # what a message is for that comes after another that was deleted, or had no room


class SentLog(Protocol):
    """Remembers what was sent, durably, before the next part goes out."""

    async def record_sent(self, job: Job, delivery: Delivery, sent: Sent) -> Job: ...


class Saved:
    """The message, or the piece of a card, that each job has there. Of what one person said in one chat one thing is
    written at a time, so two notes that end at once do not each make a message."""

    def __init__(
        self, gateway: Gateway, sent_log: SentLog, cards: Cards, texts: Texts, clock: Clock, pace: Pace
    ) -> None:
        self._gateway = gateway
        self._sent_log = sent_log
        self._cards = cards
        self._texts = texts
        self._clock = clock
        self._pace = pace
        self._places: dict[tuple[int, int, int], int] = {}  # of jobs under way; a caller's job may be older than that
        self._turns: WeakValueDictionary[tuple[int, int | None], asyncio.Lock] = WeakValueDictionary()

    def was_shown(self, job: Job) -> bool:
        """Whether something of this job may be standing there."""
        # One that notes down no place may have shown something in an earlier life of the program.
        return self._place(job) is not None or (job.attempts > 1 and not self._cards.share(job))

    def let_go(self, job: Job) -> None:
        """Nothing more will be said about this job for now."""
        self._places.pop(key(job), None)

    async def show(self, job: Job, text: Rich) -> None:
        """Let this be read for now, unless the message was edited a moment ago or is being written. Raises `Gone` if
        the owner deleted it."""
        turn = self._turn(job)
        if turn.locked():
            return
        async with turn:
            piece, card = await self._join(Piece(job, text, self._cards.share(job)))
            if card is not None:
                self._cards.put(card, piece)
                if self._pace.is_due(card.edited_at_s):
                    await self._edit(card, fleeting=True)
            elif not self._stands(job):
                piece, message_id = await self._send(piece)
                self._begin(await self._noted(piece, message_id), message_id)

    async def say(self, job: Job, text: Rich, part: int, *, joins: bool = True) -> Job:
        """Let this stand for good, whether something of the job stands there already or not, and record it as `part`:
        0, the words, or `PLACE`, why there are none. `joins`: others may stand in the same message."""
        async with self._turn(job):
            piece, card = await self._join(Piece(job, text, joins and self._cards.share(job)))
            try:
                if card is not None:
                    self._cards.put(card, piece)
                    await self._edit(card)
                    return (await self._recorded(piece, part, card.message_id)).job
                piece, message_id = await self._send(await self._leave(piece))
            except Refused:  # the owner deleted what stood there; the result is another matter
                if self._place(job) == APART:
                    raise
                piece, message_id = await self._send(await self._noted(piece, APART))
            piece = await self._recorded(piece, part, message_id)
            self._begin(piece, message_id)
            return piece.job

    async def take_back(self, job: Job, text: Rich) -> None:
        """Let what stands there of a job that has ended without words say this; nothing is noted down any more."""
        place = self._place(job)
        async with self._turn(job):
            piece = Piece(job, text, self._cards.share(job))
            try:
                if place is None or place <= 0:
                    message_id = await self._send_as(piece, place)
                    await self._gateway.edit_text(self._gateway.me.id, message_id, text)
                    return
                card = await self._cards.at(place, job.note)
                if card.takes(piece, self._texts):
                    self._cards.put(card, piece)
                else:
                    card.pieces.pop(job.note.key, None)
                await self._edit(card)
            except Gone:
                log.debug("what stood there of job %s was deleted", job.id)

    async def add(self, job: Job, part: Part, purpose: str, number: int = 0) -> int:
        """Send a further message about this job, once; returns its id."""
        me = self._gateway.me.id
        # In Saved Messages the first message answers the note; elsewhere its heading links to it.
        reply_to = job.note.message_id if job.note.chat_kind is ChatKind.SAVED and number == 0 else None
        once = random_id(me, *job.note.key, purpose, run=job.run, part=number)
        return await send(self._gateway, me, part, once, reply_to)

    async def _join(self, piece: Piece) -> tuple[Piece, Card | None]:
        """The message that is there and has room for this piece, with that noted down; None: one of its own."""
        place = self._place(piece.job)
        if place is None:
            card = await self._cards.beside(piece) if piece.joins else None
            return (await self._noted(piece, card.message_id), card) if card else (piece, None)
        if place <= 0:
            return piece, None
        card = await self._cards.at(place, piece.job.note)
        return piece, card if card.takes(piece, self._texts) else None

    async def _leave(self, piece: Piece) -> Piece:
        """Take what was shown of it out of a card that has no room for all of it. Its place changes last: a kill in
        between finds the card and does this again."""
        place = self._place(piece.job)
        if place is None or place <= 0:
            return piece
        card = await self._cards.at(place, piece.job.note)
        card.pieces.pop(piece.job.note.key, None)
        with suppress(Refused):
            await self._edit(card)
        return await self._noted(piece, APART)

    async def _send(self, piece: Piece) -> tuple[Piece, int]:
        """Send a message of its own, or find it if it was sent before, and let it say this."""
        job, place = piece.job, self._place(piece.job)
        if place is None:
            piece = await self._noted(piece, OWN)
        message_id = await self._send_as(piece, place)
        if place is not None or job.attempts > 1:  # what was sent before may say something else
            await self._gateway.edit_text(self._gateway.me.id, message_id, piece.text)
        return piece, message_id

    async def _send_as(self, piece: Piece, place: int | None) -> int:
        return await self.add(piece.job, piece.text, AGAIN if place == APART else Delivery.PRIVATE)

    async def _edit(self, card: Card, *, fleeting: bool = False) -> None:
        card.edited_at_s = self._clock.monotonic()
        try:
            text = card.text(self._texts)
            await self._gateway.edit_text(self._gateway.me.id, card.message_id, text, fleeting=fleeting)
        except Refused:
            self._cards.forget(card)
            raise

    def _begin(self, piece: Piece, message_id: int) -> None:
        """From here on others may join: the id is noted down."""
        self._cards.put(Card(message_id, edited_at_s=self._clock.monotonic()), piece)

    async def _noted(self, piece: Piece, place: int) -> Piece:
        """Note down where it is going to stand, unless it stands alone anyhow."""
        job = piece.job
        if self._cards.share(job):
            sent = Sent(PLACE, self._gateway.me.id, place)
            job = await self._sent_log.record_sent(job, Delivery.PRIVATE, sent)
        self._places[key(job)] = place
        return replace(piece, job=job)

    async def _recorded(self, piece: Piece, part: int, message_id: int) -> Piece:
        if part == PLACE:
            return piece if self._place(piece.job) == message_id else await self._noted(piece, message_id)
        sent = Sent(part, self._gateway.me.id, message_id)
        job = await self._sent_log.record_sent(piece.job, Delivery.PRIVATE, sent)
        self._places[key(job)] = message_id
        return replace(piece, job=job)

    def _place(self, job: Job) -> int | None:
        return self._places.get(key(job), place_of(job))

    def _stands(self, job: Job) -> bool:
        """Whether it has a place in a message that is there."""
        return (self._place(job) or OWN) > 0

    def _turn(self, job: Job) -> asyncio.Lock:
        return self._turns.setdefault((job.note.chat_id, job.note.sender_id), asyncio.Lock())


def key(job: Job) -> tuple[int, int, int]:
    """What a job is known by in memory."""
    # Not the job's own number: a store that was emptied counts from 1 again, and another note gets it.
    return *job.note.key, job.run

"""Several notes in a row from one person as one message, a card: which notes that are, and how it reads.

A card carries one piece for each note, in the order they were sent: the first under its full heading, the others
under a short one. Pure functions; who makes cards is in `cards`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from transcriber.chat.headings import link_to, mark
from transcriber.chat.rich import MESSAGE_UNITS, Builder, fits, units
from transcriber.chat.texts import Texts
from transcriber.domain import ChatKind, Job, Note, Rich, SpanKind

OVERLAP_S = 2.0  # dates are whole seconds and lengths are rounded; more than this no single voice can overlap
REACH_S = 3600.0  # how far apart in time the notes of one card may be: that far others of it are looked for
MOST_SPANS = 100  # of formatting, in one message: Telegram drops the rest
_DOT = " · "


@dataclass(frozen=True, slots=True)
class Piece:
    """What one note's message says, heading included, as if it stood alone."""

    job: Job
    text: Rich
    joins: bool  # whether it may stand in one message with others


@dataclass(slots=True)
class Card:
    """One message in Saved Messages and the notes that stand in it."""

    message_id: int
    pieces: dict[tuple[int, int], Piece] = field(default_factory=dict)  # by the key of the note
    edited_at_s: float = float("-inf")  # monotonic

    def takes(self, piece: Piece, texts: Texts) -> bool:
        """Whether it can stand here: alone always, with others if all of them may and they fit one message."""
        others = [other for key, other in self.pieces.items() if key != piece.job.note.key]
        if not others:
            return True
        times_s = [one.job.note.sent_at_s for one in (piece, *others)]
        if max(times_s) - min(times_s) > REACH_S or not all(one.joins for one in (piece, *others)):
            return False
        whole = card_text((piece, *others), texts)
        return fits(whole.text, MESSAGE_UNITS) and len(whole.spans) <= MOST_SPANS

    def text(self, texts: Texts) -> Rich:
        """What the message is to say."""
        return card_text(self.pieces.values(), texts)


def in_a_row(earlier: Note, later: Note, pause_s: float) -> bool:
    """Whether one person spoke on after less than `pause_s`: `later` began when `earlier` had just been sent."""
    if not same_voice(earlier, later) or order(earlier) >= order(later):
        return False
    return -OVERLAP_S <= later.sent_at_s - later.duration_s - earlier.sent_at_s < pause_s


def in_row_with(note: Note, others: Iterable[Note], pause_s: float) -> tuple[list[Note], list[Note]]:
    """Those of `others` that were spoken in one row with `note`, before it and after it, the nearest first."""
    in_order = sorted(others, key=order)
    before: list[Note] = []
    for other in reversed(in_order):
        if in_a_row(other, before[-1] if before else note, pause_s):
            before.append(other)
    after: list[Note] = []
    for other in in_order:
        if in_a_row(after[-1] if after else note, other, pause_s):
            after.append(other)
    return before, after


def same_voice(one: Note, other: Note) -> bool:
    """Whether the same person spoke in the same chat."""
    return (one.chat_id, one.sender_id) == (other.chat_id, other.sender_id)


def shares(job: Job) -> bool:
    """Whether this note's text may stand in one message with others': recorded on the spot, not asked for by hand."""
    note, request = job.note, job.request
    return note.kind.is_note and not (note.view_once or request.on_demand or request.as_file)


def order(note: Note) -> tuple[float, int]:
    """Notes in the order they were sent."""
    return note.sent_at_s, note.message_id


def card_text(pieces: Iterable[Piece], texts: Texts) -> Rich:
    """All pieces as one message. Its first line is that of the first note, unique to note and run."""
    builder = Builder()
    for piece in sorted(pieces, key=lambda one: order(one.job.note)):
        if not builder.units:
            builder.append(piece.text)
        else:
            builder.add("\n\n").append(short_heading(piece.job, texts).rich()).add("\n").append(_body(piece.text))
    return builder.rich()


def short_heading(job: Job, texts: Texts) -> Builder:
    """First line of a further note: when (a link to the note), how long, and its number; who, the first one says."""
    note = job.note
    # In Saved Messages the card answers its first note only, so the others need a link there too.
    url = link_to(replace(note, chat_kind=ChatKind.PRIVATE) if note.chat_kind is ChatKind.SAVED else note)
    builder = Builder().add(f"{texts.local(note.sent_at_s):%H:%M}", SpanKind.LINK if url else None, url)
    if note.duration_s > 0:
        builder.add(_DOT + texts.clock(note.duration_s))
    return builder.add(_DOT + mark(job))


def _body(text: Rich) -> Rich:
    """A message without its first line."""
    first, _, rest = text.text.partition("\n")
    cut = units(first) + 1
    kept = (span for span in text.spans if span.offset >= cut)
    return Rich(rest, tuple(replace(span, offset=span.offset - cut) for span in kept))

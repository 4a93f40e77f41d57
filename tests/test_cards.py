"""Notes in a row from one person are one message in Saved Messages, and each of them stands there once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.support.chat_fakes import ANNA, FAMILY, ME, SENT_AT_S, FakeGateway, FakeRules, note, transcript
from tests.support.clock import FakeClock
from transcriber.chat.cards import Cards, place_of
from transcriber.chat.delivery import TranscriptDelivery
from transcriber.chat.texts import Texts
from transcriber.domain import (
    ChatKind,
    Delivery,
    FileFormat,
    Job,
    MediaKind,
    Note,
    Progress,
    Request,
    Rich,
    Sent,
    Transcript,
)
from transcriber.errors import EngineDied, FloodWait, Gone, Offline, Refused, StenogramError, StoreUnavailable
from transcriber.protocols import Archive, Store
from transcriber.storage.archive import open_archive
from transcriber.storage.store import open_store
from transcriber.work.jobs import Jobs

LENGTH_S = 7


def spoken(number: int, pause_s: float = 1, **changes: Any) -> Note:
    """The note with this number of a row: each begins `pause_s` after the one before was sent."""
    sent_at_s = SENT_AT_S + number * (LENGTH_S + pause_s)
    known = {"message_id": number, "sent_at_s": sent_at_s, "file_id": f"file-{number}", "duration_s": LENGTH_S}
    return note(**{**known, **changes})


class Room:
    """One delivery over the real queue and the real archive; what was claimed is under its message id."""

    def __init__(self, store: Store, archive: Archive, pause_s: float = 3) -> None:
        self.gateway = FakeGateway()
        self.rules = FakeRules()
        self.clock = FakeClock()
        self.store, self.archive, self.pause_s = store, archive, pause_s
        self.claimed: dict[int, Job] = {}
        self.began()

    def began(self) -> None:
        texts = Texts("en", UTC)
        self.jobs = Jobs(self.store, self.clock)
        cards = Cards(self.store, self.archive, texts, self.pause_s)
        self.delivery = TranscriptDelivery(self.gateway, self.jobs, self.rules, cards, texts, self.clock)

    async def restarts(self) -> None:
        """The process is another one: what only it knew is forgotten, and what was running is claimed again."""
        self.began()
        self.claimed.clear()
        await self.jobs.recover()
        await self.claim()

    async def takes(self, *notes: Note, request: Request | None = None) -> None:
        """These notes come in, and are worked on."""
        for each in notes:
            assert await self.jobs.add(each, request)
        await self.claim()

    async def claim(self) -> None:
        while job := await self.jobs.claim():
            self.claimed[job.note.message_id] = job

    async def works(self, number: int) -> None:
        await self.delivery.progress(self.claimed[number], Progress(3.5, 7, f"half {number}"))

    async def hears(self, number: int, text: str | None = None) -> Transcript:
        job = self.claimed[number]
        heard = job.transcript or transcript(*([f"words {number}."] if text is None else [text] if text else []))
        if job.transcript is None:
            await self.archive.put(job.note, heard, "small|auto|transcribe")
            self.claimed[number] = await self.jobs.keep_transcript(job, heard)
        return heard

    async def ends(self, *numbers: int, text: str | None = None) -> None:
        """These are transcribed, delivered and done, one after the other."""
        for number in numbers:
            heard = await self.hears(number, text)
            job = await self.delivery.deliver(self.claimed[number], heard)
            await self.jobs.finish(job)
            del self.claimed[number]

    async def fails(self, number: int, error: StenogramError) -> None:
        job = await self.jobs.update(self.claimed.pop(number), error=error.key)
        await self.delivery.failed(job, error)
        await self.jobs.fail(job, error.key)

    async def cancels(self, number: int) -> None:
        job = await self.jobs.cancel(self.claimed.pop(number).id)
        assert job is not None
        await self.delivery.cancelled(job)

    def said(self) -> list[str]:
        """The messages in Saved Messages."""
        return self.gateway.texts()


@pytest.fixture(params=["sqlite", "redis"])
async def room(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Room]:
    database = tmp_path / "stenogram.db"
    where = database if request.param == "sqlite" else request.getfixturevalue("redis_server").url
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(where, clock=FakeClock()))
        yield Room(store, await stack.enter_async_context(open_archive(database)))


# Which notes, and how it reads


async def test_notes_in_a_row_are_one_message_in_the_order_they_were_spoken(room: Room) -> None:
    await room.takes(spoken(0), spoken(1), spoken(2))
    await room.ends(1, 0, 2)
    assert room.said() == [
        "🎙 Anna · 12 Jan 13:46 · 0:07 · #1\nwords 0.\n\n13:46 · 0:07 · #2\nwords 1.\n\n13:46 · 0:07 · #3\nwords 2."
    ]


async def test_every_piece_links_to_its_own_note(room: Room) -> None:
    await room.takes(spoken(0), spoken(1))
    await room.ends(0, 1)
    [message] = room.gateway.shown()
    links = [span for span in message.text.spans if span.url]
    assert [span.url for span in links] == [f"tg://openmessage?user_id={ANNA}&message_id={n}" for n in (0, 1)]
    assert [cut(message.text, span.offset, span.length) for span in links] == ["12 Jan 13:46", "13:46"]


async def test_the_formatting_of_a_further_piece_lies_where_its_words_are(room: Room) -> None:
    await room.takes(spoken(0), spoken(1))
    await room.ends(0, text="😀" * 20)
    await room.ends(1, text="word " * 200)
    [message] = room.gateway.shown()
    [quote] = [span for span in message.text.spans if span.kind == "quote"]
    quoted = cut(message.text, quote.offset, quote.length)
    assert quoted.split() == ["word"] * 200
    assert message.text.text.endswith(quoted)


def cut(text: Rich, offset: int, length: int) -> str:
    return text.text.encode("utf-16-le")[2 * offset : 2 * (offset + length)].decode("utf-16-le")


@pytest.mark.parametrize(
    ("pause_s", "messages"), [(0, 1), (2.9, 1), (3, 2), (60, 2), (-2, 1), (-3, 2)], ids=lambda value: str(value)
)
async def test_a_pause_of_three_seconds_parts_notes_and_so_does_speaking_at_once(
    room: Room, pause_s: float, messages: int
) -> None:
    await room.takes(spoken(0), spoken(1, pause_s))
    await room.ends(0, 1)
    assert len(room.said()) == messages


@pytest.mark.parametrize(
    "changes",
    [
        {"chat_id": FAMILY, "chat_kind": ChatKind.GROUP},
        {"sender_id": ME, "outgoing": True},
        {"kind": MediaKind.AUDIO},
        {"view_once": True},
    ],
    ids=str,
)
async def test_what_is_not_the_same_person_speaking_on_has_a_message_of_its_own(
    room: Room, changes: dict[str, Any]
) -> None:
    await room.takes(spoken(0), spoken(1, **changes))
    await room.ends(0, 1)
    assert len(room.said()) == 2


@pytest.mark.parametrize("request_", [Request(on_demand=True), Request(as_file=FileFormat.TXT)], ids=str)
async def test_what_was_asked_for_has_a_message_of_its_own(room: Room, request_: Request) -> None:
    await room.takes(spoken(0), spoken(2))
    await room.takes(spoken(1), request=request_)
    await room.ends(0, 1)
    asked = 2 if request_.as_file else 1
    assert len(room.said()) == 1 + asked
    await room.ends(2)
    assert len(room.said()) == 1 + asked
    assert "words 0." in room.said()[0]
    assert room.said()[0].endswith("words 2."), "the others are in a row all the same"


async def test_with_a_pause_of_nothing_every_note_has_a_message_of_its_own(room: Room) -> None:
    room.pause_s = 0
    room.began()
    await room.takes(spoken(0, 0), spoken(1, 0))
    await room.ends(0, 1)
    assert len(room.said()) == 2


@pytest.mark.parametrize("order", [(0, 2, 1), (2, 0, 1), (1, 2, 0)], ids=str)
async def test_in_whatever_order_they_are_done_they_are_one_message(room: Room, order: tuple[int, ...]) -> None:
    await room.takes(spoken(0), spoken(1), spoken(2))
    await room.ends(*order)
    assert [text.count("words") for text in room.said()] == [3]
    assert room.said()[0].index("words 0.") < room.said()[0].index("words 1.") < room.said()[0].index("words 2.")


async def test_notes_that_something_else_parts_are_two_messages(room: Room) -> None:
    await room.takes(spoken(0), spoken(2))
    await room.ends(0, 2)
    assert len(room.said()) == 2


@pytest.mark.parametrize("wanted", [Delivery.REPLY, Delivery.CAPTION])
async def test_in_a_chat_with_others_each_note_has_its_own_words_at_it(room: Room, wanted: Delivery) -> None:
    room.rules.wanted = wanted
    notes = [spoken(n, outgoing=True, sender_id=ME) for n in (0, 1)]
    room.gateway.notes = {each.key: each for each in notes}
    await room.takes(*notes)
    await room.ends(0, 1)
    assert room.said() == []
    at_notes = room.gateway.texts(ANNA) if wanted is Delivery.REPLY else [text.text for _, text in room.gateway.edits]
    assert at_notes == ["words 0.", "words 1."]


SAVED: dict[str, Any] = {"chat_id": ME, "chat_kind": ChatKind.SAVED, "sender_id": ME, "outgoing": True}


async def test_in_saved_messages_a_card_answers_its_first_note_and_links_to_the_others(room: Room) -> None:
    await room.takes(*(spoken(n, **SAVED) for n in (5, 6)))
    await room.ends(5, 6)
    [message] = room.gateway.shown()
    assert message.reply_to == 5
    assert [span.url for span in message.text.spans if span.url] == [f"tg://openmessage?user_id={ME}&message_id=6"]


async def test_in_saved_messages_nothing_is_put_before_the_note_that_is_answered(room: Room) -> None:
    await room.takes(*(spoken(n, **SAVED) for n in (5, 6)))
    await room.ends(6, 5)
    assert sorted(message.reply_to or 0 for message in room.gateway.shown()) == [5, 6]


# What does not fit


async def test_a_text_that_does_not_fit_starts_a_message_and_the_next_joins_that_one(room: Room) -> None:
    await room.takes(*(spoken(n) for n in range(4)))
    await room.ends(0, text="a" * 3000)
    await room.ends(1, text="b" * 3000)
    await room.ends(2, 3)
    assert ["a" * 9 in text for text in room.said()] == [True, False]
    assert room.said()[1].endswith("words 3.")
    assert max(len(text.encode("utf-16-le")) // 2 for text in room.said()) <= 4096


async def test_a_text_in_several_parts_stays_alone(room: Room) -> None:
    await room.takes(spoken(0), spoken(1), spoken(2))
    await room.ends(0)
    await room.ends(1, text="Sentence here. " * 400)
    await room.ends(2)
    assert len(room.said()) == 4
    assert "half" not in "".join(room.said())


async def test_a_text_that_outgrows_the_card_its_progress_stood_in_leaves_it(room: Room) -> None:
    await room.takes(spoken(0), spoken(1))
    await room.works(0)
    await room.works(1)
    assert len(room.said()) == 1
    await room.ends(1)
    await room.ends(0, text="Sentence here. " * 400)
    assert len(room.said()) == 3
    assert "words 1." in room.said()[0]
    assert "#1" not in room.said()[0]
    assert "".join(room.said()).count("Sentence") == 400


async def test_a_card_is_never_longer_than_telegram_takes(room: Room) -> None:
    await room.takes(*(spoken(n) for n in range(150)))
    await room.ends(*range(150), text="ok")
    assert len(room.said()) > 1
    for message in room.gateway.shown():
        assert len(message.text.spans) <= 100
    assert "\n".join(room.said()).count("\nok") == 150


# While they are worked on


async def test_progress_of_a_further_note_is_read_in_the_card_and_becomes_its_text(room: Room) -> None:
    await room.takes(spoken(0), spoken(1))
    await room.ends(0)
    await room.clock.advance(3)
    await room.works(1)
    assert room.said()[0].endswith("half 1")
    assert "50 %" in room.said()[0]
    assert "words 0." in room.said()[0]
    await room.ends(1)
    assert len(room.said()) == 1
    assert "%" not in room.said()[0]
    assert room.said()[0].endswith("words 1.")


async def test_both_notes_of_a_card_show_progress_and_one_message_is_edited_every_three_seconds(room: Room) -> None:
    await room.takes(spoken(0), spoken(1))
    for _ in range(9):
        await room.works(0)
        await room.works(1)
        await room.clock.advance(1)
    assert len(room.said()) == 1
    assert room.said()[0].count("50 %") == 2
    assert len(room.gateway.edits) == 2


async def test_notes_that_end_at_one_moment_are_one_message(room: Room) -> None:
    await room.takes(*(spoken(n) for n in range(4)))
    heard = {number: await room.hears(number) for number in room.claimed}
    jobs = [room.delivery.deliver(job, heard[number]) for number, job in room.claimed.items()]
    await asyncio.gather(*jobs)
    assert len(room.said()) == 1
    assert room.said()[0].count("words") == 4


async def test_silence_is_a_piece_like_any_other(room: Room) -> None:
    await room.takes(spoken(0), spoken(1))
    await room.ends(0, text="")
    await room.ends(1)
    assert room.said()[0].partition("\n")[2] == "No speech in it.\n\n13:46 · 0:07 · #2\nwords 1."


async def test_a_failure_is_told_in_the_card_and_a_retry_makes_it_the_text(room: Room) -> None:
    await room.takes(spoken(0), spoken(1))
    await room.ends(0)
    await room.fails(1, EngineDied())
    assert "/retry 2" in room.said()[0]
    assert len(room.said()) == 1
    await room.jobs.retry(2)
    await room.claim()
    await room.ends(1)
    assert len(room.said()) == 1
    assert room.said()[0].partition("\n")[2] == "words 0.\n\n13:46 · 0:07 · #2 (2)\nwords 1."


async def test_what_failed_is_told_after_a_restart_too(room: Room) -> None:
    await room.takes(spoken(0), spoken(1), spoken(2), spoken(3))
    await room.fails(0, EngineDied())
    await room.works(1)
    await room.cancels(1)
    await room.ends(2)
    [before] = room.said()
    await room.restarts()
    await room.ends(3)
    assert room.said() == [before + "\n\n13:47 · 0:07 · #4\nwords 3."]
    for words in ("⚠️ The recogniser broke down twice", "Cancelled. To get it after all: /retry 2", "words 2."):
        assert words in before


async def test_cancelling_turns_the_piece_into_that_word_and_leaves_the_others(room: Room) -> None:
    await room.takes(spoken(0), spoken(1))
    await room.ends(0)
    await room.clock.advance(3)
    await room.works(1)
    await room.cancels(1)
    assert room.said()[0].endswith("Cancelled. To get it after all: /retry 2")
    assert "words 0." in room.said()[0]


async def test_a_note_deleted_while_worked_on_is_told_only_where_progress_showed(room: Room) -> None:
    await room.takes(spoken(0), spoken(1), spoken(2))
    await room.ends(1)
    await room.fails(2, Gone())
    assert "#3" not in room.said()[0]
    await room.clock.advance(3)
    await room.works(0)
    await room.fails(0, Gone())
    [card] = room.said()
    assert "deleted" in card
    assert "%" not in card
    assert card.endswith("words 1.")


async def test_the_rule_may_change_between_progress_and_text(room: Room) -> None:
    await room.takes(spoken(0), spoken(1))
    await room.ends(0)
    await room.works(1)
    room.rules.wanted = Delivery.REPLY
    await room.restarts()
    await room.ends(1)
    assert len(room.said()) == 1
    assert room.gateway.texts(ANNA) == []


# What was deleted, refused or asked for again


async def test_a_card_the_owner_deletes_between_two_notes_does_not_come_back(room: Room) -> None:
    await room.takes(spoken(0), spoken(1), spoken(2))
    await room.ends(0)
    room.gateway.messages.clear()
    await room.ends(1, 2)
    assert [text.partition("\n")[2] for text in room.said()] == ["words 1.\n\n13:46 · 0:07 · #3\nwords 2."]


async def test_a_card_the_owner_deletes_while_two_are_worked_on_gives_them_another(room: Room) -> None:
    await room.takes(spoken(0), spoken(1), spoken(2))
    await room.ends(0)
    await room.clock.advance(3)
    await room.works(1)
    await room.works(2)
    room.gateway.messages.clear()
    for _ in range(3):
        await room.clock.advance(3)
        await room.works(1)
        await room.works(2)
    assert room.said() == [], "progress that was deleted is not shown again"
    await room.ends(2, 1)
    assert sorted(text.partition("\n")[2] for text in room.said()) == ["words 1.", "words 2."]


async def test_a_card_that_cannot_be_edited_any_more_costs_the_note_nothing(room: Room) -> None:
    await room.takes(spoken(0), spoken(1))
    await room.ends(0)
    room.gateway.fail["edit_text"] = [Refused(reason="MESSAGE_EDIT_TIME_EXPIRED")]
    await room.ends(1)
    assert [text.partition("\n")[2] for text in room.said()] == ["words 0.", "words 1."]


async def test_a_note_asked_for_again_is_no_part_of_the_card_any_more(room: Room) -> None:
    await room.takes(spoken(0), spoken(1), spoken(2))
    await room.ends(0, 1)
    await room.jobs.ask(spoken(1), Request(language="en"))
    await room.claim()
    await room.ends(1, text="the same in English")
    assert len(room.said()) == 2
    await room.restarts()
    await room.ends(2)
    assert [text.partition("\n")[2] for text in room.said()] == [
        "words 0.\n\n13:46 · 0:07 · #3\nwords 2.",
        "the same in English",
    ]


async def test_flood_waits_on_edits_delay_the_text_and_lose_nothing(room: Room) -> None:
    await room.takes(spoken(0), spoken(1), spoken(2))
    await room.ends(0)
    room.gateway.fail["edit_text"] = [FloodWait(30)]
    with pytest.raises(FloodWait):
        await room.ends(1)
    await room.ends(2)
    assert "words 1." in room.said()[0], "what is known is said with the next edit"
    await room.ends(1)
    assert len(room.said()) == 1
    assert room.said()[0].count("words") == 3


async def test_a_first_message_whose_answer_is_lost_is_found_again_and_joined(room: Room) -> None:
    await room.takes(spoken(0), spoken(1))
    room.gateway.fail["send_text_answer"] = [Offline()]
    await room.works(0)
    await room.ends(0, 1)
    assert len(room.said()) == 1
    assert room.said()[0].count("words") == 2


# After a restart


async def test_a_card_is_put_together_again_after_a_restart(room: Room) -> None:
    await room.takes(spoken(0), spoken(1), spoken(2))
    await room.ends(0, 1)
    await room.restarts()
    await room.works(2)
    assert room.said()[0].endswith("half 2")
    await room.restarts()
    await room.ends(2)
    assert [text.partition("\n")[2] for text in room.said()] == [
        "words 0.\n\n13:46 · 0:07 · #2\nwords 1.\n\n13:46 · 0:07 · #3\nwords 2."
    ]


async def test_progress_of_two_notes_in_an_earlier_life_ends_as_the_texts_of_both(room: Room) -> None:
    for order in ((0, 1), (1, 0)):
        first = 10 * (1 + order[0])
        await room.takes(spoken(first), spoken(first + 1))
        await room.works(first + order[0])
        await room.works(first + order[1])
        await room.restarts()
        await room.ends(first + order[1], first + order[0])
    assert ["%" in text for text in room.said()] == [False, False]
    assert [text.count("words") for text in room.said()] == [2, 2]


@pytest.mark.parametrize("way", ["ends", "works"])
async def test_after_a_restart_a_neighbour_that_is_still_in_work_stays_in_the_card(room: Room, way: str) -> None:
    await room.takes(spoken(0), spoken(1), spoken(2))
    await room.ends(0)
    for number in (1, 2):
        await room.clock.advance(3)
        await room.works(number)
    assert "half 1" in room.said()[0]
    await room.restarts()
    await room.clock.advance(3)
    await (room.ends(2) if way == "ends" else room.works(2))
    assert room.said()[0].startswith(
        "🎙 Anna · 12 Jan 13:46 · 0:07 · #1\nwords 0.\n\n13:46 · 0:07 · #2\n░░░░░░░░░░ 0 %\n\n13:46 · 0:07 · #3\n"
    ), "from the start, as it is now"
    await room.ends(*room.claimed)
    assert [text.partition("\n")[2] for text in room.said()] == [
        "words 0.\n\n13:46 · 0:07 · #2\nwords 1.\n\n13:46 · 0:07 · #3\nwords 2."
    ]


async def test_edits_between_edit_and_record_are_repeated_and_change_nothing(room: Room) -> None:
    await room.takes(spoken(0), spoken(1))
    await room.ends(0)
    heard = await room.hears(1)
    before = room.claimed[1]
    await room.delivery.deliver(before, heard)
    # As if it had been killed before the record: where it was going to stand is what is left.
    card = room.said()
    [sent] = (await stored(room, 1)).sent
    stale = replace(await stored(room, 1), sent=(Sent(-1, ME, sent.message_id),))
    assert await room.store.replace_job(stale)
    await room.restarts()
    assert place_of(room.claimed[1]) == sent.message_id
    await room.ends(1)
    assert room.said() == card


async def stored(room: Room, number: int) -> Job:
    job = await room.store.job_of(ANNA, number)
    assert job is not None
    return job


# Killed anywhere


class Killed(BaseException):
    """The process ends here."""


class Bomb:
    """Goes off just before or just after the n-th thing that outlives the process."""

    def __init__(self, at: int) -> None:
        self.at = at  # even: before, odd: after
        self.passed = 0

    def around(self, write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def guarded(*arguments: Any, **named: Any) -> Any:
            self._tick()
            result = await write(*arguments, **named)
            self._tick()
            return result

        return guarded

    def _tick(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            raise Killed


Steps = tuple[tuple[str, int], ...]
ROWS: dict[str, Steps] = {
    "one after the other": (("ends", 0), ("ends", 1), ("ends", 2)),
    "backwards": (("ends", 2), ("ends", 1), ("ends", 0)),
    "progress of all": (("works", 0), ("works", 1), ("works", 2), ("ends", 1), ("ends", 0), ("ends", 2)),
    "progress backwards": (("works", 1), ("works", 0), ("ends", 0), ("ends", 1), ("works", 2), ("ends", 2)),
    "one too long": (("works", 0), ("works", 1), ("ends", 1), ("long", 0), ("ends", 2)),
    "one too long for the rest": (("much", 0), ("works", 1), ("much", 1), ("ends", 2)),
    "all at once": (("works", 1), ("all", 0)),
    "one fails": (("works", 0), ("works", 1), ("fails", 0), ("ends", 1), ("ends", 2)),
}


@pytest.mark.parametrize("room", ["sqlite"], indirect=True)
@pytest.mark.parametrize("later", [(0, 1, 2), (2, 1, 0)], ids=["in order", "backwards"])
@pytest.mark.parametrize("steps", ROWS.values(), ids=ROWS.keys())
async def test_killed_at_any_write_each_note_stands_once_and_no_progress_is_left(
    room: Room, steps: Steps, later: tuple[int, ...]
) -> None:
    for at in count(1):
        room.gateway = FakeGateway()
        notes = [spoken(10 * at + n, message_id=n, chat_id=at, sender_id=at) for n in range(3)]
        room.began()
        bomb = Bomb(at)
        await room.takes(*notes)
        try:
            await play(room, bomb, steps)
        except* Killed:
            await room.restarts()
            await play(room, Bomb(0), tuple((deed_of(steps, n), n) for n in later if n in room.claimed))
            check(room, f"killed at {at} of {steps}")
        else:
            check(room, f"never killed in {steps}")
            return


def deed_of(steps: Steps, number: int) -> str:
    deed = next((deed for deed, n in reversed(steps) if n == number), "ends")
    return "ends" if deed in ("all", "works") else deed


async def play(room: Room, bomb: Bomb, steps: Steps) -> None:
    gateway, jobs = room.gateway, room.jobs
    for target, names in ((gateway, ("send_text", "edit_text")), (jobs, ("record_sent", "finish", "fail"))):
        for name in names:
            setattr(target, name, bomb.around(getattr(type(target), name).__get__(target)))
    for deed, number in steps:
        await room.clock.advance(3)
        if deed == "all":
            async with asyncio.TaskGroup() as group:
                for one in list(room.claimed):
                    group.create_task(room.ends(one))
        elif deed == "works":
            await room.works(number)
        elif deed == "fails":
            await room.fails(number, EngineDied())
        else:
            text = {"long": f"words {number}. " + "x " * 3000, "much": f"words {number}. " + "x " * 1500}.get(deed)
            await room.ends(number, text=text)


def check(room: Room, when: str) -> None:
    said = "\n".join(room.said())
    for number in range(3):
        told = said.count(f"words {number}.") + (said.count("⚠️") if number == 0 else 0)
        assert told == 1, (when, number, room.said())
    assert "%" not in said, (when, room.said())


async def test_the_store_away_at_any_record_is_a_delay(room: Room) -> None:
    await room.takes(spoken(0), spoken(1), spoken(2))
    record = room.jobs.record_sent
    away = [True, False, True, False, False, True, False, True, False, False]

    async def shaky(*arguments: Any) -> Job:
        if away and away.pop(0):
            raise StoreUnavailable
        return await record(*arguments)

    setattr(room.jobs, "record_sent", shaky)  # noqa: B010  # a store that comes and goes
    for number in (1, 0, 2):
        while number in room.claimed:
            try:
                await room.ends(number)
            except StoreUnavailable:
                await room.works(number)
    assert "\n".join(room.said()).count("words") == 3
    assert "%" not in "".join(room.said())

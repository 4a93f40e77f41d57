"""Results go where the owner wants them, once; everything else goes to the owner alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest

from tests.support.chat_fakes import (
    ANNA,
    FAMILY,
    ME,
    FakeArchive,
    FakeGateway,
    FakeJobs,
    FakeRules,
    FakeSentLog,
    Message,
    job,
    note,
    transcript,
)
from tests.support.clock import FakeClock
from transcriber.chat.cards import Cards
from transcriber.chat.delivery import TranscriptDelivery
from transcriber.chat.texts import Texts
from transcriber.domain import ChatKind, Delivery, MediaKind, Progress, Rich, Sent
from transcriber.errors import (
    EngineDied,
    FloodWait,
    Gone,
    Offline,
    Refused,
    SlowMode,
    StenogramError,
    StoreUnavailable,
)

HALF = Progress(3.5, 7, "Hello")
LONG = transcript("Sentence here. " * 600)  # three parts
BOOK = transcript("Sentence here. " * 2000)  # a file


class Room:
    """One delivery and all it speaks to; `restart` forgets what only the process knew."""

    def __init__(self, wanted: Delivery = Delivery.PRIVATE) -> None:
        self.gateway = FakeGateway()
        self.log = FakeSentLog()
        self.rules = FakeRules(wanted)
        self.clock = FakeClock()
        self.restart()

    def restart(self) -> None:
        texts = Texts("en", UTC)
        cards = Cards(FakeJobs(), FakeArchive(), texts, pause_s=3)
        self.delivery = TranscriptDelivery(self.gateway, self.log, self.rules, cards, texts, self.clock)

    def bodies(self, chat_id: int = ME) -> list[str]:
        return [text.partition("\n")[2] for text in self.gateway.texts(chat_id)]


async def test_a_private_transcript_is_one_message_in_saved_messages() -> None:
    room = Room()
    done = await room.delivery.deliver(job(), transcript("Hello."))
    assert room.bodies() == ["Hello."]
    assert room.gateway.edits == []
    [(message_id, message)] = room.gateway.messages.items()
    assert message.chat_id == ME
    assert done.delivery is Delivery.PRIVATE
    assert done.sent == (Sent(0, ME, message_id),)


async def test_progress_becomes_the_final_text() -> None:
    room = Room()
    await room.delivery.progress(job(), HALF)
    assert "50 %" in room.gateway.texts()[0]
    await room.delivery.deliver(job(), transcript("Hello there."))
    assert room.bodies() == ["Hello there."]


async def test_progress_is_edited_at_most_every_three_seconds() -> None:
    room = Room()
    for _ in range(9):
        await room.delivery.progress(job(), HALF)
        await room.clock.advance(1)
    assert len(room.gateway.messages) == 1
    assert len(room.gateway.edits) == 2


async def test_the_pace_is_kept_per_message() -> None:
    room = Room()
    await room.delivery.progress(job(), HALF)
    await room.delivery.progress(job(note(message_id=6), id=13), HALF)
    assert len(room.gateway.messages) == 2


async def test_progress_keeps_silent_for_as_long_as_telegram_asked() -> None:
    room = Room()
    room.gateway.fail["send_text"] = [FloodWait(30)]
    await room.delivery.progress(job(), HALF)
    await room.clock.advance(29)
    await room.delivery.progress(job(), HALF)
    assert room.gateway.messages == {}
    await room.clock.advance(1)
    await room.delivery.progress(job(), HALF)
    assert len(room.gateway.messages) == 1


async def test_the_final_text_arrives_though_telegram_throttled_the_progress() -> None:
    room = Room()
    await room.delivery.progress(job(), HALF)
    room.gateway.fail["edit_text"] = [FloodWait(30), FloodWait(20)]
    await room.clock.advance(3)
    await room.delivery.progress(job(), HALF)
    with pytest.raises(FloodWait):
        await room.delivery.deliver(job(), transcript("Hello."))
    await room.delivery.deliver(job(), transcript("Hello."))
    assert room.bodies() == ["Hello."]


async def test_after_a_flood_wait_on_one_edit_all_messages_are_edited_half_as_often() -> None:
    room = Room()
    one, other = job(), job(note(message_id=6, chat_id=43, sender_id=43), id=13)

    async def edits_in(seconds: int) -> list[str]:
        """Of both in so many seconds, asked for every second."""
        before = len(room.gateway.edits)
        for _ in range(seconds):
            await room.clock.advance(1)
            for each in (one, other):
                await room.delivery.progress(each, HALF)
        return ["#12" if "#12" in text.text else "#13" for _, text in room.gateway.edits[before:]]

    await edits_in(1)
    assert sorted(await edits_in(6)) == ["#12"] * 2 + ["#13"] * 2
    room.gateway.fail["edit_text"] = [FloodWait(4)]
    assert await edits_in(6) == [], "not of the other one either, which nobody refused"
    assert room.gateway.fail["edit_text"] == []
    assert sorted(await edits_in(12)) == ["#12"] * 2 + ["#13"] * 2


async def test_progress_is_asked_for_now_or_never_and_the_text_however_long_it_takes() -> None:
    room = Room()
    for half in (HALF, HALF):
        await room.delivery.progress(job(), half)
        await room.clock.advance(3)
    await room.delivery.deliver(job(), transcript("Hello."))
    assert room.gateway.fleeting == [True, False]


async def test_slow_mode_in_one_chat_is_no_reason_to_be_silent_about_others() -> None:
    room = Room(Delivery.REPLY)
    room.gateway.fail["send_text"] = [SlowMode(30)]
    with pytest.raises(FloodWait):
        await room.delivery.deliver(job(), transcript("Hello."))
    await room.delivery.progress(job(note(message_id=6), id=13), HALF)
    assert room.gateway.typed == [ANNA]


async def test_a_flood_wait_on_one_result_silences_the_progress_of_all() -> None:
    room = Room()
    room.gateway.fail["send_text"] = [FloodWait(30)]
    with pytest.raises(FloodWait):
        await room.delivery.deliver(job(), transcript("Hello."))
    await room.delivery.progress(job(note(message_id=6), id=13), HALF)
    assert room.gateway.messages == {}
    await room.clock.advance(30)
    await room.delivery.progress(job(note(message_id=6), id=13), HALF)
    assert len(room.gateway.messages) == 1


async def test_a_note_that_got_the_number_of_another_has_a_message_of_its_own() -> None:
    room = Room()
    await room.delivery.progress(job(note(message_id=5)), HALF)
    await room.delivery.deliver(job(note(message_id=6)), transcript("Another."))
    assert room.bodies()[1:] == ["Another."], "as in a store that was emptied and counts from 1 again"
    assert room.gateway.edits == []


@pytest.mark.parametrize("error", [Offline(), Gone(), StoreUnavailable(), Refused()])
async def test_progress_never_raises(error: StenogramError) -> None:
    room = Room()
    room.gateway.fail["send_text"] = [error]
    await room.delivery.progress(job(), HALF)
    assert await room.delivery.deliver(job(), transcript("Hello."))
    assert room.bodies() == ["Hello."]


async def test_a_progress_message_whose_answer_was_lost_still_becomes_the_final_text() -> None:
    room = Room()
    room.gateway.fail["send_text_answer"] = [Offline()]
    await room.delivery.progress(job(), HALF)
    assert "50 %" in room.gateway.texts()[0]
    await room.delivery.deliver(job(), transcript("Hello."))
    assert room.bodies() == ["Hello."]


async def test_progress_of_an_earlier_life_becomes_the_final_text() -> None:
    room = Room()
    await room.delivery.progress(job(), HALF)
    room.restart()
    await room.delivery.deliver(job(attempts=2), transcript("Hello."))
    assert room.bodies() == ["Hello."]


async def test_progress_that_the_owner_deleted_is_not_shown_again_but_the_text_comes() -> None:
    room = Room()
    await room.delivery.progress(job(), HALF)
    room.gateway.messages.clear()
    for _ in range(3):
        await room.clock.advance(3)
        await room.delivery.progress(job(), HALF)
    assert room.gateway.messages == {}
    await room.delivery.deliver(job(), transcript("Hello."))
    assert room.bodies() == ["Hello."]


@pytest.mark.parametrize("unrecorded", [0, 1, 2])
@pytest.mark.parametrize("wanted", [Delivery.PRIVATE, Delivery.REPLY])
async def test_a_part_that_was_sent_but_not_recorded_is_not_sent_again(unrecorded: int, wanted: Delivery) -> None:
    room = Room(wanted)
    room.log.fail[unrecorded] = StoreUnavailable()
    with pytest.raises(StoreUnavailable):
        await room.delivery.deliver(job(), LONG)
    room.restart()  # killed, too
    done = await room.delivery.deliver(replace(room.log.stored or job(), attempts=2), LONG)
    assert [sent.part for sent in done.sent] == [0, 1, 2]
    said = room.bodies() if wanted is Delivery.PRIVATE else room.gateway.texts(ANNA)
    assert "".join("".join(said).split()) == "".join(LONG.text.split())


async def test_a_very_long_transcript_is_a_pointer_and_a_file() -> None:
    room = Room()
    await room.delivery.progress(job(), HALF)
    await room.delivery.deliver(job(), BOOK)
    pointer, file = room.gateway.shown()
    assert "4000 words" in pointer.text.text
    assert file.file is not None
    assert file.file[1].decode().count("Sentence here.") == 2000


@pytest.mark.parametrize("said", ["", "\u0001\u0002"], ids=["nothing", "nothing that can be shown"])
async def test_where_there_is_nothing_to_reply_the_owner_is_told_so_and_nobody_else(said: str) -> None:
    room = Room(Delivery.REPLY)
    await room.delivery.deliver(job(), transcript(said))
    assert room.gateway.texts(ANNA) == []
    assert room.bodies() == ["No speech in it."]


async def test_in_a_reply_chat_progress_is_typing_and_nothing_else() -> None:
    room = Room(Delivery.REPLY)
    await room.delivery.progress(job(), HALF)
    await room.delivery.progress(job(), HALF)
    assert room.gateway.typed == [ANNA]
    assert room.gateway.messages == {}


async def test_in_a_reply_chat_the_transcript_is_a_bare_reply_to_the_note() -> None:
    room = Room(Delivery.REPLY)
    done = await room.delivery.deliver(job(), transcript("Hello."))
    assert room.gateway.shown(ANNA) == [Message(ANNA, Rich("Hello."), reply_to=5)]
    assert room.gateway.shown(ME) == []
    assert done.delivery is Delivery.REPLY


async def test_silence_in_a_reply_chat_is_told_to_the_owner_only() -> None:
    room = Room(Delivery.REPLY)
    done = await room.delivery.deliver(job(), transcript())
    assert room.gateway.shown(ANNA) == []
    assert room.bodies() == ["No speech in it."]
    assert done.delivery is Delivery.PRIVATE


async def test_a_failure_in_a_reply_chat_is_told_to_the_owner_only() -> None:
    room = Room(Delivery.REPLY)
    await room.delivery.failed(job(), EngineDied())
    assert room.gateway.shown(ANNA) == []
    assert "/retry 12" in room.bodies()[0]


@pytest.mark.parametrize("error", [Gone(), Refused(reason="CHAT_WRITE_FORBIDDEN")])
async def test_a_chat_that_takes_no_reply_makes_the_transcript_private(error: StenogramError) -> None:
    room = Room(Delivery.REPLY)
    room.gateway.fail["send_text"] = [error]
    done = await room.delivery.deliver(job(), transcript("Hello."))
    assert room.bodies() == ["Hello."]
    assert done.delivery is Delivery.PRIVATE


async def test_what_was_begun_as_a_reply_goes_on_as_one_though_the_owner_changed_the_rule() -> None:
    room = Room(Delivery.PRIVATE)
    begun = job(delivery=Delivery.REPLY, sent=(Sent(0, ANNA, 70),))
    done = await room.delivery.deliver(begun, LONG)
    assert len(room.gateway.shown(ANNA)) == 2
    assert room.gateway.shown(ME) == []
    assert [sent.part for sent in done.sent] == [0, 1, 2]


async def test_progress_and_result_go_to_the_same_place_though_the_owner_changes_the_rule_in_between() -> None:
    room = Room()
    await room.delivery.progress(job(), HALF)
    room.rules.wanted = Delivery.REPLY
    await room.delivery.deliver(job(), transcript("Hello."))
    assert room.bodies() == ["Hello."]
    assert room.gateway.shown(ANNA) == []


async def test_a_note_in_saved_messages_is_answered_there_with_a_reply() -> None:
    room = Room()
    mine = note(chat_id=ME, chat_kind=ChatKind.SAVED, outgoing=True)
    await room.delivery.deliver(job(mine), LONG)
    assert [message.reply_to for message in room.gateway.shown()] == [5, None, None]
    assert room.gateway.texts()[0].startswith("🎙 12 Jan 13:46 · 0:07 · #12\n")


async def test_an_own_note_gets_its_transcript_as_caption() -> None:
    room = Room(Delivery.CAPTION)
    mine = note(outgoing=True)
    room.gateway.notes[mine.key] = mine
    await room.delivery.progress(job(mine), HALF)
    done = await room.delivery.deliver(job(mine), transcript("Hello."))
    assert room.gateway.edits == [(5, Rich("Hello."))]
    assert room.gateway.messages == {}
    assert room.gateway.typed == []
    assert (done.delivery, done.sent) == (Delivery.CAPTION, (Sent(0, ANNA, 5),))


@pytest.mark.parametrize("changes", [{"outgoing": False}, {"outgoing": True, "kind": MediaKind.VIDEO}])
async def test_what_can_have_no_caption_of_ours_becomes_private(changes: dict[str, object]) -> None:
    room = Room(Delivery.CAPTION)
    await room.delivery.deliver(job(note(**changes)), transcript("Hello."))
    assert room.bodies() == ["Hello."]


async def test_a_caption_that_is_too_long_or_refused_becomes_private() -> None:
    room = Room(Delivery.CAPTION)
    mine = note(outgoing=True)
    room.gateway.notes[mine.key] = mine
    await room.delivery.deliver(job(mine), transcript("x" * 1025))
    room.gateway.fail["edit_text"] = [Refused()]
    other = replace(mine, message_id=6)
    done = await room.delivery.deliver(job(other, id=13), transcript("Hello."))
    assert room.bodies() == ["x" * 1025, "Hello."]
    assert done.delivery is Delivery.PRIVATE


async def test_a_failure_replaces_the_progress() -> None:
    room = Room()
    await room.delivery.progress(job(), HALF)
    await room.delivery.failed(job(), Gone())
    await room.delivery.failed(job(attempts=2), Gone())
    assert len(room.gateway.messages) == 1
    assert "deleted" in room.bodies()[0]


async def test_a_note_deleted_before_anything_was_shown_is_not_talked_about() -> None:
    room = Room()
    await room.delivery.failed(job(), Gone())
    assert room.gateway.messages == {}


async def test_a_failure_after_the_first_part_leaves_that_part_alone() -> None:
    room = Room()
    begun = await room.delivery.deliver(job(), transcript("Hello."))
    await room.delivery.failed(replace(begun, attempts=2), Refused())
    assert room.bodies()[0] == "Hello."
    assert len(room.gateway.messages) == 2


async def test_a_retried_failure_ends_as_the_transcript() -> None:
    room = Room()
    await room.delivery.failed(job(attempts=3), Offline())
    await room.delivery.deliver(job(attempts=4), transcript("Hello."))
    assert room.bodies() == ["Hello."]


async def test_a_new_run_is_a_new_message() -> None:
    room = Room()
    await room.delivery.deliver(job(), transcript("Privet."))
    await room.delivery.deliver(job(run=2), transcript("Привет."))
    assert room.bodies() == ["Privet.", "Привет."]


async def test_cancelling_turns_the_progress_into_that_word_and_says_nothing_where_none_was_shown() -> None:
    room = Room()
    await room.delivery.cancelled(job())
    assert room.gateway.messages == {}
    await room.delivery.progress(job(), HALF)
    await room.delivery.cancelled(job())
    assert room.bodies() == ["Cancelled. To get it after all: /retry 12"]


async def test_cancelling_in_a_reply_chat_says_nothing_anywhere() -> None:
    room = Room(Delivery.REPLY)
    await room.delivery.progress(job(), HALF)
    await room.delivery.cancelled(job())
    await room.delivery.cancelled(job(attempts=2))
    assert room.gateway.messages == {}


async def test_cancelling_leaves_the_parts_that_were_sent() -> None:
    room = Room()
    begun = await room.delivery.deliver(job(), transcript("Hello."))
    await room.delivery.cancelled(replace(begun, attempts=2))
    assert room.bodies() == ["Hello."]


async def test_held_notes_are_told_once_in_one_message() -> None:
    room = Room()
    held = [job(note(chat_id=FAMILY, chat_kind=ChatKind.GROUP, message_id=i), id=i) for i in (3, 4)]
    await room.delivery.held(held)
    await room.delivery.held(held)
    await room.delivery.held([])
    [told] = room.gateway.texts()
    assert "#3 – #4" in told
    assert "/retry 3" in told

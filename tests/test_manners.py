"""What others may see of the work, only as the owner asked, and never at the cost of a result."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.support.chat_fakes import ME, FakeShelf, job, note, transcript
from tests.support.clock import FakeClock, settle
from transcriber.domain import ChatKind, Job, JobState, MediaKind, Note, Progress, Transcript
from transcriber.errors import FloodWait, Gone, Offline, Refused, StenogramError, StoreUnavailable
from transcriber.manners import EYES, MOST_TRIES, PAUSE_S, Manners

PROGRESS = Progress(1, 7, "so far")
SAID = transcript("hello")
KEY = note().key


@dataclass
class FakeDelivery:
    """Notes down what passes."""

    passed: list[str] = field(default_factory=list)

    async def progress(self, job: Job, progress: Progress) -> None:
        self.passed.append("progress")

    async def deliver(self, job: Job, transcript: Transcript) -> Job:
        self.passed.append("deliver")
        return job

    async def failed(self, job: Job, error: StenogramError) -> None:
        self.passed.append("failed")

    async def cancelled(self, job: Job) -> None:
        self.passed.append("cancelled")


@dataclass
class FakeTelegram:
    """Keeps who reacted to what; `fail` holds errors for the next calls."""

    reactions: dict[tuple[int, int], str] = field(default_factory=dict)
    played: list[tuple[int, int]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    fail: list[StenogramError] = field(default_factory=list)
    lost: bool = False  # the next call is carried out and its answer lost

    async def wait_online(self) -> None:
        self._called("wait_online", may_fail=False)

    async def react(self, chat_id: int, message_id: int, emoji: str) -> bool:
        self._called("react")
        if self.reactions.setdefault((chat_id, message_id), emoji) != emoji:
            return False
        if self.lost:
            self.lost = False
            raise Offline
        return True

    async def take_back_reaction(self, chat_id: int, message_id: int, emoji: str) -> None:
        self._called("take_back")
        if self.reactions.get((chat_id, message_id)) == emoji:
            del self.reactions[chat_id, message_id]

    async def mark_played(self, note: Note) -> None:
        self._called("mark_played")
        self.played.append(note.key)

    def _called(self, name: str, *, may_fail: bool = True) -> None:
        self.calls.append(name)
        if may_fail and self.fail:
            raise self.fail.pop(0)


class FakeStore(FakeShelf):
    """With the jobs of these states."""

    def __init__(self) -> None:
        super().__init__()
        self.states: dict[tuple[int, int], JobState] = {}

    async def job_of(self, chat_id: int, message_id: int) -> Job | None:
        state = self.states.get((chat_id, message_id))
        return job(note(chat_id=chat_id, message_id=message_id), state=state) if state else None


class Scene:
    def __init__(self, progress: str = "message", *, mark_played: bool = False) -> None:
        self.delivery, self.telegram, self.shelf, self.clock = (
            FakeDelivery(),
            FakeTelegram(),
            FakeStore(),
            FakeClock(),
        )
        self.mark_played = mark_played
        self.begins(progress)

    def begins(self, progress: str) -> None:
        """A life of the program."""
        self.manners = Manners(
            *(self.delivery, self.telegram, self.shelf, self.clock), progress=progress, mark_played=self.mark_played
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """With the task that does what could not be done at once."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.manners.run())
            yield
            await settle()
            task.cancel()


async def test_by_default_everything_passes_and_nothing_is_shown_to_others() -> None:
    scene = Scene()
    await scene.manners.progress(job(), PROGRESS)
    assert await scene.manners.deliver(job(), SAID) == job()
    await scene.manners.failed(job(), Gone())
    await scene.manners.cancelled(job())
    assert scene.delivery.passed == ["progress", "deliver", "failed", "cancelled"]
    assert scene.telegram.calls == []


async def test_with_none_progress_is_not_shown_and_results_are() -> None:
    scene = Scene("none")
    await scene.manners.progress(job(), PROGRESS)
    await scene.manners.deliver(job(), SAID)
    assert (scene.delivery.passed, scene.telegram.calls) == (["deliver"], [])


@pytest.mark.parametrize("end", ["deliver", "failed", "cancelled"])
async def test_the_eyes_stand_in_for_the_message_while_a_note_is_in_work_and_go_however_it_ends(end: str) -> None:
    scene = Scene("reaction")
    for _ in range(3):
        await scene.manners.progress(job(), PROGRESS)
        assert scene.telegram.reactions == {KEY: EYES}
    assert scene.telegram.calls == ["react"], "asked of Telegram once"
    if end == "deliver":
        await scene.manners.deliver(job(), SAID)
    elif end == "failed":
        await scene.manners.failed(job(), Gone())
    else:
        await scene.manners.cancelled(job())
    assert scene.telegram.reactions == {}
    assert scene.delivery.passed == [end]


async def test_a_note_that_was_done_before_its_progress_was_due_is_not_touched() -> None:
    scene = Scene("reaction")
    await scene.manners.deliver(job(), SAID)
    assert scene.telegram.calls == []


@pytest.mark.parametrize("progress", ["reaction", "message", "none"])
async def test_the_eyes_that_an_earlier_life_left_go_with_the_result_whatever_is_wanted_now(progress: str) -> None:
    scene = Scene("reaction")
    await scene.manners.progress(job(), PROGRESS)
    scene.begins(progress)
    scene.shelf.states[KEY] = JobState.RUNNING
    async with scene.running():
        await settle()
        assert scene.telegram.reactions == {KEY: EYES}, "it is in work again"
        await scene.manners.deliver(job(attempts=2), SAID)
        assert scene.telegram.reactions == {}


async def test_eyes_that_telegram_would_not_take_back_before_the_end_go_at_the_next_start() -> None:
    scene = Scene("reaction")
    await scene.manners.progress(job(), PROGRESS)
    await scene.manners.progress(job(note(message_id=6), id=13), PROGRESS)
    scene.telegram.fail = [FloodWait(300), FloodWait(300)]
    await scene.manners.deliver(job(), SAID)
    await scene.manners.failed(job(note(message_id=6), id=13), Gone())
    assert len(scene.telegram.reactions) == 2
    scene.begins("message")
    scene.shelf.states[KEY] = JobState.DONE  # and the other one was forgotten
    scene.telegram.fail = [Offline()]  # as before the first connection
    async with scene.running():
        await scene.clock.advance(PAUSE_S)
        assert scene.telegram.reactions == {}
    scene.begins("message")
    calls = len(scene.telegram.calls)
    async with scene.running():
        await settle()
        await scene.manners.deliver(job(), SAID)
    assert len(scene.telegram.calls) == calls, "and are forgotten"


async def test_eyes_that_cannot_be_noted_down_are_not_put() -> None:
    scene = Scene("reaction")
    scene.shelf.fail = [StoreUnavailable()]
    with pytest.raises(StoreUnavailable):  # the reporter goes on
        await scene.manners.progress(job(), PROGRESS)
    assert scene.telegram.calls == []
    await scene.manners.progress(job(), PROGRESS)
    assert scene.telegram.reactions == {KEY: EYES}


async def test_eyes_on_several_notes_at_once_are_each_noted_down() -> None:
    scene = Scene("reaction")
    notes = [note(message_id=number) for number in range(5)]
    async with asyncio.TaskGroup() as group:
        for each in notes:
            group.create_task(scene.manners.progress(job(each), PROGRESS))
    scene.begins("reaction")
    async with scene.running():
        await settle(40)
    assert scene.telegram.reactions == {}


async def test_who_does_not_want_the_eyes_pays_nothing_for_them() -> None:
    scene = Scene("message")
    async with scene.running():
        await scene.manners.progress(job(), PROGRESS)
        await scene.manners.deliver(job(), SAID)
    assert (scene.telegram.calls, scene.shelf.writes) == ([], 0)


async def test_a_reaction_of_the_owners_own_stays_and_progress_is_a_message() -> None:
    scene = Scene("reaction")
    scene.telegram.reactions[KEY] = "❤️"
    await scene.manners.progress(job(), PROGRESS)
    await scene.manners.deliver(job(), SAID)
    assert scene.telegram.reactions == {KEY: "❤️"}
    assert scene.delivery.passed == ["progress", "deliver"]


async def test_where_reactions_are_not_allowed_progress_is_a_message() -> None:
    scene = Scene("reaction")
    scene.telegram.fail = [Refused(reason="REACTION_INVALID")]
    for _ in range(2):
        await scene.manners.progress(job(), PROGRESS)
    assert scene.delivery.passed == ["progress", "progress"]
    assert scene.telegram.calls == ["react"]


async def test_in_saved_messages_progress_is_a_message() -> None:
    scene = Scene("reaction", mark_played=True)
    own = job(note(chat_id=ME, chat_kind=ChatKind.SAVED, outgoing=True), attempts=2)
    await scene.manners.progress(own, PROGRESS)
    await scene.manners.deliver(own, SAID)
    assert (scene.delivery.passed, scene.telegram.calls) == (["progress", "deliver"], [])


async def test_eyes_whose_answer_was_lost_are_taken_away_all_the_same() -> None:
    scene = Scene("reaction")
    scene.telegram.lost = True
    with pytest.raises(Offline):  # the reporter goes on
        await scene.manners.progress(job(), PROGRESS)
    await scene.manners.deliver(job(), SAID)
    assert scene.telegram.reactions == {}


async def test_a_delivered_voice_note_is_marked_as_played_if_the_owner_wants_that() -> None:
    scene = Scene(mark_played=True)
    await scene.manners.deliver(job(), SAID)
    await scene.manners.deliver(job(note(kind=MediaKind.VIDEO_NOTE)), SAID)
    assert scene.telegram.played == [KEY, KEY]


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (note(outgoing=True), SAID),
        (note(view_once=True), SAID),
        (note(kind=MediaKind.AUDIO), SAID),
        (note(), transcript()),
    ],
    ids=["the owner's own", "can be heard once", "no voice note", "nothing understood"],
)
async def test_what_is_not_to_be_marked_is_left_alone(of: Note, said: Transcript) -> None:
    scene = Scene(mark_played=True)
    await scene.manners.deliver(job(of), said)
    assert scene.telegram.calls == []


async def test_a_note_that_failed_is_not_marked() -> None:
    scene = Scene(mark_played=True)
    await scene.manners.failed(job(), Gone())
    assert scene.telegram.calls == []


async def test_a_flood_wait_does_not_hold_up_the_result_and_is_obeyed_to_the_second() -> None:
    scene = Scene(mark_played=True)
    scene.telegram.fail = [FloodWait(300), FloodWait(20)]
    async with scene.running():
        assert await scene.manners.deliver(job(), SAID) == job()
        await settle()
        await scene.clock.advance(19.9)
        assert scene.telegram.played == []
        await scene.clock.advance(0.1)
        assert scene.telegram.played == [KEY]
    assert scene.clock.slept == [20]


async def test_the_eyes_are_taken_away_when_the_link_is_back() -> None:
    scene = Scene("reaction")
    await scene.manners.progress(job(), PROGRESS)
    scene.telegram.fail = [Offline(), Offline()]
    async with scene.running():
        await scene.manners.deliver(job(), SAID)
        await settle()
        assert scene.telegram.reactions == {KEY: EYES}
        await scene.clock.advance(PAUSE_S)
        assert scene.telegram.reactions == {}
    assert "wait_online" in scene.telegram.calls


async def test_a_courtesy_is_given_up_at_last_and_the_next_one_has_its_turn() -> None:
    scene = Scene(mark_played=True)
    scene.telegram.fail = [Offline()] * (1 + MOST_TRIES)
    async with scene.running():
        await scene.manners.deliver(job(), SAID)
        await scene.clock.advance(PAUSE_S * MOST_TRIES)
        assert scene.telegram.fail == []
        scene.telegram.fail = [Offline()]
        await scene.manners.deliver(job(note(message_id=6)), SAID)
        await settle()
    assert scene.telegram.played == [(KEY[0], 6)]


@pytest.mark.parametrize("error", [Gone(), Refused(reason="CHAT_WRITE_FORBIDDEN")])
async def test_what_telegram_refuses_is_not_tried_again(error: StenogramError) -> None:
    scene = Scene(mark_played=True)
    scene.telegram.fail = [FloodWait(1), error]
    async with scene.running():
        await scene.manners.deliver(job(), SAID)
        await scene.clock.advance(60)
    assert scene.telegram.calls == ["mark_played", "mark_played"]

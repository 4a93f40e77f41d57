"""A program and its lenders on a channel that loses what it likes: every run comes to one end, and none is stuck."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import repeat
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.support.channel import FakeChannel
from tests.support.clock import FakeClock, settle
from tests.support.fakes import FakeEngine
from transcriber.domain import DecodeOptions, EngineInfo, ModelInfo, Progress, Transcript
from transcriber.errors import (
    CancelledByOwner,
    EngineDied,
    ModelRefused,
    OverLimit,
    Refused,
    StenogramError,
    StoreUnavailable,
    Transient,
    Unreadable,
)
from transcriber.lending.lender import GONE_S, Lender
from transcriber.lending.lenders import LEFT_OUT_S, SILENT_S
from transcriber.lending.lent import PIECE_BYTES
from transcriber.lending.line import Line
from transcriber.lending.loan import AGAIN_S
from transcriber.lending.messages import (
    LENDERS,
    PROGRAM,
    Beat,
    Done,
    Drop,
    Failed,
    Here,
    Lend,
    Message,
    Moved,
    OtherVersion,
    Piece,
    Want,
    encode,
    to_lender,
)
from transcriber.lending.pool import HERE_EVERY_S, MOST_AT_ONCE, Pool
from transcriber.lending.spell import Machine

T = TypeVar("T")

WORDS = "words of the note"
RETRY_S = 5


def delays() -> Iterator[int]:
    return repeat(RETRY_S)


@dataclass
class AnEngine(FakeEngine):
    """One that can be given a model, and whose speed a test decides."""

    speed: float | None = None
    refuses: StenogramError | None = None  # the models it is given
    given: list[str] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)  # of the files it was given
    shows: list[Progress] = field(default_factory=list)  # one after the other, at once

    async def transcribe(
        self, run_id: str, path: Path, options: DecodeOptions, on_progress: Callable[[Progress], None]
    ) -> Transcript:
        stat = path.stat()  # noqa: ASYNC240 - a small file
        assert stat.st_mode & 0o777 == 0o600
        self.lengths.append(stat.st_size)
        for progress in self.shows:
            on_progress(progress)
        return await super().transcribe(run_id, path, options, on_progress)

    async def switch(self, model: str, on_progress: Callable[[float], None]) -> ModelInfo:
        self.given.append(model)
        if self.refuses:
            raise self.refuses
        on_progress(1.0)
        self.model = model
        return ModelInfo(model, None, None, present=True)

    def info(self) -> EngineInfo:
        return EngineInfo(self.model, True, None, self.speed, 0)


@dataclass
class Helper:
    """A lender, its recogniser, and how it ends."""

    name: str
    engine: AnEngine
    told: list[str]
    spool: Path
    task: asyncio.Task[None]
    lender: Lender

    async def kill(self) -> None:
        """As `kill -9` does: without a word."""
        self.task.cancel()
        await asyncio.wait([self.task])

    @property
    def busy(self) -> int:
        """Recordings its recogniser has in hand."""
        return len(self.engine.scopes)


class Town:
    """One channel, one program, any number of lenders, and a clock for all of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.channel = FakeChannel()
        self.clock = FakeClock()
        self.engine = AnEngine(speed=1.0)
        self.helpers = 0
        self.notes = 0
        self.tasks: list[asyncio.Task[Any]] = []
        self.pool: Pool
        self.life: asyncio.Task[Any]

    def do(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Beside the test, and no longer than it."""
        task = asyncio.create_task(work)
        self.tasks.append(task)
        return task

    async def begin(self, me: str = "program") -> None:
        """The program starts."""
        self.pool = Pool(self.engine, self.channel, self.clock, delays, me=me, max_duration_s=7200.0)
        self.life = self.do(self.pool.run())
        await self.settle()

    async def end(self) -> None:
        """The program is gone, without a word."""
        self.life.cancel()
        await self.settle()

    async def helper(self, *, name: str = "attic", speed: float | None = None, **engine: object) -> Helper:
        """Another machine lends its CPU; returns when it is ready."""
        self.helpers += 1
        machine = Machine(f"lender{self.helpers}", name, 4)
        its = AnEngine(speed=speed, model="none", **engine)  # type: ignore[arg-type]  # passed on
        told: list[str] = []

        @asynccontextmanager
        async def engines(max_duration_s: float) -> AsyncIterator[AnEngine]:
            assert max_duration_s == 7200.0
            yield its

        def announce(key: str, **details: object) -> None:
            told.append(key)

        spool = self.folder / machine.id
        lender = Lender(
            machine,
            self.channel,
            self.clock,
            delays,
            engines=engines,
            model_here=lambda model: f"/here/{model}",
            spool=spool,
            announce=announce,
        )
        helper = Helper(machine.id, its, told, spool, self.do(lender.run()), lender)
        await self.settle()
        return helper

    def note(self, text: str = WORDS, **options: object) -> asyncio.Task[Transcript]:
        """The worker asks for a transcript of this."""
        self.notes += 1
        path = self.folder / f"note{self.notes}.sound"
        path.touch(mode=0o600)
        path.write_text(text)
        self.progress: list[Progress] = []
        wanted = DecodeOptions(**options)  # type: ignore[arg-type]  # passed on
        return self.do(self.pool.transcribe(path.stem, path, wanted, self.progress.append))

    async def settle(self) -> None:
        for _ in range(5):
            await settle()

    async def pass_s(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            await self.clock.advance(1)
        await self.settle()


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    made = Town(tmp_path)
    await made.begin()
    yield made
    for task in made.tasks:
        task.cancel()
    await asyncio.gather(*made.tasks, return_exceptions=True)


def lost(town: Town, kind: type[Message], times: int = 1) -> None:
    """The next messages of that kind are lost."""
    left = [times]

    def loses(message: Message) -> bool:
        if isinstance(message, kind) and left[0]:
            left[0] -= 1
            return True
        return False

    town.channel.loses = loses


# The way there and back


async def test_a_run_is_done_by_the_lender_and_nothing_of_it_stays_there(town: Town) -> None:
    helper = await town.helper()
    run = town.note(language="en", words="Anna", beam_size=3)
    await town.settle()
    transcript = run.result()
    assert (transcript.text, transcript.model) == (WORDS, "small"), "under the name that the program knows it by"
    assert town.engine.heard == []
    assert helper.engine.heard == [(WORDS, DecodeOptions("en", False, "Anna", 3))]
    assert list(helper.spool.iterdir()) == []
    assert town.pool.lent()[0].runs == 0
    assert town.channel.count(Drop) == 1, "it is told that the answer has come"


async def test_long_sound_comes_piece_by_piece(town: Town) -> None:
    helper = await town.helper()
    text = "".join(chr(97 + n % 26) for n in range(2 * PIECE_BYTES + 5))
    run = town.note(text)
    await town.settle()
    assert run.result().text == text
    assert town.channel.count(Piece) == 3
    assert helper.engine.lengths == [len(text)]


async def test_an_empty_file_is_for_the_recogniser_to_refuse(town: Town) -> None:
    helper = await town.helper()
    helper.engine.faults.append(Unreadable("empty"))
    run = town.note("")
    await town.settle()
    with pytest.raises(Unreadable):
        run.result()
    assert helper.engine.lengths == [0]


@pytest.mark.parametrize("lent", [False, True])
async def test_sound_that_cannot_be_read_here_is_unreadable(town: Town, lent: bool) -> None:
    await town.helper()
    if lent:
        lost(town, Want)
    run = town.note()
    if lent:
        await town.settle()
    (town.folder / "note1.sound").unlink()
    await town.pass_s(AGAIN_S + HERE_EVERY_S)
    with pytest.raises(Unreadable):
        run.result()


async def test_progress_is_passed_on_at_most_once_a_second(town: Town) -> None:
    helper = await town.helper()
    helper.engine.shows = [Progress(1.0, 4.0, "hel"), Progress(1.1, 4.0, "hell")]
    helper.engine.hold = asyncio.Event()
    run = town.note()
    await town.settle()
    assert town.progress == [Progress(1.0, 4.0, "hel")]
    helper.engine.hold.set()
    await town.settle()
    assert run.done()


# What is lost on the way


@pytest.mark.parametrize("kind", [Want, Piece])
async def test_a_lost_piece_is_asked_for_again(town: Town, kind: type[Message]) -> None:
    helper = await town.helper()
    lost(town, kind)
    run = town.note()
    await town.pass_s(AGAIN_S + HERE_EVERY_S)
    assert run.result().text == WORDS
    assert len(helper.engine.heard) == 1
    assert town.engine.heard == []


async def test_a_link_too_slow_for_its_questions_is_asked_less_and_less(town: Town) -> None:
    await town.helper()
    lost(town, Piece, 1000)
    run = town.note()
    await town.pass_s(240)
    asked = town.channel.count(Want)
    assert 5 <= asked <= 9, "after 5, 10, 20, 40, 40… seconds"
    run.cancel()


async def test_a_piece_that_comes_twice_is_taken_once(town: Town) -> None:
    await town.helper()

    def comes_twice(message: Message) -> bool:
        if isinstance(message, Piece):
            town.channel.tell(to_lender("lender1"), encode(message))
        return False

    town.channel.loses = comes_twice
    text = "".join(chr(97 + n % 26) for n in range(2 * PIECE_BYTES + 5))
    run = town.note(text)
    await town.settle()
    assert run.result().text == text


async def test_once_the_sound_is_there_it_is_not_asked_for_any_more(town: Town) -> None:
    await town.helper(hold=asyncio.Event())
    run = town.note()
    await town.pass_s(60)
    assert (town.channel.count(Want), run.done()) == (1, False)


async def test_an_order_that_comes_twice_is_taken_once(town: Town) -> None:
    helper = await town.helper(hold=asyncio.Event())
    town.note()
    await town.settle()
    (lend,) = (message for message in town.channel.said if isinstance(message, Lend))
    town.channel.tell(to_lender("lender1"), encode(lend))
    await town.settle()
    assert len(helper.engine.heard) == 1
    assert len(list(helper.spool.iterdir())) == 1


async def test_an_order_without_the_model_for_it_is_given_back(town: Town) -> None:
    helper = await town.helper(refuses=ModelRefused("model_unfetched"))
    town.channel.tell(to_lender("lender1"), encode(Lend("program", "run", 3, "small", None, False, "", 1)))
    await town.settle()
    (failed,) = (message for message in town.channel.said if isinstance(message, Failed))
    assert (failed.kind, helper.busy) == ("", 0)


async def test_an_answer_counts_once_and_only_from_whom_the_run_was_lent_to(town: Town) -> None:
    await town.helper(hold=asyncio.Event())
    run = town.note()
    await town.settle()
    (lend,) = (message for message in town.channel.said if isinstance(message, Lend))
    answer = Done("lender1", lend.run, ((0.0, 1.0, "right"),), "en", 1.0, 1.0, 1.0)
    town.pool.hear(replace(answer, sender="lender2", segments=((0.0, 1.0, "wrong"),)))
    town.pool.hear(answer)
    town.pool.hear(replace(answer, segments=((0.0, 1.0, "late"),)))
    town.pool.hear(Moved("lender1", lend.run, 0.5, 1.0, "late"))
    await town.settle()
    assert run.result().text == "right"
    assert town.progress == []


async def test_a_lost_order_is_noticed_by_the_next_beat_and_done_here(town: Town) -> None:
    helper = await town.helper(speed=9.0)
    lost(town, Lend)
    run = town.note()
    helper.engine.refuses = None
    town.engine.speed = 100.0  # so that the next try is here
    await town.pass_s(HERE_EVERY_S)
    assert run.result().text == WORDS
    assert (len(town.engine.heard), len(helper.engine.heard)) == (1, 0)


async def test_a_beat_sent_before_the_order_came_says_nothing_about_it(town: Town) -> None:
    helper = await town.helper(hold=asyncio.Event())
    run = town.note()
    await town.settle()
    beats = [message for message in town.channel.said if isinstance(message, Beat)]
    town.pool.hear(replace(beats[-1], runs=()))  # on its way when the run was lent
    await town.settle()
    assert (helper.busy, run.done()) == (1, False)
    assert town.channel.count(Lend) == 1


async def test_a_lost_answer_is_given_again(town: Town) -> None:
    helper = await town.helper()
    lost(town, Done, 2)
    run = town.note()
    await town.pass_s(3 * AGAIN_S + 2 * HERE_EVERY_S)
    assert run.result().text == WORDS
    assert len(helper.engine.heard) == 1
    assert town.channel.count(Done) == 3


async def test_a_lost_thank_you_is_said_again(town: Town) -> None:
    helper = await town.helper()
    lost(town, Drop)
    run = town.note()
    await town.settle()
    assert run.done()
    await town.pass_s(2 * HERE_EVERY_S)
    assert town.channel.count(Drop) == 2
    last = [message for message in town.channel.said if isinstance(message, Beat)][-1]
    assert last.runs == ()
    assert helper.busy == 0


async def test_noise_on_the_channel_is_dropped_with_a_line(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    await town.helper()
    for topic in (PROGRAM, LENDERS):
        town.channel.tell(topic, b"\xff noise")
    run = town.note()
    await town.settle()
    assert run.result().text == WORDS
    assert [record.levelname for record in caplog.records if "dropped" in record.message] == ["WARNING"] * 2


@pytest.mark.parametrize("seed", range(12))
async def test_however_much_is_lost_every_run_ends_and_nothing_is_left_over(town: Town, seed: int) -> None:
    chance = random.Random(seed)
    town.channel.loses = lambda _: chance.random() < 0.4
    helpers = [await town.helper(name=name, speed=2.0) for name in ("attic", "cellar")]
    runs = []
    for number in range(12):
        runs.append(town.note(chr(97 + number) * chance.choice((1, PIECE_BYTES + 1))))
        await town.pass_s(chance.randrange(8))
        if chance.random() < 0.2:
            town.pool.cancel(f"note{chance.randrange(number + 1) + 1}")
        if chance.random() < 0.1:
            town.channel.go_down()
            await town.pass_s(chance.randrange(40))
            town.channel.come_back()
    await town.pass_s(300)
    for number, run in enumerate(runs):
        assert run.done()
        if run.exception() is None:
            assert set(run.result().text) == {chr(97 + number)}, "its own words"
        else:
            assert isinstance(run.exception(), CancelledByOwner)
    town.channel.loses = lambda _: False
    await town.pass_s(60)
    assert [(machine.ready, machine.runs) for machine in town.pool.lent()] == [(True, 0)] * 2
    assert [helper.busy for helper in helpers] == [0, 0]
    assert [path for helper in helpers for path in helper.spool.iterdir()] == []
    beats = {message.sender: message for message in town.channel.said if isinstance(message, Beat)}
    assert [beat.runs for beat in beats.values()] == [()] * 2
    assert town.channel.count(Lend) > 0


# Lenders that go


async def test_the_run_of_a_lender_that_falls_silent_is_done_here(town: Town) -> None:
    helper = await town.helper(hold=asyncio.Event())
    run = town.note()
    await town.settle()
    assert helper.busy == 1
    await helper.kill()
    await town.pass_s(SILENT_S - 1)
    assert not run.done()
    await town.pass_s(HERE_EVERY_S + 1)
    assert run.result().text == WORDS
    assert len(town.engine.heard) == 1
    assert town.pool.lent() == []


async def test_the_run_of_a_lender_that_leaves_is_done_at_once_by_another(town: Town) -> None:
    first = await town.helper(hold=asyncio.Event())
    run = town.note()
    await town.settle()
    second = await town.helper()
    await first.kill()
    await first.lender.leave()
    await town.settle()
    assert run.result().text == WORDS
    assert (town.engine.heard, len(second.engine.heard)) == ([], 1)


async def test_a_lender_that_has_begun_anew_has_lost_what_it_had(town: Town) -> None:
    helper = await town.helper(hold=asyncio.Event())
    run = town.note()
    await town.settle()
    beat = next(message for message in reversed(town.channel.said) if isinstance(message, Beat))
    town.engine.speed = 100.0
    town.pool.hear(replace(beat, number=beat.number + 1, speed=1.0, runs=()))
    await town.settle()
    assert run.result().text == WORDS
    assert helper.busy == 0, "what it goes on with is dropped"


async def test_left_over_sound_of_an_earlier_life_is_deleted_at_the_start(town: Town) -> None:
    spool = town.folder / "lender1"
    spool.mkdir()
    (spool / "old-1.lent").write_text("left")
    (spool / "5_1-1.sound").write_text("the program's own, where both have one data directory")
    await town.helper()
    assert [left.name for left in spool.iterdir()] == ["5_1-1.sound"]


# Errors


@pytest.mark.parametrize(
    "error",
    [Unreadable("truncated"), OverLimit("too_long", limit_s=7200.0), Refused("language_unknown", language="xx")],
)
async def test_a_recording_refused_there_is_refused_in_the_same_words(town: Town, error: StenogramError) -> None:
    helper = await town.helper()
    helper.engine.faults.append(error)
    run = town.note()
    await town.settle()
    with pytest.raises(type(error)) as raised:
        run.result()
    assert (type(raised.value), raised.value.key, raised.value.details) == (type(error), error.key, error.details)
    assert town.pool.places() == 1, "it is not the lender's fault"


async def test_a_death_of_the_recogniser_there_is_told_as_such_and_the_next_try_is_here(town: Town) -> None:
    helper = await town.helper()
    helper.engine.faults.append(EngineDied(code=-9))
    run = town.note()
    await town.settle()
    with pytest.raises(EngineDied):
        run.result()
    again = town.note()
    await town.settle()
    assert again.done()
    assert len(town.engine.heard) == 1


@pytest.mark.parametrize(
    "error", [ModelRefused("model_too_big"), Transient("model_unfetched"), OSError(28, "No space left on device")]
)
async def test_a_trouble_of_the_lenders_own_is_done_elsewhere_and_it_is_left_out_for_a_minute(
    town: Town, error: Exception
) -> None:
    helper = await town.helper()
    helper.engine.faults.append(error)  # type: ignore[arg-type]  # also what the system says
    run = town.note()
    await town.settle()
    assert run.result().text == WORDS
    assert (len(town.engine.heard), town.pool.places()) == (1, 0)
    assert [machine.ready for machine in town.pool.lent()] == [False]
    await town.pass_s(LEFT_OUT_S)
    assert town.pool.places() == 1


async def test_an_answer_by_another_model_is_none(town: Town) -> None:
    helper = await town.helper()
    helper.engine.model = "an older one"  # the recogniser fell back to it
    run = town.note()
    await town.settle()
    assert run.result().model == "small"
    assert (len(town.engine.heard), len(helper.engine.heard)) == (1, 1)


# The owner's hand


async def test_a_cancel_frees_the_lender_at_once(town: Town) -> None:
    helper = await town.helper(hold=asyncio.Event())
    run = town.note()
    await town.settle()
    assert (helper.busy, len(list(helper.spool.iterdir()))) == (1, 1)
    town.pool.cancel("note1")
    await town.settle()
    with pytest.raises(CancelledByOwner):
        run.result()
    assert (helper.busy, list(helper.spool.iterdir())) == (0, [])


async def test_a_cancel_that_is_lost_is_said_again(town: Town) -> None:
    helper = await town.helper(hold=asyncio.Event())
    run = town.note()
    await town.settle()
    lost(town, Drop)
    town.pool.cancel("note1")
    await town.settle()
    assert (run.done(), helper.busy) == (True, 1)
    with pytest.raises(CancelledByOwner):
        run.result()
    await town.pass_s(HERE_EVERY_S)
    assert helper.busy == 0


async def test_a_run_here_is_cancelled_here(town: Town) -> None:
    town.engine.hold = asyncio.Event()
    run = town.note()
    await town.settle()
    town.pool.cancel("note1")
    await town.settle()
    assert town.engine.cancelled == ["note1"]
    with pytest.raises(CancelledByOwner):
        run.result()


async def test_a_run_that_is_nobodys_any_more_is_dropped_there(town: Town) -> None:
    helper = await town.helper(hold=asyncio.Event())
    run = town.note()
    await town.settle()
    run.cancel()  # the lease was lost, or the program stops
    await town.settle()
    assert helper.busy == 0


# Where a run goes


async def places_of(town: Town, runs: int) -> str:
    """Where so many runs that do not end go, one after the other: `h`ere or `t`here."""
    town.engine.hold = asyncio.Event()
    went = ""
    for _ in range(runs):
        before = len(town.engine.scopes)
        town.note()
        await town.settle()
        went += "h" if len(town.engine.scopes) > before else "t"
    return went


@pytest.mark.parametrize(
    ("here", "there", "went"),
    [
        (1.0, None, "thht"),  # one to be measured by; until then it counts for as fast as people speak
        (None, 2.0, "thtt"),
        (1.0, 2.5, "ttht"),
        (10.0, 1.0, "hhht"),  # three are enough for any place
        (2.0, 2.0, "htht"),
        (0.1, 10.0, "ttth"),
    ],
)
async def test_a_run_goes_where_it_is_done_first(
    town: Town, here: float | None, there: float | None, went: str
) -> None:
    town.engine.speed = here
    await town.helper(speed=there, hold=asyncio.Event())
    assert await places_of(town, 4) == went


async def test_every_new_lender_is_measured_first(town: Town) -> None:
    town.engine.speed = 100.0
    for name in ("attic", "cellar"):
        await town.helper(name=name, hold=asyncio.Event())
    assert await places_of(town, 3) == "tth"
    assert [machine.runs for machine in town.pool.lent()] == [1, 1]


async def test_another_model_than_the_current_one_is_always_heard_here(town: Town) -> None:
    helper = await town.helper()
    run, named = town.note(model="large-v3"), town.note(model="small")
    await town.settle()
    assert run.result().model == "large-v3"
    assert named.result().model == "small"
    assert [options.model for _, options in town.engine.heard] == ["large-v3"]
    assert len(helper.engine.heard) == 1, "the current one by its name is the current one"


# Models


async def test_a_lender_gets_the_programs_model_and_follows_when_it_changes(town: Town) -> None:
    helper = await town.helper()
    assert helper.engine.given == ["/here/small"]
    assert helper.told == ["lending_connected", "lending_waiting", "lending_found", "model"]
    await town.pool.switch("medium", lambda _: None)
    await town.settle()
    assert helper.engine.given == ["/here/small", "/here/medium"]
    run = town.note()
    await town.settle()
    assert run.result().model == "medium"
    assert len(helper.engine.heard) == 1


async def test_what_is_under_way_ends_on_the_model_it_began_with(town: Town) -> None:
    hold = asyncio.Event()
    helper = await town.helper(hold=hold)
    run = town.note()
    await town.settle()
    helper.engine.refuses = ModelRefused("model_unfetched")  # it is still on its way
    await town.pool.switch("medium", lambda _: None)
    await town.settle()
    assert town.pool.places() == 0
    hold.set()
    await town.settle()
    assert run.result().model == "small"


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("model_unfetched", "model_unfetched"),
        ("model_unknown", "lending_no_model"),
        ("model_broken", "lending_no_model"),
        ("model_too_big", "lending_no_memory"),
    ],
)
async def test_a_model_that_cannot_be_had_is_said_and_tried_again(town: Town, key: str, line: str) -> None:
    helper = await town.helper(refuses=ModelRefused(key))
    assert helper.told[-1] == line
    assert town.pool.places() == 0
    assert [machine.ready for machine in town.pool.lent()] == [False]
    await town.pass_s(2 * RETRY_S)
    times = helper.told.count(line)
    assert times == (1 if line == "lending_no_model" else 3), "once, where it takes the owner to change it"
    helper.engine.refuses = None
    await town.pass_s(RETRY_S)
    assert helper.told[-1] == "model"
    assert town.pool.places() == 1


# Versions, lives, and the line


async def test_another_version_is_refused_with_one_line_on_both_sides(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    await town.end()
    helper = await town.helper()
    await town.begin()
    here, beat = Here("other", 1, "small", 7200.0), Beat("newer", "", 0, "attic", 4, "small", None, ())
    for _ in range(3):
        town.channel.tell(LENDERS, encode(here, "9.9"))
        town.channel.tell(PROGRAM, encode(beat, "9.9"))
        await town.settle()
    assert helper.told.count("lending_refused") == 1
    assert len([record for record in caplog.records if "update the older" in record.message]) == 1
    assert [machine.name for machine in town.pool.lent()] == ["attic"], "the one that is like us"


async def test_a_lender_without_a_program_waits_and_drops_what_it_had(town: Town) -> None:
    helper = await town.helper(hold=asyncio.Event())
    run = town.note()
    await town.settle()
    await town.end()
    await town.pass_s(GONE_S - 6)
    assert helper.busy == 1
    await town.pass_s(12)
    assert (helper.busy, list(helper.spool.iterdir())) == (0, [])
    assert helper.told[-1] == "lending_gone"
    run.cancel()
    await town.begin("next")
    assert helper.told[-2:] == ["lending_found", "model"]
    assert town.pool.places() == 1


async def test_the_next_life_of_the_program_is_helped_at_once_and_owes_nothing_to_the_one_before(town: Town) -> None:
    helper = await town.helper(hold=asyncio.Event())
    before = town.note("of the life before")
    await town.settle()
    await town.end()
    before.cancel()
    town.channel.loses = lambda message: isinstance(message, Drop)
    await town.begin("next")
    assert helper.busy == 0
    assert helper.engine.hold is not None
    helper.engine.hold.set()
    run = town.note()
    await town.settle()
    assert run.result().text == WORDS


async def test_without_the_line_all_is_done_here_and_with_it_there_again(town: Town) -> None:
    helper = await town.helper()
    town.channel.go_down()
    await town.settle()
    run = town.note()
    await town.settle()
    assert run.done()
    assert (len(town.engine.heard), town.pool.places()) == (1, 0)
    assert helper.told[-2:] == ["network_error", "reconnect_in"]
    town.channel.come_back()
    await town.pass_s(RETRY_S)
    assert helper.told[-1] == "lending_connected"
    run = town.note()
    await town.settle()
    assert (run.done(), len(helper.engine.heard)) == (True, 1)


async def test_a_run_outlives_a_short_break_of_the_line(town: Town) -> None:
    hold = asyncio.Event()
    helper = await town.helper(hold=hold)
    run = town.note()
    await town.settle()
    town.channel.go_down()
    await town.settle()
    town.channel.come_back()
    hold.set()  # it ends while nobody can be told
    await town.pass_s(RETRY_S + AGAIN_S + HERE_EVERY_S)
    assert run.result().text == WORDS
    assert (len(helper.engine.heard), town.engine.heard) == (1, [])


async def test_where_the_store_forbids_it_the_program_goes_on_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    engine, channel = AnEngine(), FakeChannel()
    channel.is_forbidden = True
    pool = Pool(engine, channel, FakeClock(), delays, me="program", max_duration_s=7200.0)
    await asyncio.wait_for(pool.run(), 5)
    assert "no machine can lend its CPU: store_access" in caplog.text
    (tmp_path / "1.sound").touch(mode=0o600)
    assert (await pool.transcribe("1", tmp_path / "1.sound", DecodeOptions(), lambda _: None)).model == "small"


async def test_where_the_store_forbids_it_later_on_what_was_lent_is_done_here(town: Town) -> None:
    await town.helper(hold=asyncio.Event())
    run = town.note()
    await town.settle()
    town.channel.is_forbidden = True
    town.channel.go_down()
    await town.settle()
    town.channel.come_back()
    await town.pass_s(RETRY_S)
    assert run.result().text == WORDS
    assert (len(town.engine.heard), town.pool.lent()) == (1, [])


@dataclass
class AnEnd:
    """Notes what it is told."""

    waited_s: list[int] = field(default_factory=list)

    def hear(self, message: Message) -> None:
        pass

    def found(self) -> None:
        pass

    def lost(self, error: StoreUnavailable, delay_s: int) -> None:
        self.waited_s.append(delay_s)

    def stranger(self, other: OtherVersion) -> None:
        pass


async def test_the_line_is_tried_again_ever_more_patiently_until_something_is_heard_on_it(town: Town) -> None:
    line, end = Line(town.channel, town.clock, lambda: iter(range(1, 100)), "topic"), AnEnd()
    town.channel.is_down = True
    town.do(line.run(end))
    await town.pass_s(6)
    assert end.waited_s == [1, 2, 3, 4]
    town.channel.come_back()
    await town.pass_s(4)
    town.channel.go_down()
    await town.settle()
    assert end.waited_s[-1] == 5, "a line on which nothing was heard is none yet"
    town.channel.come_back()
    await town.pass_s(5)
    town.channel.tell("topic", encode(Drop("program", "run")))
    await town.settle()
    town.channel.go_down()
    await town.settle()
    assert end.waited_s[-1] == 1


def test_a_place_takes_what_its_recogniser_has_the_memory_for() -> None:
    from transcriber.speech.child import Setup

    assert Setup(threads=1).runs_at_once == MOST_AT_ONCE

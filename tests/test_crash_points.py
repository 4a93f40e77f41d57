"""kill -9 exactly before and exactly after every write: the next start loses nothing and says nothing twice.

Which methods write is derived from the protocols: a new one without a place here fails the first test.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from inspect import getmembers, isfunction
from pathlib import Path
from typing import cast

import pytest

from tests.soak.answers import Key, answers, key_of
from tests.support.redis import RedisServer
from tests.support.sandbox import ProgramProcess, Stage, running, stage
from tests.support.speech import sample
from transcriber import protocols
from transcriber.chat.waiting import WAITING_KEY
from transcriber.manners import EYES_KEY
from transcriber.sandbox.crash import PARTS, parse
from transcriber.sandbox.faults import RpcError
from transcriber.telegram.catchup import COMMANDS_KEY, SCANNED_KEY
from transcriber.tracked import SEEDED_KEY

HELLO, DIGITS = sample("en_hello"), sample("en_digits")
RUNNING = "📋"  # the last line of the start: from here on nothing may be missed
WITHIN_S = 40.0
SLOW_S = 2.6  # a download after which progress is showing
DAYS_S = 3 * 86_400.0

# Methods that write nothing that outlives the process, by protocol; everything else there is a place to be killed at.
READING = {
    protocols.Store: {
        *("get", "rules_of", "all_rules", "cursors", "job", "job_of", "jobs", "count_jobs", "done_since"),
        "close",
    },
    protocols.Archive: {"cached", "around", "find", "read", "count"},
    protocols.Gateway: {"me", "info", "wait_online", "typing", "note", "resolve"},
}


def bob_sends(on: Stage) -> Key:
    return key_of(on.srv, on.srv.deliver_voice(on.friend, None, HELLO.path.read_bytes(), 3))


def bob_sends_rubbish(on: Stage) -> Key:
    return key_of(on.srv, on.srv.deliver_voice(on.friend, None, b"OggS" + bytes(2000), 3))


def bob_sent_long_ago(on: Stage) -> Key:
    note = on.srv.deliver_voice(on.friend, None, HELLO.path.read_bytes(), 3, sent_at_s=time.time() - DAYS_S)
    return key_of(on.srv, note)


def owner_sends(on: Stage) -> Key:
    return key_of(on.srv, on.srv.deliver_voice(on.me, on.friend, HELLO.path.read_bytes(), 3))


def owner_asks_for_a_file(on: Stage) -> Key:
    """Of a song that nobody asked for before; typed again, it is the same song."""
    songs = [seen for seen in on.srv.chat_view(on.friend) if seen.media == "audio"]
    song = songs[0].id if songs else on.srv.deliver_audio(on.friend, None, HELLO.path.read_bytes(), 3).id
    on.srv.deliver_text(on.me, on.friend, "/t file", reply_to=song)
    return on.srv.chat_id(on.friend), song


def owner_forgets(on: Stage) -> Key:
    """And then a note comes."""
    on.srv.deliver_text(on.me, on.friend, "/forget all yes")
    return bob_sends(on)


def slow_files(on: Stage) -> None:
    on.srv.getfile_delay = SLOW_S


def slow_mode(on: Stage) -> None:
    on.srv.on_rpc("messages.SendMessage", RpcError(420, "SLOWMODE_WAIT_1"), times=-1)


@dataclass(frozen=True)
class Scene:
    """What happens until the program dies. Where it dies before it runs, the note comes after the restart."""

    send: Callable[[Stage], Key] = bob_sends
    settings: dict[str, str] = field(default_factory=dict)
    before: Callable[[Stage], None] | None = None
    known: bool = False  # the chat was looked at before
    missed: bool = False  # the note comes while the program is down; it had run before
    died_at: str | None = None  # where it died in an earlier life already
    redis: bool = False
    stopped: bool = False  # once the note is answered it is told to stop, and dies of that
    says: str = HELLO.text
    messages: int = 1  # that tell of the note in the end
    files: int = 0  # that stand in Saved Messages in the end
    may_be_lost: bool = False  # a command, typed again if nothing comes of it
    typed_twice: bool = False  # because it was lost, and nobody deletes what was typed first


NOTE = Scene()
SLOW = Scene(before=slow_files)
REPLY = Scene(settings={"DELIVER": "reply"})
CAPTION = Scene(send=owner_sends, settings={"DELIVER": "caption", "AUTO": "mine"}, messages=0)
EYES = Scene(settings={"PROGRESS": "reaction"}, before=slow_files)
MISSED = Scene(missed=True)
LEFT = Scene(died_at="archive.put:before")
LATER = Scene(before=slow_mode)
UNREADABLE = Scene(send=bob_sends_rubbish, says="no sound")
HELD = Scene(send=bob_sent_long_ago, known=True, missed=True, says="/retry", messages=0)
ASKED = Scene(send=owner_asks_for_a_file, says="in the file below", files=1, may_be_lost=True)
# A command is remembered before it is carried out, and deleting it is part of that: it stays where others can see it.
BEGUN = replace(ASKED, typed_twice=True)
FORGETTING = Scene(send=owner_forgets)  # carried out at most once, and not answered then
REDIS = Scene(redis=True)
STOPPED = Scene(redis=True, stopped=True)


@dataclass(frozen=True)
class Place:
    """A place where something is written down."""

    what: str
    point: str
    scene: Scene = NOTE
    nth: int = 1
    before: Scene | None = None  # where it is another one then
    after: Scene | None = None

    @property
    def method(self) -> str:
        point = parse(f"{self.point}:before")
        return f"{point.part}.{point.method}"


PLACES = [
    # Starting
    Place("a tracked person of the settings", "store.put_rules"),
    Place("that the settings' list was taken", f"store.set[{SEEDED_KEY}]"),
    Place("where looking begins", f"store.set[{SCANNED_KEY}]"),
    Place("that the first scan is complete", f"store.set[{SCANNED_KEY}]", nth=2),
    Place("the session file, when signed in", "session.save"),
    Place("the health file", "health.write"),
    Place("the lease of the account", "store.take_lease", REDIS),
    Place("that the lease is given up", "store.drop_lease", STOPPED),
    # A note
    Place("a note that arrived", "store.insert_job"),
    Place("who works on it", "store.claim_job"),
    Place("the sound", "gateway.download"),
    Place("the transcript in the archive", "archive.put"),
    Place("the transcript in the job", "store.replace_job[running heard]"),
    Place("the message to the owner", "gateway.send_text"),
    Place("the message in the chat", "gateway.send_text", REPLY),
    Place("the caption", "gateway.edit_text", CAPTION),
    Place("that there will be a message", "store.replace_job[running]", SLOW),
    Place("which message it is", "store.replace_job[running]", SLOW, nth=2),
    Place("that it was sent", "store.replace_job[running heard sent]"),
    Place("that the caption was written", "store.replace_job[running heard sent]", CAPTION),
    Place("that it is done", "store.replace_job[done sent]"),
    Place("the progress", "gateway.send_text", SLOW),
    Place("the final text over the progress", "gateway.edit_text", SLOW),
    # What others see of the work
    Place("where eyes will stand", f"store.set[{EYES_KEY}]", EYES),
    Place("the eyes", "gateway.react", EYES),
    Place("that the eyes go", "gateway.take_back_reaction", EYES),
    Place("that the eyes went", f"store.set[{EYES_KEY}]", EYES, nth=2),
    # What was missed
    Place("a note that was missed", "store.insert_job", MISSED),
    Place("up to where a chat was looked at", "store.move_cursor", MISSED),
    Place("that the scan is complete", f"store.set[{SCANNED_KEY}]", MISSED),
    Place("a note that is too old", "store.insert_job[held]", HELD),
    Place("the list of what is too old", "gateway.send_text", HELD),
    # What went wrong
    Place("that an interrupted job waits again", "store.replace_job[waiting]", LEFT),
    Place("that it has to wait", "store.replace_job[waiting heard]", LATER),
    Place("why it is given up", "store.replace_job[running error]", UNREADABLE),
    Place("the word that it is given up", "gateway.send_text", UNREADABLE),
    Place("that it is given up", "store.replace_job[failed error]", UNREADABLE),
    # A command
    Place("that a command was taken", f"store.set[{COMMANDS_KEY}]", ASKED, after=BEGUN),
    Place("that a command is not seen by others", "gateway.delete", ASKED, before=BEGUN),
    Place("what was asked for", "store.insert_job", ASKED),
    Place("the message before the file", "gateway.send_text", ASKED),
    Place("the file", "gateway.send_file", ASKED),
    Place("that transcripts are forgotten", "archive.forget", FORGETTING),
    Place("that forgetting is finished", "archive.finish_forgetting"),
]


def writing_methods() -> set[str]:
    """Everything in the protocols that is not known to write nothing."""
    return {
        f"{protocol.__name__.lower()}.{name}"
        for protocol, reading in READING.items()
        for name, _ in getmembers(protocol, lambda it: isfunction(it) or isinstance(it, property))
        if not name.startswith("_") and name not in reading
    }


def test_every_method_that_writes_has_a_place_and_what_is_called_reading_exists() -> None:
    others = {"session.save", "health.write"}  # no protocols of ours
    others |= {"gateway.react", "gateway.take_back_reaction"}  # of a smaller one
    assert {place.method for place in PLACES} == writing_methods() | others
    for protocol, reading in READING.items():
        assert reading <= set(dir(protocol))
    assert {method.partition(".")[0] for method in writing_methods() | others} == set(PARTS)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.what)
async def test_a_kill_before_and_one_after_lose_nothing_and_repeat_nothing(
    place: Place, request: pytest.FixtureRequest
) -> None:
    scenes = {"before": place.before or place.scene, "after": place.after or place.scene}
    url = cast(RedisServer, request.getfixturevalue("redis_server")).url if place.scene.redis else ""
    async with asyncio.TaskGroup() as group:  # two worlds side by side, to be quicker
        for number, (when, scene) in enumerate(scenes.items()):
            settings = {"REDIS_URL": url.removesuffix("0") + str(number)} if url else {}
            group.create_task(killed(scene, {**scene.settings, **settings}, f"{place.point}:{when}:{place.nth}"))


@pytest.mark.parametrize("nth", [1, 2, 3], ids=["to be given", "given", "at its end"])
async def test_a_kill_around_an_answer_that_tells_a_place_in_the_queue_leaves_none_that_is_not_true(nth: int) -> None:
    async with asyncio.TaskGroup() as group:
        for when in ("before", "after"):
            group.create_task(killed_around_an_answer(f"store.set[{WAITING_KEY}]:{when}:{nth}"))


async def killed_around_an_answer(point: str) -> None:
    """Three notes take all the slots, and the owner asks for a song; then the program dies there."""
    given = not point.endswith("before:1")  # a command is carried out at most once, and so is its answer
    async with stage() as on:
        on.srv.getfile_delay = 2 * SLOW_S  # all three are still in work when the song comes
        arm(on, point)
        async with running(on, subscribed=False) as program:
            await program.wait_line(RUNNING)
            keys = [bob_sends(on) for _ in range(3)]
            await on.srv.wait_until(lambda: on.srv.count("upload.GetFile") or None, WITHIN_S)
            keys.append(owner_asks_for_a_file(on))
            assert await program.wait_end(WITHIN_S) == -9, program.tail()
        arm(on, None)
        on.srv.getfile_delay = 0.0
        async with running(on) as program:
            await on.srv.wait_until(
                lambda: all(told(on, key, ASKED) or HELLO.text in said(on, key) for key in keys) or None, WITHIN_S
            )
            await on.srv.wait_until(lambda: len(stands(on)) == given or None, WITHIN_S)
            assert (await program.terminate())[0] == 0
        assert len(told_of_commands(on)) == given


def stands(on: Stage) -> list[str]:
    """The answers to commands, without the line that names the chat; one that is not true any more is left out."""
    lines = [text.partition("\n")[2] for text in told_of_commands(on)]
    return [line for line in lines if not line.startswith("⏳")]


def told_of_commands(on: Stage) -> list[str]:
    """The answers to commands as they stand."""
    return [answer.text for answer in answers(on.srv)[1] if answer.text.startswith("💬")]


async def killed(scene: Scene, settings: dict[str, str], point: str) -> None:
    """One world, from its beginning to what stands in its chats in the end."""
    async with stage() as on:
        key: Key | None = None
        if scene.known:
            on.srv.deliver_text(on.friend, None, "hello")
        if scene.missed:
            async with running(on, settings=settings) as program:
                await program.wait_line(RUNNING)
            key = scene.send(on)
        if scene.died_at:
            key = await dies(on, scene, settings, scene.died_at, key)
        key = await dies(on, scene, settings, point, key)
        await lives_on(on, scene, settings, key)


async def dies(on: Stage, scene: Scene, settings: dict[str, str], point: str, key: Key | None) -> Key | None:
    """One life of the program that ends at `point`; the note is sent in it as soon as the program runs."""
    if scene.before:
        scene.before(on)
    arm(on, point)
    async with running(on, settings=settings, subscribed=False) as program:
        try:
            await program.wait_line(RUNNING)
            key = key or scene.send(on)
            if scene.stopped:
                await on.srv.wait_until(lambda: told(on, key, scene) or None, WITHIN_S)
                await program.terminate()
        except RuntimeError:  # it ended before it ran
            assert program.exit_code is not None
        assert await program.wait_end(WITHIN_S) == -9, program.tail()
        await nothing_is_left(on, program)
    arm(on, None)
    on.srv.getfile_delay = 0.0
    on.srv.clear_faults()
    return key


async def lives_on(on: Stage, scene: Scene, settings: dict[str, str], key: Key | None) -> None:
    """The next life answers the note, once, and then another; nothing else is anywhere."""
    async with running(on, settings=settings) as program:
        await program.wait_line(RUNNING)
        key = key or scene.send(on)
        if scene.may_be_lost:
            await typed_again_if_lost(on, scene, key)
        await on.srv.wait_until(lambda: told(on, key, scene) or None, WITHIN_S)
        # Whatever is to be repeated comes before the answer to this one, which is sent last.
        other = key_of(on.srv, on.srv.deliver_voice(on.friend, None, DIGITS.path.read_bytes(), 4))
        await on.srv.wait_until(lambda: DIGITS.text in said(on, other) or None, WITHIN_S)
        await on.srv.wait_until(lambda: not any(reactions(on)) or None, WITHIN_S)
        assert (await program.terminate())[0] == 0
    about, rest = answers(on.srv)
    assert len(about.pop(other)) == 1
    assert len(about.pop(key, [])) == scene.messages
    assert not about
    if not scene.may_be_lost:  # commands have answers of their own
        assert len(rest) == (scene is HELD)
    assert sum(seen.media == "document" for seen in on.srv.chat_view(on.me)) == scene.files
    assert not list((on.data_dir / "spool").iterdir()), "sound is left"
    texts = [seen for seen in on.srv.chat_view(on.friend) if not seen.media and not seen.deleted]
    assert len(texts) == 2 * (scene is REPLY) + scene.known + scene.typed_twice, "nothing else is seen by others"


async def typed_again_if_lost(on: Stage, scene: Scene, key: Key) -> None:
    """A command is carried out at most once: the owner, who sees nothing come of it, types it again."""
    with suppress(TimeoutError):
        await on.srv.wait_until(lambda: told(on, key, scene) or None, 3)
        return
    scene.send(on)


def arm(on: Stage, point: str | None) -> None:
    """Have the next life of the program end there."""
    seam = json.loads(on.seam_file.read_text("utf-8"))
    on.seam_file.write_text(json.dumps({**seam, "crash_at": point}), "utf-8")


async def nothing_is_left(on: Stage, program: ProgramProcess) -> None:
    """The engine process goes by itself when its parent is gone."""
    mark = b"transcriber.speech.process\0%d\0" % program.process.pid
    end_s = time.monotonic() + 5
    while any(mark in line for line in _command_lines()):
        assert time.monotonic() < end_s, "an engine process is left"
        await asyncio.sleep(0.05)


def _command_lines() -> Iterator[bytes]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            yield (process / "cmdline").read_bytes()


def said(on: Stage, key: Key) -> str:
    """Everything that stands about this note."""
    own = on.srv.text_of(key[1]) or ""  # a caption
    return own + "\n".join(answer.text for answer in answers(on.srv)[0].get(key, []) if answer.is_final)


def reactions(on: Stage) -> list[str]:
    """What stands on each note."""
    last = {action.msg_id: action.text or "" for action in on.srv.of("reaction")}
    return list(last.values())


def told(on: Stage, key: Key, scene: Scene) -> bool:
    """Whether all that is to be said about the note stands there."""
    if scene is HELD:
        return any(scene.says in answer.text for answer in answers(on.srv)[1])
    finals = [answer for answer in answers(on.srv)[0].get(key, []) if answer.is_final]
    files = sum(seen.media == "document" for seen in on.srv.chat_view(on.me))
    return scene.says in said(on, key) and len(finals) >= scene.messages and files >= scene.files

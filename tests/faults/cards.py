"""Notes in a row from one person are one message, and each of them stands in it once, whatever happens in between."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

from tests.faults.fault import Fault
from tests.faults.scene import CALL, HELLO, MEET, RUSSIAN, Clip, Scene
from tests.faults.work import MINUTES, half_done
from transcriber.sandbox.faults import flood
from transcriber.sandbox.rpc_messages import edit_message, send_message

SEND, EDIT = "messages.SendMessage", "messages.EditMessage"
PAUSE_S = 1.0
AFTER_S = 30.0  # so far back that a note sent at the end of the row is in no row with these


class Row:
    """Notes of one person, each begun a second after the one before was sent, whenever they really come."""

    def __init__(self, at: Scene, *clips: Clip) -> None:
        self._at = at
        self._sent_at_s = time.time() - AFTER_S - sum(clip.seconds + PAUSE_S for clip in clips)

    def next(self, clip: Clip) -> None:
        self._sent_at_s += clip.seconds + PAUSE_S
        self._at.note(clip, sent_at_s=self._sent_at_s)


async def all_at_once(at: Scene) -> None:
    """Four notes in a row come at one moment; one message, the four texts in the order they were spoken."""
    await at.start()
    clips = (MEET, CALL, HELLO, RUSSIAN)
    row = Row(at, *clips)
    for clip in clips:
        row.next(clip)
    await at.transcribed()
    assert [text.partition("\n")[2] for text in at.standing()] == [clip.words for clip in clips]
    one_message(at)


async def killed_between_edit_and_record(at: Scene) -> None:
    """Killed when Telegram has put the second text into the message and nobody wrote it down; the next start says the
    same in the same message, and a third note joins it."""
    await at.start()
    row = Row(at, HELLO, CALL, MEET)
    row.next(HELLO)
    await at.transcribed()

    async def kill(conn: Any, query: Any) -> None:
        edit_message(at.srv, conn, query)
        at.program.process.kill()

    at.srv.on_rpc(EDIT, kill)
    row.next(CALL)
    await at.program.wait_end(30)
    await at.start()
    row.next(MEET)
    await at.transcribed()
    assert [text.partition("\n")[2] for text in at.standing()] == [HELLO.words, CALL.words, MEET.words]
    one_message(at)


async def killed_after_the_first_piece(at: Scene) -> None:
    """Killed when Telegram has the first of two, before that is written down; the next start finds it, and the second
    joins it."""
    await at.start()
    row = Row(at, HELLO, CALL)

    async def kill(conn: Any, query: Any) -> None:
        send_message(at.srv, conn, query)
        at.program.process.kill()

    at.srv.on_rpc(SEND, kill)
    row.next(HELLO)
    await at.program.wait_end(30)
    await at.start()
    await at.transcribed()
    row.next(CALL)
    await at.transcribed()
    one_message(at)


async def killed_while_one_is_worked_on(at: Scene) -> None:
    """Killed while the message holds one text and the progress of another; it ends as both texts."""
    await at.start()
    row = Row(at, HELLO, MINUTES)
    row.next(HELLO)
    await at.transcribed()
    row.next(MINUTES)
    await half_done(at)
    one_message(at)
    await at.kill()
    await at.start()
    await at.transcribed(90)
    assert not [text for text in at.standing() if "%" in text]


async def card_deleted(at: Scene) -> None:
    """The owner deletes the message after two texts; the third note has one of its own, the two do not come back."""
    await at.start()
    row = Row(at, HELLO, CALL, MEET)
    for clip in (HELLO, CALL):
        row.next(clip)
    await at.transcribed()
    one_message(at)
    at.srv.delete(at.messages_in()[0])
    at.transcripts.clear()
    row.next(MEET)
    await at.transcribed()


async def edits_flooded(at: Scene) -> None:
    """The edit that puts the second text in is answered with FLOOD_WAIT_4; obeyed, then both stand."""
    await at.start()
    row = Row(at, HELLO, CALL)
    row.next(HELLO)
    await at.transcribed()
    at.srv.on_rpc(EDIT, flood(4))
    row.next(CALL)
    await at.transcribed()
    edits = [call for call in at.srv.calls if call.name == EDIT]
    [(refused, following)] = [pair for pair in pairwise(edits) if "FLOOD" in pair[0].outcome]
    assert following.time - refused.time >= 4
    one_message(at)


async def edit_answer_lost(at: Scene) -> None:
    """The edit that puts the second text in is carried out and not answered; it is repeated and changes nothing."""
    await at.start()
    row = Row(at, HELLO, CALL)
    row.next(HELLO)
    await at.transcribed()

    async def lose(conn: Any, query: Any) -> None:
        edit_message(at.srv, conn, query)

    at.srv.on_rpc(EDIT, lose)
    row.next(CALL)
    await at.called(EDIT, 2)
    await at.transcribed()
    one_message(at)


def one_message(at: Scene) -> None:
    assert len(at.messages_in()) == 1, at.story()


def on_redis(play: Callable[[Scene], Awaitable[None]]) -> Callable[[Scene], Awaitable[None]]:
    """The same with the queue in Redis."""

    async def played(at: Scene) -> None:
        await at.redis("--appendonly", "yes", "--appendfsync", "always")
        await play(at)

    played.__doc__ = f"{play.__doc__} With Redis as the store."
    return played


ONE = "one message, each text in it once"
ROWS = (
    Fault("notes in a row at one moment", ONE, all_at_once),
    Fault("killed between edit and record", ONE, killed_between_edit_and_record),
    Fault("killed between edit and record, with Redis", ONE, on_redis(killed_between_edit_and_record)),
    Fault("killed after the first of a row was sent", ONE, killed_after_the_first_piece),
    Fault("killed after the first of a row was sent, with Redis", ONE, on_redis(killed_after_the_first_piece)),
    Fault("killed while a row is worked on", ONE, killed_while_one_is_worked_on),
    Fault("killed while a row is worked on, with Redis", ONE, on_redis(killed_while_one_is_worked_on)),
    Fault("the owner deletes the message of a row", "what comes after has one of its own", card_deleted),
    Fault("edits of a row throttled", "keeps to the wait, and then " + ONE, edits_flooded),
    Fault("the answer to an edit of a row is lost", ONE, edit_answer_lost, waits_for="10 s for an answer"),
)

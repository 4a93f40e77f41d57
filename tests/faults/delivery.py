"""Exactly one visible transcript for each note, final, where the owner wants it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from tests.faults.fault import Fault
from tests.faults.scene import CALL, HELLO, MEET, Scene
from tests.faults.work import MINUTES, half_done
from transcriber.sandbox.faults import RpcError, flood
from transcriber.sandbox.rpc_messages import edit_message, send_message

SEND, EDIT = "messages.SendMessage", "messages.EditMessage"


async def answer_lost(at: Scene) -> None:
    """The message is sent, its answer never comes; one message stands."""
    await at.start()

    async def lose(conn: Any, query: Any) -> None:
        send_message(at.srv, conn, query)

    at.srv.on_rpc(SEND, lose)
    at.note()
    await at.called(SEND, 2)


async def killed_after_sending(at: Scene) -> None:
    """Killed after Telegram has the message and before its answer; the next start sends it again, is told
    RANDOM_ID_DUPLICATE, and one message stands."""
    await at.start()

    async def kill(conn: Any, query: Any) -> None:
        send_message(at.srv, conn, query)
        at.program.process.kill()

    at.srv.on_rpc(SEND, kill)
    at.note()
    await at.program.wait_end(30)
    await at.start()
    await at.called(SEND, 2)
    await at.srv.wait_until(lambda: any("DUPLICATE" in call.outcome for call in at.srv.calls) or None)


async def killed_after_sending_400(at: Scene) -> None:
    """The same, and the repeat is refused with 400 instead of 500."""
    at.srv.random_id_duplicate_code = 400
    await killed_after_sending(at)


async def killed_before_sending(at: Scene) -> None:
    """Killed when the call has left and before Telegram acts on it; the next start sends it."""
    await at.start()

    async def kill(conn: Any, query: Any) -> None:
        at.program.process.kill()

    at.srv.on_rpc(SEND, kill)
    at.note()
    await at.program.wait_end(30)
    await at.start()


async def killed_between_progress_and_text(at: Scene) -> None:
    """Killed as the progress becomes the text, after Telegram has it; one message stands, with the whole text."""
    await at.start()

    async def kill(conn: Any, query: Any) -> None:
        edit_message(at.srv, conn, query)
        at.program.process.kill()

    at.note(MINUTES)
    await half_done(at)
    at.srv.on_rpc(EDIT, kill, when=lambda query: "%" not in query.message)
    await at.program.wait_end(90)
    await at.start()
    await at.transcribed()
    assert at.standing()[0].count(MINUTES.words) > 50, "the whole of it"


async def edits_throttled(at: Scene) -> None:
    """Every edit of the progress is answered with FLOOD_WAIT_4; the last one is the text all the same, and no edit
    comes sooner than asked."""
    await at.start()
    at.note(MINUTES)
    at.srv.on_rpc(EDIT, flood(4), times=2)
    await at.transcribed(120)
    edits = [call for call in at.srv.calls if call.name == EDIT]
    for refused, following in pairwise(edits):
        assert following.time - refused.time >= (4 if "FLOOD" in refused.outcome else 0)
    assert "FLOOD" in edits[0].outcome


async def flood_short(at: Scene) -> None:
    """FLOOD_WAIT_3 on the send: not a moment too early, and once."""
    await at.start()
    at.srv.on_rpc(SEND, flood(3))
    at.note()
    await at.transcribed()
    first, second = (call.time for call in at.srv.calls if call.name == SEND)
    assert second - first >= 3


async def flood_long(at: Scene) -> None:
    """FLOOD_WAIT_65, more than is slept through in place: nothing at all is sent before it is over, no answer to a
    command either; `check` stays good; then everything comes, once."""
    await at.start()
    at.srv.on_rpc(SEND, flood(65))
    at.note(HELLO)
    await at.called(SEND)
    at.note(CALL)
    await at.asked("/status", "last hour", 90)
    await at.transcribed(90)
    first, second, *_ = (call.time for call in at.srv.calls if call.name == SEND)
    assert second - first >= 65


async def slow_mode(at: Scene) -> None:
    """SLOWMODE_WAIT_4 in a supergroup where transcripts are replies; they come there, one for each note."""
    at.replies_in = group = at.srv.add_supergroup("Team")
    await at.start(DELIVER="reply")
    at.srv.on_rpc(SEND, RpcError(420, "SLOWMODE_WAIT_4"))
    at.note(HELLO, chat=group)
    at.note(CALL, chat=group)
    await at.transcribed()


async def note_deleted(at: Scene) -> None:
    """The note is deleted while its file is fetched; nothing is sent, to anybody, and nothing is tried for ever."""
    await at.start()
    at.srv.getfile_delay = 1.0
    message = at.stray()
    await at.called("upload.GetFile")
    at.srv.delete(message)
    at.srv.expire_file_references()
    at.srv.getfile_delay = 0.0
    at.note(CALL)
    await at.transcribed()
    await at.asked("/queue", "The queue is empty.")


async def chat_left(at: Scene) -> None:
    """The group is closed to the owner between note and reply; the text comes to Saved Messages instead."""
    group = at.srv.add_supergroup("Team")
    at.typing_in.add(at.srv.chat_id(group))
    await at.start(DELIVER="reply")
    at.srv.on_rpc(SEND, RpcError(400, "CHANNEL_PRIVATE"), when=lambda query: query.message == HELLO.words)
    at.note(HELLO, chat=group)
    await at.transcribed()
    assert not at.standing(group)
    await at.asked("/deliver private default", "to you alone")


async def writing_forbidden(at: Scene) -> None:
    """The group allows the owner to read only; the text comes to Saved Messages instead."""
    group = at.srv.add_supergroup("Team")
    at.typing_in.add(at.srv.chat_id(group))
    await at.start(DELIVER="reply")
    at.srv.on_rpc(SEND, RpcError(403, "CHAT_WRITE_FORBIDDEN"), when=lambda query: query.message == HELLO.words)
    at.note(HELLO, chat=group)
    await at.transcribed()
    assert not at.standing(group)
    await at.asked("/deliver private default", "to you alone")


async def send_times_out(at: Scene) -> None:
    """Sends are not answered, and not acted on, three times; one message stands."""
    await at.start()
    at.srv.on_rpc(SEND, "ignore", times=3)
    at.note()
    await at.transcribed(90)


async def server_stumbles(at: Scene) -> None:
    """Five sends are answered with 500 RPC_CALL_FAIL; one message for each note stands."""
    await at.start()
    at.srv.on_rpc(SEND, RpcError(500, "RPC_CALL_FAIL"), times=5)
    for clip in (HELLO, CALL, MEET):
        at.note(clip)
    await at.transcribed()


async def progress_deleted(at: Scene) -> None:
    """The owner deletes the progress; the text comes in a message of its own."""
    await at.start()
    at.note(MINUTES)
    await half_done(at)
    (shown,) = at.srv.sent
    assert shown.msg_id is not None
    at.srv.delete(at.srv.messages[0, shown.msg_id])
    await at.transcribed(90)


ONE = "one message stands"
ROWS = (
    Fault("the answer to a send is lost", ONE, answer_lost, waits_for="10 s for an answer"),
    Fault("killed between send and record", ONE, killed_after_sending),
    Fault("killed between send and record, repeat refused with 400", ONE, killed_after_sending_400),
    Fault("killed before Telegram acts on the send", ONE, killed_before_sending),
    Fault("killed as the progress becomes the text", f"{ONE}, final", killed_between_progress_and_text),
    Fault("edits throttled", "keeps to the wait and ends as the final text", edits_throttled),
    Fault("short FloodWait on a send", "obeyed to the second", flood_short),
    Fault("long FloodWait on a send", "obeyed to the second, by every send", flood_long, waits_for="FLOOD_WAIT_65"),
    Fault("slow mode", "waits for that chat's turn", slow_mode),
    Fault("the note is deleted meanwhile", "is quiet about it and does not try for ever", note_deleted),
    Fault("the chat is left meanwhile", "gives the text to the owner in private", chat_left),
    Fault("no right to write in the chat", "gives the text to the owner in private", writing_forbidden),
    Fault("sends time out", ONE, send_times_out, waits_for="10 s for each answer"),
    Fault("Telegram stumbles (500) on sends", ONE, server_stumbles),
    Fault("the owner deletes the progress", "sends the text anew", progress_deleted),
)

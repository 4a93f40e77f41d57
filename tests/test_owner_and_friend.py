"""The real program, and what stands in the owner's and in the friend's chat afterwards, message by message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from inspect import isawaitable
from typing import Any

import pytest

from tests.support.sandbox import Stage, running, stage
from tests.support.seen import AT_S, chat
from tests.test_process import DIGITS, DIGITS_WORDS, EN, EN_WORDS, RU, RU_WORDS, answered, said, sample
from transcriber.sandbox.faults import RpcError
from transcriber.sandbox.journal import Action
from transcriber.sandbox.rpc import HANDLERS

SLOW_S = 4.0  # a download that takes so long lets progress be shown
WITHIN_S = 40


async def happened(on: Stage, kind: str, wanted: Callable[[Action], bool] = lambda _: True) -> Action:
    return await on.srv.wait_for(lambda action: action.kind == kind and wanted(action), WITHIN_S)


async def stands(on: Stage, number: int, expected: str) -> None:
    """Return when the message of that id holds this text."""
    await on.srv.wait_until(lambda: expected in (on.srv.text_of(number) or ""), WITHIN_S)


def says_the_end(message_id: int | None, action: Action) -> bool:
    """Whether this is the last that an answer to `/t` says."""
    ended = ("🎙 In progress", "✅ Done")
    return (
        action.msg_id == message_id and action.kind == "edit" and any(word in (action.text or "") for word in ended)
    )


def held(on: Stage, gate: asyncio.Event) -> Any:
    """Gives a piece of a file as usual, once the gate is open."""

    async def answer(conn: Any, query: Any) -> Any:
        await gate.wait()
        result = HANDLERS["upload.GetFile"](on.srv, conn, query)
        return await result if isawaitable(result) else result

    return answer


# Manners, each only if asked for


async def test_by_default_the_friend_sees_neither_a_reaction_nor_that_a_note_was_heard() -> None:
    async with stage() as on, running(on):
        on.srv.on_rpc("upload.GetFile", SLOW_S)
        on.srv.deliver_voice(on.friend, None, sample(EN), 3)
        await said(on, EN_WORDS)
        assert chat(on, on.friend) == ["(voice)"]
        sent, *edits = on.srv.actions
        assert (sent.kind, {edit.kind for edit in edits}) == ("send", {"edit"}), "progress, and the text in its place"
        assert {(each.chat, each.msg_id) for each in (sent, *edits)} == {(on.me.id, sent.msg_id)}


async def test_with_progress_as_a_reaction_the_eyes_come_and_go_and_the_owner_gets_the_text_alone() -> None:
    async with stage() as on, running(on, settings={"PROGRESS": "reaction", "MARK_PLAYED": "true"}):
        on.srv.on_rpc("upload.GetFile", SLOW_S)
        note = on.srv.deliver_voice(on.friend, None, sample(EN), 3)
        await happened(on, "reaction", lambda action: action.text == "👀")
        assert chat(on, on.me) == [], "no progress in Saved Messages"
        await said(on, EN_WORDS)
        await happened(on, "reaction", lambda action: action.text == "")
        await happened(on, "read_contents")
        assert [(a.kind, a.msg_id, a.text) for a in on.srv.actions if a.chat == on.friend.id] == [
            ("reaction", note.id, "👀"),
            ("reaction", note.id, ""),
            ("read_contents", note.id, None),
        ]
        assert chat(on, on.friend) == ["(voice)"]
        assert [text.splitlines()[1:] for text in chat(on, on.me)] == [[EN_WORDS]]
        assert not on.srv.edits, "the text came whole"


async def test_where_reactions_are_forbidden_progress_is_a_message_and_the_text_comes() -> None:
    async with stage() as on, running(on, settings={"PROGRESS": "reaction", "MARK_PLAYED": "true"}):
        on.srv.on_rpc("upload.GetFile", SLOW_S)
        on.srv.on_rpc("messages.SendReaction", RpcError(400, "REACTION_INVALID"), times=9)
        on.srv.on_rpc("messages.ReadMessageContents", RpcError(400, "MSG_ID_INVALID"), times=9)
        on.srv.deliver_voice(on.friend, None, sample(EN), 3)
        await happened(on, "send")
        await said(on, EN_WORDS)
        assert len(chat(on, on.me)) == 1
        assert chat(on, on.friend) == ["(voice)"]
        assert "Failed" not in await answered(on, "/status", "Online")


async def test_with_no_progress_the_owner_gets_the_text_and_nothing_before() -> None:
    async with stage() as on, running(on, settings={"PROGRESS": "none"}):
        on.srv.on_rpc("upload.GetFile", SLOW_S)
        on.srv.deliver_voice(on.friend, None, sample(EN), 3)
        await said(on, EN_WORDS)
        assert [action.kind for action in on.srv.actions if action.kind != "read"] == ["send"]


# Commands in Saved Messages in reply to what stands there


async def test_progress_in_saved_messages_is_cancelled_and_taken_up_again_by_a_reply_to_it() -> None:
    async with stage() as on, running(on):
        on.srv.on_rpc("upload.GetFile", 30.0)
        on.srv.deliver_voice(on.friend, None, sample(EN), 3)
        progress = await happened(on, "send", lambda action: "#1" in (action.text or ""))
        assert progress.msg_id is not None
        on.srv.deliver_text(on.me, None, "/cancel", reply_to=progress.msg_id)
        await said(on, "Cancelled: #1")
        await stands(on, progress.msg_id, "To get it after all")
        on.srv.clear_faults()
        taken_since = len(on.srv.actions)
        on.srv.deliver_text(on.me, None, "/retry", reply_to=progress.msg_id)
        await said(on, "#1", taken_since)
        await said(on, EN_WORDS, taken_since)
        assert chat(on, on.friend) == ["(voice)"]


async def test_a_failure_an_answer_and_an_older_transcript_lead_back_to_their_note() -> None:
    async with stage() as on, running(on):
        # Long before the other, or the two might be taken for notes in a row and stand in one message.
        on.srv.deliver_voice(on.friend, None, b"no sound at all", 3, sent_at_s=AT_S)
        failure = await said(on, "⚠️")
        on.srv.deliver_voice(on.friend, None, sample(EN), 3)
        older = await said(on, EN_WORDS)
        on.srv.deliver_text(on.me, None, "/t en", reply_to=older.msg_id)
        taken = await said(on, ": #2")
        newer = await said(on, "#2 (2)")
        for about in (failure, taken, older, newer):
            since = len(on.srv.actions)
            on.srv.deliver_text(on.me, None, ".t", reply_to=about.msg_id)
            await said(on, ": #1" if about is failure else ": #2", since)
            await said(on, "⚠️" if about is failure else EN_WORDS, since)
        assert chat(on, on.friend) == ["(voice)", "(voice)"]


async def test_a_reply_to_a_note_that_is_deleted_gets_one_clear_line() -> None:
    async with stage() as on, running(on):
        note = on.srv.deliver_voice(on.friend, None, sample(EN), 3)
        await said(on, EN_WORDS)
        on.srv.delete(note)
        on.srv.deliver_text(on.me, on.friend, "/t ru", reply_to=note.id)
        answer = await said(on, "In the chat")
        assert (answer.text or "").splitlines()[1:] == [
            "The message was deleted, or the chat is no longer open to you."
        ]
        assert chat(on, on.friend) == []


# /t


async def test_the_answer_to_a_note_that_waits_says_its_place_and_ends_when_its_work_begins() -> None:
    async with stage() as on, running(on):
        stranger = on.srv.add_user("Eve", "eve")
        gate = asyncio.Event()
        on.srv.on_rpc("upload.GetFile", held(on, gate), times=99)
        for clip in (EN, RU, DIGITS):
            on.srv.deliver_voice(on.friend, None, sample(clip), 3)
        await on.srv.wait_until(lambda: on.srv.count("upload.GetFile") > 0, WITHIN_S)
        await answered(on, "/status", "running 3")
        first = on.srv.deliver_voice(stranger, None, sample("en_call_me_back.ogg"), 3)
        second = on.srv.deliver_voice(stranger, None, sample("ru_hello.ogg"), 3)
        on.srv.deliver_text(on.me, stranger, "/t", reply_to=first.id)
        waiting = [await said(on, "⏳ Taken: #4 · next in line")]
        on.srv.deliver_text(on.me, stranger, "/t", reply_to=second.id)
        waiting.append(await said(on, "⏳ Taken: #5 · 1 ahead"))
        gate.set()
        for answer in waiting:
            last = await on.srv.wait_for(partial(says_the_end, answer.msg_id), WITHIN_S)
            assert (last.text or "").splitlines()[0] == "💬 In the chat “Eve”:"
        assert chat(on, stranger) == ["(voice)", "(voice)"]


async def test_all_of_an_old_forwarded_album_is_transcribed() -> None:
    async with stage() as on, running(on):
        how: dict[str, Any] = {"grouped_id": 7, "fwd": True, "sent_at_s": 1_700_000_000, "push": False}
        for clip in (EN, RU, DIGITS):
            member = on.srv.deliver_audio(on.friend, None, sample(clip), 3, file_name=clip, mime="audio/ogg", **how)
        on.srv.deliver_text(on.me, on.friend, "/t", reply_to=member.id)
        await said(on, "#1, #2, #3")
        for words in (EN_WORDS, RU_WORDS, DIGITS_WORDS):
            await said(on, words)
        assert chat(on, on.friend) == ["(audio)", "(audio)", "(audio)"]


# /words


async def test_a_note_asked_for_again_after_other_words_is_heard_anew_and_else_it_is_not() -> None:
    async with stage() as on, running(on):
        note = on.srv.deliver_voice(on.friend, None, sample(EN), 3)
        await said(on, EN_WORDS)

        async def heard_again() -> int:
            before, since = on.srv.count("upload.GetFile"), len(on.srv.actions)
            on.srv.deliver_text(on.me, on.friend, "/t", reply_to=note.id)
            await on.srv.wait_for(lambda a: a.kind == "send" and "#1 (" in (a.text or ""), WITHIN_S, since)
            return on.srv.count("upload.GetFile") - before

        assert await heard_again() == 0
        on.srv.deliver_text(on.me, on.friend, "/words Анна, Kubernetes")
        await said(on, "📖 Words for the chat “Bob”: Анна, Kubernetes")
        assert await heard_again() > 0
        assert await heard_again() == 0
        assert chat(on, on.friend) == ["(voice)"]


# How it is shown


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_names_are_found_for_ids_and_the_prefix_shown_is_the_one_in_use(language: str) -> None:
    async with stage() as on, running(on, language=language, settings={"COMMAND_PREFIXES": "!"}):
        await answered(on, "!tracked", f"Bob · {on.friend.id}")
        helped = await answered(on, "!help", "!status")
        assert "/" not in helped
        failed = await answered(on, "!retry twelve", "!retry 12")
        assert "/" not in failed

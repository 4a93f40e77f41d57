"""The gateway over a real client and real TCP: what is sent arrives once, what is fetched is whole, and every way of
failing comes out in our words."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyrogram.raw import types as t

from tests.support.clock import FakeClock, settle
from tests.support.telegram import QUICK, Link, names_in, signed_in, until
from transcriber.clock import SystemClock
from transcriber.domain import ChatKind, Note, Peer, Pointed, Rich, Span, SpanKind
from transcriber.errors import (
    DownloadCut,
    FloodWait,
    Gone,
    NotFound,
    Offline,
    OverLimit,
    Refused,
    SignedOut,
    SlowMode,
    Transient,
)
from transcriber.sandbox.faults import RpcError, flood
from transcriber.sandbox.rpc_messages import send_message
from transcriber.telegram.gateway import TelegramGateway


@pytest.fixture
async def link(tmp_path: Path) -> AsyncIterator[Link]:
    async with signed_in(tmp_path) as link:
        yield link


async def delivered(link: Link, content: bytes, **how: Any) -> Note:
    """A voice note from a friend, as the gateway reads it."""
    friend = link.srv.add_user("Bob", "bob")
    await introduce(link)
    message = link.srv.deliver_voice(friend, None, content, 7, **how)
    note = await link.gateway.note(friend.id, message.id)
    assert note is not None
    return note


async def introduce(link: Link) -> None:
    """Let the client meet everybody, as the updates of a started client would."""
    await link.client.fetch_peers([*link.srv.users.values(), *link.srv.chats.values(), *link.srv.channels.values()])


def answer_lost(link: Link) -> Any:
    """Executes a call and loses its answer."""

    async def lose(conn: Any, query: Any) -> None:
        send_message(link.srv, conn, query)

    return lose


# Sending


async def test_a_text_is_sent_with_its_reply_and_its_formatting_and_without_a_preview(link: Link) -> None:
    friend = link.srv.add_user("Bob")
    await introduce(link)
    asked = link.srv.deliver_text(friend, None, "hello")
    spans = (
        Span(SpanKind.BOLD, 0, 2),
        Span(SpanKind.ITALIC, 3, 1),
        Span(SpanKind.CODE, 5, 1),
        Span(SpanKind.LINK, 7, 1, "https://t.me/c/1/2"),
        Span(SpanKind.QUOTE, 9, 4),
    )
    sent = await link.gateway.send_text(friend.id, Rich("😀 a b c text", spans), random_id=1, reply_to=asked.id)
    action = link.srv.sent[-1]
    assert (action.chat, action.msg_id, action.text, action.reply_to) == (friend.id, sent, "😀 a b c text", asked.id)
    assert action.raw.no_webpage
    assert [type(e).__name__ for e in action.raw.entities] == [
        "MessageEntityBold",
        "MessageEntityItalic",
        "MessageEntityCode",
        "MessageEntityTextUrl",
        "MessageEntityBlockquote",
    ]
    assert [(e.offset, e.length) for e in action.raw.entities] == [(s.offset, s.length) for s in spans]
    assert action.raw.entities[-1].collapsed
    assert action.raw.entities[-2].url == "https://t.me/c/1/2"


async def test_every_shape_of_answer_gives_the_id(link: Link) -> None:
    srv = link.srv
    friend, group, wide = srv.add_user("Bob"), srv.add_group("G"), srv.add_supergroup("S")
    await introduce(link)
    random_id = 10
    for chat in (friend, group, wide, srv.me):
        for short in (True, False):
            srv.short_updates = short
            random_id += 1
            found = await link.gateway.send_text(srv.chat_id(chat), Rich("x"), random_id=random_id)
            assert found == srv.sent[-1].msg_id


@pytest.mark.parametrize("code", [400, 500])
async def test_a_repeat_sends_nothing_and_finds_the_message_sent_before(link: Link, code: int) -> None:
    link.srv.random_id_duplicate_code = code
    friend = link.srv.add_user("Bob")
    await introduce(link)
    first = await link.gateway.send_text(friend.id, Rich("Header 10 %\nbody"), random_id=7)
    other = await link.gateway.send_text(friend.id, Rich("Header 10 %\nother"), random_id=8)
    link.srv.deliver_text(friend, None, "Header 10 %\nbody")
    assert await link.gateway.send_text(friend.id, Rich("Header 10 %\nbody"), random_id=7) == first
    assert await link.gateway.send_text(friend.id, Rich("Header 10 %\nother"), random_id=8) == other
    assert len(link.srv.sent) == 2


async def test_a_message_edited_since_is_found_by_its_first_line_and_reply(link: Link) -> None:
    friend = link.srv.add_user("Bob")
    await introduce(link)
    asked = link.srv.deliver_text(friend, None, "hello")
    await link.gateway.send_text(friend.id, Rich("Header\n10 %"), random_id=6)
    sent = await link.gateway.send_text(friend.id, Rich("Header\n10 %"), random_id=7, reply_to=asked.id)
    await link.gateway.send_text(friend.id, Rich("Header\n10 %"), random_id=8)
    await link.gateway.edit_text(friend.id, sent, Rich("Header\n20 %"))
    assert await link.gateway.send_text(friend.id, Rich("Header\n10 %"), random_id=7, reply_to=asked.id) == sent


async def test_a_repeat_in_saved_messages_is_found_too(link: Link) -> None:
    me = link.gateway.me.id
    sent = await link.gateway.send_text(me, Rich("one"), random_id=7)
    assert await link.gateway.send_text(me, Rich("one"), random_id=7) == sent
    assert len(link.srv.sent) == 1


async def test_a_repeat_is_found_however_much_was_said_since(link: Link) -> None:
    friend = link.srv.add_user("Bob")
    await introduce(link)
    me = link.gateway.me.id
    noted = await link.gateway.send_text(me, Rich("Header\none"), random_id=7)
    asked = link.srv.deliver_text(friend, None, "hello")
    answer = await link.gateway.send_text(friend.id, Rich("same"), random_id=8, reply_to=asked.id)
    for _ in range(250):
        link.srv.deliver_text(link.srv.me, None, "shopping", push=False)
        link.srv.deliver_text(link.srv.me, friend, "hi", push=False)
    assert await link.gateway.send_text(me, Rich("Header\none"), random_id=7) == noted
    assert await link.gateway.send_text(friend.id, Rich("same"), random_id=8, reply_to=asked.id) == answer
    assert len(link.srv.sent) == 2


async def test_a_repeat_of_a_message_that_was_deleted_is_gone(link: Link) -> None:
    friend = link.srv.add_user("Bob")
    await introduce(link)
    sent = await link.gateway.send_text(friend.id, Rich("one"), random_id=7)
    await link.gateway.delete(friend.id, sent)
    with pytest.raises(Gone):
        await link.gateway.send_text(friend.id, Rich("one"), random_id=7)


async def test_a_message_whose_answer_was_lost_is_not_sent_twice(link: Link) -> None:
    friend = link.srv.add_user("Bob")
    await introduce(link)
    link.srv.on_rpc("messages.SendMessage", answer_lost(link))
    sent = await link.gateway.send_text(friend.id, Rich("one"), random_id=7)
    assert link.srv.count("messages.SendMessage") == 2
    assert [a.msg_id for a in link.srv.sent] == [sent]


async def test_a_message_under_way_when_the_link_breaks_is_sent_once(link: Link) -> None:
    friend = link.srv.add_user("Bob")
    await introduce(link)
    link.srv.on_rpc("messages.SendMessage", "rst")
    sent = await link.gateway.send_text(friend.id, Rich("one"), random_id=7)
    assert [a.msg_id for a in link.srv.sent] == [sent]


async def test_a_message_that_is_too_long_is_refused(link: Link) -> None:
    with pytest.raises(Refused) as refused:
        await link.gateway.send_text(link.gateway.me.id, Rich("x" * 4097), random_id=7)
    assert type(refused.value) is Refused
    assert refused.value.details["reason"] == "MESSAGE_TOO_LONG"


async def test_a_file_arrives_whole_with_its_name_and_caption(link: Link) -> None:
    friend = link.srv.add_user("Bob")
    await introduce(link)
    content = os.urandom(700_000)
    sent = await link.gateway.send_file(
        friend.id, "note.srt", content, Rich("cap", (Span(SpanKind.BOLD, 0, 3),)), random_id=9
    )
    action = link.srv.sent[-1]
    assert (action.kind, action.msg_id, action.text, action.extra["data"]) == ("media", sent, "cap", content)
    assert any(getattr(a, "file_name", None) == "note.srt" for a in action.extra["document"].attributes)
    assert action.raw.entities[0].length == 3
    assert await link.gateway.send_file(friend.id, "note.srt", content, Rich("cap"), random_id=9) == sent
    assert len(link.srv.sent) == 1


async def test_a_file_that_no_transcript_could_be_is_refused(link: Link) -> None:
    with pytest.raises(OverLimit):
        await link.gateway.send_file(link.gateway.me.id, "x", bytes(11 * 1024 * 1024), Rich(""), random_id=9)


# Waiting when told


async def test_a_long_flood_wait_is_handed_on_with_its_seconds(link: Link) -> None:
    link.srv.on_rpc("messages.SendMessage", flood(61))
    with pytest.raises(FloodWait) as wait:
        await link.gateway.send_text(link.gateway.me.id, Rich("x"), random_id=1)
    assert wait.value.seconds == 61
    assert link.srv.sent == []


async def test_a_short_flood_wait_is_slept_to_the_second_and_then_the_message_is_sent(tmp_path: Path) -> None:
    clock = FakeClock()
    async with signed_in(tmp_path, clock) as link, asyncio.TaskGroup() as group:
        link.srv.on_rpc("messages.SendMessage", flood(50))
        task = group.create_task(link.gateway.send_text(link.gateway.me.id, Rich("x"), random_id=1))
        await until(lambda: clock.slept)
        await clock.advance(49.9)
        assert not task.done()
        await clock.advance(0.2)
        assert await task == link.srv.sent[0].msg_id
        assert clock.slept == [50]


async def test_a_flood_wait_of_one_call_holds_for_all_of_its_kind_and_for_no_other(tmp_path: Path) -> None:
    clock = FakeClock()
    async with signed_in(tmp_path, clock) as link:
        me = link.gateway.me.id
        sent = await link.gateway.send_text(me, Rich("before"), random_id=1)
        link.srv.on_rpc("messages.SendMessage", flood(100))
        with pytest.raises(FloodWait):
            await link.gateway.send_text(me, Rich("refused"), random_id=2)
        await clock.advance(30)
        with pytest.raises(FloodWait) as wait:
            await link.gateway.send_text(me, Rich("too soon"), random_id=3)
        assert wait.value.seconds == 70
        await link.gateway.edit_text(me, sent, Rich("another kind"))
        assert link.srv.count("messages.SendMessage") == 2
        await clock.advance(30)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(link.gateway.send_text(me, Rich("patient"), random_id=4))
            await until(lambda: clock.slept)
            await clock.advance(40)
            assert await task == link.srv.sent[-1].msg_id


async def test_flood_waits_that_add_up_are_handed_on(tmp_path: Path) -> None:
    clock = FakeClock()
    async with signed_in(tmp_path, clock) as link, asyncio.TaskGroup() as group:
        link.srv.on_rpc("messages.SendMessage", flood(40), times=2)
        task = group.create_task(outcome(link.gateway.send_text(link.gateway.me.id, Rich("x"), random_id=1)))
        await until(lambda: clock.slept)
        await clock.advance(40)
        assert isinstance(await task, FloodWait)
        assert clock.slept == [40]


async def test_slow_mode_is_never_slept_through_and_a_matter_of_one_chat(link: Link) -> None:
    link.srv.on_rpc("messages.SendMessage", RpcError(420, "SLOWMODE_WAIT_5"))
    with pytest.raises(SlowMode) as wait:
        await link.gateway.send_text(link.gateway.me.id, Rich("x"), random_id=1)
    assert wait.value.seconds == 5
    assert await link.gateway.send_text(link.gateway.me.id, Rich("y"), random_id=2)


async def test_what_is_of_no_use_later_waits_for_no_flood_however_short(tmp_path: Path) -> None:
    clock = FakeClock()
    async with signed_in(tmp_path, clock) as link:
        me = link.gateway.me.id
        sent = await link.gateway.send_text(me, Rich("10 %"), random_id=1)
        calls: dict[str, Callable[[], Awaitable[None]]] = {
            "messages.EditMessage": lambda: link.gateway.edit_text(me, sent, Rich("20 %"), fleeting=True),
            "messages.SetTyping": lambda: link.gateway.typing(me),
        }
        for method, call in calls.items():
            link.srv.on_rpc(method, flood(9))
            for left_s in (9, 5):
                with pytest.raises(FloodWait) as wait:
                    await call()
                assert wait.value.seconds == left_s
                await clock.advance(4)
            assert link.srv.count(method) == 1, "Telegram is not asked while it wants to be left alone"
        assert clock.slept == []


# Deadlines and the link


@pytest.mark.parametrize(("answer_s", "edit_s", "tries"), [(0.2, 10, 2), (10, 0.3, 1)])
async def test_a_call_that_is_never_answered_is_tried_twice_within_its_deadline_and_then_offline(
    tmp_path: Path, answer_s: float, edit_s: float, tries: int
) -> None:
    async with signed_in(tmp_path, deadlines=replace(QUICK, answer_s=answer_s, edit_s=edit_s)) as link:
        link.srv.on_rpc("messages.EditMessage", "ignore", times=-1)
        with pytest.raises(Offline):
            await link.gateway.edit_text(link.gateway.me.id, 1, Rich("x"))
        assert link.srv.count("messages.EditMessage") == tries


async def test_trouble_of_telegrams_own_is_tried_once_more(link: Link) -> None:
    link.srv.on_rpc("messages.SendMessage", RpcError(500, "MSG_WAIT_FAILED"))
    await link.gateway.send_text(link.gateway.me.id, Rich("x"), random_id=1)
    link.srv.on_rpc("messages.SendMessage", RpcError(500, "MSG_WAIT_FAILED"), times=2)
    with pytest.raises(Offline):
        await link.gateway.send_text(link.gateway.me.id, Rich("y"), random_id=2)


async def test_without_a_connection_every_call_is_offline_at_once() -> None:
    gateway = TelegramGateway(SystemClock())
    with pytest.raises(Offline):
        _ = gateway.me
    with pytest.raises(Offline):
        await gateway.send_text(1, Rich("x"), random_id=1)
    assert not gateway.info().online


async def test_a_change_of_the_connection_wakes_those_who_wait_for_it_once(link: Link) -> None:
    for change in (link.gateway.detach, lambda: link.gateway.attach(link.client)):
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(link.gateway.wait_change())
            await settle()
            assert not waiting.done()
            change()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(link.gateway.wait_change())
        await settle()
        link.gateway.attach(link.client)  # again with the same client: it was there all the time
        await settle()
        assert not waiting.done()
        waiting.cancel()


async def test_detaching_ends_the_calls_under_way(link: Link) -> None:
    link.srv.on_rpc("messages.SetTyping", "ignore", times=-1)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(outcome(link.gateway.typing(link.gateway.me.id)))
        await until(lambda: link.srv.count("messages.SetTyping"))
        link.gateway.detach()
        await settle()
        assert isinstance(await task, Offline)
    with pytest.raises(Offline):
        await link.gateway.typing(link.gateway.me.id)


async def test_the_state_of_the_link_is_told(tmp_path: Path) -> None:
    clock = FakeClock()
    async with signed_in(tmp_path, clock) as link:
        info = link.gateway.info()
        assert (info.online, info.since_s, info.reconnects) == (True, clock.now(), 0)
        await clock.advance(10)
        link.gateway.detach()
        link.gateway.detach()
        assert (link.gateway.info().online, link.gateway.info().since_s) == (False, clock.now())
        assert link.gateway.me.id == link.srv.me.id
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(link.gateway.wait_online())
            await settle()
            assert not waiting.done()
            link.gateway.attach(link.client)
        link.gateway.attach(link.client)
        assert link.gateway.info().reconnects == 1
        assert link.gateway.info().last_update_at_s is not None


async def test_a_revoked_session_is_signed_out_with_its_reason(link: Link) -> None:
    link.srv.kill_auth("SESSION_REVOKED")
    with pytest.raises(SignedOut) as error:
        await link.gateway.typing(link.gateway.me.id)
    assert error.value.key == "session_revoked"


# Editing, deleting, typing


async def test_an_edit_changes_the_text_and_a_second_same_one_is_no_error(link: Link) -> None:
    sent = await link.gateway.send_text(link.gateway.me.id, Rich("a"), random_id=1)
    for _ in range(2):
        await link.gateway.edit_text(link.gateway.me.id, sent, Rich("b", (Span(SpanKind.QUOTE, 0, 1),)))
    assert [e.text for e in link.srv.edits] == ["b"]
    assert link.srv.edits[0].raw.entities[0].collapsed


async def test_editing_a_deleted_message_is_gone(link: Link) -> None:
    with pytest.raises(Gone):
        await link.gateway.edit_text(link.gateway.me.id, 4711, Rich("b"))


async def test_deleting_is_for_everyone_and_a_second_time_no_error(link: Link) -> None:
    srv = link.srv
    friend, wide = srv.add_user("Bob"), srv.add_supergroup("S")
    await introduce(link)
    for number, chat in enumerate((friend, wide)):
        sent = await link.gateway.send_text(srv.chat_id(chat), Rich("a"), random_id=number)
        for _ in range(2):
            await link.gateway.delete(srv.chat_id(chat), sent)
        assert [a.msg_id for a in srv.of("delete") if a.chat == srv.chat_id(chat)] == [sent]
    assert srv.of("delete")[0].raw.revoke


async def test_typing_is_shown(link: Link) -> None:
    friend = link.srv.add_user("Bob")
    await introduce(link)
    await link.gateway.typing(friend.id)
    assert [(a.chat, a.text) for a in link.srv.of("typing")] == [(friend.id, "SendMessageTypingAction")]


async def test_writing_where_it_is_forbidden_is_gone(link: Link) -> None:
    wide = link.srv.add_supergroup("S")
    await introduce(link)
    link.srv.on_rpc("messages.SendMessage", RpcError(403, "CHAT_WRITE_FORBIDDEN"))
    with pytest.raises(Gone):
        await link.gateway.send_text(link.srv.chat_id(wide), Rich("x"), random_id=1)


# Reading


async def test_a_note_is_read_again_in_every_kind_of_chat(link: Link) -> None:
    srv = link.srv
    friend, group = srv.add_user("Bob", "bob"), srv.add_group("Group")
    wide, channel = srv.add_supergroup("Wide", "wide"), srv.add_supergroup("Channel", broadcast=True)
    await introduce(link)
    for chat, kind in (
        (friend, ChatKind.PRIVATE),
        (group, ChatKind.GROUP),
        (wide, ChatKind.GROUP),
        (channel, ChatKind.CHANNEL),
    ):
        message = srv.deliver_voice(friend, chat, b"ogg", 7)
        note = await link.gateway.note(srv.chat_id(chat), message.id)
        assert note is not None
        assert (note.key, note.chat_kind, note.duration_s, note.size_bytes) == (
            (srv.chat_id(chat), message.id),
            kind,
            7,
            3,
        )
    plain = srv.deliver_text(friend, None, "hello")
    assert await link.gateway.note(friend.id, plain.id) is None


async def test_a_message_that_is_not_there_or_stands_in_another_chat_is_gone(link: Link) -> None:
    bob, eve = link.srv.add_user("Bob"), link.srv.add_user("Eve")
    await introduce(link)
    message = link.srv.deliver_voice(bob, None, b"ogg", 7)
    for chat_id, message_id in ((bob.id, 4711), (eve.id, message.id), (987_654_321, message.id)):
        with pytest.raises(Gone):
            await link.gateway.note(chat_id, message_id)


async def test_what_was_replied_to_is_read_with_the_rest_of_its_album(link: Link) -> None:
    srv = link.srv
    friend = srv.add_user("Bob", "bob")
    places = (friend, srv.add_group("Group"), srv.add_supergroup("Wide"))
    await introduce(link)
    for place in places:
        chat_id = srv.chat_id(place)
        before = srv.deliver_voice(friend, place, b"ogg", 7)
        year_ago: dict[str, Any] = {"grouped_id": 99, "fwd": True, "sent_at_s": 1_700_000_000}
        video = srv.deliver_video(friend, place, b"mp4", 7, **year_ago)
        photo = srv.deliver_text(friend, place, "a picture", **year_ago)
        voice = srv.deliver_voice(friend, place, b"ogg", 7, **year_ago)
        srv.deliver_voice(srv.me, None, b"ogg", 7, grouped_id=99)  # of another chat, with ids of the same count
        srv.deliver_voice(friend, place, b"ogg", 7, grouped_id=100)
        for member in (video, photo, voice):
            pointed = await link.gateway.pointed(chat_id, member.id)
            assert [note.key for note in pointed.notes] == [(chat_id, video.id), (chat_id, voice.id)]
        alone = await link.gateway.pointed(chat_id, before.id)
        assert [note.key for note in alone.notes] == [(chat_id, before.id)]


async def test_only_what_the_account_wrote_itself_is_read_as_its_own_words(link: Link) -> None:
    srv = link.srv
    friend = srv.add_user("Bob")
    await introduce(link)
    note = srv.deliver_voice(friend, None, b"ogg", 7)
    ours = await link.gateway.send_text(friend.id, Rich("heard"), random_id=1, reply_to=note.id)
    assert await link.gateway.pointed(friend.id, ours) == Pointed((), "heard", note.id)
    theirs = srv.deliver_text(friend, None, "🎙 On it: #12", reply_to=note)
    assert await link.gateway.pointed(friend.id, theirs.id) == Pointed((), "", note.id)
    me = srv.me.id
    noted = await link.gateway.send_text(me, Rich("🎙 On it: #12"), random_id=2)
    assert (await link.gateway.pointed(me, noted)).text == "🎙 On it: #12"
    forwarded = srv.deliver_text(srv.me, None, "🎙 On it: #13", fwd=True)
    assert (await link.gateway.pointed(me, forwarded.id)).text == ""


async def test_what_was_replied_to_and_is_deleted_is_gone(link: Link) -> None:
    friend = link.srv.add_user("Bob")
    await introduce(link)
    note = link.srv.deliver_voice(friend, None, b"ogg", 7)
    link.srv.delete(note)
    with pytest.raises(Gone):
        await link.gateway.pointed(friend.id, note.id)


# What others can see


def reactions_of(link: Link, message: Any) -> list[str]:
    return [count.reaction.emoticon for count in message.reactions.results] if message.reactions else []


async def test_a_reaction_is_put_on_a_message_and_taken_back(link: Link) -> None:
    friend, wide = link.srv.add_user("Bob"), link.srv.add_supergroup("Wide")
    await introduce(link)
    for chat in (friend, wide):
        chat_id, message = link.srv.chat_id(chat), link.srv.deliver_voice(friend, chat, b"ogg", 7)
        assert await link.gateway.react(chat_id, message.id, "👀")
        assert await link.gateway.react(chat_id, message.id, "👀"), "a repeat after an answer that was lost"
        assert reactions_of(link, message) == ["👀"]
        await link.gateway.take_back_reaction(chat_id, message.id, "👀")
        assert reactions_of(link, message) == []
        await link.gateway.take_back_reaction(chat_id, message.id, "👀")
        shown = [(action.chat, action.msg_id, action.text) for action in link.srv.of("reaction")][-2:]
        assert shown == [(chat_id, message.id, "👀"), (chat_id, message.id, "")]


async def test_the_owners_own_reaction_is_neither_replaced_nor_taken_away(link: Link) -> None:
    friend = link.srv.add_user("Bob")
    await introduce(link)
    message = link.srv.deliver_voice(friend, None, b"ogg", 7)
    heart = t.ReactionEmoji(emoticon="❤")
    message.reactions = t.MessageReactions(results=[t.ReactionCount(reaction=heart, count=1, chosen_order=0)])
    assert not await link.gateway.react(friend.id, message.id, "👀")
    await link.gateway.take_back_reaction(friend.id, message.id, "👀")
    assert reactions_of(link, message) == ["❤"]
    assert link.srv.of("reaction") == []


async def test_a_reaction_of_somebody_else_is_no_hindrance(link: Link) -> None:
    friend = link.srv.add_user("Bob")
    await introduce(link)
    message = link.srv.deliver_voice(friend, None, b"ogg", 7)
    heart = t.ReactionEmoji(emoticon="❤")
    message.reactions = t.MessageReactions(results=[t.ReactionCount(reaction=heart, count=1)])
    assert await link.gateway.react(friend.id, message.id, "👀")


async def test_a_reaction_on_a_message_that_is_gone_is_taken_back_without_a_word(link: Link) -> None:
    friend = link.srv.add_user("Bob")
    await introduce(link)
    await link.gateway.take_back_reaction(friend.id, 4711, "👀")
    with pytest.raises(Gone):
        await link.gateway.react(friend.id, 4711, "👀")


async def test_a_note_is_marked_as_played_in_every_kind_of_chat(link: Link) -> None:
    srv = link.srv
    friend, group, wide = srv.add_user("Bob"), srv.add_group("Group"), srv.add_supergroup("Wide")
    await introduce(link)
    for chat in (friend, group, wide):
        message = srv.deliver_voice(friend, chat, b"ogg", 7)
        note = await link.gateway.note(srv.chat_id(chat), message.id)
        assert note is not None
        await link.gateway.mark_played(note)
        [*_, marked] = srv.of("read_contents")
        assert (marked.chat, marked.msg_id) == note.key
        assert not message.media_unread


async def test_a_chat_that_the_session_file_forgot_is_found_among_the_conversations(link: Link) -> None:
    friend = link.srv.add_user("Bob")
    message = link.srv.deliver_voice(friend, None, b"ogg", 7, push=False)
    assert await link.gateway.note(friend.id, message.id) is not None
    assert link.srv.count("messages.GetDialogs") == 1


@pytest.mark.parametrize(
    "name",
    [
        "@bob",
        "bob",
        "BOB",
        "t.me/bob",
        "https://t.me/bob",
        "https://t.me/bob/55",
        "tg://resolve?domain=bob",
        " @bob ",
    ],
)
async def test_names_and_links_find_a_person(link: Link, name: str) -> None:
    friend = link.srv.add_user("Bob", "bob")
    assert await link.gateway.resolve(name) == Peer(friend.id, "Bob", "bob")


async def test_ids_and_private_links_find_those_that_are_known(link: Link) -> None:
    srv = link.srv
    friend, group, wide = srv.add_user("Bob"), srv.add_group("Group"), srv.add_supergroup("Wide", "wide")
    await introduce(link)
    resolve = link.gateway.resolve
    assert await resolve(str(friend.id)) == Peer(friend.id, "Bob")
    assert await resolve(f"tg://user?id={friend.id}") == Peer(friend.id, "Bob")
    assert await resolve(str(-group.id)) == Peer(-group.id, "Group")
    for name in (str(srv.chat_id(wide)), f"https://t.me/c/{wide.id}/5", f"t.me/c/{wide.id}", "@wide"):
        assert await resolve(name) == Peer(srv.chat_id(wide), "Wide", "wide")
    assert (await resolve(str(srv.me.id))).id == srv.me.id


@pytest.mark.parametrize(
    "name", ["@nobody", "", "@", "0", "123456", "-100123", "t.me/+AbCdEf", "t.me/c/x/1", "two words", "tg://x", "имя"]
)
async def test_what_leads_to_nobody_is_not_found_by_that_name(link: Link, name: str) -> None:
    with pytest.raises(NotFound) as error:
        await link.gateway.resolve(name)
    assert error.value.details["name"] == name


async def test_a_flood_while_resolving_is_not_taken_for_nobody(link: Link) -> None:
    link.srv.on_rpc("contacts.ResolveUsername", flood(300))
    with pytest.raises(FloodWait):
        await link.gateway.resolve("@bob")


# Downloading


@pytest.mark.parametrize("size", [0, 1, 1024 * 1024, 1024 * 1024 + 1, 2_500_000])
@pytest.mark.parametrize("dc_id", [2, 4])
async def test_a_download_is_whole_private_and_alone(link: Link, tmp_path: Path, size: int, dc_id: int) -> None:
    content = os.urandom(size)
    note = await delivered(link, content, dc_id=dc_id)
    to = tmp_path / "audio" / "1.bin"
    await link.gateway.download(note, to)
    assert to.read_bytes() == content
    assert to.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in to.parent.iterdir()] == ["1.bin"]
    assert link.srv.count("upload.GetFile") == -(-size // (1024 * 1024))


async def test_the_senders_file_name_never_reaches_the_disk(link: Link, tmp_path: Path) -> None:
    friend = link.srv.add_user("Bob")
    await introduce(link)
    message = link.srv.deliver_audio(friend, None, b"song", 3, file_name="../../../../escaped.mp3")
    note = await link.gateway.note(friend.id, message.id)
    assert note is not None
    await link.gateway.download(note, tmp_path / "a" / "b" / "c" / "d" / "sound")
    assert names_in(tmp_path) == {"a/b/c/d/sound"}


async def test_a_short_piece_in_the_middle_is_a_cut_download_and_leaves_nothing(link: Link, tmp_path: Path) -> None:
    note = await delivered(link, os.urandom(2_500_000))

    async def short(conn: Any, query: Any) -> Any:
        return t.upload.File(type=t.storage.FileUnknown(), mtime=0, bytes=b"x" * 100)

    link.srv.on_rpc("upload.GetFile", short, skip=1)
    with pytest.raises(DownloadCut):
        await link.gateway.download(note, tmp_path / "a" / "sound")
    assert list((tmp_path / "a").iterdir()) == []


@pytest.mark.parametrize("declared", [2000, 500])
async def test_a_file_of_another_size_than_declared_is_a_cut_download(
    link: Link, tmp_path: Path, declared: int
) -> None:
    note = await delivered(link, os.urandom(1000), declared_size=declared)
    with pytest.raises(DownloadCut):
        await link.gateway.download(note, tmp_path / "a" / "sound")
    assert list((tmp_path / "a").iterdir()) == []


@pytest.mark.parametrize("refusal", ["FILE_REFERENCE_EXPIRED", "OFFSET_INVALID"])
async def test_an_expired_reference_is_read_again_once(link: Link, tmp_path: Path, refusal: str) -> None:
    note = await delivered(link, b"sound")
    link.srv.on_rpc("upload.GetFile", RpcError(400, refusal))
    await link.gateway.download(note, tmp_path / "sound")
    assert (tmp_path / "sound").read_bytes() == b"sound"
    link.srv.on_rpc("upload.GetFile", RpcError(400, refusal), times=2)
    with pytest.raises(Refused):
        await link.gateway.download(note, tmp_path / "again")
    assert not (tmp_path / "again").exists()


async def test_a_cancelled_download_leaves_nothing_and_the_next_one_works(link: Link, tmp_path: Path) -> None:
    note = await delivered(link, os.urandom(3_000_000))
    link.srv.getfile_delay = 0.2
    async with asyncio.TaskGroup() as group:
        task = group.create_task(link.gateway.download(note, tmp_path / "a" / "sound"))
        await until(lambda: link.srv.count("upload.GetFile") > 1)
        task.cancel()
    assert task.cancelled()
    assert list((tmp_path / "a").iterdir()) == []
    link.srv.getfile_delay = 0
    await link.gateway.download(note, tmp_path / "a" / "sound")
    assert (tmp_path / "a" / "sound").stat().st_size == 3_000_000


async def test_a_download_cancelled_while_its_connection_is_made_does_not_spoil_the_next(
    link: Link, tmp_path: Path
) -> None:
    note = await delivered(link, b"sound", dc_id=4)
    link.srv.on_rpc("auth.ImportAuthorization", "ignore")
    async with asyncio.TaskGroup() as group:
        task = group.create_task(link.gateway.download(note, tmp_path / "sound"))
        await until(lambda: link.srv.count("auth.ImportAuthorization"))
        task.cancel()
    await link.gateway.download(note, tmp_path / "sound")
    assert (tmp_path / "sound").read_bytes() == b"sound"


async def test_a_download_that_stalls_ends_with_offline(tmp_path: Path) -> None:
    async with signed_in(tmp_path, deadlines=replace(QUICK, download_s=0.5)) as link:
        note = await delivered(link, b"sound")
        link.srv.on_rpc("upload.GetFile", "ignore", times=-1)
        with pytest.raises(Offline):
            await link.gateway.download(note, tmp_path / "a" / "sound")
        assert list((tmp_path / "a").iterdir()) == []


async def test_a_refused_key_of_a_file_connection_does_not_sign_the_account_out(link: Link, tmp_path: Path) -> None:
    note = await delivered(link, b"sound", dc_id=4)
    link.srv.on_rpc("upload.GetFile", RpcError(401, "AUTH_KEY_UNREGISTERED"))
    with pytest.raises(Offline):
        await link.gateway.download(note, tmp_path / "sound")
    await link.gateway.download(note, tmp_path / "sound")
    assert (tmp_path / "sound").read_bytes() == b"sound"


async def test_a_note_without_its_sound_any_more_is_gone(link: Link, tmp_path: Path) -> None:
    note = await delivered(link, b"sound")
    link.srv.messages[0, note.message_id].media = t.MessageMediaDocument(ttl_seconds=0x7FFFFFFF)
    with pytest.raises(Gone):
        await link.gateway.download(note, tmp_path / "sound")


async def test_a_disk_that_cannot_be_written_is_not_telegrams_fault(link: Link, tmp_path: Path) -> None:
    note = await delivered(link, b"sound")
    (tmp_path / "file").touch()
    with pytest.raises(Transient) as error:
        await link.gateway.download(note, tmp_path / "file" / "sound")
    assert error.value.key == "data_dir"


async def outcome(call: Any) -> Any:
    """The result of a call, or the error of ours that it raised."""
    try:
        return await call
    except (Transient, Refused) as error:
        return error

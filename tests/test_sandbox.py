"""The sandbox against the real client, over TCP."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any, Literal

import pytest
from pyrogram import enums, errors, filters, handlers, raw
from pyrogram.qrlogin import QRLogin

from tests.support.clock import settle
from tests.support.sandbox import Stage, client_on, stage
from transcriber.sandbox.faults import RpcError, flood

OTHER_DC = 4


@asynccontextmanager
async def signed_in(on: Stage) -> AsyncIterator[tuple[Any, asyncio.Queue[Any]]]:
    """A started client on the session file, and the messages that reach it."""
    arrived: asyncio.Queue[Any] = asyncio.Queue()

    async def put(_: Any, message: Any) -> None:
        await arrived.put(message)

    async with client_on(on) as client:
        client.add_handler(handlers.MessageHandler(put))
        await client.start()
        yield client, arrived


def count_events(on: Stage, kind: str) -> int:
    return sum(event.kind == kind for event in on.srv.events)


async def more_events(on: Stage, kind: str, than: int) -> None:
    await on.srv.wait_until(lambda: count_events(on, kind) > than)


async def soon(arrived: asyncio.Queue[Any]) -> Any:
    return await asyncio.wait_for(arrived.get(), 10)


# Signing in
async def test_a_code_signs_in() -> None:
    async with stage() as on, client_on(on, fresh=True) as client:
        await client.connect()
        sent = await client.send_code(f"+{on.srv.account.phone}")
        with pytest.raises(errors.PhoneCodeInvalid):
            await client.sign_in(on.srv.account.phone, sent.phone_code_hash, "00000")
        user = await client.sign_in(on.srv.account.phone, sent.phone_code_hash, on.srv.account.code)
        assert user.id == on.me.id
        assert [a.extra["how"] for a in on.srv.of("login")] == ["code"]


async def test_an_unknown_number_is_refused() -> None:
    async with stage() as on, client_on(on, fresh=True) as client:
        await client.connect()
        with pytest.raises(errors.PhoneNumberInvalid):
            await client.send_code("+19999999999")


async def test_a_code_and_the_two_step_password_sign_in() -> None:
    async with stage(password="s3cret") as on, client_on(on, fresh=True) as client:
        await client.connect()
        sent = await client.send_code(on.srv.account.phone)
        with pytest.raises(errors.SessionPasswordNeeded):
            await client.sign_in(on.srv.account.phone, sent.phone_code_hash, on.srv.account.code)
        assert await client.get_password_hint() == "hint"
        with pytest.raises(errors.PasswordHashInvalid):
            await client.check_password("wrong")
        assert (await client.check_password("s3cret")).id == on.me.id


async def test_a_scanned_qr_code_signs_in() -> None:
    async with stage() as on, client_on(on, fresh=True) as client:
        await client.connect()
        qr = QRLogin(client)
        await qr.recreate()
        assert qr.url.startswith("tg://login?token=")
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(qr.wait(10))
            await on.srv.wait_until(lambda: on.srv.count("auth.ExportLoginToken") == 1)
            await settle()  # it listens before it waits
            on.srv.accept_qr()
        assert waiting.result().id == on.me.id


async def test_signing_out_ends_the_session() -> None:
    async with stage() as on, client_on(on) as client:
        await client.start()
        await client.log_out()
        assert on.srv.of("logout")
        assert not any(auth.user_id for auth in on.srv.auth_keys.values())


# Notes arrive, answers go out
@pytest.mark.parametrize("dc", [2, OTHER_DC])
@pytest.mark.parametrize("size", [3_000, 2_500_000])
async def test_a_voice_note_downloads_byte_for_byte(dc: int, size: int) -> None:
    async with stage() as on, signed_in(on) as (client, arrived):
        on.srv.seam.apply_to(client)  # a key for another data centre needs the server's RSA key
        sound = random.Random(size).randbytes(size)
        on.srv.deliver_voice(on.friend, None, sound, 7, dc_id=dc)
        message = await soon(arrived)
        assert (message.voice.duration, message.voice.file_size) == (7, size)
        downloaded = await client.download_media(message, in_memory=True)
        assert downloaded.getvalue() == sound
        assert any(call.media and call.name == "upload.GetFile" for call in on.srv.calls)


async def test_every_kind_of_chat_delivers_voice_with_its_sender() -> None:
    async with stage() as on, signed_in(on) as (_, arrived):
        group, super_group = on.srv.add_group("Group"), on.srv.add_supergroup("Super")
        channel = on.srv.add_supergroup("News", broadcast=True)
        seen = []
        for who, chat in (
            (on.friend, None),
            (on.friend, group),
            (on.friend, super_group),
            (on.friend, channel),
            (on.me, on.friend),
            (on.me, None),
        ):
            on.srv.deliver_voice(who, chat, b"x" * 100, 1)
            m = await soon(arrived)
            seen.append((m.chat.type, m.from_user.id if m.from_user else None, m.outgoing, m.chat.id))
        kinds, bob, me = enums.ChatType, on.friend.id, on.me.id
        assert seen == [
            (kinds.PRIVATE, bob, False, bob),
            (kinds.GROUP, bob, False, on.srv.chat_id(group)),
            (kinds.SUPERGROUP, bob, False, on.srv.chat_id(super_group)),
            (kinds.CHANNEL, None, False, on.srv.chat_id(channel)),
            (kinds.PRIVATE, me, True, bob),
            (kinds.PRIVATE, me, False, me),  # Saved Messages: not "outgoing", as for real
        ]


async def test_every_kind_of_media_is_what_it_says() -> None:
    async with stage() as on, signed_in(on) as (_, arrived):
        srv, bob = on.srv, on.friend
        srv.deliver_voice(bob, None, b"v", 1, ttl_seconds=0x7FFFFFFF, caption="once")
        srv.deliver_video_note(bob, None, b"n", 2.5)
        srv.deliver_audio(bob, None, b"a", 3)
        srv.deliver_video(bob, None, b"m", 4)
        srv.deliver_document(bob, None, b"d", file_name="talk.flac", mime="audio/flac")
        m = {(message := await soon(arrived)).media: message for _ in range(5)}
        assert m[enums.MessageMediaType.VOICE].voice.ttl_seconds == 0x7FFFFFFF
        assert m[enums.MessageMediaType.VOICE].caption == "once"
        assert m[enums.MessageMediaType.VIDEO_NOTE].video_note.duration == 2.5
        assert m[enums.MessageMediaType.AUDIO].audio.duration == 3
        assert m[enums.MessageMediaType.VIDEO].video.duration == 4
        assert m[enums.MessageMediaType.DOCUMENT].document.file_name == "talk.flac"
        assert [seen.media for seen in srv.chat_view(bob)] == ["voice", "video_note", "audio", "video", "document"]


async def test_a_chat_shows_replies_edits_and_deletions_as_its_people_see_them() -> None:
    async with stage() as on, signed_in(on) as (client, arrived):
        note = on.srv.deliver_voice(on.friend, None, b"x", 1)
        message = await soon(arrived)
        answer = await client.send_message(message.chat.id, "working", reply_parameters=_reply_to(message.id))
        await client.edit_message_text(on.friend.id, answer.id, "done")
        gone = await client.send_message(on.friend.id, "/t")
        await client.delete_messages(on.friend.id, gone.id)
        hidden = await client.send_message(on.friend.id, "seen by them")
        await client.delete_messages(on.friend.id, hidden.id, revoke=False)
        view = [(s.sender, s.text, s.reply_to, s.deleted) for s in on.srv.chat_view(on.friend)]
        assert view == [
            ("Bob", "", None, False),
            ("Me", "done", note.id, False),
            ("Me", "/t", None, True),
            ("Me", "seen by them", None, False),
        ]
        assert on.srv.edits[0].text == "done"
        assert [a.msg_id for a in on.srv.of("delete")] == [gone.id, hidden.id]
        assert on.srv.sent[0].reply_to == note.id


def _reply_to(message_id: int) -> Any:
    from pyrogram import types

    return types.ReplyParameters(message_id=message_id)


async def test_others_edits_and_deletions_reach_the_client() -> None:
    async with stage() as on, signed_in(on) as (client, arrived):
        changes: asyncio.Queue[Any] = asyncio.Queue()

        async def edited(_: Any, message: Any) -> None:
            await changes.put(("edited", message.text))

        async def deleted(_: Any, messages: Any) -> None:
            await changes.put(("deleted", [m.id for m in messages]))

        client.add_handler(handlers.EditedMessageHandler(edited, filters.text))
        client.add_handler(handlers.DeletedMessagesHandler(deleted))
        message = on.srv.deliver_text(on.friend, None, "helo")
        await soon(arrived)
        on.srv.edit(message, "hello")
        assert await soon(changes) == ("edited", "hello")
        on.srv.delete(message)
        assert await soon(changes) == ("deleted", [message.id])


async def test_telegrams_limits_on_writing_hold() -> None:
    async with stage() as on, signed_in(on) as (client, _):
        on.srv.deliver_text(on.friend, None, "theirs")
        with pytest.raises(errors.MessageTooLong):
            await client.send_message("me", "😀" * 2049)
        sent = await client.send_message("me", "😀" * 2048)
        with pytest.raises(errors.MessageNotModified):
            await client.edit_message_text("me", sent.id, "😀" * 2048)
        with pytest.raises(errors.MessageAuthorRequired):
            await client.edit_message_text(on.friend.id, 1, "mine now")
        with pytest.raises(errors.MessageIdInvalid):
            await client.edit_message_text("me", 999, "nothing there")
        with pytest.raises(errors.MediaCaptionTooLong):
            await client.send_document("me", BytesIO(b"x"), file_name="a.txt", caption="x" * 1025)


async def test_an_uploaded_document_arrives_whole_and_its_caption_can_be_edited() -> None:
    async with stage() as on, signed_in(on) as (client, _):
        content = random.Random(1).randbytes(700_000)
        sent = await client.send_document("me", BytesIO(content), file_name="a.txt", caption="first")
        assert on.srv.sent[-1].extra["data"] == content
        assert on.srv.of("upload")
        await client.edit_message_caption("me", sent.id, "second")
        assert on.srv.text_of(sent.id) == "second"
        assert (await client.download_media(sent, in_memory=True)).getvalue() == content


async def test_a_repeated_random_id_is_refused_and_sends_nothing() -> None:
    async with stage() as on, signed_in(on) as (client, _):
        call = raw.functions.messages.SendMessage(peer=raw.types.InputPeerSelf(), message="once", random_id=7)
        await client.invoke(call)
        on.srv.random_id_duplicate_code = 400
        with pytest.raises(errors.RandomIdDuplicate):
            await client.invoke(call)
        on.srv.random_id_duplicate_code = 500  # what the library retries, until it gives up
        with pytest.raises(TimeoutError):
            await client.invoke(call, retries=1)
        assert [s.text for s in on.srv.chat_view(on.me)] == ["once"]


async def test_what_the_owner_does_elsewhere_reaches_this_client_but_not_its_own_calls() -> None:
    async with stage() as on, signed_in(on) as (client, arrived):
        await client.send_message("me", "from here")
        on.srv.deliver_text(on.me, None, "/help from the phone")
        message = await soon(arrived)
        assert (message.text, message.from_user.is_self) == ("/help from the phone", True)


async def test_typing_reading_and_reactions_are_recorded() -> None:
    async with stage() as on, signed_in(on) as (client, arrived):
        on.srv.deliver_voice(on.friend, None, b"x", 1)
        message = await soon(arrived)
        await client.send_chat_action(on.friend.id, enums.ChatAction.TYPING)
        await client.read_chat_history(on.friend.id)
        await client.send_reaction(on.friend.id, message.id, "👍")
        assert [(a.kind, a.chat) for a in on.srv.actions] == [
            ("typing", on.friend.id),
            ("read", on.friend.id),
            ("reaction", on.friend.id),
        ]


# Looking things up
async def test_dialogs_come_in_pages_ordered_by_their_last_message() -> None:
    async with stage() as on, signed_in(on) as (client, _):
        people = [on.srv.add_user(f"P{n}") for n in range(7)]
        chats = [*people, on.srv.add_group("G"), on.srv.add_supergroup("S")]
        random.Random(5).shuffle(chats)
        for age, chat in enumerate(chats):  # two at a time in the same second
            on.srv.deliver_text(people[0], chat, "hi", push=False, sent_at_s=1_700_000_000 - age // 2)
        newest_first = sorted(
            (on.srv.history(on.srv.peer_of(chat))[0] for chat in chats),
            key=lambda m: (m.date, m.id, on.srv.chat_id(m.peer_id)),
            reverse=True,
        )
        expected = [on.srv.chat_id(m.peer_id) for m in newest_first]
        found, offset = [], {"offset_date": 0, "offset_id": 0, "offset_peer": raw.types.InputPeerEmpty()}
        pages = 0
        while page := (await _dialog_page(client, offset)).messages:
            found += [on.srv.chat_id(m.peer_id) for m in page]
            last = page[-1]
            peer = await client.resolve_peer(on.srv.chat_id(last.peer_id))
            offset = {"offset_date": last.date, "offset_id": last.id, "offset_peer": peer}
            pages += 1
        assert found == expected
        assert pages == 3
        assert [d.chat.id async for d in client.get_dialogs()] == expected


async def _dialog_page(client: Any, offset: dict[str, Any]) -> Any:
    answer = await client.invoke(raw.functions.messages.GetDialogs(limit=4, hash=0, **offset))
    await client.fetch_peers(answer.users)
    await client.fetch_peers(answer.chats)
    return answer


async def test_history_comes_in_pages_in_both_directions() -> None:
    async with stage() as on, signed_in(on) as (client, _):
        for n in range(250):
            on.srv.deliver_text(on.friend, None, str(n), push=False)
        await anext(client.get_dialogs())  # to know the friend
        assert [m.id async for m in client.get_chat_history(on.friend.id)] == list(range(250, 0, -1))
        assert [m.id async for m in client.get_chat_history(on.friend.id, limit=3, max_id=100)] == [100, 99, 98]
        peer = await client.resolve_peer(on.friend.id)
        newer = await client.invoke(
            raw.functions.messages.GetHistory(
                peer=peer, offset_id=100, offset_date=0, add_offset=-5, limit=5, max_id=0, min_id=100, hash=0
            )
        )
        assert [m.id for m in newer.messages] == [104, 103, 102, 101]


async def test_search_finds_by_kind_and_by_words() -> None:
    async with stage() as on, signed_in(on) as (client, _):
        srv, bob = on.srv, on.friend
        srv.deliver_voice(bob, None, b"v", 1, push=False)
        srv.deliver_video_note(bob, None, b"n", 1, push=False)
        srv.deliver_audio(bob, None, b"a", 1, push=False, caption="a song")
        srv.deliver_text(bob, None, "some Song", push=False)
        srv.deliver_text(srv.me, bob, "my song", push=False)
        await anext(client.get_dialogs())

        async def search(**arguments: Any) -> list[int]:
            return [m.id async for m in client.search_messages(bob.id, **arguments)]

        assert await search(filter=enums.MessagesFilter.AUDIO_VIDEO_NOTE) == [2, 1]
        assert await search(filter=enums.MessagesFilter.VOICE_NOTE) == [1]
        assert await search(filter=enums.MessagesFilter.VIDEO_NOTE) == [2]
        assert await search(filter=enums.MessagesFilter.AUDIO) == [3]
        assert await search(query="song") == [5, 4, 3]
        assert await search(query="song", from_user="me") == [5]


async def test_names_lead_to_people_and_chats_or_to_nobody() -> None:
    async with stage() as on, signed_in(on) as (client, _):
        channel = on.srv.add_supergroup("News", "daily_news", broadcast=True)
        assert (await client.get_users("bob")).id == on.friend.id
        assert (await client.get_chat("@Daily_News")).id == on.srv.chat_id(channel)
        with pytest.raises(errors.UsernameNotOccupied):
            await client.get_users("nobody_at_all")
        with pytest.raises(errors.PeerIdInvalid):
            await client.get_users(42)


async def test_single_messages_are_read_again_also_what_they_reply_to() -> None:
    async with stage() as on, signed_in(on) as (client, _):
        supergroup = on.srv.add_supergroup("S")
        for chat in (on.friend, supergroup):
            first = on.srv.deliver_voice(on.friend, chat, b"x", 1, push=False)
            second = on.srv.deliver_text(on.friend, chat, "/t", reply_to=first, push=False)
            await client.get_dialogs().__anext__()
            chat_id = on.srv.chat_id(chat)
            found = await client.get_messages(chat_id, [first.id, second.id, 999])
            assert [(m.id, m.empty or False) for m in found] == [(first.id, False), (second.id, False), (999, True)]
            assert found[1].reply_to_message_id == first.id


async def test_an_expired_file_reference_is_refused_until_the_message_is_read_again() -> None:
    async with stage() as on, signed_in(on) as (client, arrived):
        on.srv.deliver_voice(on.friend, None, b"sound", 1)
        message = await soon(arrived)
        on.srv.expire_file_references()
        with pytest.raises(errors.FileReferenceExpired):
            await client.download_media(message, in_memory=True)
        again = await client.get_messages(on.friend.id, message.id)
        assert (await client.download_media(again, in_memory=True)).getvalue() == b"sound"


# Sessions
async def test_missed_messages_are_in_the_difference() -> None:
    async with stage() as on:
        async with signed_in(on) as (client, arrived):
            on.srv.deliver_text(on.friend, None, "seen")
            await soon(arrived)
            supergroup = on.srv.add_supergroup("S")
            on.srv.deliver_text(on.friend, supergroup, "seen there")
            await soon(arrived)
            await client.storage.save()
        on.srv.diff_slice = 3
        missed = [f"missed {n}" for n in range(7)]
        for text in missed:
            on.srv.deliver_text(on.friend, None, text)
        gone = on.srv.deliver_text(on.friend, None, "deleted meanwhile")
        on.srv.delete(gone)
        on.srv.deliver_text(on.friend, supergroup, "missed there")
        async with client_on(on, skip_updates=False) as client:
            texts: asyncio.Queue[str] = asyncio.Queue()

            async def put(_: Any, message: Any) -> None:
                await texts.put(message.text)

            client.add_handler(handlers.MessageHandler(put))
            await client.start()
            got = {await soon(texts) for _ in range(8)}
            assert got == {*missed, "missed there"}


async def test_a_client_killed_outright_can_come_back_on_the_same_session() -> None:
    script = """
import asyncio, sys
from pyrogram import Client
async def main():
    client = Client("voice_transcriber", workdir=sys.argv[1])
    await client.start()
    await asyncio.Event().wait()
asyncio.run(main())
"""
    async with stage() as on:
        victim = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(on.data_dir), cwd=on.data_dir)
        try:
            await on.srv.wait_subscribed()
        finally:
            victim.send_signal(signal.SIGKILL)
            await victim.wait()
        await on.srv.wait_until(lambda: not on.srv.conns)
        on.srv.deliver_text(on.friend, None, "to nobody")
        async with signed_in(on) as (_, arrived):
            on.srv.deliver_text(on.friend, None, "to the second life")
            assert (await soon(arrived)).text == "to the second life"


async def test_rotated_salts_cost_nothing() -> None:
    async with stage() as on, signed_in(on) as (client, _):
        on.srv.rotate_salts()
        assert (await client.get_me()).id == on.me.id


# Faults
async def test_a_dropped_connection_is_resumed() -> None:
    async with stage() as on, signed_in(on) as (_, arrived):
        for rst in (True, False):
            before = count_events(on, "resume_session")
            assert on.srv.drop(rst=rst) == 1
            await more_events(on, "resume_session", before)
            await on.srv.wait_subscribed()
            on.srv.deliver_text(on.friend, None, "after")
            assert (await soon(arrived)).text == "after"


async def test_an_outage_refuses_connections_and_then_ends() -> None:
    async with stage() as on, signed_in(on) as (_, arrived):
        async with asyncio.TaskGroup() as group:
            group.create_task(on.srv.refuse_for(0.5))
            await on.srv.wait_until(lambda: not on.srv.conns)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(on.srv.host, on.srv.port)
        await on.srv.wait_subscribed()
        on.srv.deliver_text(on.friend, None, "back")
        assert (await soon(arrived)).text == "back"


async def test_a_black_hole_swallows_calls_until_it_closes() -> None:
    async with stage() as on, signed_in(on) as (client, _):
        on.srv.black_hole()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.get_me(), 0.3)
        on.srv.black_hole(False)
        assert (await client.get_me()).id == on.me.id


async def test_calls_are_intercepted_as_often_as_asked() -> None:
    async with stage() as on, signed_in(on) as (client, _):
        on.srv.on_rpc("messages.SendMessage", flood(600), times=2, skip=1)
        await client.send_message("me", "let through")
        for _ in range(2):
            with pytest.raises(errors.FloodWait) as caught:
                await client.send_message("me", "held up")
            assert caught.value.value == 600
        await client.send_message("me", "let through again")
        only_x = on.srv.on_rpc(
            "messages.SendMessage", RpcError(400, "CHAT_ID_INVALID"), when=lambda q: q.message == "x"
        )
        await client.send_message("me", "y")
        with pytest.raises(errors.ChatIdInvalid):
            await client.send_message("me", "x")
        assert only_x.times == 0
        assert [s.text for s in on.srv.chat_view(on.me)] == ["let through", "let through again", "y"]


async def test_an_intercepted_call_can_be_ignored_delayed_broken_or_answered_by_hand() -> None:
    async with stage() as on, signed_in(on) as (client, _):
        get_me = raw.functions.users.GetUsers(id=[raw.types.InputUserSelf()])
        on.srv.on_rpc("users.GetUsers", "ignore")
        with pytest.raises(TimeoutError):
            await client.invoke(get_me, retries=1, timeout=0.2)
        on.srv.on_rpc("users.GetUsers", 0.1)
        assert (await client.invoke(get_me, retries=1, timeout=5))[0].id == on.me.id

        async def by_hand(conn: Any, query: Any) -> Any:
            raise RpcError(406, "BY_HAND") if query is None else RpcError(400, "INPUT_USER_DEACTIVATED")

        on.srv.on_rpc("users.GetUsers", by_hand)
        with pytest.raises(errors.InputUserDeactivated):
            await client.invoke(get_me)
        breaks: tuple[Literal["drop", "rst"], ...] = ("drop", "rst")
        for how in breaks:
            before = count_events(on, "close")
            on.srv.on_rpc("users.GetUsers", how)
            with pytest.raises(TimeoutError):
                await client.invoke(get_me, retries=1, timeout=0.2)
            await more_events(on, "close", before)
            await on.srv.wait_subscribed()
        on.srv.on_rpc("*", RpcError(400, "CHAT_ID_INVALID"), times=-1)
        with pytest.raises(errors.ChatIdInvalid):
            await client.invoke(get_me)
        on.srv.clear_faults()
        assert (await client.invoke(get_me))[0].id == on.me.id


@pytest.mark.parametrize(
    ("death", "error"),
    [
        ("AUTH_KEY_DUPLICATED", errors.AuthKeyDuplicated),
        ("AUTH_KEY_UNREGISTERED", errors.AuthKeyUnregistered),
        ("SESSION_REVOKED", errors.SessionRevoked),
        ("USER_DEACTIVATED", errors.UserDeactivated),
        ("SESSION_EXPIRED", errors.SessionExpired),
    ],
)
async def test_a_dead_key_cannot_sign_in(death: Any, error: type[Exception]) -> None:
    async with stage() as on, client_on(on) as client:
        on.srv.kill_auth(death)
        with pytest.raises(error):
            await client.start()
        on.srv.kill_auth(None)
        await client.start()


async def test_a_key_that_was_forgotten_gets_the_transport_error_404() -> None:
    async with stage() as on:
        key_id = next(iter(on.srv.auth_keys))
        on.srv.kill_auth("FORGET")
        reader, writer = await asyncio.open_connection(on.srv.host, on.srv.port)
        packet = key_id + bytes(16 + 64)
        writer.write(b"\xef" + bytes([len(packet) // 4]) + packet)
        assert await reader.read() == b"\x01" + (-404).to_bytes(4, "little", signed=True)
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("way", ["lost", "queue", "toolong"])
async def test_what_a_returning_session_is_sent_is_a_knob(way: Any) -> None:
    async with stage() as on, signed_in(on) as (_, arrived):
        on.srv.offline_updates = way
        on.srv.refuse()
        on.srv.drop()
        await on.srv.wait_until(lambda: not on.srv.conns)
        on.srv.deliver_voice(on.friend, None, b"x", 1)
        before = count_events(on, "resumed")
        await on.srv.accept()
        await more_events(on, "resumed", before)
        marker = on.srv.deliver_voice(on.friend, None, b"y", 2)
        first = await soon(arrived)
        assert first.id == (marker.id - 1 if way == "queue" else marker.id)


async def test_an_unknown_call_is_noted_and_refused() -> None:
    async with stage() as on, signed_in(on) as (client, _):
        with pytest.raises(errors.BadRequest):
            await client.invoke(raw.functions.stories.GetAllStories())
        assert on.srv.unknown == ["stories.GetAllStories"]
        on.srv.unknown.clear()


async def test_waiting_in_vain_says_what_happened_last() -> None:
    async with stage() as on, signed_in(on) as (client, _):
        await client.send_message("me", "hello")
        with pytest.raises(TimeoutError, match="last: send@"):
            await on.srv.wait_for(lambda a: a.kind == "edit", timeout=0.1)


# On this machine only
async def test_nothing_listens_or_connects_outside_loopback() -> None:
    connected: list[Any] = []
    bound: list[Any] = []

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            connected.append(arguments[1])
        elif event == "socket.bind":
            bound.append(arguments[1])

    sys.addaudithook(watch)  # cannot be taken away again, and does no harm
    async with stage() as on:
        async with client_on(on, fresh=True) as client:  # would go to Telegram itself without the seam
            await client.connect()
            await client.send_code(on.srv.account.phone)
        async with signed_in(on) as (client, arrived):
            on.srv.seam.apply_to(client)
            on.srv.deliver_voice(on.friend, None, b"x", 1, dc_id=OTHER_DC)
            await client.download_media(await soon(arrived), in_memory=True)
    internet = [address for address in (*connected, *bound) if isinstance(address, tuple)]
    assert len(internet) >= 4
    assert {address[0] for address in internet} == {"127.0.0.1"}


async def test_an_ordinary_session_file_needs_no_seam_and_is_private() -> None:
    async with stage() as on, client_on(on) as client:
        assert on.session_file.stat().st_mode & 0o777 == 0o600
        await client.start()
        assert client.me.id == on.me.id
        option = await client.get_dc_option(OTHER_DC)
        assert (option.ip_address, option.port) == ("127.0.0.1", on.srv.port)


async def test_a_session_string_comes_here_through_the_seam() -> None:
    async with stage() as on, client_on(on, fresh=True, session_string=on.srv.new_session_string()) as client:
        await client.start()
        assert client.me.id == on.me.id

"""The sandbox's rarer ways: what Telegram may do, and what a client may do wrong."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from pyrogram import enums, errors, handlers, raw

from tests.support.sandbox import client_on, stage
from tests.test_sandbox import signed_in, soon
from transcriber.sandbox.server import SandboxServer


async def test_an_update_can_come_twice_with_the_same_pts() -> None:
    async with stage() as on, signed_in(on) as (_, arrived):
        note = on.srv.deliver_voice(on.friend, None, b"x", 1)
        assert on.srv.redeliver(note) == 1
        assert [(await soon(arrived)).id, (await soon(arrived)).id] == [note.id, note.id]


async def test_typing_of_a_friend_reaches_the_client() -> None:
    async with stage() as on, signed_in(on) as (client, _):
        seen: asyncio.Queue[Any] = asyncio.Queue()

        async def put(_: Any, update: Any, __: Any, ___: Any) -> None:
            await seen.put(update)

        client.add_handler(handlers.RawUpdateHandler(put))
        on.srv.user_typing(on.friend)
        assert (await soon(seen)).user_id == on.friend.id


async def test_a_media_session_gets_updates_only_in_the_worst_case() -> None:
    async with stage() as on, signed_in(on) as (client, arrived):
        on.srv.seam.apply_to(client)
        on.srv.deliver_voice(on.friend, None, b"x", 1, dc_id=4)
        await client.download_media(await soon(arrived), in_memory=True)
        assert len(on.srv.update_sessions()) == 1


async def test_chats_are_described_in_full() -> None:
    async with stage() as on, signed_in(on) as (client, _):
        group, supergroup = on.srv.add_group("Family"), on.srv.add_supergroup("Club", "club")
        for chat in (group, supergroup):
            on.srv.deliver_text(on.friend, chat, "hi", push=False)
        assert [d.chat.title async for d in client.get_dialogs()] == ["Family", "Club"]
        assert (await client.get_chat(on.srv.chat_id(group))).title == "Family"
        assert (await client.get_chat(on.srv.chat_id(supergroup))).title == "Club"
        assert (await client.get_chat(on.friend.id)).first_name == "Bob"
        assert on.friend.id in [user.id for user in await client.get_contacts()]
        assert (await client.get_chat(f"+{on.srv.account.phone}")).id == on.me.id


async def test_messages_in_supergroups_are_deleted_and_read_there() -> None:
    async with stage() as on, signed_in(on) as (client, arrived):
        supergroup = on.srv.add_supergroup("Club")
        chat_id = on.srv.chat_id(supergroup)
        note = on.srv.deliver_voice(on.friend, supergroup, b"x", 1)
        await soon(arrived)
        sent = await client.send_message(chat_id, "/t")
        await client.delete_messages(chat_id, sent.id)
        await client.read_chat_history(chat_id)
        assert [(s.text, s.deleted) for s in on.srv.chat_view(supergroup)] == [("", False), ("/t", True)]
        assert [(a.kind, a.chat) for a in on.srv.actions] == [
            ("send", chat_id),
            ("delete", chat_id),
            ("read", chat_id),
        ]
        peer = await client.resolve_peer(chat_id)
        await client.invoke(raw.functions.channels.ReadMessageContents(channel=peer, id=[note.id]))
        assert on.srv.of("read_contents")[0].msg_id == note.id


async def test_hearing_a_note_is_recorded_and_marks_it_as_heard() -> None:
    async with stage() as on, signed_in(on) as (client, arrived):
        note = on.srv.deliver_voice(on.friend, None, b"x", 1)
        await soon(arrived)
        await client.invoke(raw.functions.messages.ReadMessageContents(id=[note.id]))
        assert (on.srv.of("read_contents")[0].chat, note.media_unread) == (on.friend.id, None)


async def test_a_document_can_be_sent_again_while_its_reference_is_fresh() -> None:
    async with stage() as on, signed_in(on) as (client, arrived):
        on.srv.deliver_voice(on.friend, None, b"sound", 1)
        note = await soon(arrived)
        await client.send_voice("me", note.voice.file_id)
        assert on.srv.sent[-1].extra["data"] == b"sound"
        on.srv.expire_file_references()
        with pytest.raises(errors.FileReferenceExpired):
            await client.send_voice("me", note.voice.file_id)


async def test_search_everywhere_comes_newest_first() -> None:
    async with stage() as on, signed_in(on) as (client, _):
        group = on.srv.add_group("Family")
        for n, chat in enumerate((None, group, None)):
            on.srv.deliver_voice(on.friend, chat, b"x", 1, push=False, sent_at_s=1_700_000_000 + n)
        on.srv.deliver_text(on.friend, None, "no sound", push=False)
        found = [(m.chat.id, m.id) async for m in client.search_global(filter=enums.MessagesFilter.AUDIO_VIDEO_NOTE)]
        friend, family = on.friend.id, on.srv.chat_id(group)
        assert found == [(friend, 3), (family, 2), (friend, 1)]


async def test_too_much_missed_is_said_so() -> None:
    async with stage() as on, signed_in(on) as (client, _):
        state = await client.invoke(raw.functions.updates.GetState())
        channel = on.srv.add_supergroup("Club")
        for n in range(5):
            on.srv.deliver_text(on.friend, None, str(n), push=False)
            on.srv.deliver_text(on.friend, channel, str(n), push=False)
        on.srv.diff_too_long = on.srv.channel_diff_too_long = 4
        ask = raw.functions.updates.GetDifference(pts=state.pts, date=0, qts=0)
        assert isinstance(await client.invoke(ask), raw.types.updates.DifferenceTooLong)
        there = raw.types.InputChannel(channel_id=channel.id, access_hash=channel.access_hash)
        in_channel = raw.functions.updates.GetChannelDifference(
            channel=there, filter=raw.types.ChannelMessagesFilterEmpty(), pts=10, limit=100
        )
        answer = await client.invoke(in_channel)
        assert isinstance(answer, raw.types.updates.ChannelDifferenceTooLong)
        assert (answer.dialog.top_message, answer.dialog.pts) == (5, 15)
        with pytest.raises(errors.PersistentTimestampInvalid):
            await client.invoke(raw.functions.updates.GetDifference(pts=10_000, date=0, qts=0))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"access_hash": 1}, errors.LocationInvalid),
        ({"limit": 0}, errors.LimitInvalid),
        ({"limit": 5000}, errors.LimitInvalid),
        ({"offset": 100}, errors.OffsetInvalid),
    ],
)
async def test_pieces_of_files_must_be_asked_for_properly(change: dict[str, int], error: type[Exception]) -> None:
    async with stage() as on, signed_in(on) as (client, _):
        document = on.srv.deliver_voice(on.friend, None, b"x", 1).media.document
        location = raw.types.InputDocumentFileLocation(
            id=document.id,
            access_hash=change.get("access_hash", document.access_hash),
            file_reference=document.file_reference,
            thumb_size="",
        )
        offset, limit = change.get("offset", 0), change.get("limit", 4096)
        with pytest.raises(error):
            await client.invoke(raw.functions.upload.GetFile(location=location, offset=offset, limit=limit))


async def test_a_client_that_was_not_signed_in_gets_nothing() -> None:
    async with stage() as on, client_on(on, fresh=True) as client:
        await client.connect()
        with pytest.raises(errors.AuthKeyUnregistered):
            await client.get_me()


# On the wire, without the library
async def answer_to(srv: SandboxServer, *pieces: bytes) -> bytes:
    """All that the server says to these bytes before it hangs up."""
    reader, writer = await asyncio.open_connection(srv.host, srv.port)
    writer.write(b"".join(pieces))
    try:
        async with asyncio.timeout(5):
            return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


async def test_other_transports_and_forged_packets_are_hung_up_on() -> None:
    async with stage() as on:
        assert await answer_to(on.srv, b"GET / HTTP/1.1\r\n\r\n") == b""
        forged = next(iter(on.srv.auth_keys)) + os.urandom(16 + 64)
        assert await answer_to(on.srv, b"\xef", bytes([len(forged) // 4]), forged) == b""
        plain = bytes(20) + raw.functions.Ping(ping_id=1).write()
        assert await answer_to(on.srv, b"\xef", bytes([len(plain) // 4]), plain) == b""


async def test_a_transport_error_can_answer_everything() -> None:
    async with stage() as on:
        on.srv.transport_error = 429
        packet = next(iter(on.srv.auth_keys)) + bytes(16 + 64)
        said = await answer_to(on.srv, b"\xef", bytes([len(packet) // 4]), packet)
        assert said == b"\x01" + (-429).to_bytes(4, "little", signed=True)

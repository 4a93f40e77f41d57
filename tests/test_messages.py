"""What becomes of a Telegram message: a note, a command of the owner's, or nothing. Over a real client, both as live
updates bring it and as history does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from pyrogram.handlers import EditedMessageHandler, MessageHandler
from pyrogram.raw import functions
from pyrogram.raw import types as t
from pyrogram.types import Message

from tests.support.telegram import until
from transcriber.domain import ChatKind, Command, MediaKind, Note, Peer
from transcriber.sandbox.server import SandboxServer
from transcriber.telegram import messages
from transcriber.telegram.client import make_client
from transcriber.telegram.session import SessionFile

PREFIXES = "/."


@dataclass
class Ears:
    """A started client, everything it heard, and who it belongs to."""

    srv: SandboxServer
    client: Any
    me: Peer
    heard: list[Message] = field(default_factory=list)

    async def both(self, message: Any) -> tuple[Message, Message]:
        """The same message as an update brought it, and as history has it."""
        chat_id = self.srv.chat_id(message.peer_id)

        def here() -> list[Message]:
            return [m for m in self.heard if (messages.chat_of(m.raw), m.id) == (chat_id, message.id)]

        await until(lambda: here())
        found = await self.client.invoke(
            functions.messages.GetHistory(
                peer=await self.client.resolve_peer(chat_id),
                offset_id=0,
                offset_date=0,
                add_offset=0,
                limit=100,
                max_id=0,
                min_id=0,
                hash=0,
            )
        )
        (past,) = [m for m in await messages.parse(self.client, found) if m.id == message.id]
        return here()[0], past

    async def note(self, message: Any) -> Note | None:
        live, past = await self.both(message)
        assert messages.to_note(live, self.me) == messages.to_note(past, self.me)
        return messages.to_note(live, self.me)

    async def command(self, message: Any) -> Command | None:
        live, past = await self.both(message)
        assert messages.to_command(live, self.me, PREFIXES) == messages.to_command(past, self.me, PREFIXES)
        return messages.to_command(live, self.me, PREFIXES)


@pytest.fixture
async def ears(tmp_path: Path) -> AsyncIterator[Ears]:
    async with SandboxServer() as srv:
        session = SessionFile(tmp_path)
        await srv.write_session_file(session.path)
        client = make_client(session)
        heard: list[Message] = []

        async def hear(_: Any, message: Message) -> None:
            heard.append(message)

        client.add_handler(MessageHandler(hear))
        client.add_handler(EditedMessageHandler(hear), 1)
        await client.start()
        try:
            yield Ears(srv, client, messages.peer_of_user(client.me), heard)
        finally:
            await client.stop()


async def test_a_voice_note_of_a_friends_is_read_in_full(ears: Ears) -> None:
    friend = ears.srv.add_user("Bob", "bob")
    message = ears.srv.deliver_voice(friend, None, b"ogg", 7)
    note = await ears.note(message)
    assert note is not None
    assert note.file_id
    assert replace(note, file_id="") == Note(
        chat_id=friend.id,
        message_id=message.id,
        chat_kind=ChatKind.PRIVATE,
        chat_title="Bob",
        sender_id=friend.id,
        sender_name="Bob",
        outgoing=False,
        kind=MediaKind.VOICE,
        sent_at_s=float(message.date),
        duration_s=7.0,
        size_bytes=3,
        file_id="",
        chat_username="bob",
    )
    captioned = await ears.note(ears.srv.deliver_voice(friend, None, b"ogg", 7, caption="listen"))
    assert captioned is not None
    assert captioned.captioned


async def test_every_kind_of_sound_is_a_note_and_nothing_else_is(ears: Ears) -> None:
    srv = ears.srv
    friend = srv.add_user("Bob")
    sounds = {
        MediaKind.VOICE: srv.deliver_voice(friend, None, b"1", 1),
        MediaKind.VIDEO_NOTE: srv.deliver_video_note(friend, None, b"22", 2.0),
        MediaKind.AUDIO: srv.deliver_audio(friend, None, b"333", 3),
        MediaKind.VIDEO: srv.deliver_video(friend, None, b"4444", 4.0),
        MediaKind.DOCUMENT: srv.deliver_document(friend, None, b"55555", file_name="a.ogg", mime="audio/ogg"),
    }
    for size, (kind, message) in enumerate(sounds.items(), 1):
        note = await ears.note(message)
        assert note is not None
        assert (note.kind, note.size_bytes) == (kind, size)
        assert note.duration_s == (0 if kind is MediaKind.DOCUMENT else size)
    for mime, is_note in (("video/x-matroska", True), ("application/ogg", True), ("application/pdf", False)):
        document = srv.deliver_document(friend, None, b"x", file_name="a", mime=mime)
        assert (await ears.note(document) is not None) == is_note
    assert await ears.note(srv.deliver_text(friend, srv.add_group("G"), "hello")) is None


@pytest.mark.parametrize("said", [float("nan"), float("inf"), float("-inf"), -5.0, 1e300])
async def test_a_length_that_cannot_be_is_not_known(ears: Ears, said: float) -> None:
    friend = ears.srv.add_user("Bob")
    note = await ears.note(ears.srv.deliver_video_note(friend, None, b"1", said))
    assert note is not None
    assert note.duration_s == 0


async def test_a_silent_animation_is_no_note(ears: Ears) -> None:
    friend = ears.srv.add_user("Bob")
    message = ears.srv.deliver_video(friend, None, b"gif", 4.0, push=False)
    message.media.document.attributes.append(t.DocumentAttributeAnimated())
    ears.srv.redeliver(message)
    assert await ears.note(message) is None


@pytest.mark.parametrize(
    ("chat", "kind"),
    [
        ("group", ChatKind.GROUP),
        ("supergroup", ChatKind.GROUP),
        ("me", ChatKind.SAVED),
    ],
)
async def test_own_notes_are_outgoing_everywhere(ears: Ears, chat: str, kind: ChatKind) -> None:
    srv = ears.srv
    place = place_in(srv, chat)
    note = await ears.note(srv.deliver_voice(srv.me, place, b"ogg", 1))
    assert note is not None
    assert (note.outgoing, note.sender_id, note.sender_name, note.chat_kind) == (True, srv.me.id, "Me", kind)
    assert note.chat_id == srv.chat_id(place)


async def test_an_own_note_in_a_private_chat_is_the_owners_even_if_telegram_leaves_the_sender_out(ears: Ears) -> None:
    friend = ears.srv.add_user("Bob")
    message = ears.srv.deliver_voice(ears.srv.me, friend, b"ogg", 1, push=False)
    message.from_id = None
    ears.srv.redeliver(message)
    note = await ears.note(message)
    assert note is not None
    assert (note.outgoing, note.sender_id, note.sender_name) == (True, ears.srv.me.id, "Me")
    assert (note.chat_id, note.chat_title) == (friend.id, "Bob")


async def test_a_channel_post_has_no_sender_but_the_channels_name(ears: Ears) -> None:
    channel = ears.srv.add_supergroup("News", broadcast=True)
    message = ears.srv.deliver_voice(ears.srv.add_user("Editor"), channel, b"ogg", 1, push=False)
    message.from_id, message.post = None, True
    ears.srv.redeliver(message)
    note = await ears.note(message)
    assert note is not None
    assert (note.sender_id, note.sender_name, note.chat_kind) == (None, "News", ChatKind.CHANNEL)
    assert not note.outgoing


async def test_an_own_channel_post_is_outgoing_in_the_channels_name(ears: Ears) -> None:
    note = await ears.note(ears.srv.deliver_voice(ears.srv.me, place_in(ears.srv, "channel"), b"ogg", 1))
    assert note is not None
    assert (note.outgoing, note.sender_id, note.sender_name) == (True, None, "News")


async def test_a_group_admin_writing_as_the_group_has_no_sender_either(ears: Ears) -> None:
    group = ears.srv.add_supergroup("Group")
    message = ears.srv.deliver_voice(ears.srv.add_user("Admin"), group, b"ogg", 1, push=False)
    message.from_id = t.PeerChannel(channel_id=group.id)
    ears.srv.redeliver(message)
    note = await ears.note(message)
    assert note is not None
    assert (note.sender_id, note.sender_name, note.chat_kind) == (None, "Group", ChatKind.GROUP)


async def test_a_forward_is_a_note_of_who_forwarded_it_with_the_same_file(ears: Ears) -> None:
    bob, group = ears.srv.add_user("Bob"), ears.srv.add_group("G")
    first = ears.srv.deliver_voice(bob, None, b"ogg", 1)
    again = ears.srv.deliver(bob, group, "", media=first.media, fwd=True)
    notes = [await ears.note(first), await ears.note(again)]
    assert notes[0] is not None
    assert notes[1] is not None
    assert notes[0].file_id == notes[1].file_id
    assert (notes[1].sender_name, notes[1].chat_title) == ("Bob", "G")


async def test_a_note_that_can_be_heard_once_says_so(ears: Ears) -> None:
    bob = ears.srv.add_user("Bob")
    once = await ears.note(ears.srv.deliver_voice(bob, None, b"ogg", 1, ttl_seconds=0x7FFFFFFF))
    often = await ears.note(ears.srv.deliver_voice(bob, None, b"ogg", 1))
    assert once is not None
    assert often is not None
    assert (once.view_once, often.view_once) == (True, False)


@pytest.mark.parametrize("chat", ["friend", "group", "supergroup", "me"])
@pytest.mark.parametrize("text", ["/t ru", ".status", "/"])
async def test_what_the_owner_types_with_a_prefix_is_a_command(ears: Ears, chat: str, text: str) -> None:
    place = place_in(ears.srv, chat)
    message = ears.srv.deliver_text(ears.srv.me, place, text)
    command = await ears.command(message)
    assert command is not None
    assert (command.chat_id, command.message_id, command.text) == (ears.srv.chat_id(place), message.id, text)
    assert command.sent_at_s == message.date
    assert command.reply_to is None
    assert command.chat_kind is ({"me": ChatKind.SAVED, "friend": ChatKind.PRIVATE}.get(chat) or ChatKind.GROUP)


async def test_a_command_says_what_it_replies_to(ears: Ears) -> None:
    group = ears.srv.add_supergroup("G")
    voice = ears.srv.deliver_voice(ears.srv.add_user("Bob"), group, b"ogg", 1)
    command = await ears.command(ears.srv.deliver_text(ears.srv.me, group, "/t", reply_to=voice.id))
    assert command is not None
    assert command.reply_to == voice.id


def other_chat(message: Any) -> None:
    message.reply_to = t.MessageReplyHeader(reply_to_msg_id=5, reply_to_peer_id=t.PeerUser(user_id=1))


def topic(message: Any) -> None:
    message.reply_to = t.MessageReplyHeader(reply_to_msg_id=5, forum_topic=True)


@pytest.mark.parametrize("change", [other_chat, topic])
async def test_a_reply_to_another_chat_or_to_a_topic_points_at_no_message(
    ears: Ears, change: Callable[[Any], None]
) -> None:
    message = ears.srv.deliver_text(ears.srv.me, ears.srv.add_supergroup("G"), "/t", push=False)
    change(message)
    ears.srv.redeliver(message)
    command = await ears.command(message)
    assert command is not None
    assert command.reply_to is None


@pytest.mark.parametrize("chat", ["friend", "group", "supergroup", "channel"])
async def test_nobody_elses_message_is_a_command(ears: Ears, chat: str) -> None:
    place = place_in(ears.srv, chat)
    sender = place if chat == "friend" else ears.srv.add_user("Eve")
    assert await ears.command(ears.srv.deliver_text(sender, place, "/status")) is None


def forwarded(message: Any) -> None:
    message.fwd_from = t.MessageFwdHeader(date=1, from_name="Somebody")


def through_a_bot(message: Any) -> None:
    message.via_bot_id = 5


def by_a_business_bot(message: Any) -> None:
    message.via_business_bot_id = 5


def edited(message: Any) -> None:
    message.edit_date = message.date + 5


def signed_by_channel(message: Any) -> None:
    message.from_id, message.post = None, True


def written_as_a_channel(message: Any) -> None:
    message.from_id = t.PeerChannel(channel_id=1_500_000_001)


def in_a_quote(message: Any) -> None:
    message.entities = [t.MessageEntityBlockquote(offset=0, length=4)]


def with_a_picture(message: Any) -> None:
    message.media = t.MessageMediaContact(phone_number="1", first_name="A", last_name="", vcard="", user_id=0)


@pytest.mark.parametrize(
    ("chat", "change"),
    [
        ("me", forwarded),
        ("group", forwarded),
        ("friend", through_a_bot),
        ("friend", by_a_business_bot),
        ("me", edited),
        ("friend", edited),
        ("channel", signed_by_channel),
        ("supergroup", written_as_a_channel),
        ("me", in_a_quote),
        ("me", with_a_picture),
    ],
)
async def test_what_the_owner_did_not_type_just_so_is_no_command(
    ears: Ears, chat: str, change: Callable[[Any], None]
) -> None:
    message = ears.srv.deliver_text(ears.srv.me, place_in(ears.srv, chat), "/status", push=False)
    change(message)
    ears.srv.redeliver(message)
    assert await ears.command(message) is None


async def test_what_was_forwarded_to_saved_messages_is_no_command_even_without_its_header(ears: Ears) -> None:
    message = ears.srv.deliver_text(ears.srv.me, None, "/status", push=False)
    message.saved_peer_id = t.PeerUser(user_id=ears.srv.add_user("Bob").id)
    ears.srv.redeliver(message)
    assert await ears.command(message) is None


async def test_an_edit_makes_no_command_of_an_old_message(ears: Ears) -> None:
    message = ears.srv.deliver_text(ears.srv.me, None, "hello")
    ears.srv.edit(message, "/status")
    await until(lambda: [m for m in ears.heard if m.id == message.id and m.raw.message == "/status"])
    assert all(messages.to_command(m, ears.me, PREFIXES) is None for m in ears.heard)


@pytest.mark.parametrize("text", ["hello", "!status", " /status", "тест", "#status"])
async def test_other_texts_of_the_owners_are_no_commands(ears: Ears, text: str) -> None:
    assert await ears.command(ears.srv.deliver_text(ears.srv.me, None, text)) is None


async def test_deleted_and_service_messages_are_nothing(ears: Ears) -> None:
    srv = ears.srv
    group = srv.add_group("G")
    srv.deliver_text(srv.me, group, "hello")
    found = t.messages.Messages(
        messages=[
            t.MessageEmpty(id=1),
            t.MessageService(
                id=2,
                peer_id=t.PeerChat(chat_id=group.id),
                date=1,
                action=t.MessageActionChatEditTitle(title="/status"),
                from_id=t.PeerUser(user_id=srv.me.id),
                out=True,
            ),
        ],
        topics=[],
        **srv.entities(),
    )
    (service,) = await messages.parse(ears.client, found)
    assert messages.to_note(service, ears.me) is None
    assert messages.to_command(service, ears.me, PREFIXES) is None


def place_in(srv: SandboxServer, name: str) -> Any:
    match name:
        case "me":
            return srv.me
        case "friend":
            return srv.add_user("Bob")
        case "group":
            return srv.add_group("Group")
        case "supergroup":
            return srv.add_supergroup("Wide")
    return srv.add_supergroup("News", broadcast=True)

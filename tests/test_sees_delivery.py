"""Where the text goes, with the real program: what stands in Saved Messages and in the chat, message by message."""

from __future__ import annotations

import pytest
from pyrogram.raw import types as t

from tests.support.sandbox import Stage, running, stage
from tests.support.seen import (
    AT,
    AT_S,
    EN_WORDS,
    UTC,
    adds,
    answer,
    chat,
    known,
    links,
    message,
    reads,
    recording,
    settles,
    spoken,
)
from transcriber.sandbox.world import Tl

ALL = {**UTC, "AUTO": "saved,private,groups,mine"}


def voice(on: Stage, by: Tl, where: Tl, media: Tl) -> Tl:
    """A voice note, sent three seconds long at a moment that is known."""
    return on.srv.deliver(by, where, "", media=media, sent_at_s=AT_S)


async def test_a_note_of_every_kind_of_chat_is_read_in_saved_messages_under_who_when_and_how_long_with_a_link() -> (
    None
):
    async with stage(tracked=False) as on, running(on, settings=ALL):
        srv, bob, sound = on.srv, on.friend, recording(on)
        group, team = srv.add_group("Family"), srv.add_supergroup("Team")
        public = srv.add_supergroup("Open", "open_group")
        news, radio = srv.add_supergroup("News", broadcast=True), srv.add_supergroup("Radio", "radio", broadcast=True)
        team_c, news_c = f"https://t.me/c/{team.id}", f"https://t.me/c/{news.id}"
        places = [
            (bob, bob, "Bob", f"tg://openmessage?user_id={bob.id}&message_id="),
            (on.me, bob, "You → Bob", f"tg://openmessage?user_id={bob.id}&message_id="),
            (bob, group, "Bob · Family", f"tg://openmessage?chat_id={group.id}&message_id="),
            (bob, team, "Bob · Team", f"{team_c}/"),
            (on.me, team, "You · Team", f"{team_c}/"),
            (bob, public, "Bob · Open", "https://t.me/open_group/"),
            (bob, news, "News", f"{news_c}/"),
            (bob, radio, "Radio", "https://t.me/radio/"),
        ]
        expected: list[str] = []
        for number, (by, where, who, link) in enumerate(places, 1):
            note = voice(on, by, where, sound)
            expected.append(f"🎙 {who} · {AT} · 0:03 · #{number}\n{EN_WORDS}")
            await reads(on, on.me, *expected)
            assert links(message(on, expected[-1])) == [(AT, f"{link}{note.id}")]
        others = {each.id: each for _, each, _, _ in places}.values()
        assert [chat(on, each) for each in others] == [
            ["(voice)", "(voice)"],
            ["(voice)"],
            ["(voice)", "(voice)"],
            ["(voice)"],
            ["(voice)"],
            ["(voice)"],
        ], "the others see nothing but the notes"
        assert {action.chat for action in srv.actions if action.kind != "read"} == {on.me.id}
        assert srv.count("upload.GetFile") == 1, "one file, heard once, however often it is forwarded"


async def test_a_note_to_oneself_is_answered_by_its_text_and_one_in_a_forum_has_a_link_that_needs_no_topic() -> None:
    async with stage(tracked=False) as on, running(on, settings=ALL):
        sound = recording(on)
        note = voice(on, on.me, None, sound)
        mine = f"re {note.id}: 🎙 {AT} · 0:03 · #1\n{EN_WORDS}"
        await reads(on, on.me, "(voice)", mine)
        assert links(message(on, "🎙 ")) == [], "the reply leads to the note"

        forum = on.srv.add_supergroup("Forum")
        forum.forum = True
        topic = on.srv.deliver(on.friend, forum, "", media=sound, sent_at_s=AT_S, push=False)
        topic.reply_to = t.MessageReplyHeader(reply_to_msg_id=7, forum_topic=True)
        on.srv.redeliver(topic)
        heading = f"🎙 Bob · Forum · {AT} · 0:03 · #2"
        await reads(on, on.me, "(voice)", mine, f"{heading}\n{EN_WORDS}")
        assert links(message(on, heading)) == [(AT, f"https://t.me/c/{forum.id}/{topic.id}")]


async def test_where_replies_are_wanted_both_see_the_words_and_nothing_else_and_elsewhere_nothing_changes() -> None:
    async with stage(tracked=False) as on, running(on, settings=ALL):
        eve, sound, silence = on.srv.add_user("Eve", "eve"), recording(on), recording(on)
        await known(on, silence, spoken())
        on.srv.deliver_text(on.me, on.friend, "/deliver reply")
        said = "💬 In the chat “Bob”:\nTranscripts from the chat “Bob” go as a reply in the chat.\n" + (
            "Everyone in the chat will see them."
        )
        await reads(on, on.me, said)
        await reads(on, on.friend)

        hers = voice(on, on.friend, None, sound)
        await reads(on, on.friend, "(voice)", f"re {hers.id}: {EN_WORDS}")
        mine = voice(on, on.me, on.friend, sound)
        both = ["(voice)", f"re {hers.id}: {EN_WORDS}", "(voice)", f"re {mine.id}: {EN_WORDS}"]
        await reads(on, on.friend, *both)
        await reads(on, on.me, said)

        voice(on, eve, None, sound)
        private = f"🎙 Eve · {AT} · 0:03 · #3\n{EN_WORDS}"
        await reads(on, on.me, said, private)
        assert chat(on, eve) == ["(voice)"]

        voice(on, on.friend, None, silence)  # nothing to say there: the owner alone is told
        await reads(on, on.me, said, private, f"🎙 Bob · {AT} · 0:03 · #4\nNo speech in it.")
        assert chat(on, on.friend) == [*both, "(voice)"]

        assert await answer(on, "/t", on.friend, reply_to=hers) == "💬 In the chat “Bob”:\n🎙 On it: #1"
        await reads(on, on.friend, *both, "(voice)", f"re {hers.id}: {EN_WORDS}")


async def test_a_caption_is_put_on_own_voice_notes_and_what_can_have_none_goes_to_saved_messages() -> None:
    async with stage(tracked=False) as on, running(on, settings={**ALL, "DELIVER": "caption"}):
        sound = recording(on)
        mine = voice(on, on.me, on.friend, sound)
        await reads(on, on.friend, f"(voice) {EN_WORDS}")
        voice(on, on.friend, None, sound)
        theirs = f"🎙 Bob · {AT} · 0:03 · #2\n{EN_WORDS}"
        await reads(on, on.me, theirs)

        captioned = on.srv.deliver(on.me, on.friend, "for you", media=sound, sent_at_s=AT_S)
        own_words = f"🎙 You → Bob · {AT} · 0:03 · #3\n{EN_WORDS}"
        await reads(on, on.me, theirs, own_words)

        long = recording(on)
        await known(on, long, spoken("A long story. " * 100))
        voice(on, on.me, on.friend, long)
        *there, story = await settles(on, on.me, lambda there: len(there) == 3)
        assert there == [theirs, own_words]
        assert story.startswith(f"🎙 You → Bob · {AT} · 0:03 · #4\nA long story. A long story.")
        assert chat(on, on.friend) == [f"(voice) {EN_WORDS}", "(voice)", "(voice) for you", "(voice)"]

        await answer(on, "/t", on.friend, reply_to=mine)
        await answer(on, "/t", on.friend, reply_to=captioned, count=2)
        assert chat(on, on.friend)[:3] == [f"(voice) {EN_WORDS}", "(voice)", "(voice) for you"], "ours is no obstacle"
        assert message(on, own_words.replace("#3", "#3 (2)"))
        assert not [text for text in chat(on, on.me) if "#1" in text and "On it" not in text]


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_a_command_typed_among_others_is_gone_at_once_and_answered_in_saved_messages(language: str) -> None:
    async with stage() as on, running(on, language=language, settings=UTC):
        group, team = on.srv.add_group("Family"), on.srv.add_supergroup("Team")
        answered: list[str] = []
        for where, name in ((on.friend, "Bob"), (group, "Family"), (team, "Team")):
            on.srv.deliver_text(on.friend, where, "hi")
            on.srv.deliver_text(on.me, where, "/lang ru")
            answered.append(
                f"💬 In the chat “{name}”:\nLanguage of the chat “{name}”: Russian."
                if language == "en"
                else f"💬 В чате «{name}»:\nЯзык чата «{name}»: русский."
            )
            await reads(on, on.me, *answered)
            await reads(on, where, "hi")
            kinds = [action.kind for action in on.srv.actions if action.kind in ("send", "delete")]
            assert kinds[-2:] == ["delete", "send"], "first it goes, then the answer comes"
        await adds(on, on.me, lambda: on.srv.deliver_text(on.me, None, "/lang en default"))
        *_, command, last = chat(on, on.me)
        assert command == "/lang en default", "where nobody else reads, it stays"
        assert last.startswith("re "), "and is answered"


async def test_a_new_default_holds_for_chats_that_say_nothing_else() -> None:
    async with stage(tracked=False) as on, running(on, settings=ALL):
        eve, sound = on.srv.add_user("Eve", "eve"), recording(on)
        assert await answer(on, "/deliver private", on.friend) == (
            "💬 In the chat “Bob”:\nTranscripts from the chat “Bob” go to you alone, in Saved Messages."
        )
        assert (await answer(on, "/deliver reply default")).splitlines() == [
            "Transcripts go as a reply in the chat, unless a chat says otherwise.",
            "Everyone in the chat will see them.",
        ]
        before = chat(on, on.me)
        for where in (eve, on.srv.add_group("Family"), on.srv.add_supergroup("Team")):
            note = voice(on, eve, where, sound)
            await reads(on, where, "(voice)", f"re {note.id}: {EN_WORDS}")
        voice(on, on.friend, None, sound)
        await reads(on, on.me, *before, f"🎙 Bob · {AT} · 0:03 · #4\n{EN_WORDS}")
        assert chat(on, on.friend) == ["(voice)"]

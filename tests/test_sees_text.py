"""How a text reads, with the real program: progress, long texts, files, doubtful languages, translations."""

from __future__ import annotations

import re
from itertools import pairwise

from tests.faults.work import MINUTES
from tests.support.sandbox import Stage, running, stage
from tests.support.seen import (
    AT,
    AT_S,
    EN,
    EN_WORDS,
    UTC,
    adds,
    answer,
    chat,
    known,
    message,
    quoted,
    reads,
    recording,
    sample,
    settles,
    spoken,
)
from transcriber.sandbox.world import Tl

MINUTES_S = 90.0  # three minutes of sound, on a machine that does much else
SLOW_S = 3.0  # a download that takes so long lets progress be shown
PROGRESS = re.compile(
    rf"🎙 Bob · {AT} · 3:00 · #1\n"
    r"(?P<bar>[▓░]{10}) (?P<percent>\d+) %"
    r"(?: · ⏱ (?P<elapsed>\d:\d\d)(?: of ~(?P<whole>\d:\d\d))?)?(?P<words>\n.+)?"
)
STORY = "Жил-был кот 🐈, и звали его Мурзик. "  # Cyrillic and a letter outside the BMP: 36 units, 35 characters


def send(on: Stage, media: Tl) -> Tl:
    """The friend sends this recording at a moment that is known."""
    return on.srv.deliver(on.friend, None, "", media=media, sent_at_s=AT_S)


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


# While it is worked on


async def test_after_two_seconds_one_message_shows_how_far_it_is_and_ends_as_the_text() -> None:
    async with stage() as on, running(on, settings={**UTC, "CPU_THREADS": "1"}):
        began_at_s = on.srv.events[-1].time
        on.srv.deliver_voice(on.friend, None, MINUTES.sound, MINUTES.seconds, sent_at_s=AT_S)
        [whole] = await settles(on, on.me, lambda there: there != [] and not set("▓░") & set(there[0]), MINUTES_S)
        first, *edits = [action for action in on.srv.actions if action.kind in ("send", "edit")]
        assert first.kind == "send"
        assert {edit.msg_id for edit in edits} == {first.msg_id}, "one message from the beginning to the end"
        assert first.time - began_at_s >= 2
        assert all(later.time - earlier.time > 2.8 for earlier, later in pairwise([first, *edits[:-1]]))

        shown = [PROGRESS.fullmatch(each.text or "") for each in (first, *edits[:-1])]
        assert all(shown), [each.text for each in (first, *edits[:-1])]
        percents = [int(each["percent"]) for each in shown if each]
        assert percents == sorted(percents)
        assert [each["bar"].count("▓") for each in shown if each] == [percent // 10 for percent in percents]
        assert any(each["words"] for each in shown if each), "the text so far is there to be read"
        assert all(each["elapsed"] <= each["whole"] for each in shown if each and each["whole"])

        heading, text = whole.split("\n", 1)
        assert heading == f"🎙 Bob · {AT} · 3:00 · #1"
        assert quoted(message(on, "🎙")) == [text], "long, so collapsed"
        stamps = re.findall(r"^(\d:\d\d) hello", text, re.MULTILINE)
        assert stamps[0] == "0:00"
        assert len(stamps) >= 3
        assert stamps == sorted(set(stamps)), "a time at each paragraph, in order"
        assert chat(on, on.friend) == ["(voice)"]
        assert not on.srv.of("typing")


async def test_where_transcripts_are_replies_the_friend_sees_typing_then_the_words_and_the_owner_nothing() -> None:
    async with stage() as on, running(on, settings={"DELIVER": "reply"}):
        on.srv.on_rpc("upload.GetFile", SLOW_S)
        note = on.srv.deliver_voice(on.friend, None, sample(EN), 3)
        await on.srv.wait_for(lambda action: action.kind == "typing" and action.chat == on.friend.id, 20)
        await reads(on, on.friend, "(voice)", f"re {note.id}: {EN_WORDS}")
        assert chat(on, on.me) == []
        assert [action.kind for action in on.srv.actions][-1] == "send"
        assert not on.srv.edits


# Long texts


async def test_a_longer_text_is_collapsed_or_in_parts_and_a_very_long_one_is_a_file_with_every_word() -> None:
    async with stage(tracked=False) as on:
        bodies = [STORY * 20, STORY * 250, STORY * 800]
        sounds = [recording(on, seconds=90) for _ in bodies]
        for sound, body in zip(sounds, bodies, strict=True):
            await known(on, sound, spoken(body, every_s=90.0, language="ru"))
        async with running(on, settings={**UTC, "AUTO": "private"}):
            heading = f"🎙 Bob · {AT} · 1:30"
            [collapsed] = await adds(on, on.me, lambda: send(on, sounds[0]))
            assert collapsed.split("\n", 1)[0] == f"{heading} · #1"
            assert collapsed.split("\n", 1)[1].split() == bodies[0].split()
            assert quoted(message(on, collapsed)) == [collapsed.split("\n", 1)[1]]

            parts = await adds(on, on.me, lambda: send(on, sounds[1]), 3)
            assert [part.split("\n", 1)[0] for part in parts] == [f"{heading} · #2", "🎙 #2 · 2/3", "🎙 #2 · 3/3"]
            assert max(units(part) for part in parts) <= 4096
            said = [part.split("\n", 1)[1] for part in parts]
            assert " ".join(said).split() == bodies[1].split(), "nothing lost or repeated at the joins"
            assert all(part.endswith("Мурзик.") for part in said), "cut where a sentence ends"
            assert [quoted(message(on, part)) for part in parts] == [[body] for body in said]

            pointer, caption = await adds(on, on.me, lambda: send(on, sounds[2]), 2)
            assert pointer == f"{heading} · #3\nThe whole text, {len(bodies[2].split())} words, is in the file below."
            assert caption.split("\n", 1)[0] == "🎙 #3 · 2/2"
            assert caption.endswith("Мурзик. …")
            assert units(caption) <= 1024
            name, content = document(on)
            assert name == "Transcript 2023-11-14 22-13.txt"
            about, text = content.split("\n\n", 1)
            assert about == f"Bob · {AT} · 1:30 · ru · #3"
            assert text.split() == bodies[2].split()
            assert len(chat(on, on.me)) == 1 + 3 + 2
            assert chat(on, on.friend) == ["(voice)"] * 3


async def test_among_others_long_texts_are_the_words_alone_in_parts_and_as_a_file() -> None:
    async with stage() as on:
        sounds = [recording(on, seconds=90) for _ in range(2)]
        await known(on, sounds[0], spoken(STORY * 150, every_s=90.0, language="ru"))
        await known(on, sounds[1], spoken(STORY * 800, every_s=90.0, language="ru"))
        async with running(on, settings={**UTC, "DELIVER": "reply"}):
            said = await adds(on, on.friend, lambda: send(on, sounds[0]), 2)
            assert " ".join(said).split() == (STORY * 150).split()
            [caption] = await adds(on, on.friend, lambda: send(on, sounds[1]))
            assert caption.startswith(STORY)
            name, content = document(on)
            assert name == "Transcript 2023-11-14 22-13.txt"
            assert content.split() == (STORY * 800).split(), "not a word about who and when"
            assert chat(on, on.friend) == [
                *("(voice)", f"re 1: {said[0]}", f"re 1: {said[1]}"),
                *("(voice)", f"re 4: (document) {caption}"),
            ]
            assert chat(on, on.me) == []


def document(on: Stage) -> tuple[str, str]:
    """The file that was sent last: its name and what stands in it."""
    sent = on.srv.of("media")[-1]
    [name] = [a.file_name for a in sent.extra["document"].attributes if hasattr(a, "file_name")]
    return name, sent.extra["data"].decode()


# In another manner


async def test_a_note_is_had_as_a_file_as_subtitles_and_in_english_without_changing_the_next_one() -> None:
    async with stage(tracked=False) as on:
        sound = recording(on)
        await known(on, sound, spoken("Привет.", "Это Анна.", language="ru"))
        await known(on, sound, spoken("Hello.", "This is Anna.", language="ru"), "auto|translate")
        async with running(on, settings={**UTC, "AUTO": "private"}):
            note = send(on, sound)
            heading = f"🎙 Bob · {AT} · 0:03 · #1"
            before = f"{heading}\nПривет. Это Анна."
            await reads(on, on.me, before)

            in_chat = "💬 In the chat “Bob”:\n🎙 On it: #1"
            said = await answer(on, "/t file", on.friend, reply_to=note, count=3)
            assert said.splitlines() == [
                *in_chat.splitlines(),
                f"{heading} (2)",
                "The whole text, 3 words, is in the file below.",
                "🎙 #1 (2) · 2/2",
                "Привет. Это Анна.",
            ]
            assert document(on)[1].endswith("#1 (2)\n\nПривет. Это Анна.\n")
            await answer(on, "/t 1 srt", count=3)
            name, subtitles = document(on)
            assert name == "Transcript 2023-11-14 22-13.srt"
            assert subtitles.startswith(
                "1\n00:00:00,000 --> 00:00:05,000\nПривет.\n\n2\n00:00:05,000 --> 00:00:10,000\n"
            )

            assert (await answer(on, "/t 1 translate", count=2)).splitlines() == [
                "🎙 On it: #1",
                f"{heading} (4)",
                "Translation: Russian → English",
                "Hello. This is Anna.",
            ]
            again = send(on, sound)
            await settles(on, on.me, lambda there: there[-1] == f"🎙 Bob · {AT} · 0:03 · #2\nПривет. Это Анна.")
            assert chat(on, on.friend) == ["(voice)", "(voice)"]
            assert again.id != note.id


async def test_a_language_asked_for_while_a_note_is_being_heard_is_the_one_it_is_heard_in() -> None:
    async with stage() as on:
        sound = recording(on)
        await known(on, sound, spoken("сказано по-русски", language="ru"), "ru|transcribe")
        async with running(on, settings=UTC):
            on.srv.on_rpc("upload.GetFile", 60.0)
            note = send(on, sound)
            heading = f"🎙 Bob · {AT} · 0:03 · #1"
            await reads(on, on.me, f"{heading}\n░░░░░░░░░░ 0 %")
            on.srv.deliver_text(on.me, on.friend, "/t ru", reply_to=note.id)
            there = await settles(on, on.me, lambda there: len(there) == 3 and "░" not in there[0])
            assert sorted(there) == sorted(
                [
                    f"{heading}\nCancelled. To get it after all: /retry 1",
                    "💬 In the chat “Bob”:\n🎙 On it: #1",
                    f"{heading} (2)\nсказано по-русски",
                ]
            )
            assert chat(on, on.friend) == ["(voice)"]


async def test_a_language_asked_for_once_pins_nothing_and_lang_does() -> None:
    async with stage() as on:
        sound, other = recording(on), recording(on)
        for each, guess in ((sound, "guessed one"), (other, "guessed two")):
            await known(on, each, spoken(guess, language="uk", probability=0.4))
            await known(on, each, spoken("сказано по-русски", language="ru"), "ru|transcribe")
        async with running(on, settings=UTC):
            heading = f"🎙 Bob · {AT} · 0:03"
            doubt = "Probably Ukrainian, but I am not sure. If it is another language: /t {} ru"
            note = send(on, sound)
            await reads(on, on.me, f"{heading} · #1\n{doubt.format(1)}\nguessed one")
            said = await answer(on, "/t ru", on.friend, reply_to=note, count=2)
            assert said.splitlines()[2:] == [f"{heading} · #1 (2)", "сказано по-русски"], "sure, for it was said so"
            assert (await answer(on, "/lang", on.friend)).splitlines()[1] == "Language of the chat “Bob”: detected."
            [next_one] = await adds(on, on.me, lambda: send(on, other))
            assert next_one == f"{heading} · #2\n{doubt.format(2)}\nguessed two"

            assert (await answer(on, "/lang русский", on.friend)).splitlines()[1:] == [
                "Language of the chat “Bob”: Russian."
            ]
            [pinned] = await adds(on, on.me, lambda: send(on, other))
            assert pinned == f"{heading} · #3\nсказано по-русски"
            await answer(on, "/lang auto", on.friend)
            [detected] = await adds(on, on.me, lambda: send(on, sound))
            assert detected == f"{heading} · #4\n{doubt.format(4)}\nguessed one"
            assert chat(on, on.friend) == ["(voice)"] * 4

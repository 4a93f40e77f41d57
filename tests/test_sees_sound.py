"""Everything with sound, with the real program: on demand, unasked, once only, several in a row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyrogram.raw import types as t

from tests.support.film import film_of, mute_film
from tests.support.sandbox import Stage, running, stage
from tests.support.seen import (
    AT,
    AT_S,
    DIGITS,
    DIGITS_WORDS,
    EN,
    EN_WORDS,
    UTC,
    answer,
    chat,
    links,
    message,
    reads,
    recording,
    sample,
    settles,
)
from transcriber.sandbox.program import SAMPLES
from transcriber.sandbox.world import Tl

NO_SOUND = (
    "There is no sound in that message. Reply to a voice note, a video or an audio file, or give a number. "
    "Example: /t 12"
)


async def test_whatever_has_sound_is_transcribed_on_demand_however_old_and_whoever_sent_it(tmp_path: Path) -> None:
    async with stage() as on, running(on, settings=UTC):
        srv, eve = on.srv, on.srv.add_user("Eve", "eve")
        film, sound = film_of(SAMPLES / EN, tmp_path), sample(EN)
        old: dict[str, Any] = {"sent_at_s": AT_S, "push": False}
        there = [
            srv.deliver_voice(eve, None, sound, 3, **old),
            srv.deliver_video_note(eve, None, film, 3, **old),
            srv.deliver_audio(eve, None, sound, 3, mime="audio/ogg", fwd=True, **old),
            srv.deliver_video(eve, None, film, 3, caption="look", **old),
            srv.deliver_document(eve, None, sound, mime="audio/ogg", **old),
            srv.deliver_document(eve, None, b"%PDF-1.7", mime="application/pdf", file_name="bill.pdf", **old),
            srv.deliver_text(eve, None, "hello", **old),
        ]
        expected: list[str] = []
        for number, (icon, note) in enumerate(zip("🎙📹🎵🎬📎", there, strict=False), 1):
            asked = await answer(on, "/t", eve, reply_to=note, count=2)
            length = " · 0:03" if icon != "📎" else ""  # nobody says how long a document is, so it is measured
            measured = "" if length else "Length: 0:03\n"
            expected.append(f"💬 In the chat “Eve”:\n🎙 On it: #{number}")
            expected.append(f"{icon} Eve · {AT}{length} · #{number}\n{measured}{EN_WORDS}")
            assert asked == "\n".join(expected[-2:])
            assert links(message(on, expected[-1])) == [
                (AT, f"tg://openmessage?user_id={eve.id}&message_id={note.id}")
            ]
        for silent in there[5:]:
            assert await answer(on, "/t", eve, reply_to=silent) == f"💬 In the chat “Eve”:\n{NO_SOUND}"
        expected += [f"💬 In the chat “Eve”:\n{NO_SOUND}"] * 2
        mine = srv.deliver_audio(on.me, None, sound, 3, mime="audio/ogg", **old)
        typed = srv.deliver_text(on.me, None, "/t", reply_to=mine)
        answered = f"re {typed.id}: 🎙 On it: #6", f"re {mine.id}: 🎵 {AT} · 0:03 · #6\n{EN_WORDS}"
        there_now = await settles(on, on.me, lambda there: set(answered) <= set(there))
        assert there_now == [*expected, "(audio)", f"re {mine.id}: /t", *answered]
        assert chat(on, eve) == [
            "(voice)",
            "(video_note)",
            "(audio)",
            "(video) look",
            "(document)",
            "(document)",
            "hello",
        ]


async def test_files_come_unasked_where_the_owner_turned_that_on_and_what_has_no_sound_is_not_talked_about(
    tmp_path: Path,
) -> None:
    async with stage() as on, running(on, settings={**UTC, "MAX_DURATION_S": "600"}):
        song(on, EN)  # not turned on yet
        assert await answer(on, "/auto files on", on.friend) == (
            "💬 In the chat “Bob”:\n"
            "🎵 From the chat “Bob” audio, video and other files with sound are transcribed unasked too."
        )
        assert await answer(on, "/tracked") == f"👂 Tracking (1):\nBob · {on.friend.id}\n   files too"
        assert (await answer(on, "/auto", on.friend)).endswith("\n✅ files in “Bob”: files")
        before = chat(on, on.me)

        gif = on.srv.deliver_video(on.friend, None, mute_film(tmp_path), 3, push=False)
        gif.media.document.attributes.append(t.DocumentAttributeAnimated())
        on.srv.redeliver(gif)
        on.srv.deliver_video(on.friend, None, mute_film(tmp_path), 3, sent_at_s=AT_S)
        on.srv.deliver_audio(on.friend, None, sample("silence.ogg"), 5, mime="audio/ogg", sent_at_s=AT_S)
        on.srv.deliver_document(on.friend, None, b"%PDF-1.7", mime="application/pdf", file_name="bill.pdf")
        await on.srv.wait_until(lambda: on.srv.count("upload.GetFile") >= 2, 40)
        song(on, EN)
        heard = f"🎵 Bob · {AT} · 0:03 · #3\n{EN_WORDS}"
        await reads(on, on.me, *before, heard)

        song(on, EN, seconds=601)
        too_long = (
            f"🎵 Bob · {AT} · 10:01 · #4\n"
            "⚠️ The recording is longer than allowed (the limit is 10 min). MAX_DURATION_S sets the limit.\n"
            "To try again: /retry 4"
        )
        await reads(on, on.me, *before, heard, too_long)

        off = await answer(on, "/auto файлы выкл", on.friend)
        song(on, DIGITS)
        on.srv.deliver_voice(on.friend, None, sample(DIGITS), 4, sent_at_s=AT_S)
        voice = f"🎙 Bob · {AT} · 0:04 · #5\n{DIGITS_WORDS}"
        await reads(on, on.me, *before, heard, too_long, off, voice)
        status = await answer(on, "/status")
        assert "Failed this week: 1" in status, "the one that was too long, and nothing that has no sound"
        assert chat(on, on.friend) == [
            *("(audio)", "(video)", "(video)", "(audio)", "(document)", "(audio)", "(audio)", "(audio)", "(voice)")
        ]


def song(on: Stage, clip: str, seconds: int = 3) -> Tl:
    """The friend sends a music file."""
    return on.srv.deliver_audio(on.friend, None, sample(clip), seconds, mime="audio/ogg", sent_at_s=AT_S)


async def test_a_note_to_be_heard_once_is_transcribed_on_demand_only_and_nothing_is_kept_of_it() -> None:
    async with stage() as on, running(on, settings=UTC):
        once = on.srv.deliver_voice(on.friend, None, sample(EN), 3, ttl_seconds=0x7FFFFFFF, sent_at_s=AT_S)
        on.srv.deliver_voice(on.friend, None, sample(DIGITS), 4, sent_at_s=AT_S)
        other = f"🎙 Bob · {AT} · 0:04 · #1\n{DIGITS_WORDS}"
        await reads(on, on.me, other)

        asked = await answer(on, "/t", on.friend, reply_to=once, count=2)
        assert asked.splitlines()[2:] == [f"🎙 Bob · {AT} · 0:03 · #2", EN_WORDS]
        fetched = on.srv.count("upload.GetFile")
        again = await answer(on, "/t", on.friend, reply_to=once, count=2)
        assert again.splitlines()[2:] == [f"🎙 Bob · {AT} · 0:03 · #2 (2)", EN_WORDS]
        assert on.srv.count("upload.GetFile") > fetched, "not found in a cache either"

        assert await answer(on, "/find voice message") == (
            "🔎 “voice message”: no note has all of these words.\nvoice: 0 notes\nmessage: 0 notes"
        )
        await answer(on, "/export", count=3)
        files = [action.extra["data"].decode() for action in on.srv.of("media")]
        assert len(files) == 2
        assert all(DIGITS_WORDS in file and EN_WORDS not in file for file in files)
        assert chat(on, on.friend) == ["(voice)", "(voice)"]
        assert not on.srv.of("read_contents"), "and it is not marked as heard"
        assert EN_WORDS.encode() not in b"".join(f.read_bytes() for f in on.data_dir.glob("stenogram.db*"))


async def test_several_notes_in_a_row_become_one_message_in_the_order_they_were_spoken() -> None:
    async with stage() as on, running(on, settings=UTC):
        eve, sound = on.srv.add_user("Eve", "eve"), recording(on)
        await answer(on, "/track @eve")
        before = chat(on, on.me)

        def voice(after_s: int, by: Tl) -> Tl:
            return on.srv.deliver(by, None, "", media=sound, sent_at_s=AT_S + after_s)

        first = voice(0, on.friend)
        card = f"🎙 Bob · {AT} · 0:03 · #1\n{EN_WORDS}"
        await reads(on, on.me, *before, card)
        third = voice(10, on.friend)  # sent 10 s after the first: a pause of 7 s lies before it
        alone = f"🎙 Bob · {AT} · 0:03 · #2\n{EN_WORDS}"
        await reads(on, on.me, *before, card, alone)
        second = voice(4, on.friend)
        card += f"\n\n22:13 · 0:03 · #3\n{EN_WORDS}"
        await reads(on, on.me, *before, card, alone)
        voice(4, eve)
        hers = f"🎙 Eve · {AT} · 0:03 · #4\n{EN_WORDS}"
        await reads(on, on.me, *before, card, alone, hers)
        to_bob = f"tg://openmessage?user_id={on.friend.id}&message_id="
        assert links(message(on, card)) == [(AT, f"{to_bob}{first.id}"), ("22:13", f"{to_bob}{second.id}")]
        assert links(message(on, alone)) == [(AT, f"{to_bob}{third.id}")]
        assert (chat(on, on.friend), chat(on, eve)) == (["(voice)"] * 3, ["(voice)"])


async def test_a_note_that_is_edited_while_it_is_worked_on_and_after_has_one_text() -> None:
    async with stage() as on, running(on, settings=UTC):
        on.srv.on_rpc("upload.GetFile", 1.0)
        note = on.srv.deliver_voice(on.friend, None, sample(EN), 3, sent_at_s=AT_S)
        await on.srv.wait_until(lambda: on.srv.count("upload.GetFile") == 1, 40)
        on.srv.edit(note, "from the bus")
        text = f"🎙 Bob · {AT} · 0:03 · #1\n{EN_WORDS}"
        await reads(on, on.me, text)
        on.srv.edit(note, "from the train")
        on.srv.deliver_text(on.me, on.friend, "/t", reply_to=note.id + 7)  # of which the server knows nothing (yet)
        gone = "💬 In the chat “Bob”:\nThe message was deleted, or the chat is no longer open to you."
        await reads(on, on.me, text, gone)
        assert chat(on, on.friend) == ["(voice) from the train"]

"""Commands as they are really typed, with the real program: what is answered, in Saved Messages and nowhere else."""

from __future__ import annotations

import re
from functools import partial

import pytest
from pyrogram.raw import types as t

from tests.support.sandbox import running, stage
from tests.support.seen import (
    AT,
    AT_S,
    EN_WORDS,
    UTC,
    answer,
    chat,
    covered,
    known,
    links,
    message,
    reads,
    recording,
    settles,
    spoken,
)

WRONG = [
    "/track",
    "/untrack",
    "/ignore",
    "/auto private",
    "/auto files",
    "/deliver nowhere",
    "/lang klingon",
    "/t",
    "/t ru",
    "/cancel twelve",
    "/retry twelve",
    "/help nothing",
    "/find",
    "/export @one @two",
    "/forget",
    "/keep often",
]
EXPECTED, EXAMPLE = {"en": "Expected: /", "ru": "Нужно: /"}, {"en": "Example: /", "ru": "Например: /"}


def are(count: int, there: list[str]) -> bool:
    """Whether so many messages stand there."""
    return len(there) == count


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_every_mistake_is_answered_with_one_line_and_an_example(language: str) -> None:
    async with stage(tracked=False) as on, running(on, language=language, settings=UTC):
        typed: dict[str, int] = {}
        for number, wrong in enumerate(WRONG, 1):
            typed[wrong] = on.srv.deliver_text(on.me, None, wrong).id
            await settles(on, on.me, partial(are, 2 * number))
        there = {each.id: each for each in on.srv.chat_view(on.me)}
        for wrong, command_id in typed.items():
            [said] = [each.text for each in there.values() if each.reply_to == command_id]
            name = wrong.split()[0].removeprefix("/")
            assert said.startswith(f"{EXPECTED[language]}{name}" if wrong != "/help nothing" else EXPECTED[language])
            assert f"{EXAMPLE[language]}{name}" in said
            assert "\n" not in said


async def test_what_leads_to_nobody_or_to_nothing_says_so_and_what_would_help() -> None:
    settings = {**UTC, "HF_ENDPOINT": "http://127.0.0.1:9"}  # no hub there, so nothing is downloaded
    async with stage(tracked=False) as on, running(on, settings=settings):
        missing = "There is no note #99, or it is still in the queue. /queue shows what there is."
        for typed, said in (
            (
                "/track @nobody_at_all",
                "Cannot find @nobody_at_all. An @name, an id or a link is needed. Example: @anna",
            ),
            (
                "/auto files on @nobody_at_all",
                "Cannot find @nobody_at_all. An @name, an id or a link is needed. Example: @anna",
            ),
            ("/retry 99", missing),
            ("/t 99", missing),
            ("/cancel 99", "There is no such note in the queue. /queue shows what there is."),
            ("/cancel all", "The queue is empty."),
            ("/retry", "There is nothing to try again."),
            ("/queue", "The queue is empty."),
            ("/tracked", "The list is empty. To add: /track @name, or just /track in the chat itself."),
            ("/forget all", "There is nothing to delete: no transcripts."),
            ("/find nothing", "🔎 “nothing”: nothing found. The beginning of a word will do, from three letters."),
        ):
            assert await answer(on, typed) == said
        for typed, why in (
            ("/model nonsense", "There is no such model: nonsense. /model lists them."),
            ("/model larje", "There is no such model: larje. Did you mean large-v3? /model lists them."),
            ("/model Large V3", "Could not download the model large-v3. Check the network and the free disk space."),
        ):
            before = chat(on, on.me)
            command = on.srv.deliver_text(on.me, None, typed)
            end = f"re {command.id}: ❌ {why}\nThe model ct2 stays."
            await reads(on, on.me, *before, typed, end)


async def test_commands_are_understood_however_they_are_typed_and_what_is_no_command_is_left_alone() -> None:
    async with stage(tracked=False) as on, running(on, settings=UTC):
        eve = on.srv.add_user("Eve", "eve")
        for typed, said in (
            ("/track https://t.me/eve", "👂 Tracking: Eve"),
            (".TRACK  t.me/bob/12,", "👂 Tracking: Bob"),
            (f"/untrack {eve.id}", "No longer tracking: Eve"),
            ("/Model CT2", "The model ct2 is in use already."),
            ("/lang Русский default", "Language unless a chat says otherwise: Russian."),
            ("/deliver ответом default", "Transcripts go as a reply in the chat, unless a chat says otherwise."),
            (
                "/deliver Private, DEFAULT.",
                "Transcripts go to you alone, in Saved Messages, unless a chat says otherwise.",
            ),
        ):
            assert (await answer(on, typed)).splitlines()[0] == said
        assert (await answer(on, "/auto ВКЛ группы")).splitlines()[1:] == [
            "▫️ private chats: private",
            "✅ groups: groups",
            "▫️ my own notes: mine",
            "▫️ files in “Saved Messages”: files",
        ]
        before = chat(on, on.me)
        others = ["/start", "/t@some_bot", "/ status", "see /status", "//status"]
        for text in others:
            on.srv.deliver_text(on.me, eve, text)
        on.srv.deliver_text(eve, None, "/status")
        assert (await answer(on, "/untrack", eve)).splitlines() == [
            "💬 In the chat “Eve”:",
            "Not on a list anyway: Eve",
        ]
        assert chat(on, eve) == [*others, "/status"], "not even deleted"
        assert len(chat(on, on.me)) == len(before) + 1


async def test_help_status_queue_and_models_are_laid_out_to_be_read_on_a_phone() -> None:
    async with stage() as on, running(on, settings=UTC):
        helped = await answer(on, "/help")
        assert helped.splitlines()[:5] == [
            "🎙 Notes",
            "/t — transcribe now (as a reply)",
            "/queue — what waits and runs",
            "/cancel — cancel",
            "/retry — try again",
        ]
        assert max(len(line) for line in helped.splitlines()[:-1]) <= 40
        assert (await answer(on, "/help auto")).splitlines() == [
            "/auto — what else, besides the lists",
            "Expected: /auto private|groups|mine on|off; for files in one chat /auto files on|off there, "
            "or with @name. Example: /auto private on, /auto files on @anna",
        ]

        on.srv.on_rpc("upload.GetFile", 60.0)
        on.srv.deliver(on.friend, None, "", media=recording(on), sent_at_s=AT_S)
        await on.srv.wait_until(lambda: on.srv.count("upload.GetFile") == 1, 40)
        assert (await answer(on, "/queue")).splitlines() == [
            "📥 1 note in the queue:",
            f"#1 Bob · {AT} · 0:03 · running",
        ]
        moment = r"\d{1,2} [A-Z][a-z]{2} \d\d:\d\d"
        expected = [
            rf"📡 Online since {moment}",
            rf"   last news {moment}",
            r"📥 Waiting 0 · running 1",
            rf"  #1 Bob · {AT} · 0:03( · 0 %)?",
            r"✅ Done today 0 · last hour 0",
            r"👌 No errors",
            r"🧠 ct2( · \d+ MB)? \(unloaded\)|🧠 ct2( · \d+ MB)?",
            r"ℹ️ \d+\.\d+\.\d+ · up \d+ (s|min.*)",
        ]
        lines = (await answer(on, "/status")).splitlines()
        assert len(lines) == len(expected), lines
        assert all(re.fullmatch(*pair) for pair in zip(expected, lines, strict=True)), lines
        assert await answer(on, "/cancel") == "Cancelled: #1"
        models = (await answer(on, "/model")).splitlines()
        assert models[0] == "🧠 Models:"
        assert [line for line in models if line.startswith("▶️ ct2")]
        assert models[-1] == "To change: /model name"
        assert chat(on, on.friend) == ["(voice)"]


async def test_finding_goes_page_by_page_with_the_words_in_bold_and_links_to_the_notes() -> None:
    async with stage() as on:
        for number in range(9):
            await known(on, recording(on), spoken(f"The meeting number {number}", "was moved."))
        async with running(on, settings=UTC):
            on.srv.deliver(on.friend, None, "", media=recording(on), sent_at_s=AT_S)
            mine = f"🎙 Bob · {AT} · 0:03 · #1\n{EN_WORDS}"
            await reads(on, on.me, mine)

            first = await answer(on, "/find meetings moved")
            title, *found, more = first.split("\n\n")
            assert title == "🔎 “meetings moved”: 9 notes · 1/2"
            assert more == "More: /find meetings moved /2"
            assert len(found) == 7
            assert all(
                re.fullmatch(r"Friend · 14 Nov 2023 \d\d:\d\d · 0:05\nThe meeting number \d was moved\.", f)
                for f in found
            )
            page = message(on, first)
            bold = [covered(page, each) for each in page.entities if isinstance(each, t.MessageEntityBold)]
            assert bold == ["🔎 “meetings moved”: 9 notes", *["Friend", "meeting", "moved"] * 7]
            assert [url.rsplit("=", 1)[0] for _, url in links(page)] == ["tg://openmessage?user_id=1&message_id"] * 7

            second = await answer(on, "/find meetings moved /2")
            assert second.split("\n\n")[0] == "🔎 “meetings moved”: 9 notes · 2/2"
            assert not set(second.split("\n\n")[1:]) & set(found)
            assert len(second.split("\n\n")) == 3
            assert await answer(on, "/find meeting /3") == "There is no such page: there are 2."
            here = await answer(on, "/find here voice", on.friend)
            assert here.splitlines() == [
                "💬 In the chat “Bob”:",
                "🔎 “voice”: 1 note",
                "",
                f"Bob · {AT} · 0:03",
                EN_WORDS,
            ]
            assert await answer(on, "/find here meeting", on.friend) == (
                "💬 In the chat “Bob”:\n"
                "🔎 “meeting”: nothing found. The beginning of a word will do, from three letters.\n"
                "In all chats: /find meeting"
            )
            assert chat(on, on.friend) == ["(voice)"]

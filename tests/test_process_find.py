"""What was said, found, taken and forgotten by its owner: the real program, signed in to the sandbox."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable

import pytest
from pyrogram import raw

from tests.support.redis import RedisServer
from tests.support.sandbox import Stage, running, stage
from tests.support.values import a_note, a_transcript
from transcriber.clock import SystemClock
from transcriber.sandbox.journal import Action
from transcriber.sandbox.program import SAMPLES
from transcriber.storage.archive import open_archive
from transcriber.storage.sqlite import SqliteStore
from transcriber.work.keeping import DAY_S, KEEP_KEY

WITHIN_S = 40
EN, EN_WORDS = "en_hello.ogg", "hello this is a voice message"
RU, RU_WORDS = "ru_call_me_back.ogg", "перезвони мне завтра"


async def answer(on: Stage, command: str, wanted: Callable[[Action], bool], chat: object = None) -> Action:
    """The owner types a command on the phone; the first thing sent after it that is wanted."""
    since = len(on.srv.actions)
    on.srv.deliver_text(on.me, chat, command)
    return await on.srv.wait_for(lambda action: action.kind in ("send", "media") and wanted(action), WITHIN_S, since)


async def says(on: Stage, command: str, words: str, chat: object = None) -> Action:
    return await answer(on, command, lambda action: words in (action.text or ""), chat)


async def heard(on: Stage, sample: str, words: str) -> int:
    """The friend sends a note, its transcript comes; the id of the note."""
    since = len(on.srv.actions)
    note = on.srv.deliver_voice(on.friend, None, (SAMPLES / sample).read_bytes(), 3)
    await on.srv.wait_for(lambda action: words in (action.text or ""), WITHIN_S, since)
    return int(note.id)


@pytest.fixture(params=["sqlite", "redis"])
async def settings(request: pytest.FixtureRequest) -> AsyncIterator[dict[str, str]]:
    if request.param == "sqlite":
        yield {}
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    yield {"REDIS_URL": server.url}


async def test_what_was_said_is_found_exported_and_forgotten(settings: dict[str, str]) -> None:
    async with stage() as on, running(on, settings=settings) as program:
        first = await heard(on, EN, EN_WORDS)
        second = await heard(on, RU, RU_WORDS)

        found = await says(on, "/find messages", "1 note")
        assert found.chat == on.me.id
        assert EN_WORDS in (found.text or "")
        assert RU_WORDS not in (found.text or "")
        entities = found.raw.entities
        bold = [text_of(found, each) for each in entities if isinstance(each, raw.types.MessageEntityBold)]
        assert bold == ["🔎 “messages”: 1 note", "Bob", "message"]
        links = [each.url for each in entities if isinstance(each, raw.types.MessageEntityTextUrl)]
        assert links == [f"tg://openmessage?user_id={on.friend.id}&message_id={first}"]

        found = await says(on, "/find перезвонить", "1 note", on.friend)
        assert found.chat == on.me.id
        assert f"message_id={second}" in str(found.raw.entities)

        document = await answer(on, "/export", lambda action: "For programs: 2 notes" in (action.text or ""))
        assert document.chat == on.me.id
        entries = json.loads(document.extra["data"])
        assert [(entry["message_id"], entry["text"]) for entry in entries] == [(first, EN_WORDS), (second, RU_WORDS)]
        [markdown] = [action for action in on.srv.of("media") if "To read: 2 notes" in (action.text or "")]
        assert RU_WORDS in markdown.extra["data"].decode()

        async with running(on, "find", "завтра", settings=settings, subscribed=False) as terminal:
            assert await terminal.wait_end() == 0
            assert RU_WORDS in "\n".join(terminal.lines)

        on.srv.deliver_text(on.me, on.friend, "/forget", reply_to=first)
        await on.srv.wait_for(lambda action: "Deleted 1 transcript" in (action.text or ""), WITHIN_S)
        await says(on, "/find message", "nothing found")
        await says(on, "/find завтра", "1 note")
        await says(on, "/forget all", "/forget all yes")
        await says(on, "/forget all yes", "Deleted 1 transcript")
        await says(on, "/find завтра", "nothing found")
        files = database_of(on)
        for words in (EN_WORDS, RU_WORDS):
            assert words.encode() not in files
            assert words.encode("unicode_escape") not in files

        visible = [seen for seen in on.srv.chat_view(on.friend) if not seen.deleted]
        assert len(visible) == 2, "the friend sees nothing but the notes"
        logged = "\n".join([*program.lines, *program.errors])
        assert EN_WORDS not in logged
        assert RU_WORDS not in logged


def database_of(on: Stage) -> bytes:
    """Every byte of it and of what lies beside it."""
    return b"".join(file.read_bytes() for file in on.data_dir.glob("stenogram.db*"))


def text_of(action: Action, entity: object) -> str:
    """What an entity covers."""
    offset, length = getattr(entity, "offset", 0), getattr(entity, "length", 0)
    encoded = (action.text or "").encode("utf-16-le")
    return encoded[offset * 2 : (offset + length) * 2].decode("utf-16-le")


async def test_what_is_too_old_goes_at_the_next_start() -> None:
    async with stage() as on:
        store = await SqliteStore.open(on.data_dir / "stenogram.db", SystemClock())
        await store.set(KEEP_KEY, "30")
        await store.close()
        async with open_archive(on.data_dir / "stenogram.db") as archive:
            for number, age_days in ((1, 31), (2, 29)):
                note = a_note(number, sent_at_s=time.time() - age_days * DAY_S)
                await archive.put(note, a_transcript(f"тайнопись {age_days}"), "small|auto|transcribe")
        async with running(on) as program:
            await program.wait_line("forgot 1 transcripts", WITHIN_S)
            found = await says(on, "/find тайнопись", "1 note")
            assert "тайнопись 29" in (found.text or "")
            assert "тайнопись 31".encode() not in database_of(on)
            await says(on, "/keep", "kept for 30 days")
            await says(on, "/keep forever", "for ever")

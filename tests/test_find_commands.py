"""/find /export /forget /keep, over the real store and archive: what the owner types, and what comes back."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from tests.support.chat_fakes import (
    ANNA,
    FAMILY,
    ME,
    FakeEngine,
    FakeGateway,
    FakeJobs,
    FakeRules,
    FakeStatus,
    Message,
    command,
    note,
    transcript,
)
from tests.support.clock import FakeClock, settle
from transcriber.chat import archive_commands
from transcriber.chat.commands import Commands
from transcriber.chat.export import FORMATS, files
from transcriber.chat.find_commands import snippet
from transcriber.chat.rich import units
from transcriber.chat.texts import Language, Texts
from transcriber.domain import ChatKind, Found, JobState, Note, Peer, Rich, SpanKind
from transcriber.errors import Gone, Offline, Refused
from transcriber.storage.archive import SqliteArchive, open_archive
from transcriber.storage.sqlite import SqliteStore
from transcriber.work.jobs import Jobs
from transcriber.work.keeping import DAY_S, Keeping

NOW_S = 1_700_000_000.0  # 14 November 2023, 22:13 in UTC
KEY = "small|auto|transcribe"
IN_FAMILY: dict[str, Any] = {"chat_id": FAMILY, "chat_kind": ChatKind.GROUP, "chat_title": "Семья"}
WITH_ANNA: dict[str, Any] = {"chat_id": ANNA, "chat_kind": ChatKind.PRIVATE, "chat_title": "Anna"}


def in_family(number: int, **changes: Any) -> Note:
    return note(**{**IN_FAMILY, "message_id": number, "chat_kind": ChatKind.GROUP, **changes})


class Desk:
    """The commands over a store and an archive in one file."""

    def __init__(self, store: SqliteStore, archive: SqliteArchive, clock: FakeClock, language: Language) -> None:
        self.gateway = FakeGateway()
        self.store, self.archive, self.clock = store, archive, clock
        self.jobs = Jobs(store, clock)
        self.keeping = Keeping(store, archive, self.jobs, clock)
        self.commands = Commands(
            *(FakeJobs(), FakeRules(), FakeEngine(), self.gateway, Texts(language, UTC), FakeStatus(), clock),
            known=store,
            shelf=store,
            archive=archive,
            keeping=self.keeping,
        )
        self._message_id = 100

    async def say(self, text: str, **where: Any) -> Message:
        """Type a command; the one answer to it."""
        before = set(self.gateway.messages)
        self._message_id += 1
        await self.commands.handle(command(text, **{"message_id": self._message_id, "sent_at_s": NOW_S, **where}))
        [answer] = [message for key, message in self.gateway.messages.items() if key not in before]
        return answer

    async def documents(self, text: str, **where: Any) -> dict[str, bytes]:
        """Type a command; the files that come, by name. Afterwards the last word has come too."""
        before = set(self.gateway.messages)
        self._message_id += 1
        await self.commands.handle(command(text, **{"message_id": self._message_id, "sent_at_s": NOW_S, **where}))
        while not (new := [m for key, m in self.gateway.messages.items() if key not in before]) or new[-1].file:
            await settle()
        return {message.file[0]: message.file[1] for message in new if message.file}

    async def heard(self, *notes: Note | tuple[Note, str]) -> None:
        for each in notes:
            of, text = each if isinstance(each, tuple) else (each, f"слово {each.message_id}")
            await self.archive.put(of, transcript(*text.split("|")), KEY)


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[tuple[SqliteStore, SqliteArchive, FakeClock]]:
    clock = FakeClock(NOW_S)
    store = await SqliteStore.open(tmp_path / "stenogram.db", clock)
    async with open_archive(tmp_path / "stenogram.db") as archive:
        yield store, archive, clock
    await store.close()


@pytest.fixture
async def desk(opened: tuple[SqliteStore, SqliteArchive, FakeClock]) -> AsyncIterator[Desk]:
    made = Desk(*opened, "ru")
    async with made.commands:
        yield made


def bold(text: Rich) -> list[str]:
    encoded = text.text.encode("utf-16-le")
    return [
        encoded[span.offset * 2 : (span.offset + span.length) * 2].decode("utf-16-le")
        for span in text.spans
        if span.kind is SpanKind.BOLD
    ]


# /find


async def test_what_was_said_is_found_with_who_when_and_a_link_and_the_words_in_bold(desk: Desk) -> None:
    await desk.heard(
        (note(message_id=5, sent_at_s=NOW_S - 3600), "Встречу перенесли, буду в пять 🎙️"),
        (in_family(7, sent_at_s=NOW_S - 400 * DAY_S, duration_s=65), "Как прошла встреча?"),
        (note(message_id=6, sent_at_s=NOW_S), "Совсем о другом"),
    )
    answer = (await desk.say("/find ВСТРЕЧИ")).text
    assert answer.text == (
        "🔎 «ВСТРЕЧИ»: 2 записи\n\n"
        "Anna · 14 ноя 21:13 · 0:07\n"
        "Встречу перенесли, буду в пять 🎙️\n\n"
        "Anna · Семья · 10 окт 2022 22:13 · 1:05\n"
        "Как прошла встреча?"
    )
    assert bold(answer) == ["🔎 «ВСТРЕЧИ»: 2 записи", "Anna", "Встречу", "Anna · Семья", "встреча"]
    links = [span.url for span in answer.spans if span.kind is SpanKind.LINK]
    assert links == ["tg://openmessage?user_id=42&message_id=5", "https://t.me/c/1234567890/7"]


async def test_notes_to_oneself_have_a_name_and_a_link_too(desk: Desk) -> None:
    await desk.heard((note(chat_id=ME, chat_kind=ChatKind.SAVED, outgoing=True, message_id=3), "купить хлеба"))
    answer = (await desk.say("/find хлеб")).text
    assert answer.text.splitlines()[2].startswith("Избранное · ")
    assert answer.spans[2].url == f"tg://openmessage?user_id={ME}&message_id=3"


async def test_pages_follow_one_another_and_each_says_how_to_go_on(desk: Desk) -> None:
    await desk.heard(*(note(message_id=n, sent_at_s=NOW_S + n) for n in range(1, 17)))
    first = (await desk.say("/find слова")).text
    assert first.text.startswith("🔎 «слова»: 16 записей · 1/3\n\n")
    assert [f"слово {n}\n" in first.text for n in (16, 10, 9)] == [True, True, False]
    assert first.text.endswith("\n\nДальше: /find слова /2")
    assert first.spans[-1].kind is SpanKind.CODE, "a tap copies it"
    last = (await desk.say("/find слова /3")).text
    assert "слово 2\n" in last.text
    assert last.text.endswith("слово 1")
    assert (await desk.say("/find слова /4")).text.text == "Такой страницы нет: всего их 3."
    assert (await desk.say(".find слова")).text.text.endswith("Дальше: .find слова /2")


async def test_it_searches_everything_and_only_this_chat_when_told_so(desk: Desk) -> None:
    await desk.heard((note(), "слово Анны"), (in_family(7), "слово семьи"))
    everywhere = (await desk.say("/find слово", **IN_FAMILY)).text.text
    assert "слово Анны" in everywhere
    assert everywhere.startswith("💬 В чате «Семья»:\n")
    here = (await desk.say("/find здесь слово", **IN_FAMILY)).text.text
    assert "слово Анны" not in here
    assert "слово семьи" in here
    assert "ничего не нашлось" in (await desk.say("/find здесь")).text.text, "alone it is a word like others"


async def test_an_answer_to_a_search_in_a_chat_is_seen_by_the_owner_alone(desk: Desk) -> None:
    await desk.heard((note(), "секретное слово"))
    answer = await desk.say("/find слово", **WITH_ANNA)
    assert answer.chat_id == ME
    assert desk.gateway.deleted == [(ANNA, 101)]
    assert desk.gateway.shown(ANNA) == []


async def test_nothing_found_is_one_kind_line(desk: Desk) -> None:
    assert (await desk.say("/find ничего")).text.text == (
        "🔎 «ничего»: ничего не нашлось. Хватит и начала слова, от трёх букв."
    )


async def test_words_that_stand_in_no_note_together_are_counted_one_by_one(desk: Desk) -> None:
    await desk.heard(
        (note(message_id=1), "иду к врачу"), (note(message_id=2), "врачи заняты"), (in_family(3), "дождь")
    )
    answer = (await desk.say("/find врач дождь единорог")).text
    assert answer.text == (
        "🔎 «врач дождь единорог»: ни в одной записи нет всех этих слов.\n"
        "врач: 2 записи\nдождь: 1 запись\nединорог: 0 записей"
    )
    here = (await desk.say("/find здесь врач дождь", **WITH_ANNA)).text.text
    assert here.endswith("врач: 2 записи\nдождь: 0 записей\nВо всех чатах: /find врач дождь")


async def test_where_nothing_is_found_the_way_to_more_is_shown(desk: Desk) -> None:
    await desk.heard((in_family(3), "день рождения, а рождение дня — завтра"))
    here = (await desk.say("/find здесь рождения", **WITH_ANNA)).text
    assert here.text.endswith("Во всех чатах: /find рождения")
    assert here.spans[-1].kind is SpanKind.CODE, "a tap copies it"
    quoted = (await desk.say("/find «дни рождения»")).text
    assert quoted.text == (
        '🔎 «"дни рождения"»: ничего не нашлось. Хватит и начала слова, от трёх букв.\n'
        "Слова в любой форме и порядке: /find дни рождения"
    )
    found = (await desk.say('/find "рождение дня"')).text
    assert bold(found)[-1] == "рождение дня"
    assert (await desk.say("/find дни рождения")).text.text.startswith("🔎 «дни рождения»: 1 запись")


async def test_signs_of_two_units_before_and_in_what_is_found_move_nothing(desk: Desk) -> None:
    await desk.heard((note(), "🎙️👨‍👩‍👧 «Ёлку» 🎄 купили, ёлки 🎄🎄 и ЁЛОЧКА"))
    answer = (await desk.say("/find ёлка")).text
    assert bold(answer)[-2:] == ["Ёлку", "ёлки"]


@pytest.mark.parametrize("typed", ['"', "* слово", "слово AND", "-слово", "(слово", "слово:", "🎙️ слово", "^слово"])
async def test_marks_around_the_words_do_not_matter(desk: Desk, typed: str) -> None:
    await desk.heard((note(), "слово and дело"))
    answer = (await desk.say(f"/find {typed}")).text.text
    assert answer.startswith("🔎 «" if "слово" in typed else "Нужно: /find")


async def test_what_was_said_is_never_markup_and_the_message_always_fits(desk: Desk) -> None:
    said = "*слово* _нет_ [x](http://y) " + "🎙️абв" * 300
    for n in range(1, 20):
        await desk.heard((in_family(n, sender_name="😀" * 50, chat_title="Ж" * 80), said))
    answer = (await desk.say("/find слово " + "x" * 3000)).text
    assert "ни в одной записи" in answer.text
    answer = (await desk.say("/find слово " + " ".join(["слово"] * 400))).text
    assert units(answer.text) <= 4096
    assert "*слово* _нет_ [x](http://y)" in answer.text
    assert "слово" in bold(answer)


@pytest.mark.parametrize(
    ("text", "marks", "shown", "found"),
    [
        ("раз два три", ((4, 7),), "раз два три", ["два"]),
        ("нет " * 50 + "вот да " * 50, ((200, 203),), "…" + "нет " * 12 + "вот да " * 18 + "вот…", ["вот"]),
        ("слитно" * 100 + " вот", ((601, 604),), "…вот", ["вот"]),
        ("вот" + "слитно" * 100, ((0, 603),), "вот" + "слитно" * 29 + "сли…", ["вот" + "слитно" * 29 + "сли"]),
        ("первая\nвторая", ((7, 13),), "первая вторая", ["вторая"]),
        ("ничего", (), "ничего", []),
    ],
)
def test_a_snippet_is_one_line_around_the_first_word_found(
    text: str, marks: tuple[tuple[int, int], ...], shown: str, found: list[str]
) -> None:
    made = snippet(Found(note(), text, marks))
    assert (made.text, bold(made)) == (shown, found)


# /export


async def test_everything_comes_as_markdown_and_json_in_the_order_it_was_sent(desk: Desk) -> None:
    await desk.heard(
        (in_family(7, sent_at_s=NOW_S), "# не заголовок *и* не жирно"),
        (note(sent_at_s=NOW_S - 60), "Привет!|Как дела?"),
    )
    documents = await desk.documents("/export")
    assert list(documents) == ["Расшифровки 2023-11-14.md", "Расшифровки 2023-11-14.json"]
    markdown, data = (content.decode() for content in documents.values())
    assert markdown == (
        "## Anna · [14 ноя 2023 22:12](tg://openmessage?user_id=42&message_id=5) · 0:07 · en\n\n"
        "Привет! Как дела?\n\n"
        "## Anna · Семья · [14 ноя 2023 22:13](https://t.me/c/1234567890/7) · 0:07 · en\n\n"
        "\\# не заголовок \\*и\\* не жирно\n"
    )
    first, second = json.loads(data)
    assert first == {
        "chat": {"id": ANNA, "kind": "private", "title": "Anna", "username": None},
        "message_id": 5,
        "sender": {"id": ANNA, "name": "Anna"},
        "outgoing": False,
        "kind": "voice",
        "sent_at": "2023-11-14T22:12:20+00:00",
        "link": "tg://openmessage?user_id=42&message_id=5",
        "duration_s": 7.0,
        "language": "en",
        "model": "small",
        "text": "Привет! Как дела?",
        "segments": [
            {"start_s": 0.0, "end_s": 5.0, "text": "Привет!"},
            {"start_s": 5.0, "end_s": 10.0, "text": "Как дела?"},
        ],
    }
    assert second["text"] == "# не заголовок *и* не жирно"
    assert desk.gateway.texts() == [
        "📖 Для чтения: 2 записи, 14 ноя 2023",
        "🗂 Для программ: 2 записи, 14 ноя 2023",
        "📦 Это всё: 2 записи в 2 файлах.",
    ]
    assert {message.chat_id for message in desk.gateway.messages.values()} == {ME}


async def test_an_export_may_be_of_one_chat_and_since_a_day(desk: Desk) -> None:
    desk.gateway.peers["@anna"] = Peer(ANNA, "Anna")
    old, new = NOW_S - 10 * DAY_S, NOW_S - DAY_S
    await desk.heard(
        note(message_id=1, sent_at_s=old),
        note(message_id=2, sent_at_s=new),
        in_family(3, sent_at_s=old),
        in_family(4, sent_at_s=new),
        note(message_id=5, chat_id=ME, chat_kind=ChatKind.SAVED, sent_at_s=new),
    )

    async def numbers(text: str, **where: Any) -> list[int]:
        documents = await desk.documents(text, **where)
        return [entry["message_id"] for entry in json.loads([*documents.values()][-1])] if documents else []

    assert await numbers("/export") == [1, 3, 2, 4, 5]
    assert await numbers("/export 7d") == [2, 4, 5]
    assert await numbers("/export 2023-11-13") == [2, 4, 5]
    assert await numbers("/export @anna") == [1, 2]
    assert await numbers("/export anna 7д") == [2]
    assert await numbers(f"/export {FAMILY}") == [3, 4]
    assert await numbers("/export", **IN_FAMILY) == [3, 4]
    assert await numbers("/export all", **IN_FAMILY) == [1, 3, 2, 4, 5]
    assert await numbers("/export избранное") == [5]
    assert await numbers("/export 2024-01-01") == []
    assert desk.gateway.texts()[-1] == "Расшифровок с 1 янв 2024 нет."
    assert "📖 Для чтения: 2 записи из чата «Anna», 4 ноя 2023 – 13 ноя 2023" in desk.gateway.texts()
    assert await numbers("/export @anna 2023-11-14") == []
    assert desk.gateway.texts()[-1] == "Расшифровок из чата «Anna» с 14 ноя 2023 нет."


async def test_a_long_archive_comes_in_several_files_none_of_them_too_large(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_commands, "FILE_BYTES", 2000)
    await desk.heard(*((note(message_id=n, sent_at_s=NOW_S + n), "слово " * n) for n in range(1, 30)))
    documents = await desk.documents("/export")
    assert "Расшифровки 2023-11-14 2.json" in documents
    entries = [each for name, content in documents.items() if name.endswith("json") for each in json.loads(content)]
    assert [entry["message_id"] for entry in entries] == list(range(1, 30))
    assert max(len(content) for content in documents.values()) < 2100
    assert desk.gateway.texts()[-1] == Texts("ru")("archive.exported", n=len(documents), notes=29)
    captions = [text for text in desk.gateway.texts() if "Для" in text]
    assert len({*captions}) == len(documents), "each says which it is"


HOSTILE = [
    "# heading",
    "- item",
    "   1. item",
    "1) item",
    "    code",
    "para\n===\n---\n# heading\n> quote\n    code",
    "<script>alert(1)</script> <!-- &lt; &copy;",
    "[x](javascript:x) ![y](z) [^1]: a",
    "`code` ``` ~~~ | a | b | $x$ **b** __b__ \\ end\\",
]
MARKUP = "\\`*_{}[]<>#|~&$"


@pytest.mark.parametrize("said", HOSTILE)
async def test_nothing_that_was_said_is_markup_in_what_is_exported(desk: Desk, said: str) -> None:
    await desk.heard((in_family(7, sender_name=f"[a](b) {said}", chat_title=f"*c* {said}"), said))
    [markdown] = [content for name, content in (await desk.documents("/export")).items() if name.endswith("md")]
    heading, *body = markdown.decode().rstrip("\n").split("\n")
    assert heading.startswith("## ")
    names, _, _ = heading.removeprefix("## ").rpartition(" · [")
    names, _, _ = (
        names.rpartition(" · [") if "](https://t.me/" not in heading.rpartition(" · [")[2] else (names, "", "")
    )
    for line in [names, *body]:
        bare = re.sub(r"\\.", "", line)
        assert not {*bare} & {*MARKUP}, line
    for line in body:
        assert not re.match(r"\s|[-+=>#]|\d+[.)]", line), line


async def test_an_export_waits_for_the_connection_and_sends_no_file_twice(desk: Desk) -> None:
    await desk.heard(note())
    desk.gateway.fail["send_file"] = [Offline()]
    await desk.commands.handle(command("/export", sent_at_s=NOW_S))
    while not desk.clock.slept:
        await settle()
    assert (await desk.say("/export")).text.text == "Уже готовлю файлы. Дождитесь их, потом можно просить снова."
    await desk.clock.advance(5)
    while "📦 Это всё: 1 запись в 2 файлах." not in desk.gateway.texts():
        await settle()
    assert sum(message.file is not None for message in desk.gateway.shown()) == 2


async def test_the_owner_is_told_when_telegram_refuses_a_file(desk: Desk) -> None:
    await desk.heard(note())
    desk.gateway.fail["send_file"] = [Refused()]
    assert await desk.documents("/export") == {}
    assert desk.gateway.texts() == ["❌ Telegram не принял файл. Попробуйте ещё раз."]


async def test_only_so_much_of_a_file_is_in_memory_as_one_file_is_large(desk: Desk) -> None:
    await desk.heard(*((note(message_id=n, sent_at_s=NOW_S + n), "слово " * 100) for n in range(1, 50)))
    for kind in FORMATS:
        made = [content async for content in files(desk.archive.read(), kind, Texts("ru", UTC), 5000)]
        assert len(made) > 10
        assert all(len(content.content) <= 5010 for content in made)


# /forget


async def test_a_chat_is_forgotten_by_name_by_number_and_in_itself(desk: Desk) -> None:
    desk.gateway.peers["@anna"] = Peer(ANNA, "Anna")
    await desk.heard(note(message_id=1), note(message_id=2), in_family(3), note(message_id=4, chat_id=99))
    assert (await desk.say("/forget @anna")).text.text == (
        "🗑 Удалены 2 расшифровки из чата «Anna».\nСообщения в Telegram остались: удалить их можете только вы."
    )
    assert "Удалена 1 расшифровка из чата «Семья»" in (await desk.say("/forget", **IN_FAMILY)).text.text
    assert "Удалена 1 расшифровка из чата «99»" in (await desk.say("/forget 99")).text.text
    assert await desk.archive.count() == 0
    assert "Нужно: /forget" in (await desk.say("/forget")).text.text


async def test_the_note_replied_to_is_forgotten_alone(desk: Desk) -> None:
    await desk.heard(note(message_id=5), note(message_id=6))
    desk.gateway.notes[ANNA, 5] = note(message_id=5)
    assert "Удалена 1 расшифровка.\n" in (await desk.say("/forget", reply_to=5, **WITH_ANNA)).text.text
    assert [each.message_id async for each, _ in desk.archive.read()] == [6]
    assert "нет звука" in (await desk.say("/forget", reply_to=70, **WITH_ANNA)).text.text


async def test_the_note_behind_a_result_in_saved_messages_is_forgotten(desk: Desk) -> None:
    await desk.heard(note(message_id=5), note(message_id=6))
    job = await desk.jobs.add(note(message_id=6))
    assert job
    desk.gateway.messages[500] = Message(ME, Rich(f"🎙 Anna · 14 ноя 22:13 · 0:07 · #{job.id}\nслово 6"))
    assert "Удалена 1 расшифровка" in (await desk.say("/forget", reply_to=500)).text.text
    assert [each.message_id async for each, _ in desk.archive.read()] == [5]


async def test_everything_is_forgotten_only_after_a_second_word(desk: Desk) -> None:
    await desk.heard(note(), in_family(7))
    assert (await desk.say("/forget all")).text.text == (
        "Будет удалено всё: 2 расшифровки. Вернуть нельзя. Подтвердите: /forget all yes"
    )
    assert await desk.archive.count() == 2
    assert "Удалены 2 расшифровки" in (await desk.say("/forget всё да")).text.text
    assert await desk.archive.count() == 0


async def test_words_that_failed_jobs_keep_go_too_and_those_not_delivered_yet_stay(desk: Desk) -> None:
    for number in (1, 2, 3):
        assert await desk.jobs.add(note(message_id=number))
    failed = await desk.jobs.claim()
    assert failed
    await desk.jobs.fail(await desk.jobs.keep_transcript(failed, transcript("не доставлено")), "gone")
    running = await desk.jobs.claim()
    assert running
    await desk.jobs.keep_transcript(running, transcript("доставляется"))
    await desk.heard(note(message_id=1))
    answer = (await desk.say(f"/forget {ANNA}")).text.text
    assert "В очереди остались 2 записи: их текст ещё не доставлен." in answer
    [forgotten] = await desk.store.jobs((JobState.FAILED,))
    assert forgotten.transcript is None
    [kept] = await desk.store.jobs((JobState.RUNNING,))
    assert kept.transcript == transcript("доставляется")
    retried = await desk.jobs.retry(forgotten.id)
    assert retried
    assert (retried.run, retried.transcript) == (2, None), "it is heard again"


async def test_a_name_that_leads_to_nobody_forgets_nothing(desk: Desk) -> None:
    await desk.heard(note())
    assert "Не нахожу @nobody" in (await desk.say("/forget @nobody")).text.text
    desk.gateway.fail["note"] = [Gone()]
    await desk.say("/forget", reply_to=5, **WITH_ANNA)
    assert await desk.archive.count() == 1


# /keep


async def test_keep_says_what_holds_and_asks_before_it_deletes(desk: Desk) -> None:
    await desk.heard(note(message_id=1, sent_at_s=NOW_S - 40 * DAY_S), note(message_id=2, sent_at_s=NOW_S))
    assert (await desk.say("/keep")).text.text.startswith("Храню расшифровки бессрочно.\nНужно: /keep")
    assert (await desk.say("/keep 30")).text.text == (
        "Сейчас старше 30 дней: 1 расшифровка. Она будет удалена, вернуть нельзя. Подтвердите: /keep 30 yes"
    )
    assert await desk.keeping.days() is None
    assert (await desk.say("/keep 30 yes")).text.text == "Храню расшифровки 30 дней.\n🗑 Удалена 1 расшифровка."
    assert [each.message_id async for each, _ in desk.archive.read()] == [2]
    assert (await desk.say("/keep 90 дней")).text.text == "Храню расшифровки 90 дней."
    assert (await desk.say("/keep")).text.text.startswith("Храню расшифровки 90 дней.\n")
    assert (await desk.say("/keep навсегда")).text.text == "Храню расшифровки бессрочно."
    assert await desk.keeping.days() is None


async def test_commands_say_the_same_in_english(opened: tuple[SqliteStore, SqliteArchive, FakeClock]) -> None:
    desk = Desk(*opened, "en")
    async with desk.commands:
        await desk.heard((note(), "the meetings"), (note(message_id=6), "a meeting"))
        assert (await desk.say("/find meeting")).text.text.startswith("🔎 “meeting”: 2 notes\n\n")
        assert "2 transcripts, for good. To confirm: /forget all yes" in (await desk.say("/forget all")).text.text
        assert "Deleted 2 transcripts from the chat “42”." in (await desk.say("/forget 42")).text.text
        assert (await desk.say("/keep 1")).text.text == "Transcripts are kept for 1 day."

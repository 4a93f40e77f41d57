"""The owner's commands: forgiving in, one clear answer out, nothing shown to anybody else."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from tests.support.chat_fakes import (
    ANNA,
    FAMILY,
    ME,
    SENT_AT_S,
    FakeEngine,
    FakeGateway,
    FakeJobs,
    FakeRules,
    FakeShelf,
    FakeStatus,
    Message,
    command,
    job,
    note,
)
from tests.support.clock import FakeClock, settle
from transcriber.chat.commands import Commands
from transcriber.chat.help_commands import GROUPS
from transcriber.chat.parse import Parsed, mentioned, model_name, number, parse, switch, target_name
from transcriber.chat.texts import COMMAND, TABLES, Language, Texts
from transcriber.chat.waiting import MOMENT_S
from transcriber.domain import (
    ChatKind,
    ConnectionInfo,
    Delivery,
    FileFormat,
    Job,
    JobState,
    Lent,
    Listening,
    MediaKind,
    ModelInfo,
    Peer,
    Preferences,
    Progress,
    Request,
    Rich,
    Sent,
)
from transcriber.errors import FloodWait, Gone, ModelRefused, Offline, Refused, StenogramError, StoreUnavailable
from transcriber.storage.archive import SqliteArchive
from transcriber.storage.database import Database
from transcriber.storage.sqlite import SqliteStore
from transcriber.work.jobs import Jobs
from transcriber.work.keeping import Keeping

IN_FAMILY: dict[str, Any] = {"chat_id": FAMILY, "chat_kind": ChatKind.GROUP, "chat_title": "Семья"}
WITH_ANNA: dict[str, Any] = {"chat_id": ANNA, "chat_kind": ChatKind.PRIVATE, "chat_title": "Anna"}


# Everything that stands in Saved Messages about note #12.
OURS = [
    "🎙 Anna · 12 Jan 13:46 · 0:07 · #12\n▓▓▓░░░░░░░░░ 25 %\nso far",
    "🎙 Anna · 12 Jan 13:46 · 0:07 · #12\n⚠️ The file is empty.",
    "🎙 Anna · 12 Jan 13:46 · 0:07 · #12 (3)\nWhat was said",
    "🎙 #12 · 2/2\nThe rest",
    "🎙 On it: #12",
    "⏳ Taken: #12 · 2 ahead",
    "💬 In the chat “Anna”:\n🎙 On it: #12",
    "🔁 Trying again: #12",
]


def ended(state: JobState, job_id: int, *, error: str | None = None, finished_at_s: float = SENT_AT_S - 60) -> Job:
    """A job of its own note, in that state since a minute ago."""
    return job(note(message_id=job_id), id=job_id, state=state, error=error, finished_at_s=finished_at_s)


class Desk:
    """The commands and all they speak to."""

    def __init__(self, language: Language = "en", prefixes: str = "/.") -> None:
        self.gateway = FakeGateway()
        self.rules = FakeRules()
        self.jobs = FakeJobs()
        self.shelf = FakeShelf()
        self.engine = FakeEngine()
        self.status = FakeStatus()
        self.clock = FakeClock()
        self.language, self.prefixes = language, prefixes
        self._message_id = 100
        self.begins()

    def begins(self) -> None:
        """A life of the program."""
        archive = SqliteArchive(Database(Path("unused")))  # never opened: its commands have tests of their own
        store = SqliteStore(Database(Path("unused")), self.clock)
        self.commands = Commands(
            self.jobs,
            self.rules,
            self.engine,
            self.gateway,
            Texts(self.language, UTC, self.prefixes[0]),
            self.status,
            self.clock,
            self.prefixes,
            known=self.jobs,
            shelf=self.shelf,
            archive=archive,
            keeping=Keeping(store, archive, Jobs(store, self.clock), self.clock),
        )

    async def say(self, text: str, **where: Any) -> str:
        """Type a command; the answers to it, joined."""
        before = set(self.gateway.messages)
        self._message_id += 1
        await self.commands.handle(command(text, **{"message_id": self._message_id, **where}))
        await settle()
        return "\n".join(m.text.text for key, m in self.gateway.messages.items() if key not in before)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    async with made.commands:
        yield made


@pytest.fixture
async def russian() -> AsyncIterator[Desk]:
    made = Desk("ru")
    async with made.commands:
        yield made


# Parsing


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("/status", Parsed("status", ())),
        (".T ru  file", Parsed("t", ("ru", "file"))),
        ("/Model Large V3\n", Parsed("model", ("Large", "V3"))),
        ("/", None),
        ("/ status", None),
        ("...", None),
        ("status", None),
        ("", None),
        ("!status", None),
        ("/help@some_bot", None),
        ("/привет", None),
        ("/etc/passwd", None),
    ],
)
def test_a_command_is_a_prefix_and_a_latin_word(text: str, parsed: Parsed | None) -> None:
    assert parse(text, "/.") == parsed


def test_words_are_understood_in_both_languages() -> None:
    assert [switch(w) for w in ("on", "ON", "вкл", "Да", "off", "выкл", "maybe")] == [
        *[True] * 4,
        *[False] * 2,
        None,
    ]
    assert [number(w) for w in ("12", "#12", "twelve", "-1", "1.5")] == [12, 12, None, None, None]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("anna", "@anna"),
        ("@anna", "@anna"),
        ("t.me/anna", "@anna"),
        ("https://t.me/anna/55", "@anna"),
        ("https://t.me/c/1234567890/5", "-1001234567890"),
        ("42", "42"),
        ("-100123", "-100123"),
        ("tg://user?id=42", "tg://user?id=42"),
    ],
)
def test_people_may_be_named_in_every_usual_way(word: str, name: str) -> None:
    assert target_name(word) == name


def test_model_names_are_found_whatever_their_spelling_and_paths_are_left_alone() -> None:
    known = ["small", "large-v3"]
    assert model_name(("Large", "V3"), known) == "large-v3"
    assert model_name(("large_v3",), known) == "large-v3"
    assert model_name(("/data/My Models/X",), known) == "/data/My Models/X"


# Where answers go


async def test_in_saved_messages_the_answer_is_a_reply(desk: Desk) -> None:
    await desk.say("/queue")
    [answer] = desk.gateway.shown()
    assert answer.reply_to == 101
    assert desk.gateway.deleted == []


async def test_elsewhere_the_command_vanishes_and_the_answer_names_the_chat(desk: Desk) -> None:
    answer = await desk.say("/queue", **IN_FAMILY)
    assert desk.gateway.deleted == [(FAMILY, 101)]
    assert answer.startswith("💬 In the chat “Семья”:\n")
    assert {message.chat_id for message in desk.gateway.messages.values()} == {ME}


async def test_an_unknown_command_is_left_alone(desk: Desk) -> None:
    assert await desk.say("/start", **IN_FAMILY) == ""
    assert desk.gateway.deleted == []


async def test_only_the_prefixes_of_the_settings_count() -> None:
    desk = Desk(prefixes="!")
    async with desk.commands:
        assert await desk.say("/queue") == ""
        assert await desk.say("!queue") != ""


async def test_the_same_message_twice_is_one_command(desk: Desk) -> None:
    desk.gateway.notes[ANNA, 5] = note()
    for _ in range(2):
        await desk.say("/t", message_id=7, reply_to=5, **WITH_ANNA)
    assert len(desk.jobs.asked) == 1


async def test_a_transcript_of_ours_is_never_a_command(desk: Desk) -> None:
    desk.jobs.all[1] = job(id=1, state=JobState.DONE, sent=(Sent(0, ANNA, 70),))
    desk.jobs.all[2] = job(note(message_id=6), id=2, state=JobState.WAITING)
    assert await desk.say("/cancel all", message_id=70, reply_to=5, **WITH_ANNA) == ""
    assert desk.jobs.all[2].state is JobState.WAITING
    assert desk.gateway.deleted == []


async def test_an_answer_waits_for_the_connection_without_holding_up_the_next_command(desk: Desk) -> None:
    desk.gateway.fail["send_text"] = [Offline()]
    assert await desk.say("/queue") == ""
    assert "Connection" not in await desk.say("/status")
    await desk.clock.advance(5)
    assert sum("queue is empty" in text for text in desk.gateway.texts()) == 1


async def test_an_answer_obeys_a_flood_wait_to_the_second(desk: Desk) -> None:
    desk.gateway.fail["send_text"] = [FloodWait(30), FloodWait(7)]
    await desk.say("/queue")
    await desk.clock.advance(36)
    assert desk.gateway.messages == {}
    await desk.clock.advance(1)
    assert len(desk.gateway.messages) == 1
    assert desk.clock.slept == [30, 7]


async def test_a_command_that_telegram_would_not_delete_is_deleted_later(desk: Desk) -> None:
    desk.gateway.fail["delete"] = [FloodWait(10)]
    await desk.say("/queue", **IN_FAMILY)
    await desk.clock.advance(10)
    assert desk.gateway.deleted == [(FAMILY, 101)]


async def test_the_owner_is_told_of_a_command_that_could_not_be_deleted(desk: Desk) -> None:
    desk.gateway.fail["delete"] = [Refused(reason="MESSAGE_DELETE_FORBIDDEN")]
    await desk.say("/queue", **IN_FAMILY)
    told = [message.text.text for message in desk.gateway.messages.values()]
    assert len(told) == 2
    assert "did not let me delete" in told[0]


async def test_an_answer_comes_though_the_owner_deleted_the_command(desk: Desk) -> None:
    desk.gateway.fail["send_text"] = [Gone()]
    assert "queue is empty" in await desk.say("/queue")


@pytest.mark.parametrize("error", [StoreUnavailable(), Offline(), FloodWait(3), Gone()])
async def test_an_error_inside_a_command_becomes_one_line(desk: Desk, error: StenogramError) -> None:
    desk.rules.fail = [error]
    answer = await desk.say("/auto")
    assert answer == Texts("en").error(error)
    assert len(answer.splitlines()) == 1


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(
    "text",
    [
        "/track",
        "/untrack",
        "/ignore",
        "/auto private",
        "/auto everything on",
        "/auto private perhaps",
        "/deliver nowhere",
        "/deliver reply caption",
        "/lang klingon",
        "/lang ru en",
        "/t",
        "/t ru",
        "/cancel",
        "/cancel twelve",
        "/retry twelve",
        "/help nothing",
        "/auto on",
        "/auto files",
        "/auto private on @anna",
        "/auto files on off",
        "/cancel 12 twelve",
        "/retry 12 twelve",
        "/find",
        "/find 🎙️ …",
        "/export @one @two",
        "/forget",
        "/forget @one @two",
        "/keep often",
        "/keep 0",
    ],
)
async def test_wrong_arguments_get_one_line_with_an_example(text: str, language: Language) -> None:
    desk = Desk(language)
    async with desk.commands:
        answer = await desk.say(text)
    assert answer.startswith("Нужно: /" if language == "ru" else "Expected: /")
    assert ("Например: /" if language == "ru" else "Example: /") in answer
    assert len(answer.splitlines()) == 1


# /help


PHONE = 40  # characters in a line of a phone


async def test_help_lists_every_command_once_in_its_group_in_lines_that_a_phone_shows_whole(russian: Desk) -> None:
    *lines, empty, more = (await russian.say("/help")).splitlines()
    listed = [line.split()[0].removeprefix("/") for line in lines if line.startswith("/")]
    assert sorted(listed) == sorted(russian.commands.names)
    assert lines[:2] == ["🎙 Записи", "/t — расшифровать сейчас (ответом)"]
    assert max(len(line) for line in lines) <= PHONE
    assert len(lines) <= 30
    assert (empty, more.split(".")[0]) == ("", "Подробнее: /help track")


async def test_every_command_has_one_group(desk: Desk) -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert len(set(grouped)) == len(grouped)
    assert set(desk.commands.names) <= set(grouped)


def test_every_command_that_a_sentence_names_exists() -> None:
    named = [sentence[found.end() :] for sentence in TABLES["en"].values() for found in COMMAND.finditer(sentence)]
    listed = {name for names in GROUPS.values() for name in names}
    assert {re.split("[^a-z]", rest)[0] for rest in named} <= listed


@pytest.mark.parametrize("typed", ["/help track", "/help /Track", "/help .track,", "/HELP  Тrасk"])
async def test_help_on_one_command_gives_an_example(desk: Desk, typed: str) -> None:
    assert "Example: /track @anna" in await desk.say(typed)


async def test_what_is_to_be_typed_is_shown_with_the_prefix_that_the_owner_uses() -> None:
    desk = Desk(prefixes="!.")
    desk.gateway.notes[ANNA, 5] = note()
    async with desk.commands:
        for typed in ("!help", "!help track", "!t", "!queue", "!tracked", "!lang ru", "!deliver reply", "!model"):
            answer = await desk.say(typed)
            assert "/" not in answer
            assert "!" in answer or typed == "!queue"


# /track and the like


async def test_track_by_name_says_whom_it_found(desk: Desk) -> None:
    desk.gateway.peers["@anna"] = Peer(ANNA, "Anna\u202e", "anna")
    assert await desk.say("/track https://t.me/anna") == "👂 Tracking: Anna"
    assert desk.rules.chats[ANNA].listening is Listening.TRACKED
    assert desk.rules.chats[ANNA].title == "Anna"


async def test_several_names_get_a_line_each_and_a_wrong_one_does_not_stop_the_others(desk: Desk) -> None:
    desk.gateway.peers["@anna"] = Peer(ANNA, "Anna")
    answer = await desk.say("/track @nobody, @anna")
    assert "Cannot find @nobody" in answer.splitlines()[0]
    assert answer.splitlines()[1] == "👂 Tracking: Anna"


async def test_track_in_a_chat_means_that_chat(desk: Desk) -> None:
    await desk.say("/track", **IN_FAMILY)
    assert desk.rules.chats[FAMILY].listening is Listening.TRACKED
    assert desk.rules.chats[FAMILY].title == "Семья"


async def test_here_is_where_it_is_typed(desk: Desk) -> None:
    assert "👂 Tracking: Anna" in await desk.say("/track здесь", **WITH_ANNA)
    assert "“Anna” audio" in await desk.say("/auto files on here", **WITH_ANNA)
    assert "“Anna” go as a reply" in await desk.say("/deliver here reply", **WITH_ANNA)
    assert "“Anna”: Russian" in await desk.say("/lang ru тут", **WITH_ANNA)
    assert set(desk.rules.chats) == {ANNA}
    assert "Expected: /track" in await desk.say("/track here"), "Saved Messages are no chat to track"


async def test_ignore_in_reply_to_a_note_in_a_group_means_its_sender(desk: Desk) -> None:
    desk.gateway.notes[FAMILY, 5] = note(chat_id=FAMILY, chat_kind=ChatKind.GROUP)
    await desk.say("/ignore", reply_to=5, **IN_FAMILY)
    assert desk.rules.chats[ANNA].listening is Listening.IGNORED
    assert FAMILY not in desk.rules.chats


async def test_a_reply_to_something_without_sound_in_a_group_changes_nothing(desk: Desk) -> None:
    assert "no sound" in await desk.say("/track", reply_to=5, **IN_FAMILY)
    assert desk.rules.chats == {}


async def test_untrack_says_whether_there_was_something_to_undo(desk: Desk) -> None:
    await desk.say("/track", **WITH_ANNA)
    assert "No longer tracking: Anna" in await desk.say("/untrack", **WITH_ANNA)
    assert "Not on a list anyway" in await desk.say("/untrack", **WITH_ANNA)
    assert desk.rules.chats[ANNA].listening is Listening.DEFAULT
    await desk.say("/ignore", **WITH_ANNA)
    assert "No longer left alone: Anna" in await desk.say("/untrack", **WITH_ANNA)


async def test_tracked_shows_both_lists_with_what_else_was_decided(russian: Desk) -> None:
    assert "Список пуст" in await russian.say("/tracked")
    await russian.rules.change_chat(
        ANNA, title="Анна", listening=Listening.TRACKED, delivery=Delivery.REPLY, language="uk"
    )
    await russian.rules.change_chat(FAMILY, title="Семья", listening=Listening.IGNORED)
    await russian.rules.change_chat(7, title="Работа", words="Kubernetes, Ёлкин")
    await russian.rules.change_chat(8, title="Никто")
    assert (await russian.say("/tracked")).splitlines() == [
        "👂 Отслеживаю (1):",
        "Анна · 42",
        "   ответом в чате · язык: украинский",
        "",
        "🔕 Не трогаю (1):",
        "Семья · -1001234567890",
        "",
        "⚙️ Другие чаты с настройками (1):",
        "Работа · 7",
        "   2 слова для распознавания",
    ]


async def test_tracked_finds_out_the_names_of_bare_ids_and_keeps_them(desk: Desk) -> None:
    for chat_id in (ANNA, 43):
        await desk.rules.change_chat(chat_id, listening=Listening.TRACKED)
    desk.gateway.peers[str(ANNA)] = Peer(ANNA, "Anna\u202e")
    assert (await desk.say("/tracked")).splitlines() == ["👂 Tracking (2):", "Anna · 42", "43"]
    assert desk.rules.chats[ANNA].title == "Anna"
    desk.gateway.peers.clear()
    assert "Anna · 42" in await desk.say("/tracked")


async def test_tracked_answers_though_telegram_does_not_say_the_names(desk: Desk) -> None:
    for chat_id in (1, 2):
        await desk.rules.change_chat(chat_id, listening=Listening.TRACKED)
    desk.gateway.fail["resolve"] = [Offline()]
    assert (await desk.say("/tracked")).splitlines() == ["👂 Tracking (2):", "1", "2"]
    assert desk.gateway.fail["resolve"] == [], "asked once, not once for each"


async def test_a_list_of_hundreds_still_fits_a_message(desk: Desk) -> None:
    for n in range(300):
        await desk.rules.change_chat(n + 1, title="😀" * 30, listening=Listening.TRACKED, delivery=Delivery.CAPTION)
    answer = await desk.say("/tracked")
    assert "… and 2" in answer
    assert len(answer.encode("utf-16-le")) // 2 <= 4096


# /auto /deliver /lang


async def test_the_switches_are_thrown_and_shown(russian: Desk) -> None:
    answer = await russian.say("/auto группы вкл")
    assert russian.rules.now.groups is True
    assert answer.splitlines()[1:] == [
        "▫️ личные чаты — private",
        "✅ группы — groups",
        "▫️ мои записи — mine",
        "▫️ файлы чата «Избранное» — files",
    ]
    await russian.say("/auto groups OFF")
    assert russian.rules.now.groups is False


@pytest.mark.parametrize(
    ("typed", "on"),
    [("/auto files on", True), ("/auto ВКЛ всё", True), ("/auto файлы, вкл.", True), ("/auto all off", False)],
)
async def test_files_are_transcribed_too_in_the_chat_where_that_is_typed(desk: Desk, typed: str, on: bool) -> None:
    await desk.rules.change_chat(ANNA, listening=Listening.TRACKED, all_sound=not on)
    answer = await desk.say(typed, **WITH_ANNA)
    assert desk.rules.chats[ANNA].all_sound is on
    assert desk.rules.now == Preferences(), "nothing is changed for other chats"
    assert answer.splitlines() == [
        "💬 In the chat “Anna”:",
        "🎵 From the chat “Anna” audio, video and other files with sound are transcribed unasked too."
        if on
        else "🎵 From the chat “Anna” only voice and video messages are transcribed unasked; files, when you ask: /t",
    ]


async def test_files_of_chats_that_are_named_get_a_line_each(russian: Desk) -> None:
    russian.gateway.peers["@anna"] = Peer(ANNA, "Анна")
    russian.gateway.peers["@family"] = Peer(FAMILY, "Семья")
    await russian.rules.change(groups=True)
    answer = await russian.say("/auto files on t.me/anna, @nobody, family")
    assert answer.splitlines() == [
        "🎵 Из чата «Анна» сам расшифровываю ещё и аудио, видео и другие файлы со звуком.",
        "Но этот чат я пока не слушаю. Начать: /track t.me/anna",
        "Не нахожу @nobody. Нужно @имя, id или ссылка. Например: @anna",
        "🎵 Из чата «Семья» сам расшифровываю ещё и аудио, видео и другие файлы со звуком.",
    ]
    assert [chat.chat_id for chat in russian.rules.chats.values() if chat.all_sound] == [ANNA, FAMILY]


async def test_where_files_alone_change_nothing_it_is_said_what_else_is_needed(desk: Desk) -> None:
    assert (await desk.say("/auto files on", **IN_FAMILY)).splitlines()[2:] == [
        "But this chat is not listened to yet. To begin: /track"
    ]
    await desk.rules.change_chat(ANNA, listening=Listening.IGNORED)
    await desk.rules.change(private=True)
    assert (await desk.say("/auto files on", **WITH_ANNA)).splitlines()[2:] == [
        "But this chat is left alone. To change that: /track"
    ]
    assert (await desk.say("/auto files off", **IN_FAMILY)).count("\n") == 1
    assert (await desk.say("/auto files on")).splitlines() == [
        "🎵 From the chat “Saved Messages” audio, video and other files with sound are transcribed unasked too.",
        "For another chat: /auto files on @anna, or typed in the chat itself.",
    ]


async def test_whether_files_are_transcribed_is_shown_with_the_switches_and_in_the_lists(desk: Desk) -> None:
    await desk.rules.change_chat(ANNA, title="Anna", listening=Listening.TRACKED, all_sound=True)
    await desk.rules.change_chat(FAMILY, title="Family", all_sound=True)
    assert (await desk.say("/auto", **WITH_ANNA)).splitlines()[-1] == "✅ files in “Anna”: files"
    assert (await desk.say("/auto")).splitlines()[-1] == "▫️ files in “Saved Messages”: files"
    assert (await desk.say("/tracked")).splitlines() == [
        "👂 Tracking (1):",
        "Anna · 42",
        "   files too",
        "",
        "⚙️ Other chats with rules (1):",
        "Family · -1001234567890",
        "   files too",
    ]


async def test_delivery_is_set_for_this_chat_with_a_warning_when_others_will_see(desk: Desk) -> None:
    answer = await desk.say("/deliver Reply", **WITH_ANNA)
    assert desk.rules.chats[ANNA].delivery is Delivery.REPLY
    assert "Everyone in the chat will see them." in answer
    assert "Everyone" not in await desk.say("/deliver private", **WITH_ANNA)


async def test_delivery_is_set_for_all(russian: Desk) -> None:
    await russian.say("/deliver ответом всем")
    assert russian.rules.now.delivery is Delivery.REPLY
    assert russian.rules.chats == {}


async def test_in_saved_messages_it_is_said_how_to_mean_all_chats(desk: Desk) -> None:
    answer = await desk.say("/deliver reply")
    assert "/deliver reply default" in answer
    assert "Saved Messages” go as a reply" in answer
    assert "Everyone" not in answer, "nobody else is there"
    assert "/lang ru default" in await desk.say("/lang ru")


async def test_the_language_of_a_chat_may_be_named_and_shown(russian: Desk) -> None:
    assert "Язык чата «Anna»: украинский." in await russian.say("/lang Украинский", **WITH_ANNA)
    assert russian.rules.chats[ANNA].language == "uk"
    assert "украинский" in await russian.say("/lang", **WITH_ANNA)
    await russian.say("/lang авто", **WITH_ANNA)
    assert russian.rules.chats[ANNA].language == "auto"
    await russian.say("/lang auto default")
    assert russian.rules.now.language is None


async def test_deliver_without_arguments_says_what_holds(desk: Desk) -> None:
    desk.rules.now = desk.rules.now.__class__(delivery=Delivery.CAPTION)
    answer = await desk.say("/deliver", **WITH_ANNA)
    assert "into the caption" in answer
    assert desk.rules.chats == {}


# /t /queue /cancel /retry


async def test_a_note_replied_to_is_asked_for_with_every_wish(desk: Desk) -> None:
    desk.gateway.notes[ANNA, 5] = note()
    answer = await desk.say("/t RU Large v3 файл translate", reply_to=5, **WITH_ANNA)
    wishes = Request("ru", "large-v3", translate=True, as_file=FileFormat.TXT, on_demand=True)
    assert desk.jobs.asked == [(note(), wishes)]
    assert "🎙 On it: #91" in answer


@pytest.mark.parametrize(
    ("was", "typed", "begun_anew"),
    [
        (Request(), "/t ru", True),
        (Request(language="uk", on_demand=True), "/t ru", True),
        (Request(), "/t file", True),
        (Request(language="ru"), "/t ru", False),
        (Request(language="ru"), "/t", False),
    ],
)
async def test_a_note_that_is_being_heard_in_another_manner_is_begun_anew(
    desk: Desk, was: Request, typed: str, begun_anew: bool
) -> None:
    desk.gateway.notes[ANNA, 5] = note()
    desk.jobs.all[12] = job(request=was)
    await desk.say(typed, reply_to=5, **WITH_ANNA)
    assert desk.jobs.all[12].state is (JobState.CANCELLED if begun_anew else JobState.RUNNING)
    assert len(desk.jobs.asked) == 1


@pytest.mark.parametrize("words", ["srt", "file srt", "субтитры", "SRT файл"])
async def test_subtitles_are_a_kind_of_file(desk: Desk, words: str) -> None:
    desk.gateway.notes[ANNA, 5] = note()
    await desk.say(f"/t {words}", reply_to=5, **WITH_ANNA)
    assert desk.jobs.asked == [(note(), Request(as_file=FileFormat.SRT, on_demand=True))]


async def test_while_a_note_waits_the_answer_says_how_many_are_ahead_until_its_work_begins(russian: Desk) -> None:
    russian.jobs.all = {i: job(note(message_id=i), id=i, state=JobState.WAITING) for i in (1, 2)}
    russian.gateway.notes[ANNA, 5] = note()
    await russian.say("/t", reply_to=5, **WITH_ANNA)
    await russian.clock.advance(MOMENT_S)
    assert russian.gateway.texts() == ["💬 В чате «Anna»:\n⏳ Принял: #91 · впереди 2"]
    await russian.clock.advance(3)
    assert russian.gateway.edits == [], "nothing moved"
    russian.jobs.move(1, JobState.RUNNING)
    await russian.clock.advance(2.9)
    assert russian.gateway.edits == []
    await russian.clock.advance(0.1)
    russian.jobs.move(2, JobState.RUNNING)
    await russian.clock.advance(3)
    russian.jobs.move(91, JobState.RUNNING)
    await russian.clock.advance(3)
    russian.jobs.move(91, JobState.DONE)
    await russian.clock.advance(60)
    assert [text.text.splitlines()[1] for _, text in russian.gateway.edits] == [
        "⏳ Принял: #91 · впереди 1",
        "⏳ Принял: #91 · на очереди",
        "🎙 В работе: #91",
    ]
    assert len(russian.gateway.messages) == 1


async def test_a_note_that_a_free_slot_takes_at_once_is_not_said_to_wait(desk: Desk) -> None:
    desk.jobs.all[1] = job(id=1, state=JobState.RUNNING)
    desk.gateway.notes[ANNA, 5] = note(message_id=6)
    assert await desk.say("/t", reply_to=5, **WITH_ANNA) == ""
    desk.jobs.move(91, JobState.RUNNING)
    await desk.clock.advance(60)
    assert desk.gateway.texts() == ["💬 In the chat “Anna”:\n🎙 In progress: #91"]
    assert desk.gateway.edits == []


async def test_the_answer_is_kept_true_through_a_flood_wait_a_break_and_a_store_that_is_away(desk: Desk) -> None:
    desk.jobs.all[1] = job(id=1, state=JobState.RUNNING)
    desk.gateway.notes[ANNA, 5] = note(message_id=6)
    await desk.say("/t", reply_to=5, **WITH_ANNA)
    await desk.clock.advance(MOMENT_S)
    desk.jobs.move(91, JobState.RUNNING)
    desk.gateway.fail["edit_text"] = [FloodWait(30), Offline()]
    desk.jobs.fail = [StoreUnavailable()]
    await desk.clock.advance(3 + 3 + 30 + 3 + 2.9)
    assert desk.gateway.edits == []
    await desk.clock.advance(0.1)
    assert desk.gateway.texts() == ["💬 In the chat “Anna”:\n🎙 In progress: #91"]


@asynccontextmanager
async def life(of: Desk) -> AsyncIterator[None]:
    """One program after another at the same desk."""
    of.begins()
    async with of.commands:
        await settle()
        yield


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (JobState.WAITING, "⏳ Taken: #91 · next in line"),
        (JobState.RUNNING, "🎙 In progress: #91"),
        (JobState.DONE, "✅ Done: #91"),
        (JobState.CANCELLED, "⏹ No longer in the queue: #91"),
    ],
)
@pytest.mark.parametrize("where", [{}, WITH_ANNA], ids=["in Saved Messages", "in a chat"])
async def test_an_answer_is_kept_true_after_a_restart_too(where: dict[str, Any], state: JobState, text: str) -> None:
    desk = Desk()
    async with life(desk):
        desk.jobs.all = {i: job(note(message_id=i), id=i, state=JobState.WAITING) for i in (1, 2)}
        await desk.say("/t 2", **where)
        await desk.clock.advance(MOMENT_S)
        assert "#91 · 2 ahead" in desk.gateway.texts()[0]
        desk.jobs.move(1, JobState.DONE)
        await desk.clock.advance(3)
        assert "#91 · 1 ahead" in desk.gateway.texts()[0]
    desk.jobs.move(2, JobState.DONE)
    desk.jobs.move(91, state)
    async with life(desk):
        await desk.clock.advance(3)
        assert [said.splitlines()[-1] for said in desk.gateway.texts()] == [text]
        desk.jobs.move(91, JobState.DONE)
        await desk.clock.advance(3)
    assert desk.shelf.kept == {}, "nothing is left to see to"


@pytest.mark.parametrize("lost", ["before it was sent", "before it was known to be sent"])
async def test_an_answer_that_was_on_its_way_when_the_program_ended_is_given_once_and_kept_true(lost: str) -> None:
    desk = Desk()
    async with life(desk):
        desk.jobs.all[1] = job(id=1, state=JobState.RUNNING)
        desk.gateway.fail["send_text" if lost == "before it was sent" else "send_text_answer"] = [Offline()]
        await desk.say("/t 1")
        await desk.clock.advance(MOMENT_S)
        assert len(desk.gateway.messages) == (lost == "before it was known to be sent")
    async with life(desk):
        await settle()
        assert desk.gateway.texts() == ["⏳ Taken: #91 · next in line"]
        desk.jobs.move(91, JobState.RUNNING)
        await desk.clock.advance(3)
        assert desk.gateway.texts() == ["🎙 In progress: #91"]


async def test_a_store_that_is_away_costs_no_answer(desk: Desk) -> None:
    desk.shelf.fail = [StoreUnavailable()] * 2
    desk.jobs.all[1] = job(id=1, state=JobState.RUNNING)
    await desk.say("/t 1")
    await desk.clock.advance(MOMENT_S)
    assert desk.gateway.texts() == ["⏳ Taken: #91 · next in line"]
    desk.jobs.move(91, JobState.RUNNING)
    await desk.clock.advance(3)
    assert desk.gateway.texts() == ["🎙 In progress: #91"]


async def test_what_need_not_wait_is_not_noted_down(desk: Desk) -> None:
    desk.jobs.all[1] = job(id=1, state=JobState.DONE)
    await desk.say("/t 1")
    await desk.clock.advance(60)
    assert desk.shelf.writes == 0


async def test_an_answer_that_the_owner_deleted_is_not_kept_true(desk: Desk) -> None:
    desk.jobs.all[1] = job(id=1, state=JobState.RUNNING)
    desk.gateway.notes[ANNA, 5] = note(message_id=6)
    await desk.say("/t", reply_to=5, **WITH_ANNA)
    await desk.clock.advance(MOMENT_S)
    desk.gateway.messages.clear()
    desk.jobs.move(91, JobState.RUNNING)
    await desk.clock.advance(3)
    slept = len(desk.clock.slept)
    await desk.clock.advance(60)
    assert len(desk.clock.slept) == slept, "nobody looks any more"


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (JobState.DONE, "✅ Done: #91"),
        (JobState.CANCELLED, "⏹ No longer in the queue: #91"),
        (JobState.FAILED, "⏹ No longer in the queue: #91"),
    ],
)
async def test_what_came_and_went_between_two_looks_is_said(desk: Desk, state: JobState, text: str) -> None:
    desk.jobs.all[1] = job(id=1, state=JobState.RUNNING)
    desk.jobs.all[5] = job(note(message_id=6), id=5, state=JobState.DONE)
    await desk.say("/t 5")
    await desk.clock.advance(MOMENT_S)
    assert desk.gateway.texts() == ["⏳ Taken: #91 · next in line"]
    desk.jobs.move(91, state)
    await desk.clock.advance(3)
    assert desk.gateway.texts() == [text]


async def test_all_of_an_album_is_taken(desk: Desk) -> None:
    album = [note(message_id=i, kind=MediaKind.VIDEO) for i in (5, 6, 7)]
    desk.gateway.notes[ANNA, 6] = album[1]
    desk.gateway.albums[ANNA, 6] = album
    assert "On it: #91, #92, #93" in await desk.say("/t ru", reply_to=6, **WITH_ANNA)
    assert desk.jobs.asked == [(each, Request("ru", on_demand=True)) for each in album]
    assert "Cancelled: #91, #92, #93" in await desk.say("/cancel", reply_to=6, **WITH_ANNA)


async def test_a_model_that_is_not_there_is_not_asked_for(desk: Desk) -> None:
    desk.gateway.notes[ANNA, 5] = note()
    assert "Expected: /t " in await desk.say("/t enormous", reply_to=5, **WITH_ANNA)
    assert desk.jobs.asked == []


async def test_a_reply_to_something_silent_is_told_so(desk: Desk) -> None:
    assert "no sound in that message" in await desk.say("/t", reply_to=5, **WITH_ANNA)


async def test_a_transcript_in_saved_messages_leads_back_to_its_note(desk: Desk) -> None:
    desk.jobs.all[12] = job(state=JobState.DONE, sent=())
    for text in OURS:
        desk.gateway.messages[70] = Message(ME, Rich(text))
        assert "On it: #9" in await desk.say("/t ru", reply_to=70), text
        assert desk.jobs.asked.pop() == (note(), Request("ru", on_demand=True))
        assert desk.jobs.asked == []


async def test_what_is_shown_in_saved_messages_can_be_cancelled_and_retried_there(desk: Desk) -> None:
    desk.jobs.all[12] = job()
    for text in OURS:
        desk.jobs.move(12, JobState.RUNNING)
        desk.gateway.messages[70] = Message(ME, Rich(text))
        assert await desk.say("/cancel", reply_to=70) == "Cancelled: #12", text
        await desk.say("/retry", reply_to=70)
        assert desk.jobs.asked.pop()[0] == note(), text


async def test_a_message_about_several_notes_means_all_of_them_if_they_are_few(desk: Desk) -> None:
    desk.jobs.all = {i: job(note(message_id=i), id=i, state=JobState.DONE) for i in range(1, 7)}
    desk.gateway.messages[70] = Message(ME, Rich("🕰 3 notes (#1 – #3):\n#1 Anna\n#2 Anna\n#3 Anna\nAll: /retry all"))
    assert await desk.say("/retry", reply_to=70) == "🎙 On it: #91, #92, #93"
    queue = "\n".join(["📥 6 notes in the queue:", *(f"#{i} Anna · 0:07 · waiting" for i in range(1, 7))])
    desk.gateway.messages[71] = Message(ME, Rich(queue))
    answer = await desk.say("/t", reply_to=71)
    assert answer == "That message is about 6 notes. Name the one you mean. Example: /t 1"
    assert await desk.say("/cancel", reply_to=71) == answer


async def test_a_text_of_the_owners_own_leads_nowhere(desk: Desk) -> None:
    desk.jobs.all[12] = job(state=JobState.DONE)
    desk.gateway.messages[70] = Message(ME, Rich("Buy milk"))
    assert "no sound in that message" in await desk.say("/t", reply_to=70)
    desk.gateway.messages[70] = Message(ME, Rich("see #13"))
    assert "no sound in that message" in await desk.say("/t", reply_to=70)
    desk.gateway.messages[71] = Message(ANNA, Rich("about #12"))
    assert "no sound in that message" in await desk.say("/t", reply_to=71, **WITH_ANNA)
    assert desk.jobs.asked == []


async def test_a_transcript_sent_as_a_reply_leads_back_to_the_note_it_answers(desk: Desk) -> None:
    desk.gateway.notes[ANNA, 5] = note()
    desk.gateway.messages[70] = Message(ANNA, Rich("What was said, #99."), reply_to=5)
    await desk.say("/t en", reply_to=70, **WITH_ANNA)
    assert desk.jobs.asked == [(note(), Request("en", on_demand=True))]


async def test_a_note_that_is_gone_is_said_to_be_so_in_one_line_and_its_work_can_still_be_stopped(desk: Desk) -> None:
    desk.jobs.all[12] = job()
    for text in ("/t", "/retry"):
        desk.gateway.fail["note"] = [Gone()]
        answer = await desk.say(text, reply_to=5, **WITH_ANNA)
        assert answer.splitlines()[1:] == ["The message was deleted, or the chat is no longer open to you."]
    desk.gateway.fail["note"] = [Gone()]
    assert "Cancelled: #12" in await desk.say("/cancel", reply_to=5, **WITH_ANNA)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("🎙 Anna #5 · 12 Jan 13:46 · 0:07 · #12\nNumber #7, he said", [12]),
        ("🎙 12 янв 13:46 · 0:07 · #12 (2)\n▓▓░ 40 %", [12]),
        ("🎙 #12 · 2/3\n…", [12]),
        ("💬 В чате «Семья #3»:\n🎙 Взял в работу: #12", [12]),
        ("⏳ Taken: #12, #13 · 4 ahead", [12, 13]),
        ("🎙 Anna · 12 Jan 13:46 · 0:07 · #12\nHello\n\n13:47 · 1:02:03 · #13 (2)\nA\n\n13:48 · #14\nB", [12, 13, 14]),
        ("Shopping\n13:47 · 0:03 · #13", []),
        ("📥 2 notes in the queue:\n#12 Anna · 0:07 · 5 %\n#13 Anna · 0:07 · waiting\n\nFailed: #9", [12, 13]),
        ("hello", []),
        ("", []),
        ("a line\n#12 in what was said", []),
    ],
)
def test_a_message_of_ours_says_in_its_headings_which_notes_it_is_about(text: str, numbers: list[int]) -> None:
    assert mentioned(text) == numbers


async def test_a_note_may_be_named_by_its_number(desk: Desk) -> None:
    desk.jobs.all[12] = job(state=JobState.DONE)
    await desk.say("/t #12 ru")
    assert desk.jobs.asked == [(note(), Request("ru", on_demand=True))]
    assert "no note #13" in await desk.say("/t 13 ru")


async def test_the_queue_shows_percent_and_what_failed(desk: Desk) -> None:
    states = [JobState.RUNNING, JobState.RUNNING, JobState.WAITING, JobState.FAILED, JobState.HELD]
    desk.jobs.all = {i: ended(state, i) for i, state in enumerate(states, 1)}
    desk.status.progress[1] = Progress(5, 10, "")
    assert (await desk.say("/queue")).splitlines() == [
        "📥 3 notes in the queue:",
        "#1 Anna · 12 Jan 13:46 · 0:07 · 50 %",
        "#2 Anna · 12 Jan 13:46 · 0:07 · running",
        "#3 Anna · 12 Jan 13:46 · 0:07 · waiting",
        "",
        "Failed this week: 1. Held for their age: 1. To try again: /retry",
    ]


async def test_a_long_queue_says_how_many_more_there_are(desk: Desk) -> None:
    desk.jobs.all = {i: job(note(message_id=i), id=i, state=JobState.WAITING) for i in range(1, 41)}
    assert "… and 15 more" in await desk.say("/queue")


async def test_cancel_takes_a_number_a_reply_all_or_the_only_one(desk: Desk) -> None:
    desk.jobs.all = {i: job(note(message_id=i), id=i, state=JobState.WAITING) for i in (1, 2, 3, 4)}
    assert "Cancelled: #1" in await desk.say("/cancel #1")
    assert "no such note" in await desk.say("/cancel 1")
    desk.gateway.notes[ANNA, 2] = note(message_id=2)
    assert "Cancelled: #2" in await desk.say("/cancel", reply_to=2, **WITH_ANNA)
    assert "no such note" in await desk.say("/cancel", reply_to=60, **WITH_ANNA)
    assert "Expected" in await desk.say("/cancel")
    assert "Cancelled: 2 notes." in await desk.say("/cancel Все")
    desk.jobs.all[5] = job(id=5)
    assert "Cancelled: #5" in await desk.say("/cancel")


async def test_retry_takes_numbers_a_reply_or_all(desk: Desk) -> None:
    desk.jobs.all = {i: ended(JobState.FAILED, i) for i in (1, 2, 3, 4)}
    assert await desk.say("/retry 1, №2.") == "🔁 Trying again: #1, #2"
    assert "no note #1, or it is still" in await desk.say("/retry 1")
    assert "Trying again: 2 notes." in await desk.say("/retry")
    assert "nothing to try again" in await desk.say("/retry all")
    desk.gateway.notes[ANNA, 5] = note()
    assert "Trying again" not in await desk.say("/retry", reply_to=5, **WITH_ANNA)
    assert [asked.message_id for asked, _ in desk.jobs.asked] == [5]


async def test_retry_leaves_alone_what_would_end_the_same_and_says_so(russian: Desk) -> None:
    errors = ["engine_died", "gone", "unreadable", "empty", "no_sound", "truncated", "too_long", "too_large"]
    russian.jobs.all = {i: ended(JobState.FAILED, i, error=key) for i, key in enumerate(errors, 1)}
    assert await russian.say("/retry") == "🔁 Пробую ещё раз: 1 запись. Не тронул: 7 — итог был бы тот же."
    assert {i for i, each in russian.jobs.all.items() if each.state is JobState.WAITING} == {1}
    assert await russian.say("/retry") == "Повторять нечего. Не тронул: 7 — итог был бы тот же."
    assert await russian.say("/retry 7") == "🔁 Пробую ещё раз: #7"


async def test_what_failed_more_than_a_week_ago_is_history(desk: Desk) -> None:
    week_s = 7 * 86_400
    desk.jobs.all = {
        1: ended(JobState.FAILED, 1, finished_at_s=SENT_AT_S - week_s + 1),
        2: ended(JobState.FAILED, 2, finished_at_s=SENT_AT_S - week_s),
    }
    assert "❗ Failed this week: 1 · /retry" in await desk.say("/status")
    assert "Failed this week: 1." in await desk.say("/queue")
    assert await desk.say("/retry") == "🔁 Trying again: 1 note."
    desk.jobs.all.pop(1)
    assert "ailed" not in await desk.say("/status") + await desk.say("/queue")
    assert await desk.say("/retry 2") == "🔁 Trying again: #2"


# /model


async def test_models_are_listed_with_the_current_one_marked(desk: Desk) -> None:
    assert (await desk.say("/model")).splitlines()[:3] == [
        "🧠 Models:",
        "▶️ small · memory 900 MB · ×8.3",
        "☁️ large-v3 · 3 GB · memory 4 GB",
    ]


async def test_a_folder_is_listed_by_its_name_and_meant_by_it(desk: Desk) -> None:
    desk.engine.folder = "/srv/My models/whisper-ru"
    assert "💾 whisper-ru · memory 1 GB" in (await desk.say("/model")).splitlines()
    await desk.say("/model Whisper ru")
    assert desk.engine.asked == ["/srv/My models/whisper-ru"]


async def test_changing_the_model_answers_at_once_shows_progress_and_ends_with_the_result(desk: Desk) -> None:
    await desk.say("/model Large V3")
    await settle()
    assert desk.gateway.texts() == ["⏳ Preparing the model large-v3: 0 %"]
    assert "queue is empty" in await desk.say("/queue")  # not held up
    assert desk.engine.told is not None
    desk.engine.told(0.42)
    await desk.clock.advance(3)
    assert desk.gateway.texts()[0] == "⏳ Preparing the model large-v3: 42 %"
    await desk.clock.advance(3)
    assert len(desk.gateway.edits) == 1  # nothing new, nothing edited
    assert desk.engine.outcome is not None
    desk.engine.outcome.set_result(ModelInfo("large-v3", None, 4 * 2**30, present=True))
    await settle()
    assert desk.gateway.texts()[0] == "✅ Now working with the model large-v3, memory 4 GB."
    assert desk.engine.asked == ["large-v3"]


async def test_a_model_that_does_not_fit_leaves_the_old_one_and_says_why(russian: Desk) -> None:
    await russian.say("/model large-v3", **WITH_ANNA)
    await settle()
    assert russian.engine.outcome is not None
    russian.engine.outcome.set_exception(ModelRefused("model_too_big", model="large-v3", need_bytes=4 * 2**30))
    await settle()
    [answer] = russian.gateway.texts()
    assert "large-v3 не хватает памяти (нужно 4 ГБ)" in answer
    assert answer.endswith("Осталась модель small.")


async def test_one_model_at_a_time(desk: Desk) -> None:
    assert "in use already" in await desk.say("/model SMALL")
    await desk.say("/model large-v3")
    await settle()
    assert "large-v3 is being prepared" in await desk.say("/model tiny")
    assert desk.engine.outcome is not None
    desk.engine.outcome.set_exception(ModelRefused())
    await settle()
    await desk.say("/model tiny")
    await settle()
    assert desk.engine.asked == ["large-v3", "tiny"]


async def test_the_result_comes_though_progress_could_not_be_shown(desk: Desk) -> None:
    await desk.say("/model large-v3")
    await settle()
    desk.gateway.fail["edit_text"] = [FloodWait(30), FloodWait(20)]
    assert desk.engine.told is not None
    assert desk.engine.outcome is not None
    desk.engine.told(0.5)
    await desk.clock.advance(3)
    desk.engine.outcome.set_result(ModelInfo("large-v3", None, None, present=True))
    await settle()
    await desk.clock.advance(20)
    assert desk.gateway.texts() == ["✅ Now working with the model large-v3."]


async def test_leaving_ends_a_change_of_model_that_is_under_way() -> None:
    desk = Desk()
    async with desk.commands:
        await desk.say("/model large-v3")
        await settle()
    assert desk.engine.outcome is not None
    assert desk.engine.outcome.cancelled()


# /status


async def test_status_is_one_look_at_everything(desk: Desk) -> None:
    states = [JobState.RUNNING, JobState.WAITING, JobState.FAILED, JobState.HELD]
    desk.jobs.all = {i: ended(state, i) for i, state in enumerate(states, 1)}
    desk.jobs.all[9] = job(id=9, state=JobState.DONE, finished_at_s=SENT_AT_S - 1800)
    desk.status.progress[1] = Progress(1, 4, "")
    desk.status.error = ("unreadable", SENT_AT_S)
    assert (await desk.say("/status")).splitlines() == [
        "📡 Online since 12 Jan 13:46",
        "📥 Waiting 1 · running 1 · held 1",
        "  #1 Anna · 12 Jan 13:46 · 0:07 · 25 %",
        "❗ Failed this week: 1 · /retry",
        "✅ Done today 1 · last hour 1",
        "⚠️ 12 Jan 13:46: Could not read the sound: the file is damaged or is no recording.",
        "🧠 small · 900 MB · ×8.3",
        "ℹ️ 1.2.3 · up 2 h 1 min · 2 reconnects",
    ]
    assert desk.jobs.done_asked_s == [950_400.0, SENT_AT_S - 3600]  # midnight, an hour ago


async def test_status_when_nothing_happened_yet(russian: Desk) -> None:
    russian.gateway.connection = ConnectionInfo(online=False, since_s=None, reconnects=0, last_update_at_s=SENT_AT_S)
    lines = (await russian.say("/status")).splitlines()
    assert lines == [
        "📡 Нет связи",
        "   последнее событие 12 янв 13:46",
        "📥 Ждёт 0 · в работе 0",
        "✅ Сегодня 0 · за час 0",
        "👌 Ошибок не было",
        "🧠 small · 900 МБ · ×8,3",
        "ℹ️ 1.2.3 · работает 2 ч 1 мин",
    ]
    assert max(len(line) for line in lines) <= PHONE


async def test_status_names_the_machines_that_lend_their_cpu(desk: Desk, russian: Desk) -> None:
    machines = [Lent("attic", 4, ready=True, runs=2), Lent("cellar", 1, ready=True, runs=0)]
    for at in (desk, russian):
        at.status.machines = [*machines, Lent("shed", 21, ready=False, runs=0)]
    assert (await desk.say("/status")).splitlines()[-4:-1] == [
        "🤝 attic · 4 threads · running 2",
        "🤝 cellar · 1 thread · idle",
        "🤝 shed · 21 threads · not ready",
    ]
    assert (await russian.say("/status")).splitlines()[-4:-1] == [
        "🤝 attic · 4 потока · в работе 2",
        "🤝 cellar · 1 поток · свободна",
        "🤝 shed · 21 поток · не готова",
    ]


# /words


async def test_words_are_set_shown_and_cleared_for_a_chat_and_for_all(desk: Desk) -> None:
    answer = await desk.say("/words Анна,Kubernetes;  Жюль   Верн\nАнна", **IN_FAMILY)
    assert answer.splitlines()[1:] == ["📖 Words for the chat “Семья”: Анна, Kubernetes, Жюль Верн"]
    assert desk.rules.chats[FAMILY].words == "Анна, Kubernetes, Жюль Верн"
    assert await desk.say("/words default Ёлкин, CTranslate2") == "📖 Words for all chats: Ёлкин, CTranslate2"
    assert desk.rules.now.words == "Ёлкин, CTranslate2"
    shown = (await desk.say("/words", **IN_FAMILY)).splitlines()
    assert shown[1:3] == [
        "📖 Words for the chat “Семья”: Анна, Kubernetes, Жюль Верн",
        "📖 Words for all chats: Ёлкин, CTranslate2",
    ]
    assert shown[3].startswith("Expected: /words a, b, c for this chat")
    assert "has no words of its own" in await desk.say("/words -", **IN_FAMILY)
    assert await desk.say("/words нет по умолчанию") == "📖 There are no words for all chats."
    assert (desk.rules.chats[FAMILY].words, desk.rules.now.words) == ("", "")


async def test_more_words_than_the_recogniser_takes_are_refused_and_nothing_changes(desk: Desk) -> None:
    await desk.say("/words Anna", **WITH_ANNA)
    answer = await desk.say("/words " + "x" * 201, **WITH_ANNA)
    assert "That is 201 characters; 200 fit." in answer
    assert desk.rules.chats[ANNA].words == "Anna"
    await desk.say("/words " + "x" * 200, **WITH_ANNA)
    assert len(desk.rules.chats[ANNA].words) == 200


async def test_in_saved_messages_it_is_said_how_to_mean_the_words_of_all_chats(russian: Desk) -> None:
    answer = await russian.say("/words Анна")
    assert answer.splitlines() == ["📖 Слова для чата «Избранное»: Анна", "Для всех чатов сразу: /words default …"]


# As they are really typed


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("/track https://t.me/anna", "@anna"),
        ("/track t.me/anna/123", "@anna"),
        ("/track T.me/anna?start=1", "@anna"),
        ("/track https://t.me/s/anna", "@anna"),
        ("/track @anna,", "@anna"),
        ("/track  @anna.\n", "@anna"),
        ("/Track anna;", "@anna"),
        (".тrаск @anna", "@anna"),
        ("/track https://t.me/c/1234567890/5", "-1001234567890"),
    ],
)
async def test_track_is_forgiving(desk: Desk, typed: str, name: str) -> None:
    desk.gateway.peers[name] = Peer(ANNA, "Anna")
    assert await desk.say(typed) == "👂 Tracking: Anna"


async def test_a_cyrillic_letter_that_looks_latin_does_no_harm(desk: Desk) -> None:
    desk.gateway.notes[ANNA, 5] = note()
    assert "On it" in await desk.say("/т", reply_to=5, **WITH_ANNA)
    assert await desk.say("/привет", **WITH_ANNA) == ""
    assert await desk.say("/t@some_bot", reply_to=5, **WITH_ANNA) == ""
    assert await desk.say("/сор", **WITH_ANNA) == ""


@pytest.mark.parametrize("typed", ["/auto groups вкл", "/auto ВКЛ группы", "/auto groups,  on\n", ".auto groups on."])
async def test_a_switch_is_thrown_however_it_is_said(desk: Desk, typed: str) -> None:
    assert "✅ groups" in await desk.say(typed)
    assert desk.rules.now.groups is True
    assert desk.rules.now.private is False


async def test_several_switches_are_thrown_at_once(desk: Desk) -> None:
    await desk.say("/auto private, mine on")
    assert (desk.rules.now.private, desk.rules.now.groups, desk.rules.now.mine) == (True, False, True)


@pytest.mark.parametrize("typed", ["/lang russian", "/lang Русский", "/LANG  RU.", "/lang ru_RU"])
async def test_a_language_is_understood_however_it_is_named(desk: Desk, typed: str) -> None:
    await desk.say(typed, **WITH_ANNA)
    assert desk.rules.chats[ANNA].language == "ru"


async def test_a_number_and_wishes_come_in_any_order(desk: Desk) -> None:
    desk.jobs.all[12] = job(state=JobState.DONE)
    for typed in ("/t 12 ru", "/t ru #12", "/t Русский, №12."):
        await desk.say(typed)
        assert desk.jobs.asked.pop() == (note(), Request("ru", on_demand=True))


async def test_the_same_message_with_other_words_is_not_a_new_command(desk: Desk) -> None:
    assert await desk.say("/deliver reply", message_id=7, **WITH_ANNA) != ""
    assert await desk.say("/deliver private", message_id=7, **WITH_ANNA) == ""
    assert desk.rules.chats[ANNA].delivery is Delivery.REPLY

"""What happens on each screen, told once for both languages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from tests.support.chat_fakes import command
from tests.support.fakes import eventually
from tests.support.screen import Owner, transcript
from transcriber.chat.texts import Language
from transcriber.domain import ChatKind, Delivery, FileFormat, Request
from transcriber.errors import Unreadable

FAMILY = -1001234567890

Titles = Mapping[Language, str]
Play = Callable[[Owner], Awaitable[None]]


def words(at: Owner) -> tuple[str, ...]:
    """A few sentences somebody might say."""
    if at.language == "ru":
        return (
            "Привет, это Анна.",
            "Встречу перенесли на семь, начало ровно в девять.",
            "Возьми, пожалуйста, с собой документы и зарядку.",
        )
    return (
        "Hello, this is Anna.",
        "The meeting was moved to seven, and it starts at nine sharp.",
        "Please bring the papers and the charger.",
    )


async def short(at: Owner) -> None:
    await at.done(at.note(), transcript(*words(at)[:2], language=at.language))
    at.show_new()


async def in_a_row(at: Owner) -> None:
    said = words(at)
    began_s = at.clock.now() - 60
    for number, sentence in enumerate(said):
        await at.done(at.note(sent_at_s=began_s + 9 * number), transcript(sentence, language=at.language))
    at.show_new()


async def long(at: Owner) -> None:
    said = words(at) * 12
    note = at.note(duration_s=180)
    await at.done(note, transcript(*said, language=at.language))
    at.show_new()


async def as_file(at: Owner) -> None:
    said = words(at) * 150
    await at.done(at.note(duration_s=2250), transcript(*said, language=at.language))
    at.show_new()


async def progress(at: Owner) -> None:
    job = await at.claimed(at.note(duration_s=95))
    await at.clock.advance(12)
    await at.heard(job, 0.37, " ".join(words(at)))
    at.show_new()


async def doubtful(at: Owner) -> None:
    await at.done(at.note(), transcript(words(at)[0], language=at.language, probability=0.5))
    await at.done(at.note(), transcript())
    at.show_new()


async def failures(at: Owner) -> None:
    job = await at.claimed(at.note())
    await at.status.failed(job, Unreadable())
    at.show_new()


async def held(at: Owner) -> None:
    jobs = [await at.jobs.add(at.note(sent_at_s=at.clock.now() - 4 * 86400), held=True) for _ in range(3)]
    await at.delivery.held([job for job in jobs if job])
    at.show_new()


async def in_others_chat(at: Owner) -> None:
    title = at.say("Family", "Семья")
    await at.type("/deliver reply", chat_id=FAMILY, chat_kind=ChatKind.GROUP, chat_title=title)
    await at.type("/lang ru", chat_id=FAMILY, chat_kind=ChatKind.GROUP, chat_title=title)


async def status(at: Owner) -> None:
    await at.done(at.note(), transcript(words(at)[0]))
    job = await at.claimed(at.note(duration_s=95))
    for _ in range(2):
        await at.jobs.add(at.note())
    await at.heard(job, 0.37, "")
    await at.type("/status")


async def queue(at: Owner) -> None:
    job = await at.claimed(at.note(duration_s=95))
    for _ in range(3):
        await at.jobs.add(at.note(duration_s=12))
    await at.heard(job, 0.37, "")
    await at.type("/queue")
    await at.type("/cancel 2")
    await at.type("/queue x")


async def models(at: Owner) -> None:
    await at.type("/model")
    await at.type("/model small")


async def listening(at: Owner) -> None:
    await at.rules.change_chat(42, title=at.say("Anna", "Анна"))
    with_anna = {"chat_id": 42, "chat_kind": ChatKind.PRIVATE, "chat_title": at.say("Anna", "Анна")}
    await at.type("/track", **with_anna)
    await at.type("/tracked")
    await at.type("/auto")
    await at.type("/auto private on")
    await at.type(at.say("/auto files on", "/auto файлы вкл"), **with_anna)
    await at.type("/auto files on", chat_id=FAMILY, chat_kind=ChatKind.GROUP, chat_title=at.say("Family", "Семья"))
    await at.type("/auto files")
    await at.type("/tracked")


async def names(at: Owner) -> None:
    await at.type(at.say("/words default Stenogram, Kubernetes", "/words default Стенограмма, Кубернетес"))
    await at.type("/words")


async def subtitles(at: Owner) -> None:
    note = at.note()
    await at.jobs.ask(note, Request(as_file=FileFormat.SRT, on_demand=True))
    job = await at.jobs.claim()
    assert job is not None
    await at.status.deliver(job, transcript(*words(at), language=at.language))
    at.show_new()


async def help_(at: Owner) -> None:
    await at.type("/help")
    await at.type("/help t")


async def finding(at: Owner) -> None:
    texts = words(at)
    for number in range(9):
        sent_at_s = at.clock.now() - (9 - number) * 40 * 86400
        said = transcript(*texts[number % 3 :], texts[1], language=at.language)
        await at.done(at.note(sent_at_s=sent_at_s), said)
    typed = at.say("meetings", "встречи")
    await at.type(f"/find {typed}")
    await at.type(f"/find {typed} /2")
    await at.type(at.say('/find "starts at nine"', "/find «начало ровно»"))
    await at.type(f"/find {at.say('unicorn', 'единорог')}")
    await at.type(f"/find {typed} {at.say('unicorn', 'единорог')}")
    await at.type("/find")


async def keeping(at: Owner) -> None:
    for age_days in (40, 20, 1):
        note = at.note(sent_at_s=at.clock.now() - age_days * 86400)
        await at.done(note, transcript(*words(at), language=at.language))
    before = len(at.gateway.shown())
    await at.commands.handle(command("/export 30d", message_id=4000, sent_at_s=at.clock.now()))
    await eventually(lambda: len(at.gateway.shown()) == before + 3)  # two files, and the word that that was all
    at.screens.append("`/export 30d`\n")
    at.show_new(before)
    await at.type("/keep 30")
    await at.type("/keep 30 yes")
    chat = {"chat_id": 42, "chat_kind": ChatKind.PRIVATE, "chat_title": at.say("Anna", "Анна")}
    await at.type("/forget", **chat)
    await at.type("/forget all")


async def mistakes(at: Owner) -> None:
    for text in ("/t", "/cancel", "/retry 99", "/lang klingon", "/deliver everywhere", "/track @nobody_at_all"):
        await at.type(text)


async def reply(at: Owner) -> None:
    await at.rules.change(delivery=Delivery.REPLY)
    await at.done(at.note(), transcript(*words(at)[:2], language=at.language))
    for message in at.gateway.shown(42):
        at.show(message)


STORIES: Final[tuple[tuple[Titles, Play], ...]] = (
    ({"en": "A note", "ru": "Голосовое"}, short),
    ({"en": "While it is worked on", "ru": "Пока идёт работа"}, progress),
    ({"en": "Several in a row", "ru": "Несколько подряд"}, in_a_row),
    ({"en": "A long one", "ru": "Длинное"}, long),
    ({"en": "A very long one", "ru": "Очень длинное"}, as_file),
    ({"en": "As a reply in the chat", "ru": "Ответом в чате"}, reply),
    ({"en": "Not sure, or nothing said", "ru": "Неуверенно или пусто"}, doubtful),
    ({"en": "It did not work", "ru": "Не получилось"}, failures),
    ({"en": "After a long absence", "ru": "После долгого отсутствия"}, held),
    ({"en": "Subtitles", "ru": "Субтитры"}, subtitles),
    ({"en": "Help", "ru": "Справка"}, help_),
    ({"en": "Status", "ru": "Состояние"}, status),
    ({"en": "Queue", "ru": "Очередь"}, queue),
    ({"en": "Models", "ru": "Модели"}, models),
    ({"en": "Names and terms", "ru": "Имена и термины"}, names),
    ({"en": "Whom to listen to", "ru": "Кого слушать"}, listening),
    ({"en": "Typed in a chat with others", "ru": "Набрано в чате с другими"}, in_others_chat),
    ({"en": "Finding what was said", "ru": "Поиск по сказанному"}, finding),
    ({"en": "Taking and deleting it", "ru": "Забрать и удалить"}, keeping),
    ({"en": "Mistakes", "ru": "Ошибки"}, mistakes),
)

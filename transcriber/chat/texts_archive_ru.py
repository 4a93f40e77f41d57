"""What the owner reads about everything that was said, in Russian: finding it, taking it, deleting it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RUSSIAN_ARCHIVE: Final[Mapping[str, str]] = {
    "find.title": "🔎 «{words}»: {n} {n:запись|записи|записей}",
    "find.more": "Дальше:",
    "find.nothing": "🔎 «{words}»: ничего не нашлось. Хватит и начала слова, от трёх букв.",
    "find.not_together": "🔎 «{words}»: ни в одной записи нет всех этих слов.",
    "find.word": "{word}: {n} {n:запись|записи|записей}",
    "find.unquoted": "Слова в любой форме и порядке:",
    "find.everywhere": "Во всех чатах:",
    "find.no_page": "Такой страницы нет: всего их {n}.",
    "archive.file": "Расшифровки",
    "archive.caption_md": "📖 Для чтения: {n} {n:запись|записи|записей}[[ из чата «{chat}»]], "
    "{days}[[, часть {part}]]",
    "archive.caption_json": "🗂 Для программ: {n} {n:запись|записи|записей}[[ из чата «{chat}»]], "
    "{days}[[, часть {part}]]",
    "archive.exported": "📦 Это всё: {notes} {notes:запись|записи|записей} в {n} {n:файле|файлах|файлах}.",
    "archive.export_nothing": "Расшифровок[[ из чата «{chat}»]][[ с {since:day}]] нет.",
    "archive.export_busy": "Уже готовлю файлы. Дождитесь их, потом можно просить снова.",
    "archive.export_failed": "❌ Telegram не принял файл. Попробуйте ещё раз.",
    "archive.forgotten": "🗑 {n:Удалена|Удалены|Удалено} {n} {n:расшифровка|расшифровки|расшифровок}"
    "[[ из чата «{chat}»]].",
    "archive.forgotten_not": "В очереди {n:осталась|остались|осталось} {n} {n:запись|записи|записей}: "
    "{n:её|их|их} текст ещё не доставлен. Отменить: /cancel",
    "archive.forgotten_here": "Сообщения в Telegram остались: удалить их можете только вы.",
    "archive.forget_nothing": "Удалять нечего: расшифровок нет.",
    "archive.forget_confirm": "Будет удалено всё: {n} {n:расшифровка|расшифровки|расшифровок}. Вернуть нельзя. "
    "Подтвердите: {confirm}",
    "archive.kept": "Храню расшифровки {n} {n:день|дня|дней}.",
    "archive.kept_forever": "Храню расшифровки бессрочно.",
    "archive.keep_confirm": "Сейчас старше {days} {days:дня|дней|дней}: {n} {n:расшифровка|расшифровки|расшифровок}. "
    "{n:Она будет удалена|Они будут удалены|Они будут удалены}, вернуть нельзя. Подтвердите: {confirm}",
    "help.find": "найти, где это говорили",
    "help.export": "все расшифровки файлами",
    "help.forget": "удалить расшифровки",
    "help.keep": "сколько хранить расшифровки",
    "usage.find": "Нужно: /find слова; только в этом чате — /find здесь слова; дословно — /find «слова»; "
    "вторая страница — /find слова /2. Например: /find встреча врач",
    "usage.export": "Нужно: /export [@имя, id, ссылка или all] [дата или число дней]; в нужном чате — "
    "просто /export. "
    "Например: /export @anna 2026-10-01 или /export 7d",
    "usage.forget": "Нужно: /forget @имя, id, ссылка, saved или all; в нужном чате — просто /forget, "
    "ответом на запись — только её. Например: /forget @anna",
    "usage.keep": "Нужно: /keep число дней или /keep forever. Например: /keep 90",
    "cli.word": "СЛОВО",
    "cli.date": "ДАТА",
    "cli.find": "найти, где это говорили, во всех расшифровках",
    "cli.find_words": "слова, в любой форме; «фраза в кавычках» — дословно",
    "cli.find_json": "вывести JSON",
    "cli.find_limit": "сколько показать, начиная с самых новых (по умолчанию 20)",
    "cli.export": "все расшифровки одним файлом",
    "cli.export_format": "md или json (по умолчанию md)",
    "cli.export_chat": "только из этого чата: название, @имя или id",
    "cli.export_since": "начиная с даты 2026-10-01 или за столько дней: 7d",
    "cli.export_output": "записать в этот файл",
    "argv.number": "Для {names} нужно число, а не «{value}».",
    "cli.find_nothing": "Ничего не нашлось. Попробуйте другое слово или только одно.",
    "cli.find_total": "{n} {n:запись|записи|записей}, показаны последние: {shown}. Показать больше: --limit",
    "error.chat_unknown": "Такого чата среди расшифровок нет[[: {name}]].",
    "error.chats_fit": "Подходит несколько чатов, назовите id[[: {names:list}]].",
    "error.since_wrong": "Это не дата и не число дней[[: {since}]].",
    "error.unwritable": "Не удаётся записать файл[[: {path}]].",
    "error.store_older": "Данные записаны более ранней версией программы. Запустите её один раз: python userbot.py",
}

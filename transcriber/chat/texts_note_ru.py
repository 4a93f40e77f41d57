"""What stands in and around a transcript, in Russian: headings, progress, why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RUSSIAN_NOTE: Final[Mapping[str, str]] = {
    "note.me": "Вы",
    "note.from_me": "Вы → {chat}",
    "note.nameless": "Без имени",
    "note.saved": "Избранное",
    "note.file": "Расшифровка",
    "note.percent": "{fraction:percent}",
    "note.elapsed": "⏱ {elapsed_s:clock}[[ из ~{expected_s:clock}]]",
    "note.length": "Длительность: {length_s:clock}",
    "note.translated": "Перевод: {language} → английский",
    "note.model": "Модель: {model:model}",
    "note.language": "Похоже, это {language}, но я не уверен. Если язык другой: /t {id} {other}",
    "note.in_file": "Весь текст ({n} {n:слово|слова|слов}) — в файле ниже.",
    "note.nothing_said": "Речи не слышно.",
    "note.cancelled": "Отменено. Всё-таки расшифровать: /retry {id}",
    "note.retry": "Попробовать ещё раз: /retry {id}",
    "note.held": "🕰 Пока меня не было, {n:пришла|пришли|пришло} {n} {n:запись|записи|записей}, "
    "уже слишком {n:старая|старые|старых}, чтобы расшифровывать без спроса ({ids}):",
    "note.held_how": "Расшифровать одну: /retry {id}, все: /retry all",
    "note.held_how_one": "Всё-таки расшифровать: /retry {id}",
    "note.more": "… и ещё {n}",
}

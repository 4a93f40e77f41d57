"""What stands in and around a transcript, in English: headings, progress, why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ENGLISH_NOTE: Final[Mapping[str, str]] = {
    "note.me": "You",
    "note.from_me": "You → {chat}",
    "note.nameless": "No name",
    "note.saved": "Saved Messages",
    "note.file": "Transcript",
    "note.percent": "{fraction:percent}",
    "note.elapsed": "⏱ {elapsed_s:clock}[[ of ~{expected_s:clock}]]",
    "note.length": "Length: {length_s:clock}",
    "note.translated": "Translation: {language} → English",
    "note.model": "Model: {model:model}",
    "note.language": "Probably {language}, but I am not sure. If it is another language: /t {id} {other}",
    "note.in_file": "The whole text, {n} {n:word|words}, is in the file below.",
    "note.nothing_said": "No speech in it.",
    "note.cancelled": "Cancelled. To get it after all: /retry {id}",
    "note.retry": "To try again: /retry {id}",
    "note.held": "🕰 While I was away, {n} {n:note|notes} came in that {n:is|are} too old by now to be transcribed "
    "unasked ({ids}):",
    "note.held_how": "To get one: /retry {id}, all of them: /retry all",
    "note.held_how_one": "To get it after all: /retry {id}",
    "note.more": "… and {n} more",
}

"""What the owner reads about everything that was said, in English: finding it, taking it, deleting it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ENGLISH_ARCHIVE: Final[Mapping[str, str]] = {
    "find.title": "🔎 “{words}”: {n} {n:note|notes}",
    "find.more": "More:",
    "find.nothing": "🔎 “{words}”: nothing found. The beginning of a word will do, from three letters.",
    "find.not_together": "🔎 “{words}”: no note has all of these words.",
    "find.word": "{word}: {n} {n:note|notes}",
    "find.unquoted": "In any form and order:",
    "find.everywhere": "In all chats:",
    "find.no_page": "There is no such page: there {n:is|are} {n}.",
    "archive.file": "Transcripts",
    "archive.caption_md": "📖 To read: {n} {n:note|notes}[[ of the chat “{chat}”]], {days}[[, part {part}]]",
    "archive.caption_json": "🗂 For programs: {n} {n:note|notes}[[ of the chat “{chat}”]], {days}[[, part {part}]]",
    "archive.exported": "📦 That is all: {notes} {notes:note|notes} in {n} {n:file|files}.",
    "archive.export_nothing": "There are no transcripts[[ of the chat “{chat}”]][[ since {since:day}]].",
    "archive.export_busy": "Files are being prepared already. Wait for them, then ask for more.",
    "archive.export_failed": "❌ Telegram did not take a file. Try again.",
    "archive.forgotten": "🗑 Deleted {n} {n:transcript|transcripts}[[ from the chat “{chat}”]].",
    "archive.forgotten_not": "{n} {n:note is|notes are} still in the queue: the text is not delivered yet. "
    "To cancel: /cancel",
    "archive.forgotten_here": "The messages in Telegram are still there: they are yours to delete.",
    "archive.forget_nothing": "There is nothing to delete: no transcripts.",
    "archive.forget_confirm": "This deletes everything: {n} {n:transcript|transcripts}, for good. "
    "To confirm: {confirm}",
    "archive.kept": "Transcripts are kept for {n} {n:day|days}.",
    "archive.kept_forever": "Transcripts are kept for ever.",
    "archive.keep_confirm": "Older than {days} {days:day|days} now: {n} {n:transcript|transcripts}. "
    "{n:It|They} will be deleted for good. To confirm: {confirm}",
    "help.find": "find where something was said",
    "help.export": "all transcripts as files",
    "help.forget": "delete transcripts",
    "help.keep": "how long transcripts are kept",
    "usage.find": 'Expected: /find words; only in this chat: /find here words; word for word: /find "words"; '
    "the second page: /find words /2. Example: /find meeting doctor",
    "usage.export": "Expected: /export [@name, id, link or all] [date or number of days]; in the chat itself "
    "just /export. "
    "Example: /export @anna 2026-10-01 or /export 7d",
    "usage.forget": "Expected: /forget @name, id, link, saved or all; in the chat itself just /forget, "
    "as a reply to a note only that one. Example: /forget @anna",
    "usage.keep": "Expected: /keep number of days, or /keep forever. Example: /keep 90",
    "cli.word": "WORD",
    "cli.date": "DATE",
    "cli.find": "find where something was said, in all transcripts",
    "cli.find_words": "words, in any form; “a phrase” in quotes of its own: word for word",
    "cli.find_json": "print JSON",
    "cli.find_limit": "how many to show, the newest (default: 20)",
    "cli.export": "all transcripts as one file",
    "cli.export_format": "md or json (default: md)",
    "cli.export_chat": "of this chat only: its title, @name or id",
    "cli.export_since": "since a date, 2026-10-01, or so many days back: 7d",
    "cli.export_output": "write to this file",
    "argv.number": "{names} needs a number, not “{value}”.",
    "cli.find_nothing": "Nothing found. Try a single word, or another one.",
    "cli.find_total": "{n} {n:note|notes}, the newest {shown} shown. More: --limit",
    "error.chat_unknown": "There is no such chat among the transcripts[[: {name}]].",
    "error.chats_fit": "Several chats fit, name one by its id[[: {names:list}]].",
    "error.since_wrong": "Neither a date nor a number of days[[: {since}]].",
    "error.unwritable": "This file cannot be written[[: {path}]].",
    "error.store_older": "The data was written by an earlier version. Start the program once: python userbot.py",
}

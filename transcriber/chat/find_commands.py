"""/find: everything that was said, searched; a page of it reads well on a phone."""

from __future__ import annotations

import re

from transcriber.chat.answers import Answer
from transcriber.chat.headings import list_note
from transcriber.chat.parse import HERE_WORDS
from transcriber.chat.rich import Builder, clean_name, head
from transcriber.chat.texts import Texts
from transcriber.domain import Command, Found, Rich, SpanKind
from transcriber.protocols import Archive

PAGE = 7
_MOST_WORDS = 16
_WORD_UNITS = 64
_PAGE_NUMBER = re.compile(r"/(\d{1,5})\Z")
_BEFORE = 50  # characters of a snippet before the first word found
_SNIPPET = 180
_COUNTED_WORDS = 5
_QUOTES = frozenset('"«»“”„')


class FindCommands:
    """Reads the archive."""

    def __init__(self, archive: Archive, texts: Texts) -> None:
        self._archive = archive
        self._texts = texts

    async def find(self, command: Command, args: tuple[str, ...]) -> Answer:
        """One page of what has all these words; of this chat only after `here`; the number of a page comes last."""
        number = _PAGE_NUMBER.match(args[-1]) if args else None
        page = max(1, int(number[1])) if number else 1
        said = [head(word, _WORD_UNITS) for word in (args[:-1] if number else args)]
        here = len(said) > 1 and said[0].lower() in HERE_WORDS
        typed = " ".join(said[here:][:_MOST_WORDS])
        if not any(letter.isalnum() for letter in typed):
            return self._texts("usage.find")
        chat_id = command.chat_id if here else None
        total, found = await self._archive.find(typed, chat_id=chat_id, skip=(page - 1) * PAGE, limit=PAGE)
        pages = -(-total // PAGE)
        if not total:
            return await self._nothing(command, typed, chat_id)
        if not found:
            return self._texts("find.no_page", n=pages)
        builder = Builder().add(self._texts("find.title", words=_shown(typed), n=total), SpanKind.BOLD)
        if pages > 1:
            builder.add(f" · {page}/{pages}")
        for each in found:
            builder.add("\n\n").append(list_note(each.note, command.sent_at_s, self._texts).rich())
            builder.add("\n").append(snippet(each))
        if page < pages:
            again = f"{command.text.split()[0]} {said[0] + ' ' if here else ''}{typed} /{page + 1}"
            builder.add("\n\n" + self._texts("find.more") + " ").add(again, SpanKind.CODE)
        return builder.rich()

    async def _nothing(self, command: Command, typed: str, chat_id: int | None) -> Rich:
        """What there is instead, and how to look further."""
        words = [word for word in dict.fromkeys(typed.split()) if any(letter.isalnum() for letter in word)]
        single = words if not _QUOTES & {*typed} else []
        builder = Builder()
        if 1 < len(single) <= _COUNTED_WORDS:
            builder.add(self._texts("find.not_together", words=_shown(typed)))
            for word in single:
                count, _ = await self._archive.find(word, chat_id=chat_id, limit=0)
                builder.add("\n" + self._texts("find.word", word=clean_name(word), n=count))
        else:
            builder.add(self._texts("find.nothing", words=_shown(typed)))
        name = command.text.split()[0]
        if _QUOTES & {*typed}:
            bare = " ".join("".join(" " if sign in _QUOTES else sign for sign in typed).split())
            builder.add("\n" + self._texts("find.unquoted") + " ").add(f"{name} {bare}", SpanKind.CODE)
        if chat_id is not None:
            builder.add("\n" + self._texts("find.everywhere") + " ").add(f"{name} {typed}", SpanKind.CODE)
        return builder.rich()


def snippet(found: Found) -> Rich:
    """The words around the first that was looked for, and those in bold."""
    text = found.text
    first = found.marks[0][0] if found.marks else 0
    start = 0 if first <= _BEFORE else _after_space(text, first - _BEFORE, first)
    end = _before_space(text, start + _SNIPPET, found.marks[0][1] if found.marks else 0)
    builder = Builder().add("…" if start else "")
    at = start
    for mark, mark_end in found.marks:
        if mark >= end:
            break
        builder.add(_line(text[at:mark])).add(text[mark : min(mark_end, end)], SpanKind.BOLD)
        at = min(mark_end, end)
    return builder.add(_line(text[at:end])).add("…" if end < len(text) else "").rich()


def _shown(typed: str) -> str:
    """What was typed as it stands between quotes of ours."""
    return clean_name("".join('"' if sign in _QUOTES else sign for sign in typed))


def _after_space(text: str, start: int, limit: int) -> int:
    space = text.find(" ", start, limit)
    return start if space < 0 else space + 1


def _before_space(text: str, end: int, least: int) -> int:
    if end >= len(text):
        return len(text)
    space = text.rfind(" ", least, end)
    return end if space < 0 else space


def _line(text: str) -> str:
    return "".join(" " if letter.isspace() else letter for letter in text)

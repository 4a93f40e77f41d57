"""/words: names and terms that the recogniser should expect, for a chat or for all."""

from __future__ import annotations

import re

from transcriber.chat.answers import Answer
from transcriber.chat.parse import DEFAULT_WORDS, NO_WORDS
from transcriber.chat.place import hint, place_name
from transcriber.chat.ports import Rules
from transcriber.chat.texts import Texts
from transcriber.domain import Command

# The recogniser is given at most 223 tokens of these, from the front: about 450 letters, of Cyrillic names too
# (measured: two letters a token). So much for the chat and as much for all chats fits together.
MOST_LETTERS = 200
_EXAMPLE = "words default …"


class WordCommands:
    """A new list takes the place of the old one; every answer says what holds now."""

    def __init__(self, rules: Rules, texts: Texts) -> None:
        self._rules = rules
        self._texts = texts

    async def words(self, command: Command, _args: tuple[str, ...]) -> Answer:
        """Set, clear or show the list."""
        listed, everywhere = _taken_apart(command.text)
        if not listed:
            return await self._shown(command)
        words = "" if listed.lower() in NO_WORDS else _tidy(listed)
        if len(words) > MOST_LETTERS:
            return self._texts("answer.words_too_long", n=len(words), most=MOST_LETTERS)
        if everywhere:
            await self._rules.change(words=words)
            key = "answer.words_all" if words else "answer.words_all_none"
            return self._texts(key, words=words)
        await self._rules.change_chat(command.chat_id, title=place_name(command, self._texts), words=words)
        lines = [self._for_chat(command, words)]
        return "\n".join([*lines, *hint(command, not words, self._texts.prefix + _EXAMPLE, self._texts)])

    async def _shown(self, command: Command) -> str:
        own = (await self._rules.of_chat(command.chat_id)).words
        everywhere = (await self._rules.preferences()).words
        all_key = "answer.words_all" if everywhere else "answer.words_all_none"
        lines = [self._for_chat(command, own), self._texts(all_key, words=everywhere), self._texts("usage.words")]
        return "\n".join(lines)

    def _for_chat(self, command: Command, words: str) -> str:
        key = "answer.words_chat" if words else "answer.words_chat_none"
        return self._texts(key, chat=place_name(command, self._texts), words=words)


def _taken_apart(text: str) -> tuple[str, bool]:
    """What was listed, and whether it is meant for all chats: said before or after the list."""
    _, *rest = text.split(None, 1)
    listed = rest[0].strip() if rest else ""
    for found in (
        re.match(r"(?:по\s+)?([^\s,;]+):?(?:\s+|\Z)", listed),
        re.search(r"\s(?:по\s+)?([^\s,;]+)\Z", listed),
    ):
        if found and found[1].lower().rstrip(":") in DEFAULT_WORDS:
            return (listed[: found.start()] + listed[found.end() :]).strip(), True
    return listed, False


def _tidy(listed: str) -> str:
    """Each word or name once, with commas between them."""
    names = (" ".join(part.split()) for part in re.split("[,;\\n]", listed))
    return ", ".join(dict.fromkeys(name for name in names if name))

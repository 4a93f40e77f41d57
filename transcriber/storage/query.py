"""What the owner looks for, as the index is asked for it, and where it stands in a text: pure functions.

Whatever was typed, only its words are taken, each in quotes: nothing in it can be a mistake in, or part of, the
language of the index.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from transcriber.storage.words import beginning_like, folded, stem, words

_MOST_WORDS = 16
_SHORTEST_BEGINNING = 3
_SEEN_AROUND = 400  # characters


@dataclass(frozen=True, slots=True)
class Query:
    """Words, folded, each once, all of them to be found."""

    words: tuple[str, ...]
    beginnings: tuple[str, ...] = ()  # of these, words that begin like them will do too

    def expression(self, chat_id: int | None) -> str:
        """In the language of the index; of all chats or of one."""
        wanted = [self._term(word) for word in self.words]
        return " AND ".join(wanted if chat_id is None else [f'"_{chat_id}"', *wanted])

    def _term(self, word: str) -> str:
        exact = f'"{stem(word)}"'
        return f'({exact} OR "{word}"*)' if word in self.beginnings else exact


def query(typed: str) -> Query:
    """What was typed, taken apart."""
    return Query(tuple(dict.fromkeys(words(typed)))[:_MOST_WORDS])


def either(wanted: Query) -> Query:
    """The same words, and those that begin like them."""
    return replace(wanted, beginnings=tuple(word for word in wanted.words if len(word) >= _SHORTEST_BEGINNING))


def marks(text: str, wanted: Query) -> tuple[tuple[int, int], ...]:
    """Where those words stand in the text, from the first on as far as a reader sees around it: start and end of
    each, in characters, in order."""
    stems = {stem(word) for word in wanted.words}
    meant: dict[str, bool] = {}
    found: list[tuple[int, int]] = []
    for alike in beginning_like(wanted.words).finditer(text):
        if found and alike.start() > found[0][0] + _SEEN_AROUND:
            break
        word = alike[0]
        if word not in meant:
            form = folded(word)
            meant[word] = stem(form) in stems or form.startswith(wanted.beginnings)
        if meant[word]:
            found.append(alike.span())
    return tuple(found)

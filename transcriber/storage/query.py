"""What the owner looks for, as the index is asked for it, and where it stands in a text: pure functions.

Whatever was typed, only its words are taken, each in quotes: nothing in it can be a mistake in, or part of, the
language of the index. What the owner puts in quotes is to be said so, word for word: the index knows no order, so the
texts are asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from transcriber.storage.forms import stems_of
from transcriber.storage.words import beginning_like, folded, stem, words

_MOST_WORDS = 16
_SHORTEST_BEGINNING = 3
_SEEN_AROUND = 400  # characters
_QUOTED = re.compile('["«“”„]([^"«»“”„]*)["»“”]')
_REMEMBERED = 64

Phrase = tuple[str, ...]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Query:
    """Words, folded, each once, all of them to be found in any form; and some to be found as they are, in a row."""

    words: tuple[str, ...]
    phrases: tuple[Phrase, ...] = ()
    beginnings: tuple[str, ...] = ()  # of the words: such that words that begin like them will do too

    def __bool__(self) -> bool:
        return bool(self.words or self.phrases)

    def expression(self, chat_id: int | None) -> str:
        """In the language of the index; of all chats or of one."""
        wanted = [self._term(word) for word in self.words]
        wanted += dict.fromkeys(f'"{stem(word)}"' for phrase in self.phrases for word in phrase)
        return " AND ".join(wanted if chat_id is None else [f'"_{chat_id}"', *wanted])

    def in_text(self, text: str) -> bool:
        """Whether what is to be said in a row is said so there."""
        return all(_in_a_row(phrase).search(text) for phrase in self.phrases)

    def _term(self, word: str) -> str:
        terms = [f'"{each}"' for each in sorted(stems_of(word))]
        if word in self.beginnings:
            terms.append(f'"{word}"*')
        return terms[0] if len(terms) == 1 else f"({' OR '.join(terms)})"


def query(typed: str) -> Query:
    """What was typed, taken apart."""
    phrases = [tuple(words(quoted[1]))[:_MOST_WORDS] for quoted in _QUOTED.finditer(typed)]
    rest = tuple(dict.fromkeys(words(_QUOTED.sub(" ", typed))))[:_MOST_WORDS]
    return Query(rest, tuple(dict.fromkeys(phrase for phrase in phrases if phrase))[:_MOST_WORDS])


def either(wanted: Query) -> Query:
    """The same words, and those that begin like them."""
    return replace(wanted, beginnings=tuple(word for word in wanted.words if len(word) >= _SHORTEST_BEGINNING))


def marks(text: str, wanted: Query) -> tuple[Span, ...]:
    """Where those words stand in the text, from the first on as far as a reader sees around it: start and end of
    each, in characters, in order."""
    quoted = [found.span() for phrase in wanted.phrases for found in _in_a_row(phrase).finditer(text)]
    found = list[Span]()
    for span in _apart(sorted([*quoted, *_said(text, wanted, min(quoted)[0] if quoted else 0)])):
        if found and span[0] > found[0][0] + _SEEN_AROUND:
            break
        found.append(span)
    return tuple(found)


def _said(text: str, wanted: Query, first: int) -> Iterator[Span]:
    """Where the words stand that may be in any form, as far as a reader sees from the first of them or, with a phrase
    that begins at `first`, around that."""
    if not wanted.words:
        return
    stems = frozenset[str]().union(*map(stems_of, wanted.words))
    meant: dict[str, bool] = {}
    begun = max(0, first - _SEEN_AROUND) if wanted.phrases else None
    for alike in beginning_like({*wanted.words, *stems}).finditer(text, begun or 0):
        if begun is not None and alike.start() > begun + 2 * _SEEN_AROUND:
            return
        word = alike[0]
        if word not in meant:
            form = folded(word)
            meant[word] = stem(form) in stems or form.startswith(wanted.beginnings)
        if meant[word]:
            begun = alike.start() if begun is None else begun
            yield alike.span()


def _apart(spans: list[Span]) -> Iterator[Span]:
    """The spans without those that overlap one before."""
    last = -1
    for start, end in spans:
        if start >= last:
            yield start, end
            last = end


@lru_cache(_REMEMBERED)
def _in_a_row(phrase: Phrase) -> re.Pattern[str]:
    """Matches these words as they stand in a text, with nothing between them but what is no word."""
    said = r"[\W_]+".join("['’\u0301]*".join(map(_in_either_case, word)) for word in phrase)
    # The first letter, then what stands in front of it: quicker than the other way round.
    first, rest = said.split("]", 1)
    return re.compile(rf"{first}](?<![^\W_].){rest}(?![^\W_])")


def _in_either_case(letter: str) -> str:
    both = {letter, letter.upper()} if len(letter.upper()) == 1 else {letter}
    return f"[{''.join(sorted(both | ({'ё', 'Ё'} if letter == 'е' else set())))}]"

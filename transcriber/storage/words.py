"""Words as the search sees them: what is one, and which forms are the same word. Russian and English; pure functions.

Case, punctuation and the two letters ё and е make no difference. A form is cut down to a stem, in Russian by the
endings of the Snowball stemmer (https://snowballstem.org/algorithms/russian/stemmer.html) and by the vowel that comes
and goes (звонок, звонки), in English by Porter's first step: a search means the same word, not related ones.
docs/decisions.md has the figures.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from functools import lru_cache

_LONGEST = 64  # of a word, in characters: nobody says a longer one
_REMEMBERED = 8192
# Inside a word: apostrophes, and accents that are characters of their own (an и and such a one make a й).
_REST = r"(?:['’\u0300-\u036f]+[^\W_]+)*\u0301?"
_WORD = re.compile(rf"[^\W_]+{_REST}")

_VOWELS = "аеиоуыэюя"
_RUSSIAN = re.compile("[а-я]+")
_AFTER_FIRST_VOWEL = re.compile(f"[^{_VOWELS}]*[{_VOWELS}]")


def _one_of(endings: str, after_a: str = "") -> re.Pattern[str]:
    """Matches the longest of the endings at the end of a word; those of `after_a` only behind а or я."""
    alternatives = [f"(?<=[ая])(?:{after_a.replace(' ', '|')})"] if after_a else []
    return re.compile(f"(?:{'|'.join([*alternatives, *endings.split()])})$")


_GERUND = _one_of("ив ивши ившись ыв ывши ывшись", "в вши вшись")
_REFLEXIVE = re.compile("(?:ся|(?<=л[аои])сь|(?<=[еую])сь)$")  # not the сь of запись
_ADJECTIVE = _one_of(
    "ее ие ые ое ими ыми ей ий ый ой ем им ым ом его ого ему ому их ых ую юю ая яя ою ею",
)
_PARTICIPLE = _one_of("ивш ывш ующ", "ем нн вш ющ щ")
_VERB = _one_of(
    "ила ыла ена ейте уйте ите или ыли ей уй ил ыл им ым ен ило ыло ено ят ует уют ит ыт ены ить ыть ишь ую ю",
    "ла на ете йте ли й л ем н ло но ет ют ны ть ешь нно",
)
_NOUN = _one_of(
    "а ев ов ие ье е иями ями ами еи ии и ией ей ой ий й иям ям ием ем ам ом о у ах иях ях ы ь ию ью ю ия ья я"
)
_COMES_AND_GOES = re.compile(f"(?<=[^{_VOWELS}])[ое](?=[гклнрц]$)")
_BETWEEN = re.compile(f"(?<=..)ь(?=[^{_VOWELS}])|(?<=[бвмпф])л$")  # письмо, писем; купить, куплю
_RUSSIAN_SHORTEST = 4  # a stem from which a vowel may go: кот is not кит

_ES = re.compile("(?:[sx]|ch|sh|z)es$")
_ED = re.compile("(?:ed|ing)$")
_DOUBLE = re.compile(r"([bdfgklmnprt])\1$")
_SILENT_E = re.compile("(?:at|bl|iz)$")
_SHORT = re.compile("(?:^|[^aeiouy])[aeiouy][^aeiouywx]$|^[aeiouy][^aeiouy]$")
_SYLLABLE = re.compile("[aeiouy][^aeiouy]")

_ALSO = {  # stems of one word that no rule brings together
    **{"времн": "врем", "имн": "им", "дочр": "доч", "матр": "мат"},
}


def words(text: str) -> Iterator[str]:
    """Every word of a text, folded, in order."""
    return (folded(found[0]) for found in _WORD.finditer(text))


def beginning_like(said: Collection[str]) -> re.Pattern[str]:
    """Matches, as they stand in a text, the words that may have the stem of one of these folded words, and some more:
    a stem keeps the first two letters."""
    first, second = (_in_any_case({word[at : at + 1] for word in said}) for at in (0, 1))
    # The letter first, then what stands in front of it: so an hour of speech is gone through in a millisecond.
    return re.compile(rf"[{first}](?<![^\W_].)[\u0300-\u036f]*(?:[{second}][^\W_]*)?{_REST}")


def _in_any_case(letters: Collection[str]) -> str:
    bare = {unicodedata.normalize("NFD", letter)[:1] for letter in letters} | ({"ё"} if "е" in letters else set())
    return "".join({*letters, *bare, *(letter.upper() for letter in {*letters, *bare})}) or "_"


def stems(text: str) -> str:
    """The stems of all words of a text, in order, with spaces between them."""
    return " ".join(map(stem, words(text)))


def folded(word: str) -> str:
    """The word in lower case, without accents that are characters of their own, ё as е."""
    whole = unicodedata.normalize("NFC", word).lower().replace("ё", "е")
    return whole if whole.isalnum() else "".join(filter(str.isalnum, whole))


@lru_cache(_REMEMBERED)
def stem(word: str) -> str:
    """What the forms of a folded word have in common."""
    word = word[:_LONGEST]
    if _RUSSIAN.fullmatch(word):
        found = _russian(word)
        return _ALSO.get(found, found)
    return _english(word) if word.isascii() and word.isalpha() else word


def _russian(word: str) -> str:
    start = _AFTER_FIRST_VOWEL.match(word)
    if start is None:
        return word
    rest = _without_ending(word[start.end() :])
    rest = rest.rstrip("еи").removesuffix("ь")
    rest = rest[:-1] if rest.endswith("нн") else rest
    found = _BETWEEN.sub("", word[: start.end()] + rest)
    if len(found) >= _RUSSIAN_SHORTEST:
        found = _COMES_AND_GOES.sub("", found)
    return found


def _without_ending(rest: str) -> str:
    if (shorter := _GERUND.sub("", rest, count=1)) != rest:
        return shorter
    rest = _REFLEXIVE.sub("", rest, count=1)
    if (shorter := _ADJECTIVE.sub("", rest, count=1)) != rest:
        return _PARTICIPLE.sub("", shorter, count=1)
    if (shorter := _VERB.sub("", rest, count=1)) != rest:
        return shorter
    return _NOUN.sub("", rest, count=1)


def _english(word: str) -> str:
    if len(word) < 3:
        return word
    word = _without_s(word)
    if word.endswith("eed"):
        word = word[:-1] if _syllables(word[:-3]) else word
    elif (shorter := _ED.sub("", word)) != word and re.search("[aeiouy]", shorter):
        word = _mended(shorter)
    if word.endswith("y") and len(word) > 2 and word[-2] not in "aeiou":
        return word[:-1] + "i"
    if word.endswith("ll"):
        return word[:-1]
    shorter = word.removesuffix("e")
    return shorter if _syllables(shorter) > bool(_SHORT.search(shorter)) else word


def _without_s(word: str) -> str:
    if word.endswith("ies"):
        return word[:-2] if len(word) > 4 else word[:-1]
    if len(word) > 4 and _ES.search(word):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _mended(word: str) -> str:
    """What is left without -ed or -ing, as it stands without them: hoping, hope; stopped, stop."""
    if _SILENT_E.search(word) or (_SHORT.search(word) and not _syllables(word[:-1])):
        return word + "e"
    return word[:-1] if _DOUBLE.search(word) else word


def _syllables(word: str) -> int:
    """How many times a consonant follows a vowel."""
    return len(_SYLLABLE.findall(word))

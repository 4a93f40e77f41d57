"""Under which stems the forms of a word lie in the index: a search asks for all of them.

The stems in the index are left as they are (words.py): what they part, the question brings together again. So
no archive has to be indexed anew when a word is added here. Forms that nobody says are harmless: they are not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache

from transcriber.storage import irregular_en, irregular_ru
from transcriber.storage.words import stem

_REMEMBERED = 1024
_VOWELS = "аеиоуыэюя"
_PAST = ["ть", "л", "ла", "ло", "ли"]
_FIRST = ["у", "ю", "ешь", "ет", "ем", "ете", "ут", "ют"]
_SECOND = ["у", "ю", "ишь", "ит", "им", "ите", "ат", "ят"]
_SHORTEST_GUESS = 4  # so that рисовать finds no рис
_NEVER = frozenset(irregular_ru.NEVER.split())
_PREFIXES = tuple(sorted(irregular_ru.PREFIXES.split(), key=len, reverse=True))
_REFLEXIVE = re.compile("(?:ся|сь)$")

Forms = tuple[str, ...]

# Kinds of words so productive that no table holds them: what a form ends with, and what the others do.
_KINDS = tuple(
    (re.compile(f"(..+)(?:{'|'.join(known.split())})(?:ся|сь)?"), tuple(more.split()))
    for known, more in (
        (
            "овать овал овала овало овали ую уешь ует уем уете уют уй уйте",
            "овать овал овала ую уешь ует уем уете уют уй уйте",
        ),
        ("евать евал евала евали", "евать евал евала ую уешь ует уем уете уют уй"),
        ("нуть нул нула нуло нули нешь", "нуть нул нула ну нешь нет нем нете нут ни"),
        ("(?<=[жчшщ])(?:ить|ишь|ит|им|ите|ил|ила|или|ат)", "ить ишь ил у ат"),
        ("(?<=[аеиоу])(?:йка|йки|йке|йку|йкой|йкам|йками|йках|ек)", "йка йки йку ек"),
    )
)
# Nouns that end like an inflected form: the ending is taken from план and кредит, and not from плану and кредиту.
_LIKE_AN_ENDING = re.compile("(...*(?:[ая]л|[аея]н|[иы]т|[иоеа]м|ых|ят))(?:а|у|ом|е|ы|ов|ам|ами|ах|ой)?")


@lru_cache(_REMEMBERED)
def stems_of(word: str) -> frozenset[str]:
    """The stems of all forms of a folded word, its own among them."""
    own = stem(word)
    if not re.fullmatch("[а-я]+", word):
        return frozenset({own}.union(*_english().get(own, ())))
    if known := {stem(form) for forms in _known(word) for form in forms}:
        return frozenset({own, *(known - _NEVER)})
    return frozenset({own, *_alike(word)})


def _known(word: str) -> Iterator[Forms]:
    """The forms of that word, of each that it may be, by the tables."""
    yield from _nouns().get(word, ())
    bare = _REFLEXIVE.sub("", word, count=1)
    bound, verbs = _verbs()
    yield from bound.get(bare, ())
    yield from verbs.get(bare, ())
    for prefix in _PREFIXES:
        if bare.startswith(prefix):
            for forms in verbs.get(bare[len(prefix) :], ()):
                yield tuple(prefix + form for form in forms)


def _alike(word: str) -> Iterator[str]:
    """The stems that the forms of a word of its kind have."""
    for pattern, endings in _KINDS:
        if kind := pattern.fullmatch(word):
            made = (stem(kind[1] + ending) for ending in endings)
            yield from (each for each in made if len(each) >= _SHORTEST_GUESS and each not in _NEVER)
    if noun := _LIKE_AN_ENDING.fullmatch(word):
        yield from (stem(noun[1]), stem(noun[1] + "у"))


@cache
def _nouns() -> Mapping[str, list[Forms]]:
    return _by_form(tuple(line.split()) for line in irregular_ru.FORMS.strip().splitlines())


@cache
def _english() -> Mapping[str, list[Forms]]:
    by_stem: dict[str, list[Forms]] = {}
    for line in irregular_en.FORMS.strip().splitlines():
        forms = tuple(dict.fromkeys(map(stem, line.split())))
        for form in forms:
            by_stem.setdefault(form, []).append(forms)
    return by_stem


@cache
def _verbs() -> tuple[Mapping[str, list[Forms]], Mapping[str, list[Forms]]]:
    """Those that are there without a prefix only, and the others."""
    verbs = [
        *(_conjugated(line, _FIRST) for line in irregular_ru.FIRST_CONJUGATION.strip().splitlines()),
        *(_conjugated(line, _SECOND) for line in irregular_ru.SECOND_CONJUGATION.strip().splitlines()),
        *(_conjugated(line, [*_FIRST, *_SECOND]) for line in irregular_ru.MIXED.strip().splitlines()),
    ]
    bound = [_conjugated(line, [*_FIRST, *_SECOND]) for line in irregular_ru.BOUND.strip().splitlines()]
    return _by_form(bound), _by_form(verbs)


def _conjugated(line: str, endings: list[str]) -> Forms:
    past, *rest = line.split()
    forms = [] if past == "-" else [past + ending for ending in _PAST]
    for each in rest:
        if each.endswith("."):
            forms.append(each[:-1])
        elif each[-1] in _VOWELS:
            forms += [each + ending for ending in endings if ending[0] not in "уа"] + [each + "й", each + "йте"]
        else:
            forms += [each + ending for ending in endings] + [each + "и", each + "ите", each + "ись"]
    return tuple(dict.fromkeys(forms))


def _by_form(words: Iterable[Forms]) -> Mapping[str, list[Forms]]:
    by_form: dict[str, list[Forms]] = {}
    for forms in words:
        for form in forms:
            by_form.setdefault(form, []).append(forms)
    return by_form

"""Text as Telegram takes it: measured in UTF-16, nothing in it that Telegram would change, signs kept whole."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.said import anything, anything_long, check_sound, spanned, utf16
from transcriber.chat.rich import Builder, clean_name, head, is_inside_sign, sendable, units
from transcriber.domain import Rich, Span, SpanKind

FAMILY = "👨‍👩‍👧‍👦"
ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@given(anything_long)
def test_units_are_counted_as_telegram_counts(text: str) -> None:
    assert units(sendable(text)) == utf16(sendable(text))


@given(anything)
@example("\ud83d\ude00")  # the two halves of an emoji as two characters
def test_what_is_sendable_is_never_longer_and_stays_as_it_is(text: str) -> None:
    clean = sendable(text)
    clean.encode("utf-16-le")  # raises for what cannot be sent
    assert len(clean) <= len(text)
    assert utf16(clean) <= units(text)
    assert sendable(clean) == clean


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Привет, 👨‍👩‍👧!\nשלום", "Привет, 👨‍👩‍👧!\nשלום"),
        ("a\0b\tc\x1fd", "a b c d"),
        ("one\r\ntwo", "one \ntwo"),
        ("one\u2028two\u2029three", "one\ntwo\nthree"),
        ("\u202eevil\u202c", "evil"),
        ("half \ud83d a smile", "half \ufffd a smile"),
    ],
)
def test_what_telegram_would_change_or_refuse_is_changed_before(text: str, kept: str) -> None:
    assert sendable(text) == kept


@given(anything, st.integers(0, 500))
def test_heads_fit_and_are_the_beginning(text: str, limit: int) -> None:
    assert text.startswith(head(text, limit))
    assert units(head(text, limit)) <= limit


@pytest.mark.parametrize("sign", [FAMILY, "👍🏽", "🇷🇺", ENGLAND, "е́", "✍️", "é", "😀"])
def test_what_is_drawn_as_one_sign_is_not_cut(sign: str) -> None:
    length = units(sign)
    for limit in range(length, 5 * length):
        assert head(sign * 5, limit) == sign * (limit // length)


def test_a_letter_under_endless_accents_is_cut_all_the_same() -> None:
    assert head("x" + "\u0301" * 5000, 100) == "x" + "\u0301" * 99


def test_flags_are_counted_in_pairs() -> None:
    flags = "🇷🇺🇩🇪"
    assert [is_inside_sign(flags, at) for at in range(5)] == [False, True, False, True, False]


names = st.text(max_size=60) | anything


@given(names)
@example("x" * 39 + "👨‍👩‍👧")
def test_a_cleaned_name_is_one_short_visible_line(name: str) -> None:
    shown = clean_name(name)
    assert units(shown) <= 40
    assert len(shown.splitlines()) <= 1
    assert shown == shown.strip() == sendable(shown)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Anna\n\tMaria", "Anna Maria"),
        ("\u202eevil\u202c", "evil"),
        ("A\u200bn\u200dn\ufeffa", "Anna"),
        ("\u3164\u2800", ""),
        ("x" * 100, "x" * 39 + "…"),
        ("😀" * 30, "😀" * 19 + "…"),
        ("  Анна ", "Анна"),
    ],
)
def test_names_of_others_are_made_harmless(name: str, shown: str) -> None:
    assert clean_name(name) == shown


kinds = st.sampled_from([None, *SpanKind])


@given(st.lists(st.tuples(anything, kinds), max_size=9))
def test_whatever_is_built_telegram_would_leave_as_it_is(pieces: list[tuple[str, SpanKind | None]]) -> None:
    builder = Builder().add("🎙 ")
    for text, kind in pieces:
        builder.add(text, kind)
    built = builder.rich()
    check_sound(built, 100_000)
    formatted = [(kind, sendable(text).strip()) for text, kind in pieces if kind]
    assert spanned(built) == [(kind, text) for kind, text in formatted if text]
    assert built.text == sendable("🎙 " + "".join(sendable(text) for text, _ in pieces)).strip()


@given(st.lists(st.tuples(anything, kinds), max_size=5))
def test_what_was_built_can_be_put_behind_something_else(pieces: list[tuple[str, SpanKind | None]]) -> None:
    builder = Builder()
    for text, kind in pieces:
        builder.add(text, kind)
    assert spanned(Builder().add("😀").append(builder.rich()).rich()) == spanned(builder.rich())


def test_formatting_neither_begins_nor_ends_with_white_space() -> None:
    built = Builder().add(" \n").add(" bold \n", SpanKind.BOLD).add("\n\n", SpanKind.QUOTE).add(" end ").rich()
    assert built == Rich("bold \n\n\n end", (Span(SpanKind.BOLD, 0, 4),))

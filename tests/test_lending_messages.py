"""What goes over the line is read to the letter, or not at all."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcriber import __version__
from transcriber.lending.messages import (
    Beat,
    Done,
    Drop,
    Failed,
    Here,
    Leaving,
    Lend,
    Malformed,
    Message,
    Moved,
    OtherVersion,
    Piece,
    Want,
    decode,
    encode,
)

words = st.text(st.characters(exclude_categories=["Cs"]))
amounts = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, 2**53)
details = st.dictionaries(words, words | amounts)

MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(Here, words, counts, words, amounts),
    st.builds(Lend, words, words, counts, words, st.none() | words, st.booleans(), words, counts),
    st.builds(Piece, words, words, counts, st.binary(max_size=200)),
    st.builds(Drop, words, words),
    st.builds(Beat, words, words, counts, words, counts, words, st.none() | amounts, st.lists(words).map(tuple)),
    st.builds(Want, words, words, counts),
    st.builds(Moved, words, words, amounts, amounts, words),
    st.builds(
        Done, words, words, st.lists(st.tuples(amounts, amounts, words)).map(tuple), words, amounts, amounts, amounts
    ),
    st.builds(Failed, words, words, words, words, details),
    st.builds(Leaving, words),
)
LEND = Lend("program", "run", 3, "small", None, False, "", 1)


def head_of(message: Message) -> dict[str, Any]:
    head: dict[str, Any] = json.loads(encode(message).partition(b"\n")[0])
    return head


def raw(head: object, sound: bytes = b"") -> bytes:
    return json.dumps(head).encode() + b"\n" + sound


@given(MESSAGES)
def test_every_message_arrives_as_it_was_sent(message: Message) -> None:
    assert decode(encode(message)) == message


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_malformed(noise: bytes) -> None:
    with pytest.raises(Malformed):
        decode(noise)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(MESSAGES, st.data())
def test_a_field_of_another_kind_is_malformed_and_what_is_read_has_the_right_kinds(
    message: Message, data: st.DataObject
) -> None:
    head = head_of(message)
    name = data.draw(st.sampled_from(sorted(head.keys() - {"version"})))
    head[name] = data.draw(JSON)
    sound = message.sound if isinstance(message, Piece) else b""
    try:
        read = decode(raw(head, sound))
    except Malformed:
        return
    for field in fields(read):
        value = getattr(read, field.name)
        assert type(value).__name__ in str(field.type) or (value is None and "None" in str(field.type))


@given(MESSAGES, st.data())
def test_a_field_too_many_or_too_few_is_malformed(message: Message, data: st.DataObject) -> None:
    head = head_of(message)
    if data.draw(st.booleans()):
        del head[data.draw(st.sampled_from(sorted(head.keys() - {"version"})))]
    else:
        head["more"] = 1
    with pytest.raises(Malformed):
        decode(raw(head))


@pytest.mark.parametrize(
    "changes",
    [
        {"is": "Surprise"},
        {"is": ["Lend"]},
        {"size_bytes": -1},
        {"size_bytes": 1.5},
        {"size_bytes": True},
        {"translate": 1},
        {"words": "half a letter: \ud83d"},
        {"sender": None},
    ],
)
def test_what_only_looks_like_a_message_is_malformed(changes: dict[str, Any]) -> None:
    assert decode(raw(head_of(LEND))) == LEND
    with pytest.raises(Malformed):
        decode(raw({**head_of(LEND), **changes}))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "1" * 5000])
def test_a_number_that_is_none_is_malformed(number: str) -> None:
    moved = encode(Moved("lender", "run", 1.5, 2.0, ""))
    assert moved.count(b"1.5") == 1
    with pytest.raises(Malformed):
        decode(moved.replace(b"1.5", number.encode()))


def test_boxes_in_boxes_are_malformed() -> None:
    with pytest.raises(Malformed):
        decode(b"[" * 100_000)


def test_only_sound_comes_after_the_line() -> None:
    with pytest.raises(Malformed):
        decode(encode(Drop("program", "run")) + b"sound")


@given(MESSAGES, words)
def test_another_version_is_known_by_its_first_words_whatever_else_it_says(message: Message, version: str) -> None:
    head = {**head_of(message), "version": f"{version}!", "more": 1}
    with pytest.raises(OtherVersion) as other:
        decode(raw(head, b"anything"))
    assert (other.value.sender, other.value.version) == (message.sender, f"{version}!")
    assert __version__ != other.value.version

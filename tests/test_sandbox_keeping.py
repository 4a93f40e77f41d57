"""What Telegram makes of a text, played by the sandbox; and that it has nothing to do with what we send."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrogram.raw import types as t

from tests.support.chat_fakes import job, note, transcript
from tests.support.said import NASTY, anything
from tests.support.telegram import signed_in
from transcriber.chat import replies
from transcriber.chat.rich import Builder
from transcriber.chat.texts import Texts
from transcriber.domain import Rich, SpanKind
from transcriber.sandbox.faults import RpcError
from transcriber.sandbox.keeping import as_kept
from transcriber.sandbox.world import ACCOUNT
from transcriber.telegram import outgoing

EN = Texts("en")


def bold(offset: int, length: int) -> Any:
    return t.MessageEntityBold(offset=offset, length=length)


def where(entities: list[Any] | None) -> list[tuple[int, int]]:
    return [(entity.offset, entity.length) for entity in entities or []]


def test_white_space_around_is_trimmed_and_formatting_moves_along() -> None:
    text, entities = as_kept("\n  😀 a \n", [bold(3, 2), bold(0, 3), bold(6, 3), bold(0, 9)])
    assert text == "😀 a"
    assert where(entities) == [(0, 2), (3, 1), (0, 4)]


def test_control_characters_become_spaces_and_others_are_taken_out() -> None:
    text, entities = as_kept("a\0b\u202ec\u2028d", [bold(2, 3), bold(5, 2)])
    assert text == "a bcd"
    assert where(entities) == [(2, 2), (4, 1)]


@pytest.mark.parametrize("entity", [bold(1, 1), bold(0, 1), bold(0, 4), bold(3, 1), bold(-1, 2), bold(0, 0)])
def test_formatting_outside_the_text_or_inside_a_character_is_refused(entity: Any) -> None:
    with pytest.raises(RpcError, match="ENTITY_BOUNDS_INVALID"):
        as_kept("😀a", [entity])


@given(st.lists(st.tuples(anything, st.sampled_from([None, *SpanKind])), max_size=9))
def test_whatever_is_built_is_kept_as_it_is(pieces: list[tuple[str, SpanKind | None]]) -> None:
    builder = Builder()
    for text, kind in pieces:
        builder.add(text, kind)
    built = builder.rich()
    kept, entities = as_kept(built.text, outgoing.entities(built))
    assert kept == built.text
    assert where(entities) == [(span.offset, span.length) for span in built.spans]


async def test_a_transcript_of_everything_nasty_arrives_as_it_was_built(tmp_path: Path) -> None:
    everything = transcript(" ".join(NASTY) * 20 + "\n\n ")
    this = job(note(sender_name=" ".join(NASTY[:8]), chat_title="".join(NASTY)))
    async with signed_in(tmp_path) as link:
        me = link.gateway.me.id
        for number, part in enumerate(replies.private_parts(this, everything, EN)):
            assert isinstance(part, Rich)
            sent = await link.gateway.send_text(me, part, random_id=number + 1)
            stored = link.srv.messages[ACCOUNT, sent]
            assert stored.message == part.text
            assert where(stored.entities) == [(span.offset, span.length) for span in part.spans]
            assert await link.gateway.send_text(me, part, random_id=number + 1) == sent, "found again"
        assert number > 0, "more than one part"

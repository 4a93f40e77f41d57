"""The terminal sessions in the READMEs are what the program prints today."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from tests.session import READMES, session, written
from transcriber.chat.texts import Language


def without_numbers(text: str) -> str:
    return re.sub(r"\d+(?:[.,]\d+)?", "N", text)


@pytest.mark.parametrize("language", get_args(Language))
def test_the_session_is_what_is_printed(language: Language) -> None:
    assert without_numbers(session(language)) == without_numbers(written(READMES[language])), "make session"

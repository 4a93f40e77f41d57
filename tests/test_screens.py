"""The pages of docs/screens/ show what the program says today."""

from __future__ import annotations

from typing import get_args

import pytest

from tests.screens import FOLDER, page
from transcriber.chat.texts import Language


@pytest.mark.parametrize("language", get_args(Language))
async def test_the_screens_are_those_of_the_page(language: Language) -> None:
    written = (FOLDER / f"{language}.md").read_text(encoding="utf-8")
    assert await page(language) == written, "after a change on purpose: make screens"

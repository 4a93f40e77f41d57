"""What the READMEs, the example settings and docker-compose.yml list is what there is, in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

import userbot
from config import settings as config
from tests.session import READMES
from tests.support.screen import owner
from transcriber.chat.texts import Language

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "config" / "example.env"
COMPOSE = ROOT / "docker-compose.yml"
# Settings that compose does not pass on, and why.
FIXED = {"DATA_DIR": "the image says /data, where the volume is"}
languages = pytest.mark.parametrize("language", get_args(Language))


def example() -> dict[str, str]:
    """Each setting of the example file, and what stands there for it."""
    return dict(re.findall(r"^#([A-Z_]+)=(.*)$", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE))


def defaults() -> dict[str, str]:
    """The default of each setting that has one which can be written down."""
    settings = config.read({})
    found = {name: getattr(settings, name.lower()) for name in example()}
    found |= {"DATA_DIR": "./data", "UI_LANGUAGE": None}  # not made of a default alone
    return {
        name: ",".join(value) if isinstance(value, frozenset) else "false" if value is False else str(value)
        for name, value in found.items()
        if value not in (None, ())
    }


def rows(language: Language, first: str) -> list[tuple[str, str]]:
    """The first two columns of the table whose first row names this."""
    text = READMES[language].read_text(encoding="utf-8")
    (table,) = [part for part in re.split(r"\n\n", text) if re.search(rf"^\| `{first}", part, re.MULTILINE)]
    return [(names, second) for names, second in re.findall(r"^\| (`.*?) \| (.*?) \|", table, re.MULTILINE)]


def test_the_example_shows_the_defaults() -> None:
    shown = example()
    assert {name: shown[name] for name in defaults()} == defaults()


@languages
def test_the_table_of_settings_names_each_with_its_default(language: Language) -> None:
    listed: dict[str, str | None] = {}
    for names, values in rows(language, "API_ID"):
        given = re.findall(r"`([^`]*)`", values)
        for place, name in enumerate(re.findall(r"`([A-Z_]+)`", names)):
            listed[name] = given[place] if place < len(given) else None
    assert listed.keys() == example().keys()
    assert {name: listed[name] for name in defaults()} == defaults()


@languages
async def test_the_table_of_commands_names_each_and_no_other(language: Language, tmp_path: Path) -> None:
    listed = [name for names, _ in rows(language, "/help") for name in re.findall(r"`/(\w+)", names)]
    async with owner(language, tmp_path) as somebody:
        assert sorted(listed) == sorted(somebody.commands.names)


@languages
def test_every_verb_is_told_of(language: Language) -> None:
    text = READMES[language].read_text(encoding="utf-8")
    told = set(re.findall(r"userbot\.py (\w+)", text)) | set(re.findall(r"userbot (\w+)", text))
    assert {*userbot.VERBS, "check", "doctor"} <= told


def test_compose_passes_on_every_setting() -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    (block,) = re.findall(r"^  userbot:\n.*?^    environment:\n(.*?)^    volumes:", text, re.MULTILINE | re.DOTALL)
    passed = dict(re.findall(r"^      ([A-Z_]+):(.*)$", block, re.MULTILINE))
    assert passed.keys() == example().keys() - FIXED.keys()
    assert [name for name, value in passed.items() if value] == ["REDIS_URL"], (
        "the others come from .env or the shell"
    )

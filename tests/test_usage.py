"""The command line speaks one language, and says in one line what was mistyped."""

from __future__ import annotations

import re

import pytest

import userbot
from transcriber.chat.texts import Language, Texts

MISTAKES = {
    "dance": "«dance»",
    "transcribe -m": "-m/--model",
    "transcribe -f mp3 note.ogg": "«mp3»",
    "transcribe note.ogg -o": "-o/--output",
    "login --loudly": "--loudly",
    "login --phone=1": "--phone",
}


@pytest.fixture
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Language:
    chosen: Language = request.param
    monkeypatch.setenv("UI_LANGUAGE", chosen)
    return chosen


def english(shown: str) -> list[str]:
    """Words in Latin letters that are no names of things to type."""
    names = (
        r"[a-z]+\.py|--?[a-z]+(-[a-z]+)*|python|Telegram|Docker|cron|JSON|QR|Redis|[A-Z]+_URL|redis://\S+|docs/\S+"
    )
    typed = {*userbot.VERBS, "check", "doctor", "txt", "srt", "vtt", "json", "note", "ogg", "out", "dance", "mp3"}
    return [word for word in re.findall(r"[A-Za-z]{3,}", re.sub(names, "", shown)) if word not in typed]


@pytest.mark.parametrize("language", ["ru"], indirect=True)
@pytest.mark.parametrize("verb", [[], ["transcribe"], ["login"], ["worker"]])
def test_the_help_is_in_one_language(verb: list[str], language: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        userbot.main([*verb, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith("запуск: userbot.py")
    assert english(shown) == []


@pytest.mark.parametrize("language", ["ru", "en"], indirect=True)
@pytest.mark.parametrize("typed", MISTAKES)
def test_a_mistake_is_one_line_with_an_example_and_2(
    typed: str, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        userbot.main(typed.split())
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert MISTAKES[typed].strip("«»") in line
    assert ("Пример: python userbot.py" if language == "ru" else "Example: python userbot.py") in line
    if language == "ru":
        assert english(line) == []


@pytest.mark.parametrize("language", ["ru", "en"], indirect=True)
@pytest.mark.parametrize("verb", [*userbot.VERBS, "check", "doctor"])
def test_the_help_of_a_verb_says_what_it_does_in_the_words_of_the_list(
    verb: str, language: Language, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    said = Texts(language)(f"cli.{verb}")
    for arguments, wanted in (([], f"    {verb.ljust(12)}{said}\n"), ([verb], f"\n{said[0].upper()}{said[1:]}.")):
        with pytest.raises(SystemExit):
            userbot.main([*arguments, "--help"])
        assert wanted in capsys.readouterr().out

"""config/settings.py: every name, every default, and all mistakes at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config import settings
from transcriber.domain import Delivery
from transcriber.errors import SettingsWrong

EXAMPLE = Path(settings.__file__).with_name("example.env")


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    read = settings.read({})
    assert (read.model, read.compute_type, read.beam_size, read.cpu_threads) == ("small", "int8", 1, None)
    assert (read.model_idle_s, read.max_duration_s, read.max_file_mb, read.catch_up_max_age_h) == (900, 7200, 200, 48)
    assert (read.deliver, read.auto, read.tracked) == (Delivery.PRIVATE, frozenset({"saved"}), ())
    assert (read.command_prefixes, read.log_level, read.log_format) == ("/.", "INFO", "text")
    assert (read.progress, read.mark_played) == ("message", False), "nothing that others see, unless asked for"
    assert read.redis_url is None
    assert read.data_dir == Path("data").absolute()


def test_all_mistakes_are_reported_in_one_error() -> None:
    with pytest.raises(SettingsWrong) as caught:
        settings.read(
            {
                "API_ID": "abc",
                "COMPUTE_TYPE": "int7",
                "MAX_FILE_MB": "0",
                "DELIVER": "aloud",
                "AUTO": "saved,everything",
                "COMMAND_PREFIXES": "a",
                "UI_LANGUAGE": "fr",
                "LOG_FORMAT": "xml",
            }
        )
    problems = caught.value.details["problems"]
    assert isinstance(problems, tuple)
    assert {problem.name for problem in problems} == {
        "API_ID",
        "COMPUTE_TYPE",
        "MAX_FILE_MB",
        "DELIVER",
        "AUTO",
        "COMMAND_PREFIXES",
        "UI_LANGUAGE",
        "LOG_FORMAT",
    }


def test_a_wrong_redis_url_is_reported_without_its_password() -> None:
    with pytest.raises(SettingsWrong) as caught:
        settings.read({"REDIS_URL": "http://:hunter2@example.org"})
    assert "hunter2" not in str(caught.value)


def test_no_secret_shows_in_a_repr() -> None:
    secrets = {
        "API_HASH": "0123secret",
        "SESSION_STRING": "sessionsecret",
        "PHONE_NUMBER": "+15550001",
        "REDIS_URL": "redis://:redissecret@127.0.0.1:6379/0",
    }
    shown = repr(settings.read({"API_ID": "1", **secrets}))
    assert not re.search("secret|5550001", shown)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LC_ALL": "en_GB.UTF-8", "LANG": "ru_RU.UTF-8"}, "en"),
        ({"UI_LANGUAGE": "ru", "LANG": "en_US.UTF-8"}, "ru"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANGUAGE": "ru", "LC_ALL": "en_US.UTF-8", "LANG": "en_US.UTF-8"}, "ru"),
        ({"LANGUAGE": "de:ru:en", "LANG": "en_US.UTF-8"}, "ru"),
        ({"LANGUAGE": "en_GB:en", "LANG": "ru_RU.UTF-8"}, "en"),
        ({"LANGUAGE": "", "LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANGUAGE": "de", "LANG": "ru_RU.UTF-8"}, "ru"),
        ({"UI_LANGUAGE": "en", "LANGUAGE": "ru"}, "en"),
    ],
)
def test_the_language_comes_from_the_setting_then_the_locale_then_english(
    environment: dict[str, str], language: str
) -> None:
    assert settings.ui_language(environment) == language


def test_tracked_and_switches_are_lists_that_forgive_spaces_and_case() -> None:
    read = settings.read({"TRACKED": " @Alice , 42,, ", "AUTO": "Saved, PRIVATE"})
    assert read.tracked == ("@Alice", "42")
    assert read.auto == {"saved", "private"}


def test_the_environment_wins_over_the_dotenv_file(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("PATH=/nowhere\nMODEL=tiny\n")
    values = settings.environment(dotenv)
    assert values["MODEL"] == "tiny"
    assert values["PATH"] != "/nowhere"


def test_the_example_file_names_every_setting_and_no_other() -> None:
    source = Path(settings.__file__).read_text(encoding="utf-8")
    read = set(re.findall(r'reader\.\w+\("([A-Z_]+)"', source)) | {"DATA_DIR", "TRACKED"}
    shown = set(re.findall(r"^#([A-Z_]+)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE))
    assert shown == read - {"STENOGRAM_SANDBOX"}, "the sandbox seam is not a setting for people"


@pytest.mark.parametrize(("said", "meant"), [("true", True), ("YES", True), ("0", False), ("off", False)])
def test_a_switch_is_set_in_every_usual_way(said: str, meant: bool) -> None:
    assert settings.read({"MARK_PLAYED": said}).mark_played is meant


def test_progress_is_shown_in_one_of_three_ways() -> None:
    assert settings.read({"PROGRESS": "Reaction"}).progress == "reaction"
    with pytest.raises(SettingsWrong):
        settings.read({"PROGRESS": "loud"})

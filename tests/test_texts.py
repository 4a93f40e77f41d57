"""Every sentence exists in both languages, takes the same details, and says what was promised."""

from __future__ import annotations

import ast
import re
import string
from datetime import UTC
from pathlib import Path

import pytest

from transcriber import errors
from transcriber.chat.failures import HOPELESS, OVER_LIMIT
from transcriber.chat.texts import TABLES, Language, Texts, language_from, plural

ROOT = Path(__file__).parent.parent

RUSSIAN_RUN_LINES: dict[str, tuple[str, dict[str, object]]] = {
    "🚀 Запускаю голосового транскрибера...": ("starting", {}),
    "💻 CPU потоков: 4": ("cpu_threads", {"n": 4}),
    "👥 Отслеживаемых пользователей: 2": ("tracked_count", {"n": 2}),
    "🔄 Подключаюсь к Telegram...": ("connecting", {}),
    "✅ Подключено к Telegram": ("connected", {}),
    "✅ Бот запущен!": ("running", {}),
    "🎙️ Работаю с моделью small!": ("model", {"model": "small"}),
    "⬇️ Скачиваю модель small: 37 %": ("model_fetching", {"model": "small", "fraction": 0.37}),
    "⚠️ Не удалось скачать модель small. Повтор через 5 секунд...": (
        "model_unfetched",
        {"model": "small", "seconds": 5},
    ),
    "📋 Список отслеживаемых: Анна, Борис": ("tracked_list", {"names": ["Анна", "Борис"]}),
    "⚠️ Отключено от Telegram. Пытаюсь переподключиться...": ("disconnected", {}),
    "⚠️ Сетевая ошибка: timed out": ("network_error", {"error": "timed out"}),
    "🔄 Переподключение через 5 секунд...": ("reconnect_in", {"seconds": 5}),
    "⏳ FloodWait: ожидание 30 секунд...": ("flood_wait", {"seconds": 30.0}),
    "⚠️ Ошибка Telegram API: INTERNAL": ("api_error", {"error": "INTERNAL"}),
    "❌ Неожиданная ошибка: KeyError": ("unexpected", {"error": "KeyError"}),
    "🛑 Получен сигнал 15. Останавливаюсь...": ("signal", {"number": 15}),
    "🛑 Остановка по запросу...": ("stopping", {}),
    "🛑 Отключен от Telegram": ("telegram_closed", {}),
    "✅ Голосовой транскрибер остановлен корректно": ("stopped", {}),
    "🚀 Запускаю помощника...": ("lending_starting", {}),
    "✅ Подключено к Redis": ("lending_connected", {}),
    "⏳ Жду программу...": ("lending_waiting", {}),
    "🤝 Программа на связи, помогаю ей": ("lending_found", {}),
    "⚠️ Программа молчит. Жду, когда она вернётся...": ("lending_gone", {}),
    "⚠️ Здесь версия 1.0, у программы 1.1, поэтому помочь ей нельзя. Обновите ту, что старше.": (
        "lending_refused",
        {"here": "1.0", "there": "1.1"},
    ),
    "⚠️ Модели small здесь нет, и её не скачать. Положите её папку в models каталога данных или выберите другую в "
    "чате: /model": ("lending_no_model", {"model": "small"}),
    "⚠️ Для модели small здесь не хватает памяти. Повтор через 5 секунд...": (
        "lending_no_memory",
        {"model": "small", "seconds": 5},
    ),
    "✅ Помощник остановлен корректно": ("lending_stopped", {}),
}


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("line", RUSSIAN_RUN_LINES)
def test_the_russian_story_of_a_run_is_word_for_word_what_was_promised(line: str) -> None:
    key, details = RUSSIAN_RUN_LINES[line]
    assert Texts("ru")(f"run.{key}", **details) == line


def test_every_run_line_is_promised() -> None:
    promised = {f"run.{key}" for key, _ in RUSSIAN_RUN_LINES.values()}
    assert {key for key in TABLES["ru"] if key.startswith("run.")} == promised


def test_no_sentence_is_missing_in_one_language() -> None:
    assert TABLES["ru"].keys() == TABLES["en"].keys()


def test_no_sentence_stands_in_two_places() -> None:
    keys = [
        node.value
        for path in (ROOT / "transcriber" / "chat").glob("texts_*en.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in TABLES["en"]
    ]
    assert sorted(keys) == sorted(TABLES["en"])


@pytest.mark.parametrize("key", TABLES["ru"])
def test_both_languages_show_the_same_details(key: str) -> None:
    assert placeholders(TABLES["ru"][key]) == placeholders(TABLES["en"][key])


@pytest.mark.parametrize("language", ["ru", "en"])
def test_plural_forms_are_complete(language: Language) -> None:
    for key, template in TABLES[language].items():
        for _, _, spec, _ in string.Formatter().parse(template):
            if spec and "|" in spec:
                assert len(spec.split("|")) == (3 if language == "ru" else 2), key


def test_only_the_russian_table_is_in_cyrillic() -> None:
    # A few words name the other language on purpose: what may be typed, and how a language calls itself.
    for key, sentence in TABLES["en"].items():
        assert not re.search("[а-яё]", sentence, re.IGNORECASE), key


def error_classes(kind: type[errors.StenogramError] = errors.StenogramError) -> list[type[errors.StenogramError]]:
    return [kind, *(found for child in kind.__subclasses__() for found in error_classes(child))]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_error_has_a_sentence_even_without_its_details(language: Language) -> None:
    texts = Texts(language)
    for kind in error_classes():
        assert f"error.{kind.default_key}" in TABLES[language]
        sentence = texts.failure(kind.default_key)
        assert sentence
        assert "{" not in sentence
        assert "[[" not in sentence


def test_what_may_pass_is_never_taken_for_hopeless() -> None:
    transient = {kind.default_key for kind in error_classes(errors.Transient)}
    assert not transient & (HOPELESS | OVER_LIMIT)


def test_an_error_shows_the_details_it_carries() -> None:
    texts = Texts("en")
    assert "@nobody" in texts.error(errors.NotFound(name="@nobody"))
    assert "1 min 30 s" in texts.error(errors.FloodWait(90))
    assert "1 h" in texts.error(errors.OverLimit(limit_s=3600))


def test_an_error_key_without_a_sentence_is_still_said() -> None:
    assert "flux" in Texts("en").failure("flux")


def test_an_unknown_key_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        Texts("en")("run.no_such_line")


@pytest.mark.parametrize(
    ("n", "word"),
    [(0, "дней"), (1, "день"), (2, "дня"), (5, "дней"), (11, "дней"), (12, "дней"), (21, "день"), (102, "дня")],
)
def test_russian_counts_with_three_forms(n: int, word: str) -> None:
    assert plural("ru", n, "день|дня|дней") == word


def test_english_counts_with_two_forms() -> None:
    assert [plural("en", n, "day|days") for n in (0, 1, 2, 21)] == ["days", "day", "days", "days"]


def test_fractions_take_the_form_of_fractions() -> None:
    assert Texts("ru")("run.reconnect_in", seconds=2.5) == "🔄 Переподключение через 2,5 секунды..."
    assert Texts("en")("run.reconnect_in", seconds=2.5) == "🔄 Reconnecting in 2.5 seconds..."


def test_durations_are_humanised() -> None:
    texts = Texts("en")
    shown = [texts.duration(s) for s in (0, 0.4, 59, 60, 61, 3600, 7261, 90061)]
    assert shown == ["0 s", "0 s", "59 s", "1 min", "1 min 1 s", "1 h", "2 h 1 min", "1 day 1 h"]
    assert Texts("ru").duration(5 * 86400) == "5 дней"
    assert [texts.clock(s) for s in (0, 7, 59.6, 725, 3723)] == ["0:00", "0:07", "1:00", "12:05", "1:02:03"]


def test_sizes_are_humanised() -> None:
    assert [Texts("en").size(n) for n in (0, 1023, 1536, 200 * 1024**2, 3 * 1024**3)] == [
        "0 B",
        "1023 B",
        "1.5 KB",
        "200 MB",
        "3 GB",
    ]
    assert Texts("ru").size(1536) == "1,5 КБ"


def test_moments_are_local_and_named() -> None:
    assert Texts("ru", UTC).moment(0) == "1 янв 00:00"
    assert Texts("en", UTC).moment(0, year=True) == "1 Jan 1970 00:00"


def test_an_empty_list_has_a_word_for_it() -> None:
    assert Texts("ru")("run.tracked_list", names=[]) == "📋 Список отслеживаемых: пусто"
    assert Texts("en")("run.tracked_list", names="Anna") == "📋 Tracked: Anna"


@pytest.mark.parametrize(
    ("wishes", "language"),
    [
        (("ru",), "ru"),
        (("EN", "ru_RU.UTF-8"), "en"),
        ((None, "ru_RU.UTF-8"), "ru"),
        (("", "Russian_Russia.1251"), "ru"),
        ((None, "de_DE.UTF-8"), "en"),
        ((None, "C"), "en"),
        ((None, None), "en"),
        ((), "en"),
    ],
)
def test_the_setting_decides_the_language_then_the_locale_then_english(
    wishes: tuple[str | None, ...], language: Language
) -> None:
    assert language_from(*wishes) == language


# Every key that the code uses exists, and none is there for nothing.

SOURCES = [
    *(p for p in (ROOT / "transcriber").rglob("*.py") if not p.name.startswith("texts_")),
    *(ROOT / "config").rglob("*.py"),
    ROOT / "userbot.py",
]
SECTIONS = {key.split(".")[0] for key in TABLES["en"]}
ERROR_NAMES = {kind.__name__ for kind in error_classes()}


def trees() -> list[ast.Module]:
    return [ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES]


def text_of(nodes: list[ast.expr]) -> str | None:
    """The string constant that this one node is."""
    values = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return values[0] if values else None


def used_keys() -> set[str]:
    """Keys written out where they are used: whole, or as the first argument of `announce` or of an error."""
    found: set[str] = set()
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                section, _, rest = node.value.partition(".")
                found |= {node.value} if section in SECTIONS and re.fullmatch("[a-z_]+", rest) else set()
            if isinstance(node, ast.Call) and (first := text_of(node.args[:1])):
                name = getattr(node.func, "attr", getattr(node.func, "id", "")).lstrip("_")
                section = "run" if name == "announce" else "error" if name in ERROR_NAMES else ""
                found |= {f"{section}.{first}"} if section else set()
    return found


def literals() -> tuple[set[str], set[str]]:
    """All string constants, and the beginnings of all f-strings."""
    whole: set[str] = set()
    beginnings: set[str] = set()
    for node in (node for tree in trees() for node in ast.walk(tree)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            whole.add(node.value)
        if isinstance(node, ast.JoinedStr) and (first := text_of(node.values[:1])):
            beginnings.add(first)
    return whole, beginnings


def test_every_key_that_the_code_uses_has_a_sentence() -> None:
    assert used_keys() - TABLES["en"].keys() == set()


def test_no_sentence_is_there_for_nothing() -> None:
    whole, beginnings = literals()
    built = {f"{section}.{rest}" for section in SECTIONS if f"{section}." in beginnings for rest in whole}
    assert TABLES["en"].keys() - whole - built == set()

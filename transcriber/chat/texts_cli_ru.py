"""What the command line says, in Russian."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RUSSIAN_CLI: Final[Mapping[str, str]] = {
    "cli.description": "Превращает голосовые сообщения вашего аккаунта Telegram в текст, прямо на этой машине.",
    "cli.verbs": "что сделать (по умолчанию run)",
    "cli.run": "держать связь и расшифровывать",
    "cli.login": "войти: QR-код или номер телефона и код",
    "cli.login_if_needed": "ничего не делать, если вход уже выполнен",
    "cli.login_phone": "по номеру телефона и коду, без вопроса",
    "cli.logout": "завершить сессию в Telegram и удалить её с этой машины",
    "cli.transcribe": "расшифровать файлы, без Telegram",
    "cli.transcribe_paths": "файлы или папки",
    "cli.transcribe_output": "писать по файлу на запись в эту папку",
    "cli.transcribe_language": "язык речи (ru, en, …); по умолчанию определяется сам",
    "cli.transcribe_model": "модель на этот раз",
    "cli.transcribe_translate": "перевести на английский",
    "cli.check": "сказать, здорова ли запущенная программа (для Docker и cron)",
    "cli.sandbox": "попробовать всё на «Телеграме» на этой машине, без аккаунта",
    "cli.sandbox_demo": "проиграть короткий разговор и завершиться",
    "argv.prefix": "запуск: ",
    "argv.arguments": "что указать",
    "argv.options": "ключи",
    "argv.help": "показать это и завершиться",
    "argv.version": "показать версию и завершиться",
    "argv.verb": "команда",
    "argv.example": "Пример: {example}",
    "argv.missing": "Чего-то не хватает: {names}.",
    "argv.unknown": "Непонятно: {value}.",
    "argv.choice": "«{value}» здесь нет; есть: {allowed}.",
    "argv.needs_value": "После {names} нужно значение.",
    "argv.takes_no_value": "У {names} нет значения («{value}»).",
    "argv.ambiguous": "Неясно, что такое «{value}»: {allowed}?",
    "cli.logged_out": "Выход выполнен, сессия удалена.",
    "cli.not_signed_in": "Вход и не был выполнен.",
    "terminal.model_unknown": "Нет такой модели[[: {model}]]. Нужно имя из каталога (tiny, small,"
    " large-v3-turbo, …), owner/name или папка.",
    "terminal.unexpected": "Неожиданная ошибка[[: {error}]].",
    "terminal.truncated": "Запись обрывается: файл не целый[[ ({path})]].",
    "cli.packages_missing": "Здесь нет пакета {name}. Один раз выполните `make setup`, "
    "потом .venv/bin/python userbot.py (или: make run).",
    "check.healthy": "всё хорошо: на связи, в очереди {waiting}, в работе {running}, модель {model:model}",
    "check.not_running": "не запущено: запустите python userbot.py",
    "check.unreadable": "неладно: не прочитать {path}",
    "check.stale": "неладно: признаков жизни нет уже {seconds:duration}",
    "check.store_down": "неладно: хранилище не отвечает",
    "check.offline": "неладно: связи с Telegram нет уже {seconds:duration}",
    "setting.wrong": "{name}={value} (нужно {expected})",
}

"""What the owner reads in Telegram, in Russian: answers to commands, help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ANSWER: Final[Mapping[str, str]] = {
    "answer.in_chat": "💬 В чате «{chat}»:",
    "answer.not_deleted": "⚠️ Telegram не дал удалить вашу команду в этом чате: её видят другие. Удалите её сами.",
    "answer.tracked": "👂 Отслеживаю: {name}",
    "answer.untracked": "Больше не отслеживаю: {name}",
    "answer.unignored": "Больше не в списке «не трогаю»: {name}",
    "answer.untracked_already": "И так не в списке: {name}",
    "answer.ignored": "🔕 Не трогаю: {name}",
    "answer.tracked_title": "👂 Отслеживаю ({n}):",
    "answer.ignored_title": "🔕 Не трогаю ({n}):",
    "answer.tracked_none": "Список пуст. Добавить: /track @имя, или /track прямо в нужном чате.",
    "answer.chat_delivery": "доставка: {delivery}",
    "answer.chat_language": "язык: {language}",
    "answer.auto": "Расшифровываю сам (кроме списков /tracked):\n"
    "{private} личные чаты — private\n{groups} группы — groups\n{mine} мои записи — mine",
    "answer.deliver_chat": "Расшифровки из чата «{chat}» — {delivery}.",
    "answer.deliver_all": "Расшифровки по умолчанию — {delivery}.",
    "answer.deliver_seen": "Их увидят все, кто в чате.",
    "answer.lang_chat": "Язык чата «{chat}»: {language}.",
    "answer.lang_all": "Язык по умолчанию: {language}.",
    "answer.for_all": "Для всех чатов сразу: {example}",
    "answer.taken": "🎙 Взял в работу: #{id}[[, впереди — {n}]].",
    "answer.no_sound": "В том сообщении нет звука. Ответьте командой на голосовое, видео или аудио — "
    "или назовите номер: /t 12",
    "answer.queue_empty": "Очередь пуста.",
    "answer.queue": "📥 В очереди {n} {n:запись|записи|записей}:",
    "answer.queue_rest": "[[Не получилось: {failed}. ]][[Отложено как старые: {held}. ]]Повторить: /retry",
    "answer.queue_waiting": "ждёт",
    "answer.queue_running": "в работе",
    "answer.cancelled": "Отменил: #{id}",
    "answer.cancelled_all": "Отменено: {n} {n:запись|записи|записей}.",
    "answer.cancel_unknown": "Такой записи в очереди нет. Что есть — /queue",
    "answer.retried": "🔁 Пробую ещё раз: #{id}",
    "answer.retried_all": "🔁 Пробую ещё раз: {n} {n:запись|записи|записей}.",
    "answer.retry_unknown": "Записи #{id} нет или она ещё в очереди.",
    "answer.retry_nothing": "Повторять нечего.",
    "delivery.private": "лично вам, в Избранное",
    "delivery.reply": "ответом в чате",
    "delivery.caption": "подписью к вашей же записи",
    "language.auto": "определять самому",
}

_MODEL: Final[Mapping[str, str]] = {
    "models.title": "🧠 Модели:",
    "models.line": "[[ · {download_bytes:size}]][[ · память {memory_bytes:size}]][[ · ×{speed}]]",
    "models.present": " · скачана",
    "models.current": " ← сейчас",
    "models.how": "Сменить: /model имя. × — во сколько раз быстрее звука, измерено здесь.",
    "models.already": "Модель {model:model} уже работает.",
    "models.busy": "Сейчас готовится модель {model:model}. Дождитесь её, потом меняйте дальше.",
    "models.preparing": "⏳ Готовлю модель {model:model}: {fraction:percent}",
    "models.switched": "✅ Теперь работает модель {model:model}[[, память {memory_bytes:size}]].",
    "models.kept": "❌ {reason}\nОсталась модель {model:model}.",
}

_STATUS: Final[Mapping[str, str]] = {
    "status.online": "📡 На связи[[ с {since_s:moment}]], переподключений: {n}",
    "status.offline": "📡 Нет связи[[ с {since_s:moment}]], переподключений: {n}",
    "status.update": "Последнее обновление: {at_s:moment}",
    "status.model": "🧠 Модель {model:model}[[, память {memory_bytes:size}]][[, скорость ×{speed}]]",
    "status.unloaded": "(выгружена до следующей записи)",
    "status.deaths": "Перезапусков распознавания: {n}",
    "status.queue": "📥 В очереди: {waiting}, в работе: {running}[[, не получилось: {failed}]][[, отложено: {held}]]",
    "status.done": "✅ Готово сегодня: {today}, за последний час: {hour}",
    "status.error": "⚠️ Последняя ошибка, {at_s:moment}: {error}",
    "status.no_error": "👌 Ошибок не было",
    "status.program": "ℹ️ Версия {version}, работает {uptime_s:duration}",
}

_HELP: Final[Mapping[str, str]] = {
    "help.title": "Я расшифровываю голосовые. Команды:",
    "help.how": "Подробнее: /help track. Команду можно писать в любом чате: она тут же исчезнет, а ответ придёт в "
    "Избранное.",
    "help.help": "этот список или одна команда подробно",
    "help.status": "связь, модель, очередь, ошибки",
    "help.model": "список моделей или смена модели",
    "help.track": "всегда расшифровывать человека или чат",
    "help.untrack": "убрать из списков: снова по общим правилам",
    "help.ignore": "никогда не трогать человека или чат",
    "help.tracked": "кто в списках",
    "help.auto": "что расшифровывать без списка",
    "help.deliver": "куда присылать текст",
    "help.lang": "язык чата",
    "help.t": "расшифровать сообщение сейчас, без очереди",
    "help.queue": "что ждёт и что в работе",
    "help.cancel": "отменить запись или всё",
    "help.retry": "попробовать ещё раз",
    "usage.help": "Нужно: /help или /help команда. Например: /help track",
    "usage.status": "Нужно: /status",
    "usage.model": "Нужно: /model или /model имя. Например: /model large-v3",
    "usage.track": "Нужно: /track @имя, id или ссылка; в нужном чате — просто /track. Например: /track @anna",
    "usage.untrack": "Нужно: /untrack @имя, id или ссылка; в нужном чате — просто /untrack. Например: /untrack @anna",
    "usage.ignore": "Нужно: /ignore @имя, id или ссылка; в нужном чате — просто /ignore. Например: /ignore @anna",
    "usage.tracked": "Нужно: /tracked",
    "usage.auto": "Нужно: /auto private|groups|mine on|off. Например: /auto private on (или вкл)",
    "usage.deliver": "Нужно: /deliver private|reply|caption [default]. Например: /deliver reply",
    "usage.lang": "Нужно: /lang auto или язык [default]. Например: /lang ru",
    "usage.t": "Нужно: /t [язык] [модель] [file|srt] [translate] ответом на запись, или /t номер [язык]. "
    "Например: /t ru",
    "usage.queue": "Нужно: /queue",
    "usage.cancel": "Нужно: /cancel номер или /cancel all. Например: /cancel 12",
    "usage.retry": "Нужно: /retry, /retry номер или ответ на запись. Например: /retry 12",
}

RUSSIAN_CHAT: Final[Mapping[str, str]] = {**_ANSWER, **_MODEL, **_STATUS, **_HELP}

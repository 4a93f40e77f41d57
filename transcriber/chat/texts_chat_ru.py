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
    "answer.chat_language": "язык: {language}",
    "answer.auto": "Расшифровываю сам (помимо списков /tracked):\n"
    "{private} личные чаты — private\n{groups} группы — groups\n{mine} мои записи — mine\n"
    "{files} файлы чата «{chat}» — files",
    "answer.files_on": "🎵 Из чата «{chat}» сам расшифровываю ещё и аудио, видео и другие файлы со звуком.",
    "answer.files_off": "🎵 Из чата «{chat}» сам расшифровываю только голосовые и видеосообщения, файлы — по вашей "
    "просьбе: /t",
    "answer.files_elsewhere": "Для другого чата: /auto files on @anna — или наберите прямо в нём.",
    "answer.files_unheard": "Но этот чат я пока не слушаю. Начать: /track{name}",
    "answer.files_ignored": "Но этот чат в списке «не трогаю». Чтобы слушать: /track{name}",
    "answer.chat_files": "и файлы со звуком",
    "answer.deliver_chat": "Расшифровки из чата «{chat}» — {delivery}.",
    "answer.deliver_all": "Расшифровки по умолчанию — {delivery}.",
    "answer.deliver_seen": "Их увидят все, кто в чате.",
    "answer.lang_chat": "Язык чата «{chat}»: {language}.",
    "answer.lang_all": "Язык по умолчанию: {language}.",
    "answer.for_all": "Для всех чатов сразу: {example}",
    "answer.taken": "🎙 Взял в работу: {ids}",
    "answer.no_sound": "В том сообщении нет звука. Ответьте командой на голосовое, видео или аудио — или "
    "назовите номер. Например: /t 12",
    "answer.queue_empty": "Очередь пуста.",
    "answer.queue": "📥 В очереди {n} {n:запись|записи|записей}:",
    "answer.queue_rest": "[[Не получилось за неделю: {failed}. ]][[Отложено как старые: {held}. ]]Повторить: /retry",
    "answer.queue_waiting": "ждёт",
    "answer.queue_running": "в работе",
    "answer.cancelled": "Отменил: {ids}",
    "answer.cancelled_all": "Отменено: {n} {n:запись|записи|записей}.",
    "answer.cancel_unknown": "Такой записи в очереди нет. Что есть — /queue",
    "answer.retried": "🔁 Пробую ещё раз: {ids}",
    "answer.retried_all": "🔁 Пробую ещё раз: {n} {n:запись|записи|записей}.[[ Не тронул: {left} — итог был бы "
    "тот же.]]",
    "answer.retry_unknown": "Записи #{id} нет или она ещё в очереди. Что есть — /queue",
    "answer.retry_nothing": "Повторять нечего.[[ Не тронул: {left} — итог был бы тот же.]]",
    "delivery.private": "лично вам, в Избранное",
    "delivery.reply": "ответом в чате",
    "delivery.caption": "подписью к вашей же записи",
    "language.auto": "определять самому",
    "answer.others_title": "⚙️ Другие чаты с настройками ({n}):",
    "answer.chat_words": "{n} {n:слово|слова|слов} для распознавания",
    "answer.working": "🎙 В работе: {ids}",
    "answer.ahead": "⏳ Принял: {ids} · впереди {n}",
    "answer.next": "⏳ Принял: {ids} · на очереди",
    "answer.finished": "✅ Готово: {ids}",
    "answer.ended": "⏹ Уже не в очереди: {ids}",
    "answer.words_chat": "📖 Слова для чата «{chat}»: {words}",
    "answer.words_chat_none": "📖 Своих слов у чата «{chat}» нет.",
    "answer.words_all": "📖 Слова для всех чатов: {words}",
    "answer.words_all_none": "📖 Общих слов для всех чатов нет.",
    "answer.words_too_long": "Здесь {n} {n:знак|знака|знаков}, а помещается {most}. Оставьте имена и термины, в "
    "которых бывают ошибки.",
}

_MODEL: Final[Mapping[str, str]] = {
    "models.title": "🧠 Модели:",
    "models.line": "[[ · {download_bytes:size}]][[ · память {memory_bytes:size}]][[ · ×{speed}]]",
    "models.how": "{now} в работе · {here} скачана · {elsewhere} в сети\n×: во сколько раз быстрее "
    "самой записи\nСменить: /model имя",
    "models.already": "Модель {model:model} уже работает.",
    "models.busy": "Сейчас готовится модель {model:model}. Дождитесь её, потом меняйте дальше.",
    "models.preparing": "⏳ Готовлю модель {model:model}: {fraction:percent}",
    "models.switched": "✅ Теперь работает модель {model:model}[[, память {memory_bytes:size}]].",
    "models.kept": "❌ {reason}\nОсталась модель {model:model}.",
}

_STATUS: Final[Mapping[str, str]] = {
    "status.online": "📡 На связи[[ с {since_s:moment}]]",
    "status.offline": "📡 Нет связи[[ с {since_s:moment}]]",
    "status.update": "   последнее событие {at_s:moment}",
    "status.model": "🧠 {model:model}[[ · {memory_bytes:size}]][[ · ×{speed}]]",
    "status.unloaded": "(выгружена)",
    "status.deaths": "   перезапусков распознавания: {n}",
    "status.queue": "📥 Ждёт {waiting} · в работе {running}[[ · отложено {held}]]",
    "status.done": "✅ Сегодня {today} · за час {hour}",
    "status.error": "⚠️ {at_s:moment}: {error}",
    "status.no_error": "👌 Ошибок не было",
    "status.program": "ℹ️ {version} · работает {uptime_s:duration}[[ · {n} {n:обрыв|обрыва|обрывов}]]",
    "status.failed": "❗ Не вышло за неделю: {n} · /retry",
}

_HELP: Final[Mapping[str, str]] = {
    "help.how": "Подробнее: /help track. Команды можно писать в любом чате: они тут же исчезают, ответ приходит "
    "в Избранное.",
    "help.help": "этот список; /help и команда",
    "help.status": "всё ли в порядке",
    "help.model": "модели и смена модели",
    "help.track": "всегда расшифровывать",
    "help.untrack": "убрать из списков",
    "help.ignore": "никогда не трогать",
    "help.tracked": "кто в списках",
    "help.auto": "что ещё, помимо списков",
    "help.deliver": "куда присылать текст",
    "help.lang": "язык чата",
    "help.t": "расшифровать сейчас (ответом)",
    "help.queue": "что ждёт и что в работе",
    "help.cancel": "отменить",
    "help.retry": "попробовать ещё раз",
    "usage.help": "Нужно: /help или /help команда. Например: /help track",
    "usage.status": "Нужно: /status. Например: /status",
    "usage.model": "Нужно: /model или /model имя. Например: /model large-v3",
    "usage.track": "Нужно: /track @имя, id или ссылка; в нужном чате — просто /track. Например: /track @anna",
    "usage.untrack": "Нужно: /untrack @имя, id или ссылка; в нужном чате — просто /untrack. Например: /untrack @anna",
    "usage.ignore": "Нужно: /ignore @имя, id или ссылка; в нужном чате — просто /ignore. Например: /ignore @anna",
    "usage.tracked": "Нужно: /tracked. Например: /tracked",
    "usage.auto": "Нужно: /auto private|groups|mine on|off; файлы одного чата — /auto files on|off в нём или с "
    "@именем. Например: /auto private on (или вкл), /auto files on @anna",
    "usage.deliver": "Нужно: /deliver private|reply|caption, для всех чатов — с default. Например: /deliver "
    "reply, /deliver private default",
    "usage.lang": "Нужно: /lang auto или язык, для всех чатов — с default. Например: /lang ru, /lang auto default",
    "usage.t": "Нужно: /t [язык] [модель] [file|srt] [translate] ответом на запись или с её номером. Например: /t "
    "ru, /t 12 file",
    "usage.queue": "Нужно: /queue. Например: /queue",
    "usage.cancel": "Нужно: /cancel номер, /cancel all или ответ на запись. Например: /cancel 12",
    "usage.retry": "Нужно: /retry, /retry номер или ответ на запись. Например: /retry 12",
    "group.notes": "🎙 Записи",
    "group.whom": "👥 Чьи записи",
    "group.where": "📬 Куда и как",
    "group.model": "🧠 Модель",
    "group.data": "🗂 Ваши данные",
    "group.look": "ℹ️ Что происходит",
    "help.words": "имена и термины",
    "usage.words": "Нужно: /words а, б, в — для этого чата, /words default а, б — для всех, /words нет — очистить. "
    "Например: /words Анна, Kubernetes",
}

RUSSIAN_CHAT: Final[Mapping[str, str]] = {**_ANSWER, **_MODEL, **_STATUS, **_HELP}

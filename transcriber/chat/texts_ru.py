"""Every sentence in Russian. The `run.*` lines are a promise to whoever greps the log: word for word as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RUSSIAN_MONTHS: Final = ("янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")

_RUN: Final[Mapping[str, str]] = {
    "run.starting": "🚀 Запускаю голосового транскрибера...",
    "run.cpu_threads": "💻 CPU потоков: {n}",
    "run.tracked_count": "👥 Отслеживаемых пользователей: {n}",
    "run.connecting": "🔄 Подключаюсь к Telegram...",
    "run.connected": "✅ Подключено к Telegram",
    "run.running": "✅ Бот запущен!",
    "run.model": "🎙️ Работаю с моделью {model:model}!",
    "run.model_fetching": "⬇️ Скачиваю модель {model:model}: {fraction:percent}",
    "run.model_unfetched": "⚠️ Не удалось скачать модель {model:model}. Повтор через "
    "{seconds} {seconds:секунду|секунды|секунд}...",
    "run.tracked_list": "📋 Список отслеживаемых: {names:list}",
    "run.disconnected": "⚠️ Отключено от Telegram. Пытаюсь переподключиться...",
    "run.network_error": "⚠️ Сетевая ошибка: {error}",
    "run.reconnect_in": "🔄 Переподключение через {seconds} {seconds:секунду|секунды|секунд}...",
    "run.flood_wait": "⏳ FloodWait: ожидание {seconds} {seconds:секунды|секунд|секунд}...",
    "run.api_error": "⚠️ Ошибка Telegram API: {error}",
    "run.unexpected": "❌ Неожиданная ошибка: {error}",
    "run.signal": "🛑 Получен сигнал {number}. Останавливаюсь...",
    "run.stopping": "🛑 Остановка по запросу...",
    "run.telegram_closed": "🛑 Отключен от Telegram",
    "run.stopped": "✅ Голосовой транскрибер остановлен корректно",
}

_ERROR: Final[Mapping[str, str]] = {
    "error.unexpected": "Неожиданная ошибка[[: {error}]]. Подробности — в журнале программы.",
    "error.transient": "Временная неполадка, попробую ещё раз.",
    "error.lost": "Эту запись уже обрабатывает другой.",
    "error.refused": "Так не получится[[: {reason}]].",
    "error.permanent": "Работать дальше нельзя[[: {reason}]].",
    "error.offline": "Нет связи с Telegram. Повторю, как только она появится.",
    "error.flood_wait": "Telegram просит подождать[[ {seconds:duration}]]. Продолжу сразу после этого.",
    "error.engine_died": "Распознавание дважды прервалось на этой записи — похоже, она повреждена или не хватило "
    "памяти. Попробуйте модель поменьше: /model",
    "error.store_unavailable": "Хранилище не отвечает. Принятое не потеряно, попробуйте чуть позже.",
    "error.gone": "Сообщение удалено или чат больше недоступен.",
    "error.unreadable": "Не удалось прочитать звук[[ из {path}]]: файл повреждён или это не запись.",
    "error.empty": "Файл пустой[[: {path}]].",
    "error.no_sound": "Здесь нет звука[[: {path}]].",
    "error.truncated": "Запись обрывается: файл неполный[[ ({path})]]. Попросите прислать её ещё раз.",
    "error.download_cut": "Telegram отдал только часть файла.",
    "error.too_long": "Запись длиннее, чем разрешено[[ (предел — {limit_s:duration})]]. "
    "Предел задаёт MAX_DURATION_S.",
    "error.too_large": "Файл больше, чем разрешено[[ (предел — {limit_bytes:size})]]. Предел задаёт MAX_FILE_MB.",
    "error.missing_file": "Такого файла нет[[: {path}]].",
    "error.not_a_folder": "Здесь нужна папка, а это файл.",
    "error.nothing_found": "Здесь нет ни одной записи.",
    "error.model_unknown": "Нет такой модели[[: {model}]].[[ Может быть, {near}?]] Список — /model",
    "error.model_unfetched": "Не удалось скачать модель[[ {model}]]. Проверьте интернет и место на диске.",
    "error.model_broken": "Модель[[ {model}]] не загружается: файлы повреждены или это не модель CTranslate2.",
    "error.model_too_big": "Модели[[ {model}]] не хватает памяти[[ (нужно {need_bytes:size})]]. Возьмите модель "
    "поменьше.",
    "error.several": "Там сразу {n} {n:запись|записи|записей}. Назовите нужную. Например: /t {id}",
    "error.not_found": "Не нахожу[[ {name}]]. Нужно @имя, id или ссылка. Например: @anna",
    "error.cancelled": "Отменено.",
    "error.settings": "Ошибка в настройках:[[ {problems}]]",
    "error.no_session": "Вход не выполнен, а спросить негде. Войдите один раз в терминале: python userbot.py login",
    "error.login_left": "Вход отложен, ничего не сохранено. Войти можно в любое время: python userbot.py login",
    "error.login_flood": "Слишком много попыток. Telegram просит подождать[[ {seconds:duration}]], потом "
    "попробуйте снова.",
    "error.signed_out": "Telegram больше не принимает эту сессию. Войдите заново: python userbot.py login",
    "error.key_unregistered": "Эта сессия завершена (ключ не зарегистрирован). Войдите заново: python userbot.py "
    "login",
    "error.key_duplicated": "Эту сессию использовали с двух адресов сразу, и Telegram её закрыл. Оставьте один "
    "экземпляр и войдите заново: python userbot.py login",
    "error.session_revoked": "Сессию завершили с другого устройства. Войдите заново: python userbot.py login",
    "error.session_expired": "Срок сессии истёк. Войдите заново: python userbot.py login",
    "error.deactivated": "Аккаунт Telegram удалён или отключён: работать не с чем.",
    "error.banned": "Аккаунт Telegram заблокирован. Напишите в поддержку Telegram.",
    "error.already_running": "Этот аккаунт уже занят[[: {holder}]][[: процесс {pid} на {host}]]"
    "[[, с {since_s:moment}]]. Остановите ту программу, потом запускайте эту.",
    "error.data_dir": "Не удаётся записать в каталог данных[[: {path}]]. Исправьте права или укажите другой "
    "DATA_DIR.",
    "error.store_refused": "Хранилище нельзя использовать[[: {reason}]]. Проверьте REDIS_URL и версию данных.",
    "error.session_unreadable": "Файл сессии повреждён[[: {path}]]. Войдите заново: python userbot.py login",
    "error.session_string_wrong": "SESSION_STRING — не строка сессии аккаунта Telegram. Проверьте её или уберите и "
    "войдите: python userbot.py login",
    "error.session_string_dead": "Telegram больше не принимает сессию из SESSION_STRING. Уберите её и войдите "
    "заново: python userbot.py login",
    "error.api_needed": "Для входа нужны API_ID и API_HASH: получите их на https://my.telegram.org и впишите в .env",
    "error.api_wrong": "Telegram не принимает эти API_ID и API_HASH. Проверьте их на https://my.telegram.org",
    "error.language_unknown": "Модель не знает языка[[ «{language}»]]. Нужен код вроде ru или en.",
    "error.store_newer": "Данные записаны более новой версией программы[[ ({found}, а эта знает {known})]]. "
    "Обновите программу.",
    "error.store_damaged": "Данные в хранилище повреждены[[: {what}]]. Восстановите их из копии или начните с "
    "пустого DATA_DIR.",
    "error.store_access": "Хранилище отказывает в доступе[[: {reason}]]. Проверьте имя и пароль в REDIS_URL.",
    "error.store_url": "REDIS_URL не похож на адрес Redis. Нужно, например, redis://localhost:6379/0",
    "error.store_unreachable": "Хранилище недоступно. Проверьте, запущен ли Redis и верен ли REDIS_URL.",
}

_LOGIN: Final[Mapping[str, str]] = {
    "login.connecting": "Подключаюсь к Telegram…",
    "login.already": "Вход уже выполнен: {name}.",
    "login.choose": "Как войти?\n  1 — отсканировать QR-код телефоном (проще всего)\n  2 — номер телефона и код",
    "login.ask_choice": "1 или 2 [1]:",
    "login.qr_how": "На телефоне: Telegram → Настройки → Устройства → Подключить устройство,\nи наведите камеру на "
    "этот код.",
    "login.ask_qr": "Enter — войти по номеру и коду:",
    "login.qr_no_room": "Этот терминал узковат для QR-кода или не знает его знаков, поэтому — по номеру телефона.",
    "login.ask_phone": "Номер телефона с кодом страны (+7…):",
    "login.phone_wrong": "Telegram не принимает этот номер. Напишите его с кодом страны.",
    "login.phone_banned": "Telegram заблокировал этот номер; помочь может его поддержка. Есть другой?",
    "login.phone_unregistered": "С этим номером никто не пользуется Telegram.",
    "login.code_app": "Telegram прислал код: он в приложении, в чате «Telegram».",
    "login.code_sms": "Telegram прислал код по СМС.",
    "login.code_call": "Telegram звонит, чтобы продиктовать код.",
    "login.code_email": "Telegram прислал код на почту.",
    "login.code_other": "Telegram отправил код.",
    "login.ask_code": "Код:",
    "login.code_wrong": "Код неверный. Попробуйте ещё раз.",
    "login.code_expired": "Этот код устарел, отправляю новый.",
    "login.password_needed": "У аккаунта есть облачный пароль[[ (подсказка: {hint})]]. При вводе он не виден.",
    "login.ask_password": "Пароль:",
    "login.password_wrong": "Пароль неверный. Попробуйте ещё раз.",
    "login.done": "Вход выполнен: {name}.",
}

_UNIT: Final[Mapping[str, str]] = {
    "unit.day": "{n} {n:день|дня|дней}",
    "unit.hour": "{n} ч",
    "unit.minute": "{n} мин",
    "unit.second": "{n} с",
    "unit.bytes": "{n} Б",
    "unit.kib": "{n} КБ",
    "unit.mib": "{n} МБ",
    "unit.gib": "{n} ГБ",
    "common.none": "пусто",
}

RUSSIAN: Final[Mapping[str, str]] = {**_RUN, **_ERROR, **_LOGIN, **_UNIT}

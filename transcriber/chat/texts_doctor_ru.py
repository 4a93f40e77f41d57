"""What the verb `doctor` says, in Russian."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RUSSIAN_DOCTOR: Final[Mapping[str, str]] = {
    "doctor.settings_file": "Настройки: ошибок нет (из {path} и окружения).",
    "doctor.settings_none": "Настройки: ошибок нет (файла .env в {folder} нет, всё взято из окружения).",
    "doctor.dotenv_open": "В {path} лежат секреты, а прочитать его могут и другие: chmod 600 {path}",
    "doctor.data_new": "Каталог данных: {path} будет создан; свободно {free:size}.",
    "doctor.data_impossible": "Не удаётся создать каталог данных {path}. Исправьте права или укажите другой "
    "DATA_DIR.",
    "doctor.data_file": "{path} — файл, а DATA_DIR должен быть папкой.",
    "doctor.data_closed": "Пользователю {uid} нельзя читать каталог данных {path} и писать в него. Исправьте права "
    "или укажите другой DATA_DIR.",
    "doctor.data_owner": "Каталог данных {path} принадлежит пользователю {owner}, а это пользователь {uid}: "
    "запускайте от имени владельца или смените его (chown).",
    "doctor.data_open": "Каталог данных {path} открыт другим (права {mode}): chmod 700 {path}",
    "doctor.data": "Каталог данных: {path}, свободно {free:size}.",
    "doctor.disk_full": "Мало места в {path}: свободно {free:size}, понадобится до {needed:size}. Освободите место "
    "или укажите другой DATA_DIR.",
    "doctor.session": "Вход выполнен (у самого Telegram не спрашивали).",
    "doctor.session_string": "Вход: при первом запуске будет использована SESSION_STRING.",
    "doctor.session_none": "Вход не выполнен. Войдите: python userbot.py login",
    "doctor.session_no_api": "Вход не выполнен, а для него нужны API_ID и API_HASH: получите их на "
    "https://my.telegram.org, впишите в .env и выполните python userbot.py login",
    "doctor.session_dead": "Telegram завершил сессию; то, что от неё осталось, — {name}. Войдите заново: python "
    "userbot.py login",
    "doctor.session_old": "Прежняя сессия, которую завершил Telegram, лежит в {name}; она не используется, её можно "
    "удалить.",
    "doctor.session_open": "Сессия — ключ к аккаунту, а прочитать её могут и другие: chmod 600 {path}",
    "doctor.session_damaged": "Не удаётся прочитать файл сессии {path}: не те права или он повреждён. Если "
    "повреждён, "
    "войдите заново: python userbot.py login",
    "doctor.program_not": "Программа сейчас не запущена.",
    "doctor.program_silent": "Аккаунт занят[[: процесс {pid} на {host}]][[, с {since_s:moment}]], но вестей оттуда "
    "пока нет: идёт запуск или вход.",
    "doctor.clock": "Telegram доступен, часы идут верно.",
    "doctor.clock_fast": "Часы этой машины спешат на {seconds:duration}. Переведите их (timedatectl set-ntp true), "
    "иначе Telegram может не ответить.",
    "doctor.clock_slow": "Часы этой машины отстают на {seconds:duration}. Переведите их (timedatectl set-ntp true), "
    "иначе Telegram может не ответить.",
    "doctor.telegram_away": "Telegram сейчас отсюда недоступен[[ ({reason})]], поэтому часы не сверены. Проверьте "
    "сеть и "
    "брандмауэр.",
    "doctor.redis": "Redis {version} отвечает.",
    "doctor.redis_old": "Redis {version} слишком старый: нужен 6 или новее.",
    "doctor.redis_forgets": "Redis ничего не сохраняет при перезапуске: запустите его с appendonly yes",
    "doctor.redis_away": "{reason}",
    "doctor.python": "Python {version}",
    "doctor.python_other": "Python {version}, а пакеты собраны для 3.11. Выполните make setup с Python 3.11.",
    "doctor.packages": "Пакеты: все на месте.",
    "doctor.packages_slow": "Пакеты загружались слишком долго: машина очень занята или очень медленная.",
    "doctor.package_missing": "Пакета {name} нет, или на этой машине он не работает. Выполните make setup, потом "
    ".venv/bin/python userbot.py doctor",
    "doctor.package_quick": "Нет пакета {name}: загрузка будет медленной. Выполните make setup.",
    "doctor.sound": "Декодер: голосовое сообщение читается.",
    "doctor.sound_broken": "Декодер: голосовое сообщение не читается, пакет av неисправен. "
    "Выполните make setup ещё раз.",
    "doctor.model": "Модель {model:model}: на месте.",
    "doctor.model_away": "Модель {model:model}: скачается при первом запуске[[ ({size:size})]].",
    "doctor.model_wrong": "{reason}",
    "doctor.memory": "Память: модели {model:model} нужно до {needed:size}, свободно {free:size}.",
    "doctor.memory_in_use": "Память: свободно {free:size}; программа уже работает с моделью {model:model}.",
    "doctor.memory_short": "Мало памяти: модели {model:model} нужно до {needed:size}, свободно {free:size}. Возьмите "
    "модель поменьше (MODEL) или добавьте памяти.",
    "doctor.cpu": "Процессор: {cpus} {cpus:ядро|ядра|ядер}, {threads} {threads:поток|потока|потоков}, "
    "{features:list}.",
    "doctor.cpu_plain": "Процессор: {cpus} {cpus:ядро|ядра|ядер}, {threads} {threads:поток|потока|потоков}, и нет "
    "AVX2: распознавание будет медленным. Возьмите tiny или base.",
    "doctor.cpu_threads": "CPU_THREADS={threads}, а доступно только {cpus} {cpus:ядро|ядра|ядер}: уберите эту "
    "настройку.",
    "doctor.terminal": "Терминал: показывает все буквы.",
    "doctor.terminal_encoding": "Терминал показывает не все буквы ({encoding}): export LANG=C.UTF-8. QR-кода не "
    "будет.",
    "doctor.terminal_narrow": "Ширина терминала — {columns}, а QR-коду нужно {needed}: расширьте окно или войдите "
    "по номеру телефона.",
    "doctor.container": "Контейнер: пользователь {uid}, {path} на томе.",
    "doctor.container_unmounted": "Это контейнер, а {path} не на томе: сессия и тексты пропадут вместе с ним. "
    "Подключите том: -v stenogram:{path}",
    "doctor.container_user": "Это контейнер с пользователем {uid}, а образ рассчитан на {user}. Уберите --user и "
    "отдайте подключённое: chown {user}:{user}",
    "doctor.denied": "Нет доступа к {path}[[: {reason}]].",
    "doctor.slow": "Нет ответа за отведённое время ({check}).",
    "doctor.broken": "Проверка сломалась ({check}). Пожалуйста, сообщите разработчикам то, что напечатано выше.",
    "doctor.well": "Всё в порядке.",
    "doctor.doubtful": "Работать можно. Обратите внимание: {doubtful} (⚠️).",
    "doctor.sick": "Нужно исправить: {wrong} (❌)[[, обратить внимание: {doubtful} (⚠️)]].",
    "doctor.setting_wrong": "Неверная настройка {name}={value} (нужно {expected}).",
    "doctor.api_hash_odd": "В API_HASH, скорее всего, ошибка: там должно быть 32 знака — цифры и буквы от a до f. "
    "Скопируйте его ещё раз с https://my.telegram.org",
    "doctor.dotenv_misspelt": "Настройки {name} нет ({path}). Может быть, {meant}?",
    "doctor.telegram_garbled": "Вместо Telegram отвечает что-то другое (прокси или страница входа этой сети), "
    "поэтому часы не сверены. Проверьте сеть.",
    "doctor.model_chosen": "Модель: командой /model выбрана {model:model}, поэтому MODEL={setting:model} уже не "
    "действует.",
    "doctor.model_unseen": "Какая модель выбрана командой /model, узнать не удалось: это записано в Redis. "
    "Проверяется "
    "MODEL={setting:model}.",
}

"""What lending a CPU says, in Russian."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RUSSIAN_LENDING: Final[Mapping[str, str]] = {
    "cli.worker": "помогать программе на другой машине: одолжить ей процессор этой",
    "cli.worker_how": "Расшифровывает записи для программы на другой машине; Redis у них должен быть общий. Модель "
    "скачивает сам, вход в Telegram не нужен. Подробнее: docs/operations.md",
    "run.lending_starting": "🚀 Запускаю помощника...",
    "run.lending_connected": "✅ Подключено к Redis",
    "run.lending_waiting": "⏳ Жду программу...",
    "run.lending_found": "🤝 Программа на связи, помогаю ей",
    "run.lending_gone": "⚠️ Программа молчит. Жду, когда она вернётся...",
    "run.lending_refused": "⚠️ Здесь версия {here}, у программы {there}, поэтому помочь ей нельзя. "
    "Обновите ту, что старше.",
    "run.lending_no_model": "⚠️ Модели {model:model} здесь нет, и её не скачать. Положите её папку в models каталога "
    "данных или выберите другую в чате: /model",
    "run.lending_no_memory": "⚠️ Для модели {model:model} здесь не хватает памяти. Повтор через "
    "{seconds} {seconds:секунду|секунды|секунд}...",
    "run.lending_stopped": "✅ Помощник остановлен корректно",
    "setting.redis_needed": "нужен {name} — Redis программы, которой помогать; например, {expected}",
    "error.already_lending": "В этом каталоге данных уже работает помощник[[: процесс {pid} на {host}]]"
    "[[, с {since_s:moment}]]. Для второго укажите другой DATA_DIR.",
    "status.lent": "🤝 {name} · {n} {n:поток|потока|потоков} · {doing}",
    "status.lent_busy": "в работе {n}",
    "status.lent_idle": "свободна",
    "status.lent_unready": "не готова",
}

"""What lending a CPU says, in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ENGLISH_LENDING: Final[Mapping[str, str]] = {
    "cli.worker": "help the program on another machine: lend it the CPU of this one",
    "cli.worker_how": "Transcribes recordings for the program on another machine; both have to use the same Redis. "
    "It downloads the model by itself, and needs no sign-in to Telegram. More: docs/operations.md",
    "run.lending_starting": "🚀 Starting the helper...",
    "run.lending_connected": "✅ Connected to Redis",
    "run.lending_waiting": "⏳ Waiting for the program...",
    "run.lending_found": "🤝 The program is there, helping it",
    "run.lending_gone": "⚠️ The program is silent. Waiting for it to come back...",
    "run.lending_refused": "⚠️ This is version {here}, the program is {there}, so it cannot be helped. "
    "Update the older of the two.",
    "run.lending_no_model": "⚠️ The model {model:model} is not here and cannot be downloaded. Put its folder into "
    "models in the data directory, or choose another in the chat: /model",
    "run.lending_no_memory": "⚠️ Not enough memory here for the model {model:model}. Trying again in "
    "{seconds} {seconds:second|seconds}...",
    "run.lending_stopped": "✅ The helper stopped cleanly",
    "setting.redis_needed": "{name} is needed: the Redis of the program to help; for example {expected}",
    "error.already_lending": "A helper is at work in this data directory already[[: process {pid} on {host}]]"
    "[[, since {since_s:moment}]]. For a second one, set another DATA_DIR.",
    "status.lent": "🤝 {name} · {n} {n:thread|threads} · {doing}",
    "status.lent_busy": "running {n}",
    "status.lent_idle": "idle",
    "status.lent_unready": "not ready",
}

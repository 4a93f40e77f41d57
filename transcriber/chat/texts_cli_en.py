"""What the command line says, in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ENGLISH_CLI: Final[Mapping[str, str]] = {
    "cli.description": "Turns the voice notes of your Telegram account into text, on this machine.",
    "cli.verbs": "what to do (default: run)",
    "cli.run": "stay connected and transcribe",
    "cli.login": "sign in: QR code, or phone number and code",
    "cli.login_if_needed": "do nothing if somebody is signed in",
    "cli.login_phone": "by phone number and code, without asking",
    "cli.logout": "end the session at Telegram and remove it from this machine",
    "cli.transcribe": "transcribe files, without Telegram",
    "cli.transcribe_paths": "files or folders",
    "cli.transcribe_output": "write one file per recording into this folder",
    "cli.transcribe_language": "language spoken (en, ru, …); default: detect",
    "cli.transcribe_model": "model to use this time",
    "cli.transcribe_translate": "translate to English",
    "cli.check": "say whether the running program is healthy (for Docker and cron)",
    "cli.sandbox": "try it all against a Telegram on this machine, without an account",
    "cli.sandbox_demo": "play a short conversation and end",
    "argv.prefix": "usage: ",
    "argv.arguments": "what it takes",
    "argv.options": "options",
    "argv.help": "show this and end",
    "argv.version": "show the version and end",
    "argv.verb": "verb",
    "argv.example": "Example: {example}",
    "argv.missing": "Something is missing: {names}.",
    "argv.unknown": "Not understood: {value}.",
    "argv.choice": "There is no “{value}” here; there are: {allowed}.",
    "argv.needs_value": "{names} needs a value.",
    "argv.takes_no_value": "{names} takes no value (“{value}”).",
    "argv.ambiguous": "“{value}” is not clear: {allowed}?",
    "cli.logged_out": "Signed out, and the session is removed.",
    "cli.not_signed_in": "Nobody was signed in.",
    "terminal.model_unknown": "There is no such model[[: {model}]]. Give a catalogue name (tiny, small,"
    " large-v3-turbo, …), owner/name or a folder.",
    "terminal.unexpected": "Unexpected error[[: {error}]].",
    "terminal.truncated": "The recording breaks off: the file is not whole[[ ({path})]].",
    "cli.packages_missing": "The package {name} is missing here. Run `make setup` once, then "
    ".venv/bin/python userbot.py (or: make run).",
    "check.healthy": "healthy: connected, {waiting} waiting, {running} running, model {model:model}",
    "check.not_running": "not running: start it with python userbot.py",
    "check.unreadable": "not healthy: {path} cannot be read",
    "check.stale": "not healthy: no sign of life for {seconds:duration}",
    "check.store_down": "not healthy: the store does not answer",
    "check.offline": "not healthy: no connection to Telegram for {seconds:duration}",
    "setting.wrong": "{name}={value} (expected {expected})",
}

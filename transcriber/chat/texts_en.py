"""Every sentence in English; the keys and details are those of the Russian table, a test proves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ENGLISH_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_RUN: Final[Mapping[str, str]] = {
    "run.starting": "🚀 Starting the voice transcriber...",
    "run.cpu_threads": "💻 CPU threads: {n}",
    "run.tracked_count": "👥 Tracked users: {n}",
    "run.connecting": "🔄 Connecting to Telegram...",
    "run.connected": "✅ Connected to Telegram",
    "run.running": "✅ Up and running!",
    "run.model": "🎙️ Working with the model {model:model}!",
    "run.model_fetching": "⬇️ Downloading the model {model:model}: {fraction:percent}",
    "run.model_unfetched": "⚠️ The model {model:model} could not be downloaded. Trying again in "
    "{seconds} {seconds:second|seconds}...",
    "run.tracked_list": "📋 Tracked: {names:list}",
    "run.disconnected": "⚠️ Disconnected from Telegram. Trying to reconnect...",
    "run.network_error": "⚠️ Network error: {error}",
    "run.reconnect_in": "🔄 Reconnecting in {seconds} {seconds:second|seconds}...",
    "run.flood_wait": "⏳ FloodWait: waiting {seconds} {seconds:second|seconds}...",
    "run.api_error": "⚠️ Telegram API error: {error}",
    "run.unexpected": "❌ Unexpected error: {error}",
    "run.signal": "🛑 Received signal {number}. Stopping...",
    "run.stopping": "🛑 Stopping as asked...",
    "run.telegram_closed": "🛑 Disconnected from Telegram for good",
    "run.stopped": "✅ The voice transcriber stopped cleanly",
}

_ERROR: Final[Mapping[str, str]] = {
    "error.unexpected": "Unexpected error[[: {error}]]. The program's log says more.",
    "error.transient": "A passing problem; I will try again.",
    "error.lost": "Somebody else has this note in hand already.",
    "error.refused": "That does not work[[: {reason}]].",
    "error.permanent": "Cannot go on[[: {reason}]].",
    "error.offline": "No connection to Telegram. I will try again as soon as there is one.",
    "error.flood_wait": "Telegram asks to wait[[ {seconds:duration}]]. I will go on right after that.",
    "error.engine_died": "The recogniser broke down twice on this recording: it is damaged, or memory ran out. "
    "Try a smaller model: /model",
    "error.store_unavailable": "The storage does not answer. Nothing accepted is lost; try again in a moment.",
    "error.gone": "The message was deleted, or the chat is no longer open to you.",
    "error.unreadable": "Could not read the sound[[ of {path}]]: the file is damaged or is no recording.",
    "error.empty": "The file is empty[[: {path}]].",
    "error.no_sound": "There is no sound in this[[: {path}]].",
    "error.truncated": "The recording breaks off: the file is not whole[[ ({path})]]. Have it sent again.",
    "error.download_cut": "Telegram gave only a part of the file.",
    "error.too_long": "The recording is longer than allowed[[ (the limit is {limit_s:duration})]]. "
    "MAX_DURATION_S sets the limit.",
    "error.too_large": "The file is larger than allowed[[ (the limit is {limit_bytes:size})]]. "
    "MAX_FILE_MB sets the limit.",
    "error.missing_file": "There is no such file[[: {path}]].",
    "error.not_a_folder": "A folder is needed here, and this is a file.",
    "error.nothing_found": "There is no recording here.",
    "error.model_unknown": "There is no such model[[: {model}]].[[ Did you mean {near}?]] /model lists them.",
    "error.model_unfetched": "Could not download the model[[ {model}]]. Check the network and the free disk space.",
    "error.model_broken": "The model[[ {model}]] does not load: it is damaged, or it is no CTranslate2 model.",
    "error.model_too_big": "The model[[ {model}]] does not fit in memory[[ (it needs {need_bytes:size})]]. "
    "Take a smaller one.",
    "error.several": "That message is about {n} notes. Name the one you mean. Example: /t {id}",
    "error.not_found": "Cannot find[[ {name}]]. An @name, an id or a link is needed. Example: @anna",
    "error.cancelled": "Cancelled.",
    "error.settings": "The settings are wrong:[[ {problems}]]",
    "error.no_session": "Not signed in, and no terminal to ask on. Sign in once from a terminal: "
    "python userbot.py login",
    "error.login_left": "Signing in was left, and nothing is kept of it. Any time again: python userbot.py login",
    "error.login_flood": "Too many attempts. Telegram asks to wait[[ {seconds:duration}]]; try again after that.",
    "error.signed_out": "Telegram no longer accepts this sign-in. Sign in again: python userbot.py login",
    "error.key_unregistered": "This sign-in was ended (its key is not registered). Sign in again: "
    "python userbot.py login",
    "error.key_duplicated": "This session was used from two addresses at once, and Telegram closed it. Keep one "
    "copy running and sign in again: python userbot.py login",
    "error.session_revoked": "The sign-in was revoked from another device. Sign in again: python userbot.py login",
    "error.session_expired": "The sign-in has expired. Sign in again: python userbot.py login",
    "error.deactivated": "The Telegram account was deleted or deactivated: there is nothing to work with.",
    "error.banned": "The Telegram account is banned. Write to Telegram's support.",
    "error.already_running": "This account is already in use[[: {holder}]][[: pid {pid} on {host}]]"
    "[[, since {since_s:moment}]]. Stop that program first.",
    "error.data_dir": "The data directory cannot be written[[: {path}]]. Mend its permissions or set another "
    "DATA_DIR.",
    "error.store_refused": "The storage cannot be used[[: {reason}]]. Check REDIS_URL and the version of the data.",
    "error.session_unreadable": "The session file is damaged[[: {path}]]. Sign in again: python userbot.py login",
    "error.session_string_wrong": "SESSION_STRING is not a session string of a Telegram account. Check it, or remove "
    "it and sign in: python userbot.py login",
    "error.session_string_dead": "Telegram no longer accepts the session in SESSION_STRING. Remove it and sign in "
    "again: python userbot.py login",
    "error.api_needed": "To sign in, API_ID and API_HASH are needed: get them at https://my.telegram.org and put "
    "them in .env",
    "error.api_wrong": "Telegram does not accept this API_ID and API_HASH. Check them at https://my.telegram.org",
    "error.language_unknown": "The model does not know the language[[ “{language}”]]. A code like ru or en "
    "is needed.",
    "error.store_newer": "The data was written by a newer version of the program[[ ({found}; this one knows "
    "{known})]]. Update the program.",
    "error.store_damaged": "The stored data is damaged[[: {what}]]. Restore it from a copy, or start with an empty "
    "DATA_DIR.",
    "error.store_access": "The storage does not let us in[[: {reason}]]. Check the name and password in REDIS_URL.",
    "error.store_url": "REDIS_URL does not look like the address of a Redis. Example: redis://localhost:6379/0",
    "error.store_unreachable": "The storage cannot be reached. Check that Redis is running and REDIS_URL is right.",
}

_LOGIN: Final[Mapping[str, str]] = {
    "login.connecting": "Connecting to Telegram…",
    "login.already": "Already signed in as {name}.",
    "login.choose": "How do you want to sign in?\n  1 - scan a QR code with your phone (easiest)\n"
    "  2 - phone number and code",
    "login.ask_choice": "1 or 2 [1]:",
    "login.qr_how": "On your phone: Telegram → Settings → Devices → Link Desktop Device,\nand point the camera at "
    "this code.",
    "login.ask_qr": "Enter - phone number and code instead:",
    "login.qr_no_room": "This terminal is too narrow for a QR code, or lacks its letters; so by phone number.",
    "login.ask_phone": "Phone number, with the country code (+44…):",
    "login.phone_wrong": "Telegram does not accept this number. Write it with the country code.",
    "login.phone_banned": "Telegram has banned this number; its support can help. Is there another?",
    "login.phone_unregistered": "Nobody uses Telegram with this number.",
    "login.code_app": "Telegram has sent you a code: look in the app, in the chat “Telegram”.",
    "login.code_sms": "Telegram has sent you a code by SMS.",
    "login.code_call": "Telegram is calling you with the code.",
    "login.code_email": "Telegram has sent you a code by e-mail.",
    "login.code_other": "Telegram has sent you a code.",
    "login.ask_code": "Code:",
    "login.code_wrong": "That is not the code. Try again.",
    "login.code_expired": "That code has run out; a new one is on its way.",
    "login.password_needed": "This account has a two-step password[[ (your hint: {hint})]]. It is not shown while "
    "you type.",
    "login.ask_password": "Password:",
    "login.password_wrong": "Wrong password. Try again.",
    "login.done": "Signed in as {name}.",
}

_UNIT: Final[Mapping[str, str]] = {
    "unit.day": "{n} {n:day|days}",
    "unit.hour": "{n} h",
    "unit.minute": "{n} min",
    "unit.second": "{n} s",
    "unit.bytes": "{n} B",
    "unit.kib": "{n} KB",
    "unit.mib": "{n} MB",
    "unit.gib": "{n} GB",
    "common.none": "none",
}

ENGLISH: Final[Mapping[str, str]] = {**_RUN, **_ERROR, **_LOGIN, **_UNIT}

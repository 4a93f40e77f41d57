"""What the verb `doctor` says, in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ENGLISH_DOCTOR: Final[Mapping[str, str]] = {
    "doctor.settings_file": "Settings: nothing wrong (read from {path} and the environment).",
    "doctor.settings_none": "Settings: nothing wrong (no .env in {folder}: from the environment alone).",
    "doctor.dotenv_open": "{path} holds secrets and can be read by others: chmod 600 {path}",
    "doctor.data_new": "Data directory: {path} will be made; {free:size} free.",
    "doctor.data_impossible": "The data directory {path} cannot be made. Mend the permissions or set another "
    "DATA_DIR.",
    "doctor.data_file": "{path} is a file, and DATA_DIR has to be a folder.",
    "doctor.data_closed": "The data directory {path} cannot be read and written by this user ({uid}). Mend its "
    "permissions or set another DATA_DIR.",
    "doctor.data_owner": "The data directory {path} belongs to user {owner}, and this is user {uid}: run it as its "
    "owner, or chown it.",
    "doctor.data_open": "The data directory {path} is open to others (mode {mode}): chmod 700 {path}",
    "doctor.data": "Data directory: {path}, {free:size} free.",
    "doctor.disk_full": "There is too little room at {path}: {free:size} free, up to {needed:size} needed. Make "
    "room or set another DATA_DIR.",
    "doctor.session": "Signed in (Telegram itself was not asked).",
    "doctor.session_string": "Sign-in: SESSION_STRING will be used at the first start.",
    "doctor.session_none": "Nobody is signed in. Sign in: python userbot.py login",
    "doctor.session_no_api": "Nobody is signed in, and signing in needs API_ID and API_HASH: get them at "
    "https://my.telegram.org, put them in .env, then python userbot.py login",
    "doctor.session_dead": "Telegram ended the session; what is left of it is {name}. Sign in again: python "
    "userbot.py login",
    "doctor.session_old": "An earlier session that Telegram ended is kept as {name}; it is not used and can be "
    "deleted.",
    "doctor.session_open": "The session is the key to the account, and others can read it: chmod 600 {path}",
    "doctor.session_damaged": "The session file {path} cannot be read: its permissions are wrong, or it is damaged. "
    "Then sign in again: python userbot.py login",
    "doctor.program_not": "The program is not running now.",
    "doctor.program_silent": "The account is held[[ by pid {pid} on {host}]][[, since {since_s:moment}]], and "
    "nothing was heard from there yet: it is starting or signing in.",
    "doctor.clock": "Telegram can be reached, and the clock is right.",
    "doctor.clock_fast": "The clock of this machine is {seconds:duration} fast. Set it (timedatectl set-ntp true): "
    "Telegram may not listen otherwise.",
    "doctor.clock_slow": "The clock of this machine is {seconds:duration} slow. Set it (timedatectl set-ntp true): "
    "Telegram may not listen otherwise.",
    "doctor.telegram_away": "Telegram cannot be reached from here now[[ ({reason})]], so the clock was not compared. "
    "Check the network and the firewall.",
    "doctor.redis": "Redis {version} answers.",
    "doctor.redis_old": "Redis {version} is too old: 6 or newer is needed.",
    "doctor.redis_forgets": "Redis keeps nothing over a restart: start it with appendonly yes",
    "doctor.redis_away": "{reason}",
    "doctor.python": "Python {version}",
    "doctor.python_other": "Python {version}: the packages are made for 3.11. Run make setup with Python 3.11.",
    "doctor.packages": "Packages: all there.",
    "doctor.packages_slow": "The packages took too long to load: this machine is very busy or very slow.",
    "doctor.package_missing": "The package {name} is missing or does not work on this machine. Run make setup, then "
    ".venv/bin/python userbot.py doctor",
    "doctor.package_quick": "The package {name} is missing: downloads will be slow. Run make setup.",
    "doctor.sound": "Decoder: a voice note can be read.",
    "doctor.sound_broken": "Decoder: a voice note cannot be read; the package av is broken. Run make setup again.",
    "doctor.model": "Model {model:model}: here.",
    "doctor.model_away": "Model {model:model}: comes with the first start[[ ({size:size})]].",
    "doctor.model_wrong": "{reason}",
    "doctor.memory": "Memory: {model:model} needs up to {needed:size}, {free:size} are free.",
    "doctor.memory_in_use": "Memory: {free:size} free; {model:model} is in use by the running program.",
    "doctor.memory_short": "Too little memory: {model:model} needs up to {needed:size}, {free:size} are free. Take "
    "a smaller model (MODEL), or give it more memory.",
    "doctor.cpu": "Processor: {cpus} {cpus:CPU|CPUs}, {threads} {threads:thread|threads}, {features:list}.",
    "doctor.cpu_plain": "Processor: {cpus} {cpus:CPU|CPUs}, {threads} {threads:thread|threads}, and no AVX2: "
    "recognition will be slow. Take tiny or base.",
    "doctor.cpu_threads": "CPU_THREADS={threads}, but only {cpus} {cpus:CPU|CPUs} may be used: leave it out.",
    "doctor.terminal": "Terminal: shows all letters.",
    "doctor.terminal_encoding": "The terminal does not show all letters ({encoding}): export LANG=C.UTF-8. There "
    "will be no QR code.",
    "doctor.terminal_narrow": "The terminal is {columns} columns wide, and a QR code needs {needed}: make it wider, "
    "or sign in by phone number.",
    "doctor.container": "Container: user {uid}, {path} is on a volume.",
    "doctor.container_unmounted": "In a container, and {path} is not on a volume: the session and the transcripts "
    "go when it goes. Mount one: -v stenogram:{path}",
    "doctor.container_user": "In a container as user {uid}; the image runs as {user}. Leave out --user, and chown "
    "{user}:{user} what is mounted.",
    "doctor.denied": "Cannot look at {path}[[: {reason}]].",
    "doctor.slow": "No answer in time ({check}).",
    "doctor.broken": "This check broke ({check}); please report what stands above.",
    "doctor.well": "All is well.",
    "doctor.doubtful": "It works. {doubtful} {doubtful:thing|things} to look at (⚠️).",
    "doctor.sick": "To mend: {wrong} (❌)[[, to look at: {doubtful} (⚠️)]].",
    "doctor.setting_wrong": "Setting {name}={value} is wrong (expected {expected}).",
    "doctor.api_hash_odd": "API_HASH is wrong, most likely: it should be 32 digits and letters from a to f. Copy "
    "it again from https://my.telegram.org",
    "doctor.dotenv_misspelt": "There is no setting {name} ({path}). Perhaps {meant}?",
    "doctor.telegram_garbled": "Something answers in place of Telegram (a proxy, or the sign-in page of this "
    "network), so the clock was not compared. Check the network.",
    "doctor.model_chosen": "Model: {model:model} was chosen with /model, so MODEL={setting:model} no longer counts.",
    "doctor.model_unseen": "What was chosen with /model is in Redis and cannot be seen: MODEL={setting:model} is "
    "judged instead.",
}

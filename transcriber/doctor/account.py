"""Checks of what is the owner's own: settings, the data directory, the session, and the program that runs on them."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import quote

import config
from transcriber import health
from transcriber.boot import since_boot_s
from transcriber.doctor.finding import Case, Finding, bad, good, warn
from transcriber.doctor.model import judged
from transcriber.errors import ModelRefused
from transcriber.telegram.lock import who_holds

SESSION = "voice_transcriber.session"  # as telegram/session.py has it, which needs the packages
SLOTS = 3  # recordings on disk at the same time
OTHERS = 0o077  # what is in the mode of a file that not only its owner may touch
EXAMPLE = Path(config.__path__[0]) / "example.env"  # names every setting
SET = re.compile(r"^\s*(?:export\s+)?(\w+)\s*=", re.MULTILINE)
API_HASH = re.compile(r"[0-9a-fA-F]{32}")
ALIKE = 0.75  # how much of a name has to be right to be taken for a misspelt one: others' settings stand there too
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY)  # somebody is writing: it is a session


def settings(case: Case) -> Iterator[Finding]:
    """Every mistake in them; whether the file with the secrets is the owner's alone."""
    for problem in case.problems:
        yield bad("setting_wrong", name=problem.name, value=problem.value, expected=problem.expected)
    there = case.dotenv.is_file()
    if not case.problems:
        yield good("settings_file", path=case.dotenv) if there else good("settings_none", folder=case.dotenv.parent)
    if case.settings.api_hash and not API_HASH.fullmatch(case.settings.api_hash):
        yield warn("api_hash_odd")
    if there:
        yield from _dotenv(case.dotenv)


def _dotenv(path: Path) -> Iterator[Finding]:
    """Whether it can be read, by its owner only, and which names in it are likely to be misspelt."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        yield bad("error.dotenv_unreadable", path=path)
        return
    if path.stat().st_mode & OTHERS:
        yield warn("dotenv_open", path=path)
    known = re.findall(r"^#([A-Z_]+)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    for name in SET.findall(text):
        meant = [] if name in known else get_close_matches(name.upper(), known, 1, ALIKE)
        if meant:
            yield warn("dotenv_misspelt", name=name, meant=meant[0], path=path)


def free_bytes(folder: Path) -> int:
    """Room on its disk for this user."""
    return shutil.disk_usage(folder).free


def data_directory(case: Case, free_bytes: Callable[[Path], int] = free_bytes) -> Iterator[Finding]:
    """There or can be made, ours, closed to others, writable, and room for what is to come."""
    folder = case.settings.data_dir
    if not folder.exists():
        above = next(path for path in folder.parents if path.exists())
        can_be = above.is_dir() and os.access(above, os.W_OK | os.X_OK)
        yield _room(case, "data_new", free_bytes(above)) if can_be else bad("data_impossible", path=folder)
        return
    if not folder.is_dir():
        yield bad("data_file", path=folder)
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield bad("data_closed", path=folder, uid=os.geteuid())
        return
    found = folder.stat()
    if found.st_uid != os.geteuid():
        yield warn("data_owner", path=folder, owner=found.st_uid, uid=os.geteuid())
    if stat.S_IMODE(found.st_mode) & OTHERS:
        yield warn("data_open", path=folder, mode=f"{stat.S_IMODE(found.st_mode):04o}")
    yield _room(case, "data", free_bytes(folder))


def _room(case: Case, key: str, free: int) -> Finding:
    needed = _to_download(case) + SLOTS * case.settings.max_file_mb * 2**20
    found = {"path": case.settings.data_dir, "free": free, "needed": needed}
    return Finding("good", key, found) if free > needed else bad("disk_full", **found)


def _to_download(case: Case) -> int:
    try:
        info = judged(case).info
    except ModelRefused:
        return 0
    return 0 if info.present else info.download_bytes or 0


def session(case: Case) -> Iterator[Finding]:
    """Whether somebody is signed in, as far as the file tells; Telegram is not asked."""
    path = case.settings.data_dir / SESSION
    dead = path.with_name(f"{SESSION}.dead")
    if path.exists():
        yield from _session_file(path)
        if dead.exists():
            yield good("session_old", name=dead.name)
    elif case.settings.session_string:
        yield good("session_string")
    elif not (case.settings.api_id and case.settings.api_hash):
        yield bad("session_no_api")
    else:
        yield bad("session_dead", name=dead.name) if dead.exists() else bad("session_none")


def _session_file(path: Path) -> Iterator[Finding]:
    if path.stat().st_mode & OTHERS:
        yield warn("session_open", path=path)
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=1)) as connection:
            row = connection.execute("SELECT auth_key, user_id FROM sessions").fetchone()
    except sqlite3.Error as error:
        in_use = getattr(error, "sqlite_errorcode", 0) & 0xFF in BUSY
        yield good("session") if in_use else bad("session_damaged", path=path)
        return
    yield good("session") if row and None not in row else bad("session_none")


def program(case: Case, holds: Callable[[Path], dict[str, object] | None] = who_holds) -> Iterator[Finding]:
    """Whether the program runs and what it says of itself; its lock is looked at and left alone."""
    holder = holds(case.settings.data_dir)
    healthy, key, details = health.verdict(case.settings.data_dir, since_boot_s())
    if healthy:
        yield Finding("good", key, details)
    elif holder is None:
        yield good("program_not")
    elif key == "check.not_running":
        yield warn("program_silent", **holder)
    else:
        yield Finding("warn" if key == "check.offline" else "bad", key, details)

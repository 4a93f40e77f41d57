"""Kill the program exactly where it writes something down: for tests, and only where the sandbox's seam file asks.

The file that `STENOGRAM_SANDBOX` names may carry `"crash_at": "store.insert_job:after"`. The general form is
`part.method[about]:before|after:n`: the n-th call (1 if not said) of that method, counted from the start of the
process; with `[about]` only calls about that (see `subject`); `before` it begins, or `after` its result is there. A
call that came back with nothing wrote nothing and is not counted `after`. It is SIGKILL: no handler, no `finally`.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import json
import os
import re
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from transcriber.domain import PLACE, Job

# What writes, by the name that crash points use: a class or module whose methods are found by name.
PARTS: dict[str, tuple[str, ...]] = {
    "store": ("transcriber.storage.sqlite:SqliteStore", "transcriber.storage.redis:RedisStore"),
    "archive": ("transcriber.storage.archive:SqliteArchive",),
    "gateway": ("transcriber.telegram.gateway:TelegramGateway",),
    "session": ("pyrogram.storage:SQLiteStorage",),
    "health": ("transcriber.health:",),
}
CONDITIONAL = frozenset({"claim_job", "insert_job", "replace_job"})  # a None from these: nothing was written
_FORM = re.compile(r"(?P<part>\w+)\.(?P<method>\w+)(\[(?P<about>.*)\])?:(?P<when>before|after)(:(?P<nth>\d+))?")


@dataclass(slots=True)
class CrashPoint:
    """One place to die at, and how many calls are left until then."""

    part: str
    method: str
    about: str | None
    when: str
    left: int

    def reached(self, when: str, arguments: tuple[Any, ...], result: object = True) -> None:
        """Die here if this is the place and the time."""
        if when != self.when or (result is None and self.method in CONDITIONAL):
            return
        if self.about is None or self.about in {subject(argument) for argument in arguments}:
            self.left -= 1
            if self.left == 0:
                _die()


def parse(text: str) -> CrashPoint:
    """Read a crash point. Raises `ValueError`: a test that asks for no known place must not pass."""
    found = _FORM.fullmatch(text)
    if found is None or found["part"] not in PARTS:
        raise ValueError(f"not a crash point: {text}")
    return CrashPoint(found["part"], found["method"], found["about"], found["when"], int(found["nth"] or 1))


def subject(argument: object) -> str:
    """What a call is about, by one of its arguments: a key or number as it stands, a job by how far it got."""
    if not isinstance(argument, Job):
        return str(argument) if isinstance(argument, str | int) else ""
    sent = any(one.part != PLACE for one in argument.sent)
    steps = {"heard": argument.transcript is not None, "sent": sent, "error": bool(argument.error)}
    return " ".join([argument.state, *(step for step, done in steps.items() if done)])


def arm(seam_file: Path | None) -> None:
    """Prepare the death that the seam file asks for, if it asks for one. In real use there is no such file."""
    wanted = json.loads(seam_file.read_text("utf-8")).get("crash_at") if seam_file else None
    if wanted is None:
        return
    point = parse(wanted)
    for target in PARTS[point.part]:
        module, _, name = target.partition(":")
        owner = importlib.import_module(module)
        owner = getattr(owner, name) if name else owner
        setattr(owner, point.method, _deadly(getattr(owner, point.method), point))


def _deadly(method: Callable[..., Any], point: CrashPoint) -> Callable[..., Any]:
    @functools.wraps(method)
    async def waiting(*arguments: Any, **named: Any) -> Any:
        point.reached("before", arguments)
        result = await method(*arguments, **named)
        point.reached("after", arguments, result)
        return result

    @functools.wraps(method)
    def at_once(*arguments: Any, **named: Any) -> Any:
        point.reached("before", arguments)
        result = method(*arguments, **named)
        point.reached("after", arguments, result)
        return result

    return waiting if asyncio.iscoroutinefunction(method) else at_once


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("a process outlived SIGKILL")

"""One examination: all checks at once, each with its deadline, told in order; nothing is changed by looking.

It needs neither network nor session nor right settings, takes no lock and uses no session. Standard library only at
the top, and the packages from outside in a child process, because they may be what is wrong.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import TextIO

from config import settings as config
from transcriber.chat.texts import Texts
from transcriber.doctor import account, machine, model, services
from transcriber.doctor.finding import Case, Finding, Level, bad

Check = Callable[[Case], Iterable[Finding]]

DEADLINE_S = 7.0  # for all of them together, because they run at the same time; most have a shorter one of their own
MARKS: Mapping[Level, str] = {"good": "✅", "warn": "⚠️", "bad": "❌"}

CHECKS: Sequence[tuple[str, Check]] = (
    ("settings", account.settings),
    ("python", machine.python),
    ("packages", machine.packages),
    ("data", account.data_directory),
    ("session", account.session),
    ("program", account.program),
    ("clock", services.clock),
    ("redis", services.redis),
    ("model", model.model),
    ("cpu", machine.processor),
    ("terminal", machine.terminal),
    ("container", machine.container),
)


def examine(
    values: Mapping[str, str],
    texts: Texts,
    out: TextIO,
    checks: Sequence[tuple[str, Check]] = CHECKS,
    deadline_s: float = DEADLINE_S,
) -> int:
    """Print a line for each finding and one for all; returns 0, or 1 if anything is ❌."""
    settings, problems = config.forgiving(values)
    case = Case(settings, problems, Path(".env").absolute())
    until_s = monotonic() + deadline_s
    visits = [_Visit(name, check, case) for name, check in checks]
    for visit in visits:
        visit.start()
    told: list[Level] = []
    for visit in visits:
        for finding in visit.result(until_s):
            out.write(f"{MARKS[finding.level]} {_said(finding, texts)}\n")
            out.flush()
            told.append(finding.level)
    wrong, doubtful = told.count("bad"), told.count("warn")
    key = "doctor.sick" if wrong else "doctor.doubtful" if doubtful else "doctor.well"
    out.write(texts(key, wrong=wrong, doubtful=doubtful or None) + "\n")
    return 1 if wrong else 0


class _Visit(threading.Thread):
    """One check in a thread that nobody has to wait for: a disk that hangs holds up neither the rest nor the end."""

    def __init__(self, name: str, check: Check, case: Case) -> None:
        super().__init__(name=name, daemon=True)
        self._check = check
        self._case = case
        self._found: list[Finding] = []
        self._ended = False

    def run(self) -> None:
        try:
            self._found.extend(self._check(self._case))
        except OSError as error:  # most likely: no right to look there
            self._found.append(bad("denied", path=error.filename or self.name, reason=error.strerror))
        self._ended = True

    def result(self, until_s: float) -> list[Finding]:
        """What was found. Out of time is a finding too, and so is a check that broke (its trace is on stderr)."""
        self.join(max(0.0, until_s - monotonic()))
        if self._ended:
            return self._found
        return [*self._found, bad("slow" if self.is_alive() else "broken", check=self.name)]


def _said(finding: Finding, texts: Texts) -> str:
    details = finding.details
    if finding.because is not None:
        details = {**details, "reason": texts.at_terminal(finding.because.key, **finding.because.details)}
    key = finding.key if "." in finding.key else f"doctor.{finding.key}"
    return " ".join(texts(key, **details).split())

"""The health file: written by the running program, read by `check`. Standard library only, so that `check` is quick.

Healthy means: notes can come in and texts can go out, now. The file expires: a program that hangs stops renewing it.
Its times count from the start of the machine, which no setting of a clock changes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from transcriber.boot import this_boot

FILE_NAME = "health.json"
WRITE_EVERY_S = 10.0
EXPIRES_S = 45.0  # with the watchdog's own time to notice, `check` tells the truth within 60 s


@dataclass(frozen=True, slots=True)
class Health:
    """What the program knew about itself at `at_s` (since the start of the machine, as all its times)."""

    boot: str  # which start of the machine
    at_s: float
    pid: int
    online: bool
    store: bool
    since_s: float | None  # of the connection's present state
    waiting: int
    running: int
    model: str


def write(data_dir: Path, health: Health) -> None:
    """Replace the health file; a reader sees the old one or the new one, never half of it."""
    fresh = data_dir / f"{FILE_NAME}.new"
    fresh.write_text(json.dumps(asdict(health)), encoding="utf-8")
    fresh.replace(data_dir / FILE_NAME)


def remove(data_dir: Path) -> None:
    """Leave no health behind: a program that ended is not healthy."""
    (data_dir / FILE_NAME).unlink(missing_ok=True)


def verdict(data_dir: Path, now_s: float) -> tuple[bool, str, dict[str, object]]:
    """(healthy?, key of the sentence, its details) at `now_s` since the start of the machine. Never raises: whatever
    is wrong with the file is unhealthy."""
    try:
        known = json.loads((data_dir / FILE_NAME).read_text(encoding="utf-8"))
        health = Health(**known)
        age_s = now_s - float(health.at_s)
    except FileNotFoundError:
        return False, "check.not_running", {}
    except (OSError, ValueError, TypeError):
        return False, "check.unreadable", {"path": data_dir / FILE_NAME}
    if health.boot != this_boot():
        return False, "check.not_running", {}
    if age_s > EXPIRES_S:
        return False, "check.stale", {"seconds": round(age_s)}
    if not health.store:
        return False, "check.store_down", {}
    if not health.online:
        return False, "check.offline", {"seconds": round(max(0.0, now_s - (health.since_s or health.at_s)))}
    return True, "check.healthy", {"waiting": health.waiting, "running": health.running, "model": health.model}

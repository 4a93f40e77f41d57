"""Where the kernel keeps the limits of this process: control groups, version 2 and 1."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

PROC, CGROUP = Path("/proc"), Path("/sys/fs/cgroup")


def values(controller: str, file: str, proc: Path = PROC, root: Path = CGROUP) -> Iterator[tuple[Path, str]]:
    """Every folder from this process's own group up to the top that has this file, and what is in it.

    `controller` is the version 1 name (`memory`, `cpu`); a container sees its own group as the top, so the
    path in /proc/self/cgroup may not exist there, and then the top is what counts.
    """
    seen: set[Path] = set()
    for line in _read(proc / "self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if names and controller not in names.split(","):
            continue
        top = root / controller if names else root
        inner = top / path.lstrip("/")
        for folder in (inner, *inner.parents):
            if folder in seen or not folder.is_relative_to(top):
                continue
            seen.add(folder)
            if text := _read(folder / file):
                yield folder, text


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""

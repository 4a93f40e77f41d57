"""Checks of the machine: Python and its packages, processor, memory, the model, the terminal, the container."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import transcriber
from transcriber.doctor.finding import Case, Finding, bad, good, warn
from transcriber.speech import cpu
from transcriber.speech.selftest import SOUND_OK

PYTHON = (3, 11)
# In the order in which one is likely to break what comes after it.
PACKAGES = (
    "dotenv",
    "tqdm",
    "qrcode",
    "redis",
    "pyrogram",
    "numpy",
    "av",
    "ctranslate2",
    "onnxruntime",
    "faster_whisper",
)
QUICK = "tgcrypto"  # the program works without it, slowly
PACKAGES_S = 6.0
USER, IMAGE = 10001, Path("/app")  # as the Dockerfile has them
CODE = Path(transcriber.__file__).parents[1]
QR_COLUMNS = 45
# What CTranslate2 has code for, and how /proc/cpuinfo calls it.
FEATURES = {"AVX2": "avx2", "AVX-512": "avx512f", "VNNI": "avx512_vnni", "AVX-VNNI": "avx_vnni", "NEON": "asimd"}
ENOUGH = {"AVX2", "NEON"}
CPUINFO = Path("/proc/cpuinfo")
IN_CONTAINER = (Path("/.dockerenv"), Path("/run/.containerenv"))  # made by Docker, and by Podman


def python(_: Case) -> Iterator[Finding]:
    """The version that all packages were made for."""
    version = platform.python_version()
    yield good("python", version=version) if sys.version_info[:2] == PYTHON else warn("python_other", version=version)


def packages(
    _: Case, needed: Sequence[str] = PACKAGES, quick: str = QUICK, within_s: float = PACKAGES_S
) -> Iterator[Finding]:
    """Whether each can be imported, and whether they decode a voice note: tried in a process of its own."""
    works = _tried([quick, *needed], within_s)
    if works is None:
        yield warn("packages_slow")
        return
    missing = next((name for name in needed if name not in works), None)
    if missing is not None:
        yield bad("package_missing", name=missing)
        return
    yield good("packages") if quick in works else warn("package_quick", name=quick)
    yield good("sound") if SOUND_OK in works else bad("sound_broken")


def _tried(names: Sequence[str], within_s: float) -> list[str] | None:
    """What works of it, up to what does not; None if it took too long."""
    try:
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "transcriber.speech.selftest", *names],
            env={
                "HOME": "/",
                "LANG": "C.UTF-8",
                "PATH": os.defpath,
                "PYTHONPATH": str(CODE),
                "PYTHONDONTWRITEBYTECODE": "1",
                "ORT_DISABLE_TELEMETRY": "1",  # as in speech/child.py
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=within_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return ended.stdout.decode().split()


def processor(case: Case, cpuinfo: Path = CPUINFO) -> Iterator[Finding]:
    """What it can do that the recogniser makes use of, and whether there are as many CPUs as threads."""
    usable = cpu.usable_cpus()
    threads = case.settings.cpu_threads or cpu.default_threads()
    has = [name for name, flag in FEATURES.items() if flag in _flags(cpuinfo)]
    found = {"cpus": usable, "threads": threads, "features": has}
    yield good("cpu", **found) if ENOUGH & {*has} else warn("cpu_plain", **found)
    if threads > usable:
        yield warn("cpu_threads", threads=threads, cpus=usable)


def _flags(cpuinfo: Path) -> set[str]:
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return set()
    return next(({*line.split()} for line in lines if line.startswith(("flags", "Features"))), set())


def terminal(_: Case) -> Iterator[Finding]:
    """Whether it shows every letter, and a QR code."""
    encoding = (sys.stdout.encoding or "").lower()
    if "utf" not in encoding:
        yield warn("terminal_encoding", encoding=encoding or "?")
    elif sys.stdout.isatty() and (columns := shutil.get_terminal_size().columns) < QR_COLUMNS:
        yield warn("terminal_narrow", columns=columns, needed=QR_COLUMNS)
    else:
        yield good("terminal")


def container(
    case: Case,
    marks: Sequence[Path] = IN_CONTAINER,
    is_mount: Callable[[Path], bool] = Path.is_mount,
    user: Callable[[], int] = os.geteuid,
    code: Path = CODE,
) -> Iterator[Finding]:
    """In a container: as whom, and whether what is written outlives it."""
    if not any(path.exists() for path in marks):
        return
    folder, uid = case.settings.data_dir, user()
    outlives = any(is_mount(path) for path in (folder, *folder.parents[:-1]))
    if not outlives:
        yield warn("container_unmounted", path=folder)
    wrong_user = code == IMAGE and uid != USER
    if wrong_user:
        yield warn("container_user", uid=uid, user=USER)
    if outlives and not wrong_user:
        yield good("container", path=folder, uid=uid)

"""The rules of the house, read from the sources: which room knows which, and what stands in one place only.

Each rule is also shown a breach of it, so that none of them passes because it looks at nothing.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

BASE = frozenset({"domain", "errors", "protocols", "clock", "boot"})
MIDDLE = frozenset({"work", "chat", "lending"})
EDGES = frozenset({"telegram", "speech", "storage"})

# What the files of a room may import of ours, beside their own room; who is not here may import anything.
ARROWS: dict[str, frozenset[str]] = {
    **dict.fromkeys(BASE, BASE),
    **dict.fromkeys(MIDDLE, BASE),
    **dict.fromkeys(EDGES, MIDDLE | BASE),
    "config": BASE | {"chat"},  # which languages there are, and which one a locale means, is chat's to say
}

# Where a package from outside may be imported: a folder, or one file. A package without a line here has no room.
ROOMS: dict[str, tuple[str, ...]] = {
    "pyrogram": ("transcriber/telegram/", "transcriber/sandbox/"),
    "faster_whisper": ("transcriber/speech/process.py",),
    # Both run in the child: untrusted bytes never meet a decoder in the parent.
    "av": ("transcriber/speech/audio.py", "transcriber/speech/process.py"),
    "numpy": ("transcriber/speech/",),
    "huggingface_hub": ("transcriber/speech/",),
    "redis": ("transcriber/storage/redis.py", "transcriber/storage/channel.py"),
    "dotenv": ("config/",),
    "qrcode": ("transcriber/telegram/",),
    "tqdm": ("transcriber/desk.py",),
}

# Who else reads or writes the environment, and why; all other settings come from `config/`.
ENVIRONMENT: dict[str, str] = {
    "transcriber/sandbox/demo.py": "a program of its own: hands it to config, which reads the language from it",
    "transcriber/sandbox/play.py": "a program of its own: hands it to config, which reads the language from it",
    "transcriber/sandbox/program.py": "builds the environment of a child",
    "transcriber/speech/fetching.py": "a process of its own: switches that the hub reads when it is imported",
    "transcriber/speech/process.py": "a process of its own: switches that the hub reads when it is imported",
}


@dataclass(frozen=True)
class Source:
    """One file of ours."""

    path: str  # relative to the root, with slashes
    tree: ast.Module

    @property
    def room(self) -> str:
        """Its folder under `transcriber/`, its own name for the files that all rooms share, else `app`."""
        parts = Path(self.path).with_suffix("").parts
        if parts[0] != "transcriber":
            return "config" if parts[0] == "config" else "app"
        if len(parts) > 2:
            return parts[1]
        return parts[1] if parts[1] in BASE else "app"


def sources() -> list[Source]:
    files = [*(ROOT / "transcriber").rglob("*.py"), *(ROOT / "config").rglob("*.py"), ROOT / "userbot.py"]
    return [read(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in files if path.exists()]


def read(path: str, text: str) -> Source:
    return Source(path, ast.parse(text, path))


def imported(source: Source) -> Iterator[tuple[str, int]]:
    """Each dotted name that is imported anywhere in the file, inside functions too, and its line."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = Path(source.path).parent.parts
            near = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (near, node.module) if part)
            yield from ((f"{module}.{alias.name}", node.lineno) for alias in node.names)


def target_room(name: str) -> str | None:
    """The room that an imported name of ours is in; None for what is not ours, and for `transcriber` itself."""
    first, *below = name.split(".")
    if first in ("config", "tests", "userbot"):
        return first
    if first != "transcriber" or not below:
        return None
    if (ROOT / "transcriber" / below[0]).is_dir():
        return below[0]
    if not (ROOT / "transcriber" / f"{below[0]}.py").exists():
        return None
    return below[0] if below[0] in BASE else "app"


def wrong_arrows(source: Source) -> Iterator[str]:
    allowed = ARROWS.get(source.room)
    for name, line in imported(source):
        room = target_room(name)
        if room == "tests" or (allowed is not None and room is not None and room not in allowed | {source.room}):
            yield f"{source.path}:{line}: {source.room} must not import {name}"


def strangers(source: Source) -> Iterator[str]:
    for name, line in imported(source):
        package = name.split(".")[0]
        ours = package in ("transcriber", "config", "tests", "userbot")
        if ours or package in sys.stdlib_module_names:
            continue
        if not source.path.startswith(ROOMS.get(package, ())):
            yield f"{source.path}:{line}: {package} is not to be imported here"


def ownerless_tasks(source: Source) -> Iterator[str]:
    groups = set(_groups(source.tree))
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "asyncio":
            names = {alias.name for alias in node.names} & {"create_task", "ensure_future"}
            yield from (f"{source.path}:{node.lineno}: {name} outside a TaskGroup" for name in names)
        if isinstance(node, ast.Attribute) and (
            node.attr == "ensure_future" or (node.attr == "create_task" and ast.unparse(node.value) not in groups)
        ):
            yield f"{source.path}:{node.lineno}: {ast.unparse(node)} outside a TaskGroup"


def _groups(tree: ast.Module) -> Iterator[str]:
    """What is called a task group in a file: `async with asyncio.TaskGroup() as x`, an argument or attribute
    annotated as one, and what such a one, or a new one, is assigned to."""
    named = {"asyncio.TaskGroup()"}
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncWith):
            named |= {
                ast.unparse(item.optional_vars)
                for item in node.items
                if item.optional_vars and ast.unparse(item.context_expr) == "asyncio.TaskGroup()"
            }
        elif isinstance(node, ast.arg | ast.AnnAssign) and _is_group(node.annotation):
            named.add(node.arg if isinstance(node, ast.arg) else ast.unparse(node.target))
    yield from named
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.value) in named:
            yield from (ast.unparse(target) for target in node.targets)


def _is_group(annotation: ast.expr | None) -> bool:
    return annotation is not None and ast.unparse(annotation) in ("asyncio.TaskGroup", "asyncio.TaskGroup | None")


def caught_everything(source: Source) -> Iterator[str]:
    if source.path == "transcriber/telegram/supervisor.py":
        return
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        names = {ast.unparse(kind) if kind else "everything" for kind in kinds}
        gives_on = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
        if names & {"Exception", "everything"} or ("BaseException" in names and not gives_on):
            yield f"{source.path}:{node.lineno}: catches {', '.join(sorted(names))}"


def read_environment(source: Source) -> Iterator[str]:
    if source.path.startswith("config/") or source.path in ENVIRONMENT:
        return
    words = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os" and node.attr in words:
            yield f"{source.path}:{node.lineno}: os.{node.attr}"
        if isinstance(node, ast.ImportFrom) and node.module == "os" and words & {alias.name for alias in node.names}:
            yield f"{source.path}:{node.lineno}: imports from the environment"


Rule = Callable[[Source], Iterator[str]]

# For each rule, files that break it, and files that look alike and do not.
RULES: dict[Rule, tuple[list[tuple[str, str]], list[tuple[str, str]]]] = {
    wrong_arrows: (
        [
            ("transcriber/storage/a.py", "import transcriber.telegram.client"),
            ("transcriber/storage/a.py", "from transcriber import speech"),
            ("transcriber/telegram/a.py", "def f():\n    from transcriber.storage.store import open_store"),
            ("transcriber/telegram/a.py", "from ..storage import store"),
            ("transcriber/telegram/a.py", "from transcriber.sandbox import world"),
            ("transcriber/telegram/a.py", "from transcriber.app import run"),
            ("transcriber/work/a.py", "from transcriber.chat.texts import Texts"),
            ("transcriber/chat/a.py", "from transcriber.work import jobs"),
            ("transcriber/lending/a.py", "from transcriber.work import jobs"),
            ("transcriber/lending/a.py", "from transcriber.speech.engine import Engine"),
            ("transcriber/chat/a.py", "import config.settings"),
            ("transcriber/domain.py", "from transcriber.work import jobs"),
            ("transcriber/errors.py", "from transcriber import chat"),
            ("config/settings.py", "from transcriber.work import jobs"),
            ("transcriber/app.py", "from tests.support.clock import FakeClock"),
        ],
        [
            ("transcriber/storage/a.py", "from transcriber.storage.codec import pack\nfrom . import codec"),
            ("transcriber/storage/a.py", "from transcriber.work import jobs\nfrom transcriber.domain import Job"),
            ("transcriber/telegram/a.py", "from transcriber import __version__, errors"),
            ("transcriber/protocols.py", "from transcriber.domain import Job"),
            ("transcriber/sandbox/a.py", "from transcriber.telegram import client\nimport transcriber.app"),
            ("userbot.py", "from transcriber.app import run\nimport config.settings"),
        ],
    ),
    strangers: (
        [
            ("transcriber/work/a.py", "import pyrogram"),
            ("transcriber/app.py", "def f():\n    from pyrogram import Client"),
            ("transcriber/speech/engine.py", "from faster_whisper import WhisperModel"),
            ("transcriber/storage/sqlite.py", "import redis.asyncio"),
            ("transcriber/telegram/a.py", "from dotenv import load_dotenv"),
            ("transcriber/telegram/a.py", "import left_pad"),
        ],
        [
            ("transcriber/telegram/a.py", "import pyrogram.raw, sqlite3"),
            ("transcriber/speech/process.py", "from faster_whisper import WhisperModel"),
            ("config/settings.py", "from dotenv import dotenv_values"),
        ],
    ),
    ownerless_tasks: (
        [
            ("transcriber/a.py", "asyncio.create_task(f())"),
            ("transcriber/a.py", "asyncio.ensure_future(f())"),
            ("transcriber/a.py", "from asyncio import create_task"),
            ("transcriber/a.py", "asyncio.get_running_loop().create_task(f())"),
            ("transcriber/a.py", "def f(loop: asyncio.AbstractEventLoop):\n    loop.create_task(g())"),
            ("transcriber/a.py", "start = asyncio.create_task"),
        ],
        [
            (
                "transcriber/a.py",
                "async def f():\n    async with asyncio.TaskGroup() as tg:\n        tg.create_task(g())",
            ),
            ("transcriber/a.py", "self._group = asyncio.TaskGroup()\nself._group.create_task(g())"),
            (
                "transcriber/a.py",
                "def f(self, group: asyncio.TaskGroup):\n    self._group = group\n    self._group.create_task(g())",
            ),
        ],
    ),
    caught_everything: (
        [
            ("transcriber/a.py", "try:\n    f()\nexcept Exception:\n    raise"),
            ("transcriber/a.py", "try:\n    f()\nexcept (OSError, Exception) as error:\n    pass"),
            ("transcriber/a.py", "try:\n    f()\nexcept:\n    pass"),
            ("transcriber/a.py", "try:\n    f()\nexcept BaseException as error:\n    print(error)"),
        ],
        [
            ("transcriber/a.py", "try:\n    f()\nexcept BaseException:\n    g()\n    raise"),
            ("transcriber/a.py", "try:\n    f()\nexcept OSError:\n    pass"),
            ("transcriber/telegram/supervisor.py", "try:\n    f()\nexcept Exception:\n    pass"),
        ],
    ),
    read_environment: (
        [
            ("transcriber/a.py", "x = os.environ['HOME']"),
            ("transcriber/a.py", "x = os.getenv('HOME')"),
            ("transcriber/a.py", "from os import environ"),
            ("userbot.py", "os.environ.get('HOME')"),
        ],
        [("config/settings.py", "x = os.environ"), ("transcriber/a.py", "x = os.path, self.environ")],
    ),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_sources_keep_the_rule(rule: Rule) -> None:
    found = sources()
    assert len(found) > 30
    assert [breach for source in found for breach in rule(source)] == []


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [(rule, *breach) for rule, (breaches, _) in RULES.items() for breach in breaches],
)
def test_a_breach_of_the_rule_is_seen(rule: Rule, path: str, text: str) -> None:
    assert list(rule(read(path, text)))


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [(rule, *fine) for rule, (_, alike) in RULES.items() for fine in alike],
)
def test_what_only_looks_like_a_breach_is_not_one(rule: Rule, path: str, text: str) -> None:
    assert list(rule(read(path, text))) == []


def test_every_exception_to_the_rules_is_still_needed() -> None:
    by_path = {source.path: source for source in sources()}
    for path in ENVIRONMENT:
        assert "os.environ" in ast.unparse(by_path[path].tree), path
    for package, places in ROOMS.items():
        importers = {
            path for path, source in by_path.items() for name, _ in imported(source) if name.split(".")[0] == package
        }
        for place in places:
            assert any(path.startswith(place) for path in importers), f"{package} is not imported in {place}"


def modules_of(verb: str, folder: Path) -> set[str]:
    """What Python imports to run `userbot.py` with that argument, at the top or later."""
    run = subprocess.run(
        [sys.executable, "-X", "importtime", str(ROOT / "userbot.py"), verb],
        env={"PATH": os.defpath, "DATA_DIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return set(re.findall(r"^import time: .*\| +(\S+)$", run.stderr, re.MULTILINE))


@pytest.mark.parametrize("verb", ["--help", "check"])
def test_what_has_to_answer_at_once_imports_nothing_from_outside(verb: str, tmp_path: Path) -> None:
    modules = modules_of(verb, tmp_path)
    assert "argparse" in modules
    assert {name.split(".")[0] for name in modules} & set(ROOMS) == set()

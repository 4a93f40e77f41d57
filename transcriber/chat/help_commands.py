"""/help"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from transcriber.chat.answers import Answer
from transcriber.chat.parse import parse
from transcriber.chat.rich import Builder
from transcriber.chat.texts import Texts
from transcriber.domain import Command, SpanKind

# Every command has its place here, in the order in which they are listed; a title for each group: "group.<name>".
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "notes": ("t", "queue", "cancel", "retry"),
    "whom": ("track", "ignore", "untrack", "tracked", "auto"),
    "where": ("deliver", "lang"),
    "model": ("model", "words"),
    "data": ("find", "export", "forget", "keep"),
    "look": ("status", "help"),
}


class HelpCommands:
    """Knows what the commands are called; what they do stands in the texts."""

    def __init__(self, texts: Texts, names: tuple[str, ...], prefixes: str) -> None:
        self._texts = texts
        self._names = ("help", *names)
        self._prefixes = prefixes

    async def help(self, _command: Command, args: tuple[str, ...]) -> Answer:
        """The list, or one command with an example."""
        if not args:
            return self._list()
        meant = parse(self._prefixes[0] + args[0].lstrip(self._prefixes + "/").rstrip(",."), self._prefixes)
        if meant is None or meant.name not in self._names:
            return self._texts("usage.help")
        name = meant.name
        builder = Builder().add(self._texts.prefix + name, SpanKind.BOLD).add(f" — {self._texts(f'help.{name}')}")
        return builder.add(f"\n{self._texts(f'usage.{name}')}").rich()

    def _list(self) -> Answer:
        builder = Builder()
        for group, names in GROUPS.items():
            if known := [name for name in names if name in self._names]:
                builder.add(self._texts(f"group.{group}") + "\n", SpanKind.BOLD)
                for name in known:
                    builder.add(f"{self._texts.prefix}{name} — {self._texts(f'help.{name}')}\n")
        return builder.add("\n" + self._texts("help.how")).rich()

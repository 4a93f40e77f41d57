"""/help"""

from __future__ import annotations

from transcriber.chat.answers import Answer
from transcriber.chat.rich import Builder
from transcriber.chat.texts import Texts
from transcriber.domain import Command, SpanKind


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
        name = args[0].lower().lstrip(self._prefixes)
        if name not in self._names:
            return self._texts("usage.help")
        builder = Builder().add(f"/{name}", SpanKind.BOLD).add(f": {self._texts(f'help.{name}')}")
        return builder.add(f"\n{self._texts(f'usage.{name}')}").rich()

    def _list(self) -> Answer:
        builder = Builder().add(self._texts("help.title"), SpanKind.BOLD)
        for name in self._names:
            builder.add(f"\n/{name}: {self._texts(f'help.{name}')}")
        return builder.add(f"\n\n{self._texts('help.how')}").rich()

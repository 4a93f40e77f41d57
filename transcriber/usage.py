"""The command line's own words, in the owner's language: help, and one line with an example for what was mistyped."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NoReturn

Sentence = Callable[..., str]  # (key, **details) -> the sentence in the owner's language

# What argparse says (Python 3.11; it says it in English only), and the sentence for it. The groups are its details.
_MISTAKES = (
    (r"the following arguments are required: (?P<names>.+)", "argv.missing"),
    (r"unrecognized arguments: (?P<value>.+)", "argv.unknown"),
    (r"argument .+?: invalid choice: '(?P<value>.*)' \(choose from (?P<allowed>.+)\)", "argv.choice"),
    (r"argument (?P<names>.+?): expected (one|at least one) arguments?", "argv.needs_value"),
    (r"argument (?P<names>.+?): ignored explicit argument '(?P<value>.*)'", "argv.takes_no_value"),
    (r"argument (?P<names>.+?): invalid int value: '(?P<value>.*)'", "argv.number"),
    (r"ambiguous option: (?P<value>\S+) could match (?P<allowed>.+)", "argv.ambiguous"),
)


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` that says all of it in one language. The example in its errors is the `epilog` (a command
    line, shown under its help too), else the way to the help."""

    def __init__(self, sentence: Sentence, **settings: Any) -> None:
        self._sentence = sentence
        self._example: str | None = settings.pop("example", None)
        if self._example:
            settings["epilog"] = sentence("argv.example", example=self._example)
        super().__init__(add_help=False, formatter_class=partial(_Formatter, sentence), **settings)
        self._positionals.title = sentence("argv.arguments")
        self._optionals.title = sentence("argv.options")
        self.add_argument("-h", "--help", action="help", help=sentence("argv.help"))

    def verbs(self, title: str) -> argparse._SubParsersAction[Parser]:
        """Where verbs are added: `verbs.add_parser(name, help=…, example=…)`."""
        parser_class: Any = partial(Parser, self._sentence)  # typeshed asks for a class where a maker will do
        return self.add_subparsers(
            dest="verb", metavar=self._sentence("argv.verb"), title=title, parser_class=parser_class, action=_Verbs
        )

    def error(self, message: str) -> NoReturn:
        """One line on stderr, exit code 2."""
        example = self._example or f"python {self.prog} --help"
        self.exit(2, f"❌ {self._explained(message)} {self._sentence('argv.example', example=example)}\n")

    def _explained(self, message: str) -> str:
        for pattern, key in _MISTAKES:
            if found := re.fullmatch(pattern, message, re.DOTALL):
                return self._sentence(key, **{name: _plain(text) for name, text in found.groupdict().items()})
        return message


class _Verbs(argparse._SubParsersAction):  # type: ignore[type-arg]  # only typeshed can give it one
    """The verbs; the help of each begins with what the list of all says of it, and goes on with `how`."""

    def add_parser(self, name: str, *, how: str = "", **settings: Any) -> Any:
        said = settings["help"]
        return super().add_parser(name, description=f"{said[:1].upper()}{said[1:]}. {how}".rstrip(), **settings)


class _Formatter(argparse.HelpFormatter):
    def __init__(self, sentence: Sentence, prog: str) -> None:
        super().__init__(prog)
        self._sentence = sentence

    def add_argument(self, action: argparse.Action) -> None:
        super().add_argument(action)
        if isinstance(action, _Verbs):
            self._action_max_length += self._indent_increment  # argparse forgets that they are indented

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, self._sentence("argv.prefix") if prefix is None else prefix)


def _plain(text: str) -> str:
    return text.replace("'", "")

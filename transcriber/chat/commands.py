"""The owner's commands: text → command → action → answer."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType

from transcriber.chat.answers import Answer, Answers
from transcriber.chat.archive_commands import ArchiveCommands
from transcriber.chat.auto_commands import AutoCommands
from transcriber.chat.background import Background
from transcriber.chat.find_commands import FindCommands
from transcriber.chat.help_commands import HelpCommands
from transcriber.chat.lookup import Lookup
from transcriber.chat.model_commands import ModelCommands
from transcriber.chat.parse import parse
from transcriber.chat.ports import Jobs, Keeping, KnownJobs, Rules, Shelf, Status, Telegram
from transcriber.chat.rule_commands import RuleCommands
from transcriber.chat.status_commands import StatusCommands
from transcriber.chat.texts import Texts
from transcriber.chat.tracked_commands import TrackedCommands
from transcriber.chat.waiting import Waiting
from transcriber.chat.word_commands import WordCommands
from transcriber.chat.work_commands import WorkCommands
from transcriber.clock import Clock
from transcriber.domain import Command
from transcriber.errors import Refused, Transient
from transcriber.protocols import Archive, Engine

log = logging.getLogger(__name__)

# Returns the answer, or None when it has seen to that itself.
Handler = Callable[[Command, tuple[str, ...]], Awaitable[Answer | None]]

_REMEMBERED = 256


class Commands:
    """An async context; inside it `handle` acts on one message of the owner's and never raises what Telegram,
    the store or the engine raise: that becomes a line to the owner."""

    def __init__(
        self,
        jobs: Jobs,
        rules: Rules,
        engine: Engine,
        gateway: Telegram,
        texts: Texts,
        status: Status,
        clock: Clock,
        prefixes: str = "/.",
        *,
        known: KnownJobs,
        shelf: Shelf,
        archive: Archive,
        keeping: Keeping,
    ) -> None:
        self._texts = texts
        self._prefixes = prefixes
        self._lookup = Lookup(known, gateway)
        self._background = Background()
        self._answers = Answers(gateway, texts, clock, self._background)
        # Telegram may deliver one message twice.
        self._seen: OrderedDict[tuple[int, int], None] = OrderedDict()
        rule = RuleCommands(rules, gateway, texts)
        self._waiting = Waiting(jobs, known, shelf, self._answers, texts, clock, self._background)
        work = WorkCommands(jobs, known, engine, self._lookup, self._waiting, status, texts, clock)
        model = ModelCommands(engine, self._answers, texts, clock, self._background)
        kept = ArchiveCommands(archive, keeping, self._lookup, gateway, self._answers, texts, self._background)
        self._handlers: Mapping[str, Handler] = {
            "status": StatusCommands(jobs, known, engine, gateway, status, texts, clock).status,
            "model": model.model,
            "track": rule.track,
            "untrack": rule.untrack,
            "ignore": rule.ignore,
            "tracked": TrackedCommands(rules, gateway, texts).tracked,
            "auto": AutoCommands(rules, gateway, texts).auto,
            "deliver": rule.deliver,
            "lang": rule.lang,
            "words": WordCommands(rules, texts).words,
            "t": work.transcribe,
            "queue": work.queue,
            "cancel": work.cancel,
            "retry": work.retry,
            "find": FindCommands(archive, texts).find,
            "export": kept.export,
            "forget": kept.forget,
            "keep": kept.keep,
        }
        self._handlers = {"help": HelpCommands(texts, tuple(self._handlers), prefixes).help, **self._handlers}

    @property
    def names(self) -> tuple[str, ...]:
        """What the commands are called."""
        return tuple(self._handlers)

    async def __aenter__(self) -> Commands:
        await self._background.__aenter__()
        self._background.start(self._waiting.go_on())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._background.__aexit__(kind, error, trace)

    async def handle(self, command: Command) -> None:
        """Do what was asked and answer; what is no command of ours is left alone, not even deleted."""
        parsed = parse(command.text, self._prefixes)
        handler = self._handlers.get(parsed.name) if parsed else None
        if parsed is None or handler is None or self._is_repeat(command):
            return
        try:
            if await self._lookup.is_ours(command):
                return
            await self._answers.hide(command)
            answer = await handler(command, parsed.args)
        except (Transient, Refused) as error:
            log.info("command %s failed: %s", parsed.name, error.key)
            answer = self._texts.error(error)
        if answer is not None:
            await self._answers.give(command, answer)

    def _is_repeat(self, command: Command) -> bool:
        key = (command.chat_id, command.message_id)
        if key in self._seen:
            return True
        self._seen[key] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return False

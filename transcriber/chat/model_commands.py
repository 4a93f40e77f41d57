"""/model: the models there are, and changing from one to another without losing a note."""

from __future__ import annotations

import asyncio

from transcriber.chat.answers import Answer, Answers
from transcriber.chat.background import Background
from transcriber.chat.parse import model_name
from transcriber.chat.rich import Builder
from transcriber.chat.texts import Texts
from transcriber.clock import Clock
from transcriber.domain import Command, ModelInfo, SpanKind
from transcriber.errors import Refused, Transient
from transcriber.protocols import Engine

_EDIT_EVERY_S = 3.0
_NOW, _HERE, _ELSEWHERE = "▶️", "💾", "☁️"  # in use, on this machine, to be downloaded


class ModelCommands:
    """Lists models; prepares one in the background, at most one at a time, and says how that goes."""

    def __init__(self, engine: Engine, answers: Answers, texts: Texts, clock: Clock, background: Background) -> None:
        self._engine = engine
        self._answers = answers
        self._texts = texts
        self._clock = clock
        self._background = background
        self._preparing: str | None = None
        self._fraction = 0.0

    async def model(self, command: Command, args: tuple[str, ...]) -> Answer | None:
        """The list, or the beginning of a change."""
        if not args:
            return self._list()
        if self._preparing is not None:
            return self._texts("models.busy", model=self._preparing)
        name = model_name(args, [model.name for model in self._engine.models()])
        if name == self._engine.info().model:
            return self._texts("models.already", model=name)
        self._preparing, self._fraction = name, 0.0
        self._background.start(self._change(command, name))
        return None

    async def _change(self, command: Command, name: str) -> None:
        try:
            message_id = await self._answers.give_and_wait(command, self._state(name))
            async with asyncio.TaskGroup() as group:
                teller = group.create_task(self._tell(command, message_id, name)) if message_id else None
                result = await self._switch(name)
                if teller:
                    teller.cancel()
        finally:
            self._preparing = None
        if message_id:
            await self._answers.change(command, message_id, result)

    async def _switch(self, name: str) -> str:
        try:
            info = await self._engine.switch(name, self._progressed)
        except (Transient, Refused) as error:
            reason = self._texts.error(error)
            return self._texts("models.kept", reason=reason, model=self._engine.info().model)
        return self._texts("models.switched", model=info.name, memory_bytes=info.memory_bytes)

    async def _tell(self, command: Command, message_id: int, name: str) -> None:
        told = self._state(name)
        while True:
            await self._clock.sleep(_EDIT_EVERY_S)
            if (now := self._state(name)) == told:
                continue
            told = now
            try:
                await self._answers.try_change(command, message_id, now)
            except (Transient, Refused):
                return  # the result comes in any case; progress is a courtesy

    def _progressed(self, fraction: float) -> None:
        self._fraction = fraction

    def _state(self, name: str) -> str:
        return self._texts("models.preparing", model=name, fraction=self._fraction)

    def _list(self) -> Answer:
        current = self._engine.info().model
        builder = Builder().add(self._texts("models.title"), SpanKind.BOLD)
        for model in self._engine.models():
            icon = _NOW if model.name == current else _HERE if model.present else _ELSEWHERE
            builder.add(f"\n{icon} ").add(
                model.name.rsplit("/", 1)[-1] if _is_folder(model) else model.name, SpanKind.CODE
            )
            builder.add(self._about(model))
        return builder.add("\n\n" + self._texts("models.how", now=_NOW, here=_HERE, elsewhere=_ELSEWHERE)).rich()

    def _about(self, model: ModelInfo) -> str:
        return self._texts(
            "models.line",
            download_bytes=None if model.present else model.download_bytes,
            memory_bytes=model.memory_bytes,
            speed=model.speed,
        )


def _is_folder(model: ModelInfo) -> bool:
    return model.name.startswith("/")

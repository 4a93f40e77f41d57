"""Answers to commands: to the owner alone, whatever Telegram is doing at the moment."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from transcriber.chat.background import Background
from transcriber.chat.once import random_id
from transcriber.chat.rich import Builder, clean_name
from transcriber.chat.texts import Texts
from transcriber.clock import Clock
from transcriber.domain import ChatKind, Command, Rich, SpanKind
from transcriber.errors import FloodWait, Gone, Offline, Refused, Transient
from transcriber.protocols import Gateway

log = logging.getLogger(__name__)

Answer = Rich | str

_TRIES = 8
_PAUSE_S = 5.0


class Answers:
    """In Saved Messages an answer is a reply to the command; elsewhere the command is deleted for everyone and
    the answer, naming the chat, comes in Saved Messages."""

    def __init__(self, gateway: Gateway, texts: Texts, clock: Clock, background: Background) -> None:
        self._gateway = gateway
        self._texts = texts
        self._clock = clock
        self._background = background

    async def hide(self, command: Command) -> None:
        """Delete the command where others can see it: now, or as soon as Telegram lets us."""

        async def attempt() -> None:
            try:
                await self._gateway.delete(command.chat_id, command.message_id)
            except Gone:
                return
            except Refused as error:  # no right to delete there: the owner must know that others still see it
                log.warning("a command could not be deleted: %s", error.key)
                await self._gateway.send_text(
                    self._gateway.me.id,
                    self._placed(command, self._texts("answer.not_deleted")),
                    random_id=random_id(self._gateway.me.id, command.chat_id, command.message_id, "not deleted"),
                )

        if command.chat_kind is not ChatKind.SAVED:
            await self._now_or_later(attempt)

    async def give(self, command: Command, answer: Answer) -> None:
        """Answer: now, or as soon as Telegram lets us, without holding up the next command."""

        async def attempt() -> None:
            await self._send(command, answer)

        await self._now_or_later(attempt)

    async def give_and_wait(self, command: Command, answer: Answer) -> int | None:
        """Answer, waiting as long as that takes; the id of the answer, to be changed later. None: refused."""
        sent: list[int] = []

        async def attempt() -> None:
            sent.append(await self._send(command, answer))

        await self._persist(attempt)
        return sent[0] if sent else None

    async def document_and_wait(self, command: Command, name: str, content: bytes, caption: str) -> bool:
        """Send a file to Saved Messages, waiting as long as that takes; whether Telegram took it."""
        me = self._gateway.me.id
        number = random_id(me, command.chat_id, command.message_id, f"document:{name}")
        sent: list[int] = []

        async def attempt() -> None:
            sent.append(await self._gateway.send_file(me, name, content, Rich(caption), random_id=number))

        await self._persist(attempt)
        return bool(sent)

    async def change(self, command: Command, message_id: int, answer: Answer) -> None:
        """Make an answer say something else, waiting as long as that takes."""
        await self._persist(lambda: self.try_change(command, message_id, answer))

    async def try_change(self, command: Command, message_id: int, answer: Answer) -> None:
        """The same, once: raises what Telegram raises."""
        await self._gateway.edit_text(self._gateway.me.id, message_id, self._placed(command, answer))

    async def _send(self, command: Command, answer: Answer) -> int:
        me = self._gateway.me.id
        text = self._placed(command, answer)
        purpose = "answer"
        if command.chat_kind is ChatKind.SAVED:
            number = random_id(me, command.chat_id, command.message_id, purpose)
            try:
                return await self._gateway.send_text(me, text, random_id=number, reply_to=command.message_id)
            except Gone:  # the owner deleted the command; the answer is wanted all the same
                purpose += ":again"
        return await self._gateway.send_text(
            me, text, random_id=random_id(me, command.chat_id, command.message_id, purpose)
        )

    def _placed(self, command: Command, answer: Answer) -> Rich:
        said = answer if isinstance(answer, Rich) else Rich(answer)
        if command.chat_kind is ChatKind.SAVED:
            return said
        chat = clean_name(command.chat_title) or self._texts("note.nameless")
        return Builder().add(self._texts("answer.in_chat", chat=chat), SpanKind.BOLD).add("\n").append(said).rich()

    async def _now_or_later(self, attempt: Callable[[], Awaitable[None]]) -> None:
        try:
            await attempt()
        except Transient as error:
            log.info("telegram does not take an answer now: %s", error.key)
            self._background.start(self._persist(attempt, error))
        except Refused as error:
            log.warning("telegram refused an answer: %s", error.key)

    async def _persist(self, attempt: Callable[[], Awaitable[None]], failed: Transient | None = None) -> None:
        for _ in range(_TRIES):
            if failed is not None:
                await self._wait_out(failed)
            try:
                return await attempt()
            except Transient as error:
                failed = error
            except Refused as error:
                log.warning("telegram refused an answer: %s", error.key)
                return None
        log.warning("an answer was given up after %d tries", _TRIES)
        return None

    async def _wait_out(self, error: Transient) -> None:
        if isinstance(error, FloodWait):
            await self._clock.sleep(error.seconds)
            return
        await self._clock.sleep(_PAUSE_S)
        if isinstance(error, Offline):
            await self._gateway.wait_online()

"""/export /forget /keep: the owner's own data, to take, to delete, to limit."""

from __future__ import annotations

from dataclasses import dataclass

from transcriber.chat.answers import Answer, Answers
from transcriber.chat.background import Background
from transcriber.chat.export import FORMATS, File, files
from transcriber.chat.lookup import Lookup
from transcriber.chat.parse import (
    ALL_WORDS,
    FOREVER_WORDS,
    HERE_WORDS,
    SAVED_WORDS,
    days,
    since_s,
    switch,
    target_name,
)
from transcriber.chat.ports import Keeping, Telegram
from transcriber.chat.rich import clean_name
from transcriber.chat.texts import Texts
from transcriber.domain import ChatKind, Command, Peer
from transcriber.errors import Refused, Transient
from transcriber.protocols import Archive

FILE_BYTES = 8_000_000  # with a copy of it on its way to Telegram, what an export takes of the memory

_CAPTIONS = {"md": "archive.caption_md", "json": "archive.caption_json"}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What an export is of."""

    chat: Peer | None
    since_s: float


class ArchiveCommands:
    """Sends files to Saved Messages only; deletes only what was named, and everything only after a second word."""

    def __init__(
        self,
        archive: Archive,
        keeping: Keeping,
        lookup: Lookup,
        gateway: Telegram,
        answers: Answers,
        texts: Texts,
        background: Background,
    ) -> None:
        self._archive = archive
        self._keeping = keeping
        self._lookup = lookup
        self._gateway = gateway
        self._answers = answers
        self._texts = texts
        self._background = background
        self._exporting = False

    async def export(self, command: Command, args: tuple[str, ...]) -> Answer | None:
        """The files, beside other commands; then a word that that was all."""
        if self._exporting:
            return self._texts("archive.export_busy")
        times = [since_s(arg, command.sent_at_s, self._texts.zone) for arg in args]
        names = [arg for arg, time in zip(args, times, strict=True) if time is None]
        known = [time for time in times if time is not None]
        if len(names) > 1 or len(known) > 1:
            return self._texts("usage.export")
        chat = await self._meant(command, names[0] if names else None)
        wanted = _Wanted(chat, known[0] if known else 0.0)
        self._exporting = True
        self._background.start(self._export(command, wanted))
        return None

    async def forget(self, command: Command, args: tuple[str, ...]) -> Answer:
        """The note replied to, a chat, or everything."""
        if args and args[0].lower() in ALL_WORDS:
            return await self._forget_all(command, confirmed=len(args) > 1 and switch(args[1]) is True)
        if not args and command.reply_to is not None:
            return await self._forget_notes(command)
        chat = await self._meant(command, args[0] if args else None) if len(args) < 2 else None
        if chat is None:
            return self._texts("usage.forget")
        return self._forgotten(*await self._keeping.forget(chat_id=chat.id), chat=self._title(chat))

    async def keep(self, command: Command, args: tuple[str, ...]) -> Answer:
        """How long; where that deletes something at once, only after a second word."""
        if not args:
            now = await self._keeping.days()
            return self._texts("archive.kept" if now else "archive.kept_forever", n=now) + "\n" + self._usage("keep")
        if args[0].lower() in FOREVER_WORDS:
            await self._keeping.keep(None)
            return self._texts("archive.kept_forever")
        wanted = days(args[0])
        if wanted is None:
            return self._usage("keep")
        older = await self._keeping.older_than(wanted)
        if older and not (len(args) > 1 and switch(args[-1]) is True):
            confirm = f"{command.text.split()[0]} {wanted} yes"
            return self._texts("archive.keep_confirm", days=wanted, n=older, confirm=confirm)
        forgotten = await self._keeping.keep(wanted)
        lines = [self._texts("archive.kept", n=wanted)]
        return "\n".join([*lines, *([self._texts("archive.forgotten", n=forgotten)] if forgotten else [])])

    async def _export(self, command: Command, wanted: _Wanted) -> None:
        try:
            answer = await self._send_files(command, wanted)
        except (Transient, Refused) as error:
            answer = self._texts.error(error)
        finally:
            self._exporting = False
        await self._answers.give_and_wait(command, answer)

    async def _send_files(self, command: Command, wanted: _Wanted) -> str:
        sent = notes = 0
        day = f"{self._texts.local(command.sent_at_s):%Y-%m-%d}"
        for kind in FORMATS:
            entries = self._archive.read(chat_id=wanted.chat.id if wanted.chat else None, since_s=wanted.since_s)
            part = notes = 0
            async for file in files(entries, kind, self._texts, FILE_BYTES):
                part += 1
                notes += file.count
                name = f"{self._texts('archive.file')} {day}{f' {part}' if part > 1 else ''}.{kind}"
                caption = self._caption(file, kind, wanted, part)
                if not await self._answers.document_and_wait(command, name, file.content, caption):
                    return self._texts("archive.export_failed")
            sent += part
        return self._texts("archive.exported", n=sent, notes=notes) if sent else self._nothing(wanted)

    def _caption(self, file: File, kind: str, wanted: _Wanted, part: int) -> str:
        first, last = self._texts.day(file.first_s), self._texts.day(file.last_s)
        days = first if first == last else f"{first} – {last}"
        chat = self._title(wanted.chat) if wanted.chat else None
        further = part if part > 1 else None
        return self._texts(_CAPTIONS[kind], n=file.count, days=days, chat=chat, part=further)

    def _nothing(self, wanted: _Wanted) -> str:
        chat = self._title(wanted.chat) if wanted.chat else None
        return self._texts("archive.export_nothing", chat=chat, since=wanted.since_s or None)

    async def _forget_notes(self, command: Command) -> Answer:
        notes = await self._lookup.notes(command)
        if not notes:
            return self._texts("answer.no_sound")
        done = [await self._keeping.forget(chat_id=note.chat_id, message_id=note.message_id) for note in notes]
        return self._forgotten(sum(count for count, _ in done), sum(left for _, left in done))

    async def _forget_all(self, command: Command, *, confirmed: bool) -> Answer:
        if confirmed:
            return self._forgotten(*await self._keeping.forget())
        confirm = f"{command.text.split()[0]} all yes"
        count = await self._archive.count()
        return self._texts("archive.forget_confirm", n=count, confirm=confirm) if count else self._forgotten(0, 0)

    def _forgotten(self, count: int, left: int, chat: str | None = None) -> str:
        if not count and not left:
            return self._texts("archive.forget_nothing")
        lines = [self._texts("archive.forgotten", n=count, chat=chat)]
        if left:
            lines.append(self._texts("archive.forgotten_not", n=left))
        return "\n".join([*lines, self._texts("archive.forgotten_here")])

    async def _meant(self, command: Command, word: str | None) -> Peer | None:
        """The chat of that name; without one the chat the command stands in; None: all, or in Saved Messages none."""
        if word is not None and word.lower() in SAVED_WORDS:
            return Peer(self._gateway.me.id, self._texts("note.saved"))
        if word is not None and word.lower() in ALL_WORDS:
            return None
        if word is not None and word.lower() not in HERE_WORDS:
            return await self._named(target_name(word))
        if command.chat_kind is ChatKind.SAVED:
            return None
        return Peer(command.chat_id, command.chat_title)

    async def _named(self, name: str) -> Peer:
        try:  # an id is enough: the chat may be gone while its words are still here
            return Peer(int(name), name)
        except ValueError:
            return await self._gateway.resolve(name)

    def _title(self, chat: Peer) -> str:
        return clean_name(chat.title) or self._texts("note.nameless")

    def _usage(self, name: str) -> str:
        return self._texts(f"usage.{name}")

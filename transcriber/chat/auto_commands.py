"""/auto: what is transcribed unasked, besides the lists: the switches for all chats, and files in single ones."""

from __future__ import annotations

from dataclasses import replace

from transcriber.chat.answers import Answer
from transcriber.chat.parse import parts, switch, target_name, without_here
from transcriber.chat.place import place_name
from transcriber.chat.ports import Rules
from transcriber.chat.rich import clean_name
from transcriber.chat.texts import Texts
from transcriber.domain import ChatKind, Command, Listening, Peer, Preferences
from transcriber.errors import NotFound
from transcriber.protocols import Gateway

_MOST_TARGETS = 20
_FILES = "files"
_NAMES = {
    **dict.fromkeys(("private", "личные", "личка", "лс"), "private"),
    **dict.fromkeys(("groups", "group", "группы", "группа"), "groups"),
    **dict.fromkeys(("mine", "my", "мои", "моё", "свои"), "mine"),
    **dict.fromkeys(("files", "file", "all", "файлы", "файл", "все", "всё"), _FILES),
}


class AutoCommands:
    """Changes and shows the switches."""

    def __init__(self, rules: Rules, gateway: Gateway, texts: Texts) -> None:
        self._rules = rules
        self._gateway = gateway
        self._texts = texts

    async def auto(self, command: Command, args: tuple[str, ...]) -> Answer:
        """Throw the switches that are named, of files for this chat or for those that are named too; or show all."""
        words = without_here(parts(args))
        if not words:
            return await self._shown(command)
        wanted = [said for word in words if (said := switch(word)) is not None]
        others = [word for word in words if switch(word) is None]
        names = {_NAMES[word.lower()] for word in others if word.lower() in _NAMES}
        targets = [word for word in others if word.lower() not in _NAMES]
        if len(wanted) != 1 or not names or (targets and names != {_FILES}):
            return self._texts("usage.auto")
        if switches := names - {_FILES}:
            await self._rules.change(**dict.fromkeys(switches, wanted[0]))
        if _FILES not in names:
            return await self._shown(command)
        lines = [await self._named(word, on=wanted[0]) for word in targets[:_MOST_TARGETS]]
        return "\n".join(lines or [await self._here(command, on=wanted[0])])

    async def _shown(self, command: Command) -> str:
        preferences = await self._rules.preferences()
        shown = {name: _tick(on=getattr(preferences, name)) for name in ("private", "groups", "mine")}
        files = _tick(on=(await self._rules.of_chat(command.chat_id)).all_sound)
        return self._texts("answer.auto", **shown, files=files, chat=place_name(command, self._texts))

    async def _here(self, command: Command, *, on: bool) -> str:
        chat = Peer(command.chat_id, place_name(command, self._texts))
        said = await self._set(chat, "", on=on)
        if command.chat_kind is not ChatKind.SAVED:
            return said
        return f"{said}\n{self._texts('answer.files_elsewhere')}"

    async def _named(self, word: str, *, on: bool) -> str:
        try:
            peer = await self._gateway.resolve(target_name(word))
        except NotFound:
            return self._texts.failure("not_found", name=clean_name(word))
        return await self._set(replace(peer, title=clean_name(peer.title) or str(peer.id)), f" {word}", on=on)

    async def _set(self, chat: Peer, typed: str, *, on: bool) -> str:
        """`typed`: how the chat was named in the command, with a space before it."""
        rules = await self._rules.change_chat(chat.id, title=chat.title, all_sound=on)
        if not on:
            return self._texts("answer.files_off", chat=chat.title)
        said = self._texts("answer.files_on", chat=chat.title)
        if rules.listening is Listening.IGNORED:
            return f"{said}\n{self._texts('answer.files_ignored', name=typed)}"
        if rules.listening is Listening.TRACKED or self._is_switched_on(chat.id, await self._rules.preferences()):
            return said
        return f"{said}\n{self._texts('answer.files_unheard', name=typed)}"

    def _is_switched_on(self, chat_id: int, preferences: Preferences) -> bool:
        if chat_id == self._gateway.me.id:
            return preferences.saved
        return preferences.private if chat_id > 0 else preferences.groups


def _tick(*, on: bool) -> str:
    return "✅" if on else "▫️"

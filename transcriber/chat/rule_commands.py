"""/track /untrack /ignore /deliver /lang: whom to listen to, and where the text goes."""

from __future__ import annotations

from transcriber.chat.answers import Answer
from transcriber.chat.languages import DETECT, language_code, spoken_language
from transcriber.chat.parse import parts, target_name, without_default, without_here
from transcriber.chat.place import hint, place_name
from transcriber.chat.ports import Rules
from transcriber.chat.rich import clean_name
from transcriber.chat.texts import Texts
from transcriber.domain import ChatKind, Command, Delivery, Listening, Peer
from transcriber.errors import NotFound
from transcriber.protocols import Gateway

_MOST_TARGETS = 20

_DELIVERY_WORDS = {
    **dict.fromkeys(("private", "лично", "личка", "избранное", "saved"), Delivery.PRIVATE),
    **dict.fromkeys(("reply", "ответ", "ответом"), Delivery.REPLY),
    **dict.fromkeys(("caption", "подпись", "подписью"), Delivery.CAPTION),
}
_DETECT_WORDS = frozenset({"auto", "авто", "detect"})


_UNDONE = {
    Listening.DEFAULT: "answer.untracked_already",
    Listening.TRACKED: "answer.untracked",
    Listening.IGNORED: "answer.unignored",
}


class RuleCommands:
    """Changes what the owner decided; every answer says what holds now."""

    def __init__(self, rules: Rules, gateway: Gateway, texts: Texts) -> None:
        self._rules = rules
        self._gateway = gateway
        self._texts = texts

    async def track(self, command: Command, args: tuple[str, ...]) -> Answer:
        """Always transcribe these."""
        return await self._listen(command, args, "track", Listening.TRACKED)

    async def untrack(self, command: Command, args: tuple[str, ...]) -> Answer:
        """Off both lists."""
        return await self._listen(command, args, "untrack", Listening.DEFAULT)

    async def ignore(self, command: Command, args: tuple[str, ...]) -> Answer:
        """Never transcribe these."""
        return await self._listen(command, args, "ignore", Listening.IGNORED)

    async def deliver(self, command: Command, args: tuple[str, ...]) -> Answer:
        """Where the text goes: for this chat, or for all."""
        words, everywhere = without_default(parts(args))
        if not words and not everywhere:
            chat = await self._rules.of_chat(command.chat_id)
            default = (await self._rules.preferences()).delivery
            return "\n".join([self._delivered(command, chat.delivery or default), self._texts("usage.deliver")])
        delivery = _DELIVERY_WORDS.get(words[0]) if len(words) == 1 else None
        if delivery is None:
            return self._texts("usage.deliver")
        if everywhere:
            await self._rules.change(delivery=delivery)
            lines = [self._texts("answer.deliver_all", delivery=self._texts(f"delivery.{delivery.value}"))]
        else:
            await self._rules.change_chat(command.chat_id, title=place_name(command, self._texts), delivery=delivery)
            lines = [self._delivered(command, delivery)]
        if delivery is not Delivery.PRIVATE and (everywhere or command.chat_kind is not ChatKind.SAVED):
            lines.append(self._texts("answer.deliver_seen"))
        return "\n".join(
            [*lines, *hint(command, everywhere, f"{self._texts.prefix}deliver {delivery.value} default", self._texts)]
        )

    async def lang(self, command: Command, args: tuple[str, ...]) -> Answer:
        """The language of this chat, or of all."""
        words, everywhere = without_default(parts(args))
        if not words and not everywhere:
            chat = await self._rules.of_chat(command.chat_id)
            default = (await self._rules.preferences()).language
            return "\n".join([self._spoken(command, chat.language or default), self._texts("usage.lang")])
        word = words[0] if len(words) == 1 else ""
        language = DETECT if word in _DETECT_WORDS else language_code(word)
        if language is None:
            return self._texts("usage.lang")
        if everywhere:
            await self._rules.change(language=None if language == DETECT else language)
            lines = [self._texts("answer.lang_all", language=spoken_language(language, self._texts))]
        else:
            await self._rules.change_chat(command.chat_id, title=place_name(command, self._texts), language=language)
            lines = [self._spoken(command, language)]
        return "\n".join(
            [*lines, *hint(command, everywhere, f"{self._texts.prefix}lang {language} default", self._texts)]
        )

    async def _listen(self, command: Command, args: tuple[str, ...], name: str, listening: Listening) -> Answer:
        if words := without_here(parts(args)):
            lines = [await self._listen_to_named(word, listening) for word in words[:_MOST_TARGETS]]
            return "\n".join(lines)
        peer = await self._here(command)
        if peer is None:
            reply = command.reply_to is not None and command.chat_kind is not ChatKind.SAVED
            return self._texts("answer.no_sound" if reply else f"usage.{name}")
        return await self._listen_to(peer, listening)

    async def _listen_to_named(self, word: str, listening: Listening) -> str:
        name = target_name(word)
        try:
            peer = await self._gateway.resolve(name)
        except NotFound:
            return self._texts.failure("not_found", name=clean_name(word))
        return await self._listen_to(peer, listening)

    async def _listen_to(self, peer: Peer, listening: Listening) -> str:
        before = (await self._rules.of_chat(peer.id)).listening
        await self._rules.change_chat(peer.id, title=clean_name(peer.title), listening=listening)
        if listening is Listening.DEFAULT:
            key = _UNDONE[before]
        else:
            key = "answer.tracked" if listening is Listening.TRACKED else "answer.ignored"
        return self._texts(key, name=clean_name(peer.title) or peer.id)

    async def _here(self, command: Command) -> Peer | None:
        """Whom a command without a name means: the sender of the note replied to, else the chat it stands in;
        None in Saved Messages, and in a group where the message replied to is no note."""
        if command.chat_kind is ChatKind.SAVED:
            return None
        here = Peer(command.chat_id, command.chat_title)
        if command.reply_to is None or command.chat_kind is not ChatKind.GROUP:
            return here
        note = await self._gateway.note(command.chat_id, command.reply_to)
        if note is None:
            return None
        return here if note.sender_id is None or note.outgoing else Peer(note.sender_id, note.sender_name)

    def _delivered(self, command: Command, delivery: Delivery) -> str:
        where = self._texts(f"delivery.{delivery.value}")
        return self._texts("answer.deliver_chat", chat=place_name(command, self._texts), delivery=where)

    def _spoken(self, command: Command, language: str | None) -> str:
        return self._texts(
            "answer.lang_chat", chat=place_name(command, self._texts), language=spoken_language(language, self._texts)
        )

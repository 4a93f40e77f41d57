"""/track /untrack /ignore /tracked /auto /deliver /lang: whom to listen to, and where the text goes."""

from __future__ import annotations

from transcriber.chat.answers import Answer
from transcriber.chat.languages import language_code, language_name
from transcriber.chat.parse import DEFAULT_WORDS, switch, target_name
from transcriber.chat.ports import Rules
from transcriber.chat.rich import Builder, clean_name
from transcriber.chat.texts import Texts
from transcriber.domain import ChatKind, ChatRules, Command, Delivery, Listening, Peer, SpanKind
from transcriber.errors import NotFound
from transcriber.protocols import Gateway

_DETECT = "auto"  # as a chat's language: detect it there, whatever is the default elsewhere
_MOST_TARGETS = 20
_LISTED = 40

_AUTO_WORDS = {
    **dict.fromkeys(("private", "личные", "личка", "лс"), "private"),
    **dict.fromkeys(("groups", "group", "группы", "группа"), "groups"),
    **dict.fromkeys(("mine", "my", "мои", "моё", "свои"), "mine"),
}
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

    async def tracked(self, _command: Command, _args: tuple[str, ...]) -> Answer:
        """Both lists, with what else was decided for each entry."""
        builder = Builder()
        for listening in (Listening.TRACKED, Listening.IGNORED):
            if rules := await self._rules.listed(listening):
                title = "answer.tracked_title" if listening is Listening.TRACKED else "answer.ignored_title"
                builder.add("\n\n" if builder.units else "").add(self._texts(title, n=len(rules)), SpanKind.BOLD)
                self._add_rules(builder, rules)
        return builder.rich() if builder.units else self._texts("answer.tracked_none")

    async def auto(self, _command: Command, args: tuple[str, ...]) -> Answer:
        """The three switches."""
        preferences = await self._rules.preferences()
        if args:
            name = _AUTO_WORDS.get(args[0].lower())
            wanted = switch(args[1]) if len(args) == 2 else None
            if name is None or wanted is None:
                return self._texts("usage.auto")
            preferences = await self._rules.change(**{name: wanted})
        shown = {name: "✅" if getattr(preferences, name) else "▫️" for name in ("private", "groups", "mine")}
        return self._texts("answer.auto", **shown)

    async def deliver(self, command: Command, args: tuple[str, ...]) -> Answer:
        """Where the text goes: for this chat, or for all."""
        words, everywhere = _without_default(args)
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
            await self._rules.change_chat(command.chat_id, title=self._title(command), delivery=delivery)
            lines = [self._delivered(command, delivery)]
        if delivery is not Delivery.PRIVATE and (everywhere or command.chat_kind is not ChatKind.SAVED):
            lines.append(self._texts("answer.deliver_seen"))
        return "\n".join([*lines, *self._hint(command, everywhere, f"/deliver {delivery.value} default")])

    async def lang(self, command: Command, args: tuple[str, ...]) -> Answer:
        """The language of this chat, or of all."""
        words, everywhere = _without_default(args)
        if not words and not everywhere:
            chat = await self._rules.of_chat(command.chat_id)
            default = (await self._rules.preferences()).language
            return "\n".join([self._spoken(command, chat.language or default), self._texts("usage.lang")])
        word = words[0] if len(words) == 1 else ""
        language = _DETECT if word in _DETECT_WORDS else language_code(word)
        if language is None:
            return self._texts("usage.lang")
        if everywhere:
            await self._rules.change(language=None if language == _DETECT else language)
            lines = [self._texts("answer.lang_all", language=self._language(language))]
        else:
            await self._rules.change_chat(command.chat_id, title=self._title(command), language=language)
            lines = [self._spoken(command, language)]
        return "\n".join([*lines, *self._hint(command, everywhere, f"/lang {language} default")])

    async def _listen(self, command: Command, args: tuple[str, ...], name: str, listening: Listening) -> Answer:
        words = [word for arg in args for word in arg.split(",") if word]
        if words:
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

    def _add_rules(self, builder: Builder, rules: list[ChatRules]) -> None:
        for chat in rules[:_LISTED]:
            builder.add("\n").add(str(chat.chat_id), SpanKind.CODE).add(f" {clean_name(chat.title)}")
            if chat.delivery:
                where = self._texts(f"delivery.{chat.delivery.value}")
                builder.add(" · ").add(self._texts("answer.chat_delivery", delivery=where), SpanKind.ITALIC)
            if chat.language:
                language = self._language(chat.language)
                builder.add(" · ").add(self._texts("answer.chat_language", language=language), SpanKind.ITALIC)
        if len(rules) > _LISTED:
            builder.add("\n" + self._texts("note.more", n=len(rules) - _LISTED))

    def _title(self, command: Command) -> str:
        if command.chat_kind is ChatKind.SAVED:  # its title is the owner's own name
            return self._texts("note.saved")
        return clean_name(command.chat_title) or self._texts("note.nameless")

    def _delivered(self, command: Command, delivery: Delivery) -> str:
        where = self._texts(f"delivery.{delivery.value}")
        return self._texts("answer.deliver_chat", chat=self._title(command), delivery=where)

    def _spoken(self, command: Command, language: str | None) -> str:
        return self._texts("answer.lang_chat", chat=self._title(command), language=self._language(language))

    def _language(self, code: str | None) -> str:
        if code is None or code == _DETECT:
            return self._texts("language.auto")
        return language_name(code, self._texts.language)

    def _hint(self, command: Command, everywhere: bool, example: str) -> list[str]:
        # In Saved Messages it is easy to mean "everywhere" and change only Saved Messages.
        if everywhere or command.chat_kind is not ChatKind.SAVED:
            return []
        return [self._texts("answer.for_all", example=example)]


def _without_default(args: tuple[str, ...]) -> tuple[list[str], bool]:
    words = [arg.lower() for arg in args]
    return [w for w in words if w not in DEFAULT_WORDS and w != "по"], any(w in DEFAULT_WORDS for w in words)

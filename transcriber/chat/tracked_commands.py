"""/tracked: everything that was decided for single chats and people."""

from __future__ import annotations

from transcriber.chat.answers import Answer
from transcriber.chat.languages import spoken_language
from transcriber.chat.ports import Rules
from transcriber.chat.rich import Builder, clean_name
from transcriber.chat.texts import Texts
from transcriber.domain import ChatRules, Command, Listening, SpanKind
from transcriber.errors import Refused, Transient
from transcriber.protocols import Gateway

_LISTED = 40
_MOST_NAMED = 10  # each costs a call, and the answer waits for them

_TITLES = {
    Listening.TRACKED: "answer.tracked_title",
    Listening.IGNORED: "answer.ignored_title",
    Listening.DEFAULT: "answer.others_title",
}


class TrackedCommands:
    """Shows the lists; finds out the names of those that came into them as bare ids."""

    def __init__(self, rules: Rules, gateway: Gateway, texts: Texts) -> None:
        self._rules = rules
        self._gateway = gateway
        self._texts = texts

    async def tracked(self, _command: Command, _args: tuple[str, ...]) -> Answer:
        """Whom I always listen to, whom never, and which other chats have rules of their own."""
        builder = Builder()
        for listening, title in _TITLES.items():
            listed = await self._rules.listed(listening)
            if listening is Listening.DEFAULT:
                listed = [chat for chat in listed if self._decided(chat)]
            if listed:
                builder.add("\n\n" if builder.units else "")
                builder.add(self._texts(title, n=len(listed)), SpanKind.BOLD)
                self._add(builder, await self._named(listed[:_LISTED]), len(listed))
        return builder.rich() if builder.units else self._texts("answer.tracked_none")

    async def _named(self, listed: list[ChatRules]) -> list[ChatRules]:
        """The same with names, as far as Telegram says them now."""
        named = {chat.chat_id: chat for chat in listed}
        for chat in [chat for chat in listed if not chat.title][:_MOST_NAMED]:
            try:
                title = clean_name((await self._gateway.resolve(str(chat.chat_id))).title)
            except Refused:
                continue
            except Transient:
                break
            named[chat.chat_id] = await self._rules.change_chat(chat.chat_id, title=title)
        return list(named.values())

    def _add(self, builder: Builder, listed: list[ChatRules], total: int) -> None:
        for chat in listed:
            title = clean_name(chat.title)
            builder.add("\n").add(f"{title} · " if title else "").add(str(chat.chat_id), SpanKind.CODE)
            if decided := self._decided(chat):
                builder.add("\n   ").add(" · ".join(decided), SpanKind.ITALIC)
        if total > len(listed):
            builder.add("\n" + self._texts("note.more", n=total - len(listed)))

    def _decided(self, chat: ChatRules) -> list[str]:
        """What holds there and not elsewhere."""
        decided = [self._texts(f"delivery.{chat.delivery.value}")] if chat.delivery else []
        if chat.language:
            language = spoken_language(chat.language, self._texts)
            decided.append(self._texts("answer.chat_language", language=language))
        if chat.all_sound:
            decided.append(self._texts("answer.chat_files"))
        if chat.words:
            decided.append(self._texts("answer.chat_words", n=chat.words.count(",") + 1))
        return decided

"""What the owner decided: for everything, and for single chats and people.

Nothing is remembered here: each question reads the store, so an answer stays right whoever changed it.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import fields, replace
from typing import Any

from transcriber.domain import ChatKind, ChatRules, Delivery, Listening, MediaKind, Note, Preferences
from transcriber.protocols import Store

PREFERENCES_KEY = "preferences"
DETECT = "auto"  # as a chat's language: detect it there, whatever is the default elsewhere

_FIELDS = {field.name for field in fields(Preferences)}
_SWITCHES = {"saved", "private", "groups", "mine"}


class Rules:
    """Answers which notes are transcribed, in which language, and where the text goes."""

    def __init__(self, store: Store, first: Preferences) -> None:
        self._store = store
        self._first = first
        self._changing = asyncio.Lock()  # read, change, write: one at a time

    async def preferences(self) -> Preferences:
        """What holds everywhere: the first values from the settings, overlaid with what the owner changed since."""
        return replace(self._first, **await self._changed())

    async def change(self, **changes: Any) -> Preferences:
        """Change some preferences and keep them. Only what was changed is stored, so the settings go on
        deciding the rest."""
        async with self._changing:
            stored = await self._changed()
            changed = replace(self._first, **{**stored, **changes})  # refuses a misspelt name
            kept = {name: getattr(changed, name) for name in stored.keys() | changes.keys()}
            await self._store.set(PREFERENCES_KEY, json.dumps(kept, sort_keys=True))
            return changed

    async def _changed(self) -> dict[str, Any]:
        text = await self._store.get(PREFERENCES_KEY)
        stored = json.loads(text) if text else {}
        return {name: _revived(name, value) for name, value in stored.items() if name in _FIELDS}

    async def of_chat(self, chat_id: int) -> ChatRules:
        """What was decided for this chat or person; all defaults if nothing was."""
        return await self._store.rules_of(chat_id) or ChatRules(chat_id)

    async def change_chat(self, chat_id: int, *, title: str | None = None, **changes: Any) -> ChatRules:
        """Change some rules of one chat or person and keep them; without a title the known one stays."""
        async with self._changing:
            rules = await self.of_chat(chat_id)
            rules = replace(rules, title=rules.title if title is None else title, **changes)
            await self._store.put_rules(rules)
            return rules

    async def listed(self, listening: Listening) -> list[ChatRules]:
        """The chats and people of which the owner said this, ordered by id."""
        return [rules for rules in await self._store.all_rules() if rules.listening is listening]

    async def covers(self, note: Note) -> bool:
        """Whether this note is transcribed unasked: ignored never, tracked always, else the switches; of what
        is not a voice or video note only where the chat has all sound on."""
        chat = await self.of_chat(note.chat_id)
        said = {chat.listening, await self._of_sender(note)}
        if Listening.IGNORED in said or not (note.kind.is_note or chat.all_sound):
            return False
        return Listening.TRACKED in said or _switched_on(note, await self.preferences())

    async def _of_sender(self, note: Note) -> Listening:
        # The owner's id is also that of Saved Messages: tracking those must not open every chat the owner
        # speaks in. For the owner's own notes the switches `mine` and `saved` are the rule.
        if note.outgoing or note.sender_id is None or note.sender_id == note.chat_id:
            return Listening.DEFAULT
        return (await self.of_chat(note.sender_id)).listening

    async def delivery_for(self, note: Note) -> Delivery:
        """Where the text goes: as decided for the chat, else the default. A caption needs an own message that
        can carry one and has none of the owner's; everything else becomes private, never the reverse."""
        chat = await self.of_chat(note.chat_id)
        wanted = chat.delivery or (await self.preferences()).delivery
        can_be = note.outgoing and note.kind is not MediaKind.VIDEO_NOTE and not note.captioned
        return Delivery.PRIVATE if wanted is Delivery.CAPTION and not can_be else wanted

    async def language_for(self, note: Note) -> str | None:
        """The language spoken there (ISO 639-1); None: detect it."""
        chat = await self.of_chat(note.chat_id)
        language = chat.language or (await self.preferences()).language
        return None if language == DETECT else language

    async def words_for(self, note: Note) -> str:
        """Names and terms to expect there, comma separated: the chat's own, then those for all chats."""
        own, everywhere = (await self.of_chat(note.chat_id)).words, (await self.preferences()).words
        return ", ".join(words for words in (own, everywhere) if words)


def _switched_on(note: Note, preferences: Preferences) -> bool:
    if note.chat_kind is ChatKind.SAVED:
        return preferences.saved
    if note.outgoing:
        return preferences.mine
    return preferences.private if note.chat_kind is ChatKind.PRIVATE else preferences.groups


def _revived(name: str, value: Any) -> Any:
    if name == "delivery":
        return Delivery(value)
    return bool(value) if name in _SWITCHES else value

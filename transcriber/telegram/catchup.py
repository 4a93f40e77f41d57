"""What was missed: nothing that Telegram still has stays unseen, whatever the connection did meanwhile.

Telegram's own update counters cannot say what was missed (measured: the next live update hides the gap), so the
histories themselves are compared with a cursor per chat. The one rule: **only a scan moves cursors, live messages
never do.** A live message is therefore seen twice, once at once and once by the next scan, and the second time it is
dropped here or recognised by its key in the inbox.

Times are Telegram's (its answers carry dates), so a wrong clock on this machine loses nothing.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any, Protocol

from pyrogram import Client, raw

from transcriber.clock import Clock
from transcriber.domain import ChatRules, Command, Listening, Note, Peer
from transcriber.errors import FloodWait, Refused
from transcriber.telegram.dialogs import PAGE, After, Dialog, query, read
from transcriber.telegram.messages import chat_of, is_typed_by_owner, parse, peer_of_user, to_command, to_note
from transcriber.telegram.translate import translated

log = logging.getLogger(__name__)

SCANNED_KEY = "catchup.scanned_at_s"  # Telegram's time when the last completed scan began
COMMANDS_KEY = "catchup.commands"  # [[chat, message, sent_at_s]…]: the owner's commands of the last hour, already run
COMMAND_MAX_AGE_S = 3600
# How much older than the last scan a message may be and still count as newer: dates are whole seconds and Telegram's
# machines do not agree to the second.
MARGIN_S = 300
# What a parser stumbles over in a message of a kind that is newer than it. One such message must not stop the scan.
_STUMBLES = (LookupError, TypeError, ValueError, AttributeError)


class Inbox(Protocol):
    """Where messages go. Each call returns as soon as the message is kept and never waits for Telegram; the same
    note may come several times. May raise `StoreUnavailable`: the message then comes again with the next scan."""

    async def note(self, note: Note, *, missed: bool) -> None:
        """Take a note; `missed`: found by a scan, not handed over as it arrived."""
        ...

    async def command(self, command: Command) -> None:
        """Take a command of the owner's; each comes once."""
        ...

    async def caught_up(self) -> None:
        """A scan is complete: everything older was handed over."""
        ...


class Shelf(Protocol):
    """What of the store is needed here."""

    async def get(self, key: str) -> str | None: ...

    async def set(self, key: str, value: str | None) -> None: ...

    async def rules_of(self, chat_id: int) -> ChatRules | None: ...

    async def cursors(self) -> dict[int, int]: ...

    async def move_cursor(self, chat_id: int, message_id: int) -> None: ...


async def ask(client: Client, query: Any, deadline_s: float) -> Any:
    """Call Telegram once. Raises `Offline` when no answer comes in time, and `FloodWait` however short it is."""
    with translated():
        async with asyncio.timeout(deadline_s):
            return await client.invoke(query, retries=1, timeout=deadline_s, retry_delay=0, sleep_threshold=0)


class CatchUp:
    """Hands every message to the inbox: live ones as they come, missed ones by scanning. One scan at a time."""

    def __init__(self, inbox: Inbox, store: Shelf, clock: Clock, *, prefixes: str, answer_s: float = 20.0) -> None:
        self._inbox = inbox
        self._store = store
        self._clock = clock
        self._prefixes = prefixes
        self._answer_s = answer_s
        self._live: set[tuple[int, int]] = set()  # handed over as they came, above their chat's cursor
        self._commands = asyncio.Lock()
        # How far this process has looked, for a store that forgets it.
        self._cursors: dict[int, int] = {}
        self._scanned: str | None = None

    async def live(self, client: Client, message: Any) -> None:
        """Hand over a message that just arrived. Raises `StoreUnavailable`; it then comes with the next scan."""
        item = self._read(message, peer_of_user(client.me))
        if item is None:
            return
        await self._hand_over(item, missed=False)
        self._live.add((item.chat_id, item.message_id))
        with translated():
            await client.storage.save()  # the note's chat must still be reachable after a kill -9

    async def scan(self, client: Client) -> None:
        """Hand over everything since the last scan, chat by chat, oldest first, and move the cursors past it.

        A FloodWait is obeyed and the scan goes on where it was. Raises `Offline`, `StoreUnavailable`, `SignedOut`:
        run it again then, it goes on at the chat where it was cut.
        """
        me = peer_of_user(client.me)
        stored = await self._store.get(SCANNED_KEY)
        if stored is None and self._scanned is not None:
            await self.put_back()
            stored = self._scanned
        began_at_s = float((await self._ask(client, raw.functions.updates.GetState())).date)
        if stored is None:
            # The very first scan takes nothing. The time is kept at once, so that if this scan is cut, the next
            # one takes what came meanwhile.
            await self._store.set(SCANNED_KEY, str(began_at_s))
        since_s = None if stored is None else float(stored) - MARGIN_S
        cursors = await self._store.cursors()
        self._cursors.update(cursors)
        seen: set[int] = set()
        after: After | None = After()
        while after is not None:
            page, after = read(await self._ask(client, query(after)), after)
            fresh = [dialog for dialog in page if dialog.chat_id not in seen]
            for dialog in fresh:
                seen.add(dialog.chat_id)
                cursor = cursors.get(dialog.chat_id)
                if cursor is None or cursor < dialog.top_id:
                    await self._chat(client, me, dialog, cursor, since_s, began_at_s)
            if all(dialog.older_than(since_s) for dialog in fresh):
                break  # the rest is older still; also the end of a list that repeats itself
        with translated():
            await client.storage.save()
        await self._store.set(SCANNED_KEY, str(began_at_s))
        self._scanned = str(began_at_s)
        await self._inbox.caught_up()
        log.info("caught up: %d chats looked at", len(seen))

    async def put_back(self) -> None:
        """Tell a store that was emptied how far this process has looked: else the next scan would take itself for the
        very first one, and take nothing. Raises `StoreUnavailable`."""
        for chat_id, message_id in self._cursors.items():
            await self._store.move_cursor(chat_id, message_id)
        if self._scanned is not None:
            await self._store.set(SCANNED_KEY, self._scanned)

    async def _chat(
        self, client: Client, me: Peer, dialog: Dialog, cursor: int | None, since_s: float | None, now_s: float
    ) -> None:
        """Hand over what one chat has above its cursor (or since the last scan, if it has none); move the cursor."""
        if (cursor is not None or since_s is not None) and await self._worth_reading(dialog):
            try:
                missed = await self._missed(client, me, dialog, cursor or 0, since_s if cursor is None else None)
            except Refused as error:
                log.info("chat %d cannot be read: %s", dialog.chat_id, error)
                return
            for item in missed:
                if isinstance(item, Note) or item.sent_at_s > now_s - COMMAND_MAX_AGE_S:
                    await self._hand_over(item, missed=True)
        await self._store.move_cursor(dialog.chat_id, dialog.top_id)
        self._cursors[dialog.chat_id] = dialog.top_id
        self._live = {key for key in self._live if key[0] != dialog.chat_id or key[1] > dialog.top_id}

    async def _worth_reading(self, dialog: Dialog) -> bool:
        """Not what the owner ignores, nor a channel of others' that the owner never said anything about: most people
        follow dozens of those, and asking for each would make Telegram throttle the account."""
        rules = await self._store.rules_of(dialog.chat_id)
        if rules is None:
            return not dialog.readable_only
        return rules.listening is not Listening.IGNORED

    async def _missed(
        self, client: Client, me: Peer, dialog: Dialog, above_id: int, since_s: float | None
    ) -> list[Note | Command]:
        """What concerns us in one chat's history up to its top message, oldest first: read backwards, page by page,
        until a message that is not new proves that nothing was skipped."""
        found: list[Note | Command] = []
        offset_id = dialog.top_id + 1
        while True:
            history = raw.functions.messages.GetHistory(
                peer=dialog.peer,
                offset_id=offset_id,
                offset_date=0,
                add_offset=0,
                limit=min(PAGE, offset_id - above_id),  # one more than can be new
                max_id=0,
                min_id=0,
                hash=0,
            )
            page = await self._ask(client, history)
            posts = sorted(page.messages, key=lambda post: -post.id)
            for post in posts:
                if post.id <= above_id or _older(post, since_s):
                    break
                if (item := await self._read_post(client, me, page, post)) is not None:
                    found.append(item)
            else:
                if posts and posts[-1].id < offset_id:
                    offset_id = posts[-1].id
                    continue
            return found[::-1]

    async def _read_post(self, client: Client, me: Peer, page: Any, post: Any) -> Note | Command | None:
        if not isinstance(post, raw.types.Message):  # service messages, and the empty ones for deleted messages
            return None
        if not isinstance(post.media, raw.types.MessageMediaDocument) and not is_typed_by_owner(post, me):
            return None
        alone = raw.types.messages.Messages(messages=[post], topics=[], chats=page.chats, users=page.users)
        try:
            with translated():
                async with asyncio.timeout(self._answer_s):
                    messages = await parse(client, alone)
            return self._read(messages[0], me) if messages else None
        except (*_STUMBLES, Refused) as error:
            log.warning("message %d of chat %d cannot be read: %s", post.id, chat_of(post), type(error).__name__)
            return None

    def _read(self, message: Any, me: Peer) -> Note | Command | None:
        return to_note(message, me) or to_command(message, me, self._prefixes)

    async def _hand_over(self, item: Note | Command, *, missed: bool) -> None:
        if missed and (item.chat_id, item.message_id) in self._live:
            return
        if isinstance(item, Note):
            await self._inbox.note(item, missed=missed)
        else:
            await self._run_once(item)

    async def _run_once(self, command: Command) -> None:
        """A command that was run stays in Saved Messages, where a scan after a restart finds it again."""
        async with self._commands:
            known = json.loads(await self._store.get(COMMANDS_KEY) or "[]")
            if any(
                chat_id == command.chat_id and message_id == command.message_id for chat_id, message_id, _ in known
            ):
                return
            # Remembered before it is run: one lost to a crash is typed again, one run twice cannot be undone.
            recent = [entry for entry in known if entry[2] > command.sent_at_s - 2 * COMMAND_MAX_AGE_S]
            entry = [command.chat_id, command.message_id, command.sent_at_s]
            await self._store.set(COMMANDS_KEY, json.dumps([*recent, entry]))
            await self._inbox.command(command)

    async def _ask(self, client: Client, query: Any) -> Any:
        while True:
            try:
                return await ask(client, query, self._answer_s)
            except FloodWait as wait:
                log.info("catching up waits %s s, as Telegram asked", wait.seconds)
                await self._clock.sleep(wait.seconds)


def _older(post: Any, since_s: float | None) -> bool:
    date = getattr(post, "date", None)
    return since_s is not None and date is not None and date < since_s

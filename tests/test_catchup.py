"""What was missed is found: over drops, downtime and chats never seen, through the real client."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from pyrogram.raw import types as t

from tests.support.connected import running, until
from transcriber.domain import ChatKind, ChatRules, Listening
from transcriber.sandbox.faults import RpcError, flood
from transcriber.sandbox.server import SandboxServer
from transcriber.telegram.catchup import COMMANDS_KEY, SCANNED_KEY
from transcriber.telegram.dialogs import After, read


async def once(srv: SandboxServer, data_dir: Path) -> None:
    """Start the program, let it catch up, and stop it."""
    async with running(srv, data_dir) as ours:
        await ours.connected()


async def test_the_first_start_takes_nothing_and_remembers_where_every_chat_stands(tmp_path: Path) -> None:
    async with SandboxServer() as srv:
        bob, club = srv.add_user("Bob"), srv.add_supergroup("Club")
        for chat in (None, club):
            for _ in range(3):
                top = srv.deliver_voice(bob, chat, b"x", 3, push=False)
        async with running(srv, tmp_path) as ours:
            await ours.connected()
            cursors = await ours.store.cursors()
            assert ours.inbox.notes == []
            assert cursors[srv.chat_id(club)] == top.id
            assert len(cursors) == 2
            assert srv.count("messages.GetHistory") == 0
            assert float(await ours.store.get(SCANNED_KEY) or 0) == pytest.approx(time.time(), abs=5)


async def test_notes_missed_while_the_program_was_down_come_once_each_and_oldest_first(tmp_path: Path) -> None:
    async with SandboxServer() as srv:
        bob, carol = srv.add_user("Bob"), srv.add_user("Carol")
        family, club = srv.add_group("Family"), srv.add_supergroup("Club")
        news = srv.add_supergroup("News", broadcast=True)
        places: list[Any] = [None, family, club, news]
        for place in places:
            srv.deliver_text(bob, place, "before")
        async with running(srv, tmp_path) as ours:
            await ours.connected()
            await ours.store.put_rules(ChatRules(srv.chat_id(news), listening=Listening.TRACKED))
        sent: dict[int, list[int]] = {}
        for number in range(350):
            for place in places if number % 10 == 0 else places[number % 4 : number % 4 + 1]:
                note = srv.deliver_voice(bob, place, b"x", 3, push=False)
                sent.setdefault(srv.chat_id(note.peer_id), []).append(note.id)
                srv.deliver_text(carol, place, "and words between", push=False)
        async with running(srv, tmp_path) as ours:
            await ours.connected()
            found: dict[int, list[int]] = {}
            for note in ours.inbox.missed:
                found.setdefault(note.chat_id, []).append(note.message_id)
            assert found == sent
            assert sum(len(ids) for ids in found.values()) >= 350
            assert {note.chat_kind for note in ours.inbox.missed} == {
                ChatKind.PRIVATE,
                ChatKind.GROUP,
                ChatKind.CHANNEL,
            }
        async with running(srv, tmp_path) as ours:
            await ours.connected()
            assert ours.inbox.notes == []
        assert not srv.unknown


async def test_a_note_missed_in_a_drop_is_found_though_a_later_live_one_hides_the_gap(tmp_path: Path) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        bob = srv.add_user("Bob")
        await ours.connected()
        missed = srv.deliver_voice(bob, None, b"x", 3, push=False)
        live = srv.deliver_voice(bob, None, b"x", 3)
        await until(lambda: live.id in ours.inbox.ids)
        assert ours.inbox.ids == [live.id]
        assert await ours.store.cursors() == {}
        srv.drop(rst=True)
        await ours.connected(scans=2)
        assert ours.inbox.ids == [live.id, missed.id]


@pytest.mark.parametrize("told", [True, False], ids=["told by the program", "noticed by the scan"])
async def test_a_store_that_is_emptied_costs_neither_a_note_nor_a_repeat(tmp_path: Path, told: bool) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        bob, carol = srv.add_user("Bob"), srv.add_user("Carol")
        srv.deliver_voice(bob, None, b"x", 3, push=False)  # from before the first look: never taken
        await ours.connected()
        live = srv.deliver_voice(bob, None, b"x", 3)
        await until(lambda: live.id in ours.inbox.ids)
        with sqlite3.connect(tmp_path / "stenogram.db") as other:
            other.executescript("DELETE FROM settings; DELETE FROM cursors; DELETE FROM rules")
        other.close()
        if told:
            await ours.catch_up.put_back()
            assert await ours.store.get(SCANNED_KEY) is not None
        missed = [srv.deliver_voice(one, None, b"x", 3, push=False) for one in (bob, carol)]
        srv.drop(rst=True)
        await ours.connected(scans=2)
        assert sorted(ours.inbox.ids) == [live.id, *(note.id for note in missed)]


async def test_a_note_that_telegram_never_pushed_is_found_within_a_quarter_of_an_hour(tmp_path: Path) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        bob = srv.add_user("Bob")
        await ours.connected()
        note = srv.deliver_voice(bob, None, b"x", 3, push=False)
        await ours.clock.advance(899)
        assert ours.inbox.scans == 1
        await ours.clock.advance(1)
        await ours.connected(scans=2)
        assert ours.inbox.ids == [note.id]


async def test_a_chat_first_seen_while_down_is_read_from_the_last_scan_on_and_no_further(tmp_path: Path) -> None:
    async with SandboxServer() as srv:
        await once(srv, tmp_path)
        club = srv.add_supergroup("Club")
        bob = srv.add_user("Bob")
        old = srv.deliver_voice(bob, club, b"x", 3, push=False, sent_at_s=time.time() - 86_400)
        new = [srv.deliver_voice(bob, club, b"x", 3, push=False).id for _ in range(3)]
        async with running(srv, tmp_path) as ours:
            await ours.connected()
            assert ours.inbox.ids == new
            assert old.id not in ours.inbox.ids


async def test_a_scan_cut_by_a_drop_is_run_again_and_takes_everything(tmp_path: Path) -> None:
    async with SandboxServer() as srv:
        friends = [srv.add_user(f"Friend {n}") for n in range(4)]
        await once(srv, tmp_path)
        notes = {srv.deliver_voice(friend, None, b"x", 3, push=False).id for friend in friends}
        srv.on_rpc("messages.GetHistory", "rst", skip=2)
        async with running(srv, tmp_path) as ours:
            await ours.connected()
            assert set(ours.inbox.ids) == notes
            assert len(ours.inbox.ids) == len(notes)
            assert ours.story.keys == ["connecting", "connected", "disconnected", "connected"]


async def test_a_first_scan_cut_by_a_drop_loses_nothing_that_came_meanwhile(tmp_path: Path) -> None:
    async with SandboxServer() as srv:
        bob = srv.add_user("Bob")

        async def cut(conn: Any, query: Any) -> None:
            srv.deliver_voice(bob, None, b"x", 3, push=False)
            conn.drop(rst=True)

        srv.on_rpc("messages.GetDialogs", cut)
        async with running(srv, tmp_path) as ours:
            await ours.connected()
            assert len(ours.inbox.missed) == 1


async def test_a_flood_wait_in_a_scan_is_obeyed_and_the_scan_goes_on_where_it_was(tmp_path: Path) -> None:
    async with SandboxServer() as srv:
        friends = [srv.add_user(f"Friend {n}") for n in range(3)]
        for friend in friends:
            srv.deliver_text(friend, None, "hello", push=False)
        await once(srv, tmp_path)
        notes = {srv.deliver_voice(friend, None, b"x", 3, push=False).id for friend in friends}
        before = srv.count("messages.GetDialogs")
        srv.on_rpc("messages.GetHistory", flood(25), skip=1)
        async with running(srv, tmp_path) as ours:
            await until(lambda: 25 in ours.clock.slept)
            assert len(ours.inbox.ids) == 1
            await ours.clock.advance(25)
            await ours.connected()
            assert set(ours.inbox.ids) == notes
            assert srv.count("messages.GetDialogs") == before + 1
            assert ours.story.keys == ["connecting", "connected"]


async def test_an_ignored_chat_is_not_read_but_its_cursor_moves(tmp_path: Path) -> None:
    async with SandboxServer() as srv:
        bob = srv.add_user("Bob")
        async with running(srv, tmp_path) as ours:
            await ours.connected()
            await ours.store.put_rules(ChatRules(bob.id, listening=Listening.IGNORED))
        note = srv.deliver_voice(bob, None, b"x", 3, push=False)
        async with running(srv, tmp_path) as ours:
            await ours.connected()
            assert ours.inbox.notes == []
            assert await ours.store.cursors() == {bob.id: note.id}
        assert srv.count("messages.GetHistory") == 0


async def test_a_channel_of_others_that_the_owner_never_spoke_of_costs_no_call(tmp_path: Path) -> None:
    async with SandboxServer() as srv:
        await once(srv, tmp_path)
        bob, news = srv.add_user("Bob"), srv.add_supergroup("News", broadcast=True)
        mine = srv.add_supergroup("My diary", broadcast=True)
        mine.creator = True
        srv.deliver_voice(bob, news, b"x", 3, push=False)
        own = srv.deliver_voice(srv.me, mine, b"x", 3, push=False)
        async with running(srv, tmp_path) as ours:
            await ours.connected()
            assert [note.key for note in ours.inbox.notes] == [(srv.chat_id(mine), own.id)]
            assert len(await ours.store.cursors()) == 2
        read_from = [call.query.peer.channel_id for call in srv.calls if call.name == "messages.GetHistory"]
        assert set(read_from) == {mine.id}


async def test_a_chat_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    async with SandboxServer() as srv:
        await once(srv, tmp_path)
        bob, club = srv.add_user("Bob"), srv.add_supergroup("Club")
        srv.deliver_voice(bob, club, b"x", 3, push=False)
        note = srv.deliver_voice(bob, None, b"x", 3, push=False)
        srv.on_rpc(
            "messages.GetHistory",
            RpcError(400, "CHANNEL_PRIVATE"),
            times=-1,
            when=lambda q: isinstance(q.peer, t.InputPeerChannel),
        )
        async with running(srv, tmp_path) as ours:
            await ours.connected()
            assert ours.inbox.ids == [note.id]
            assert srv.chat_id(club) not in await ours.store.cursors()


async def test_a_message_that_the_parser_stumbles_over_does_not_stop_the_scan(tmp_path: Path) -> None:
    async with SandboxServer() as srv:
        await once(srv, tmp_path)
        bob = srv.add_user("Bob")
        photo = t.Photo(id=1, access_hash=1, file_reference=b"", date=1, sizes=[], dc_id=2)
        srv.deliver(srv.me, bob, "", media=t.MessageMediaPhoto(photo=photo), push=False)  # a photo of no size at all
        note = srv.deliver_voice(bob, None, b"x", 3, push=False)
        async with running(srv, tmp_path) as ours:
            await ours.connected()
            assert note.id in ours.inbox.ids
            assert (await ours.store.cursors())[bob.id] == note.id


async def test_the_owners_commands_of_the_last_hour_are_run_and_older_ones_are_not(tmp_path: Path) -> None:
    async with SandboxServer() as srv:
        bob = srv.add_user("Bob")
        srv.deliver_text(srv.me, None, "seen before")
        await once(srv, tmp_path)
        srv.deliver_text(srv.me, None, "/help", push=False, sent_at_s=time.time() - 3700)
        srv.deliver_text(srv.me, None, "/status", push=False, sent_at_s=time.time() - 100)
        srv.deliver_text(bob, None, "/status", push=False)
        async with running(srv, tmp_path) as ours:
            await ours.connected()
            assert [command.text for command in ours.inbox.commands] == ["/status"]


async def test_a_command_that_was_run_live_is_not_run_again_by_a_scan_nor_after_a_restart(tmp_path: Path) -> None:
    async with SandboxServer() as srv:
        async with running(srv, tmp_path) as ours:
            await ours.connected()
            srv.deliver_text(srv.me, None, "/status")
            await until(lambda: ours.inbox.commands)
            srv.drop()
            await ours.connected(scans=2)
            assert len(ours.inbox.commands) == 1
        # A kill -9 before any scan moved the cursor: only what is in the store is left.
        async with running(srv, tmp_path) as ours:
            await ours.connected()
            later = srv.deliver_text(srv.me, None, "/queue")
            await until(lambda: ours.inbox.commands)
        async with running(srv, tmp_path) as ours:
            await ours.connected()
            assert ours.inbox.commands == []
            known = json.loads(await ours.store.get(COMMANDS_KEY) or "[]")
            assert [srv.me.id, later.id, float(later.date)] in known


async def test_a_note_that_came_live_is_not_handed_over_again_by_the_next_scan(tmp_path: Path) -> None:
    async with SandboxServer() as srv, running(srv, tmp_path) as ours:
        bob = srv.add_user("Bob")
        await ours.connected()
        live = srv.deliver_voice(bob, None, b"x", 3)
        await until(lambda: ours.inbox.ids == [live.id])
        srv.drop()
        await ours.connected(scans=2)
        assert ours.inbox.ids == [live.id]
        assert (await ours.store.cursors())[bob.id] == live.id


async def test_more_chats_than_fit_one_page_are_all_looked_at(tmp_path: Path) -> None:
    async with SandboxServer() as srv:
        friends = [srv.add_user(f"Friend {n}") for n in range(130)]
        for friend in friends:
            srv.deliver_text(friend, None, "hello", push=False)
        await once(srv, tmp_path)
        assert srv.count("messages.GetDialogs") == 3  # the last page is the empty one
        notes = {srv.deliver_voice(friend, None, b"x", 3, push=False).id for friend in friends}
        async with running(srv, tmp_path) as ours:
            await ours.connected()
            assert set(ours.inbox.ids) == notes


async def test_pages_of_chats_older_than_the_last_scan_are_not_asked_for(tmp_path: Path) -> None:
    async with SandboxServer() as srv:
        for number in range(220):
            srv.deliver_text(srv.add_user(f"Friend {number}"), None, "long ago", sent_at_s=time.time() - 86_400)
        await once(srv, tmp_path)
        first = srv.count("messages.GetDialogs")
        await once(srv, tmp_path)
        assert first == 4
        assert srv.count("messages.GetDialogs") == first + 1


async def test_a_scan_waits_for_a_store_that_is_away_and_keeps_the_connection(tmp_path: Path) -> None:
    async with SandboxServer() as srv:
        bob = srv.add_user("Bob")
        await once(srv, tmp_path)
        note = srv.deliver_voice(bob, None, b"x", 3, push=False)
        async with running(srv, tmp_path) as ours:
            ours.inbox.broken = True
            await until(lambda: 10.0 in ours.clock.slept)
            ours.inbox.broken = False
            assert await ours.store.cursors() == {}
            await ours.clock.advance(10)
            await ours.connected()
            assert ours.inbox.ids == [note.id]
            assert ours.story.keys == ["connecting", "connected"]


def test_the_next_page_begins_after_the_last_chat_that_is_not_pinned() -> None:
    def page(*pinned: bool) -> Any:
        numbers = range(1, len(pinned) + 1)
        return t.messages.DialogsSlice(
            count=9,
            dialogs=[
                t.Dialog(
                    peer=t.PeerUser(user_id=n),
                    top_message=n * 10,
                    pinned=pin or None,
                    read_inbox_max_id=0,
                    read_outbox_max_id=0,
                    unread_count=0,
                    unread_mentions_count=0,
                    unread_reactions_count=0,
                    unread_poll_votes_count=0,
                    notify_settings=t.PeerNotifySettings(),
                )
                for n, pin in zip(numbers, pinned, strict=True)
            ],
            messages=[
                t.Message(id=n * 10, peer_id=t.PeerUser(user_id=n), date=1000 - n, message="") for n in numbers
            ],
            users=[t.User(id=n, access_hash=n * 7) for n in numbers],
            chats=[],
        )

    dialogs, after = read(page(True, False, False), After())
    assert [dialog.chat_id for dialog in dialogs] == [1, 2, 3]
    assert after is not None
    assert (after.date, after.message_id, after.peer.user_id, after.peer.access_hash) == (997, 30, 3, 21)
    assert read(page(True, True), After())[1] == After(without_pinned=True)
    assert read(page(True, True), After(without_pinned=True))[1] is None


async def test_a_scan_that_takes_long_is_not_joined_by_a_second_one(tmp_path: Path) -> None:
    async with SandboxServer() as srv:
        srv.on_rpc("messages.GetDialogs", flood(3600))
        async with running(srv, tmp_path) as ours:
            await until(lambda: 3600 in ours.clock.slept)
            for _ in range(12):
                await ours.clock.advance(290)
                await asyncio.sleep(0.02)
            assert srv.count("messages.GetDialogs") == 1
            await ours.clock.advance(120)
            await ours.connected()
            assert srv.count("messages.GetDialogs") == 2

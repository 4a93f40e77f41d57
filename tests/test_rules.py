"""Which notes are covered, and what the owner's decisions mean for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.fakes import FRIEND_ID, GROUP_ID, OWNER_ID, a_note
from transcriber.domain import ChatKind, Delivery, Listening, MediaKind, Note, Preferences
from transcriber.protocols import Store
from transcriber.storage.store import open_store
from transcriber.work.rules import Rules

NOTHING = Preferences(saved=False)
PRIVATE = a_note()
GROUP = a_note(chat_id=GROUP_ID, chat_kind=ChatKind.GROUP)
CHANNEL = a_note(chat_id=GROUP_ID, chat_kind=ChatKind.CHANNEL, sender_id=None)
SAVED = a_note(chat_id=OWNER_ID, chat_kind=ChatKind.SAVED, sender_id=OWNER_ID, outgoing=True)
MINE = a_note(sender_id=OWNER_ID, outgoing=True)
MINE_IN_GROUP = replace(GROUP, sender_id=OWNER_ID, outgoing=True)
ALL = (PRIVATE, GROUP, CHANNEL, SAVED, MINE, MINE_IN_GROUP)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path / "test.db", clock=FakeClock()) as store:
        yield store


@pytest.mark.parametrize(
    ("switched_on", "covered"),
    [
        (NOTHING, ()),
        (Preferences(), (SAVED,)),
        (replace(NOTHING, private=True), (PRIVATE,)),
        (replace(NOTHING, groups=True), (GROUP, CHANNEL)),
        (replace(NOTHING, mine=True), (MINE, MINE_IN_GROUP)),
        (Preferences(private=True, groups=True, mine=True), ALL),
    ],
)
async def test_each_switch_covers_its_own_notes_only(
    store: Store, switched_on: Preferences, covered: tuple[Note, ...]
) -> None:
    rules = Rules(store, switched_on)
    assert tuple([note for note in ALL if await rules.covers(note)]) == covered


@pytest.mark.parametrize("id_", [FRIEND_ID, GROUP_ID])
@pytest.mark.parametrize("note", [replace(GROUP, sender_id=FRIEND_ID)])
async def test_a_tracked_chat_or_sender_is_always_covered(store: Store, note: Note, id_: int) -> None:
    rules = Rules(store, NOTHING)
    assert not await rules.covers(note)
    await rules.change_chat(id_, listening=Listening.TRACKED)
    assert await rules.covers(note)


@pytest.mark.parametrize("ignored", [FRIEND_ID, GROUP_ID])
async def test_ignored_beats_tracked_and_every_switch(store: Store, ignored: int) -> None:
    rules = Rules(store, Preferences(private=True, groups=True, mine=True))
    for id_ in (FRIEND_ID, GROUP_ID):
        await rules.change_chat(id_, listening=Listening.IGNORED if id_ == ignored else Listening.TRACKED)
    assert not await rules.covers(GROUP)


async def test_own_notes_in_a_tracked_chat_are_covered(store: Store) -> None:
    rules = Rules(store, NOTHING)
    await rules.change_chat(FRIEND_ID, listening=Listening.TRACKED)
    assert await rules.covers(MINE)


async def test_tracking_saved_messages_does_not_open_the_chats_the_owner_speaks_in(store: Store) -> None:
    rules = Rules(store, NOTHING)
    await rules.change_chat(OWNER_ID, listening=Listening.TRACKED)
    assert await rules.covers(SAVED)
    assert not await rules.covers(MINE)


@pytest.mark.parametrize("kind", MediaKind)
async def test_only_notes_recorded_on_the_spot_are_covered_unasked(store: Store, kind: MediaKind) -> None:
    rules = Rules(store, Preferences(private=True))
    assert await rules.covers(replace(PRIVATE, kind=kind)) == (kind in (MediaKind.VOICE, MediaKind.VIDEO_NOTE))


@pytest.mark.parametrize("kind", MediaKind)
async def test_where_all_sound_is_on_every_kind_is_covered(store: Store, kind: MediaKind) -> None:
    rules = Rules(store, Preferences(private=True))
    await rules.change_chat(FRIEND_ID, all_sound=True)
    assert await rules.covers(replace(PRIVATE, kind=kind))
    assert not await rules.covers(replace(GROUP, kind=kind, sender_id=FRIEND_ID))


async def test_what_the_owner_changed_outlives_a_restart_and_the_rest_follows_the_settings(store: Store) -> None:
    changed = await Rules(store, Preferences()).change(private=True, delivery=Delivery.REPLY)
    assert changed == Preferences(private=True, delivery=Delivery.REPLY)
    after = Rules(store, Preferences(groups=True, language="ru"))
    assert await after.preferences() == Preferences(private=True, groups=True, delivery=Delivery.REPLY, language="ru")


async def test_a_change_by_another_process_is_seen_at_once(store: Store) -> None:
    here, there = Rules(store, NOTHING), Rules(store, NOTHING)
    assert not await here.covers(PRIVATE)
    await there.change(private=True)
    assert await here.covers(PRIVATE)


async def test_a_misspelt_preference_is_refused_and_nothing_is_stored(store: Store) -> None:
    rules = Rules(store, Preferences())
    with pytest.raises(TypeError):
        await rules.change(privat=True)
    assert await rules.preferences() == Preferences()


async def test_changing_one_rule_of_a_chat_keeps_the_others(store: Store) -> None:
    rules = Rules(store, Preferences())
    await rules.change_chat(FRIEND_ID, title="Anna", language="ru")
    changed = await rules.change_chat(FRIEND_ID, delivery=Delivery.REPLY)
    assert (changed.title, changed.language, changed.delivery) == ("Anna", "ru", Delivery.REPLY)
    assert await rules.of_chat(FRIEND_ID) == changed


async def test_lists_hold_exactly_those_of_whom_it_was_said(store: Store) -> None:
    rules = Rules(store, Preferences())
    await rules.change_chat(1, listening=Listening.TRACKED)
    await rules.change_chat(2, listening=Listening.IGNORED)
    await rules.change_chat(3, language="ru")
    assert [chat.chat_id for chat in await rules.listed(Listening.TRACKED)] == [1]
    assert [chat.chat_id for chat in await rules.listed(Listening.IGNORED)] == [2]


@pytest.mark.parametrize(
    ("default", "of_chat", "note", "wanted"),
    [
        (Delivery.PRIVATE, None, PRIVATE, Delivery.PRIVATE),
        (Delivery.REPLY, None, PRIVATE, Delivery.REPLY),
        (Delivery.REPLY, Delivery.PRIVATE, PRIVATE, Delivery.PRIVATE),
        (Delivery.PRIVATE, Delivery.REPLY, PRIVATE, Delivery.REPLY),
        (Delivery.CAPTION, None, MINE, Delivery.CAPTION),
        (Delivery.CAPTION, None, PRIVATE, Delivery.PRIVATE),
        (Delivery.REPLY, Delivery.CAPTION, PRIVATE, Delivery.PRIVATE),
        (Delivery.CAPTION, None, replace(MINE, kind=MediaKind.VIDEO_NOTE), Delivery.PRIVATE),
        (Delivery.CAPTION, None, replace(MINE, captioned=True), Delivery.PRIVATE),
    ],
)
async def test_delivery_is_the_chats_own_else_the_default_and_captions_need_an_own_note_without_one(
    store: Store, default: Delivery, of_chat: Delivery | None, note: Note, wanted: Delivery
) -> None:
    rules = Rules(store, Preferences(delivery=default))
    await rules.change_chat(note.chat_id, delivery=of_chat)
    assert await rules.delivery_for(note) is wanted


async def test_a_persons_own_delivery_does_not_follow_them_into_a_group(store: Store) -> None:
    rules = Rules(store, Preferences())
    await rules.change_chat(FRIEND_ID, delivery=Delivery.REPLY)
    assert await rules.delivery_for(replace(GROUP, sender_id=FRIEND_ID)) is Delivery.PRIVATE


@pytest.mark.parametrize(
    ("default", "of_chat", "wanted"),
    [(None, None, None), ("ru", None, "ru"), ("ru", "en", "en"), ("ru", "auto", None), (None, "ru", "ru")],
)
async def test_language_is_the_chats_own_else_the_default_else_detected(
    store: Store, default: str | None, of_chat: str | None, wanted: str | None
) -> None:
    rules = Rules(store, Preferences(language=default))
    await rules.change_chat(FRIEND_ID, language=of_chat, words="Anna, Stenogram")
    assert await rules.language_for(PRIVATE) == wanted
    assert await rules.words_for(PRIVATE) == "Anna, Stenogram"


async def test_the_words_of_a_chat_come_before_those_for_all(store: Store) -> None:
    rules = Rules(store, NOTHING)
    assert await rules.words_for(PRIVATE) == ""
    await rules.change(words="Kubernetes")
    assert await rules.words_for(PRIVATE) == "Kubernetes"
    await rules.change_chat(PRIVATE.chat_id, words="Anna, Lena")
    assert await rules.words_for(PRIVATE) == "Anna, Lena, Kubernetes"
    await rules.change(words="")
    assert await rules.words_for(PRIVATE) == "Anna, Lena"


async def test_what_was_kept_before_there_were_words_for_all_still_holds(store: Store) -> None:
    await store.set("preferences", '{"delivery": "reply", "groups": true}')
    assert await Rules(store, NOTHING).preferences() == replace(NOTHING, delivery=Delivery.REPLY, groups=True)

"""From the moment Telegram has a note that the rules cover, it will be transcribed."""

from __future__ import annotations

import time
from typing import Any

from tests.faults.fault import Fault
from tests.faults.scene import CALL, HELLO, MEET, RUSSIAN, Scene
from transcriber.telegram.catchup import SCANNED_KEY

DAY_S = 86_400


async def killed_at_the_push(at: Scene) -> None:
    """The update is pushed and the process killed in the same moment; the text comes after the next start."""
    await at.start()
    at.note()
    await at.kill()
    await at.start()


async def killed_while_downloading(at: Scene) -> None:
    """Killed while a piece of the file is on its way; the text comes after the next start."""
    await at.start()
    at.srv.getfile_delay = 20.0
    at.note()
    await at.called("upload.GetFile")
    await at.kill()
    at.srv.getfile_delay = 0.0
    await at.start()


async def killed_after_downloading(at: Scene) -> None:
    """Killed when the whole file has arrived and the recogniser begins; the text comes after the next start."""
    await at.start()
    at.note()
    await at.srv.wait_until(lambda: [c for c in at.srv.calls if c.name == "upload.GetFile" and c.outcome] or None)
    await at.kill()
    await at.start()


async def killed_in_the_first_scan(at: Scene) -> None:
    """Killed while the very first scan waits for an answer; a note sent while it is down is transcribed."""
    at.srv.on_rpc("messages.GetDialogs", "ignore")
    await at.start(wait=False)
    await at.called("messages.GetDialogs")
    await at.kill()
    at.note()
    await at.start()


async def killed_again_and_again(at: Scene) -> None:
    """Five starts, each killed a little later than the one before, a note sent in each; five texts."""
    await at.start()
    for clip in (HELLO, CALL, MEET, RUSSIAN, HELLO):
        at.note(clip)
        await at.kill()
        await at.start()


async def gap_hidden(at: Scene) -> None:
    """A note is stored but not pushed while the link is reset, the next one is; both texts come."""
    await at.start()
    at.srv.drop(rst=True)
    at.note(HELLO, push=False)
    await at.srv.wait_subscribed()
    at.note(CALL)


async def dropped_while_catching_up(at: Scene) -> None:
    """The first two reads of a history reset the link; what was missed comes, with what was live meanwhile."""
    await at.start()
    await at.stop()
    for clip in (HELLO, CALL, MEET):
        at.note(clip, push=False)
    at.srv.on_rpc("messages.GetHistory", "rst", times=2)
    await at.start(wait=False)
    await at.called("messages.GetHistory", 3)
    at.note(RUSSIAN)


async def down_for_a_day(at: Scene) -> None:
    """Down for a day by the dates in its store, with 130 texts and four notes since, twice a page of history; all
    four texts come."""
    await at.start()
    await at.stop()
    at.sql("UPDATE settings SET value = ? WHERE key = ?", str(time.time() - DAY_S), SCANNED_KEY)
    for number in range(130):
        if number % 40 == 5:
            at.note(
                (HELLO, CALL, MEET, RUSSIAN)[number // 40], push=False, sent_at_s=time.time() - DAY_S + 60 + number
            )
        at.srv.deliver_text(
            at.friend, None, f"text {number}", push=False, sent_at_s=time.time() - DAY_S + 61 + number
        )
    at.srv.diff_slice = 20
    await at.start()


async def too_long(at: Scene) -> None:
    """Off for a moment, the server says updatesTooLong and then differenceTooLong; the notes meanwhile come."""
    await at.start()
    at.srv.offline_updates, at.srv.diff_too_long, at.srv.channel_diff_too_long = "toolong", 1, 1
    at.srv.refuse()
    at.srv.drop()
    await at.line("⚠️ Disconnected")
    for clip in (HELLO, CALL, MEET):
        at.note(clip)
    await at.srv.accept()
    await at.transcribed()


async def supergroup_and_channel(at: Scene) -> None:
    """Notes in a tracked supergroup, a tracked basic group and a tracked channel, live and while down; six texts."""
    supergroup = at.srv.add_supergroup("Team")
    group = at.srv.add_group("Family")
    channel = at.srv.add_supergroup("News", broadcast=True)
    stranger = at.srv.add_user("Eve", "eve")
    chats = (supergroup, group, channel)
    ids = [at.friend.id, *(at.srv.chat_id(chat) for chat in chats)]
    at.settings["TRACKED"] = ",".join(map(str, ids))
    await at.start()
    for clip, chat in zip((HELLO, CALL, MEET), chats, strict=True):
        at.note(clip, stranger, chat)
    await at.transcribed()
    await at.stop()
    for clip, chat in zip((CALL, MEET, HELLO), chats, strict=True):
        at.note(clip, stranger, chat, push=False)
    await at.start()


async def new_chat_while_down(at: Scene) -> None:
    """With all switches on, somebody never seen and a group never seen each send a note while it is down."""
    at.settings["AUTO"] = "saved,private,groups"
    await at.start()
    await at.stop()
    stranger = at.srv.add_user("Eve", "eve")
    at.note(HELLO, stranger, push=False)
    at.note(CALL, stranger, at.srv.add_supergroup("New"), push=False)
    at.note(MEET, stranger, at.srv.add_group("Newer"), push=False)
    await at.start()


async def tracked_person_elsewhere(at: Scene) -> None:
    """The tracked friend speaks in a group made just now, and in another one while it is down; so do others."""
    stranger = at.srv.add_user("Eve", "eve")
    await at.start()
    at.note(HELLO, at.friend, group := at.srv.add_supergroup("Trip"))
    at.stray(RUSSIAN, stranger, group)
    await at.transcribed()
    await at.stop()
    at.note(CALL, at.friend, group := at.srv.add_group("Party"), push=False)
    at.stray(RUSSIAN, stranger, group, push=False)
    await at.start()


async def delivered_twice(at: Scene) -> None:
    """The same update comes three times while the note waits, and again after its text; one text."""
    await at.start()
    at.srv.getfile_delay = 1.0
    message = at.note()
    for _ in range(3):
        at.srv.redeliver(message)
    await at.transcribed()
    at.srv.redeliver(message)


async def race_at_the_start(at: Scene) -> None:
    """A live note arrives between the server's state and the first look at what was missed; both texts come."""
    await at.start()
    await at.stop()
    at.note(HELLO, push=False)

    async def live_first(conn: Any, query: Any) -> Any:
        state = at.srv.state()
        at.note(CALL)
        return state

    at.srv.on_rpc("updates.GetState", live_first)
    await at.start()


async def wrong_clock(at: Scene) -> None:
    """The notes missed carry dates 200 s before the last look, as from a server whose clock is behind."""
    await at.start()
    await at.stop()
    for clip in (HELLO, CALL):
        at.note(clip, push=False, sent_at_s=time.time() - 200)
    await at.start()


TRANSCRIBED = "transcribes it, once"
ROWS = (
    Fault("killed -9 as the update arrives", TRANSCRIBED, killed_at_the_push),
    Fault("killed -9 while downloading", TRANSCRIBED, killed_while_downloading),
    Fault("killed -9 when the download is complete", TRANSCRIBED, killed_after_downloading),
    Fault("killed -9 in the first scan of its life", TRANSCRIBED, killed_in_the_first_scan),
    Fault("killed -9 five times running", "transcribes each note, once", killed_again_and_again),
    Fault("a gap hidden by the next live update", "finds the hidden note by itself", gap_hidden),
    Fault("the link drops while catching up", "goes on where it was cut", dropped_while_catching_up),
    Fault("down for a day, more missed than one slice or page", "finds every note", down_for_a_day),
    Fault("difference too long", "finds what the server no longer lists", too_long),
    Fault("notes in supergroups, groups and channels", "live and missed alike", supergroup_and_channel),
    Fault("chats first seen while it was down", "finds them in the list of chats", new_chat_while_down),
    Fault("a tracked person in a chat not seen before", "transcribes that person only", tracked_person_elsewhere),
    Fault("the same update delivered again", TRANSCRIBED, delivered_twice),
    Fault("a live update racing the start", "loses neither the live nor the missed note", race_at_the_start),
    Fault("clocks that disagree", "takes notes dated before its last look", wrong_clock),
)

"""What strangers send: nothing crashes the program, nothing leaves its folder, and nobody but the owner steers."""

from __future__ import annotations

import json
from pathlib import Path

from tests.faults.fault import Fault
from tests.faults.scene import CALL, HELLO, MEET, RUSSIAN, Scene

INVISIBLE = "\u202e\u200b\u200f\u2066\ufeff"


async def path_in_a_name(at: Scene) -> None:
    """An audio file called `../../../escaped.ogg`, asked for with `/t`: its text comes, and no file of that name is
    anywhere above the data directory, nor any new file in it when the work is done."""
    await at.start()
    at.note(CALL)
    await at.transcribed()
    before = _names(at.on.data_dir)
    song = at.srv.deliver_audio(at.friend, None, HELLO.sound, 3, file_name="../../../escaped.ogg", mime="audio/ogg")
    at.srv.deliver_text(at.me, at.friend, "/t", reply_to=song)
    at.transcripts[HELLO.words] += 1
    await at.told("On it: #2")
    await at.transcribed()
    assert _names(at.on.data_dir) == before
    assert not [folder for folder in at.on.data_dir.parents if (folder / "escaped.ogg").exists()]


async def empty_file(at: Scene) -> None:
    """A note of no bytes at all between two good ones: one word to the owner, the others' texts come."""
    await at.start()
    at.note(HELLO)
    at.srv.deliver_voice(at.friend, None, b"", 3)
    at.note(CALL)
    await at.told("The file is empty")


async def wrong_duration(at: Scene) -> None:
    """A note of 5 s that says it lasts 1 s, and one that says 0; both texts come whole."""
    await at.start()
    for clip, seconds in ((MEET, 1), (CALL, 0)):
        at.transcripts[clip.words] += 1
        at.srv.deliver_voice(at.friend, None, clip.sound, seconds)


async def endless_duration(at: Scene) -> None:
    """A note of 3 s that says it lasts three hours: refused unheard, with one word, and never fetched."""
    await at.start()
    at.srv.deliver_voice(at.friend, None, HELLO.sound, 3 * 3600)
    await at.told("longer than allowed")
    assert not at.srv.count("upload.GetFile")


async def wrong_size(at: Scene) -> None:
    """A note that says it has 300 MB: refused unheard, with one word, and never fetched."""
    await at.start()
    at.stray(HELLO, declared_size=300 * 2**20)
    await at.told("larger than allowed")
    assert not at.srv.count("upload.GetFile")


async def tricks_in_names(at: Scene) -> None:
    """A person and a group whose names are full of invisible and right-to-left characters and line breaks: the
    headings have none of them and stay one line."""
    name = f"{INVISIBLE}Eve\n/status{INVISIBLE}"
    eve, group = at.srv.add_user(name, "eve"), at.srv.add_supergroup(name)
    at.settings["TRACKED"] = f"{eve.id},{at.friend.id}"
    await at.start()
    at.note(HELLO, eve)
    at.note(CALL, eve, group)
    await at.transcribed()
    for text in at.standing():
        assert not set(text) & set(INVISIBLE)
        heading, _, rest = text.partition("\n")
        assert "Eve" in heading
        assert rest in (HELLO.words, CALL.words)


async def words_like_a_command(at: Scene) -> None:
    """What was heard is made `/auto groups on` in the archive, and the note forwarded where transcripts are replies:
    the program sends these very words as the owner, finds them again after a restart, and does not obey them."""
    await at.start(DELIVER="reply")
    at.replies_in = at.friend
    message = at.note(HELLO)
    await at.transcribed()
    await at.stop()
    command = "/auto groups on"
    rows = at.sql("SELECT id, transcript FROM transcripts")
    for number, transcript in rows:
        at.sql("UPDATE transcripts SET transcript = ? WHERE id = ?", _said(str(transcript), command), number)
    await at.start(DELIVER="reply")
    at.transcripts[command] += 1
    at.srv.deliver(at.friend, None, "", media=message.media, fwd=True)
    await at.transcribed()
    await at.stop()
    await at.start(DELIVER="reply")
    assert not at.sql("SELECT value FROM settings WHERE key = 'preferences'")


async def commands_of_others(at: Scene) -> None:
    """The tracked friend and a stranger type every kind of command, in private and in a group: no answer, nothing
    deleted, nothing changed."""
    stranger, group = at.srv.add_user("Eve", "eve"), at.srv.add_supergroup("Team")
    await at.start()
    for command in ("/status", "/untrack @bob", "/auto private on", "/cancel all", "/deliver reply default", ".help"):
        for who, chat in ((at.friend, None), (stranger, None), (stranger, group)):
            at.srv.deliver_text(who, chat, command)
    at.note()
    await at.transcribed()
    assert not at.srv.of("delete")
    assert not at.sql("SELECT value FROM settings WHERE key = 'preferences'")


async def forged_edits(at: Scene) -> None:
    """The friend edits a text into a command, and an old message of the owner's and one that is a
    forward become commands too: none is obeyed."""
    await at.start()
    at.srv.edit(at.srv.deliver_text(at.friend, None, "hello"), "/auto private on")
    at.srv.edit(at.srv.deliver_text(at.me, None, "a shopping list"), "/auto private on")
    at.srv.deliver_text(at.me, None, "/auto private on", fwd=True)
    at.note()
    await at.transcribed()
    assert not at.sql("SELECT value FROM settings WHERE key = 'preferences'")


async def commands_in_channels(at: Scene) -> None:
    """Commands posted in a channel, in whoever's name: no answer, and no post deleted; live, and found after a
    restart."""
    channel = at.srv.add_supergroup("News", broadcast=True)
    await at.start()
    for who in (at.me, at.friend):
        at.srv.deliver_text(who, channel, "/auto private on")
    at.note(RUSSIAN)
    await at.transcribed()
    await at.stop()
    at.srv.deliver_text(at.me, channel, "/auto private on", push=False)
    await at.start()
    assert not at.srv.of("delete")
    assert not at.sql("SELECT value FROM settings WHERE key = 'preferences'")


async def command_twice(at: Scene) -> None:
    """A command of the owner's is delivered three times, and found again after kill -9: it is obeyed once."""
    await at.start()
    at.note()
    await at.transcribed()
    command = at.srv.deliver_text(at.me, None, "/retry 99")
    await at.told("There is no note #99")
    at.srv.redeliver(command)
    at.srv.redeliver(command)
    await at.kill()
    await at.start()


def _said(transcript: str, words: str) -> str:
    """A stored transcript in which somebody said something else."""
    return transcript.replace(json.dumps(HELLO.words)[1:-1], words)


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if "stenogram.db" not in path.name and "session" not in path.name}


NOBODY = "obeys nobody but the owner, and shows nothing"
ROWS = (
    Fault("a path in a file name", "never uses the sender's name", path_in_a_name),
    Fault("a file of no bytes", "one word to the owner", empty_file),
    Fault("too short a duration declared", "hears all of it", wrong_duration),
    Fault("three hours declared", "refuses it by its word", endless_duration),
    Fault("300 MB declared", "refuses it by its word", wrong_size),
    Fault("invisible and right-to-left characters in names", "shows none of them", tricks_in_names),
    Fault("a transcript that looks like a command", "never takes it for one", words_like_a_command),
    Fault("commands typed by others", NOBODY, commands_of_others),
    Fault("messages edited or forwarded into commands", NOBODY, forged_edits),
    Fault("commands posted in channels", NOBODY, commands_in_channels),
    Fault("a command delivered again", "obeys it once", command_twice),
)

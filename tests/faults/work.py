"""Whatever happens to the recogniser, to its model or to a file: tried again, then one clear word, never a stop."""

from __future__ import annotations

import os
import re
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any

from pyrogram.raw import types as t

from tests.faults.fault import Fault
from tests.faults.scene import CALL, HELLO, MEET, RUSSIAN, Clip, Scene
from tests.support.speech import repeated, sample
from transcriber.sandbox.faults import RpcError
from transcriber.sandbox.program import MODEL
from transcriber.sandbox.rpc import HANDLERS

LIBRARY_S = "the library asks again after 15 s without an answer"
GET_FILE = "upload.GetFile"
SOME_PERCENT = re.compile(r"\b[1-9]\d?\s%")  # more than nothing and less than all


class Long(Clip):
    """The same words for minutes: long enough to be interrupted."""

    @property
    def sound(self) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            return repeated(Path(folder) / "long.wav", sample(self.file), self.seconds).read_bytes()


MINUTES = Long("en_hello", HELLO.words, 180)


async def half_done(at: Scene) -> None:
    """Return when the owner sees a percentage that is neither nothing nor all."""
    since = len(at.srv.actions)
    kinds = ("send", "edit")
    await at.srv.wait_for(lambda a: a.kind in kinds and bool(SOME_PERCENT.search(a.text or "")), 90, since)


async def engine_killed_once(at: Scene) -> None:
    """The recogniser is held, given a note, and killed by SIGKILL; the note's text comes 5 s later."""
    await at.start()
    at.note(CALL)
    await at.transcribed()
    os.kill(pid := await at.engine(), signal.SIGSTOP)
    at.note(HELLO)
    await at.srv.wait_until(lambda: at.srv.count(GET_FILE) > 1 or None)
    os.kill(pid, signal.SIGKILL)
    await at.transcribed()
    await at.asked("/status", "recogniser restarts: 1")


async def engine_killed_twice(at: Scene) -> None:
    """SIGKILL in the middle of a long note, twice running; two short notes beside it come; the owner is told once,
    where the progress stood, and after `/retry` the text comes in a message of its own."""
    await at.start(MERGE_PAUSE_S="0")
    at.stray(MINUTES)
    for clip in (CALL, MEET):
        await half_done(at)
        os.kill(await at.engine(), signal.SIGKILL)
        at.note(clip)
    await at.told("The recogniser broke down twice", 90)
    await at.line("failed (engine_died)")  # a moment later: the word goes out first, so that no crash can swallow it
    await at.asked("/retry 1", "Trying again: #1")
    at.transcripts[MINUTES.words] += 1
    await at.transcribed(120)


async def engine_killed_while_loading(at: Scene) -> None:
    """SIGKILL as soon as the recogniser is there, as when memory runs out while it loads; the text comes later."""
    await at.start()
    at.note()
    os.kill(await at.engine(), signal.SIGKILL)


async def parent_killed_child_left(at: Scene) -> None:
    """After kill -9 of the program no recogniser is left over within 10 s, and the note comes at the next start."""
    await at.start()
    at.note(CALL)
    await at.transcribed()
    pid = await at.engine()
    at.note(HELLO)
    await at.kill()
    await at.gone(pid)
    await at.start()


async def model_gone_bad(at: Scene) -> None:
    """The model chosen with /model is damaged on the disk while it is down; the one before takes over by itself."""
    with tempfile.TemporaryDirectory() as folder:
        other = shutil.copytree(MODEL, Path(folder) / "other")
        await at.start()
        await at.asked(f"/model {other}", "Now working with the model")
        await at.stop()
        (other / "model.bin").write_bytes((other / "model.bin").read_bytes()[:1000])
        await at.start()
        at.note()
        await at.transcribed()
        await at.stop()
        await at.start()
        await at.line(f" {MODEL.name}!")


async def model_will_not_load(at: Scene) -> None:
    """The only model there is is damaged: the owner is told why, once; mended, /retry brings the text."""
    with tempfile.TemporaryDirectory() as folder:
        only = shutil.copytree(MODEL, Path(folder) / "only")
        whole = (only / "model.bin").read_bytes()
        (only / "model.bin").write_bytes(whole[:1000])
        await at.start(MODEL=str(only))
        at.stray()
        await at.told("does not load")
        await at.line("failed (model_broken)")
        (only / "model.bin").write_bytes(whole)
        await at.asked("/retry 1", "Trying again: #1")
        at.transcripts[HELLO.words] += 1
        await at.transcribed()


async def half_of_it(_conn: Any, _query: Any) -> Any:
    """Half of the file, as if it were all of it."""
    piece = HELLO.sound[: len(HELLO.sound) // 2]
    return t.upload.File(type=t.storage.FileUnknown(), mtime=0, bytes=piece)


async def download_cut(at: Scene) -> None:
    """The connection for files is reset in the middle of a piece."""
    await at.start()
    at.srv.on_rpc(GET_FILE, "rst")
    at.note()
    await at.transcribed()


async def truncated_silently(at: Scene) -> None:
    """Half of the file comes as if it were all of it; it is fetched again, and nothing is made of the half."""
    await at.start()
    at.srv.on_rpc(GET_FILE, half_of_it)
    at.note()
    await at.transcribed()
    assert at.srv.count(GET_FILE) >= 2


async def reference_expired(at: Scene) -> None:
    """The reference to the file is refused; it is read again from the message, and the text comes at once."""
    await at.start()
    at.srv.on_rpc(GET_FILE, RpcError(400, "FILE_REFERENCE_EXPIRED"))
    at.note()
    await at.transcribed()
    assert at.srv.count(GET_FILE) == 2


async def always_truncated(at: Scene) -> None:
    """Half of one file comes, time after time; the notes beside it come, and the owner is told once; when Telegram
    has all of it again, a plain `/retry` brings the text."""
    await at.start()
    broken = at.stray()

    async def half_of_that_one(conn: Any, query: Any) -> Any:
        if query.location.id == broken.media.document.id:
            return await half_of_it(conn, query)
        return await HANDLERS[GET_FILE](at.srv, conn, query)

    fault = at.srv.on_rpc(GET_FILE, half_of_that_one, times=-1)
    for clip in (CALL, MEET):
        at.note(clip)
    await at.transcribed()
    await at.told("only a part of the file", 110)
    await at.line("failed (download_cut)")  # told first, then recorded
    fault.times = 0
    await at.asked("/retry", "Trying again: 1 note")
    at.transcripts[HELLO.words] += 1
    await at.transcribed()


async def poisonous_among_good(at: Scene) -> None:
    """Random bytes, text, and half a recording between good notes; each bad one is told once, each good one comes."""
    await at.start()
    bad = (os.urandom(20_000), b"not a sound\n" * 100, HELLO.sound[:60])
    for clip, sound in zip((HELLO, CALL, MEET), bad, strict=True):
        at.note(clip)
        at.srv.deliver_voice(at.friend, None, sound, 3)
    at.note(RUSSIAN)
    await at.transcribed()
    for words in ("Could not read the sound", "Could not read the sound", "The recording breaks off"):
        await at.told(words)


async def never_answered(at: Scene) -> None:
    """Pieces of the file are not answered for 20 s; `/status` is, within 2 s; the text comes afterwards."""
    await at.start()
    fault = at.srv.on_rpc(GET_FILE, "ignore", times=-1)
    at.note()
    await at.called(GET_FILE)
    assert await at.asked("/status", "running 1") < 2
    await at.called(GET_FILE, 2)
    fault.times = 0
    await at.transcribed()


TOLD = "gives up, tells the owner once, in private"
ROWS = (
    Fault("recogniser killed by SIGKILL", "tries again by itself", engine_killed_once),
    Fault(
        "recogniser killed twice on one note",
        f"{TOLD}; /retry works; other notes are not held up",
        engine_killed_twice,
        waits_for="a recording of three minutes is begun three times",
    ),
    Fault("recogniser killed while it loads", "tries again by itself", engine_killed_while_loading),
    Fault("program killed, recogniser left over", "the recogniser ends too", parent_killed_child_left),
    Fault("the chosen model is damaged", "goes back to the last good one, for good", model_gone_bad),
    Fault("no model that loads", f"{TOLD}; /retry works once it is mended", model_will_not_load),
    Fault("download cut", "fetches it again", download_cut, waits_for=LIBRARY_S),
    Fault("download truncated without a word", "compares sizes and fetches it again", truncated_silently),
    Fault("file reference expired", "reads the message again", reference_expired),
    Fault(
        "a file that never comes whole",
        f"{TOLD}; /retry works",
        always_truncated,
        waits_for="five tries: 5, 10, 20 and 40 s apart",
    ),
    Fault("files that are no sound between good notes", "one word each; the others come", poisonous_among_good),
    Fault(
        "pieces of a file are not answered", "goes on answering, then fetches it", never_answered, waits_for=LIBRARY_S
    ),
)

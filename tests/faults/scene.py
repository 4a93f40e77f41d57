"""Where a row is played: the sandbox, the real program on it, and the account of what everybody is owed."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.soak.answers import pieces
from tests.support.machine_clock import MISSING, MachineClock, libfaketime
from tests.support.redis import RedisServer, redis_program
from tests.support.sandbox import ProgramProcess, Stage, running, stage
from transcriber import health
from transcriber.boot import since_boot_s
from transcriber.sandbox.journal import Action
from transcriber.sandbox.program import SAMPLES
from transcriber.sandbox.server import SandboxServer
from transcriber.sandbox.world import Tl

DATABASE = "stenogram.db"
TEXT_WITHIN_S = 60.0  # on a machine that does much else
RUNNING = "✅ Up and running!"
STOP_WITHIN_S = 3.0


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording and what is said in it."""

    file: str
    words: str
    seconds: int

    @property
    def sound(self) -> bytes:
        return (SAMPLES / self.file).read_bytes()


HELLO = Clip("en_hello.ogg", "hello this is a voice message", 3)
CALL = Clip("en_call_me_back.ogg", "please call me back tomorrow", 3)
MEET = Clip("en_two_sentences.ogg", "meet me at seven the meeting starts at nine", 5)
RUSSIAN = Clip("ru_call_me_back.ogg", "перезвони мне завтра", 3)
LAST = Clip(
    "en_digits.ogg", "seven three nine one zero five", 4
)  # sent at the end of every row, and by no row itself


class Scene:
    """One stage, one program at a time, and a running account: which notes have to become a transcript, and which
    other messages the owner has to get. At the end `holds` checks that the account is met, and by nothing else."""

    def __init__(self, on: Stage, stack: AsyncExitStack) -> None:
        self.on = on
        self.settings: dict[str, str] = {}
        self.ended_with: int | None = None  # the exit code, where the fault has to end the program
        self.replies_in: Tl | None = None  # the one other chat where the owner wants transcripts
        self.typing_in: set[int] = set()  # where "typing…" may show, though nothing can be sent there
        self.transcripts: Counter[str] = Counter()  # words → how many notes say them
        self.messages: Counter[str] = Counter()  # what else the owner is told, by some words of it
        self.program: ProgramProcess
        self._stack = stack
        self._life = AsyncExitStack()
        self._settled = False

    @property
    def srv(self) -> SandboxServer:
        return self.on.srv

    @property
    def friend(self) -> Tl:
        return self.on.friend

    @property
    def me(self) -> Tl:
        return self.on.me

    @property
    def database(self) -> Path:
        return self.on.data_dir / DATABASE

    def move_data_to(self, folder: Path) -> None:
        """Let the data directory be another one from the next start on."""
        shutil.copytree(self.on.data_dir, folder, dirs_exist_ok=True)
        self.on = replace(self.on, data_dir=folder, seam_file=folder / self.on.seam_file.name)

    # The program
    async def start(self, *, wait: bool = True, **settings: str) -> ProgramProcess:
        """Start it, after the one before has ended; with `wait`, return when it has caught up."""
        await self._life.aclose()
        self._life = AsyncExitStack()
        self._stack.push_async_exit(self._life)
        chosen = {"CPU_THREADS": "1", **self.settings, **settings}
        self.program = await self._life.enter_async_context(running(self.on, settings=chosen, subscribed=False))
        if wait:
            await self.program.wait_line(RUNNING, TEXT_WITHIN_S)
        return self.program

    async def kill(self) -> None:
        """`kill -9`."""
        self.program.process.kill()
        await self.program.wait_end()

    async def stop(self) -> None:
        """SIGTERM: out with 0 in under 3 s."""
        code, seconds = await self.program.terminate()
        assert code == 0, self.program.tail()
        assert seconds < STOP_WITHIN_S

    async def ends(self, code: int, within: float = 20) -> str:
        """The fault ends the program with this code; its last word on stderr."""
        assert await self.program.wait_end(within) == code, self.program.tail()
        self.ended_with = code
        return self.program.errors[-1]

    async def line(self, text: str, within: float = TEXT_WITHIN_S, since: int = 0) -> str:
        return await self.program.wait_line(text, within, since)

    # The world
    def note(self, clip: Clip = HELLO, by: Tl | None = None, chat: Tl | None = None, **how: object) -> Tl:
        """Somebody (the tracked friend) sends a note that the rules cover: from now on a transcript is owed."""
        self.transcripts[clip.words] += 1
        return self.stray(clip, by, chat, **how)

    def stray(self, clip: Clip = HELLO, by: Tl | None = None, chat: Tl | None = None, **how: object) -> Tl:
        """A note for which none is owed."""
        return self.srv.deliver_voice(by or self.friend, chat, clip.sound, clip.seconds, **how)  # type: ignore[arg-type]  # passed on

    async def asked(self, command: str, answer: str, within: float = TEXT_WITHIN_S) -> float:
        """The owner types a command in Saved Messages; the seconds until the answer that holds these words."""
        since, began_s = len(self.srv.actions), time.monotonic()
        self.srv.deliver_text(self.me, None, command)
        await self.srv.wait_for(lambda action: answer in (action.text or ""), within, since)
        self.messages[answer] += 1
        return time.monotonic() - began_s

    async def redis(self, *options: str) -> RedisServer:
        """A Redis of this row's own, used from the next start on."""
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="stenogram-redis-"))
        server = RedisServer(redis_program(), Path(folder), *options)
        await asyncio.to_thread(server.start)
        self._stack.callback(server.kill)
        self.settings["REDIS_URL"] = server.url
        return server

    def clock(self) -> MachineClock:
        """The clock of the machine, for the program from its next start on."""
        library = libfaketime()
        assert library is not None, MISSING
        clock = MachineClock(library, self.on.data_dir / "clock")
        self.settings |= clock.environment
        return clock

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Change or read the database from outside."""
        with sqlite3.connect(self.database, timeout=10) as connection:
            rows: list[tuple[object, ...]] = connection.execute(statement, values).fetchall()
        connection.close()
        return rows

    # What came of it
    def standing(self, chat: Tl | None = None) -> list[str]:
        """What the program has written in a chat (Saved Messages), as it stands now, each piece of a card by itself;
        nothing that is deleted."""
        return [text for message in self.messages_in(chat) for _, text in pieces(self.srv, message)]

    def messages_in(self, chat: Tl | None = None) -> list[Tl]:
        """The program's messages in a chat (Saved Messages) as they stand now."""
        chat = self.me if chat is None else chat
        box, chat_id = self.srv.box_of(self.srv.peer_of(chat)), self.srv.chat_id(chat)
        ours = {action.msg_id for action in self.srv.sent if action.chat == chat_id}
        there = [seen.id for seen in self.srv.chat_view(chat) if seen.id in ours and not seen.deleted]
        return [self.srv.messages[box, message_id] for message_id in there]

    async def transcribed(self, within: float = TEXT_WITHIN_S) -> None:
        """Return when every transcript owed so far stands, finished."""

        def all_there() -> bool:
            texts = [text for text in self.standing(self.replies_in) if "%" not in text]
            return all(_count(texts, words) >= owed for words, owed in self.transcripts.items())

        await self.srv.wait_until(lambda: all_there() or None, within)

    async def told(self, words: str, within: float = TEXT_WITHIN_S) -> None:
        """Return when the owner has been told this, in private; it is owed from now on."""
        await self.srv.wait_until(lambda: _count(self.standing(), words) > self.messages[words] or None, within)
        self.messages[words] += 1

    async def sent(self, words: str = "", within: float = TEXT_WITHIN_S) -> Action:
        """The program sends or edits something with these words."""
        since = len(self.srv.actions)
        kinds = ("send", "edit")
        return await self.srv.wait_for(lambda a: a.kind in kinds and words in (a.text or ""), within, since)

    async def called(self, method: str, times: int = 1, within: float = TEXT_WITHIN_S) -> None:
        """Return when the program has called this often enough."""
        await self.srv.wait_until(lambda: self.srv.count(method) >= times or None, within)

    async def healthy(self, wanted: bool = True, within: float = 45) -> None:
        """`check` says so: looked at often, then asked for real."""
        async with asyncio.timeout(within):
            while health.verdict(self.on.data_dir, since_boot_s())[0] is not wanted:  # noqa: ASYNC110 - what is waited for sets no event
                await asyncio.sleep(0.1)
        async with running(self.on, "check", subscribed=False) as check:
            assert await check.wait_end() == (0 if wanted else 1), check.tail()

    def engines(self) -> list[int]:
        """The process ids of the program's recognisers."""
        return engines_of(self.program)

    async def engine(self, within: float = TEXT_WITHIN_S) -> int:
        """The process id of the recogniser, as soon as there is one."""
        async with asyncio.timeout(within):
            while not (pids := self.engines()):  # noqa: ASYNC110 - what is waited for sets no event
                await asyncio.sleep(0.02)
        return pids[0]

    async def gone(self, pid: int, within: float = 10) -> None:
        """Return when a process is no more."""
        async with asyncio.timeout(within):
            while _command(pid):  # noqa: ASYNC110 - what is waited for sets no event
                await asyncio.sleep(0.05)

    def story(self) -> str:
        """How far it came, for a row that failed."""
        return "\n".join([*(f"> {text!r}" for text in self.standing()), self.program.tail()])

    # The invariant
    async def holds(self) -> None:
        """One visible transcript for each note, one message for each other thing owed, and nothing else anywhere;
        the program is up, healthy and still works, or has ended with the code that is documented for this.

        Looked at once: at the end, or earlier by a row that takes something away before."""
        if self._settled:
            return
        self._settled = True
        if self.ended_with is None:
            # Whatever might come twice has its chance before the text of a note that was sent last.
            self.note(LAST, chat=self.replies_in)
            await self.transcribed()
            await self.healthy()
        where = self.replies_in
        owed = self.transcripts if where is not None else self.transcripts + self.messages
        _assert_just(self.standing(where), owed)
        if where is not None:
            _assert_just(self.standing(), self.messages)
        allowed = {self.me.id, *([self.srv.chat_id(where)] if where is not None else [])}
        elsewhere = [action for action in self.srv.actions if action.chat not in allowed]
        assert not [a for a in elsewhere if a.kind in ("send", "media", "edit")], "of ours in somebody else's chat"
        assert not [a for a in elsewhere if a.kind == "typing" and a.chat not in self.typing_in]
        assert not [line for line in self.program.lines if "Traceback" in line]
        complaints = [line for line in self.program.errors if line.startswith("❌")]
        assert len(complaints) == (self.ended_with is not None), "one clear line where it has to end, else none"
        if self.ended_with is None:
            await self.stop()


def _count(texts: list[str], words: str) -> int:
    return sum(words in text for text in texts)


def _assert_just(standing: list[str], owed: Counter[str]) -> None:
    for words, times in owed.items():
        assert _count(standing, words) == times, (words, standing)
    assert len(standing) == owed.total(), standing


def engines_of(program: ProgramProcess) -> list[int]:
    """The process ids of its recognisers."""
    return [pid for pid in _children(program.process.pid) if b"speech.process" in _command(pid)]


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@asynccontextmanager
async def scene(*, tracked: bool = True) -> AsyncIterator[Scene]:
    """Everything for one row, cleared away at the end."""
    async with AsyncExitStack() as stack:
        yield Scene(await stack.enter_async_context(stage(tracked=tracked)), stack)

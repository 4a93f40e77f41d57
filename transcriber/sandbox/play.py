"""The console behind `python userbot.py sandbox`: play the friend and the owner, and break things, by hand."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import TextIO

from config.settings import ui_language
from transcriber.chat.texts import Texts
from transcriber.recordings import SUFFIXES
from transcriber.sandbox.conversation import Conversation
from transcriber.sandbox.demo import CONNECTED_WITHIN_S
from transcriber.sandbox.faults import flood
from transcriber.sandbox.program import SAMPLES, SESSION_NAME, Program, program, settings_for
from transcriber.sandbox.server import SandboxServer
from transcriber.sandbox.world import ACCOUNT, Tl

SPOKEN = re.compile(r"(?:(?P<who>me@friend|me)\s+)?(?:re\s+(?P<reply>\d+)\s+)?(?P<what>.+)", re.DOTALL)
SECONDS = re.compile(r"\d{1,4}(?:\.\d+)?")
COMMAND = ("/", ".")
VOICE, QUIT, AS_OWNER = "voice", "quit", "me@friend"
ALIKE = 0.7  # how much of a mistyped word has to be right
OPUS_RATE = 48_000


async def play(typed: AsyncIterator[str] | None = None, out: TextIO = sys.stdout) -> int:
    """Run a sandbox and the real program in it until `quit` or the end of what is typed; returns 0, or 1 if the
    program did not connect."""
    language = ui_language(os.environ)
    say = Texts(language)
    with tempfile.TemporaryDirectory(prefix="stenogram-sandbox-") as folder:
        data_dir = Path(folder)
        log_path = data_dir / "program.log"
        async with SandboxServer() as srv:
            friend = srv.add_user(say("play.friend"), "friend")
            await srv.write_session_file(data_dir / SESSION_NAME)
            settings = settings_for(data_dir, srv.write_seam_file(data_dir / "sandbox.json"), [friend.id], language)
            with log_path.open("w", encoding="utf-8") as log:
                async with program(settings, log=log) as running:
                    console = Console(srv, running, friend, say, out)
                    srv.spawn(Conversation(srv, out, say, numbered=True).follow())
                    srv.spawn(console.tell_end())
                    console.tell("play.help", friend=say("play.friend"))
                    if not await console.connected():
                        return 1
                    console.tell("play.started", log=log_path)
                    await console.obey(typed or typed_lines())
                    await running.terminate()
    return 0


class Console:
    """Understands what is typed."""

    def __init__(self, srv: SandboxServer, running: Program, friend: Tl, say: Texts, out: TextIO) -> None:
        self._srv = srv
        self._running = running
        self._friend = friend
        self._say = say
        self._out = out
        self._sample = SAMPLES / f"{say.language}_hello.ogg"
        self._faults: dict[str, Callable[[float], None]] = {
            "outage": self._outage,
            "hole": self._hole,
            "flood": self._flood,
        }
        self._orders: dict[str, Callable[[], None]] = {
            "drop": lambda: self.tell("play.dropped", n=srv.drop()),
            "revoke": self._revoke,
            "log": lambda: self._write(running.tail()),
            "help": lambda: self.tell("play.help", friend=friend.first_name),
        }

    async def connected(self) -> bool:
        """Wait for the program to sign in; False, with its last lines shown, if it does not."""

        def looked() -> bool:
            return bool(self._srv.update_sessions()) or self._running.exit_code is not None

        with suppress(TimeoutError):
            await self._srv.wait_until(looked, CONNECTED_WITHIN_S)
        if self._srv.update_sessions():
            return True
        self.tell("demo.no_start", seconds=CONNECTED_WITHIN_S)
        self._write(self._running.tail())
        return False

    async def obey(self, typed: AsyncIterator[str]) -> None:
        """Do what each line says, until `quit`."""
        async for line in typed:
            if line.strip() == QUIT:
                return
            if line.strip():
                self._do(line.strip())

    def _do(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if line in self._orders:
            self._orders[line]()
        elif word in self._faults and len(rest.split()) <= 1:
            self._break(word, rest)
        elif meant := self._meant(line):
            self.tell("play.meant", example=meant)
        else:
            self._speak(line)

    def _meant(self, line: str) -> str | None:
        """What to type instead of an order that was mistyped: it looks like one, and would be said to the friend."""
        word, *rest = line.split()
        if word.startswith(COMMAND):
            return None
        if not rest:
            return _nearest(word, [*self._orders, QUIT, VOICE])
        if len(rest) == 1 and rest[0].replace(".", "").isdecimal():
            nearest = _nearest(word, self._faults)
            return nearest and f"{nearest} {rest[0]}"
        who = _nearest(word, (AS_OWNER,)) if "@" in word else None
        return who and " ".join([who, *rest])

    # People
    def _speak(self, line: str) -> None:
        spoken = SPOKEN.fullmatch(line)
        if spoken is None:
            return
        srv, friend = self._srv, self._friend
        speaker = srv.me if spoken["who"] else friend
        chat = None if spoken["who"] == "me" else friend
        reply_to = int(spoken["reply"]) if spoken["reply"] else None
        if reply_to and not self._is_there(reply_to, chat, spoken["what"]):
            return
        word, _, rest = (part.strip() for part in spoken["what"].partition(" "))
        if word == VOICE:
            self._record(speaker, chat, Path(rest).expanduser() if rest else self._sample, reply_to)
        elif Path(rest).suffix in SUFFIXES and len(rest.split()) == 1:
            self.tell("play.meant", example=line.replace(word, VOICE, 1))
        else:
            srv.deliver_text(speaker, chat, spoken["what"], reply_to=reply_to)
            if speaker is friend and line.startswith(COMMAND):  # which is nobody's command
                self.tell("play.meant", example=f"me {line}")

    def _is_there(self, number: int, chat: Tl | None, what: str) -> bool:
        """Whether that message can be answered in this chat; if not, it is said how."""
        message = self._srv.messages.get((ACCOUNT, number))
        if message is None:
            self.tell("play.no_message", number=number)
            return False
        in_saved = self._srv.is_saved(message.peer_id)
        if in_saved == (chat is None):
            return True
        self.tell("play.other_chat", number=number, example=f"{'me' if in_saved else AS_OWNER} re {number} {what}")
        return False

    def _record(self, speaker: Tl, chat: Tl | None, path: Path, reply_to: int | None) -> None:
        if not path.is_file():
            self.tell("play.no_file", path=path)
            return
        sound = path.read_bytes()
        self._srv.deliver_voice(speaker, chat, sound, round(ogg_duration_s(sound)), reply_to=reply_to)

    # Faults
    def _break(self, word: str, seconds: str) -> None:
        for_s = float(seconds) if SECONDS.fullmatch(seconds) else 0.0
        if not for_s:
            self.tell("play.seconds", example=f"{word} 20")
            return
        self._faults[word](for_s)

    def _outage(self, seconds: float) -> None:
        self.tell("play.outage", seconds=seconds)
        self._srv.spawn(self._back_after(self._srv.refuse_for(seconds)))

    def _hole(self, seconds: float) -> None:
        self.tell("play.hole", seconds=seconds)
        self._srv.spawn(self._back_after(self._silence(seconds)))

    async def _silence(self, seconds: float) -> None:
        self._srv.black_hole(True)
        await asyncio.sleep(seconds)
        self._srv.black_hole(False)

    async def _back_after(self, fault: Awaitable[None]) -> None:
        await fault
        self.tell("play.over")

    def _flood(self, seconds: float) -> None:
        self._srv.on_rpc("messages.SendMessage", flood(round(seconds)))
        self.tell("play.flood", seconds=seconds)

    def _revoke(self) -> None:
        self._srv.kill_auth("SESSION_REVOKED")
        self.tell("play.revoked")

    # Words
    async def tell_end(self) -> None:
        """Say so when the program ends."""
        code = await self._running.process.wait()
        self.tell("play.ended_badly" if code else "play.ended", code=code)
        self._srv.changed()

    def tell(self, key: str, **details: object) -> None:
        self._write(self._say(key, **details))

    def _write(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()


def _nearest(word: str, known: Collection[str]) -> str | None:
    """Which of these a word was to be; None if it is one of them, or like none."""
    return None if word in known else next(iter(get_close_matches(word.lower(), list(known), 1, ALIKE)), None)


def ogg_duration_s(sound: bytes) -> float:
    """How long an Ogg Opus file lasts: the position of its last page, 48,000 to the second; else 1."""
    last = sound.rfind(b"OggS")
    if last < 0 or b"OpusHead" not in sound[:64]:
        return 1.0
    return max(1.0, int.from_bytes(sound[last + 6 : last + 14], "little", signed=True) / OPUS_RATE)


async def typed_lines(descriptor: int | None = None) -> AsyncIterator[str]:
    """Lines of standard input (or of this descriptor), without blocking the loop: a terminal, a pipe or a file."""
    loop = asyncio.get_running_loop()
    source = sys.stdin.fileno() if descriptor is None else descriptor
    pieces: asyncio.Queue[bytes] = asyncio.Queue()

    def read() -> None:  # only when there is something: a second read could block
        piece = os.read(source, 65536)
        pieces.put_nowait(piece)
        if not piece:
            loop.remove_reader(source)

    try:
        loop.add_reader(source, read)
    except PermissionError:  # a file cannot be waited for, and need not
        pieces.put_nowait(os.read(source, os.fstat(source).st_size))
        pieces.put_nowait(b"")
    try:
        pending = b""
        while piece := await pieces.get():
            *lines, pending = (pending + piece).split(b"\n")
            for line in lines:
                yield line.decode(errors="replace")
        if pending:
            yield pending.decode(errors="replace")
    finally:
        loop.remove_reader(source)

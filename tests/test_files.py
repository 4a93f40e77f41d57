from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from tests.support.speech import MODEL, repeated, running, sample, write_wav
from transcriber.chat.texts import Texts
from transcriber.desk import Desk
from transcriber.domain import DecodeOptions, Progress, Segment, Transcript
from transcriber.errors import EngineDied, OverLimit, StenogramError, Unreadable
from transcriber.files import transcribe_files
from transcriber.protocols import Engine
from transcriber.recordings import Recording, found, outputs, piped

ROOT = Path(__file__).parents[1]


class Words:
    """Names the sentence instead of saying it, with what it would say of."""

    def __call__(self, key: str, /, **details: object) -> str:
        return " ".join([f"<{key}>", *(f"{name}={value}" for name, value in details.items() if value is not None)])

    def at_terminal(self, key: str, /, **details: object) -> str:
        return f"<{key}>"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@dataclass
class Heard:
    """An engine that hears the name of the file, in three steps, a minute of sound in ten seconds."""

    trouble: dict[str, list[StenogramError]] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    time_s: float = 0.0

    async def transcribe(
        self, run_id: str, path: Path, options: DecodeOptions, on_progress: Callable[[Progress], None]
    ) -> Transcript:
        self.heard.append(path.name)
        if errors := self.trouble.get(path.name):
            raise errors.pop(0)
        segments = []
        on_progress(Progress(0, 60, ""))
        for number, word in enumerate(("this", "is", path.stem)):
            self.time_s += 10 / 3
            segments.append(Segment(number * 20, number * 20 + 20, word))
            on_progress(Progress(number * 20 + 20, 60, " ".join(one.text for one in segments)))
        return Transcript(tuple(segments), "en", 1.0, 60.0, "small", 10)

    def seconds(self) -> float:
        return self.time_s


def desk(format: str = "txt", folder: Path | None = None, **more: Any) -> Desk:  # noqa: A002  (the option's name)
    return Desk(Words(), io.StringIO(), io.StringIO(), format=format, folder=folder, **more)


def out(at: Desk) -> str:
    return text_of(at._out)


def err(at: Desk) -> str:
    return text_of(at._err)


def text_of(stream: object) -> str:
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


def named(*paths: Path) -> list[Recording]:
    return list(found(map(str, paths)))


async def run(tmp_path: Path, paths: list[Path], at: Desk) -> int:
    async with running(tmp_path) as engine:
        return await transcribe_files(engine, named(*paths), DecodeOptions(), at)


async def hear(heard: Heard, paths: list[Path], at: Desk, **more: Any) -> int:
    return await transcribe_files(cast(Engine, heard), named(*paths), DecodeOptions(), at, **more)


def touched(folder: Path, *names: str) -> list[Path]:
    """Files with nothing in them, a day old."""
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (time.time() - 86_400,) * 2)
    return paths


async def test_one_file_gives_its_words_and_nothing_else(tmp_path: Path) -> None:
    at = desk()
    assert await run(tmp_path, [sample("en_two_sentences").path], at) == 0
    assert out(at) == sample("en_two_sentences").text + "\n"
    assert err(at) == ""


async def test_bad_files_cost_one_line_each_and_the_rest_goes_on(tmp_path: Path) -> None:
    text, empty, cut, zero, missing = (
        tmp_path / name for name in ("text.txt", "empty.ogg", "cut.ogg", "zero.wav", "missing.ogg")
    )
    text.write_text("only words")
    empty.touch()
    cut.write_bytes(sample("en_long_60s").path.read_bytes()[:99_999])
    write_wav(zero, np.zeros(0, dtype=np.int16))
    good, russian = sample("en_hello"), sample("ru_hello")
    at = desk()
    assert await run(tmp_path, [good.path, text, empty, cut, zero, missing, russian.path], at) == 1
    *lines, last = err(at).splitlines()
    assert last.startswith("<cli.summary> n=7 done=2 failed=5 sound_s=")
    assert lines == [
        f"{text}: <unreadable>",
        f"{empty}: <empty>",
        f"{cut}: <truncated>",
        f"{zero}: <no_sound>",
        f"{missing}: <missing_file>",
    ]
    assert out(at) == (f"==> {good.path} <==\n{good.text}\n==> {russian.path} <==\n{russian.text}\n")


async def test_a_folder_gives_a_file_per_recording_in_the_same_order_of_folders(tmp_path: Path) -> None:
    folder, target = tmp_path / "in", tmp_path / "out"
    for place in ("a", "b/deep", ".hidden"):
        (folder / place).mkdir(parents=True)
        (folder / place / "note.ogg").write_bytes(sample("en_hello").path.read_bytes())
    (folder / "a" / "readme.txt").write_text("not sound, not asked for")
    at = desk("srt", target)
    assert await run(tmp_path, [folder], at) == 0
    written = sorted(str(path.relative_to(target)) for path in target.rglob("*.*"))
    assert written == ["a/note.srt", "b/deep/note.srt"]
    for name in written:
        assert (target / name).read_text().splitlines()[2] == sample("en_hello").text
    assert out(at) == ""


async def test_json_on_stdout_is_one_object_a_recording(tmp_path: Path) -> None:
    at = desk("json")
    assert await run(tmp_path, [sample("ru_hello").path, sample("silence").path], at) == 0
    decoder = json.JSONDecoder()
    first, end = decoder.raw_decode(out(at))
    second, _ = decoder.raw_decode(out(at)[end:].lstrip())
    assert (first["text"], first["language"]) == (sample("ru_hello").text, "ru")
    assert second["segments"] == []


async def test_nothing_to_do_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    at = desk()
    assert await run(tmp_path, [tmp_path / "folder"], at) == 1
    assert err(at).splitlines() == [f"{tmp_path / 'folder'}: <nothing_found>"]


async def test_a_file_in_place_of_the_output_folder_is_said_before_anything_is_heard(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    heard, at = Heard(), desk(folder=tmp_path / "file")
    assert await hear(heard, touched(tmp_path, "a.ogg"), at) == 1
    assert err(at).splitlines() == [f"{tmp_path / 'file'}: <not_a_folder>"]
    assert heard.heard == []


async def test_a_recording_without_speech_is_said_to_people_and_its_file_is_empty(tmp_path: Path) -> None:
    at = desk(folder=tmp_path / "out")
    assert await run(tmp_path, [sample("silence").path], at) == 0
    assert err(at).splitlines() == [f"{sample('silence').path}: <note.nothing_said>"]
    assert (tmp_path / "out" / "silence.txt").read_text().strip() == ""
    machine = desk(lines=True)
    assert await run(tmp_path, [sample("silence").path], machine) == 0
    assert err(machine) == ""


@pytest.mark.parametrize("name", ["", "x" * 300])
def test_a_name_that_no_file_can_have_is_a_file_that_is_not_there(name: str) -> None:
    (one,) = found([name])
    assert one.trouble is not None
    assert (one.name, one.trouble.key) == (name, "missing_file")


async def test_an_empty_folder_may_be_the_one_we_are_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    at = desk(folder=tmp_path / "out")
    assert await transcribe_files(cast(Engine, Heard()), list(found(["."])), DecodeOptions(), at) == 1
    assert err(at) == ".: <nothing_found>\n"


async def test_a_model_that_cannot_be_used_is_said_once(tmp_path: Path) -> None:
    at = desk()
    async with running(tmp_path, model="no such model") as engine:
        clip = sample("en_hello").path
        assert await transcribe_files(engine, named(clip, clip), DecodeOptions(), at) == 1
    assert err(at).splitlines() == ["<model_unknown>"]


async def test_an_engine_that_died_once_is_tried_again_and_one_that_died_twice_is_one_bad_file(
    tmp_path: Path,
) -> None:
    once, twice, good = touched(tmp_path, "once.ogg", "twice.ogg", "good.ogg")
    heard = Heard({"once.ogg": [EngineDied()], "twice.ogg": [EngineDied(), EngineDied()]})
    at = desk()
    assert await hear(heard, [once, twice, good], at) == 1
    assert heard.heard == ["once.ogg", "once.ogg", "twice.ogg", "twice.ogg", "good.ogg"]
    assert err(at).splitlines()[0] == f"{twice}: <engine_died>"


def test_a_file_that_is_named_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "voice.bin").touch()
    named_itself, searched = named(tmp_path / "voice.bin", tmp_path)
    assert (named_itself.path, named_itself.trouble) == (tmp_path / "voice.bin", None)
    assert searched.trouble is not None


# At a terminal


async def test_somebody_watching_sees_a_bar_with_speed_and_what_is_left(tmp_path: Path) -> None:
    (note,) = touched(tmp_path, "note.ogg")
    heard = Heard()
    at = Desk(Texts("en"), io.StringIO(), Terminal(), seconds=heard.seconds)
    assert await hear(heard, [note], at) == 0
    shown = err(at).split("\r")
    assert any("note.ogg:   0%" in one for one in shown)
    assert out(at) == "this is note\n"
    assert err(at).endswith("\r"), "nothing of it is left"
    pace = Texts("ru")("cli.bar", **Desk._pace(6.0, 20, 60))
    assert pace == "×6 · ещё 0:03"
    assert Texts("en")("cli.bar", **Desk._pace(0.25, 0.5, 1.0)) == "0:02 left", "a download has no speed of sound"


async def test_a_long_name_leaves_room_for_the_bar(tmp_path: Path) -> None:
    (note,) = touched(tmp_path, "очень_длинное_имя_" * 5 + "1.ogg")
    at = Desk(Texts("en"), io.StringIO(), Terminal())
    assert await hear(Heard(), [note], at) == 0
    assert "очень_длинное_…" in err(at)
    assert "имя_1.ogg:   0%|" in err(at)


async def test_words_stand_above_the_bar_line_by_line_where_both_are_on_one_terminal(tmp_path: Path) -> None:
    (note,) = touched(tmp_path, "note.ogg")
    at = Desk(Texts("en"), Terminal(), Terminal())
    assert await hear(Heard(), [note], at) == 0
    assert out(at) == "this\nis\nnote\n"


async def test_a_pipe_gets_words_as_they_come_on_one_line_and_no_bar(tmp_path: Path) -> None:
    seen: list[str] = []

    class Pipe(io.StringIO):
        def write(self, text: str) -> int:
            seen.append(text)
            return super().write(text)

    (note,) = touched(tmp_path, "note.ogg")
    at = Desk(Texts("en"), Pipe(), io.StringIO())
    assert await hear(Heard(), [note], at) == 0
    assert seen == ["this", " is", " note", "\n"]
    assert err(at) == ""


@pytest.mark.parametrize("color", [True, False])
@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
async def test_color_is_for_terminals_that_want_it(color: bool, stream: type[io.StringIO], tmp_path: Path) -> None:
    at = Desk(Texts("en"), stream(), stream(), color=color)
    assert await hear(Heard(), [tmp_path / "missing.ogg", *touched(tmp_path, "a.ogg")], at) == 1
    wanted = color and stream is Terminal
    assert ("\x1b[31m" in err(at)) == wanted
    assert ("\x1b[1m==>" in out(at)) == wanted


async def test_several_are_summed_up_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    touched(folder, "a.ogg", "b.ogg", "c.ogg")
    touched(tmp_path / "out", "c.txt")
    os.utime(tmp_path / "out" / "c.txt")
    heard = Heard({"b.ogg": [Unreadable()]})
    at = Desk(Texts("en"), io.StringIO(), io.StringIO(), folder=tmp_path / "out", seconds=heard.seconds)
    assert await hear(heard, [folder], at) == 1
    assert err(at).splitlines()[-1] == "3 files: 1 done, 1 skipped, 1 failed · 1 min of sound in 10 s (×6)"
    assert Texts("ru")("cli.summary", n=3, done=1, skipped=1, failed=1, sound_s=60.0, took_s=10.0, speed=6) == (
        "3 файла: готово 1, пропущено 1, не вышло 1 · 1 мин звука за 10 с (×6)"
    )


# What is done already


async def test_what_is_there_and_not_older_than_the_sound_is_left_alone_unless_asked_for_again(
    tmp_path: Path,
) -> None:
    old, fresh, new = touched(tmp_path, "old.ogg", "fresh.ogg", "new.ogg")
    target = tmp_path / "out"
    touched(target, "fresh.txt", "new.txt")
    os.utime(target / "fresh.txt")
    os.utime(new, (time.time() + 60,) * 2)
    heard, at = Heard(), desk(folder=target)
    assert await hear(heard, [old, fresh, new], at) == 0
    assert heard.heard == ["old.ogg", "new.ogg"]
    assert err(at).splitlines()[0] == f"{fresh}: <cli.there_already> path={target / 'fresh.txt'}"
    heard = Heard()
    assert await hear(heard, [old, fresh, new], desk(folder=target), again=True) == 0
    assert heard.heard == ["old.ogg", "fresh.ogg", "new.ogg"]


async def test_with_everything_there_no_model_is_asked_for(tmp_path: Path) -> None:
    (note,) = touched(tmp_path, "note.ogg")
    asked: list[str] = []

    async def prepare() -> None:
        asked.append("model")

    assert await hear(Heard(), [note], desk(folder=tmp_path / "out"), prepare=prepare) == 0
    assert await hear(Heard(), [note], desk(folder=tmp_path / "out"), prepare=prepare) == 0
    assert asked == ["model"]


def test_outputs_that_would_meet_keep_their_whole_names_then_get_numbers(tmp_path: Path) -> None:
    places = [Path("a/n.ogg"), Path("a/n.mp3"), Path("b/n.ogg"), Path("b/n.ogg"), Path("v1.2.wav")]
    recordings = [Recording(str(place), place, place) for place in places]
    targets = [str(target.relative_to(tmp_path)) for target in outputs(recordings, tmp_path, "txt")]
    assert targets == ["a/n.ogg.txt", "a/n.mp3.txt", "b/n.ogg.txt", "b/n.ogg-2.txt", "v1.2.txt"]


async def test_an_output_that_cannot_be_written_leaves_no_half_of_it(tmp_path: Path) -> None:
    (note,) = touched(tmp_path, "note.ogg")
    target = tmp_path / "out"
    (target / "note.txt").mkdir(parents=True)  # newer than the sound, so it is asked for again
    at = desk(folder=target)
    assert await hear(Heard(), [note], at, again=True) == 1
    assert [path.name for path in target.iterdir()] == ["note.txt"]
    assert err(at).startswith(f"{note}: <unwritable>")


# For machines


async def test_lines_are_one_object_per_file_with_the_same_keys_each_time(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    touched(folder, "a.ogg", "b.ogg", "c.ogg")
    touched(tmp_path / "out", "a.txt")
    os.utime(tmp_path / "out" / "a.txt")
    at = desk(folder=tmp_path / "out", lines=True)
    assert await hear(Heard({"b.ogg": [Unreadable()]}), [folder], at) == 1
    skipped, failed, done = map(json.loads, out(at).splitlines())
    assert skipped == {"file": f"{folder}/a.ogg", "status": "skipped", "output": f"{tmp_path}/out/a.txt"}
    assert failed == {
        "file": f"{folder}/b.ogg",
        "status": "failed",
        "error": "unreadable",
        "message": "<unreadable>",
    }
    keys = ["text", "language", "language_probability", "duration", "model", "segments", "output"]
    assert list(done) == ["file", "status", *keys]
    assert (done["text"], done["output"]) == ("this is c", f"{tmp_path}/out/c.txt")


# What is piped in


def test_what_is_piped_in_leaves_no_name_and_nothing_behind(tmp_path: Path) -> None:
    with piped(io.BytesIO(b"sound" * 50_000), tmp_path, 1_000_000) as recording:
        assert recording.trouble is None
        assert recording.path.read_bytes() == b"sound" * 50_000
        assert list((tmp_path / "spool").iterdir()) == []
    assert not recording.path.exists()
    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o700


def test_more_than_allowed_is_refused_and_so_is_a_keyboard(tmp_path: Path) -> None:
    class Keyboard(io.BytesIO):
        def isatty(self) -> bool:
            return True

    with piped(io.BytesIO(b"x" * 1001), tmp_path, 1000) as recording:
        assert isinstance(recording.trouble, OverLimit)
        assert recording.trouble.details == {"limit_bytes": 1000}
    with piped(io.BytesIO(b"x" * 1000), tmp_path, 1000) as recording:
        assert recording.trouble is None
    with piped(Keyboard(), tmp_path, 1000) as recording:
        assert isinstance(recording.trouble, Unreadable)
        assert recording.trouble.key == "nothing_piped"


# The real program


def userbot(data_dir: Path, *arguments: str, sound: bytes = b"", **settings: str) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(
        [sys.executable, str(ROOT / "userbot.py"), "transcribe", *arguments],
        env={"PATH": os.defpath, "DATA_DIR": str(data_dir), "MODEL": str(MODEL), "UI_LANGUAGE": "en", **settings},
        input=sound,
        capture_output=True,
        timeout=60,
        check=False,
        cwd="/",
    )
    return subprocess.CompletedProcess(ended.args, ended.returncode, ended.stdout.decode(), ended.stderr.decode())


def test_the_verb_hears_a_pipe_and_a_file_and_says_what_is_too_long(tmp_path: Path) -> None:
    short, long = sample("ru_hello"), sample("en_long_60s")
    ended = userbot(tmp_path, "-", str(long.path), sound=short.path.read_bytes(), MAX_DURATION_S="10")
    assert ended.returncode == 1
    assert ended.stdout == f"==> - <==\n{short.text}\n"
    complaint, summary = ended.stderr.splitlines()
    assert complaint.startswith(f"{long.path}: The recording is longer than allowed")
    assert summary.startswith("2 files: 1 done, 1 failed · 2 s of sound in ")


def test_a_model_that_is_not_there_is_announced_before_it_is_fetched(tmp_path: Path) -> None:
    hub = "http://127.0.0.1:9"  # nobody there
    ended = userbot(tmp_path, str(sample("en_hello").path), MODEL="tiny", HF_ENDPOINT=hub)
    assert ended.returncode == 1
    first, second = ended.stderr.splitlines()
    assert first == "Downloading the model tiny"
    assert second.startswith("Could not download the model tiny")


def test_again_without_an_output_folder_is_a_mistake(tmp_path: Path) -> None:
    ended = userbot(tmp_path, "--again", "x.ogg")
    assert ended.returncode == 2
    assert "-o" in ended.stderr


UNPRIVILEGED = ("setpriv", "--inh-caps=-all", "--bounding-set=-all") if os.geteuid() == 0 else ()


def test_what_may_not_be_read_or_written_is_said_before_anything_is_heard(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "note.ogg").touch()
    secret = tmp_path / "secret.ogg"
    secret.touch(mode=0)
    closed.chmod(0)

    def said(*arguments: str) -> tuple[int, list[str]]:
        ended = subprocess.run(
            [*UNPRIVILEGED, sys.executable, str(ROOT / "userbot.py"), "transcribe", *arguments],
            env={"PATH": os.defpath, "DATA_DIR": str(tmp_path), "MODEL": str(MODEL), "UI_LANGUAGE": "en"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=tmp_path,
        )
        return ended.returncode, ended.stderr.splitlines()

    note = str(sample("en_hello").path)
    assert said("secret.ogg", "closed", "closed/note.ogg") == (
        1,
        [
            "secret.ogg: You are not permitted to read it.",
            "closed: You are not permitted to read it.",
            "closed/note.ogg: You are not permitted to read it.",
            "3 files: 0 done, 3 failed",
        ],
    )
    assert said(note, "-o", "closed/x") == (1, ["closed/x: You are not permitted to write there."])
    assert said(note, "-o", "closed") == (1, ["closed: You are not permitted to write there."])
    closed.chmod(0o700)  # so that it can be removed


@pytest.mark.parametrize("redirected", ["> /dev/full", ">&-"])
def test_text_that_finds_no_room_is_one_line_and_no_output_at_all_is_none(redirected: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        ["sh", "-c", f"{sys.executable} {ROOT}/userbot.py transcribe {sample('en_hello').path} {redirected}"],
        env={"PATH": os.defpath, "DATA_DIR": str(tmp_path), "MODEL": str(MODEL), "UI_LANGUAGE": "en"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd="/",
    )
    full = redirected == "> /dev/full"
    assert (ended.returncode, ended.stderr) == ((1, "There is no room left on the disk.\n") if full else (0, ""))


@pytest.mark.parametrize(("named_so", "code"), [("Russian", 0), ("RU", 0), ("auto", 0), ("klingon", 2)])
def test_a_language_is_taken_by_code_or_name_and_a_wrong_one_is_said_at_once(
    named_so: str, code: int, tmp_path: Path
) -> None:
    ended = userbot(tmp_path, "-l", named_so, str(sample("ru_hello").path))
    assert ended.returncode == code, ended.stderr
    assert ("klingon" in ended.stderr and "Example: " in ended.stderr) == (code == 2)


def test_a_reader_that_went_away_is_no_news(tmp_path: Path) -> None:
    long = repeated(tmp_path / "long.wav", sample("en_long_60s"), 600)
    script = f"{sys.executable} {ROOT}/userbot.py transcribe {long} {long} | head -c 9"
    started_s = time.monotonic()
    ended = subprocess.run(
        ["sh", "-c", script],
        env={"PATH": os.defpath, "DATA_DIR": str(tmp_path), "MODEL": str(MODEL), "UI_LANGUAGE": "en"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd="/",
    )
    assert (ended.stdout[:4], len(ended.stdout), ended.stderr) == ("==> ", 9, "")
    assert time.monotonic() - started_s < 30, "the other twenty minutes of sound are not heard"


async def test_ctrl_c_ends_it_at_once_with_one_line_and_keeps_what_is_done(tmp_path: Path) -> None:
    folder, target = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "a.ogg").write_bytes(sample("en_hello").path.read_bytes())
    repeated(folder / "b.wav", sample("en_long_60s"), 600)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "userbot.py"), "transcribe", "--json", "-o", str(target), str(folder)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.defpath, "DATA_DIR": str(tmp_path), "MODEL": str(MODEL), "UI_LANGUAGE": "en"},
        cwd="/",
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        assert b"a.ogg" in await process.stdout.readline()
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(3):
        said, complaints = await process.communicate()
    assert process.returncode == 130
    assert complaints.decode().splitlines() == ["Interrupted: 1 of 2 done, and that stays."]
    assert said == b""
    assert [path.name for path in target.iterdir()] == ["a.txt"]

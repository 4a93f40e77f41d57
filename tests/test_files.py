from __future__ import annotations

import argparse
import asyncio
import io
import json
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from config.settings import Settings
from tests.support.speech import MODEL, repeated, running, sample, write_wav
from transcriber import files
from transcriber.domain import DecodeOptions
from transcriber.files import Desk, found, transcribe_files


def sentence(key: str, /, **details: object) -> str:
    return f"<{key}>"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def desk(format: str = "txt", folder: Path | None = None, err: io.StringIO | None = None) -> Desk:  # noqa: A002  (the field's name)
    return Desk(sentence, io.StringIO(), err or io.StringIO(), format, folder)


def text_of(stream: object) -> str:
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


async def run(tmp_path: Path, paths: list[Path], at: Desk) -> int:
    async with running(tmp_path) as engine:
        return await transcribe_files(engine, paths, DecodeOptions(), at)


async def test_one_file_gives_its_words_and_nothing_else(tmp_path: Path) -> None:
    at = desk()
    assert await run(tmp_path, [sample("en_two_sentences").path], at) == 0
    assert text_of(at.out) == sample("en_two_sentences").text + "\n"
    assert text_of(at.err) == ""


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
    assert text_of(at.err).splitlines() == [
        f"{text}: <unreadable>",
        f"{empty}: <empty>",
        f"{cut}: <truncated>",
        f"{zero}: <no_sound>",
        f"{missing}: <missing_file>",
    ]
    assert text_of(at.out) == (f"==> {good.path} <==\n{good.text}\n==> {russian.path} <==\n{russian.text}\n")


async def test_a_folder_gives_a_file_per_recording(tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    for place in ("a", "b/deep", ".hidden"):
        (folder / place).mkdir(parents=True)
        (folder / place / "note.ogg").write_bytes(sample("en_hello").path.read_bytes())
    (folder / "a" / "readme.txt").write_text("not sound, not asked for")
    at = desk("srt", out)
    assert await run(tmp_path, [folder], at) == 0
    assert sorted(path.name for path in out.iterdir()) == ["note-2.srt", "note.srt"]
    for path in out.iterdir():
        assert path.read_text().splitlines()[2] == sample("en_hello").text
    assert text_of(at.out) == ""


async def test_json_on_stdout_is_one_object_a_recording(tmp_path: Path) -> None:
    at = desk("json")
    assert await run(tmp_path, [sample("ru_hello").path, sample("silence").path], at) == 0
    decoder = json.JSONDecoder()
    first, end = decoder.raw_decode(text_of(at.out))
    second, _ = decoder.raw_decode(text_of(at.out)[end:].lstrip())
    assert (first["text"], first["language"]) == (sample("ru_hello").text, "ru")
    assert second["segments"] == []


async def test_somebody_watching_sees_a_bar_and_a_pipe_does_not(tmp_path: Path) -> None:
    at = desk(err=Terminal())
    assert await run(tmp_path, [sample("en_hello").path], at) == 0
    assert "en_hello.ogg" in text_of(at.err)
    assert "%" in text_of(at.err)
    assert text_of(at.out) == sample("en_hello").text + "\n"


async def test_nothing_to_do_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    at = desk()
    assert await run(tmp_path, [tmp_path / "folder"], at) == 1
    assert text_of(at.err).splitlines() == [f"{tmp_path / 'folder'}: <nothing_found>"]


async def test_a_file_in_place_of_the_output_folder_is_said_before_anything_is_heard(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    at = desk(folder=tmp_path / "file")
    assert await run(tmp_path, [sample("en_hello").path], at) == 1
    assert text_of(at.err).splitlines() == [f"{tmp_path / 'file'}: <not_a_folder>"]


async def test_a_model_that_cannot_be_used_is_said_once(tmp_path: Path) -> None:
    at = desk()
    async with running(tmp_path, model="no such model") as engine:
        clip = sample("en_hello").path
        assert await transcribe_files(engine, [clip, clip], DecodeOptions(), at) == 1
    assert text_of(at.err).splitlines() == ["<model_unknown>"]


def test_a_file_that_is_named_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "voice.bin").touch()
    assert list(found([tmp_path / "voice.bin", tmp_path])) == [tmp_path / "voice.bin"]


class Words:
    def at_terminal(self, key: str, /, **details: object) -> str:
        return sentence(key, **details)


async def test_the_verb_builds_what_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(data_dir=tmp_path, ui_language="en", model=str(MODEL), max_duration_s=10)
    asked = argparse.Namespace(
        paths=[str(sample("en_hello").path), str(sample("en_long_60s").path)],
        format="txt",
        output=None,
        language="en",
        model=None,
        translate=False,
    )
    assert await files.transcribe(settings, Words(), asked) == 1
    said = capsys.readouterr()
    assert sample("en_hello").text in said.out
    assert "<too_long>" in said.err


async def test_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    long = repeated(tmp_path / "long.wav", sample("en_long_60s"), 120)
    script = f"""
import asyncio, sys
from pathlib import Path
from tests.test_files import desk, run
at = desk()
at.out = sys.stdout
try:
    asyncio.run(run(Path({str(tmp_path)!r}), [Path({str(long)!r})], at))
except KeyboardInterrupt:
    sys.exit(130)
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[1]
    )
    assert process.stdout is not None
    assert sample("en_long_60s").text.startswith((await process.stdout.read(4)).decode().strip())
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(2):
        assert await process.wait() == 130

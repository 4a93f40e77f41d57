from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.speech import MODEL
from transcriber.errors import ModelRefused
from transcriber.speech.models import CATALOGUE, Models, missing_from

COMMIT = "a" * 40
FILES = {path.name: path.read_bytes() for path in MODEL.iterdir()}


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as its own library asks for: `me/good` is whole, `me/half` has no tokenizer, `me/slow`
    stops in the middle of a file, and there is nothing else."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        path = self.path.partition("?")[0].removeprefix("/api/models")
        _, owner, name, *rest = path.split("/")
        files = {n: c for n, c in FILES.items() if name != "half" or n != "tokenizer.json"}
        if owner != "me" or name not in ("good", "half", "slow"):
            self._send(404, b"", {"X-Error-Code": "RepoNotFound"}, body)
        elif rest[:1] == ["resolve"]:
            content = files[rest[-1]]
            headers = {"ETag": f'"{rest[-1]}"', "X-Repo-Commit": COMMIT, "X-Linked-Size": str(len(content))}
            self._send(200, content, headers, body, stops=name == "slow" and rest[-1] == "model.bin")
        else:
            sizes = [(n, len(c)) for n, c in files.items()]
            tree = [{"type": "file", "path": n, "size": size, "oid": n} for n, size in sizes]
            about = {"id": f"{owner}/{name}", "sha": COMMIT}
            siblings = [{"rfilename": n, "size": size} for n, size in sizes]
            answer: object = tree if rest[:1] == ["tree"] else {**about, "siblings": siblings}
            self._send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"}, body)

    def _send(self, status: int, content: bytes, headers: dict[str, str], body: bool, stops: bool = False) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content[: len(content) // 2] if stops else content)
            self.wfile.flush()
        if body and stops:
            self.server.finished.wait(20)  # type: ignore[attr-defined]  # set when the test is over

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.daemon_threads = True
    finished = threading.Event()
    server.finished = finished  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    finished.set()
    server.shutdown()
    server.server_close()


def ignore(_: float) -> None:
    pass


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("small", "small"),
        (" Small ", "small"),
        ("Large V3", "large-v3"),
        ("large_v3", "large-v3"),
        ("LARGE", "large-v3"),
        ("largev3", "large-v3"),
        ("turbo", "large-v3-turbo"),
        ("large v3 turbo", "large-v3-turbo"),
        ("whisper-medium", "medium"),
        ("openai/whisper-large-v3", "large-v3"),
        ("Systran/faster-whisper-tiny", "tiny"),
        ("distil large v3", "distil-large-v3"),
        ("me/my-Whisper.v2", "me/my-Whisper.v2"),
    ],
)
def test_names_are_understood_as_people_write_them(tmp_path: Path, said: str, name: str) -> None:
    assert Models(tmp_path).resolve(said).name == name


@pytest.mark.parametrize("said", ["", "huge", "../secrets", "a/b/c", "me/../up", "/nowhere/at/all", "-"])
def test_a_name_that_means_nothing_is_refused(tmp_path: Path, said: str) -> None:
    with pytest.raises(ModelRefused) as caught:
        Models(tmp_path).resolve(said)
    assert caught.value.key == "model_unknown"
    assert caught.value.details == {"model": said}


@pytest.mark.parametrize(
    ("said", "near"),
    [("larje", "large-v3"), ("largest", "large-v3"), ("smal", "small"), ("Turbot", "large-v3-turbo")],
)
def test_a_name_that_is_mistyped_is_asked_back(tmp_path: Path, said: str, near: str) -> None:
    with pytest.raises(ModelRefused) as caught:
        Models(tmp_path).resolve(said)
    assert caught.value.details == {"model": said, "near": near}


def test_a_folder_on_this_machine_is_a_model(tmp_path: Path) -> None:
    models = Models(tmp_path)
    assert models.resolve(str(MODEL)).name == str(MODEL)
    assert models.present(str(MODEL)) == MODEL
    assert models.present("small") is None


@pytest.mark.parametrize("file", ["config.json", "model.bin", "tokenizer.json", "vocabulary.json"])
def test_a_folder_without_one_of_its_files_is_noticed(tmp_path: Path, file: str) -> None:
    folder = Path(shutil.copytree(MODEL, tmp_path / "model"))
    assert missing_from(folder) is None
    (folder / file).unlink()
    assert missing_from(folder) == file
    (folder / file).touch()
    if file != "vocabulary.json":
        assert missing_from(folder) == file


async def test_a_local_folder_is_never_fetched_only_checked(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused) as caught:
        await Models(tmp_path).fetch(str(tmp_path), ignore)
    assert caught.value.key == "model_broken"
    assert caught.value.details == {"model": str(tmp_path), "missing": "config.json"}


async def test_a_model_comes_from_the_hub_with_progress_and_is_there_afterwards(tmp_path: Path, hub: str) -> None:
    models = Models(tmp_path, hub=hub)
    seen: list[float] = []
    folder = await models.fetch("me/good", seen.append)
    assert names_in(folder) == set(FILES)
    assert (folder / "model.bin").read_bytes() == FILES["model.bin"]
    assert seen == sorted(seen)
    assert seen[-1] == 1
    assert names_in(tmp_path) == {"me--good"}
    assert await Models(tmp_path, hub="http://127.0.0.1:9").fetch("me/good", ignore) == folder  # no second time
    listed = {info.name: info for info in models.infos(str(MODEL))}
    assert listed["me/good"].present
    assert listed[str(MODEL)].present
    assert not listed["small"].present


def test_a_folder_that_was_in_use_before_stays_listed_while_it_holds_a_model(tmp_path: Path) -> None:
    before = [str(MODEL), "small", str(tmp_path / "gone"), "me/other"]
    listed = [info.name for info in Models(tmp_path).infos("tiny", before=before)]
    assert listed == [*(known.name for known in CATALOGUE), str(MODEL)]
    assert [info.name for info in Models(tmp_path).infos(str(MODEL), before=before)] == listed, "once, also in use"


async def test_a_model_the_hub_does_not_know_is_unknown(tmp_path: Path, hub: str) -> None:
    with pytest.raises(ModelRefused) as caught:
        await Models(tmp_path, hub=hub).fetch("me/nothing", ignore)
    assert (caught.value.key, caught.value.details["model"]) == ("model_unknown", "me/nothing")


async def test_what_comes_from_the_hub_must_be_a_whole_model(tmp_path: Path, hub: str) -> None:
    with pytest.raises(ModelRefused) as caught:
        await Models(tmp_path, hub=hub).fetch("me/half", ignore)
    assert caught.value.key == "model_broken"
    assert caught.value.details["missing"] == "tokenizer.json"


async def test_no_way_to_the_hub_is_one_clear_refusal(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused) as caught:
        await Models(tmp_path, hub="http://127.0.0.1:9").fetch("small", ignore)
    assert caught.value.key == "model_unfetched"
    assert caught.value.details["reason"] not in ("died", "stalled")  # the library said why, in its own word
    assert not (tmp_path / "small").exists()


async def test_a_download_that_stands_still_is_given_up_and_goes_on_later(tmp_path: Path, hub: str) -> None:
    started_s = time.monotonic()
    with pytest.raises(ModelRefused) as caught:
        await Models(tmp_path, stalled_after_s=2.5, hub=hub).fetch("me/slow", ignore)
    assert (caught.value.key, caught.value.details["reason"]) == ("model_unfetched", "stalled")
    assert time.monotonic() - started_s < 15
    assert (tmp_path / "me--slow.partial").is_dir()


async def test_a_download_nobody_waits_for_ends(tmp_path: Path, hub: str) -> None:
    async with asyncio.TaskGroup() as group:
        fetching = group.create_task(Models(tmp_path, hub=hub).fetch("me/slow", ignore))
        await asyncio.sleep(0.5)
        fetching.cancel()
    assert fetching.cancelled()


def test_needs_are_stated_for_all_and_grow_with_the_model(tmp_path: Path) -> None:
    infos = Models(tmp_path).infos("small")
    needs = [info.memory_bytes for info in infos if info.name in ("tiny", "base", "small", "medium", "large-v3")]
    assert all(needs)
    assert needs == sorted(n for n in needs if n)
    assert [info.name for info in infos] == [known.name for known in CATALOGUE]
    assert all(info.download_bytes for info in infos)


def test_wider_numbers_need_more_memory() -> None:
    models = Models(MODEL)
    assert models.memory_bytes(MODEL, "int8") < models.memory_bytes(MODEL, "float32")

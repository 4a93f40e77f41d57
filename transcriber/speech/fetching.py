"""Models come from the hub in a process of their own, which can be killed when it stands still or nobody waits.

`python -m transcriber.speech.fetching REPO FOLDER [HUB]` says how many bytes there will be and how many there are,
one JSON object a line. An interrupted download goes on where it stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import transcriber
from transcriber.errors import ModelRefused

WANTED = ["config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*"]
TELL_EVERY_S = 0.5
UNKNOWN = "unknown"  # the hub says there is no such model


async def fetch(
    repo: str, folder: Path, on_progress: Callable[[float], None], *, stalled_after_s: float, hub: str | None = None
) -> None:
    """Download a model into `folder`, which appears only when all of it is there (progress 0…1).

    Raises `ModelRefused`: `model_unknown` if the hub has no such model, `model_unfetched` for everything else:
    no network, no room, or no byte more for `stalled_after_s`.
    """
    partial = folder.with_name(folder.name + ".partial").absolute()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "transcriber.speech.fetching", repo, str(partial), *((hub,) if hub else ())),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        cwd=Path(transcriber.__file__).parents[1],  # where `-m` finds the package
        env=None,  # proxies, certificates and tokens for the hub are named in the environment
    )
    try:
        reason = await _follow(process, on_progress, stalled_after_s)
    finally:
        with contextlib.suppress(ProcessLookupError):  # not `process.kill()`: that may take the exit status away
            os.kill(process.pid, signal.SIGKILL)
        await process.wait()
    if reason is not None:
        raise ModelRefused("model_unknown" if reason == UNKNOWN else "model_unfetched", model=repo, reason=reason)
    try:
        shutil.rmtree(folder, ignore_errors=True)  # what was there was not whole
        shutil.rmtree(partial / ".cache", ignore_errors=True)  # the hub library's notes on unfinished files
        partial.rename(folder)
    except OSError as error:
        raise ModelRefused("model_unfetched", model=repo, reason=type(error).__name__) from error


async def _follow(
    process: asyncio.subprocess.Process, on_progress: Callable[[float], None], stalled_after_s: float
) -> str | None:
    """Why it failed, or None when everything is there."""
    assert process.stdout is not None  # noqa: S101  (started with a pipe)
    loop = asyncio.get_running_loop()
    most, grew_at_s = -1, loop.time()
    while True:
        try:
            async with asyncio.timeout_at(grew_at_s + stalled_after_s):
                line = await process.stdout.readline()
        except TimeoutError:
            return "stalled"
        if not line:
            return "died"
        said = json.loads(line)
        if "ended" in said:
            return None if said["ended"] is True else str(said["ended"])
        if said["have"] > most:
            most, grew_at_s = said["have"], loop.time()
            on_progress(min(1.0, most / max(1, said["total"])))


def main(repo: str, folder: Path, hub: str | None) -> int:
    """Download and tell. What the hub's library raises differs between its versions, so an error ends the process."""
    sys.excepthook = lambda kind, *_: say({"ended": kind.__name__})
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    for name in ("HF_HUB_CACHE", "HF_XET_CACHE"):  # the home folder may be read-only
        os.environ.setdefault(name, str(folder.with_name(".hub")))
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

    api = HfApi(endpoint=hub)
    try:
        files = api.model_info(repo, files_metadata=True, timeout=30).siblings or []
        total = sum(file.size or 0 for file in files if any(Path(file.rfilename).match(w) for w in WANTED))
        tell(folder, total)
        folder.mkdir(parents=True, exist_ok=True)
        threading.Thread(target=tell_on, args=(folder, total), daemon=True).start()
        api.snapshot_download(repo, local_dir=folder, allow_patterns=WANTED)
    except (RepositoryNotFoundError, GatedRepoError, HFValidationError):
        return end(UNKNOWN)
    return end(True)


def tell_on(folder: Path, total: int) -> None:
    """Tell until the process ends."""
    pause = threading.Event()
    while not pause.wait(TELL_EVERY_S):
        tell(folder, total)


def tell(folder: Path, total: int) -> None:
    """Say how much is there, unfinished files included."""
    have = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # it was renamed just now
            have += path.stat().st_size
    say({"have": have, "total": total})


def end(how: bool | str) -> int:
    """Say how it ended."""
    say({"ended": how})
    return 0 if how is True else 1


def say(what: dict[str, object]) -> None:
    """One line, at once."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None))

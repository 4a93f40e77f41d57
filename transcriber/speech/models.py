"""Which models there are, what they need, and whether a folder holds one: catalogue, names, fetching, checking.

Where the numbers come from. Download sizes: `model.bin` in the named repository (float16, rounded). Parameters: the
Whisper paper (Radford et al. 2022, table 1) and, for turbo and distil, their model cards. Memory: measured with
models of these shapes and random weights (CTranslate2 4.8, x86-64), the peak of loading one and decoding with it was
348 MB for base, 682 MB for small and 2005 MB for turbo with int8; 646, 2096 and 6647 MB with float32.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from transcriber.domain import ModelInfo
from transcriber.errors import ModelRefused
from transcriber.speech.fetching import fetch

MB = 1_000_000
# Python, the libraries and a note of usual length. A recording of more than five minutes takes up to 300 MB more for
# moments, and 32 kB a second; that is not asked for beforehand, because running out is survived.
BASE_BYTES = 200 * MB
# At the peak of loading, when a weight is there as it was read and as it will be used.
BYTES_PER_WEIGHT = {"int8": 2.25, "int8_float32": 2.25, "int8_float16": 2.25, "int8_bfloat16": 2.25, "int16": 4.5}
BYTES_PER_WIDE_WEIGHT = 8.0  # all others: a CPU computes float16 and bfloat16 as float32
FLOAT16_BYTES = 2  # a weight in the published files
NEEDED_FILES = ("config.json", "model.bin", "tokenizer.json")
VOCABULARIES = ("vocabulary.json", "vocabulary.txt")
HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be named: from the catalogue, from the hub, or a folder on this machine."""

    name: str
    repo: str | None  # None: a local folder, never fetched
    folder: Path
    download_bytes: int | None = None
    weights: int | None = None  # parameters


@dataclass(frozen=True, slots=True)
class _Known:
    name: str
    repo: str
    download_mb: int
    million_weights: int
    aliases: tuple[str, ...] = ()


CATALOGUE = (
    _Known("tiny", "Systran/faster-whisper-tiny", 76, 39),
    _Known("base", "Systran/faster-whisper-base", 145, 74),
    _Known("small", "Systran/faster-whisper-small", 484, 244),
    _Known("medium", "Systran/faster-whisper-medium", 1528, 769),
    _Known("large-v3", "Systran/faster-whisper-large-v3", 3087, 1550, ("large", "v3")),
    _Known("large-v3-turbo", "mobiuslabsgmbh/faster-whisper-large-v3-turbo", 1618, 809, ("turbo", "largeturbo")),
    # English only, and twice as fast as the model it was made from.
    _Known("distil-large-v3", "Systran/faster-distil-whisper-large-v3", 1513, 756, ("distil", "distillarge")),
)


class Models:
    """The models this machine has or could have; those from the hub live in `folder`, one folder each.

    `hub` replaces the address of the hub (otherwise its library's own default); `stalled_after_s` is how long a
    download may stand still.
    """

    def __init__(self, folder: Path, *, stalled_after_s: float = 60.0, hub: str | None = None) -> None:
        self._folder = folder
        self._stalled_after_s = stalled_after_s
        self._hub = hub
        self._fetching = asyncio.Lock()

    def resolve(self, name: str) -> Model:
        """Which model a person means: `Large V3`, `turbo`, `owner/name` or a path. Raises `model_unknown`."""
        name = name.strip()
        wanted = _plain(name)
        for known in CATALOGUE:
            if wanted in (_plain(known.name), *known.aliases) or name.lower() == known.repo.lower():
                size = known.download_mb * MB
                return Model(known.name, known.repo, self._home(known.name), size, known.million_weights * MB)
        if name and (local := Path(name).expanduser()).is_dir():
            return Model(str(local.resolve()), None, local.resolve())
        if HUB_ID.fullmatch(name):
            return Model(name, name, self._home(name))
        raise ModelRefused("model_unknown", model=name, **_perhaps(name))

    def name_of(self, name: str) -> str:
        """The proper name of a model; one that means nothing (any more) is returned as it is."""
        try:
            return self.resolve(name).name
        except ModelRefused:
            return name

    def present(self, name: str) -> Path | None:
        """The folder of a model that is here and whole; None also for a name that means nothing (any more)."""
        try:
            folder = self.resolve(name).folder
        except ModelRefused:
            return None
        return folder if missing_from(folder) is None else None

    def check(self, name: str) -> None:
        """Raise `ModelRefused` (`model_unknown`, `model_broken`) where it is certain that this name cannot work: no
        such model, or a folder that is none. What could still be downloaded passes."""
        model = self.resolve(name)
        if model.repo is None and (missing := missing_from(model.folder)) is not None:
            raise ModelRefused("model_broken", model=model.name, missing=missing)

    async def fetch(self, name: str, on_progress: Callable[[float], None]) -> Path:
        """The folder of the model, downloaded if it is not here (progress 0…1). Raises `ModelRefused`:
        `model_unknown` (the hub does not know it), `model_unfetched`, `model_broken`."""
        model = self.resolve(name)
        if model.repo is not None:
            # One download at a time: who comes meanwhile for the same model finds it here afterwards.
            async with self._fetching:
                await self._fetch(model, model.repo, on_progress)
        if (missing := missing_from(model.folder)) is not None:
            raise ModelRefused("model_broken", model=model.name, missing=missing)
        on_progress(1.0)
        return model.folder

    async def _fetch(self, model: Model, repo: str, on_progress: Callable[[float], None]) -> None:
        if missing_from(model.folder) is None:
            return
        try:
            await fetch(repo, model.folder, on_progress, stalled_after_s=self._stalled_after_s, hub=self._hub)
        except ModelRefused as error:
            raise ModelRefused(error.key, **{**error.details, "model": model.name}) from error

    def memory_bytes(self, folder: Path, compute_type: str) -> int:
        """What loading and using the model in this folder takes at most, judged by the size of its file."""
        return _memory_bytes((folder / "model.bin").stat().st_size // FLOAT16_BYTES, compute_type)

    def infos(self, current: str, compute_type: str = "int8", before: Sequence[str] = ()) -> list[ModelInfo]:
        """The catalogue in order of size, then whatever else is here: from the hub, folders that were in use `before`
        and still hold a model, the current one."""
        names = [known.name for known in CATALOGUE]
        names += sorted(
            folder.name.replace("--", "/", 1)
            for folder in (self._folder.iterdir() if self._folder.is_dir() else ())
            if "--" in folder.name and missing_from(folder) is None
        )
        folders = {self.name_of(name) for name in before if Path(name).is_absolute() and self.present(name)}
        names += sorted(folders)
        listed = [self._info(self.resolve(name), compute_type) for name in names]
        try:
            now = self.resolve(current)
        except ModelRefused:  # its folder went away; the list is how the owner gets out of that
            return [*listed, ModelInfo(current, None, None, present=False)]
        return listed if now.name in names else [*listed, self._info(now, compute_type)]

    def _info(self, model: Model, compute_type: str) -> ModelInfo:
        here = missing_from(model.folder) is None
        needed = self.memory_bytes(model.folder, compute_type) if here else None
        if needed is None and model.weights is not None:
            needed = _memory_bytes(model.weights, compute_type)
        return ModelInfo(model.name, model.download_bytes, needed, here)

    def _home(self, name: str) -> Path:
        return self._folder / name.replace("/", "--")


def missing_from(folder: Path) -> str | None:
    """What a folder lacks to be a model that loads without the network; None if it is whole."""
    for name in NEEDED_FILES:
        if not (folder / name).is_file() or not (folder / name).stat().st_size:
            return name
    if not any((folder / name).is_file() for name in VOCABULARIES):
        return VOCABULARIES[0]
    try:
        json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except ValueError:
        return "config.json"
    return None


def _memory_bytes(weights: int, compute_type: str) -> int:
    return BASE_BYTES + round(weights * BYTES_PER_WEIGHT.get(compute_type, BYTES_PER_WIDE_WEIGHT))


def _perhaps(typed: str) -> dict[str, str]:
    """The name in the catalogue that was mistyped, as a detail for an error; nothing where none comes near."""
    names = {spelling: known.name for known in CATALOGUE for spelling in (_plain(known.name), *known.aliases)}
    close = [] if "/" in typed else get_close_matches(_plain(typed), names, n=1)
    return {"near": names[close[0]]} if close else {}


def _plain(name: str) -> str:
    """Letters and digits only, without what people put before the size: `openai/whisper-Large_V3` is `largev3`."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower().removeprefix("openai/"))
    return plain.removeprefix("faster").removeprefix("whisper")

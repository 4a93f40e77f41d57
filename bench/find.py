"""`python -m bench.find`: how well, how fast and in how much memory the archive finds what was said.

An archive of 100,000 made-up transcripts (Russian and English, most short, some of an hour, words as frequent as
words are) is written as an older version would have left it, so that the upgrade is measured too; then hundreds of
different searches, each for the first page and the number of all, and one deletion. `--forms` shows instead how many
forms of a word each way to search finds, and how much else.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from bench.everyday import DIFFERENT_ENGLISH, DIFFERENT_RUSSIAN, EVERYDAY_ENGLISH, EVERYDAY_RUSSIAN
from bench.forms import ENGLISH, OTHERS, RUSSIAN
from transcriber.domain import ChatKind, MediaKind, Note, Segment, Transcript
from transcriber.storage.archive import SqliteArchive, open_archive
from transcriber.storage.codec import note_to_dict, pack, transcript_to_dict
from transcriber.storage.forms import stems_of
from transcriber.storage.schema import STEPS
from transcriber.storage.words import stem, words

NOTES = 100_000
CHATS = 200
SPAN_S = 3 * 365 * 86_400
START_S = 1_700_000_000
MB = 1_000_000
PAGE = 7

_SMALL = {
    "ru": "и в не на я что то это как а по но он она мы вы ну вот да нет так если уже ещё был было будет все мне",
    "en": "the to and a of i you it is that in was for on we be have not this with so but if they what will me are",
}
_ROOTS = {
    "ru": (
        "стр звон раб куп дел говор нос вод ход каз пис дум люб гор лес бер дор сол мир вер цен род сил мер тем",
        3,
    ),
    "en": (
        "form port act move plan call train mark light work land stand hand book place ground point side field",
        2,
    ),
}
_ENDINGS = {
    "ru": "а у ой е ы ам ами ах ов ить ит ил ила или ят ный ного ному ная ные ность ости ка ки ку кой ник ники",
    "en": "s ed ing er ers ly ness able ment ments ful less",
}
_BEFORE = {"ru": "по за на при вы до от пере раз под про у с", "en": "re un out over under fore mis inter"}


def vocabulary(language: str) -> list[str]:
    """Some thousand words with their forms, the most frequent first."""
    roots, depth = _ROOTS[language]
    stems = roots.split()
    for before in _BEFORE[language].split():
        stems += [before + root for root in roots.split()]
    if depth > 2:
        stems += [one + "о" + two for one in roots.split()[:12] for two in roots.split()]
    known = [form for line in (RUSSIAN if language == "ru" else ENGLISH).split("\n") for form in line.split()]
    made = [root + ending for root in stems for ending in ["", *_ENDINGS[language].split()]]
    random.Random(7).shuffle(made)
    return [*_SMALL[language].split(), *known, *made]


def transcripts(count: int, seed: int = 1) -> Iterator[tuple[Note, Transcript]]:
    """Notes in the order they were sent: half shorter than 20 s, one of a thousand an hour; 7 of 10 Russian."""
    chance = random.Random(seed)
    said = {language: vocabulary(language) for language in ("ru", "en")}
    weights = {
        language: list(_added(1 / (rank + 3) for rank in range(len(forms)))) for language, forms in said.items()
    }
    for number in range(count):
        language = "ru" if chance.random() < 0.7 else "en"
        seconds = 3600.0 if number % 1000 == 500 else min(1800.0, chance.lognormvariate(3.0, 1.0))
        spoken = chance.choices(said[language], cum_weights=weights[language], k=max(1, int(seconds * 2.2)))
        yield _note(number, count, seconds), _transcript(spoken, seconds, language)


def write_older(path: Path, count: int) -> None:
    """The archive as the first version would have written it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for statement in STEPS[0]:
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 1")
        connection.executemany(
            "INSERT INTO transcripts (chat_id, message_id, request_key, file_id, sent_at_s, text, note, transcript)"
            " VALUES (?, ?, 'small|auto|transcribe', ?, ?, ?, ?, ?)",
            (
                (
                    *(note.chat_id, note.message_id, note.file_id, note.sent_at_s, heard.text),
                    *(pack(note_to_dict(note)), pack(transcript_to_dict(heard))),
                )
                for note, heard in transcripts(count)
            ),
        )


def searches(seed: int = 2, count: int = 300) -> list[str]:
    """Frequent words, rare ones, two and three at once, beginnings, and what is not there."""
    chance = random.Random(seed)
    forms = [*vocabulary("ru"), *vocabulary("en")]
    frequent = [*_SMALL["ru"].split(), *_SMALL["en"].split()]
    made = [" ".join(chance.choices(forms, k=chance.choice((1, 1, 2, 3)))) for _ in range(count)]
    pairs = [" ".join(chance.sample(frequent, 2)) for _ in range(20)]
    return [*frequent, *pairs, *made, "и the", "стра", "пер", "абракадабра", "с", "meet"]


async def time_of(archive: SqliteArchive, typed: str, skip: int = 0) -> float:
    """Seconds for one page and the number of all."""
    begun_s = time.perf_counter()
    await archive.find(typed, skip=skip, limit=PAGE)
    return time.perf_counter() - begun_s


async def measure(path: Path, count: int) -> dict[str, float]:
    """All figures, by name."""
    figures: dict[str, float] = {}
    begun_s = time.perf_counter()
    write_older(path, count)
    figures["written in, s"] = time.perf_counter() - begun_s
    before = size_of(path)
    figures["before, MB"] = before / MB
    begun_s = time.perf_counter()
    async with open_archive(path) as archive:
        figures["upgraded in, s"] = time.perf_counter() - begun_s
        begun = time.process_time()
        times = [(await time_of(archive, typed), time.process_time(), typed) for typed in searches()]
        ends = [begun, *(end for _, end, _ in times)]
        worked = [(end - start, typed) for start, end, (_, _, typed) in zip(ends, ends[1:], times, strict=False)]
        pages = [await time_of(archive, "и", skip) for skip in (0, PAGE, 100 * PAGE, 5000 * PAGE)]
        figures["searches"] = len(times)
        figures["median, ms"] = statistics.median(seconds for seconds, _, _ in times) * 1000
        figures["worst, ms"] = max(times)[0] * 1000
        figures["of CPU, median"] = statistics.median(seconds for seconds, _ in worked) * 1000
        figures["of CPU, worst"] = max(worked)[0] * 1000
        figures["of CPU, 2nd"] = sorted(worked)[-2][0] * 1000
        print(f"most work: {max(worked)[1]}")
        figures["far page, ms"] = max(pages) * 1000
        figures["memory, MB"] = resident_bytes() / MB
        begun_s = time.perf_counter()
        for note, heard in transcripts(200, seed=3):
            await archive.put(note, heard, "large|auto|transcribe")
        figures["kept in, ms each"] = (time.perf_counter() - begun_s) * 1000 / 200
        read = 0
        begun_s = time.perf_counter()
        async for _ in archive.read():
            read += 1
        figures["all read in, s"] = time.perf_counter() - begun_s
        figures["peak memory, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB
        begun_s = time.perf_counter()
        figures["forgotten"] = await archive.forget(before_s=START_S + SPAN_S / 100)
        figures["forgotten in, s"] = time.perf_counter() - begun_s
    figures["index, MB"] = (size_of(path) - before) / MB
    return figures


def size_of(path: Path) -> int:
    """In bytes."""
    return path.stat().st_size


def resident_bytes() -> int:
    """Of this process, now."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


Way = Callable[[list[str]], Callable[[str], set[int]]]  # given documents, finds the numbers of those that match


def by_stem(documents: list[str]) -> Callable[[str], set[int]]:
    """Every word with the same stem."""
    return lambda typed: {at for at, said in enumerate(documents) if _stem(said) == _stem(typed)}


def by_forms(documents: list[str]) -> Callable[[str], set[int]]:
    """As the archive does."""
    stems = [_stem(said) for said in documents]
    return lambda typed: {at for at, said in enumerate(stems) if said in stems_of("".join(words(typed)))}


def by_beginning(documents: list[str]) -> Callable[[str], set[int]]:
    """Every word that begins with the stem."""
    return lambda typed: {at for at, said in enumerate(documents) if "".join(words(said)).startswith(_stem(typed))}


def by_fts5(tokenizer: str) -> Way:
    """One of SQLite's own ways."""

    def way(documents: list[str]) -> Callable[[str], set[int]]:
        connection = sqlite3.connect(":memory:")
        connection.execute(f'CREATE VIRTUAL TABLE spoken USING fts5 (said, tokenize = "{tokenizer}")')
        rows = [(at, said.replace("ё", "е")) for at, said in enumerate(documents)]
        connection.executemany("INSERT INTO spoken (rowid, said) VALUES (?, ?)", rows)

        def find(typed: str) -> set[int]:
            wanted = (f'"{typed.replace("ё", "е")}"',)
            return {at for (at,) in connection.execute("SELECT rowid FROM spoken WHERE spoken MATCH ?", wanted)}

        return find

    return way


WAYS: dict[str, Way] = {
    "unicode61": by_fts5("unicode61"),
    "porter": by_fts5("porter unicode61"),
    "trigram": by_fts5("trigram"),
    "beginning with the stem": by_beginning,
    "same stem": by_stem,
    "stems of all forms": by_forms,
}
TABLES = {  # words with their forms, and words that are others
    "ru": (RUSSIAN, OTHERS),
    "en": (ENGLISH, OTHERS),
    "everyday ru": (EVERYDAY_RUSSIAN, DIFFERENT_RUSSIAN + OTHERS),
    "everyday en": (EVERYDAY_ENGLISH, DIFFERENT_ENGLISH + OTHERS),
}


def of_forms(way: Way, table: str, others: str) -> tuple[float, float]:
    """Each form of each word searched for: the share of its forms that was found, and of what was found amiss."""
    paradigms = [line.split() for line in table.strip().splitlines()]
    documents = sorted({form for forms in paradigms for form in forms}.union(others.split()))
    find = way(documents)
    right = missed = wrong = 0
    for forms in paradigms:
        for form in forms:
            found = {documents[at] for at in find(form)}
            right += len(found & set(forms))
            missed += len(set(forms) - found)
            wrong += len(found - set(forms))
    return right / (right + missed), wrong / (right + wrong)


def _stem(typed: str) -> str:
    return " ".join(map(stem, words(typed)))


def _added(weights: Iterator[float]) -> Iterator[float]:
    total = 0.0
    for weight in weights:
        total += weight
        yield total


def _note(number: int, count: int, seconds: float) -> Note:
    chat = number * 7919 % CHATS
    return Note(
        chat_id=1000 + chat,
        message_id=number + 1,
        chat_kind=ChatKind.PRIVATE,
        chat_title=f"Friend {chat}",
        sender_id=1000 + chat,
        sender_name=f"Friend {chat}",
        outgoing=False,
        kind=MediaKind.VOICE,
        sent_at_s=float(START_S + SPAN_S * number // count),
        duration_s=seconds,
        size_bytes=int(seconds * 4000),
        file_id=f"AgAD{number:012}",
    )


def _transcript(spoken: list[str], seconds: float, language: str) -> Transcript:
    pieces = [" ".join(spoken[at : at + 8]).capitalize() + "." for at in range(0, len(spoken), 8)]
    each_s = seconds / len(pieces)
    segments = tuple(
        Segment(round(at * each_s, 2), round((at + 1) * each_s, 2), text) for at, text in enumerate(pieces)
    )
    return Transcript(segments, language, 0.97, seconds, "small", seconds / 8)


def main() -> int:
    """Print a table, or JSON."""
    parser = argparse.ArgumentParser(prog="bench.find", description=__doc__)
    parser.add_argument("--notes", type=int, default=NOTES)
    parser.add_argument("--forms", action="store_true", help="show instead which forms of a word are found")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.forms:
        for name, way in WAYS.items():
            for table, (forms, others) in TABLES.items():
                recall, amiss = of_forms(way, forms, others)
                print(f"{name:>24}  {table:<11}  found {recall:6.1%}  amiss {amiss:6.1%}")
        return 0
    with tempfile.TemporaryDirectory(prefix="stenogram-bench-") as name:
        figures = asyncio.run(measure(Path(name) / "stenogram.db", arguments.notes))
    if arguments.json:
        print(json.dumps(figures))
        return 0
    for name, figure in figures.items():
        print(f"{name:>18}  {figure:10.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

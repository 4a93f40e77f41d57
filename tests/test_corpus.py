"""Bad recordings through the real engine process: each gets one answer, and nothing else happens.

The whole corpus, a thousand files and more: `python -m tests.corpus --run`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests import corpus_headers, corpus_media, corpus_ogg
from tests.corpus import bad, corpus
from tests.corpus_run import run
from tests.support.speech import MODEL, QUICK, pcm
from transcriber.speech.stretches import RATE

SEED = 1
SOME = [*range(110), 249]  # 124, 249… are the bombs: ten hours of FLAC is one of them
SLOWEST_S = 30.0  # two hours of silence are decoded before they are too long; a shared machine does it in ten
MOST_BYTES = 600_000_000
TRANSCRIPTS = {"words", "nothing said"}
REFUSALS = {"empty", "unreadable", "no_sound", "truncated", "too_long"}


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*")]


@pytest.mark.timeout(300)
async def test_every_bad_file_gets_one_answer_and_the_engine_stays(tmp_path: Path) -> None:
    result = await run((bad(SEED, number) for number in SOME), tmp_path)
    assert [answer.name for answer in result.answers] == [bad(SEED, number).name for number in SOME]
    assert set(result.outcomes) <= TRANSCRIPTS | REFUSALS
    assert set(result.outcomes) & TRANSCRIPTS, "what can be heard is heard"
    for answer in result.answers:
        assert len(answer.said) == (0 if answer.outcome in TRANSCRIPTS else 2)
        assert all(sentence.strip() and "\n" not in sentence for sentence in answer.said)
        assert len(set(answer.said)) == len(answer.said), "in two languages"
    assert result.deaths == 0
    assert len(result.processes) == 1
    assert max(answer.took_s for answer in result.answers) < SLOWEST_S
    assert 50_000_000 < result.peak_bytes < MOST_BYTES < QUICK.room_for(MODEL)
    assert left_in(tmp_path) == ["sounds"], "and it leaves nothing behind"


@pytest.mark.parametrize("number", [500, 802, 815, 1030])
async def test_what_a_library_says_of_errors_that_it_drops_harms_nobody(tmp_path: Path, number: int) -> None:
    # Found by seed 3 with stderr in a file, into which the engine process may not write.
    with (tmp_path / "stderr").open("wb") as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            result = await run([bad(3, number)], tmp_path)
        finally:
            os.dup2(kept, 2)
            os.close(kept)
    assert (result.deaths, [answer.outcome for answer in result.answers]) == (0, ["unreadable"])
    assert (tmp_path / "stderr").read_bytes() == b""


def test_a_file_is_its_seed_and_number() -> None:
    first = list(corpus(SEED, 40))
    corpus_media.whole.cache_clear()
    assert [bad(SEED, number) for number in range(40)] == first
    assert sum(one.content == other.content for one, other in zip(first, corpus(SEED + 1, 40), strict=True)) < 10


def test_every_trick_is_in_a_thousand() -> None:
    names = " ".join(one.name for one in corpus(SEED, 1000))
    tricks = [*corpus_ogg.TRICKS, *corpus_headers.TRICKS, *corpus_headers.BOMBS, *corpus_media.whole()]
    assert [trick for trick in tricks if trick not in names] == []


def test_pages_put_together_again_are_the_same_recording() -> None:
    data = corpus_media.whole()["ogg_opus"]
    assert b"".join(corpus_ogg.signed(page) for page in corpus_ogg.pages(data)) == data


def test_silence_in_few_bytes_is_as_long_as_it_says(tmp_path: Path) -> None:
    path = tmp_path / "silence.ogg"
    path.write_bytes(corpus_ogg.silence(0.05))
    assert len(pcm(path)) / RATE == pytest.approx(180)
    assert path.stat().st_size < 5_000

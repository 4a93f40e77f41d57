"""transcriber/health.py: a program that hangs, ended or is offline never looks healthy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from transcriber import health
from transcriber.boot import this_boot

GOOD = health.Health(
    boot=this_boot(), at_s=1000.0, pid=1, online=True, store=True, since_s=900.0, waiting=2, running=1, model="small"
)


def test_a_fresh_online_file_is_healthy(tmp_path: Path) -> None:
    health.write(tmp_path, GOOD)
    assert health.verdict(tmp_path, 1010.0) == (
        True,
        "check.healthy",
        {"waiting": 2, "running": 1, "model": "small"},
    )


@pytest.mark.parametrize(
    ("written", "now_s", "key"),
    [
        (GOOD, 1000.0 + health.EXPIRES_S + 1, "check.stale"),
        (replace(GOOD, boot="another"), 1001.0, "check.not_running"),
        (replace(GOOD, online=False), 1001.0, "check.offline"),
        (replace(GOOD, store=False), 1001.0, "check.store_down"),
    ],
)
def test_stale_offline_or_storeless_is_unhealthy(
    tmp_path: Path, written: health.Health, now_s: float, key: str
) -> None:
    health.write(tmp_path, written)
    healthy, said, _ = health.verdict(tmp_path, now_s)
    assert (healthy, said) == (False, key)


def test_no_file_means_not_running_and_so_does_a_removed_one(tmp_path: Path) -> None:
    assert health.verdict(tmp_path, 0)[:2] == (False, "check.not_running")
    health.write(tmp_path, GOOD)
    health.remove(tmp_path)
    assert health.verdict(tmp_path, 1000.0)[:2] == (False, "check.not_running")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"at_s": "x"}', '{"pid": 1}'])
def test_a_damaged_file_is_unhealthy_and_never_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / health.FILE_NAME).write_text(content)
    assert health.verdict(tmp_path, 0)[:2] == (False, "check.unreadable")

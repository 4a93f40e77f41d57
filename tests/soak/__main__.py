"""`python -m tests.soak`: exit 0 when nothing was lost, said twice or leaked."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from pathlib import Path

from tests.soak.run import soak


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seed", type=int, help="of an earlier run, to have its schedule again")
    parser.add_argument("--minutes", type=float, default=10.0, help="of faults; what is left to do comes after them")
    parser.add_argument(
        "--store", choices=("sqlite", "redis", "both"), default="both", help="each its share of the time"
    )
    parser.add_argument("--pace", type=float, default=1.0, help="so many times the usual number of notes")
    parser.add_argument("--log", type=Path, help="where the program's own words go")
    wanted = parser.parse_args()
    seed = wanted.seed if wanted.seed is not None else random.SystemRandom().randrange(1_000_000)
    stores = ("sqlite", "redis") if wanted.store == "both" else (wanted.store,)
    print(f"seed {seed}", flush=True)
    failed = False
    for store in stores:
        log = wanted.log and wanted.log.with_suffix(f".{store}{wanted.log.suffix}")
        minutes = wanted.minutes / len(stores)
        report = asyncio.run(soak(seed, minutes, store, pace=wanted.pace, log=log, tell=_tell))
        print("\n".join(report.lines()), flush=True)
        failed = failed or bool(report.faults)
    return int(failed)


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())

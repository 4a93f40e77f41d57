"""Plays the table of faults and writes it, with the result of each row, into `docs/reliability.md`.

    python -m tests.faults.report             play all rows, then write
    python -m tests.faults.report junit.xml   write from a run of `pytest tests/test_faults.py --junitxml=junit.xml`

The exit code is that of the rows: 1 when one failed or was not played.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree  # reads what pytest wrote a moment ago

from tests.faults import THEMES
from tests.faults.fault import Fault

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- table: written by `make reliability` -->", "<!-- end of the table -->"
HELD, FAILED, NOT_PLAYED = "holds", "**FAILS**", "not played"


def results(junit: Path) -> dict[str, str]:
    """What became of each row that was played, by its name."""
    found = {}
    for case in ElementTree.parse(junit).iter("testcase"):  # noqa: S314 - pytest's own file
        name = case.get("name", "").partition("[")[2].rstrip("]")
        children = {child.tag for child in case}
        found[name] = FAILED if children & {"failure", "error"} else NOT_PLAYED if "skipped" in children else HELD
    return found


def table(outcomes: dict[str, str], day: str) -> str:
    """The rows by theme, in Markdown, and a line that counts them."""
    flat = [
        outcomes.get(f"{theme}: {fault.name}", NOT_PLAYED) for theme, faults in THEMES.items() for fault in faults
    ]
    parts = [f"{len(flat)} faults; {flat.count(HELD)} hold, {flat.count(FAILED)} fail, on {day}."]
    for theme, faults in THEMES.items():
        lines = ["| fault | what the program must do | how the test sees it | last result |", "|---|---|---|---|"]
        lines += [_line(fault, outcomes.get(f"{theme}: {fault.name}", NOT_PLAYED)) for fault in faults]
        parts.append(f"### {theme.capitalize()}\n\n" + "\n".join(lines))
    return "\n\n".join(parts)


def _line(fault: Fault, outcome: str) -> str:
    cells = (fault.name, fault.must, fault.seen, outcome)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def write(page: Path, content: str) -> None:
    """Replace what stands between the two marks."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{content}\n\n{END}{after}", encoding="utf-8")


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        junit = Path(arguments[0]) if arguments else Path(folder) / "junit.xml"
        if not arguments:
            command = (sys.executable, "-m", "pytest", "tests/test_faults.py", f"--junitxml={junit}")
            subprocess.run(command, check=False, cwd=PAGE.parents[1])
        outcomes = results(junit)
    write(PAGE, table(outcomes, time.strftime("%Y-%m-%d")))
    names = [f"{theme}: {fault.name}" for theme, faults in THEMES.items() for fault in faults]
    return 0 if all(outcomes.get(name) == HELD for name in names) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

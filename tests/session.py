"""The terminal sessions in the READMEs, made by running: `make session` writes them there, a test compares.

Each command is run by a shell, as it stands there, in a folder with a few recordings and the small model that comes
along. Numbers differ from machine to machine, so the test does not look at them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from transcriber.chat.texts import Language

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tools" / "speech_model" / "samples"
READMES: Final[Mapping[Language, Path]] = {"en": ROOT / "README.md", "ru": ROOT / "README.ru.md"}
BLOCK = re.compile(r"(<!-- session: written by `make session` -->\n```\n).*?(\n```\n)", re.DOTALL)
FILES = {
    "note.ogg": "en_two_sentences.ogg",
    "voices/call.ogg": "en_call_me_back.ogg",
    "voices/привет.ogg": "ru_hello.ogg",
}
COMMANDS = (
    "python userbot.py transcribe note.ogg",
    "python userbot.py transcribe -f srt note.ogg",
    "ls voices",
    "python userbot.py transcribe voices -o texts",
    "cat texts/call.txt",
    "python userbot.py transcribe voices -o texts",
    "python userbot.py transcribe --json - < note.ogg",
)


def session(language: Language) -> str:
    """What is typed and what is printed."""
    with tempfile.TemporaryDirectory(prefix="stenogram-session-") as name:
        folder = Path(name)
        for target, source in FILES.items():
            (folder / target).parent.mkdir(exist_ok=True)
            shutil.copyfile(SAMPLES / source, folder / target)
        (folder / "voices" / "broken.ogg").write_bytes(b"OggS and then nothing that makes sense")
        (folder / "userbot.py").symlink_to(ROOT / "userbot.py")
        python = folder / "python"
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)
        environment = {
            "PATH": f"{folder}:/usr/bin:/bin",
            "MODEL": str(ROOT / "tools" / "speech_model" / "ct2"),
            "DATA_DIR": str(folder / "data"),
            "UI_LANGUAGE": language,
            "LANG": "C.UTF-8",
        }
        lines = []
        for command in COMMANDS:
            shown = subprocess.run(
                ["/bin/sh", "-c", command],
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=120,
                check=False,
            )
            lines += [f"$ {command}", *shown.stdout.decode().splitlines()]
    return "\n".join(lines)


def written(readme: Path) -> str:
    """What stands in a README."""
    found = BLOCK.search(readme.read_text(encoding="utf-8"))
    assert found, f"{readme.name} has no place for the session"
    return found[0].removeprefix(found[1]).removesuffix(found[2])


def main() -> None:
    """Write both."""
    for language, readme in READMES.items():
        now = session(language)
        text = readme.read_text(encoding="utf-8")
        readme.write_text(BLOCK.sub(lambda found, now=now: found[1] + now + found[2], text), encoding="utf-8")  # type: ignore[misc]  # a default to bind it


if __name__ == "__main__":
    main()

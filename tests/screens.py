"""Every screen as the owner sees it, in both languages: `make screens` writes docs/screens/, a test compares.

The parts that speak to the owner are the real ones, over a real store; Telegram, the recogniser and the time are
stood in for, so that the same sources give the same screens.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import get_args

from tests.support.screen import owner
from tests.support.stories import STORIES
from transcriber.chat.texts import Language

FOLDER = Path(__file__).parent.parent / "docs" / "screens"
LEGEND = {
    "en": "# Screens\n\nWhat the owner reads in Saved Messages. Written by `make screens`. *Bold*, _italic_, "
    "`to be typed`, "
    "[a link]→; a collapsed quote has │ at its left; 📎 is a file.\n",
    "ru": "# Экраны\n\nЧто владелец читает в Избранном. Страницу пишет `make screens`. *Жирное*, _курсив_, "
    "`набрать`, "
    "[ссылка]→; у свёрнутой цитаты слева │; 📎 — файл.\n",
}


async def page(language: Language) -> str:
    """The whole page in one language."""
    shown = [LEGEND[language]]
    for titles, play in STORIES:
        with tempfile.TemporaryDirectory(prefix="stenogram-screens-") as folder:
            async with owner(language, Path(folder)) as at:
                await play(at)
                shown.append(f"## {titles[language]}\n\n" + "\n".join(at.screens))
    return "\n".join(shown)


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(exist_ok=True)
    for language in get_args(Language):
        (FOLDER / f"{language}.md").write_text(asyncio.run(page(language)), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Logging, and the program's own story: one sentence per line on stdout, in the owner's language.

Logs hold ids, durations and counts: never what was said, names, phone numbers or keys.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable
from typing import TextIO

Sentence = Callable[..., str]  # (key, **details) -> the sentence in the owner's language

ERRORS = frozenset({"unexpected"})  # told on stderr


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(
            {
                "at": round(record.created, 3),
                "level": record.levelname,
                "logger": record.name,
                "message": record.getMessage(),
            },
            ensure_ascii=False,
        )


def for_a_person(level: str, log_format: str) -> None:
    """Keep the logs from somebody who is told in a sentence what goes wrong, unless they look for more (DEBUG)."""
    debug = level == "DEBUG"
    configure("DEBUG" if debug else "ERROR", log_format)
    logging.getLogger().setLevel(logging.WARNING if debug else logging.CRITICAL)


def configure(level: str, log_format: str, stream: TextIO | None = None) -> None:
    """Send all logging to stderr in this format; third parties are quiet below WARNING."""
    handler = logging.StreamHandler(stream or sys.stderr)
    text = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    handler.setFormatter(JsonFormatter() if log_format == "json" else text)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("transcriber").setLevel(level)


class Announcer:
    """Prints the program's story (texts: "run.<key>"), each line at once; `json` wraps it for machines."""

    def __init__(
        self, sentence: Sentence, log_format: str = "text", out: TextIO | None = None, err: TextIO | None = None
    ) -> None:
        self._sentence = sentence
        self._json = log_format == "json"
        self._out = out or sys.stdout
        self._err = err or sys.stderr

    def __call__(self, key: str, **details: object) -> None:
        line = self._sentence(f"run.{key}", **details)
        if self._json:
            line = json.dumps({"at": round(time.time(), 3), "event": key, "message": line}, ensure_ascii=False)
        stream = self._err if key in ERRORS else self._out
        stream.write(line + "\n")
        stream.flush()

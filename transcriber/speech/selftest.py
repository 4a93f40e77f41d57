"""Do the libraries work on this machine? `python -m transcriber.speech.selftest NAME…` says it, a word a line.

In a process of its own: one that was made for another processor ends the process that imports it.
"""

from __future__ import annotations

import base64
import importlib
import os
import sys
from contextlib import suppress
from pathlib import Path

SOUND_OK = "sound"

# Four tenths of a second of a tone, as a voice note: Ogg with Opus in it.
TONE = (
    "T2dnUwACAAAAAAAAAAD04VkiAAAAAOyUllQBE09wdXNIZWFkAQE4AYA+AAAAAABPZ2dTAAAAAAAAAAAAAPThWSIBAAAAQnuVGgE2T3B1c1RhZ3"
    "MNAAAATGF2ZjYyLjEyLjEwMgEAAAAVAAAAZW5jb2Rlcj1MYXZmNjIuMTIuMTAyT2dnUwAEcE0AAAAAAAD04VkiAgAAAP5GY1EVDRsSEA8PEA8R"
    "ERAUEBAQDxMRDxIPCISd9b7Lp3c/3INJ4Aiy/Z2FPFXAHpNtfpkXk5PV0sYXZci7+nCw8wirJ+L7j0qGxE8aMNAURNR7iAirNMr6/uLJNrjiBA"
    "1Pe+QIqzTK+v7iyMiAS15QThgIqyfi+zKgsdbabG28CYAIqzTK+v7ivo+UQMgDXJ5SCKs0yvr+4sk7+c06ac7TCKs0yvr+4sk3BpBq9TtRyqMI"
    "qzTK+v7iyMiDGHnkQosG1wirJ+L7MqElb9kSDKFJ/4AIqzTJBPq1pcSxMrX03yPFP8unNgirNMr6/uLJGbG+GmwxgNQIqzTK+v7ixhjdEQuFfh"
    "/VCKs0yvr+4sjIS3aFwnr5PAirNMr6+mcgrdGZOVQqgAirJ+L7MqEBjiDg3YK4MC1JCoAIqyfi+49KhYOWVuUrPhMGIwirNMr6/uLJOm6+IYsC"
    "oAirNMr6/uLJGZ/UxUJKPzOQkAgGb6OQMOdgxRKW7kqrJg=="
)


def main(names: list[str]) -> None:
    """Print each name that can be imported, then `sound` if a voice note can be decoded."""
    for name in names:
        with suppress(ImportError):
            importlib.import_module(name)
            print(name, flush=True)  # noqa: T201 - what the parent reads
    from transcriber.speech.audio import decode

    file = os.memfd_create("tone")
    os.write(file, base64.b64decode(TONE))
    for _ in decode(Path(f"/proc/self/fd/{file}"), 1.0):
        pass
    print(SOUND_OK, flush=True)  # noqa: T201 - as above


if __name__ == "__main__":
    main(sys.argv[1:])

"""Fixtures that several files use."""

from __future__ import annotations

import signal

# A shell gives what it runs in the background a Ctrl-C that is ignored, and the programs that tests start inherit it.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ("tests.support.redis",)

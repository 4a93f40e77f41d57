"""Fixtures that several files use."""

from __future__ import annotations

pytest_plugins = ("tests.support.redis",)

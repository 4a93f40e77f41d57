"""Stenogram: voice notes of one Telegram account, turned into text on its owner's own machine."""

__version__ = "0.1.0"

"""The number that makes Telegram drop a repeated message."""

from __future__ import annotations

import hashlib


def random_id(account: int, chat_id: int, message_id: int, purpose: str, *, run: int = 1, part: int = 0) -> int:
    """The same signed 64-bit number for the same message of ours, another for any other; never 0."""
    name = f"{account}:{chat_id}:{message_id}:{purpose}:{run}:{part}".encode()
    number = int.from_bytes(hashlib.blake2b(name, digest_size=8, person=b"stenogram").digest(), "big", signed=True)
    return number or 1

"""The number that makes Telegram drop a repeated message, and sending with it."""

from __future__ import annotations

import hashlib

from transcriber.chat.replies import FilePart, Part
from transcriber.protocols import Gateway


def random_id(account: int, chat_id: int, message_id: int, purpose: str, *, run: int = 1, part: int = 0) -> int:
    """The same signed 64-bit number for the same message of ours, another for any other; never 0."""
    name = f"{account}:{chat_id}:{message_id}:{purpose}:{run}:{part}".encode()
    number = int.from_bytes(hashlib.blake2b(name, digest_size=8, person=b"stenogram").digest(), "big", signed=True)
    return number or 1


async def send(gateway: Gateway, chat_id: int, part: Part, number: int, reply_to: int | None = None) -> int:
    """Send a text or a file, once for each number; returns the message id."""
    if isinstance(part, FilePart):
        return await gateway.send_file(
            chat_id, part.name, part.content, part.caption, random_id=number, reply_to=reply_to
        )
    return await gateway.send_text(chat_id, part, random_id=number, reply_to=reply_to)

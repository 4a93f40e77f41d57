"""Files to and from Telegram. A download is whole or not there; no name of the sender's ever touches the disk."""

from __future__ import annotations

import asyncio
import hashlib
import math
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from pyrogram import Client, raw
from pyrogram.file_id import FileId, FileType

from transcriber.errors import DownloadCut, Offline, OverLimit, Refused, SignedOut, Transient
from transcriber.telegram.calls import Calls

_CHUNK_BYTES = 1024 * 1024  # what Kurigram asks for at a time
_PART_BYTES = 512 * 1024
_SMALL_FILE_BYTES = 10 * 1024 * 1024  # larger ones are uploaded in another way, which no transcript needs
_STALE = ("FILE_REFERENCE_", "FILEREF_", "OFFSET_INVALID", "FILE_ID_INVALID", "LOCATION_INVALID")


class Transfers:
    """Downloads take turns (Kurigram's `max_concurrent_transmissions=1`), and waiting for a turn has no deadline."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._turn = asyncio.Lock()

    async def download(self, find: Callable[[], Awaitable[Any]], to: Path) -> None:
        """Fetch the document that `find` reads from its message into `to`, by way of a `.part` beside it.

        References to files expire, so a refused one is read again from the message, once."""
        part = to.with_name(to.name + ".part")
        async with self._turn:
            try:
                try:
                    await self._fetch(await find(), part)
                except Refused as error:
                    if not str(error.details.get("reason", "")).startswith(_STALE):
                        raise
                    await self._fetch(await find(), part)
                with _disk_errors():
                    part.replace(to)
            finally:
                with suppress(OSError):
                    part.unlink()

    async def upload(self, name: str, content: bytes, file_id: int) -> Any:
        """Put the content where `messages.SendMedia` finds it. Repeatable: the same id overwrites its own parts."""
        if len(content) > _SMALL_FILE_BYTES:
            raise OverLimit("too_large", limit_bytes=_SMALL_FILE_BYTES)
        parts = [content[at : at + _PART_BYTES] for at in range(0, len(content), _PART_BYTES)]
        async with self._media(None) as (_, session):
            for number, part in enumerate(parts):
                query = raw.functions.upload.SaveFilePart(file_id=file_id, file_part=number, bytes=part)
                await self._calls.request(query, self._calls.deadlines.upload_s, session)
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return raw.types.InputFile(id=file_id, parts=len(parts), name=name, md5_checksum=digest)

    async def _fetch(self, document: Any, part: Path) -> None:
        received = 0
        with _open_private(part) as file:
            if document.size:
                async with self._media(document.dc_id) as (client, _):
                    received = await self._receive(client, document, file)
        # A short chunk is the end of the file to the library: it would hand over a truncated one without a word.
        if received != document.size:
            raise DownloadCut(received=received, declared=document.size)

    async def _receive(self, client: Client, document: Any, file: BinaryIO) -> int:
        deadlines, received = self._calls.deadlines, 0
        # Asked for by number of chunks, since the library would ask once more after a full last one.
        chunks = math.ceil(document.size / _CHUNK_BYTES)
        async with (
            self._calls.within(deadlines.download_s + document.size / deadlines.download_bytes_per_s),
            aclosing(client.get_file(_location(document), document.size, chunks)) as stream,
        ):
            async for chunk in stream:
                received += len(chunk)
                with _disk_errors():
                    file.write(chunk)
        return received

    @asynccontextmanager
    async def _media(self, dc_id: int | None) -> AsyncIterator[tuple[Client, Any]]:
        """The connection for files to a data centre (None: the account's own).

        The library keeps it for the next time, even one that never came to life: such a one is dropped here. And a
        refused key of another data centre says nothing about the account, so it is no `SignedOut`."""
        client = None
        usable = False
        try:
            async with self._calls.within(self._calls.deadlines.read_s) as client:
                dc_id = dc_id or await client.storage.dc_id()
                session = await client.get_session(dc_id, is_media=True)
            usable = True
            yield client, session
        except SignedOut as error:
            usable = False
            raise Offline(reason=error.key) from error
        finally:
            if client is not None and not usable:
                await _drop(client, dc_id)


async def _drop(client: Client, dc_id: int | None) -> None:
    for sessions in (client.media_sessions, client.sessions):
        if session := sessions.pop(dc_id, None):
            await session.stop()


def _location(document: Any) -> FileId:
    return FileId(
        file_type=FileType.DOCUMENT,
        dc_id=document.dc_id,
        media_id=document.id,
        access_hash=document.access_hash,
        file_reference=document.file_reference,
    )


def _open_private(path: Path) -> BinaryIO:
    with _disk_errors():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")


@contextmanager
def _disk_errors() -> Iterator[None]:
    """A full or unwritable disk is our trouble, not Telegram's; it may pass, so the note is kept."""
    try:
        yield
    except OSError as error:
        raise Transient("data_dir") from error

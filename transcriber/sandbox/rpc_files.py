"""Moving files: upload in parts, download in pieces."""

# ruff: noqa: ARG001 - every handler takes (server, connection, query), whichever of them it needs

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pyrogram.raw import types as t

from transcriber.sandbox.faults import RpcError
from transcriber.sandbox.rpc import answers
from transcriber.sandbox.wire import Body, boolean
from transcriber.sandbox.world import Tl

if TYPE_CHECKING:
    from transcriber.sandbox.server import SandboxServer
    from transcriber.sandbox.wire import Conn

LARGEST_PIECE = 1024 * 1024


@answers("upload.SaveFilePart", "upload.SaveBigFilePart")
def save_file_part(srv: SandboxServer, conn: Conn, q: Any) -> Body:
    srv.uploads[q.file_id][q.file_part] = q.bytes
    srv.record("upload", extra={"file_id": q.file_id, "part": q.file_part, "size": len(q.bytes)})
    return boolean(True)


@answers("upload.GetFile")
async def get_file(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    if srv.getfile_delay:
        await asyncio.sleep(srv.getfile_delay)
    document, data = srv.docs.get(getattr(q.location, "id", 0), (None, b""))
    if document is None or q.location.access_hash != document.access_hash:
        raise RpcError(400, "LOCATION_INVALID")
    if q.location.file_reference != document.file_reference:
        raise RpcError(400, "FILE_REFERENCE_EXPIRED")
    if not 0 < q.limit <= LARGEST_PIECE or (not q.precise and q.limit % 4096):
        raise RpcError(400, "LIMIT_INVALID")
    if q.offset % (1024 if q.precise else 4096):
        raise RpcError(400, "OFFSET_INVALID")
    piece = data[q.offset : q.offset + q.limit]
    return t.upload.File(type=t.storage.FileUnknown(), mtime=document.date, bytes=piece)

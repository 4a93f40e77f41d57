"""The calls that the sandbox answers: a table of handlers by Telegram's method name."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from pyrogram.raw.core import TLObject

if TYPE_CHECKING:
    from transcriber.sandbox.server import SandboxServer
    from transcriber.sandbox.wire import Conn

Handler = Callable[["SandboxServer", "Conn", Any], Any | Awaitable[Any]]
HANDLERS: dict[str, Handler] = {}


def answers(*methods: str) -> Callable[[Handler], Handler]:
    """Enter the function below as the handler of these methods."""

    def enter(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(methods, handler))
        return handler

    return enter


def as_object(given: Any) -> Any:
    """Undo a slip of Kurigram's: its Vector.read takes a last vector of 8- or 4-byte objects (inputMessageID,
    inputUserSelf) for longs or ints."""
    if type(given) is not int:
        return given
    size = 4 if -(2**31) <= given < 2**31 else 8
    return TLObject.read(io.BytesIO(given.to_bytes(size, "little", signed=True)))

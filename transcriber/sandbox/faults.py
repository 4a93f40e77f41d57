"""What can go wrong, on request: answers of Telegram's, silence, delays, broken connections, and odd behaviour."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal


class RpcError(Exception):
    """Raise it from a handler, or hand it to `on_rpc`, to answer a call with rpc_error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message


def flood(seconds: int) -> RpcError:
    """Telegram asks to wait."""
    return RpcError(420, f"FLOOD_WAIT_{seconds}")


AuthDeath = Literal[
    "AUTH_KEY_DUPLICATED", "AUTH_KEY_UNREGISTERED", "SESSION_REVOKED", "SESSION_EXPIRED", "USER_DEACTIVATED", "FORGET"
]

AUTH_ERROR_CODES: dict[str, int] = {
    "AUTH_KEY_DUPLICATED": 406,
    "AUTH_KEY_UNREGISTERED": 401,
    "SESSION_REVOKED": 401,
    "SESSION_EXPIRED": 401,
    "USER_DEACTIVATED": 401,
}

# An error to answer; silence; the connection closed or reset; seconds of delay before the ordinary answer; or a
# function of (connection, query) whose result is the answer (None: silence).
Action = RpcError | Literal["ignore", "drop", "rst"] | float | Callable[[Any, Any], Awaitable[Any]]


@dataclass(slots=True)
class Fault:
    """One interception: `times` more calls of `method` ("*": any) are answered by `action`, after `skip` are let
    through; -1 times: always."""

    method: str
    action: Action
    times: int = 1
    skip: int = 0
    when: Callable[[Any], bool] | None = None

    def takes(self, method: str, query: Any) -> bool:
        """Count this call; True if it is to be intercepted."""
        if self.times == 0 or self.method not in ("*", method) or (self.when and not self.when(query)):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times > 0:
            self.times -= 1
        return True


class Knobs:
    """Behaviour that Telegram leaves open or changes; set on the server, the defaults are its usual ways."""

    answer_pings = True
    blackholed = False  # accept and read, never answer
    transport_error = 0  # e.g. 404 or 429: the answer to every packet
    auth_error_on_init = True  # errors of kill_auth() answer initConnection too
    offline_updates: Literal["lost", "queue", "toolong"] = "lost"  # what a session that was away is sent; worst case
    short_updates = True  # plain private texts come as updateShortMessage
    push_to_media = False  # the worst case: media sessions get updates too
    diff_slice = 100  # entries in one slice of updates.getDifference
    diff_too_long = 10_000  # more than this pending: differenceTooLong
    channel_diff_too_long = 1000
    random_id_duplicate_code = 500  # as core.telegram.org lists it for sendMessage and sendMedia
    getfile_delay = 0.0  # seconds before each piece of a file
    rpc_delay = 0.0  # seconds before each answer

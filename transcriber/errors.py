"""The error tree, named by what to do. Foreign errors are translated once, at the edge, `from` the original.

StenogramError                  key + details: the sentence is `error.<key>` in chat/texts.py
├── Transient                   try again later
│   ├── Offline                 no connection to Telegram, or a call that got no answer in time
│   ├── FloodWait               Telegram said how long to wait: `seconds`
│   │   └── SlowMode            in one chat only
│   ├── DownloadCut             what Telegram sent is not as long as it had declared
│   ├── EngineDied              the engine process ended under this job
│   └── StoreUnavailable        Redis or SQLite did not answer
├── Refused                     will not work however often it is tried: tell the owner
│   ├── Gone                    the message or chat is no longer there
│   ├── Unreadable              there is no sound in it that can be decoded
│   ├── OverLimit               longer or larger than the owner allows
│   ├── ModelRefused            unknown, cannot be fetched, does not load or does not fit
│   ├── NotFound                a name, id or link that leads to nobody
│   └── CancelledByOwner        the owner cancelled this job
└── Permanent                   stop the program; `exit_code` says why to whoever started it
    ├── SettingsWrong           78
    ├── NoSession               78: nobody signed in, and no terminal to ask on
    ├── SignedOut               77: key unregistered, duplicated, revoked; account deactivated
    ├── AlreadyRunning          75: another process or host holds the account
    ├── DataDirUnusable         73
    └── StoreRefused            69: the store cannot be used at all (wrong URL, newer version)
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple


class StenogramError(Exception):
    """Base of all errors of ours; `key` and `details` make the sentence that people read."""

    default_key: ClassVar[str] = "unexpected"

    def __init__(self, key: str | None = None, /, **details: object) -> None:
        self.key = key or self.default_key
        self.details = details
        super().__init__(self.key, details)

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in self.details.items())
        return f"{self.key}({shown})" if shown else self.key


class Transient(StenogramError):
    """Try again later."""

    default_key = "transient"


class Offline(Transient):
    """No connection to Telegram, or no answer within the deadline."""

    default_key = "offline"


class FloodWait(Transient):
    """Telegram asked to wait; obeyed to the second."""

    default_key = "flood_wait"

    def __init__(self, seconds: float) -> None:
        super().__init__(None, seconds=seconds)
        self.seconds = seconds


class SlowMode(FloodWait):
    """Telegram asked to wait in this chat; everywhere else the account may go on."""


class DownloadCut(Transient):
    """What arrived is not as long as Telegram had declared. Of a recording that is itself cut off, which no repeat
    changes, the recogniser says `truncated`."""

    default_key = "download_cut"


class EngineDied(Transient):
    """The engine process ended (killed, crashed or out of memory) while it had this job."""

    default_key = "engine_died"


class StoreUnavailable(Transient):
    """The store did not answer; nothing that was acknowledged is lost."""

    default_key = "store_unavailable"


class Refused(StenogramError):
    """Will not work however often it is tried."""

    default_key = "refused"


class Gone(Refused):
    """The message was deleted or the chat left."""

    default_key = "gone"


class Unreadable(Refused):
    """No decodable sound."""

    default_key = "unreadable"


class OverLimit(Refused):
    """Longer (`too_long`) or larger (`too_large`) than the settings allow."""

    default_key = "too_long"


class ModelRefused(Refused):
    """A model that cannot be used."""

    default_key = "model_unknown"


class NotFound(Refused):
    """A name, id or link that leads to nobody."""

    default_key = "not_found"


class CancelledByOwner(Refused):
    """The owner cancelled this job."""

    default_key = "cancelled"


class Permanent(StenogramError):
    """Stop the program."""

    default_key = "permanent"
    exit_code: ClassVar[int] = 1


class Problem(NamedTuple):
    """One setting that cannot be used; `key` names the sentence (texts: "setting.<key>")."""

    key: str
    name: str
    value: str
    expected: str


class SettingsWrong(Permanent):
    """One or more settings cannot be used; `problems` is a tuple of `Problem`, all of them."""

    default_key = "settings"
    exit_code = 78


class NoSession(Permanent):
    """Nobody signed in yet, and no terminal to ask on."""

    default_key = "no_session"
    exit_code = 78


class SignedOut(Permanent):
    """Telegram no longer accepts this session or account."""

    default_key = "signed_out"
    exit_code = 77


class AlreadyRunning(Permanent):
    """Another process or host holds this account."""

    default_key = "already_running"
    exit_code = 75


class DataDirUnusable(Permanent):
    """The data directory cannot be made or written."""

    default_key = "data_dir"
    exit_code = 73


class StoreRefused(Permanent):
    """The store cannot be used at all."""

    default_key = "store_refused"
    exit_code = 69

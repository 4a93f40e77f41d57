"""Point a client at a Telegram on this machine: the one seam that the sandbox needs, and it reaches loopback only.

A session file that the sandbox wrote needs no help: it carries `server_address` and `port` of its own, and
`help.getConfig` names the same address for every data centre. What has no address of its own is a fresh sign-in
and a session string (Kurigram starts both at Telegram's public addresses), and what has no trust yet is a new auth
key (a sign-in, or a file in another data centre), which is made only with a server whose RSA key the client knows.
`STENOGRAM_SANDBOX` names a JSON file with both, written by the sandbox:
`{"host": "127.0.0.1", "port": 1234, "rsa_n": "0x…", "rsa_e": 65537}`.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyrogram.connection import Connection
from pyrogram.crypto import rsa
from pyrogram.raw.core.primitives import Bytes

from transcriber.errors import Problem, SettingsWrong


@dataclass(frozen=True, slots=True)
class Seam:
    """Where a sandbox listens and which key it signs with; made for addresses in 127.0.0.0/8 only."""

    host: str
    port: int
    rsa_n: int
    rsa_e: int

    def __post_init__(self) -> None:
        if not ipaddress.IPv4Address(self.host).is_loopback:
            raise ValueError("a sandbox is on this machine: host must be in 127.0.0.0/8")
        if not 0 < self.port < 65536:
            raise ValueError("port must be 1…65535")

    def apply_to(self, client: Any) -> None:
        """Make every connection of this Kurigram client go to the sandbox; call it before the client connects.

        `connection_factory` is an ordinary argument of Kurigram's Client, called with keywords for each connection
        (main, media, other data centres, new auth key). Whatever address it is given, this one dials the sandbox.
        """
        trust(self.rsa_n, self.rsa_e)
        client.connection_factory = self._connection

    def _connection(self, **arguments: Any) -> Any:
        return Connection(**{**arguments, "server_address": self.host, "port": self.port})


def load(path: Path) -> Seam:
    """Read the file that `STENOGRAM_SANDBOX` names. Raises `SettingsWrong`, also for a host that is not loopback."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Seam(host=found["host"], port=found["port"], rsa_n=int(found["rsa_n"], 16), rsa_e=found["rsa_e"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        problem = Problem("wrong", "STENOGRAM_SANDBOX", str(path), "a file written by the sandbox, host 127.0.0.1")
        raise SettingsWrong(problems=(problem,)) from error


def trust(rsa_n: int, rsa_e: int) -> None:
    """Let clients of this process make auth keys with the server of this RSA key.

    Kurigram keeps the servers it trusts in a module-level dict by fingerprint; adding to it is how a server is added.
    """
    rsa.server_public_keys[fingerprint(rsa_n, rsa_e)] = rsa.PublicKey(rsa_n, rsa_e)


def fingerprint(rsa_n: int, rsa_e: int) -> int:
    """The low 64 bits of the SHA-1 of both numbers as TL bytes (core.telegram.org/mtproto/auth_key), signed."""
    digest = hashlib.sha1(_tl_bytes(rsa_n) + _tl_bytes(rsa_e), usedforsecurity=False).digest()
    return int.from_bytes(digest[-8:], "little", signed=True)


def _tl_bytes(number: int) -> bytes:
    return bytes(Bytes(number.to_bytes((number.bit_length() + 7) // 8, "big")))

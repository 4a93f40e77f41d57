"""The rest of the world, as seen from the container: a place where every attempt to reach it is noticed.

run.sh gives the test a network of its own in which every address leads back to this machine (`ip route add local
default dev lo`). Whoever looks up a name or connects to a server outside, arrives here.
"""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Self

ANYWHERE = "0.0.0.0"  # noqa: S104 - in a network namespace that nobody else is in
NAME_SERVER = "192.0.2.53"  # set apart for documentation; what the container is told to ask
NAMES_PORT = 53
PORTS = (80, 443, 5222, 6379)  # the web, Telegram's own ports, Redis


class Outside:
    """Listens where the world would; `attempts` says who was called."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._servers = [socket.socket() for _ in PORTS]

    def __enter__(self) -> Self:
        for listening in (self._names, *self._servers):
            self._open.enter_context(listening)
            listening.setblocking(False)
        self._names.bind((ANYWHERE, NAMES_PORT))
        for server, port in zip(self._servers, PORTS, strict=True):
            server.bind((ANYWHERE, port))
            server.listen()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def attempts(self) -> list[str]:
        """Names that were looked up and addresses that were called since the last time."""
        return sorted({*self._looked_up(), *self._called()})

    def _looked_up(self) -> list[str]:
        found = []
        while True:
            try:
                found.append(_name(self._names.recv(512)))
            except BlockingIOError:
                return found

    def _called(self) -> list[str]:
        found = []
        for server in self._servers:
            while True:
                try:
                    connection, _ = server.accept()
                except BlockingIOError:
                    break
                with connection:
                    found.append("{}:{}".format(*connection.getsockname()))
        return found


def write_resolver(path: Path) -> Path:
    """An /etc/resolv.conf that asks outside."""
    path.write_text(f"nameserver {NAME_SERVER}\noptions timeout:1 attempts:1\n", encoding="utf-8")
    return path


def _name(question: bytes) -> str:
    # RFC 1035, 4.1.2: after a header of 12 bytes, labels with their length before them, until an empty one.
    labels, at = [], 12
    while at < len(question) and (length := question[at]):
        labels.append(question[at + 1 : at + 1 + length].decode(errors="replace"))
        at += 1 + length
    return ".".join(labels)

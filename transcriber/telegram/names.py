"""What an owner types or pastes to mean a person or a chat, as a username or an id."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,31}")
_LINK = re.compile(r"(?:https?://)?(?:www\.)?(?:t\.me|telegram\.me|telegram\.dog)/(.+)", re.IGNORECASE)
_CHANNEL_ID_OFFSET = -1_000_000_000_000


def parse(text: str) -> str | int | None:
    """A username, a Bot-API style id, or None if the text can be neither (an invitation link, say)."""
    text = text.strip()
    if text.lower().startswith("tg://"):
        return _tg(text)
    if link := _LINK.fullmatch(text):
        return _t_me(link[1].split("?")[0].split("#")[0].strip("/").split("/"))
    if re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
        return int(text) or None
    return _username(text.removeprefix("@"))


def _tg(text: str) -> str | int | None:
    """`tg://user?id=…`, `tg://openmessage?user_id=…` (or `chat_id`), `tg://resolve?domain=…`, `tg://privatepost?channel=…`."""
    parts = urlsplit(text)
    values = {name: found[0] for name, found in parse_qs(parts.query).items()}
    for name in ("id", "user_id", "chat_id", "channel"):
        if (number := values.get(name, "")).isdecimal():
            value = int(number)
            return {"chat_id": -value, "channel": _CHANNEL_ID_OFFSET - value}.get(name, value)
    return _username(values.get("domain", ""))


def _t_me(path: list[str]) -> str | int | None:
    """`t.me/name`, `t.me/name/55`, `t.me/s/name`, `t.me/c/123456789/55`; not `t.me/+hash`, which names nobody."""
    if path[0] in ("c", "s") and len(path) > 1:
        if path[0] == "c":
            return _CHANNEL_ID_OFFSET - int(path[1]) if path[1].isdecimal() else None
        return _username(path[1])
    return _username(path[0])


def _username(text: str) -> str | None:
    return text if _USERNAME.fullmatch(text) else None

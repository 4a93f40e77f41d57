"""The chat that a command about a chat is about: the one it was typed in."""

from __future__ import annotations

from transcriber.chat.rich import clean_name
from transcriber.chat.texts import Texts
from transcriber.domain import ChatKind, Command


def place_name(command: Command, texts: Texts) -> str:
    """What that chat is called."""
    if command.chat_kind is ChatKind.SAVED:  # its title is the owner's own name
        return texts("note.saved")
    return clean_name(command.chat_title) or texts("note.nameless")


def hint(command: Command, everywhere: bool, example: str, texts: Texts) -> list[str]:
    """How to mean all chats: in Saved Messages it is easy to mean them and change only Saved Messages."""
    if everywhere or command.chat_kind is not ChatKind.SAVED:
        return []
    return [texts("answer.for_all", example=example)]

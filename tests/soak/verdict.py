"""What became of it all, counted from Telegram's side."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.soak.answers import Answer, Key, answers
from tests.soak.cast import Cast, Sent
from transcriber.sandbox.server import SandboxServer

GIVEN_UP = "⚠️"


@dataclass
class Verdict:
    """Lists of what went wrong; all empty: nothing did."""

    covered: int = 0
    delivered: int = 0
    shared: int = 0  # messages in which several notes stand
    lost: list[Sent] = field(default_factory=list)
    wrong: list[Sent] = field(default_factory=list)  # one text, but not these words
    twice: list[Sent] = field(default_factory=list)
    given_up: list[Sent] = field(default_factory=list)  # the owner was told, in so many words
    hanging: list[Sent] = field(default_factory=list)  # progress that never ended
    uncalled_for: list[Sent] = field(default_factory=list)  # the rules do not cover them
    leaked: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)  # about no note that was sent

    @property
    def is_good(self) -> bool:
        bad = (self.lost, self.wrong, self.twice, self.hanging, self.uncalled_for, self.leaked, self.unknown)
        return self.delivered == self.covered and not any(bad)

    @property
    def suspects(self) -> list[Sent]:
        """The notes to look at."""
        return [*self.lost, *self.wrong, *self.twice, *self.hanging, *self.uncalled_for]


def judge(srv: SandboxServer, cast: Cast) -> Verdict:
    """Count. A transcript is found by the link or the reply that ties it to its note, then its words are read."""
    verdict = Verdict()
    about, _ = answers(srv)
    places = Counter((one.chat_id, one.message_id) for said in about.values() for one in said)
    verdict.shared = sum(notes > 1 for notes in places.values())
    for key, note in cast.sent.items():
        said = about.pop(key, [])
        if note.place.covered:
            _covered(verdict, note, said)
        elif said:
            verdict.uncalled_for.append(note)
    verdict.unknown = [f"message {key}" for key in about]
    verdict.leaked = list(_leaks(srv, cast))
    return verdict


def pending(srv: SandboxServer, cast: Cast) -> tuple[int, int]:
    """How many covered notes have no transcript yet, and how many of those the program has given up."""
    verdict = judge(srv, cast)
    return verdict.covered - verdict.delivered, len(verdict.given_up)


def _covered(verdict: Verdict, note: Sent, said: list[Answer]) -> None:
    verdict.covered += 1
    failures = [answer for answer in said if GIVEN_UP in answer.text]
    texts = [answer for answer in said if answer.is_final and answer not in failures]
    if any(not answer.is_final for answer in said):
        verdict.hanging.append(note)
    if failures:
        verdict.given_up.append(note)
    if len(texts) > 1:
        verdict.twice.append(note)
    elif not texts:
        verdict.lost.append(note)
    elif not note.clip.is_in(texts[0].text):
        verdict.wrong.append(note)
    else:
        verdict.delivered += 1


def _leaks(srv: SandboxServer, cast: Cast) -> list[str]:
    """Everything the program ever wrote in chats of others that is not the reply it was asked for."""
    allowed: set[Key] = {key for key, note in cast.sent.items() if note.place.replies}
    chats = {chat_id for chat_id, _ in allowed}
    found = []
    for action in srv.actions:
        if action.kind not in ("send", "media", "edit", "reaction", "typing") or action.chat in (None, srv.me.id):
            continue
        answers_one = (action.chat, action.reply_to) in allowed
        if not (answers_one or (action.kind == "typing" and action.chat in chats)):
            found.append(f"{action.kind} in {action.chat}")
    return found

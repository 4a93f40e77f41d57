"""Who is there, and the notes they send: which of them the rules cover, and what has to come of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.soak.answers import Key, key_of
from tests.support.film import film_of
from tests.support.speech import SAMPLES, samples, words_wrong
from transcriber.sandbox.server import SandboxServer
from transcriber.sandbox.world import Tl

SILENCE = "No speech in it."
LONG_OF = 60  # one note in so many is a long one
FILMS_OF = 12
UNPUSHED_OF = 8  # of which no update is sent: only a scan can find it
WRONG_WORDS_SHARE = 0.3  # of a long clip: this small model's own mistakes


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording and what has to be read of it."""

    name: str
    content: bytes
    duration_s: int
    text: str
    is_film: bool = False

    def is_in(self, said: str) -> bool:
        """Whether these words are in what the program said; a long clip may have a few wrong."""
        if len(self.text) < 100:
            return self.text in said
        # With a heading or, in a reply, without one; either may have paragraphs.
        wrong = min(words_wrong(self.text, body) for body in (said, said.partition("\n")[2]))
        return wrong < WRONG_WORDS_SHARE * len(self.text.split())


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody in some chat."""

    who: Tl
    chat: Tl | None  # None: their private chat
    covered: bool
    replies: bool = False  # the transcript belongs into the chat


@dataclass(frozen=True, slots=True)
class Sent:
    """A note as it was sent."""

    key: Key
    at_s: float
    place: Place
    clip: Clip
    message: Tl
    pushed: bool


class Cast:
    """Two tracked people, a tracked chat, one that is answered in, strangers everywhere, and the owner."""

    def __init__(self, srv: SandboxServer, friend: Tl) -> None:
        self.srv = srv
        self.anna = srv.add_user("Anna", "anna")
        eve, mallory = srv.add_user("Eve", "eve"), srv.add_user("Mallory", None)
        self.work = srv.add_supergroup("Work", "work_chat")
        self.club = srv.add_supergroup("Club")
        family, street = srv.add_group("Family"), srv.add_supergroup("Street")
        anna = self.anna
        self.tracked = (friend.id, anna.id, srv.chat_id(self.work), srv.chat_id(self.club))
        self.places = [
            *(Place(friend, None, True), Place(friend, None, True), Place(anna, None, True)),
            *(Place(anna, family, True), Place(anna, street, True), Place(eve, self.work, True)),
            *(Place(mallory, self.work, True), Place(eve, self.club, True, replies=True)),
            *(Place(friend, self.club, True, replies=True), Place(srv.me, None, True)),
            *(Place(eve, None, False), Place(mallory, family, False), Place(eve, street, False)),
            # A tracked person's chat is a tracked chat: there the owner's own notes are covered too.
            *(Place(srv.me, friend, True), Place(srv.me, eve, False)),
        ]
        self.sent: dict[Key, Sent] = {}
        self._others = 0

    def stranger_place(self) -> Place:
        """A tracked person in a chat that nobody has seen before."""
        self._others += 1
        return Place(self.anna, self.srv.add_supergroup(f"Place {self._others}"), True)

    def send(self, at_s: float, choice: int, clips: Sequence[Clip]) -> Sent:
        """A note; `choice` says whose, where, which and whether an update tells of it."""
        place = self.stranger_place() if choice % 97 == 0 else self.places[choice % len(self.places)]
        clip = clips[(choice >> 8) % len(clips)]
        push = (choice >> 4) % UNPUSHED_OF != 0
        deliver = self.srv.deliver_video_note if clip.is_film else self.srv.deliver_voice
        message = deliver(place.who, place.chat, clip.content, clip.duration_s, push=push)
        return self._remember(Sent(key_of(self.srv, message), at_s, place, clip, message, push))

    def forward(self, at_s: float, choice: int) -> Sent | None:
        """A note that was sent before, by somebody to somewhere: the same file once more."""
        if not self.sent:
            return None
        source = list(self.sent.values())[choice % len(self.sent)]
        place = self.places[(choice >> 10) % len(self.places)]
        message = self.srv.deliver(place.who, place.chat, "", media=source.message.media, fwd=True)
        return self._remember(Sent(key_of(self.srv, message), at_s, place, source.clip, message, True))

    def again(self) -> None:
        """The update of the newest note comes a second time."""
        if self.sent:
            self.srv.redeliver(next(reversed(self.sent.values())).message)

    def _remember(self, sent: Sent) -> Sent:
        self.sent[sent.key] = sent
        return sent


def clips(folder: Path) -> tuple[list[Clip], list[Clip]]:
    """The short ones (a video note and a silence among them), and the long ones."""
    short, long = [], []
    for one in samples():
        clip = Clip(one.path.stem, one.path.read_bytes(), max(1, round(one.duration_s)), one.text or SILENCE)
        if one.is_long:
            long.append(clip)
        elif one.path.stem != "noise" and "random" not in one.path.stem:
            short.append(clip)
    film = film_of(SAMPLES / "en_hello.ogg", folder)
    said = next(clip for clip in short if clip.name == "en_hello")
    return [*short, Clip("film", film, said.duration_s, said.text, is_film=True)], long

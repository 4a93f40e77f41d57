"""The words of the program as frozen values: standard library only, no behaviour that waits.

Times named `*_at_s`, `*_until_s`, `not_before_s` are Unix times in seconds; durations are `*_s`; text
offsets are in UTF-16 code units, because that is what Telegram counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ChatKind(StrEnum):
    """What kind of place a message stands in."""

    SAVED = "saved"  # the owner's chat with themselves
    PRIVATE = "private"
    GROUP = "group"  # basic groups and supergroups
    CHANNEL = "channel"  # broadcast channels


class MediaKind(StrEnum):
    """What carries the sound."""

    VOICE = "voice"
    VIDEO_NOTE = "video_note"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"

    @property
    def is_note(self) -> bool:
        """Recorded on the spot to be heard: what the automatic rules cover."""
        return self in (MediaKind.VOICE, MediaKind.VIDEO_NOTE)


class Delivery(StrEnum):
    """Where a transcript goes."""

    PRIVATE = "private"  # Saved Messages
    REPLY = "reply"  # a reply to the note, in its chat, seen by all there
    CAPTION = "caption"  # the caption of the note itself; own notes only


class Listening(StrEnum):
    """What the owner said about one chat or person."""

    DEFAULT = "default"
    TRACKED = "tracked"
    IGNORED = "ignored"


class JobState(StrEnum):
    """Where a job stands. WAITING and RUNNING are open; the others need the owner to go on."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    HELD = "held"  # found while catching up, older than the owner wants transcribed unasked


@dataclass(frozen=True, slots=True)
class Note:
    """A message with sound in it, as much of it as the program needs to know."""

    chat_id: int  # Bot-API style: users positive, groups negative, channels -100…
    message_id: int
    chat_kind: ChatKind
    chat_title: str  # shown to the owner only; never logged
    sender_id: int | None  # None: a channel post
    sender_name: str  # shown to the owner only; never logged
    outgoing: bool  # the owner sent it (in Saved Messages: always True)
    kind: MediaKind
    sent_at_s: float
    duration_s: float  # as declared by the sender; 0 when unknown (documents)
    size_bytes: int  # as declared
    file_id: str  # Telegram's stable file_unique_id: the same for every forward
    chat_username: str | None = None
    view_once: bool = False
    captioned: bool = False  # somebody wrote a caption under it

    @property
    def key(self) -> tuple[int, int]:
        """(chat, message): the identity of a job."""
        return self.chat_id, self.message_id


class FileFormat(StrEnum):
    """What a transcript looks like as a file; the value is the end of its name."""

    TXT = "txt"
    SRT = "srt"  # subtitles


@dataclass(frozen=True, slots=True)
class Request:
    """How the owner asked for a note; the defaults mean "by the rules"."""

    language: str | None = None  # None: the chat's, else detected
    model: str | None = None  # None: the current one
    translate: bool = False  # to English
    as_file: FileFormat | None = None  # None: messages, and a file only of what is too long for them
    on_demand: bool = False  # asked for by hand: ahead of the queue


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech and its words."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was heard. No segments: nothing was said."""

    segments: tuple[Segment, ...]
    language: str  # ISO 639-1
    language_probability: float  # 0…1; 1.0 when the language was given
    duration_s: float  # of the sound itself, measured
    model: str
    took_s: float  # time the engine worked on it

    @property
    def text(self) -> str:
        """All words, in order, single spaces between segments."""
        return " ".join(part for s in self.segments if (part := s.text.strip()))


def known_as(model: str) -> str:
    """The name to show for a model: a folder is known by its name; where it lies is nobody's news."""
    return model.rsplit("/", 1)[-1] if model.startswith("/") else model


@dataclass(frozen=True, slots=True)
class Found:
    """A note in which the words were said that the owner looks for."""

    note: Note
    text: str  # all that was said in it
    marks: tuple[tuple[int, int], ...]  # where the words stand in it: start and end, in characters, in order


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a transcription is: its position in the sound. The engine knows no more; whoever watches it with a
    clock adds how long it has been at work, and how long it will have been in the end if it goes on so."""

    done_s: float
    duration_s: float
    text: str
    elapsed_s: float = 0.0  # of work on this recording: neither waiting nor download
    expected_s: float | None = None  # of the same, for the whole; None: nothing to tell it from

    @property
    def fraction(self) -> float:
        """0…1."""
        return min(1.0, self.done_s / self.duration_s) if self.duration_s > 0 else 0.0


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """What the recogniser is told about one recording."""

    language: str | None = None  # None: detect
    translate: bool = False
    words: str = ""  # names and terms to expect, comma separated
    beam_size: int = 1
    model: str | None = None  # None: the current one


PLACE = -1


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that was delivered for a job: recorded as it is sent, so that no retry repeats it."""

    part: int  # `PLACE`: nothing is sent yet, but this is where part 0 is going to stand
    chat_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class Job:
    """A note to be transcribed, and how far that got. One job per (chat, message), ever."""

    note: Note
    request: Request = Request()
    id: int = 0  # given by the store, small, shown to the owner
    version: int = 0  # given by the store, for compare-and-set
    state: JobState = JobState.WAITING
    run: int = 1  # raised when the owner asks for the note again
    attempts: int = 0  # counted when claimed, never given back: above 1, an earlier one may have shown something
    faults: int = 0  # attempts that ended in a fault of the job's own: what back-off and giving up count
    created_at_s: float = 0.0
    not_before_s: float = 0.0  # back-off: not to be claimed earlier
    owner: str | None = None  # who runs it
    lease_until_s: float = 0.0
    transcript: Transcript | None = None  # kept until delivered, so that a failed delivery costs no engine time
    delivery: Delivery | None = None  # fixed when the first part is sent, so that a retry goes to the same place
    sent: tuple[Sent, ...] = ()
    error: str | None = None  # key of the sentence that says why it failed (texts: "error.<key>")
    finished_at_s: float | None = None

    @property
    def is_quiet(self) -> bool:
        """A file that nobody asked for: many a video has no sound, or no words in it, and nobody wants to be told."""
        return not (self.note.kind.is_note or self.request.on_demand or self.run > 1)


@dataclass(frozen=True, slots=True)
class ChatRules:
    """What the owner decided for one chat or person; None: as everywhere else."""

    chat_id: int
    title: str = ""
    listening: Listening = Listening.DEFAULT
    delivery: Delivery | None = None
    language: str | None = None
    all_sound: bool = False  # audio files, videos and documents too, unasked
    words: str = ""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the owner decided for everything; first values come from the settings."""

    saved: bool = True
    private: bool = False
    groups: bool = False
    mine: bool = False
    delivery: Delivery = Delivery.PRIVATE
    language: str | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused, and what is listed instead of transcribed."""

    max_duration_s: float = 7200
    max_file_bytes: int = 200 * 1024 * 1024
    catch_up_max_age_s: float = 48 * 3600


class SpanKind(StrEnum):
    """Formatting that is ours: a transcript itself is never parsed for markup."""

    BOLD = "bold"
    ITALIC = "italic"
    CODE = "code"
    LINK = "link"
    QUOTE = "quote"  # a collapsed (expandable) block quote


@dataclass(frozen=True, slots=True)
class Span:
    """Formatting of a stretch of text; offset and length in UTF-16 code units."""

    kind: SpanKind
    offset: int
    length: int
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Rich:
    """Text with formatting kept beside it, so that nothing said can become markup."""

    text: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """A message of the owner's that looks like a command; whether it is one, `chat` decides."""

    chat_id: int
    message_id: int
    chat_kind: ChatKind
    chat_title: str
    text: str
    sent_at_s: float
    reply_to: int | None = None  # message id in the same chat


@dataclass(frozen=True, slots=True)
class Pointed:
    """A message that the owner replied to, as far as it leads to notes."""

    notes: tuple[Note, ...] = ()  # itself; of an album every member with sound
    text: str = ""  # what this account wrote there, by hand or by this program; empty for everybody else's
    reply_to: int | None = None  # message id in the same chat


@dataclass(frozen=True, slots=True)
class Peer:
    """A person or chat that a name, id or link turned out to be."""

    id: int
    title: str
    username: str | None = None


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One line of the model catalogue. Sizes in bytes; speed as audio seconds per second, measured here."""

    name: str
    download_bytes: int | None
    memory_bytes: int | None
    present: bool
    speed: float | None = None


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What the engine is doing, for `/status`."""

    model: str
    loaded: bool
    memory_bytes: int | None  # of the engine process; None when it is not running
    speed: float | None  # audio seconds per second, over the last transcriptions
    deaths: int  # engine processes lost since the start


@dataclass(frozen=True, slots=True)
class Lent:
    """A machine that lends its CPU, for `/status`."""

    name: str  # of the machine; shown to the owner only, never logged
    threads: int
    ready: bool  # it has the model, and nothing is wrong with it
    runs: int  # recordings it has in hand


@dataclass(frozen=True, slots=True)
class ConnectionInfo:
    """The state of the link to Telegram, for `/status` and the health file."""

    online: bool
    since_s: float | None  # Unix time of the last change
    reconnects: int
    last_update_at_s: float | None

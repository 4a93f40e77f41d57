"""Anything that may be said or called, for properties; and how Telegram would count and cut it."""

from __future__ import annotations

from hypothesis import strategies as st

from transcriber.chat.rich import sendable
from transcriber.domain import Rich, Segment, SpanKind, Transcript

NASTY = [
    *("Привет, ", "как дела? ", "Hello. ", "He said “Go.” ", "שלום. ", "مرحبا؟ ", "你好。", "नमस्ते। ", "12:05 ", "x"),
    *(
        "😀",
        "👨‍👩‍👧‍👦",
        "👍🏽",
        "🇷🇺",
        "🇩🇪",
        "🇦",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "✍️",
    ),
    *("е́", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙", "a\u030a", "\u0301", "\u200d", "\u200b", "\u200f", "\u202e", "\ufeff", "\u2066"),
    *("\0", "\t", "\r\n", "\x1f", "\x85", "\u2028", "\u00a0", "\u3000", "\n", "\n\n", " ", "  "),
    *("\ud800", "\udfff", "\ud83d", "\U0010ffff", "\ufffe", "...", "…", "!?", "**b** ", "<i>", "@all ", "/t "),
]

pieces = st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=()), max_size=8)
anything = st.lists(pieces, max_size=30).map("".join)
endless = st.builds(
    lambda piece, n: piece * n, st.lists(pieces, min_size=1, max_size=5).map("".join), st.integers(1, 900)
)
anything_long = anything | endless | st.builds(lambda *several: " ".join(several), endless, anything, endless)

times = st.floats(0, 9000, allow_nan=False)
segments = st.lists(st.builds(Segment, times, times, anything | endless), max_size=6).map(tuple)
transcripts = st.builds(
    Transcript,
    segments=segments,
    language=st.sampled_from(["ru", "en", "uk", "", "xx"]),
    language_probability=st.floats(0, 1),
    duration_s=times,
    model=st.sampled_from(["small", "/models/mine", "someone/whisper-large"]),
    took_s=times,
)


def utf16(text: str) -> int:
    """Length as Telegram counts; raises where Telegram could not even be sent the text."""
    return len(text.encode("utf-16-le")) // 2


def letters(text: str) -> str:
    """What must not be lost: everything Telegram would keep, without white space."""
    return "".join(sendable(text).split())


def spanned(rich: Rich) -> list[tuple[SpanKind, str]]:
    """What each span covers, cut out of the text as Telegram would: in UTF-16. Raises inside a character."""
    raw = rich.text.encode("utf-16-le")
    return [(s.kind, raw[s.offset * 2 : (s.offset + s.length) * 2].decode("utf-16-le")) for s in rich.spans]


def check_sound(rich: Rich, limit: int) -> None:
    """Telegram would take this message and change nothing in it."""
    assert 0 < utf16(rich.text) <= limit
    assert rich.text == rich.text.strip() == sendable(rich.text)
    for (_, covered), span in zip(spanned(rich), rich.spans, strict=True):
        assert span.length > 0
        assert 0 <= span.offset <= span.offset + span.length <= utf16(rich.text)
        assert covered == covered.strip()

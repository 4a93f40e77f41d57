from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from tests.corpus import bad
from tests.corpus_headers import wav
from tests.corpus_media import whole
from tests.corpus_ogg import silence
from tests.support.speech import SAMPLES, pcm, sample, samples, write_wav
from transcriber.errors import OverLimit, StenogramError, Unreadable
from transcriber.speech import audio
from transcriber.speech.stretches import RATE


def refusal(path: Path, max_duration_s: float = 3600, cpu_s: float = audio.DECODE_CPU_S) -> str:
    with pytest.raises(StenogramError) as caught:
        list(audio.decode(path, max_duration_s, cpu_s))
    assert isinstance(caught.value, Unreadable | OverLimit)
    return caught.value.key


@pytest.mark.parametrize("clip", samples(), ids=lambda clip: clip.path.stem)
def test_every_clip_has_the_length_it_was_made_with(clip) -> None:  # type: ignore[no-untyped-def]
    assert len(pcm(clip.path)) / RATE == pytest.approx(clip.duration_s, abs=0.05)


def test_a_text_is_unreadable_whatever_it_is_called(tmp_path: Path) -> None:
    for name in ("words.txt", "words.ogg", "words.nfo"):
        (tmp_path / name).write_text("hello, this is not sound\n" * 100)
        assert refusal(tmp_path / name) == "unreadable"


def test_an_empty_file_is_empty(tmp_path: Path) -> None:
    (tmp_path / "note.ogg").touch()
    assert refusal(tmp_path / "note.ogg") == "empty"


def test_a_file_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nothing.ogg") == "unreadable"


@pytest.mark.parametrize("part", [0.02, 0.3, 0.5, 0.999])
def test_an_ogg_cut_off_anywhere_is_truncated(tmp_path: Path, part: float) -> None:
    whole = sample("en_long_60s").path.read_bytes()
    cut = tmp_path / "cut.ogg"
    cut.write_bytes(whole[: int(len(whole) * part)])
    assert refusal(cut) == "truncated"


def test_an_ogg_without_its_end_of_stream_mark_is_heard(tmp_path: Path) -> None:
    whole = sample("en_long_60s").path.read_bytes()
    last_page = whole.rindex(b"OggS")
    path = tmp_path / "browser.ogg"
    path.write_bytes(whole[:last_page])
    assert 50 < len(pcm(path)) / RATE < 61


def test_something_between_two_pages_of_an_ogg_is_stepped_over(tmp_path: Path) -> None:
    whole = sample("en_long_60s").path.read_bytes()
    last_page = whole.rindex(b"OggS")
    path = tmp_path / "tagged.ogg"
    path.write_bytes(whole[:last_page] + b"no page" * 50 + whole[last_page:])
    assert len(pcm(path)) / RATE == pytest.approx(sample("en_long_60s").duration_s, abs=0.1)


@pytest.mark.parametrize("seconds", [0, 0.05])
def test_a_clip_of_no_length_has_no_sound(tmp_path: Path, seconds: float) -> None:
    path = write_wav(tmp_path / "short.wav", np.zeros(int(seconds * RATE), dtype=np.int16))
    assert refusal(path) == "no_sound"


def test_an_ogg_that_ends_after_its_headers_has_no_sound(tmp_path: Path) -> None:
    whole = sample("en_hello").path.read_bytes()
    third_page = whole.index(b"OggS", whole.index(b"OggS", 1) + 1)
    (tmp_path / "headers.ogg").write_bytes(whole[:third_page])
    assert refusal(tmp_path / "headers.ogg") == "no_sound"


def test_a_picture_film_has_no_sound(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "mute.mkv"), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _ in range(10):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), dtype=np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    assert refusal(tmp_path / "mute.mkv") == "no_sound"


def test_more_sound_than_allowed_is_noticed_while_decoding_whatever_the_header_says(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "bomb.wav", np.zeros(120 * RATE, dtype=np.int16))
    header = bytearray(path.read_bytes())
    header[40:44] = b"\xff\xff\xff\xff"  # "as much as there is"
    path.write_bytes(header)
    seen = audio.decode(path, 90)
    assert next(seen) == pytest.approx(60, abs=1)
    with pytest.raises(OverLimit, match="too_long") as caught:
        list(seen)
    assert caught.value.details == {"limit_s": 90}


def test_a_playlist_cannot_make_the_decoder_open_other_files(tmp_path: Path) -> None:
    song = SAMPLES / "en_hello.ogg"
    hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{song}\n#EXT-X-ENDLIST\n"
    for name, text in {
        "list.m3u8": hls,
        "list.ogg": hls,
        "list.ffconcat": f"ffconcat version 1.0\nfile '{song}'\n",
    }.items():
        (tmp_path / name).write_text(text)
        assert refusal(tmp_path / name) == "unreadable"


def encoded(path: Path, codec: str, rate: int, layout: str) -> Path:
    """Two seconds of a tone."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        tone = (np.sin(np.arange(2 * rate) * 440 * 2 * np.pi / rate) * 8000).astype(np.int16)
        channels = 1 if layout == "mono" else 2
        frame = av.AudioFrame.from_ndarray(np.repeat(tone, channels).reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = rate
        for piece in (frame, None):
            container.mux(stream.encode(piece))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "rate", "layout"),
    [
        ("tone.mp3", "libmp3lame", 44100, "stereo"),
        ("tone.m4a", "aac", 44100, "mono"),
        ("tone.mp4", "aac", 48000, "stereo"),
        ("tone.flac", "flac", 22050, "mono"),
        ("tone.webm", "libopus", 48000, "mono"),
        ("tone.wav", "pcm_s24le", 96000, "stereo"),
    ],
)
def test_what_people_send_becomes_mono_at_16_khz(
    tmp_path: Path, name: str, codec: str, rate: int, layout: str
) -> None:
    heard = pcm(encoded(tmp_path / name, codec, rate, layout))
    assert len(heard) / RATE == pytest.approx(2, abs=0.15)
    middle = audio.as_float(heard[RATE // 2 : RATE + RATE // 2])
    spectrum = np.abs(np.fft.rfft(middle))
    assert int(np.argmax(spectrum)) == pytest.approx(440, abs=2)


def test_a_stream_that_changes_in_the_middle_is_heard_to_its_end(tmp_path: Path) -> None:
    first = encoded(tmp_path / "a.aac", "aac", 44100, "stereo")
    second = encoded(tmp_path / "b.aac", "aac", 22050, "mono")
    both = tmp_path / "both.aac"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    assert len(pcm(both)) / RATE == pytest.approx(4, abs=0.3)


def test_a_container_that_cannot_be_followed_further_is_heard_up_to_there(tmp_path: Path) -> None:
    first = encoded(tmp_path / "a.ogg", "libopus", 48000, "mono")
    second = encoded(tmp_path / "b.ogg", "libopus", 48000, "stereo")
    chained = tmp_path / "both.ogg"
    chained.write_bytes(first.read_bytes() + second.read_bytes())
    assert 1.8 < len(pcm(chained)) / RATE < 4.2


def test_damage_in_the_middle_does_not_end_the_recording(tmp_path: Path) -> None:
    path = encoded(tmp_path / "tone.mp3", "libmp3lame", 44100, "stereo")
    damaged = bytearray(path.read_bytes())
    middle = len(damaged) // 2
    damaged[middle : middle + 400] = b"\x55" * 400
    path.write_bytes(damaged)
    assert len(pcm(path)) / RATE == pytest.approx(2, abs=0.4)


def test_a_decoder_that_works_and_works_and_says_nothing_is_stopped(tmp_path: Path) -> None:
    trap = bytearray(whole()["mkv_flac"])
    for at in range(trap.index(b"\x1f\x43\xb6\x75"), len(trap) - 1):  # from the first cluster on
        if trap[at : at + 2] == b"\xff\xf8":  # a frame of FLAC begins: now it does not
            trap[at : at + 2] = b"\x00\x00"
    for name, content in (("trap.mkv", bytes(trap)), ("good.mkv", whole()["mkv_flac"])):
        (tmp_path / name).write_bytes(content)
    assert refusal(tmp_path / "trap.mkv", cpu_s=0) == "unreadable"
    assert refusal(tmp_path / "trap.mkv") == "no_sound", "it is not that one would have to wait long"
    list(audio.decode(tmp_path / "good.mkv", 60, cpu_s=0.1))


def test_tracks_that_appear_on_the_way_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "stream.ts"
    path.write_bytes(bad(3, 691).content)  # bits flipped in its tables; found by the corpus
    assert 0.5 < len(pcm(path)) / RATE < 3


@pytest.mark.parametrize("rate", [1, 999, 2**31 - 1])
def test_a_rate_that_no_recorder_has_is_unreadable(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "odd.wav"
    path.write_bytes(wav(bytes(range(256)) * 100, rate=rate, bits=8))
    assert refusal(path) == "unreadable"


def test_a_recording_of_ten_hours_in_a_few_bytes_ends_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.ogg"
    path.write_bytes(silence(10))
    seen: list[float] = []
    with pytest.raises(OverLimit):
        seen.extend(audio.decode(path, 600))
    assert path.stat().st_size < 1_000_000
    assert seen == sorted(seen)


def test_silence_is_told_from_a_quiet_word() -> None:
    silence = np.zeros(10 * RATE, dtype=np.int16)
    word = silence.copy()
    word[5 * RATE : 6 * RATE : 2] = 120
    assert audio.is_silent(silence)
    assert audio.is_silent(silence + 1)
    assert not audio.is_silent(word)
    assert not audio.is_silent(pcm(sample("noise").path))


def test_the_quietest_moment_is_found() -> None:
    sound = np.full(5 * RATE, 9000, dtype=np.int16)
    sound[3 * RATE : 3 * RATE + RATE // 5] = 3
    assert 3 * RATE <= audio.quietest(sound, RATE, 5 * RATE) <= 3 * RATE + RATE // 5


@pytest.mark.parametrize("checked", [lambda b: b, lambda b: b + b])
def test_a_whole_ogg_is_whole_also_when_it_is_two(checked: Callable[[bytes], bytes]) -> None:
    whole = checked(sample("ru_hello").path.read_bytes())
    file = io.BytesIO(whole)
    audio.check_whole(file)
    assert file.tell() == 0


def test_the_declared_length_is_only_a_hint(tmp_path: Path) -> None:
    assert audio.declared_s(sample("en_long_60s").path) == pytest.approx(60, abs=1)
    (tmp_path / "text.ogg").write_text("nothing")
    assert audio.declared_s(tmp_path / "text.ogg") == 0

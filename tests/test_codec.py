"""Whatever is stored comes back the same, and old and new documents are understood or refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.values import a_full_job, a_job, a_transcript
from transcriber.domain import (
    ChatKind,
    ChatRules,
    Delivery,
    FileFormat,
    Job,
    JobState,
    Listening,
    MediaKind,
    Note,
    Request,
    Segment,
    Sent,
    Transcript,
)
from transcriber.errors import StoreRefused
from transcriber.storage.codec import (
    FORMAT,
    Document,
    job_from_dict,
    job_to_dict,
    note_from_dict,
    note_to_dict,
    pack,
    rules_from_dict,
    rules_to_dict,
    transcript_from_dict,
    transcript_to_dict,
    unpack,
)

# Lone surrogates too: nothing that Telegram or the engine might hand over may break a document.
texts = st.text(st.characters(exclude_categories=()), max_size=20)
ids = st.integers(-(2**63), 2**63 - 1)
reals = st.floats(allow_nan=False, allow_infinity=False)

notes = st.builds(
    Note,
    chat_id=ids,
    message_id=ids,
    chat_kind=st.sampled_from(ChatKind),
    chat_title=texts,
    sender_id=st.none() | ids,
    sender_name=texts,
    outgoing=st.booleans(),
    kind=st.sampled_from(MediaKind),
    sent_at_s=reals,
    duration_s=reals,
    size_bytes=ids,
    file_id=texts,
    chat_username=st.none() | texts,
    view_once=st.booleans(),
    captioned=st.booleans(),
)
requests = st.builds(
    Request,
    language=st.none() | texts,
    model=st.none() | texts,
    translate=st.booleans(),
    as_file=st.none() | st.sampled_from(FileFormat),
    on_demand=st.booleans(),
)
transcripts = st.builds(
    Transcript,
    segments=st.lists(st.builds(Segment, reals, reals, texts), max_size=4).map(tuple),
    language=texts,
    language_probability=reals,
    duration_s=reals,
    model=texts,
    took_s=reals,
)
jobs = st.builds(
    Job,
    note=notes,
    request=requests,
    id=ids,
    version=ids,
    state=st.sampled_from(JobState),
    run=ids,
    attempts=ids,
    faults=ids,
    created_at_s=reals,
    not_before_s=reals,
    owner=st.none() | texts,
    lease_until_s=reals,
    transcript=st.none() | transcripts,
    delivery=st.none() | st.sampled_from(Delivery),
    sent=st.lists(st.builds(Sent, ids, ids, ids), max_size=3).map(tuple),
    error=st.none() | texts,
    finished_at_s=st.none() | reals,
)
rules = st.builds(
    ChatRules,
    chat_id=ids,
    title=texts,
    listening=st.sampled_from(Listening),
    delivery=st.none() | st.sampled_from(Delivery),
    language=st.none() | texts,
    all_sound=st.booleans(),
    words=texts,
)


@given(jobs)
def test_a_job_comes_back_the_same(job: Job) -> None:
    assert unpack(pack(job_to_dict(job)), job_from_dict) == job


@given(notes)
def test_a_note_comes_back_the_same(note: Note) -> None:
    assert unpack(pack(note_to_dict(note)), note_from_dict) == note


@given(transcripts)
def test_a_transcript_comes_back_the_same(transcript: Transcript) -> None:
    assert unpack(pack(transcript_to_dict(transcript)), transcript_from_dict) == transcript


@given(rules)
def test_rules_come_back_the_same(rules: ChatRules) -> None:
    assert unpack(pack(rules_to_dict(rules)), rules_from_dict) == rules


@given(jobs)
def test_a_document_is_one_line_of_ascii(job: Job) -> None:
    text = pack(job_to_dict(job))
    assert text.isascii()
    assert "\n" not in text


def test_the_stored_form_is_exactly_this() -> None:
    """What is on people's disks: a change here needs a way to read what was written before it."""
    assert json.loads(pack(job_to_dict(a_full_job()))) == {
        "v": 1,
        "note": {
            "chat_id": -1_002_147_483_647,
            "message_id": 2_147_483_647,
            "chat_kind": "channel",
            "chat_title": 'Ёлка "quoted"\n🎄',
            "sender_id": None,
            "sender_name": "Friend",
            "outgoing": False,
            "kind": "voice",
            "sent_at_s": 1_700_000_000.0,
            "duration_s": 0.30000000000000004,
            "size_bytes": 20_000,
            "file_id": "file-2147483647",
            "chat_username": "yolka",
            "view_once": True,
            "captioned": True,
        },
        "request": {"language": "ru", "model": "tiny", "translate": True, "as_file": "txt", "on_demand": True},
        "id": 0,
        "version": 0,
        "state": "held",
        "run": 2,
        "attempts": 3,
        "faults": 1,
        "created_at_s": 1_700_000_000.123456,
        "not_before_s": 1_700_000_001.654321,
        "owner": "host:1",
        "lease_until_s": 1_700_000_060.1,
        "transcript": {
            "segments": [[0.0, 1.0, "Привет,"], [1.0, 2.0, "мир"]],
            "language": "en",
            "language_probability": 0.75,
            "duration_s": 2.0,
            "model": "small",
            "took_s": 0.1,
        },
        "delivery": "reply",
        "sent": [[0, 77, 5], [1, -100, 6]],
        "error": "unreadable",
        "finished_at_s": 1_700_000_099.9,
    }


def with_news(document: Document) -> Document:
    """The document as a later program of the same format might write it: keys that are not known here."""
    return {key: with_news(value) if isinstance(value, dict) else value for key, value in document.items()} | {
        "mood": ["new"]
    }


@given(jobs)
def test_keys_that_are_not_known_are_skipped(job: Job) -> None:
    assert unpack(pack(with_news(job_to_dict(job))), job_from_dict) == job


def test_lists_that_have_grown_are_read_as_far_as_they_are_known() -> None:
    job = a_job(1, transcript=a_transcript("hello"), sent=(Sent(0, 1, 2),))
    document = job_to_dict(job)
    document["sent"][0].append("new")
    document["transcript"]["segments"][0].append("new")
    assert unpack(pack(document), job_from_dict) == job


def test_keys_that_are_missing_take_what_they_were_before_they_existed() -> None:
    job = a_job(1, created_at_s=0.0)
    note = note_to_dict(job.note)
    del note["chat_username"], note["view_once"], note["captioned"]
    assert unpack(pack({"note": note}), job_from_dict) == job
    assert unpack(pack({"chat_id": 5}), rules_from_dict) == ChatRules(5)


@pytest.mark.parametrize(("written", "meant"), [(True, FileFormat.TXT), (False, None)])
def test_a_wish_for_a_file_from_before_there_were_kinds_means_text(written: bool, meant: FileFormat | None) -> None:
    old = job_to_dict(a_job(1))
    old["request"] = {"language": "ru", "model": None, "translate": False, "as_file": written, "on_demand": True}
    assert unpack(pack(old), job_from_dict).request == Request(language="ru", as_file=meant, on_demand=True)


def test_a_document_of_a_newer_format_is_refused() -> None:
    newer = json.dumps({**job_to_dict(a_job(1)), "v": FORMAT + 1})
    with pytest.raises(StoreRefused) as caught:
        unpack(newer, job_from_dict)
    assert caught.value.key == "store_newer"


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "null", "[]", "7", '"a"', "{}", '{"v": null}', '{"v": 1}', '{"v": 1, "note": 5}'),
        pack({**job_to_dict(a_job(1)), "state": "dreaming"}),
        pack({**job_to_dict(a_job(1)), "sent": [[1]]}),
        pack({**job_to_dict(a_job(1)), "transcript": {"segments": 5}}),
    ],
)
def test_a_document_that_makes_no_sense_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(StoreRefused) as caught:
        unpack(text, job_from_dict)
    assert caught.value.key == "store_damaged"
    assert caught.value.details == {"what": "job"}

"""The one way by which a client is pointed at a sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrogram import Client
from pyrogram.crypto import rsa

from transcriber.errors import SettingsWrong
from transcriber.sandbox.server import SandboxServer
from transcriber.telegram.sandbox_seam import Seam, fingerprint, load, trust

GOOD = {"host": "127.0.0.1", "port": 1234, "rsa_n": "0x123456789", "rsa_e": 65537}


def test_fingerprints_are_those_that_telegrams_own_keys_have() -> None:
    known = {number: key for number, key in rsa.server_public_keys.items() if key.m.bit_length() == 2048}
    assert len(known) >= 5
    assert {fingerprint(key.m, key.e) for key in known.values()} == set(known)


def test_the_file_that_the_server_writes_leads_to_it(tmp_path: Path) -> None:
    server = SandboxServer(port=4321)
    assert load(server.write_seam_file(tmp_path / "sandbox.json")) == server.seam


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "149.154.167.51"},
        {"host": "0.0.0.0"},  # noqa: S104 - refused, which is the point
        {"host": "192.168.1.2"},
        {"host": "example.org"},
        {"host": "::1"},
        {"host": None},
        {"port": 0},
        {"port": 65536},
        {"port": "http"},
        {"rsa_n": "no number"},
        {"rsa_n": 5},
    ],
)
def test_anything_but_a_sandbox_on_loopback_is_a_wrong_setting(tmp_path: Path, wrong: dict[str, object]) -> None:
    path = tmp_path / "sandbox.json"
    path.write_text(json.dumps({**GOOD, **wrong}))
    with pytest.raises(SettingsWrong) as caught:
        load(path)
    assert caught.value.details["problems"][0].name == "STENOGRAM_SANDBOX"  # type: ignore[index]


@pytest.mark.parametrize("content", ["", "[]", "{}", "7"])
def test_a_file_that_is_none_of_ours_is_a_wrong_setting(tmp_path: Path, content: str) -> None:
    path = tmp_path / "sandbox.json"
    path.write_text(content)
    with pytest.raises(SettingsWrong):
        load(path)
    with pytest.raises(SettingsWrong):
        load(tmp_path / "missing.json")


@given(st.ip_addresses(v=4).filter(lambda address: not address.is_loopback))
def test_no_seam_leads_outside_loopback(address: object) -> None:
    with pytest.raises(ValueError, match="127"):
        Seam(str(address), 443, 1, 1)


async def test_every_connection_of_a_pointed_client_dials_the_sandbox_and_no_other_key_is_forgotten(
    tmp_path: Path,
) -> None:
    before = set(rsa.server_public_keys)
    seam = Seam("127.0.0.1", 4321, 0xABCDEF, 65537)
    client = Client("pointed", workdir=tmp_path)
    seam.apply_to(client)
    connection = client.connection_factory(dc_id=4, server_address="149.154.167.91", port=443, test_mode=False)
    assert (connection.server_address, connection.port) == ("127.0.0.1", 4321)
    assert set(rsa.server_public_keys) == before | {fingerprint(0xABCDEF, 65537)}
    trust(0xABCDEF, 65537)
    assert len(rsa.server_public_keys) == len(before) + 1

"""Digests and the MTProto 2.0 envelope (core.telegram.org/mtproto/description)."""

from __future__ import annotations

import hashlib
import os

from pyrogram.crypto import aes

CLIENT = 0  # offset into the auth key for packets from the client…
SERVER = 8  # …and for ours


def sha1(data: bytes) -> bytes:
    return hashlib.sha1(data).digest()


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def key_id(auth_key: bytes) -> bytes:
    """The low 64 bits of its SHA-1: how a packet names its key."""
    return sha1(auth_key)[-8:]


def seal(auth_key: bytes, payload: bytes) -> bytes:
    """Encrypt what the server says into one packet."""
    padded = payload + os.urandom(-(len(payload) + 12) % 16 + 12)
    message_key = _message_key(auth_key, padded, SERVER)
    key, iv = _derive(auth_key, message_key, SERVER)
    return key_id(auth_key) + message_key + bytes(aes.ige256_encrypt(padded, key, iv))


def unseal(auth_key: bytes, packet: bytes) -> bytes | None:
    """Decrypt what a client said; None if the packet is not genuine."""
    message_key = packet[8:24]
    key, iv = _derive(auth_key, message_key, CLIENT)
    padded = bytes(aes.ige256_decrypt(packet[24:], key, iv))
    return padded if _message_key(auth_key, padded, CLIENT) == message_key else None


def _message_key(auth_key: bytes, padded: bytes, x: int) -> bytes:
    return sha256(auth_key[88 + x : 120 + x] + padded)[8:24]


def _derive(auth_key: bytes, message_key: bytes, x: int) -> tuple[bytes, bytes]:
    a = sha256(message_key + auth_key[x : x + 36])
    b = sha256(auth_key[x + 40 : x + 76] + message_key)
    return a[:8] + b[8:24] + a[24:], b[:8] + a[8:24] + b[24:]

"""Making an auth key with a client: RSA, then Diffie-Hellman (core.telegram.org/mtproto/auth_key)."""

from __future__ import annotations

import io
import os
import time
from dataclasses import dataclass
from typing import Any

from pyrogram.crypto import aes, prime
from pyrogram.raw import functions as f
from pyrogram.raw import types as t
from pyrogram.raw.core import TLObject

from transcriber.sandbox.crypto import sha1

DH_PRIME: int = prime.CURRENT_DH_PRIME
DH_PRIME_BYTES = DH_PRIME.to_bytes(256, "big")
DH_G = 3
PQ = 1229739323 * 1402015859  # any two 31-bit primes: the client has to take them apart


@dataclass(frozen=True, slots=True)
class RsaKey:
    """The key by which clients know this server."""

    n: int
    e: int
    d: int

    @classmethod
    def of_primes(cls, p: int, q: int, e: int = 65537) -> RsaKey:
        return cls(p * q, e, pow(e, -1, (p - 1) * (q - 1)))


# Fixed and public on purpose: it protects nothing. A client trusts it only when it was pointed at loopback.
SANDBOX_KEY = RsaKey.of_primes(
    int(
        "fc51ddcb1e1cd57dd503a2f0d9b8ce40b547a6517cabcefacfe543dac25c0375"
        "40f26c3a13c75f23df9cc85f1327fd945f42e4934977bc33a613543ec962ac96"
        "62204dba5a2517a3319fc5803fb166e2113e84b0016de2229832fb764ff71096"
        "2028ef7469d6239b15e16e9dee07a2f301adb9587872b224f95703d966f2a723",
        16,
    ),
    int(
        "f5f695a56bb210884e548929fd4dd117a4b426f95241857ede596bc7c4e4f153"
        "09eac99c229fa168eac450d0336cfe06aa8aa315636f0abcde5abe2344ae4ee4"
        "1e464c1996b2a1850f7cc927a01417fefc202d0ebce3d29a071ff9f4a6feb9f4"
        "fc5a38ec2a0f4ec4384149f136bffeaabdec246536ef21c71e26d553df90b457",
        16,
    ),
)


class HandshakeFailed(Exception):
    """The client broke the protocol; its connection is closed."""


class Handshake:
    """One client's three steps towards a key."""

    def __init__(self, rsa: RsaKey, fingerprint: int) -> None:
        self._rsa = rsa
        self._fingerprint = fingerprint
        self._server_nonce = b""
        self._new_nonce = b""
        self._secret = 0
        self._key = b""
        self._iv = b""

    def step(self, query: Any) -> tuple[Any, tuple[bytes, int] | None]:
        """Answer one step; the last one also gives (auth key, first salt)."""
        if isinstance(query, (f.ReqPqMulti, f.ReqPq)):
            return self._offer_pq(query), None
        if isinstance(query, f.ReqDHParams):
            return self._offer_dh(query), None
        if isinstance(query, f.SetClientDHParams):
            return self._agree(query)
        raise HandshakeFailed(type(query).__name__)

    def _offer_pq(self, query: Any) -> Any:
        self._server_nonce = os.urandom(16)
        return t.ResPQ(
            nonce=query.nonce,
            server_nonce=int.from_bytes(self._server_nonce, "little", signed=True),
            pq=PQ.to_bytes(8, "big"),
            server_public_key_fingerprints=[self._fingerprint],
        )

    def _offer_dh(self, query: Any) -> Any:
        opened = pow(int.from_bytes(query.encrypted_data, "big"), self._rsa.d, self._rsa.n).to_bytes(256, "big")[1:]
        inner: Any = TLObject.read(io.BytesIO(opened[20:]))
        if opened[:20] != sha1(inner.write()):
            raise HandshakeFailed("hash of p_q_inner_data")
        new, server = inner.new_nonce.to_bytes(32, "little", signed=True), self._server_nonce
        self._new_nonce = new
        self._key = sha1(new + server) + sha1(server + new)[:12]
        self._iv = sha1(server + new)[12:] + sha1(new + new) + new[:4]
        self._secret = int.from_bytes(os.urandom(256), "big")
        answer = t.ServerDHInnerData(
            nonce=query.nonce,
            server_nonce=query.server_nonce,
            g=DH_G,
            dh_prime=DH_PRIME_BYTES,
            g_a=pow(DH_G, self._secret, DH_PRIME).to_bytes(256, "big"),
            server_time=int(time.time()),
        ).write()
        plain = sha1(answer) + answer
        plain += os.urandom(-len(plain) % 16)
        return t.ServerDHParamsOk(
            nonce=query.nonce,
            server_nonce=query.server_nonce,
            encrypted_answer=aes.ige256_encrypt(plain, self._key, self._iv),
        )

    def _agree(self, query: Any) -> tuple[Any, tuple[bytes, int]]:
        plain = aes.ige256_decrypt(query.encrypted_data, self._key, self._iv)
        inner: Any = TLObject.read(io.BytesIO(plain[20:]))
        auth_key = pow(int.from_bytes(inner.g_b, "big"), self._secret, DH_PRIME).to_bytes(256, "big")
        salt = int.from_bytes(aes.xor(self._new_nonce[:8], self._server_nonce[:8]), "little", signed=True)
        proof = sha1(self._new_nonce + b"\x01" + sha1(auth_key)[:8])[4:]
        done = t.DhGenOk(
            nonce=query.nonce,
            server_nonce=query.server_nonce,
            new_nonce_hash1=int.from_bytes(proof, "little", signed=True),
        )
        return done, (auth_key, salt)

"""Signing in and out, data centres, the two-step password, the account itself."""

# ruff: noqa: ARG001 - every handler takes (server, connection, query), whichever of them it needs

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyrogram.crypto import aes
from pyrogram.raw import types as t

from transcriber.sandbox.crypto import sha256
from transcriber.sandbox.faults import RpcError
from transcriber.sandbox.handshake import DH_G, DH_PRIME, DH_PRIME_BYTES
from transcriber.sandbox.rpc import answers
from transcriber.sandbox.wire import Body, boolean
from transcriber.sandbox.world import HOME_DC, Tl

if TYPE_CHECKING:
    from transcriber.sandbox.server import SandboxServer
    from transcriber.sandbox.wire import Conn

G_BYTES = DH_G.to_bytes(256, "big")
DATA_CENTRES = (1, 2, 3, 4, 5)
EXPORTED = b"exported"
# Numbers of help.getConfig that no client here looks at, but that have no default.
CONFIG_FILLERS = (
    "chat_size_max",
    "megagroup_size_max",
    "forwarded_count_max",
    "online_update_period_ms",
    "offline_blur_timeout_ms",
    "offline_idle_timeout_ms",
    "online_cloud_timeout_ms",
    "notify_cloud_delay_ms",
    "notify_default_delay_ms",
    "push_chat_period_ms",
    "push_chat_limit",
    "edit_time_limit",
    "revoke_time_limit",
    "revoke_pm_time_limit",
    "rating_e_decay",
    "stickers_recent_limit",
    "channels_read_media_period",
    "call_receive_timeout_ms",
    "call_ring_timeout_ms",
    "call_connect_timeout_ms",
    "call_packet_timeout_ms",
)


@answers("help.GetConfig")
def get_config(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    now = int(time.time())
    fillers: dict[str, int] = dict.fromkeys(CONFIG_FILLERS, 200)
    return t.Config(
        date=now,
        expires=now + 3600,
        test_mode=False,
        this_dc=HOME_DC,
        dc_options=[t.DcOption(id=dc, ip_address=srv.host, port=srv.port) for dc in DATA_CENTRES],
        dc_txt_domain_name="",
        me_url_prefix="https://t.me/",
        caption_length_max=1024,
        message_length_max=4096,
        webfile_dc_id=4,
        **fillers,
    )


@answers("help.GetNearestDc")
def get_nearest_dc(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    return t.NearestDc(country="ZZ", this_dc=HOME_DC, nearest_dc=HOME_DC)


@answers("auth.SendCode", "auth.ResendCode")
def send_code(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    if q.phone_number.lstrip("+") != srv.account.phone:
        raise RpcError(400, "PHONE_NUMBER_INVALID")
    kind = t.auth.SentCodeTypeApp(length=len(srv.account.code))
    return t.auth.SentCode(type=kind, phone_code_hash="hash-of-the-code")


@answers("auth.SignIn")
def sign_in(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    if q.phone_code != srv.account.code:
        raise RpcError(400, "PHONE_CODE_INVALID")
    return _authorize(srv, conn, "code")


@answers("auth.ExportLoginToken")
def export_login_token(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    if srv.account.qr_accepted:
        return t.auth.LoginTokenSuccess(authorization=_authorize(srv, conn, "qr"))
    return t.auth.LoginToken(expires=int(time.time()) + 30, token=os.urandom(16))


@answers("auth.LogOut")
def log_out(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    conn.auth.user_id = None
    srv.record("logout")
    return t.auth.LoggedOut()


@answers("auth.ExportAuthorization")
def export_authorization(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    return t.auth.ExportedAuthorization(id=srv.me.id, bytes=EXPORTED)


@answers("auth.ImportAuthorization")
def import_authorization(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    if q.bytes != EXPORTED:
        raise RpcError(400, "AUTH_BYTES_INVALID")
    conn.auth.user_id = srv.me.id
    conn.session.media = True
    return t.auth.Authorization(user=srv.me)


def _authorize(srv: SandboxServer, conn: Conn, how: str) -> Tl:
    """The first factor was right: sign in, or ask for the password."""
    if srv.account.password:
        conn.auth.pending_2fa = True
        raise RpcError(401, "SESSION_PASSWORD_NEEDED")
    return _signed_in(srv, conn, how)


def _signed_in(srv: SandboxServer, conn: Conn, how: str) -> Tl:
    conn.auth.user_id, conn.auth.pending_2fa = srv.me.id, False
    conn.session.subscribed = True
    srv.record("login", extra={"how": how})
    return t.auth.Authorization(user=srv.me)


# The two-step password: SRP 6a (core.telegram.org/api/srp)
ALGORITHM = t.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow(
    salt1=b"salt-one" + bytes(8), salt2=b"salt-two" + bytes(8), g=DH_G, p=DH_PRIME_BYTES
)


@dataclass(frozen=True, slots=True)
class Srp:
    """One challenge."""

    id: int
    verifier: int
    secret: int
    public: bytes

    @classmethod
    def of(cls, password: str) -> Srp:
        verifier = pow(DH_G, int.from_bytes(_password_hash(password), "big"), DH_PRIME)
        k = int.from_bytes(sha256(DH_PRIME_BYTES + G_BYTES), "big")
        secret = int.from_bytes(os.urandom(256), "big")
        public = (k * verifier + pow(DH_G, secret, DH_PRIME)) % DH_PRIME
        number = int.from_bytes(os.urandom(7), "big")
        return cls(number, verifier, secret, public.to_bytes(256, "big"))

    def proof(self, client_public: bytes) -> bytes:
        """What only a client that knows the password can send."""
        u = int.from_bytes(sha256(client_public + self.public), "big")
        base = int.from_bytes(client_public, "big") * pow(self.verifier, u, DH_PRIME)
        shared = pow(base, self.secret, DH_PRIME).to_bytes(256, "big")
        return sha256(
            bytes(aes.xor(sha256(DH_PRIME_BYTES), sha256(G_BYTES)))
            + sha256(ALGORITHM.salt1)
            + sha256(ALGORITHM.salt2)
            + client_public
            + self.public
            + sha256(shared)
        )


def _password_hash(password: str) -> bytes:
    first = sha256(ALGORITHM.salt1 + password.encode() + ALGORITHM.salt1)
    second = sha256(ALGORITHM.salt2 + first + ALGORITHM.salt2)
    slow = hashlib.pbkdf2_hmac("sha512", second, ALGORITHM.salt1, 100_000)
    return sha256(ALGORITHM.salt2 + slow + ALGORITHM.salt2)


@answers("account.GetPassword")
def get_password(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    common = {
        "new_algo": ALGORITHM,
        "new_secure_algo": t.SecurePasswordKdfAlgoPBKDF2HMACSHA512iter100000(salt=bytes(8)),
        "secure_random": os.urandom(16),
    }
    if not srv.account.password:
        return t.account.Password(**common)
    srv.srp = Srp.of(srv.account.password)
    return t.account.Password(
        has_password=True,
        current_algo=ALGORITHM,
        srp_B=srv.srp.public,
        srp_id=srv.srp.id,
        hint="hint",
        **common,
    )


@answers("auth.CheckPassword")
def check_password(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    if srv.srp is None or q.password.srp_id != srv.srp.id:
        raise RpcError(400, "SRP_ID_INVALID")
    if srv.srp.proof(q.password.A) != q.password.M1:
        raise RpcError(400, "PASSWORD_HASH_INVALID")
    return _signed_in(srv, conn, "password")


@answers("account.UpdateStatus")
def update_status(srv: SandboxServer, conn: Conn, q: Any) -> Body:
    return boolean(True)


@answers("account.GetAuthorizations")
def get_authorizations(srv: SandboxServer, conn: Conn, q: Any) -> Tl:
    return t.account.Authorizations(authorization_ttl_days=180, authorizations=[])

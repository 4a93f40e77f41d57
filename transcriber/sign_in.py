"""The verbs `login` and `logout`, and what `run` does about a session before anything connects."""

from __future__ import annotations

import secrets

from config.settings import Settings
from transcriber.chat.texts import Texts
from transcriber.clock import SystemClock
from transcriber.data_dir import prepare
from transcriber.errors import NoSession
from transcriber.telegram import login as signing_in
from transcriber.telegram import sandbox_seam
from transcriber.telegram.client import MakeClient, make_client
from transcriber.telegram.lock import InstanceLock, holder_id
from transcriber.telegram.session import SessionFile
from transcriber.telegram.terminal import ConsoleTerminal


def clients(settings: Settings, session: SessionFile) -> MakeClient:
    """Makes clients on this session file, one per call."""
    seam = sandbox_seam.load(settings.sandbox) if settings.sandbox else None
    return lambda: make_client(session, api_id=settings.api_id, api_hash=settings.api_hash, seam=seam)


async def ensure(settings: Settings, texts: Texts, session: SessionFile) -> None:
    """Have a session to run with: the file, else the session string, else ask at the terminal. Raises `NoSession`
    where there is nobody to ask."""
    if session.exists():
        return
    if settings.session_string:
        await session.import_string(settings.session_string, settings.api_id)
        return
    if not ConsoleTerminal().interactive:
        raise NoSession()
    await _lead(settings, texts, session, by_phone=False)


async def login(settings: Settings, texts: Texts, *, if_needed: bool, by_phone: bool) -> int:
    """Sign in at the terminal; with `if_needed` do nothing where a session is there already."""
    data_dir = prepare(settings.data_dir)
    with InstanceLock(data_dir, SystemClock(), holder_id(secrets.token_hex(4))):
        session = SessionFile(data_dir)
        if if_needed and (session.exists() or settings.session_string):
            return 0
        await _lead(settings, texts, session, by_phone=by_phone)
    return 0


async def logout(settings: Settings, texts: Texts) -> int:
    """End the session at Telegram and remove its file."""
    data_dir = prepare(settings.data_dir)
    with InstanceLock(data_dir, SystemClock(), holder_id(secrets.token_hex(4))):
        session = SessionFile(data_dir)
        if session.exists():
            ConsoleTerminal().say(texts("login.connecting"))
        was_signed_in = await signing_in.logout(session, clients(settings, session))
    ConsoleTerminal().say(texts("cli.logged_out" if was_signed_in else "cli.not_signed_in"))
    return 0


async def _lead(settings: Settings, texts: Texts, session: SessionFile, *, by_phone: bool) -> None:
    steps = signing_in.Login(session, clients(settings, session), ConsoleTerminal(), texts)
    await steps.run(by_phone=by_phone, phone=settings.phone_number)

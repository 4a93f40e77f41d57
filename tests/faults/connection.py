"""No state in which the program is up, deaf, and says that it is well."""

from __future__ import annotations

import asyncio
import time

from tests.faults.fault import Fault
from tests.faults.scene import CALL, HELLO, MEET, RUSSIAN, Scene
from transcriber.sandbox.faults import RpcError

WATCHDOG_S = "the watchdog asks every 30 s and gives 15 s for the answer"


async def reset(at: Scene) -> None:
    """The connection is reset and a note stored before the client is back; its text comes."""
    await at.start()
    at.srv.drop(rst=True)
    at.note(push=False)
    await at.line("⚠️ Disconnected")


async def closed(at: Scene) -> None:
    """The connection is closed in good order and a note stored before the client is back; its text comes."""
    await at.start()
    at.srv.drop()
    at.note(push=False)
    await at.line("⚠️ Disconnected")


async def dropped_again_and_again(at: Scene) -> None:
    """Six drops, one a second, a note with each; six texts."""
    await at.start()
    for clip in (HELLO, CALL, MEET, RUSSIAN, HELLO, CALL):
        at.srv.drop(rst=True)
        at.note(clip)
        await asyncio.sleep(1)


async def refused(at: Scene) -> None:
    """The port is closed for 12 s: `check` turns bad within a second, and good again; the note sent meanwhile comes;
    at most 20 lines are written."""
    await at.start()
    lines = len(at.program.lines)
    at.srv.refuse()
    at.srv.drop()
    at.note()
    await at.healthy(False, within=2)
    await asyncio.sleep(12)
    await at.srv.accept()
    await at.transcribed()
    assert len(at.program.lines) - lines <= 20


async def black_hole(at: Scene) -> None:
    """Packets are read and never answered for 20 s: `check` turns bad within that time, and good again afterwards."""
    await at.start()
    at.srv.black_hole()
    began_s = time.monotonic()
    at.note()
    await at.healthy(False, within=20)
    await asyncio.sleep(max(0.0, 20 - (time.monotonic() - began_s)))
    at.srv.black_hole(False)
    await at.transcribed()


async def pings_but_no_calls(at: Scene) -> None:
    """Pings are answered, calls are not: `check` turns bad within 60 s, and good again when calls are answered."""
    await at.start()
    at.srv.on_rpc("*", "ignore", times=-1)
    at.note(push=False)
    await at.healthy(False, within=60)
    at.srv.clear_faults()
    await at.transcribed()


async def no_pushes(at: Scene) -> None:
    """After a reset the server pushes nothing for a while, though it answers: the note stored meanwhile is found
    by the look that follows every reconnect."""
    await at.start()
    for clip in (HELLO, CALL):
        at.note(clip, push=False)
    at.srv.drop(rst=True)
    await at.transcribed()


async def clock_set_ahead(at: Scene) -> None:
    """An hour is added to the machine's clock, which Telegram would refuse to listen to; then two notes are sent, of
    which no update tells of one. Both texts come."""
    clock = at.clock()
    await at.start()
    clock.set(3600)
    for clip, push in ((HELLO, True), (CALL, False)):
        at.note(clip, push=push)
    await at.transcribed(within=120)


async def clock_set_back(at: Scene) -> None:
    """An hour is taken from the machine's clock, then two notes are sent, of which no update tells of one. Both texts
    come."""
    clock = at.clock()
    await at.start()
    clock.set(-3600)
    for clip, push in ((HELLO, True), (CALL, False)):
        at.note(clip, push=push)
    await at.transcribed(within=120)


async def clock_years_off(at: Scene) -> None:
    """Started with the clock four days ahead, after a note was missed, and again with one from ten years ago, as on a
    machine that has no battery for its clock: it connects at once, and takes the notes missed for what they are."""
    clock = at.clock()
    await at.start()
    for off_s, clip in ((4 * 86400, HELLO), (-10 * 365 * 86400, CALL)):
        await at.stop()
        clock.set(off_s)
        at.note(clip, push=False)
        await at.start()
        await at.transcribed()


async def clock_set_back_during_a_backoff(at: Scene) -> None:
    """Fetching a note fails, so it waits for another try, by a clock that is two hours ahead; the program is killed
    and the clock set right. The text comes after the next start."""
    clock = at.clock()
    clock.set(7200)
    await at.start()
    at.srv.on_rpc("upload.GetFile", RpcError(500, "INTERNAL"), times=-1)
    at.note()
    await at.line("put back")
    await at.kill()
    clock.set(0)
    at.srv.clear_faults()
    await at.start()
    await at.transcribed()


async def revoked_idle(at: Scene) -> None:
    """The session is revoked from another device while nothing happens: 77 within 60 s, and one clear sentence."""
    await at.start()
    at.srv.kill_auth("SESSION_REVOKED")
    assert "revoked" in await at.ends(77, within=60)
    assert not at.on.session_file.exists()


async def revoked_at_reconnect(at: Scene) -> None:
    """The session is revoked and the connection reset: 77 within 60 s, and few connections are tried with it."""
    await at.start()
    opened = sum(event.kind == "open" for event in at.srv.events)
    at.srv.kill_auth("AUTH_KEY_UNREGISTERED")
    at.srv.drop(rst=True)
    await at.ends(77, within=60)
    assert sum(event.kind == "open" for event in at.srv.events) - opened < 60


async def duplicated(at: Scene) -> None:
    """Telegram says that the key is used from two addresses, on the next call: 77, and the sentence says why."""
    await at.start()
    at.srv.kill_auth("AUTH_KEY_DUPLICATED")
    at.stray()
    assert "two addresses" in await at.ends(77, within=60)


async def key_unknown_idle(at: Scene) -> None:
    """The server forgets the key while nothing happens (transport error -404): `check` turns bad within 60 s, and it
    ends with 77 when a second client is told the same."""
    await at.start()
    at.srv.kill_auth("FORGET")
    await at.healthy(False, within=60)
    await at.ends(77, within=60)


async def storm_at_init(at: Scene) -> None:
    """The first call of each connection is answered with 500 for 8 s: fewer than 60 connections, then all is well."""
    await at.start()
    opened = sum(event.kind == "open" for event in at.srv.events)
    at.srv.on_rpc("help.GetConfig", RpcError(500, "INTERNAL"), times=-1)
    at.srv.drop()
    at.note(push=False)
    await asyncio.sleep(8)
    assert sum(event.kind == "open" for event in at.srv.events) - opened < 60
    at.srv.clear_faults()
    await at.transcribed()


async def transport_error(at: Scene) -> None:
    """Every packet is answered with the transport error -429 for 5 s; then all is well."""
    await at.start()
    at.srv.transport_error = 429
    at.note(push=False)
    at.srv.drop()
    await asyncio.sleep(5)
    at.srv.transport_error = 0
    await at.transcribed()


async def salts_rotated(at: Scene) -> None:
    """The server's salts change, twice, with a note in between; the texts come."""
    await at.start()
    at.srv.rotate_salts()
    at.note(HELLO)
    await at.transcribed()
    at.srv.rotate_salts()
    at.note(CALL)


async def unreachable_at_start(at: Scene) -> None:
    """At the start the port is closed for 4 s: it says so, tries again, and takes what was sent meanwhile."""
    await at.start()
    await at.stop()
    at.srv.refuse()
    await at.start(wait=False)
    await at.healthy(False, within=10)
    at.note()
    await asyncio.sleep(4)
    await at.srv.accept()
    await at.transcribed()


AGAIN = "reconnects by itself and finds what came meanwhile"
ENDS = "ends with 77 and a clear sentence; never hammers Telegram with a dead key"
ROWS = (
    Fault("connection reset (RST)", AGAIN, reset),
    Fault("connection closed (FIN)", AGAIN, closed),
    Fault("dropped six times in six seconds", AGAIN, dropped_again_and_again, waits_for="six seconds of drops"),
    Fault("refused for 12 s", f"says so, {AGAIN}", refused, waits_for="the outage, then the supervisor's 5 s"),
    Fault("black hole", f"notices, says so, {AGAIN}", black_hole, waits_for="the library notices after 10 s"),
    Fault("pings answered, calls not", f"notices, says so, {AGAIN}", pings_but_no_calls, waits_for=WATCHDOG_S),
    Fault("nothing is pushed", AGAIN, no_pushes),
    Fault("clock set an hour ahead", f"notices, {AGAIN}", clock_set_ahead, waits_for=WATCHDOG_S),
    Fault("clock set an hour back", f"notices, {AGAIN}", clock_set_back, waits_for=WATCHDOG_S),
    Fault("started with a clock years off", "goes by Telegram's time", clock_years_off),
    Fault(
        "clock set back between two tries",
        "tries again as soon as it was meant to",
        clock_set_back_during_a_backoff,
    ),
    Fault("session revoked while idle", ENDS, revoked_idle, waits_for=WATCHDOG_S),
    Fault(
        "session revoked, seen at a reconnect",
        ENDS,
        revoked_at_reconnect,
        waits_for="10 s for the library to mend it",
    ),
    Fault("key duplicated", ENDS, duplicated, waits_for=WATCHDOG_S),
    Fault("key unknown (-404) while idle", f"notices, says so, {ENDS}", key_unknown_idle, waits_for=WATCHDOG_S),
    Fault("errors on initConnection", f"makes no storm, {AGAIN}", storm_at_init, waits_for="eight seconds of errors"),
    Fault("transport errors", AGAIN, transport_error, waits_for="five seconds of errors"),
    Fault("salts rotated", "goes on", salts_rotated),
    Fault("unreachable at the start", f"says so, {AGAIN}", unreachable_at_start, waits_for="the outage"),
)

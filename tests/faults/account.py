"""One account, one client; and the limits that Telegram and the owner's patience set."""

from __future__ import annotations

from itertools import cycle, pairwise

from tests.faults.fault import Fault
from tests.faults.scene import CALL, HELLO, MEET, RUSSIAN, Scene
from tests.faults.work import MINUTES
from tests.support.sandbox import running
from transcriber.storage.scripts import LEASE
from transcriber.telegram.lock import LEASE_NAME

ANSWER_WITHIN_S = 2.0


async def burst(at: Scene) -> None:
    """Sixty notes at once; `/status`, asked again and again until all are done, is answered within 2 s each time."""
    await at.start()
    for clip, _ in zip(cycle((HELLO, CALL, MEET, RUSSIAN)), range(60), strict=False):
        at.note(clip)
    slowest_s, asked = 0.0, 0
    while any(sum(words in text for text in at.standing()) < owed for words, owed in at.transcripts.items()):
        slowest_s = max(slowest_s, await at.asked("/status", "last hour"))
        asked += 1
    assert asked > 5
    assert slowest_s < ANSWER_WITHIN_S


async def edits_paced(at: Scene) -> None:
    """A note of three minutes: its progress is edited at most every 3 s."""
    await at.start()
    at.note(MINUTES)
    await at.transcribed(120)
    edits = [call.time for call in at.srv.calls if call.name == "messages.EditMessage"]
    # The last one is the text itself, which does not wait.
    assert all(later - earlier > 2.8 for earlier, later in pairwise(edits[:-1]))


async def second_instance(at: Scene) -> None:
    """A second start ends with 75 and names the first, which goes on; Telegram never saw the second."""
    await at.start()
    opened = sum(event.kind == "open" for event in at.srv.events)
    async with running(at.on, subscribed=False) as second:
        assert await second.wait_end(20) == 75
        assert str(at.program.process.pid) in second.errors[-1]
    assert sum(event.kind == "open" for event in at.srv.events) == opened


async def lease_stolen(at: Scene) -> None:
    """Another host writes itself into the lease: within a renewal (20 s) the holder ends with 75 and names it."""
    redis = await at.redis()
    await at.start()
    at.note()
    await at.transcribed()
    assert redis.say(f"SET {LEASE}{LEASE_NAME} other-host-1 PX 60000").startswith("+OK")
    assert "other-host-1" in await at.ends(75, within=30)
    assert redis.say(f"EXISTS {LEASE}{LEASE_NAME}").startswith(":1"), "the other's lease is left alone"


async def lease_left_by_the_dead(at: Scene) -> None:
    """Killed -9 while it held the lease in Redis, which lives on for a minute: the next start takes it at once."""
    await at.redis()
    await at.start()
    at.note()
    await at.kill()
    await at.start()


ROWS = (
    Fault(
        "sixty notes at once",
        "takes them all and answers commands within 2 s throughout",
        burst,
        waits_for="sixty recordings",
    ),
    Fault("a very long note", "edits at most every 3 s", edits_paced),
    Fault("a second instance", "the second says who holds the account and ends with 75", second_instance),
    Fault("lease stolen by another host", "ends with 75", lease_stolen, waits_for="the lease is renewed every 20 s"),
    Fault("lease left behind by a killed process", "starts at once", lease_left_by_the_dead),
)

"""The table of faults, by theme."""

from __future__ import annotations

from tests.faults import account, cards, connection, delivery, hostile, intake, lending, store, work
from tests.faults.fault import Fault

THEMES: dict[str, tuple[Fault, ...]] = {
    "intake": intake.ROWS,
    "work": work.ROWS,
    "delivery": delivery.ROWS,
    "notes in a row": cards.ROWS,
    "connection": connection.ROWS,
    "account": account.ROWS,
    "store": store.ROWS,
    "lending": lending.ROWS,
    "hostile": hostile.ROWS,
}

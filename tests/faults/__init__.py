"""The table of faults, by theme."""

from __future__ import annotations

from tests.faults import account, connection, delivery, hostile, intake, store, work
from tests.faults.fault import Fault

THEMES: dict[str, tuple[Fault, ...]] = {
    "intake": intake.ROWS,
    "work": work.ROWS,
    "delivery": delivery.ROWS,
    "connection": connection.ROWS,
    "account": account.ROWS,
    "store": store.ROWS,
    "hostile": hostile.ROWS,
}

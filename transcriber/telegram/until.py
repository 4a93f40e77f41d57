"""Things that are done together until one of them ends."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

from transcriber.errors import Permanent


async def until(end: Coroutine[Any, Any, Any], *work: Coroutine[Any, Any, Any]) -> None:
    """Run `work` until `end` returns; raises what any of it raises, a `Permanent` before anything else."""
    try:
        async with asyncio.TaskGroup() as session:
            tasks = [session.create_task(one) for one in work]
            await end
            for task in tasks:
                task.cancel()
    except BaseExceptionGroup as group:
        this = asyncio.current_task()
        if this is not None and this.cancelling():  # being told to stop outlasts whatever broke meanwhile
            raise asyncio.CancelledError from group
        errors = list(_leaves(group))
        raise next((error for error in errors if isinstance(error, Permanent)), errors[0]) from group


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error

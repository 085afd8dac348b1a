"""Sending a few messages at the same time, where each is a request of its own."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Final

from pennywren.errors import DeliveryError
from pennywren.notify.channels import Message, Outcome

AT_ONCE: Final = 16
"""Requests under way at the same time."""

BATCH_TIME: Final = 60.0
"""Seconds after which no further message of a batch is begun, where nothing else is set: a claim must outlast it."""

_TOO_SLOW: Final = "not tried: the receivers before it were too slow"


async def send_side_by_side(
    messages: Sequence[Message],
    send: Callable[[Message], Awaitable[Outcome]],
    *,
    batch_time: float = BATCH_TIME,
    stopwatch: Callable[[], float] = time.monotonic,
) -> AsyncGenerator[list[Outcome]]:
    """Send messages, a few at a time; yields outcomes as they come."""
    until = stopwatch() + batch_time
    for start in range(0, len(messages), AT_ONCE):
        several = messages[start : start + AT_ONCE]
        if stopwatch() > until:
            error = DeliveryError(_TOO_SLOW, permanent=False)
            yield [Outcome(message, message.key, error) for message in several]
            continue
        tasks = [asyncio.ensure_future(send(message)) for message in several]
        try:
            for task in asyncio.as_completed(tasks):
                yield [await task]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

"""What one request means for the egress that it left through: the same for crawlers and for a person who waits."""

import asyncio
import time
from typing import Final

from pennywren.model.clock import SECOND
from pennywren.observe import egress
from pennywren.observe.egress import Came, Done, Refusal, Token
from pennywren.observe.fetch import Fetched, Fetcher
from pennywren.observe.hosts import Address
from pennywren.observe.outcome import Meaning, Outcome, meaning_without_page
from pennywren.observe.robots import Robots
from pennywren.store.connect import Client
from pennywren.store.round_trip import RoundTrip

_NAP_S: Final = 0.25
"""Who waits for a token asks again after so long at most: another may have given its own back unused."""
_CAME: Final[dict[Outcome, Came]] = {Outcome.BLOCKED: "refused", Outcome.UNREACHABLE: "failed"}


def came_of(seen: Meaning | None) -> Came:
    """What came of a request, as its egress sees it; None where the answer is a page that has not been read."""
    return "ok" if seen is None else _CAME.get(seen.outcome, "ok")


def give_back(
    trip: RoundTrip,
    token: Token,
    fetched: Fetched,
    seen: Meaning | None,
    *,
    pause_ms: int = 0,
    answered_ms_ago: int = 0,
    about: str = "",
) -> int:
    """Queue that a token goes back, and what came of its request; `about` names what was asked for, if not a product.

    `egress.pause_of` reads the reply.
    """
    why = "" if seen is None else f"{about}: {seen.reason}" if about else seen.reason
    return egress.give_back(trip, token, Done(came_of(seen), fetched.retry_after_s, pause_ms, answered_ms_ago, why))


async def settle(
    client: Client, token: Token, fetched: Fetched, seen: Meaning | None, *, pause_ms: int = 0, about: str = ""
) -> None:
    """Give a token back, and say what came of its request (see `give_back`).

    Raises:
        Unavailable: Redis does not answer.
    """
    trip = RoundTrip(client)
    give_back(trip, token, fetched, seen, pause_ms=pause_ms, about=about)
    await trip.send()


async def token_within(client: Client, name: str, host: str, patience_s: float) -> Token | Refusal:
    """The right to send one request, waited for; a refusal where it does not come in time, or the circuit is open."""
    deadline = time.monotonic() + patience_s
    while isinstance(answer := await egress.take(client, name, host), Refusal):
        if answer.why == "open" or time.monotonic() > deadline:
            return answer
        await asyncio.sleep(min(answer.wait_ms / SECOND, _NAP_S))
    return answer


async def fetch_robots(client: Client, robots: Robots, fetcher: Fetcher, address: Address, token: Token) -> None:
    """Use a token to fetch the robots.txt at `address`, and keep it for all."""
    fetched = await fetcher.get(address)
    await settle(client, token, fetched, meaning_without_page(fetched), about="robots.txt")
    await robots.keep(address.host, fetched)

"""One page for a person who waits: fetched by the same tokens as a crawler's, where a Redis counts them."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from protego import Protego

from pennywren.errors import Forbidden, Unavailable
from pennywren.frontier import egress
from pennywren.frontier.egress import Came, Refusal, Token
from pennywren.model.product import ProductID
from pennywren.observe.child import PageParser
from pennywren.observe.fetch import Fetched, Fetcher
from pennywren.observe.hosts import Hosts
from pennywren.observe.outcome import Outcome, meaning, meaning_without_page
from pennywren.observe.page.reading import PageReading
from pennywren.observe.robots import Rules, read_robots
from pennywren.settings import Settings
from pennywren.store.connect import Client, connect

_PAUSE_S: Final = 1.0
"""Between the request for robots.txt and the one for the page: as everywhere, one request a second to a host."""
_PATIENCE_S: Final = 60.0
"""How long a person waits for a token."""
_NAP_S: Final = 0.25
_CAME: Final[dict[Outcome, Came]] = {Outcome.BLOCKED: "refused", Outcome.UNREACHABLE: "failed"}


@dataclass(slots=True)
class _Turn:
    """The right to send one request, and what came of it: nothing, if nothing else is said."""

    came: Came = "failed"
    retry_after_s: float | None = None
    pause_ms: int = 0


async def fetch_and_read(settings: Settings, product: ProductID, parser: PageParser) -> PageReading:
    """Fetch a product's page through the first egress, if the host's robots.txt allows, and read it.

    Raises:
        Forbidden: robots.txt does not allow it.
        Unavailable: no answer, or the host is left alone for now.
    """
    hosts, agent, through = Hosts.of(settings), settings.user_agent, settings.egresses[0]
    address = hosts.page(product)
    async with _counting(settings) as client, Fetcher(through, agent) as fetcher:
        async with _turn(client, through.name, address.host) as turn:
            fetched = await fetcher.get(hosts.robots(product.marketplace))
            answered_at = time.monotonic()
            _tell(turn, fetched)
        reachable, text = read_robots(fetched)
        if not reachable:
            raise Unavailable(f"the robots.txt of {address.host} cannot be fetched")
        rules = Rules(reachable, Protego.parse(text))
        if not rules.allows(address, agent):
            raise Forbidden(f"the robots.txt of {address.host} does not allow us to fetch {address.url}")
        pause_ms = rules.pause_ms(agent)
        await asyncio.sleep(max(_PAUSE_S, pause_ms / 1000) - (time.monotonic() - answered_at))
        async with _turn(client, through.name, address.host) as turn:
            turn.pause_ms = pause_ms
            fetched = await fetcher.get(address)
            _tell(turn, fetched)
            if fetched.trouble is not None:
                raise Unavailable(f"{address.url} cannot be fetched: {fetched.trouble}")
            reading = await parser.read(fetched.body, product.marketplace)
            _tell(turn, fetched, meaning(product, reading).outcome)
    return _by_status(fetched, reading)


def _tell(turn: _Turn, fetched: Fetched, read: Outcome | None = None) -> None:
    seen = meaning_without_page(fetched)
    outcome = read if seen is None else seen.outcome
    turn.came = "ok" if outcome is None else _CAME.get(outcome, "ok")
    turn.retry_after_s = fetched.retry_after_s


def _by_status(fetched: Fetched, reading: PageReading) -> PageReading:
    """A status that is no success says what the page is, whatever it looks like; a robot check is one all the same."""
    if fetched.status == 200 or reading.kind == "captcha":
        return reading
    return PageReading(kind="error", reason=f"status {fetched.status}")


@asynccontextmanager
async def _counting(settings: Settings) -> AsyncGenerator[Client | None]:
    """The Redis that counts politeness over all processes, if there is one."""
    if settings.redis_url is None:
        yield None
        return
    client = connect(settings.redis_url)
    try:
        yield client
    finally:
        await client.aclose()


@asynccontextmanager
async def _turn(client: Client | None, name: str, host: str) -> AsyncGenerator[_Turn]:
    """Wait until a request may leave; the token goes back however this ends."""
    turn = _Turn()
    if client is None:
        yield turn
        return
    token = await _take(client, name, host)
    try:
        yield turn
    finally:
        await egress.done(client, token, turn.came, retry_after_s=turn.retry_after_s, pause_ms=turn.pause_ms)


async def _take(client: Client, name: str, host: str) -> Token:
    deadline = time.monotonic() + _PATIENCE_S
    while isinstance(answer := await egress.take(client, name, host), Refusal):
        if answer.why == "open" or time.monotonic() > deadline:
            wait_s = answer.wait_ms / 1000
            raise Unavailable(f"{host} is left alone for now: try again in {wait_s:.0f} s", retry_after=wait_s)
        await asyncio.sleep(min(answer.wait_ms / 1000, _NAP_S))
    return answer

"""One page for a person who waits: fetched by the same tokens as a crawler's, where a Redis counts them."""

import asyncio
import time
from typing import Final

from pennywren.errors import Forbidden, Unavailable
from pennywren.model.clock import system_clock
from pennywren.model.product import ProductID
from pennywren.observe.child import PageParser
from pennywren.observe.egress import Refusal, Token
from pennywren.observe.fetch import Fetched, Fetcher
from pennywren.observe.hosts import Address, Hosts
from pennywren.observe.outcome import Meaning, Outcome, meaning, meaning_without_page
from pennywren.observe.page.reading import PageReading
from pennywren.observe.robots import Robots, Rules
from pennywren.pipeline.visiting import fetch_robots, settle, token_within
from pennywren.settings import Settings
from pennywren.store.connect import Client, connect

_PAUSE_S: Final = 1.0
"""Between the request for robots.txt and the one for the page: as everywhere, one request a second to a host."""
_PATIENCE_S: Final = 60.0
"""How long a person waits for a token."""
_NAP_S: Final = 0.25


async def fetch_and_read(settings: Settings, product: ProductID, parser: PageParser) -> PageReading:
    """Fetch a product's page through the first egress, if the host's robots.txt allows, and read it.

    Raises:
        Forbidden: robots.txt does not allow it.
        Unavailable: no answer, or the host is left alone for now.
    """
    hosts = Hosts.of(settings)
    async with Fetcher(settings.egresses[0], settings.user_agent) as fetcher:
        if settings.redis_url is None:
            return await _alone(settings, hosts, fetcher, product, parser)
        client = connect(settings.redis_url)
        try:
            return await _in_turn(client, settings, hosts, fetcher, product, parser)
        finally:
            await client.aclose()


async def _in_turn(
    client: Client, settings: Settings, hosts: Hosts, fetcher: Fetcher, product: ProductID, parser: PageParser
) -> PageReading:
    """By the tokens, the circuit and the robots.txt that all crawlers share; what comes of it counts for them too."""
    address, name = hosts.page(product), settings.egresses[0].name
    rules = await _shared_rules(client, fetcher, hosts.robots(product.marketplace), name)
    _require_allowed(rules, address, settings.user_agent)
    token = await _take(client, name, address.host)
    fetched, seen = Fetched(), Meaning(Outcome.UNREACHABLE, "given up")
    try:
        fetched = await fetcher.get(address)
        seen = meaning_without_page(fetched)
        reading = await _read(fetched, address, product, parser)
        seen = seen or meaning(product, reading)
    finally:
        # The token goes back however this ends.
        await settle(client, token, fetched, seen, pause_ms=rules.pause_ms(settings.user_agent))
    return _by_status(fetched, reading)


async def _alone(
    settings: Settings, hosts: Hosts, fetcher: Fetcher, product: ProductID, parser: PageParser
) -> PageReading:
    """No crawler runs on this machine: robots.txt, a pause, the page."""
    address, agent = hosts.page(product), settings.user_agent
    rules = Rules.of(await fetcher.get(hosts.robots(product.marketplace)))
    _require_allowed(rules, address, agent)
    await asyncio.sleep(max(_PAUSE_S, rules.pause_ms(agent) / 1000))
    fetched = await fetcher.get(address)
    return _by_status(fetched, await _read(fetched, address, product, parser))


async def _shared_rules(client: Client, fetcher: Fetcher, address: Address, name: str) -> Rules:
    """The rules that all crawlers know of this host; fetched now where nobody has them."""
    robots, deadline = Robots(client), time.monotonic() + _PATIENCE_S
    while True:
        rules = await robots.rules(address.host, system_clock())
        if rules is not None and (rules.reachable or not await robots.being_fetched(address.host)):
            return rules
        if rules is None and await robots.begin(address.host):
            await fetch_robots(client, robots, fetcher, address, await _take(client, name, address.host))
        elif time.monotonic() > deadline:
            raise Unavailable(f"the robots.txt of {address.host} does not come: try again in a minute")
        else:
            await asyncio.sleep(_NAP_S)


def _require_allowed(rules: Rules, address: Address, agent: str) -> None:
    if not rules.reachable:
        raise Unavailable(f"the robots.txt of {address.host} cannot be fetched, so nothing is fetched from there")
    if not rules.allows(address, agent):
        raise Forbidden(f"the robots.txt of {address.host} does not allow us to fetch {address.url}")


async def _read(fetched: Fetched, address: Address, product: ProductID, parser: PageParser) -> PageReading:
    if fetched.trouble is not None:
        raise Unavailable(f"{address.url} cannot be fetched: {fetched.trouble}")
    return await parser.read(fetched.body, product.marketplace)


def _by_status(fetched: Fetched, reading: PageReading) -> PageReading:
    """A status that is no success says what the page is, whatever it looks like; a robot check is one all the same."""
    if fetched.status == 200 or reading.kind == "captcha":
        return reading
    return PageReading(kind="error", reason=f"status {fetched.status}")


async def _take(client: Client, name: str, host: str) -> Token:
    answer = await token_within(client, name, host, _PATIENCE_S)
    if isinstance(answer, Refusal):
        wait_s = answer.wait_ms / 1000
        raise Unavailable(f"{host} is left alone for now: try again in {wait_s:.0f} s", retry_after=wait_s)
    return answer

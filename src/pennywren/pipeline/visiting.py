"""What one request means for the egress that it left through: the same for crawlers and for a person who waits."""

from typing import Final

from pennywren.frontier import egress
from pennywren.frontier.egress import Came, Token
from pennywren.observe.fetch import Fetched, Fetcher
from pennywren.observe.hosts import Address
from pennywren.observe.outcome import Meaning, Outcome, meaning_without_page
from pennywren.observe.robots import Robots
from pennywren.store.connect import Client

_CAME: Final[dict[Outcome, Came]] = {Outcome.BLOCKED: "refused", Outcome.UNREACHABLE: "failed"}


def came_of(seen: Meaning | None) -> Came:
    """What came of a request, as its egress sees it; None where the answer is a page that has not been read."""
    return "ok" if seen is None else _CAME.get(seen.outcome, "ok")


async def settle(
    client: Client,
    token: Token,
    fetched: Fetched,
    seen: Meaning | None,
    *,
    pause_ms: int = 0,
    answered_ms_ago: int = 0,
    about: str = "",
) -> None:
    """Give the token back, and say what came of its request; `about` names what was asked for, if not a product."""
    why = "" if seen is None else f"{about}: {seen.reason}" if about else seen.reason
    await egress.done(
        client,
        token,
        came_of(seen),
        retry_after_s=fetched.retry_after_s,
        pause_ms=pause_ms,
        answered_ms_ago=answered_ms_ago,
        why=why,
    )


async def fetch_robots(client: Client, robots: Robots, fetcher: Fetcher, address: Address, token: Token) -> None:
    """Use a token to fetch the robots.txt at `address`, and keep it for all."""
    fetched = await fetcher.get(address)
    await settle(client, token, fetched, meaning_without_page(fetched), about="robots.txt")
    await robots.keep(address.host, fetched)

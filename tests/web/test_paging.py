"""Lists in pages: all rows once, whatever comes or goes meanwhile, and no cursor leads anywhere else."""

from collections.abc import Awaitable, Callable
from secrets import token_bytes, token_hex
from typing import Any

import httpx
import pytest

from pennywren.accounts.people import find_or_add
from pennywren.model.clock import DAY
from pennywren.model.product import ProductID
from pennywren.postgres import catalogue
from pennywren.postgres.catalogue import CatalogueEntry
from pennywren.postgres.moments import to_moment
from pennywren.postgres.pool import transaction
from tests.web.site import Site

Add = Callable[[Site, int], Awaitable[None]]
OWNER = "owner@example.com"


async def add_watches(site: Site, count: int) -> None:
    """Watches of the owner; their ids say their order."""
    held = await _held(site, "subscriptions")
    products = [ProductID("us", f"B{held + i:09}") for i in range(count)]
    await catalogue.upsert(site.resources.pool, [CatalogueEntry(product, None) for product in products])
    async with transaction(site.resources.pool) as connection:
        person = await find_or_add(connection, OWNER)
        await connection.executemany(
            """insert into subscriptions (person_id, product_id, offer, notification_type, kind, rule, watch_set,
                   threshold, measure, currency, armed_at)
               values ($1, $2, 'buybox', 'EMAIL', 'priceAtOrBelow', '{"kind": "priceAtOrBelow", "threshold": 900}',
                   'watch', 900, 900, 'USD', now())""",
            [(person.id, str(product)) for product in products],
        )


async def add_messages(site: Site, count: int) -> None:
    """Messages about a watch of the owner."""
    if not await _held(site, "subscriptions"):
        await add_watches(site, 1)
    held = await _held(site, "deliveries")
    async with transaction(site.resources.pool) as connection:
        watch = await connection.fetchval("select min(id) from subscriptions")
        for i in range(count):
            alert = await connection.fetchval(
                """insert into alerts (subscription_id, person_id, change_id, product_id, offer, new_price, currency,
                       seen_at, state)
                   select id, person_id, $2, product_id, offer, 900, currency, now(), 'delivered'
                   from subscriptions where id = $1 returning id""",
                watch, str(held + i),
            )  # fmt: skip
            await connection.execute(
                """insert into deliveries (alert_id, person_id, channel, outcome, message_id)
                   select id, person_id, 'email', 'delivered', 'm' from alerts where id = $1""",
                alert,
            )


async def add_installs(site: Site, count: int) -> None:
    """Installs that the owner has paired, all made in one moment."""
    async with transaction(site.resources.pool) as connection:
        person = await find_or_add(connection, OWNER)
        await connection.executemany(
            "insert into installs (id, token_hash, family, created_at, person_id) values ($1, $2, '', $3, $4)",
            [(token_hex(8), token_bytes(32), to_moment(site.clock()), person.id) for _ in range(count)],
        )


async def add_sessions(site: Site, count: int) -> None:
    """Sessions of the owner beside the one that asks, all begun in one moment."""
    async with transaction(site.resources.pool) as connection:
        person = await find_or_add(connection, OWNER)
        await connection.executemany(
            """insert into sessions (token_hash, person_id, kind, created_at, expires_at)
               values ($1, $2, 'bearer', $3, $4)""",
            [
                (token_bytes(32), person.id, to_moment(site.clock()), to_moment(site.clock() + DAY))
                for _ in range(count)
            ],
        )


LISTS: dict[str, tuple[str, int, Add]] = {
    "subscriptions": ("/subscriptions", 100, add_watches),
    "deliveries": ("/account/deliveries", 50, add_messages),
    "installs": ("/installs", 100, add_installs),
    "sessions": ("/account/sessions", 100, add_sessions),
}


async def _held(site: Site, table: str) -> int:
    async with transaction(site.resources.pool) as connection:
        return int(await connection.fetchval(f"select count(*) from {table}"))


async def pages(client: httpx.AsyncClient, name: str, between: Callable[[], Awaitable[None]]) -> list[list[Any]]:
    """All pages of a list; between two of them something happens."""
    path = LISTS[name][0]
    found: list[list[Any]] = []
    asked: dict[str, str] = {}
    while True:
        answer = await client.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        found.append(told[name])
        if told["next"] is None:
            return found
        asked = {"cursor": told["next"]}
        await between()


async def nothing() -> None:
    """Nobody else is there."""


@pytest.mark.parametrize("name", LISTS)
async def test_the_last_page_says_so_even_where_it_is_full(site: Site, owner: httpx.AsyncClient, name: str) -> None:
    _, size, add = LISTS[name]
    empty = await pages(owner, name, nothing)
    own = len(empty[0])
    await add(site, size - own)
    full = await pages(owner, name, nothing)
    await add(site, 1)
    two = await pages(owner, name, nothing)

    assert [[len(page) for page in found] for found in (empty, full, two)] == [[own], [size], [size, 1]]
    assert own == (1 if name == "sessions" else 0)
    assert len({str(row) for page in two for row in page}) == size + 1


@pytest.mark.parametrize("name", LISTS)
async def test_what_comes_meanwhile_moves_nothing(site: Site, owner: httpx.AsyncClient, name: str) -> None:
    _, size, add = LISTS[name]
    await add(site, size + 2)
    before = [str(row) for page in await pages(owner, name, nothing) for row in page]

    async def one_more() -> None:
        site.clock.now += 1
        await add(site, 1)

    during = [str(row) for page in await pages(owner, name, one_more) for row in page]
    assert [row for row in during if row in before] == before
    assert len(set(during)) == len(during)


async def test_the_row_that_a_cursor_names_may_go(site: Site, owner: httpx.AsyncClient) -> None:
    await add_watches(site, 102)
    first = (await owner.get("/subscriptions")).json()
    await owner.delete(f"/subscriptions/{first['subscriptions'][-1]['id']}")
    rest = (await owner.get("/subscriptions", params={"cursor": first["next"]})).json()

    assert [len(first["subscriptions"]), len(rest["subscriptions"])] == [100, 2]


async def test_the_watches_of_one_product_are_a_list_like_all(site: Site, owner: httpx.AsyncClient) -> None:
    await add_watches(site, 3)
    asked = {"productID": "us:B000000001"}
    here = (await owner.get("/subscriptions", params=asked)).json()
    (watch,) = here["subscriptions"]
    after = await owner.get("/subscriptions", params={**asked, "cursor": f"subscriptions-{watch['id']}"})
    wrong = await owner.get("/subscriptions", params={**asked, "cursor": "deliveries-1"})

    assert watch["productID"] == "us:B000000001"
    assert here["next"] is None
    assert after.json() == {"subscriptions": [], "next": None}
    assert wrong.status_code == 400


@pytest.mark.parametrize("name", LISTS)
async def test_a_cursor_of_another_list_or_of_none_is_refused(
    site: Site, owner: httpx.AsyncClient, stranger: httpx.AsyncClient, name: str
) -> None:
    path, size, add = LISTS[name]
    await add(site, size + 1)
    first = (await owner.get(path)).json()
    own = first["next"]
    others = [each for each in LISTS if each != name]
    wrong = ["", "1", "x", f"{name}-", f"{name}--1", f"{name}-1x", f"{name}-1\0", f"{name}-" + "9" * 19, own + "0" * 18]
    answers = [
        *[await owner.get(path, params={"cursor": cursor}) for cursor in wrong],
        *[await owner.get(LISTS[other][0], params={"cursor": own}) for other in others],
    ]
    foreign = await stranger.get(path, params={"cursor": own})

    assert [(answer.status_code, answer.json()["type"]) for answer in answers] == [(400, "/problems/bad-input")] * len(
        answers
    )
    assert foreign.status_code in (200, 400)
    assert not {str(row) for row in foreign.json().get(name, [])} & {str(row) for row in first[name]}

"""What earns no request by its value lives on a share of the requests, and on what nobody else wants."""

import random
from collections import Counter

from pennywren import keyspace
from pennywren.frontier import hints
from pennywren.frontier.admission import Admission, admit_all
from pennywren.frontier.claiming import claim
from pennywren.frontier.finishing import give_back
from pennywren.frontier.score import firm, floor
from pennywren.frontier.threshold import Threshold
from pennywren.model.clock import DAY, system_clock
from pennywren.model.product import ProductID
from pennywren.pipeline.choosing import Chooser
from pennywren.pipeline.concluding import Conclusions
from pennywren.record.recording import Recorder
from pennywren.store.connect import Client
from pennywren.store.store import Store

NOW = 1_800_000_000_000
HOST = "www.amazon.com"


def _products(count: int, first: int = 0) -> list[ProductID]:
    return [ProductID("us", f"B{number:09d}") for number in range(first, first + count)]


def _at_home(count: int) -> tuple[int, list[ProductID]]:
    home = keyspace.partition_of(_products(1)[0])
    return home, [each for each in _products(count * 2000) if keyspace.partition_of(each) == home][:count]


async def _place(client: Client, products: list[ProductID], score: int) -> None:
    await admit_all(client, [Admission(product, score + i) for i, product in enumerate(products)], now=NOW)
    await hints.sweep(client)


async def test_the_floor_is_claimed_by_its_oldest_look_when_it_is_its_turn_or_nothing_else_is_there(
    redis_client: Client,
) -> None:
    home, (old, new, due, later, exact) = _at_home(5)
    await _place(redis_client, [new], floor(NOW - DAY))
    await _place(redis_client, [old], floor(NOW - 9 * DAY))
    await _place(redis_client, [due], NOW - 1)
    await _place(redis_client, [later], NOW + DAY)
    await _place(redis_client, [exact], firm(NOW + DAY))

    plain = await claim(redis_client, home, "us", 5, now=NOW)
    assert [lease.product for lease in plain.leases] == [due]
    assert plain.next_floor == NOW - 9 * DAY
    (turn,) = (await claim(redis_client, home, "us", 1, floor_first=1, now=NOW)).leases
    assert (turn.product, turn.lane, turn.due) == (old, "floor", NOW - 9 * DAY)
    anything = await claim(redis_client, home, "us", 5, ahead_ms=10 * DAY, now=NOW)
    assert [(lease.product, lease.lane) for lease in anything.leases] == [(later, "due"), (new, "floor")]
    assert anything.next_firm == NOW + DAY

    assert await give_back(redis_client, turn, floor(NOW), now=NOW)
    (again,) = (await claim(redis_client, home, "us", 1, floor_first=1, now=NOW)).leases
    assert (again.product, again.due) == (old, NOW)


async def test_a_lease_from_the_floor_that_is_not_finished_becomes_due(redis_client: Client) -> None:
    home, (product,) = _at_home(1)
    await _place(redis_client, [product], floor(NOW - DAY))
    (lease,) = (await claim(redis_client, home, "us", floor_first=1, now=NOW)).leases
    (again,) = (await claim(redis_client, home, "us", now=lease.ends + 1)).leases
    assert (again.product, again.lane, again.due) == (product, "due", lease.ends)


async def test_the_floor_gets_its_share_however_much_is_due(store: Store) -> None:
    client, now = store.client, system_clock()
    due, waiting = _products(500), _products(500, first=500)
    await _place(client, due, now - DAY)
    await _place(client, waiting, floor(now - 30 * DAY))
    lanes = await _choose(store, requests=300, floor_share=0.1)
    assert lanes == {"due": 266, "floor": 34}, "a tenth, as these dice fall"


async def test_a_loose_time_is_not_put_off_for_ever_by_more_firm_ones_than_can_be_crawled(store: Store) -> None:
    now = system_clock()
    await _place(store.client, _products(500), firm(now - DAY))
    await _place(store.client, _products(50, first=500), now - DAY)
    lanes = await _choose(store, requests=300, floor_share=0.0)
    assert lanes == {"firm": 263, "due": 37}, "a tenth, as these dice fall"


async def test_requests_that_nothing_else_wants_go_to_the_floor(store: Store) -> None:
    await _place(store.client, _products(3), floor(system_clock() - 30 * DAY))
    assert await _choose(store, requests=3, floor_share=0.0) == {"floor": 3}


async def _choose(store: Store, requests: int, floor_share: float) -> Counter[str]:
    conclusions = Conclusions(store, Recorder(store, gap_after=7 * 86_400), recrawl_after=300)
    threshold = Threshold(store.client)
    chooser = Chooser(store.client, conclusions, threshold, system_clock, random.Random(5), floor_share)
    visits = [await chooser.next(HOST, ["us"]) for _ in range(requests)]
    return Counter(visit.lease.lane for visit in visits if visit is not None)

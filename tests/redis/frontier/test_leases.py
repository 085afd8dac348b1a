"""Claims are leases: nobody gets a product that somebody has, and what is never finished comes back."""

import asyncio

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pennywren import keyspace
from pennywren.frontier import hints
from pennywren.frontier.admission import MOST_AHEAD, URGENT_CAP, Admission, admit, admit_all
from pennywren.frontier.claiming import Claim, Lease, claim
from pennywren.frontier.finishing import give_back
from pennywren.frontier.score import firm
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.record.recording import LookToRecord, Outcome, Recorder
from pennywren.store.connect import Client, connect
from pennywren.store.round_trip import RoundTrip
from pennywren.store.store import Store
from tests.frontier_places import score_of, waiting

NOW = 1_764_067_200_000
LEASE = 60_000


def _in_one_partition(count: int, marketplace: str = "us") -> list[ProductID]:
    """Products that share the partition of the first one."""
    found: list[ProductID] = []
    home = keyspace.partition_of(ProductID("us", "B000000000"))
    number = 0
    while len(found) < count:
        product = ProductID(marketplace, f"B{number:09d}")
        if keyspace.partition_of(product) == home:
            found.append(product)
        number += 1
    return found


POOL = _in_one_partition(5)
HOME = keyspace.partition_of(POOL[0])
OTHERS = _in_one_partition(40, "de")


async def _admit(client: Client, products: list[ProductID], due: int = NOW, urgent: bool = False) -> None:
    await admit_all(client, [Admission(product, due, urgent) for product in products], now=NOW)


async def _claim(client: Client, now: int = NOW, limit: int = 1, urgent_first: int = 0, market: str = "us") -> Claim:
    return await claim(client, HOME, market, limit, LEASE, urgent_first=urgent_first, now=now)


async def _only(client: Client, now: int = NOW) -> Lease:
    (lease,) = (await _claim(client, now)).leases
    return lease


async def test_due_products_are_claimed_oldest_first_and_only_once(redis_client: Client) -> None:
    for i, product in enumerate(POOL):
        await _admit(redis_client, [product], NOW - 100 + i)
    first = await _claim(redis_client, limit=2)
    assert [lease.product for lease in first.leases] == POOL[:2]
    assert {lease.ends for lease in first.leases} == {NOW + LEASE}
    assert first.next_due == NOW - 98
    second = await _claim(redis_client, limit=10)
    assert [lease.product for lease in second.leases] == POOL[2:]
    assert (await _claim(redis_client, limit=10)).leases == []
    assert second.next_due == NOW + LEASE


async def test_what_is_not_due_yet_waits_unless_it_is_asked_for_ahead_of_its_time(redis_client: Client) -> None:
    await _admit(redis_client, POOL[:1], NOW + 1000)
    early = await _claim(redis_client)
    assert (early.leases, early.next_due) == ([], NOW + 1000)
    assert len((await claim(redis_client, HOME, "us", ahead_ms=1000, now=NOW)).leases) == 1


async def test_firm_times_go_first_when_they_have_come_and_never_before(redis_client: Client) -> None:
    await _admit(redis_client, POOL[:1], NOW - 5000)
    await _admit(redis_client, POOL[1:2], firm(NOW - 10))
    await _admit(redis_client, POOL[2:3], firm(NOW + 10))
    ever = 10**12
    claimed = await claim(redis_client, HOME, "us", 3, LEASE, ahead_ms=ever, now=NOW)
    assert [(lease.product, lease.lane, lease.due) for lease in claimed.leases] == [
        (POOL[1], "firm", NOW - 10),
        (POOL[0], "due", NOW - 5000),
    ]
    assert claimed.next_firm == NOW + 10
    assert (await claim(redis_client, HOME, "us", 3, LEASE, ahead_ms=ever, now=NOW + 9)).leases == []
    (exact,) = (await claim(redis_client, HOME, "us", 3, LEASE, firm_from=NOW + 10, now=NOW + 10)).leases
    assert (exact.product, exact.lane) == (POOL[2], "firm")


async def test_loose_ones_whose_time_has_come_may_have_a_share_before_firm_ones(redis_client: Client) -> None:
    await _admit(redis_client, POOL[:1], NOW - 5000)
    await _admit(redis_client, POOL[1:2], NOW + 5000)
    await _admit(redis_client, POOL[2:4], firm(NOW - 10))
    claimed = await claim(redis_client, HOME, "us", 3, LEASE, loose_first=2, ahead_ms=10**12, now=NOW)
    assert [(lease.product, lease.lane) for lease in claimed.leases] == [
        (POOL[0], "due"),
        (POOL[2], "firm"),
        (POOL[3], "firm"),
    ]
    assert claimed.next_due == NOW + 5000


async def test_hints_keep_firm_and_loose_times_apart(redis_client: Client) -> None:
    await _admit(redis_client, POOL[:1], NOW + 700)
    lease = (await claim(redis_client, HOME, "us", ahead_ms=1000, now=NOW)).leases[0]
    await give_back(redis_client, lease, firm(NOW + 300), now=NOW)
    assert await hints.take(redis_client, "firm", "us", NOW) == NOW + 300
    assert await hints.take(redis_client, "firm", "us", NOW + 300) == hints.Hint(HOME, NOW + 300)
    await redis_client.delete(keyspace.ready_firm("us"), keyspace.ready_due("us"))
    await _admit(redis_client, POOL[1:2], NOW + 900)
    await redis_client.delete(keyspace.ready_due("us"))
    await hints.sweep(redis_client)
    assert await hints.take(redis_client, "firm", "us", NOW) == NOW + 300
    assert await hints.take(redis_client, "due", "us", NOW) == NOW + 900


async def test_other_marketplaces_are_passed_over(redis_client: Client) -> None:
    await _admit(redis_client, OTHERS, NOW - 1000)
    await _admit(redis_client, POOL[:1], NOW)
    claimed = await _claim(redis_client)
    assert [lease.product for lease in claimed.leases] == POOL[:1]
    assert await waiting(redis_client, OTHERS) == OTHERS


async def test_a_long_queue_of_another_marketplace_delays_but_does_not_hide_what_is_due(redis_client: Client) -> None:
    await redis_client.zadd(keyspace.frontier(HOME), {f"de:B{i:09d}": NOW - 10_000 + i for i in range(2000)})
    await _admit(redis_client, POOL[:1], NOW)
    start, tries = 0, 0
    while True:
        claimed = await claim(redis_client, HOME, "us", loose_from=start, now=NOW)
        tries += 1
        if claimed.leases:
            break
        assert claimed.next_due is not None
        assert claimed.next_due > start
        start = claimed.next_due
    assert tries <= 5


async def test_an_expired_lease_comes_back_with_a_new_token(redis_client: Client) -> None:
    await _admit(redis_client, POOL[:1])
    first = await _only(redis_client)
    assert (await _claim(redis_client, NOW + LEASE - 1)).leases == []
    again = await _only(redis_client, NOW + LEASE)
    assert again.product == first.product
    assert again.ends > first.ends
    assert again.due == first.ends


async def test_a_worker_whose_lease_ended_cannot_finish(redis_client: Client) -> None:
    await _admit(redis_client, POOL[:1])
    stopped = await _only(redis_client)
    assert not await give_back(redis_client, stopped, NOW + 1, now=NOW + LEASE)
    other = await _only(redis_client, NOW + LEASE)
    assert not await give_back(redis_client, stopped, NOW + 1, now=NOW + LEASE + 1)
    assert await give_back(redis_client, other, NOW + 5_000, now=NOW + LEASE + 2)
    assert await score_of(redis_client, other.product) == NOW + 5_000
    assert not await give_back(redis_client, other, NOW + 9_000, now=NOW + LEASE + 3)


async def test_a_worker_whose_lease_was_given_to_another_cannot_record(redis_client: Client, store: Store) -> None:
    await _admit(redis_client, POOL[:1])
    stopped = await _only(redis_client)
    other = await _only(redis_client, NOW + LEASE)
    recorder = Recorder(store, 86_400, now=NOW + LEASE + 1)
    look = Look(POOL[0], "USD", {Offer.BUYBOX: 999})
    (late,) = await recorder.record([LookToRecord(look, due_if_same=1, due_if_changed=1, lease=stopped.ends)])
    assert late.outcomes == {Offer.BUYBOX: Outcome.LEASE_LOST}
    assert await store.product(POOL[0]) is None
    (good,) = await recorder.record([LookToRecord(look, due_if_same=NOW + 7, due_if_changed=NOW + 8, lease=other.ends)])
    assert good.outcomes == {Offer.BUYBOX: Outcome.FIRST}
    assert await score_of(redis_client, POOL[0]) == NOW + 8
    assert await redis_client.zcard(keyspace.leases(HOME)) == 0


async def test_the_urgent_lane_goes_first_as_far_as_it_is_allowed(redis_client: Client) -> None:
    await _admit(redis_client, POOL[:2], NOW - 1000)
    await _admit(redis_client, POOL[2:], NOW + 10**9, urgent=True)
    claimed = await _claim(redis_client, limit=3, urgent_first=1)
    assert [lease.lane for lease in claimed.leases] == ["urgent", "due", "due"]
    assert claimed.next_urgent == NOW - MOST_AHEAD
    rest = await _claim(redis_client, limit=3, urgent_first=0)
    assert [lease.lane for lease in rest.leases] == ["urgent", "urgent"]
    assert rest.next_urgent is None


async def test_a_product_in_both_lanes_is_crawled_once(redis_client: Client) -> None:
    await _admit(redis_client, POOL[:1], NOW, urgent=True)
    claimed = await _claim(redis_client, limit=5, urgent_first=1)
    assert len(claimed.leases) == 1
    assert await score_of(redis_client, POOL[0]) is None
    assert await redis_client.exists(keyspace.urgent(HOME)) == 0


async def test_who_asks_while_a_product_is_being_crawled_gets_a_second_look(redis_client: Client) -> None:
    await _admit(redis_client, POOL[:1])
    lease = await _only(redis_client)
    (admitted,) = await admit_all(redis_client, [Admission(POOL[0], urgent=True)], now=NOW)
    assert (admitted.new, admitted.urgent) == (False, "waiting")
    waiting = await _claim(redis_client, urgent_first=1)
    assert (waiting.leases, waiting.next_urgent) == ([], lease.ends)
    await give_back(redis_client, lease, NOW + 10**9, now=NOW + 1)
    (second,) = (await _claim(redis_client, NOW + 2, urgent_first=1)).leases
    assert second.lane == "urgent"


async def test_admitting_again_changes_nothing_and_the_urgent_lane_is_capped(redis_client: Client) -> None:
    await _admit(redis_client, POOL[:1], NOW + 5)
    (again,) = await admit_all(redis_client, [Admission(POOL[0], NOW)], now=NOW)
    assert (again.new, again.urgent) == (False, "not asked")
    assert await score_of(redis_client, POOL[0]) == NOW + 5
    await redis_client.zadd(keyspace.urgent(HOME), {f"us:B{i:09d}": i for i in range(10**6, 10**6 + URGENT_CAP)})
    full = await admit(redis_client, POOL[1], None, urgent=True)
    assert (full.new, full.urgent) == (True, "full")


async def test_of_a_full_urgent_lane_the_last_one_gives_way_to_what_is_worth_more(redis_client: Client) -> None:
    waiting = {f"us:C{i:09d}": NOW - 1000 - i for i in range(URGENT_CAP)}
    await redis_client.zadd(keyspace.urgent(HOME), waiting)
    less, more = (Admission(POOL[i], urgent=True, ahead=ahead) for i, ahead in ((0, 999), (1, 1001)))
    (first,) = await admit_all(redis_client, [less], now=NOW)
    (second,) = await admit_all(redis_client, [more], now=NOW)
    assert (first.urgent, second.urgent) == ("full", "waiting")
    lane = set(await redis_client.zrange(keyspace.urgent(HOME), 0, -1))
    assert lane == {*waiting, str(POOL[1])} - {"us:C000000000"}


async def test_hints_lead_to_what_is_due_and_a_sweep_restores_lost_ones(redis_client: Client) -> None:
    await _admit(redis_client, [*POOL[:1], *OTHERS[:1]], NOW - 5)
    assert await hints.marketplaces(redis_client) == ["us", "de"]
    assert await hints.take(redis_client, "due", "us", NOW) == hints.Hint(HOME, NOW - 5)
    assert await hints.take(redis_client, "due", "us", NOW) == NOW + 2000, "kept from others for a moment"
    await redis_client.delete(keyspace.ready_due("us"), keyspace.ready_due("de"))
    assert await hints.take(redis_client, "due", "us", NOW) is None
    assert await hints.sweep(redis_client) == 2
    taken = await _taken(redis_client)
    assert taken.hint == hints.Hint(HOME, NOW - 5)
    claimed = await _claim(redis_client)
    await _put(redis_client, taken, claimed)
    assert await hints.take(redis_client, "due", "us", NOW) == NOW + LEASE
    await give_back(redis_client, claimed.leases[0], NOW + 500, now=NOW)
    assert await hints.take(redis_client, "due", "us", NOW) == NOW + 500


async def test_the_partition_of_a_worker_that_died_after_taking_it_is_looked_through_from_its_beginning(
    redis_client: Client,
) -> None:
    await _admit(redis_client, POOL[:1], NOW - 5)
    assert (await _taken(redis_client)).hint.begins == NOW - 5

    again = await hints.take(redis_client, "due", "us", NOW + 2001)

    assert isinstance(again, hints.Hint)
    assert (again.partition, again.begins) == (HOME, 0)
    claimed = await claim(redis_client, HOME, "us", loose_from=again.begins, now=NOW + 2001)
    assert [lease.product for lease in claimed.leases] == POOL[:1]


async def _taken(client: Client) -> hints.Taken:
    taken = await hints.take_first(client, ("urgent", "firm", "due"), "us", NOW)
    assert isinstance(taken, hints.Taken)
    return taken


async def _put(client: Client, taken: hints.Taken, claimed: Claim) -> None:
    trip = RoundTrip(client)
    hints.put(trip, "us", taken, claimed)
    await trip.send()


async def test_what_comes_between_a_claim_and_its_hints_is_not_hidden_until_the_next_sweep(
    redis_client: Client,
) -> None:
    await _admit(redis_client, POOL[:1])
    taken = await _taken(redis_client)
    claimed = await _claim(redis_client)
    await _admit(redis_client, POOL[1:2], NOW + 7, urgent=True)

    await _put(redis_client, taken, claimed)

    assert await hints.take(redis_client, "due", "us", NOW) == NOW + 7
    assert await hints.take(redis_client, "urgent", "us", NOW) == hints.Hint(HOME, NOW - MOST_AHEAD)


async def test_hints_of_all_lanes_end_with_what_they_led_to(redis_client: Client) -> None:
    await _admit(redis_client, POOL[:1], urgent=True)
    await hints.lower(redis_client, [("floor", "us", HOME, NOW - 3), ("firm", "us", HOME, NOW - 3)])
    taken = await _taken(redis_client)
    assert taken.lane == "urgent"
    claimed = await _claim(redis_client, urgent_first=1)

    await _put(redis_client, taken, claimed)

    for lane in ("urgent", "firm", "floor"):
        assert await hints.take(redis_client, lane, "us", NOW) is None
    assert await hints.take(redis_client, "due", "us", NOW) == NOW + LEASE, "the lease, should it never end"


async def test_the_first_lane_that_has_something_ready_is_taken_and_the_others_stay(redis_client: Client) -> None:
    assert await hints.take_first(redis_client, ("urgent", "firm", "due"), "us", NOW) is None
    await hints.lower(
        redis_client, [("firm", "us", 3, NOW + 50), ("due", "us", 4, NOW - 5), ("floor", "us", 5, NOW - 9)]
    )
    assert await hints.take_first(redis_client, ("urgent", "firm"), "us", NOW) == NOW + 50
    assert await hints.take_first(redis_client, ("urgent", "firm", "due"), "us", NOW) == hints.Taken(
        "due", hints.Hint(4, NOW - 5)
    )
    assert await hints.take_first(redis_client, ("floor", "due"), "us", NOW) == hints.Taken(
        "floor", hints.Hint(5, NOW - 9)
    )
    early = await hints.take_first(redis_client, ("firm", "due"), "us", NOW, early=True)
    assert early == hints.Taken("firm", hints.Hint(3, NOW + 50))


async def test_a_lost_worker_leaves_a_hint_even_after_all_hints_are_lost(redis_client: Client) -> None:
    await _admit(redis_client, POOL[:1])
    lease = await _only(redis_client)
    await redis_client.delete(keyspace.ready_due("us"))
    assert await hints.sweep(redis_client) == 1
    assert await hints.take(redis_client, "due", "us", NOW) == lease.ends


actions = st.lists(
    st.tuples(
        st.sampled_from(["claim", "finish", "finish late", "admit", "urgent"]),
        st.integers(0, 4),
        st.integers(0, 40_000),
    ),
    max_size=40,
)


@given(actions)
@hypothesis_settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # fmt: skip
def test_no_product_is_ever_leased_twice_and_none_is_lost(redis_url: str, steps: list[tuple[str, int, int]]) -> None:
    asyncio.run(_play(redis_url, steps))


ALL = (keyspace.frontier, keyspace.urgent, keyspace.leases, keyspace.cold, keyspace.places)


async def _play(url: str, steps: list[tuple[str, int, int]]) -> None:
    client = connect(url)
    try:
        await client.delete(*(key(HOME) for key in ALL))
        now, held, ended = NOW, dict[ProductID, Lease](), list[Lease]()
        admitted: set[ProductID] = set()
        for action, which, wait in steps:
            now += wait
            product = POOL[which]
            ended += [lease for lease in held.values() if lease.ends <= now]
            held = {p: lease for p, lease in held.items() if lease.ends > now}
            if action in ("admit", "urgent"):
                await admit_all(client, [Admission(product, now, action == "urgent")], now=now)
                admitted.add(product)
            elif action == "claim":
                for lease in (await claim(client, HOME, "us", which, LEASE, urgent_first=1, now=now)).leases:
                    assert lease.product not in held
                    held[lease.product] = lease
            elif action == "finish" and product in held:
                assert await give_back(client, held.pop(product), now, now=now)
            elif action == "finish late" and ended:
                assert not await give_back(client, ended[which % len(ended)], now, now=now)
            there = set(await waiting(client, POOL))
            leased = {ProductID.parse(str(m)) for m in await client.zrange(keyspace.leases(HOME), 0, -1)}
            assert there | leased == admitted
            assert not there & held.keys()
    finally:
        await client.aclose()

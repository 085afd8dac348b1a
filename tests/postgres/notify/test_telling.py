"""Who is told of a change that crosses: the pure rule, the same in SQL, and both against a plain reference."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pennywren.model.change import ChangeKind, PriceChange
from pennywren.model.offer import Offer
from pennywren.model.rule import Place, WatchSet, crosses
from pennywren.notify import alerts, decisions
from pennywren.notify.decisions import Reason
from pennywren.notify.telling import Watching, withheld
from pennywren.postgres.moments import to_moment
from pennywren.postgres.pool import transaction
from tests.postgres.notify.world import PRODUCT, T0, World

H = 3_600_000
TIMES = st.integers(0, 12).map(lambda half_hours: T0 + half_hours * H // 2)
PRICES = st.integers(1, 6)
PLACES = st.builds(Place, st.sampled_from(WatchSet), st.integers(-1_000, 6))
CHANGES = st.builds(
    PriceChange,
    st.just(PRODUCT),
    st.just(Offer.BUYBOX),
    st.sampled_from(ChangeKind),
    st.none() | PRICES,
    st.none() | PRICES,
    st.sampled_from(["USD", "USD", "USD", "EUR"]),
    TIMES,
    st.integers(1, 2),
    st.booleans(),
    st.integers(0, 6),
    st.sampled_from(["crawl", "crawl", "crawl", "report", "import"]),
)
WATCHINGS = st.builds(
    Watching,
    PLACES,
    st.just("USD"),
    st.sampled_from(["active", "active", "active", "paused", "ended", "expired"]),
    TIMES,
    st.sampled_from([0, H, 6 * H]),
    st.none() | TIMES,
    st.none() | TIMES,
    st.none() | TIMES,
    st.none() | PRICES,
)


async def _watch(world: World, watching: Watching) -> int:
    subscription = await world.subscribe(1)
    priced = watching.place.set in (WatchSet.FALL, WatchSet.RISE)
    at = max(watching.place.at, 1) if priced else watching.place.at
    columns = {
        "watch_set": watching.place.set.value,
        "threshold": at if priced else None,
        "measure": None if priced else at,
        "state": watching.state,
        "armed_at": to_moment(watching.armed_at),
        "rearm_after": watching.rearm_after // 1000,
        "snoozed_until": None if watching.snoozed_until is None else to_moment(watching.snoozed_until),
        "expires_at": None if watching.expires_at is None else to_moment(watching.expires_at),
        "last_alert_at": None if watching.last_alert_at is None else to_moment(watching.last_alert_at),
        "last_alert_price": watching.last_alert_price,
    }
    names = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, start=2))
    await world.pool.execute(f"update subscriptions set {names} where id = $1", subscription, *columns.values())
    return subscription


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(watching=WATCHINGS, seen=CHANGES)
async def test_the_decision_in_sql_is_the_pure_rule(world: World, watching: Watching, seen: PriceChange) -> None:
    subscription = await _watch(world, watching)
    if watching.place.set in (WatchSet.FALL, WatchSet.RISE):
        watching = replace(watching, place=Place(watching.place.set, max(watching.place.at, 1)))
    async with transaction(world.pool) as connection:
        told = await alerts.decide(connection, [(seen, [subscription])], timedelta(hours=99))
        kept = await decisions.last(connection, subscription)

    if not crosses(seen, watching.place):
        expected = "nothing"
    elif (reason := withheld(watching, seen)) is None:
        expected = "told"
    elif reason is Reason.OUT_OF_TURN and seen.at == watching.last_alert_at:
        expected = "nothing"  # the change that was told last, again
    else:
        expected = reason
    got = "told" if told.alert_ids else kept[0].reason if kept else "nothing"
    assert got == expected
    assert len(told.alert_ids) + len(kept) <= 1


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prices=st.lists(PRICES, min_size=2, max_size=14),
    steps=st.lists(st.integers(1, 5), min_size=14, max_size=14),
    threshold=PRICES,
    rearm=st.sampled_from([0, 2, 6]),
    once=st.booleans(),
)
async def test_a_watch_is_told_at_its_edge_then_not_again_until_a_new_low_or_its_period_is_over(
    world: World, prices: list[int], steps: list[int], threshold: int, rearm: int, once: bool
) -> None:
    subscription = await world.subscribe(threshold, rearm_after=rearm * 3600, once=once)
    expected: list[int] = []
    at, last, lowest = T0, -(10**9), 0
    changes: list[PriceChange] = []
    for old, new, hours in zip(prices, prices[1:], steps, strict=False):
        at += hours * H
        if old == new:
            continue
        changes.append(PriceChange(PRODUCT, Offer.BUYBOX, ChangeKind.PRICE, old, new, "USD", at, 2))
        crossing = new <= threshold < old
        again = not expected or at - last >= rearm * H or new < lowest
        if crossing and again and not (once and expected):
            expected.append(at)
            last, lowest = at, new
    for each in [*changes, *changes[:3]]:  # and some of them come again
        await world.decide(each, subscription)
    told = await world.pool.fetch("select change_id from alerts where subscription_id = $1 order by id", subscription)
    assert [int(row["change_id"].split("/")[2]) for row in told] == expected


async def test_every_kind_is_bound_by_the_cooldown(world: World) -> None:
    """Within an hour a hundred changes, each of which crosses: one alert, and for lows one for each real step down."""
    low = await _watch(world, Watching(Place(WatchSet.LOWS, 7), "USD", "active", T0, 6 * H))
    moves = await _watch(world, Watching(Place(WatchSet.MOVES, 1), "USD", "active", T0, 6 * H))
    back = await _watch(world, Watching(Place(WatchSet.STOCK, 2), "USD", "active", T0, 6 * H))
    rise = await _watch(world, Watching(Place(WatchSet.RISE, 900), "USD", "active", T0, 6 * H))
    for i in range(100):
        at, falls = T0 + i * 36_000, 1000 - i
        for seen in (
            PriceChange(PRODUCT, Offer.BUYBOX, ChangeKind.PRICE, falls + 1, falls, "USD", at, 2, True, 30),
            PriceChange(PRODUCT, Offer.BUYBOX, ChangeKind.BACK, None, 950 + i, "USD", at + 1, 2),
        ):
            await world.decide(seen, low, moves, back, rise)
    told = {
        row["subscription_id"]: row["count"]
        for row in await world.pool.fetch("select subscription_id, count(*) from alerts group by 1")
    }
    assert (told[moves], told[back], told[rise]) == (1, 1, 1)
    assert told[low] == 3  # 1000, then each 5 % below the last: 950, 902


async def test_what_was_not_told_is_explained(world: World) -> None:
    subscription = await world.subscribe(1300)

    async def why(new: int, after: int, source: str = "crawl") -> list[Reason]:
        seen = PriceChange(PRODUCT, Offer.BUYBOX, ChangeKind.PRICE, 1599, new, "USD", T0 + after, 2, source=source)
        await world.decide(seen, subscription)
        async with transaction(world.pool) as connection:
            return [
                each.reason
                for each in await decisions.last(connection, subscription)
                if each.change_id == seen.change_id
            ]

    assert await why(1299, 1, "report") == [Reason.UNVERIFIED]
    assert await why(1299, 2) == []
    assert await why(1299, H) == [Reason.COOLING_DOWN]
    await world.pool.execute("update subscriptions set state = 'paused'")
    assert await why(1298, 2 * H) == [Reason.PAUSED]
    assert await why(1299, 2) == []  # the one that was told, again

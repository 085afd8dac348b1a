"""Every kind of watch over the API: made, shown, changed, refused with a sentence."""

from typing import Any

import httpx
import pytest

from pennywren import keyspace
from pennywren.model.clock import DAY, rfc3339, system_clock
from pennywren.model.offer import Offer
from pennywren.model.rule import WatchSet
from tests.web.site import PRODUCT, Site


def wish(**more: object) -> dict[str, object]:
    """The body of POST /subscriptions."""
    return {"productID": str(PRODUCT), "notificationType": "EMAIL", **more}


async def placed(site: Site) -> dict[str, dict[str, float]]:
    """The watch index of the product's buy box, by set; sets without a watch are left out."""
    found: dict[str, dict[str, float]] = {}
    for each in WatchSet:
        members: Any = await site.resources.client.zrange(
            keyspace.watch(PRODUCT, Offer.BUYBOX, each), 0, -1, withscores=True
        )
        if members:
            found[each.value] = dict(members)
    return found


@pytest.mark.parametrize(
    ("rule", "watch_set", "place", "threshold", "met", "words"),
    [
        (
            {"kind": "priceAtOrBelow", "threshold": 1500},
            "watch",
            1500,
            1500,
            False,
            "the price is at 15.00 USD or less",
        ),
        ({"kind": "priceAtOrAbove", "threshold": 1500}, "rise", 1500, 1500, True, "the price is at 15.00 USD or more"),
        (
            {"kind": "drop", "percent": 10},
            "watch",
            1799,
            1799,
            False,
            "the price is 10% below the price when you began to watch (to 17.99 USD or less)",
        ),
        (
            {"kind": "drop", "amount": 500, "base": "lastAlert"},
            "watch",
            1499,
            1499,
            False,
            "the price is 5.00 USD below the price that you were last told (to 14.99 USD or less)",
        ),
        (
            {"kind": "rise", "percent": 10, "base": "median90Days"},
            "rise",
            2199,
            2199,
            False,
            "the price is 10% above the median of the last 90 days (to 21.99 USD or more)",
        ),
        ({"kind": "allTimeLow"}, "lows", 100_000, None, True, "the price is lower than ever since we began to look"),
        ({"kind": "lowestInDays", "days": 30}, "lows", 30, None, True, "the price is the lowest of 30 days"),
        ({"kind": "backInStock"}, "stock", 2, None, True, "it is back in stock"),
        ({"kind": "outOfStock"}, "stock", 1, None, False, "it is out of stock"),
        ({"kind": "anyChange", "percent": 2.5}, "moves", -250, None, False, "the price moves by 2.5% or more"),
        ({"kind": "anyChange", "amount": 100}, "moves", 100, None, False, "the price moves by 1.00 USD or more"),
    ],
)
async def test_each_kind_sits_in_its_set_and_says_how_it_stands(
    site: Site,
    owner: httpx.AsyncClient,
    rule: dict[str, object],
    watch_set: str,
    place: int,
    threshold: int | None,
    met: bool,
    words: str,
) -> None:
    await site.record(1999)
    made = await owner.post("/subscriptions", json=wish(rule=rule))
    assert made.status_code == 201, made.text
    body = made.json()

    assert await placed(site) == {watch_set: {str(body["id"]): place}}
    assert (body["threshold"], body["alreadyMet"], body["waitsFor"]) == (threshold, met, words)
    shown = (await owner.get(made.headers["location"])).json()
    assert rule.items() <= shown["rule"].items()
    told = await site.resources.pool.fetchval("select count(*) from alerts")
    assert told == (1 if met and watch_set == "rise" else 0)


async def test_watches_of_several_kinds_live_side_by_side_and_one_kind_is_held_once(
    site: Site, owner: httpx.AsyncClient
) -> None:
    for rule in ({"kind": "allTimeLow"}, {"kind": "backInStock"}):
        assert (await owner.post("/subscriptions", json=wish(rule=rule))).status_code == 201
    again = await owner.post("/subscriptions", json=wish(rule={"kind": "allTimeLow"}))
    assert (again.status_code, again.json()["type"]) == (409, "/problems/conflict")
    assert "when the price is lower than ever" in again.json()["detail"]

    listed = (await owner.get("/subscriptions")).json()["subscriptions"]
    changed = await owner.patch(f"/subscriptions/{listed[1]['id']}", json={"rule": {"kind": "allTimeLow"}})
    assert changed.status_code == 409
    assert set(await placed(site)) == {"lows", "stock"}


async def test_a_watch_that_becomes_another_kind_leaves_its_set(site: Site, owner: httpx.AsyncClient) -> None:
    made = (await owner.post("/subscriptions", json=wish(threshold=1000))).json()
    changed = await owner.patch(f"/subscriptions/{made['id']}", json={"rule": {"kind": "lowestInDays", "days": 7}})
    assert (changed.json()["threshold"], changed.json()["rule"]) == (None, {"kind": "lowestInDays", "days": 7})
    assert await placed(site) == {"lows": {str(made["id"]): 7}}


async def test_a_base_that_is_not_known_yet_is_waited_for(site: Site, owner: httpx.AsyncClient) -> None:
    made = (await owner.post("/subscriptions", json=wish(rule={"kind": "drop", "percent": 10}))).json()
    assert (made["threshold"], made["basePrice"]) == (None, None)
    assert made["waitsFor"] == "the price is 10% below the price when you began to watch"
    assert await placed(site) == {}
    assert await site.resources.pool.fetchval("select look_again_at is not null from subscriptions")


async def test_a_target_below_all_that_was_seen_is_said_so_with_a_better_one(
    site: Site, owner: httpx.AsyncClient
) -> None:
    for price in (1999, 1500, 1999):
        await site.record(price)
    seen = (await owner.post("/subscriptions", json=wish(threshold=1500))).json()
    assert seen["neverSeen"] is None
    answer = (await owner.patch(f"/subscriptions/{seen['id']}", json={"threshold": 1499})).json()["neverSeen"]
    assert (answer["lowest"], answer["suggestedThreshold"]) == (1500, 1500)
    assert "the lowest was 15.00 USD" in answer["text"]
    assert answer["since"][:10] in answer["text"]


async def test_a_watch_is_paused_snoozed_ended_and_goes_on(site: Site, owner: httpx.AsyncClient) -> None:
    made = (await owner.post("/subscriptions", json=wish(threshold=1000, once=True, rearmAfter=60))).json()
    where = f"/subscriptions/{made['id']}"
    assert (made["once"], made["rearmAfter"], made["state"]) == (True, 60, "active")
    soon = rfc3339(system_clock() + DAY)

    paused = (await owner.patch(where, json={"state": "paused", "snoozedUntil": soon, "expiresTime": soon})).json()
    assert (paused["state"], paused["snoozedUntil"], paused["expiresTime"]) == ("paused", soon, soon)
    assert paused["armedTime"] == made["armedTime"]
    assert paused["threshold"] == 1000
    assert await placed(site) == {"watch": {str(made["id"]): 1000}}  # so that what passes it by is explained

    active = (await owner.patch(where, json={"state": "active", "snoozedUntil": None, "rearmAfter": None})).json()
    assert (active["state"], active["snoozedUntil"], active["rearmAfter"]) == ("active", None, None)
    assert active["armedTime"] > made["armedTime"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "Say what to wait for"),
        ({"threshold": 5, "rule": {"kind": "allTimeLow"}}, "not both"),
        ({"rule": {"kind": "drop"}}, "`percent` or `amount`"),
        ({"rule": {"kind": "drop", "percent": 5, "amount": 5}}, "`percent` or `amount`"),
        ({"rule": {"kind": "drop", "percent": 100}}, "less than 100 percent"),
        ({"rule": {"kind": "drop", "amount": 1999}}, "what it is counted from is 19.99 USD"),
        ({"rule": {"kind": "lowestInDays", "days": 0}}, "days"),
        ({"rule": {"kind": "magic"}}, "magic"),
        ({"rule": {"kind": "allTimeLow", "threshold": 5}}, "threshold"),
        ({"threshold": 5, "expiresTime": "tomorrow"}, "expiresTime 'tomorrow' is not a time"),
        ({"threshold": 5, "expiresTime": "2001-01-01T00:00:00Z"}, "in the future"),
        ({"threshold": 5, "expiresTime": "9999-01-01T00:00:00Z"}, "ten years"),
        ({"threshold": 5, "rearmAfter": -1}, "rearmAfter"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_sentence(
    site: Site, owner: httpx.AsyncClient, body: dict[str, object], says: str
) -> None:
    await site.record(1999)
    answer = await owner.post("/subscriptions", json=wish(**body))
    assert answer.status_code == 400
    assert says in answer.json()["detail"]
    assert await placed(site) == {}


async def test_a_change_that_says_nothing_is_refused(owner: httpx.AsyncClient) -> None:
    made = (await owner.post("/subscriptions", json=wish(threshold=1000))).json()
    for body, says in (
        ({}, "Say what to change"),
        ({"snoozedUntil": "2001-01-01T00:00:00Z"}, "in the future"),
        ({"state": "ended"}, "ended"),
    ):
        answer = await owner.patch(f"/subscriptions/{made['id']}", json=body)
        assert answer.status_code == 400
        assert says in answer.json()["detail"]


async def test_the_account_page_shows_every_kind(site: Site, owner: httpx.AsyncClient) -> None:
    await site.record(1999)
    for rule in ({"kind": "allTimeLow"}, {"kind": "drop", "percent": 10}, {"kind": "priceAtOrBelow", "threshold": 5}):
        await owner.post("/subscriptions", json=wish(rule=rule))
    page = (await owner.get("/account")).text
    assert "the price is lower than ever since we began to look" in page
    assert "10% below the price when you began to watch (at $17.99 or less)" in page

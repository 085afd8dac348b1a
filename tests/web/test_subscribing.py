"""Watching a price over the API."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.workqueue import WorkQueue
from tests.web.site import PRODUCT, Site

OTHER = ProductID("de", "B000000001")


def wish(threshold: int = 1000, product: ProductID | str = PRODUCT, **more: object) -> dict[str, object]:
    """The body of POST /subscriptions."""
    return {"productID": str(product), "threshold": threshold, "notificationType": "EMAIL", **more}


async def watches(site: Site, product: ProductID = PRODUCT) -> dict[str, float]:
    """The watch index of a product's buy box."""
    found: Any = await site.resources.client.zrange(keyspace.watch(product, Offer.BUYBOX), 0, -1, withscores=True)
    return dict(found)


async def test_a_watch_is_made_read_changed_and_deleted(site: Site, owner: httpx.AsyncClient) -> None:
    made = await owner.post("/subscriptions", json=wish(1500))
    assert made.status_code == 201
    body = made.json()
    where = made.headers["location"]
    assert body["productID"] == "us:B08N5WRWNW"
    assert (body["threshold"], body["currency"], body["alreadyMet"], body["currentPrice"]) == (1500, "USD", False, None)
    assert await watches(site) == {str(body["id"]): 1500}

    changed = await owner.patch(where, json={"threshold": 1200})
    assert (changed.status_code, changed.json()["threshold"]) == (200, 1200)
    assert changed.json()["armedTime"] > body["armedTime"]
    assert await watches(site) == {str(body["id"]): 1200}
    assert [one["id"] for one in (await owner.get("/subscriptions")).json()["subscriptions"]] == [body["id"]]

    gone = await owner.delete(where)
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await owner.get(where)).status_code == 404
    assert await watches(site) == {}


async def test_a_new_watch_has_its_product_looked_at_first(site: Site, owner: httpx.AsyncClient) -> None:
    await owner.post("/subscriptions", json=wish(product="https://www.amazon.de/x/dp/B000000001?ref=y"))
    urgent = keyspace.urgent(keyspace.partition_of(OTHER))

    assert await site.resources.client.zrange(urgent, 0, -1) == ["de:B000000001"]


async def test_the_currency_is_the_products(owner: httpx.AsyncClient) -> None:
    assert (await owner.post("/subscriptions", json=wish(product=OTHER))).json()["currency"] == "EUR"


async def test_a_target_that_is_met_is_said_and_alerted_at_once(
    site: Site, owner: httpx.AsyncClient, queue_url: str
) -> None:
    await site.record(1299)
    made = (await owner.post("/subscriptions", json=wish(1299))).json()

    assert (made["alreadyMet"], made["currentPrice"]) == (True, 1299)
    [alert] = await site.resources.pool.fetch("select * from alerts")
    assert (alert["change_id"], alert["subscription_id"], alert["new_price"]) == ("created", made["id"], 1299)
    assert alert["queued_at"] is not None
    queue = WorkQueue(queue_url)
    assert queue.length("deliver") == 1
    queue.close()


async def test_a_target_that_is_met_when_it_is_changed_is_told_too(site: Site, owner: httpx.AsyncClient) -> None:
    await site.record(1299)
    made = (await owner.post("/subscriptions", json=wish(1000))).json()
    assert not made["alreadyMet"]
    for threshold in (1299, 1350):
        changed = await owner.patch(f"/subscriptions/{made['id']}", json={"threshold": threshold})
        assert changed.json()["alreadyMet"]
    alerts = await site.resources.pool.fetch("select change_id, new_price from alerts order by id")
    assert [alert["new_price"] for alert in alerts] == [1299, 1299]
    assert all(alert["change_id"].startswith("created/") for alert in alerts)


async def test_a_fault_after_the_subscription_is_made_does_not_unmake_it(
    site: Site, owner: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.record(1299)

    async def broken(*_: object, **__: object) -> None:
        raise Unavailable

    monkeypatch.setattr("pennywren.pipeline.subscribing.follow", broken)
    made = await owner.post("/subscriptions", json=wish(1299))
    assert (made.status_code, made.json()["alreadyMet"]) == (201, True)
    assert await site.resources.pool.fetchval("select count(*) from alerts") == 1


async def test_deleting_watches_does_not_let_a_person_track_without_end(
    owner: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pennywren.web.serving.limits._TRACK_BURST", -80)  # of the hundred that the free plan adds
    answers: list[int] = []
    for i in range(30):
        made = await owner.post("/subscriptions", json=wish(product=ProductID("us", f"B{i:09}")))
        answers.append(made.status_code)
        if made.status_code == 201:
            await owner.delete(f"/subscriptions/{made.json()['id']}")
    assert answers.count(201) in (20, 21)  # one more if a minute goes by meanwhile
    assert set(answers) == {201, 429}


@pytest.mark.parametrize("price", [1300, None])
async def test_a_target_that_is_not_met_alerts_nobody(site: Site, owner: httpx.AsyncClient, price: int | None) -> None:
    await site.record(1000)
    await site.record(price)
    made = (await owner.post("/subscriptions", json=wish(1299))).json()

    assert (made["alreadyMet"], made["currentPrice"]) == (False, price)
    assert await site.resources.pool.fetchval("select count(*) from alerts") == 0


async def test_a_second_watch_of_the_same_price_names_the_first(owner: httpx.AsyncClient) -> None:
    first = (await owner.post("/subscriptions", json=wish(1000))).json()
    second = await owner.post("/subscriptions", json=wish(900))

    assert (second.status_code, second.json()["type"]) == (409, "/problems/conflict")
    assert f"subscription {first['id']}" in second.json()["detail"]
    assert (await owner.post("/subscriptions", json=wish(900, offer="used"))).status_code == 201


@pytest.mark.parametrize("channel", ["SMS", "PUSH", "WEBHOOK"])
async def test_a_channel_that_does_not_work_yet_is_refused_and_the_others_named(
    owner: httpx.AsyncClient, channel: str
) -> None:
    answer = await owner.post("/subscriptions", json=wish(notificationType=channel))

    assert answer.status_code == 400
    assert "EMAIL" in answer.json()["detail"]


@pytest.fixture
def limited(site: Site) -> Site:
    """A site whose free plan allows three subscriptions."""
    limits = {"free": 3, "plus": 5}
    site.resources.subscribing._limits.update(limits)  # pyright: ignore[reportPrivateUsage]
    return site


async def test_a_plan_allows_so_many_and_says_so(limited: Site, owner: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *(owner.post("/subscriptions", json=wish(product=ProductID("us", f"B{i:09}"))) for i in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [403] * 3
    refused = next(answer for answer in answers if answer.status_code == 403)
    assert refused.json()["type"] == "/problems/plan-limit"
    assert "the free plan allows 3" in refused.json()["detail"]

    await limited.resources.pool.execute("update people set plan = 'plus'")
    statuses = [
        (await owner.post("/subscriptions", json=wish(product=ProductID("us", f"B{i:09}")))).status_code
        for i in range(10, 13)
    ]
    assert statuses == [201, 201, 403]


async def test_the_limits_of_the_plans_are_settings(site: Site) -> None:
    settings = msgspec.structs.replace(site.resources.settings)
    assert (settings.free_subscriptions, settings.plus_subscriptions) == (100, 2000)


async def test_nothing_is_made_while_redis_is_away(site: Site, owner: httpx.AsyncClient) -> None:
    resources = site.resources
    await site.lose_redis()
    answer = await owner.post("/subscriptions", json=wish())

    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert await resources.pool.fetchval("select count(*) from subscriptions") == 0

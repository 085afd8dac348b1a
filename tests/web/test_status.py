"""The status page: how long alerts took, and what it counts."""

import httpx

from pennywren.model.clock import DAY
from pennywren.pipeline import alert_times
from tests.web.site import HTML, PRODUCT, Site


async def test_the_status_tells_how_alerts_fare(site: Site, owner: httpx.AsyncClient) -> None:
    wish = {"productID": str(PRODUCT), "threshold": 1000, "notificationType": "EMAIL"}
    made = (await owner.post("/subscriptions", json=wish)).json()
    for i, seconds in enumerate((1, 2, 3, 4)):
        await site.resources.pool.execute(
            """insert into alerts (subscription_id, person_id, change_id, product_id, offer, new_price, currency,
                   seen_at, state)
               select id, person_id, $2, product_id, offer, 1, currency, now() - interval '10 s', 'delivered'
               from subscriptions where id = $1""",
            made["id"],
            f"change-{i}",
        )
        await alert_times.count(site.resources.client, "email", [seconds], site.clock())
    await alert_times.count(site.resources.client, "email", [7000.0], site.clock() - 3 * DAY)
    body = (await owner.get("/status")).json()

    assert body["alerts"] == {"decided": 0, "held": 0, "sending": 0, "delivered": 4, "failed": 0, "dropped": 0}
    assert body["timeToAlert"] == {"p50": 2.0, "p95": 4.6, "p99": 4.92, "withinHour": 1.0, "count": 4, "missed": 0}
    assert (body["timeToAlert30Days"]["withinHour"], body["timeToAlert30Days"]["count"]) == (0.8, 5)
    page = (await owner.get("/status", headers=HTML)).text
    assert "what could not be delivered" in page
    assert "4.6\u00a0s" in page
    assert "80" in page


async def test_what_failed_or_waits_for_more_than_an_hour_was_not_told_within_it(
    site: Site, owner: httpx.AsyncClient
) -> None:
    wish = {"productID": str(PRODUCT), "threshold": 1000, "notificationType": "EMAIL"}
    made = (await owner.post("/subscriptions", json=wish)).json()
    waits = {"decided": "61 minutes", "sending": "59 minutes", "held": "5 hours", "delivered": "5 hours"}
    for state, waited in waits.items():
        await site.resources.pool.execute(
            f"""insert into alerts (subscription_id, person_id, change_id, product_id, offer, new_price, currency,
                    seen_at, state)
                select id, person_id, $2, product_id, offer, 1, currency, now() - interval '{waited}', $2
                from subscriptions where id = $1""",
            made["id"],
            state,
        )
    await alert_times.count(site.resources.client, "email", [1.0, 1.0], site.clock())
    await alert_times.count_failed(site.resources.client, 1, site.clock())
    body = (await owner.get("/status")).json()
    assert (body["timeToAlert"]["count"], body["timeToAlert"]["missed"]) == (2, 2)
    assert body["timeToAlert"]["withinHour"] == body["timeToAlert30Days"]["withinHour"] == 0.5

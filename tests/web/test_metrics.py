"""`GET /metrics` on the running application."""

import httpx
from prometheus_client.parser import text_string_to_metric_families

from pennywren import keyspace
from pennywren.frontier.admission import Admission, admit_all
from pennywren.model.product import ProductID
from pennywren.observe import egress
from pennywren.pipeline.crawling import CRAWLS
from pennywren.pipeline.metrics import FAMILIES
from pennywren.store.counters import count
from tests.web.site import Site


async def values(site: Site, **headers: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """What a scraper on this machine reads: by name, and label values in the order of the labels' names."""
    site.clock.now += 60_000
    async with site.client(network="127.0.0.1") as client:
        answer = await client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_a_scraper_reads_what_was_counted_and_how_things_stand(site: Site) -> None:
    client = site.resources.client
    await site.record(1999)
    async with client.pipeline(transaction=False) as pipe:
        count(pipe, CRAWLS, "us", "product", by=7)
        await pipe.execute()
    now = site.clock()
    products = [ProductID("us", f"B0000000{i:02}") for i in range(12)]
    await admit_all(client, [Admission(product, now - 60_000, urgent=i < 3) for i, product in enumerate(products)])
    token = await egress.take(client, "e1", "www.amazon.com")
    assert isinstance(token, egress.Token)
    await egress.done(client, token, "refused", why="captcha")
    await client.set(keyspace.crawl_threshold(), "0")

    found = await values(site)

    assert found["pennywren_crawls_total", ("us", "product")] == 7
    assert found["pennywren_observations_total", ("first", "crawl")] == 1
    assert found["pennywren_frontier_products", ()] == 12
    assert found["pennywren_frontier_urgent", ()] == 3
    assert found["pennywren_frontier_lambda", ()] == 1
    assert found["pennywren_frontier_oldest_due_seconds", ("us",)] == 120
    assert found["pennywren_egress_rate", ("e1", "www.amazon.com")] == 0.5
    assert found["pennywren_egress_circuit", ("e1", "www.amazon.com", "closed")] == 1
    assert found["pennywren_alerts", ("delivered",)] == 0
    assert found["pennywren_part_up", ("redis",)] == found["pennywren_part_up", ("postgres",)] == 1


async def test_without_redis_the_rest_is_told_and_that_it_is_down(site: Site) -> None:
    await site.lose_redis()

    found = await values(site)

    assert found["pennywren_part_up", ("redis",)] == 0
    assert found["pennywren_alerts", ("delivered",)] == 0
    assert ("pennywren_frontier_products", ()) not in found


async def test_every_family_has_its_help_before_anything_was_counted(site: Site) -> None:
    async with site.client(network="127.0.0.1") as client:
        text = (await client.get("/metrics")).text

    for family in FAMILIES:
        assert f"# HELP {family.name} {family.help}" in text


async def test_openmetrics_is_spoken_where_it_is_asked_for(site: Site) -> None:
    async with site.client(network="127.0.0.1") as client:
        answer = await client.get("/metrics", headers={"accept": "application/openmetrics-text;version=1.0.0"})

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


async def test_the_internet_may_not_read_it_and_is_told_which_setting_decides(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/metrics")

    assert answer.status_code == 403
    assert "PENNYWREN_METRICS_NETWORKS" in answer.json()["detail"]


async def test_what_came_through_a_proxy_that_nobody_told_us_of_is_not_a_neighbour(site: Site) -> None:
    async with site.client(network="127.0.0.1") as client:
        answer = await client.get("/metrics", headers={"x-forwarded-for": "198.51.100.7"})

    assert answer.status_code == 403

"""Pages that can no longer be read: counted by kind, a few kept for people, told once."""

import asyncio
import json
import logging
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pennywren import keyspace
from pennywren.cli.shell import shell
from pennywren.frontier.admission import Admission, admit_all
from pennywren.local.shop.goods import HERO
from pennywren.model.clock import MINUTE, system_clock
from pennywren.model.product import ProductID
from pennywren.observe.drift import Kind, Tally
from pennywren.observe.page.reading import PageReading
from pennywren.pipeline.drifting import KEPT, note_page, samples, tallies, warn
from pennywren.store.connect import Client
from tests.redis.crawl.conftest import Stage

PRODUCT = ProductID("us", "B08N5WRWNW")
KIND = Kind("us", "core_price")
PAGE = b"<html><body><div id=dp>what is this</div></body></html>"
DOUBTFUL = PageReading(kind="unreadable", reason="disagree", layout="core_price")
CLEAR = PageReading(kind="product", layout="core_price")
NOW = 1_800_000_000_000


async def test_pages_are_counted_by_kind_and_a_robot_check_is_none(redis_client: Client) -> None:
    for reading in (DOUBTFUL, CLEAR, CLEAR, PageReading(kind="captcha"), PageReading(kind="unreadable")):
        await note_page(redis_client, PRODUCT, reading, PAGE, NOW)
    assert await tallies(redis_client, NOW) == [Tally(KIND, 2, 1), Tally(Kind("us", "none"), 0, 1)]


async def test_the_latest_few_failing_pages_are_kept_and_not_all_of_one_minute(redis_client: Client) -> None:
    for i in range(3):
        await note_page(redis_client, PRODUCT, DOUBTFUL, PAGE, NOW + i)
    (only,) = await samples(redis_client, KIND)
    assert (only.html(), only.at, only.reason, only.product_id) == (PAGE, NOW, "disagree", str(PRODUCT))
    for i in range(KEPT + 2):
        await redis_client.delete(keyspace.drift_pause("keep", "us", "core_price"))
        await note_page(redis_client, PRODUCT, DOUBTFUL, PAGE + b"%d" % i, NOW + i * 10 * MINUTE)
    kept = await samples(redis_client, KIND)
    assert [page.html()[-1:] for page in kept] == [b"6", b"5", b"4", b"3", b"2"]
    assert 0 < await redis_client.ttl(keyspace.drift_samples("us", "core_price")) <= 7 * 86_400


async def test_a_kind_that_drifts_is_told_of_once(redis_client: Client, caplog: pytest.LogCaptureFixture) -> None:
    for reading in (*[CLEAR] * 15, *[DOUBTFUL] * 5):
        await note_page(redis_client, PRODUCT, reading, PAGE, NOW)
    assert list(await warn(redis_client, 25, NOW)) == []
    with caplog.at_level(logging.WARNING):
        assert list(await warn(redis_client, 10, NOW)) == [Tally(KIND, 15, 5)]
        assert list(await warn(redis_client, 10, NOW)) == []
    assert "25 % of 20 product pages of us with layout core_price could not be read" in caplog.text


async def test_people_see_how_crawling_stands_and_what_could_not_be_read(
    stage: Stage, redis_url: str, tmp_path: Path
) -> None:
    async def pennywren(*words: str) -> Result:
        environ = {
            "PENNYWREN_REDIS_URL": redis_url,
            "PENNYWREN_DATA_DIR": str(tmp_path),
            "PENNYWREN_EGRESSES": "e1=direct@127.0.0.9",
            "PENNYWREN_SHOP_ORIGINS": f"us={stage.origin}",
        }
        # In a thread: the shop runs in our loop, and the command in one of its own.
        return await asyncio.to_thread(lambda: CliRunner().invoke(shell, ["crawl", *words], env=environ))

    empty = await pennywren("status")
    assert "Nothing is tracked yet" in empty.output
    assert "No egress has sent a request yet" in empty.output
    assert "every product page of the last week could be read" in (await pennywren("samples")).output

    await admit_all(stage.store.client, [Admission(HERO.id, urgent=True)])
    crawler = stage.crawler("e1", "127.0.0.9")
    (host,) = await crawler.look_around()
    assert (await crawler.step(host)).worked, "robots.txt comes first"
    for _ in range(25):
        await note_page(stage.store.client, HERO.id, DOUBTFUL, PAGE, system_clock())
    seen = json.loads((await pennywren("status", "--json")).output)
    (line,) = seen["egresses"]
    assert (line["egress"], line["host"], line["circuit"], line["robots"]) == ("e1", stage.host, "closed", "kept")
    assert 1 <= line["lastMinute"] <= line["lastHour"] == seen["frontier"]["spentLastMinute"]
    assert seen["frontier"]["budgetPerMinute"] == 60
    assert seen["frontier"]["products"] == 1
    (pages,) = seen["pages"]
    assert (pages["layout"], pages["unreadable"], pages["drifts"]) == ("core_price", 25, True)

    table = (await pennywren("status")).output
    assert stage.host in table
    assert "DRIFTS" in table
    assert "us/core_price/1" in (await pennywren("samples")).output
    assert (await pennywren("samples", "us/core_price/1")).stdout_bytes == PAGE
    assert (await pennywren("samples", "us/core_price/2")).exit_code == 1
    assert (await pennywren("samples", "core_price")).exit_code == 2

"""`read` with a link: a real shop, and the tokens that crawlers take as well."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pennywren import keyspace
from pennywren.cli.shell import shell
from pennywren.local.ports import free_port
from pennywren.local.shop.goods import HERO
from pennywren.local.shop.server import Shop, serve
from pennywren.model.clock import system_clock
from pennywren.observe import egress
from pennywren.observe.fetch import Fetched
from pennywren.observe.robots import Robots
from pennywren.store.connect import Client

PATH = f"/dp/{HERO.id.asin}"


@dataclass
class Street:
    """A shop in place of marketplaces, and what leads a command there."""

    shop: Shop
    host: str
    environ: dict[str, str]

    async def read(self, *args: str, **more: str) -> Result:
        """`pennywren read`, in a thread: the shop runs in ours."""
        environ = self.environ | more
        return await asyncio.to_thread(lambda: CliRunner().invoke(shell, ["read", *args], env=environ))

    @property
    def asked(self) -> list[str]:
        """The paths that were asked for."""
        return [str(each["path"]) for each in self.shop.log.get("127.0.0.1", [])]


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    shop, host = Shop(system_clock), f"127.0.0.1:{free_port()}"
    serving = asyncio.create_task(serve(shop, int(host.rpartition(":")[2])))
    origins = ",".join(f"{code}=http://{host}" for code in ("de", "us"))
    yield Street(shop, host, {"PENNYWREN_DATA_DIR": str(tmp_path), "PENNYWREN_SHOP_ORIGINS": origins})
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


@pytest.mark.parametrize("link", ["www.amazon.com{path}", "http://{host}{path}?ref=x"])
async def test_a_link_without_scheme_and_one_to_the_stand_in_are_read(street: Street, link: str) -> None:
    read = await street.read(link.format(path=PATH, host=street.host), "--json")
    assert read.exit_code == 0, read.output
    assert json.loads(read.stdout)["productID"] == str(HERO.id)
    assert street.asked == ["/robots.txt", PATH]


async def test_explained_it_says_below_each_other_which_place_gave_what(street: Street) -> None:
    link = f"http://{street.host}{PATH}"
    plain, explained = (await street.read(link)).stdout, (await street.read(link, "--explain")).stdout
    assert explained.startswith(plain + "\n")
    head, *lines = explained.removeprefix(plain).strip("\n").splitlines()
    shows, where = head.index("shows"), head.index("where")
    fields = [line[:shows].rstrip() for line in lines]
    assert {"kind", "title", "asin", "availability", "currency", "seller"} <= set(fields)
    assert all(line[shows - 2 : shows] == line[where - 2 : where] == "  " for line in lines)
    title = lines[fields.index("title")]
    assert HERO.title.startswith(title[shows:where].rstrip(" …"))
    assert title[where:] == "#productTitle"
    as_json = json.loads((await street.read(link, "--explain", "--json")).stdout)
    assert [each["field"] for each in as_json["evidence"]] == fields
    assert json.loads((await street.read(link, "--json")).stdout)["evidence"] == []


async def test_a_request_waits_for_its_turn_and_counts_for_everybody(
    street: Street, redis_url: str, redis_client: Client
) -> None:
    token = await egress.take(redis_client, "e1", street.host)
    assert isinstance(token, egress.Token)
    next_at = await egress.done(redis_client, token, "ok", pause_ms=1500)
    read = await street.read(f"http://{street.host}{PATH}", PENNYWREN_REDIS_URL=redis_url)
    assert read.exit_code == 0, read.output
    robots, page = street.shop.log["127.0.0.1"]
    assert robots["at"] >= next_at
    assert page["at"] - robots["at"] >= 1000
    (status,) = await egress.status(redis_client, ["e1"], [street.host])
    assert (status.ok, status.refused, status.failed) == (3, 0, 0)
    # Given back: a pause and no holder stands before the next request.
    refusal = await egress.take(redis_client, "e1", street.host)
    assert isinstance(refusal, egress.Refusal)
    assert refusal.why == "pace"


async def test_a_robot_check_slows_the_crawlers_down_too(street: Street, redis_url: str, redis_client: Client) -> None:
    street.shop.answer("POST", "/_answers", json.dumps({"path": PATH, "answer": "captcha"}).encode(), "127.0.0.1", "")
    read = await street.read(f"http://{street.host}{PATH}", "--json", PENNYWREN_REDIS_URL=redis_url)
    assert json.loads(read.stdout)["kind"] == "captcha"
    (status,) = await egress.status(redis_client, ["e1"], [street.host])
    assert (status.ok, status.refused) == (1, 1)
    assert status.pause > 1000


async def test_a_host_whose_circuit_is_open_is_not_asked(street: Street, redis_url: str, redis_client: Client) -> None:
    for _ in range(5):
        await redis_client.hset(keyspace.egress("e1", street.host), "next", 0)
        token = await egress.take(redis_client, "e1", street.host)
        assert isinstance(token, egress.Token)
        await egress.done(redis_client, token, "refused")
    read = await street.read(f"http://{street.host}{PATH}", PENNYWREN_REDIS_URL=redis_url)
    assert read.exit_code == 1
    assert f"{street.host} is left alone for now: try again in " in read.stderr
    assert street.asked == []


async def test_the_robots_txt_that_crawlers_keep_is_used_and_not_fetched_again(
    street: Street, redis_url: str, redis_client: Client
) -> None:
    await Robots(redis_client).keep(street.host, Fetched(404))
    read = await street.read(f"http://{street.host}{PATH}", PENNYWREN_REDIS_URL=redis_url)
    assert read.exit_code == 0, read.output
    assert street.asked == [PATH]


@pytest.mark.parametrize(
    ("kept", "sentence"),
    [
        (Fetched(200, b"User-agent: *\nDisallow: /dp/"), "does not allow us to fetch"),
        (Fetched(500), "cannot be fetched, so nothing is fetched from there"),
    ],
)
async def test_what_crawlers_leave_alone_is_left_alone(
    street: Street, redis_url: str, redis_client: Client, kept: Fetched, sentence: str
) -> None:
    await Robots(redis_client).keep(street.host, kept)
    read = await street.read(f"http://{street.host}{PATH}", PENNYWREN_REDIS_URL=redis_url)
    assert read.exit_code == 1
    assert sentence in read.stderr
    assert street.asked == []


async def test_a_robots_txt_that_a_crawler_fetches_just_now_is_waited_for(
    street: Street, redis_url: str, redis_client: Client
) -> None:
    robots = Robots(redis_client)
    assert await robots.begin(street.host)
    reading = asyncio.create_task(street.read(f"http://{street.host}{PATH}", PENNYWREN_REDIS_URL=redis_url))
    await asyncio.sleep(0.5)
    await robots.keep(street.host, Fetched(404))
    assert (await reading).exit_code == 0
    assert street.asked == [PATH]

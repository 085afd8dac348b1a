"""Whoever leaves is nowhere any more: every store is searched for their address, their number and their phone."""

import logging
import re
import zlib
from contextlib import suppress
from datetime import timedelta
from typing import Any, cast

import httpx
import pytest

from pennywren.accounts import admins, phones, push_subscriptions
from pennywren.accounts.people import find_or_add
from pennywren.archive import files
from pennywren.model.clock import DAY, system_clock
from pennywren.notify import spending, suppressed
from pennywren.pipeline.archiving import Archiver, place_of
from pennywren.pipeline.channels import open_deliverer
from pennywren.pipeline.matching import Matcher
from pennywren.postgres.pool import Pool, transaction
from pennywren.store.connect import connect
from pennywren.workqueue import WorkQueue
from tests.web.site import JSON, PRODUCT, Site

ADDRESS = "wren.who.leaves@example.com"
NUMBER = "+436601234567"
PERSON, SUBSCRIPTION = 7_400_100_200, 7_400_300_400
"""Ids that nothing else is likely to hold."""
WISH = {"productID": str(PRODUCT), "threshold": 1500, "notificationType": "EMAIL"}

EXPORTED = {
    "people": "person",
    "access_tokens": "tokens",
    "push_subscriptions": "browsers",
    **{
        name: name
        for name in (
            *("admins", "alerts", "decisions", "deliveries", "feeds", "installs", "phones", "preferences"),
            *("sessions", "subscriptions", "webhooks"),
        )
    },
}
"""What `GET /account/data.json` calls the rows of each table of people."""


@pytest.fixture
async def world(site: Site, queue_url: str) -> Site:
    """Ids begin where they can be found again."""
    await site.resources.pool.execute(f"alter table people alter id restart with {PERSON}")
    await site.resources.pool.execute(f"alter table subscriptions alter id restart with {SUBSCRIPTION}")
    return site


async def live(site: Site) -> httpx.AsyncClient:
    """Use everything that there is to use; the browser of whoever did."""
    settings, pool, store = site.resources.settings, site.resources.pool, site.resources.store
    browser = await site.browser_of(ADDRESS)
    made = await browser.post("/subscriptions", json=WISH, headers={**JSON, "idempotency-key": "k"})
    assert (made.status_code, made.json()["id"]) == (201, SUBSCRIPTION)
    await site.record(1999)
    await site.record(1299)
    queue = WorkQueue(settings.queue_url or "")
    matcher = Matcher(store, pool, queue, system_clock, cooldown=timedelta(0))
    while await matcher.step(0.01):
        pass
    queue.close()
    async with open_deliverer(settings) as deliverer:
        assert await deliverer.deliver([row["id"] for row in await pool.fetch("select id from alerts")]) == 1
    install = (await browser.post("/installs", headers=JSON)).json()
    async with transaction(pool) as connection:
        person = await find_or_add(connection, ADDRESS)
        assert person.id == PERSON
        await phones.add(connection, PERSON, NUMBER, site.clock(), code="123456")
        await push_subscriptions.add(connection, PERSON, f"https://fcm.googleapis.com/{PERSON}", "", "", None)
        await suppressed.suppress(connection, "email", ADDRESS, "bounced", f"550 no {ADDRESS}")
        await suppressed.suppress(connection, "sms", NUMBER, "stopped")
        await spending.spend(connection, PERSON, 8, cap=100, person_cap=100)
        await admins.grant(connection, ADDRESS, who="a test")
        await admins.change_plan(connection, PERSON, "plus", who=f"person {PERSON}", because="she asked")
    for path, body in (
        ("/account/webhooks", {"url": "https://hook.invalid/"}),
        ("/tokens", {"name": "Mine", "scopes": ["watches:read"]}),
        ("/installs/pair", {"token": install["token"]}),
        ("/products", {"product": "us:B000000009"}),
    ):
        answer = await browser.post(path, json=body, headers=JSON)
        assert answer.status_code in (200, 201, 202, 204), (path, answer.text)
    assert (await browser.patch("/account/preferences", json={"digest": "daily"}, headers=JSON)).status_code == 200
    assert (await browser.post("/account/feed")).status_code == 303
    assert (await browser.post(f"/products/{PRODUCT}/price", data={"amount": "9.00"})).status_code == 200
    assert (await browser.post(f"/products/{PRODUCT}/watch", data={"amount": "10"})).status_code in (303, 409)
    async with site.client() as anonymous:
        await anonymous.post("/sign-in", json={"email": ADDRESS})
        await anonymous.post("/pairings", json={"email": ADDRESS})
        await anonymous.post("/products/us:B000000001/watch", data={"amount": "10", "email": ADDRESS})
    await Archiver(store.client, place_of(settings), system_clock).step()
    return browser


FOUND = re.compile(
    rf"(?i){re.escape(ADDRESS)}|{re.escape(NUMBER[1:])}|(?<!\d)(?:{PERSON}|{SUBSCRIPTION})(?!\d)"
    rf"|{suppressed.suppression_key('email', ADDRESS)}|{suppressed.suppression_key('sms', NUMBER)}"
)
"""What leads to the person: by name, by number, or by what stands for their address."""


async def postgres_places(pool: Pool) -> set[str]:
    """The tables with a row that leads to them: every column of every row as text."""
    tables = await pool.fetch(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    )
    found: set[str] = set()
    for (table,) in tables:
        rows = await pool.fetch(f"select t::text from {table} as t")
        found |= {table for (row,) in rows if FOUND.search(row) or FOUND.search(_unhexed(row))}
    return found


def _unhexed(row: str) -> str:
    """What binary columns hold, as text."""
    return " ".join(bytes.fromhex(each).decode("latin-1") for each in re.findall(r"\\\\x((?:[0-9a-f]{2})+)", row))


READS: dict[bytes, tuple[str, tuple[object, ...]]] = {
    b"string": ("GET", ()),
    b"hash": ("HGETALL", ()),
    b"zset": ("ZRANGE", (0, -1, "WITHSCORES")),
    b"set": ("SMEMBERS", ()),
    b"list": ("LRANGE", (0, -1)),
    b"stream": ("XRANGE", ("-", "+")),
    b"TSDB-TYPE": ("TS.INFO", ()),
}
"""The command that reads all of a key, by its type."""


async def redis_places(client: Any) -> set[str]:
    """The keys that lead to them by their name or by what they hold."""
    found: set[str] = set()
    async for key in client.scan_iter():
        kind: bytes = await client.execute_command("TYPE", key)
        if kind == b"none":
            continue  # it has just ended
        command, words = READS[kind]
        held: object = await client.execute_command(command, key, *words)
        if FOUND.search(f"{key.decode()} {_plain(held)}"):
            found.add(key.decode())
    return found


def _plain(held: object) -> str:
    """Anything of a reply as text; RQ packs what its jobs are given."""
    if isinstance(held, dict):
        return " ".join(map(_plain, cast("dict[object, object]", held).items()))
    if isinstance(held, list | tuple | set):
        return " ".join(map(_plain, cast("list[object]", held)))
    if isinstance(held, bytes):
        with suppress(zlib.error):
            return zlib.decompress(held).decode("latin-1")
        return held.decode("latin-1")
    return str(held)


def file_places(site: Site) -> set[str]:
    """The files of the data folder that lead to them: what the archive packs is read, all else is taken as it is."""
    settings = site.resources.settings
    found = {"archive"} if FOUND.search(repr(files.read_rows(place_of(settings)))) else set[str]()
    for path in settings.data_dir.rglob("*"):
        if path.is_file() and FOUND.search(path.read_bytes().decode("latin-1")):
            found.add(str(path))
    return found


async def everywhere(site: Site) -> dict[str, set[str]]:
    """All places that lead to them, by store; the mailbox stands for the world outside."""
    settings = site.resources.settings
    both: dict[str, set[str]] = {}
    for name, url in (("redis", settings.redis_url), ("queue", settings.queue_url)):
        client = connect(url or "", decode=False)
        both[name] = await redis_places(client)
        await client.aclose()
    return {"postgres": await postgres_places(site.resources.pool), **both, "files": file_places(site)}


async def tables_of_people(pool: Pool) -> set[str]:
    """The tables whose rows are somebody's, by their foreign keys."""
    rows = await pool.fetch(
        """
        with recursive owned as (
            select 'people'::regclass::oid as id
            union
            select conrelid from pg_constraint join owned on confrelid = owned.id where contype = 'f'
        )
        select id::regclass::text as name from owned
        """
    )
    return {row["name"] for row in rows}


async def test_whoever_leaves_takes_all_and_is_nowhere_any_more(world: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "pennywren")
    browser = await live(world)
    before = await everywhere(world)
    assert set(EXPORTED) == await tables_of_people(world.resources.pool), "a new table: fill it above, and export it"
    data = (await browser.get("/account/data.json")).json()
    assert [name for name in EXPORTED.values() if not data[name]] == []
    others = {"sign_in_links", "pending_watches", "pairings", "suppressed_addresses", "sms_spend", "admin_log"}
    # These lead to a person by the watch or the alert that they belong to.
    assert before["postgres"] >= EXPORTED.keys() - {"deliveries"} | others
    assert len(before["redis"]) > 0

    assert (await browser.post("/account/delete", data={})).status_code == 303

    after = await everywhere(world)
    client = world.resources.client
    for key in list(after["redis"]):
        # Limits end by themselves, and name a number that is nobody's any more.
        assert key.startswith("{limit}:"), key
        assert await client.pttl(key) <= DAY
        assert await client.pttl(key) != -1, "it would stay"
        after["redis"].discard(key)
    assert after == {"postgres": set(), "redis": set(), "queue": set(), "files": set()}
    logged = " ".join(each.getMessage() for each in caplog.records if each.name.startswith("pennywren"))
    assert (ADDRESS in logged, NUMBER in logged) == (False, False)
    await browser.aclose()

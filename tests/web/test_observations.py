"""What browsers report: who may, how often, and what each is told."""

import asyncio

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pennywren import keyspace
from pennywren.accounts.installs import installs_of, make_install, pair_install
from pennywren.accounts.people import find_or_add
from pennywren.match import index
from pennywren.match.index import Watch
from pennywren.model.clock import DAY, HOUR
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.postgres import catalogue
from pennywren.postgres.pool import transaction
from pennywren.store.swaps import read_all
from pennywren.trust.memory import read_reputation, read_said
from tests.frontier_places import score_of
from tests.web.reports import Browser, browser_of
from tests.web.site import PRODUCT, Site
from tests.web.test_bad_input import JSON_VALUES, check

OTHER = ProductID("us", "B000000002")


@pytest.fixture
async def install(site: Site) -> Browser:
    await site.record(1999)
    site.clock.now += 2 * HOUR
    return await browser_of(site)


async def claims_of(site: Site) -> list[int | None]:
    (kept,) = await read_all(site.resources.store.raw, [keyspace.hearsay(PRODUCT)])
    said = read_said(kept)
    return [voice.price for voice in said[Offer.BUYBOX].claims] if Offer.BUYBOX in said else []


async def last_seen(site: Site) -> int:
    state = await site.resources.store.product(PRODUCT)
    assert state
    return state.last_seen


async def test_a_price_that_is_known_is_confirmed_and_counts_as_a_look(site: Site, install: Browser) -> None:
    before = await last_seen(site)
    site.clock.now = before + 50_000
    assert await install.report(1999) == ["accepted confirms"]
    assert await last_seen(site) == before
    site.clock.now = before + 119_000
    assert await install.report(1999, ago=61_000) == ["accepted confirms"]
    assert await last_seen(site) == before
    assert await install.report(1999, ago=60_000 - 1_000) == ["accepted confirms"]
    assert await last_seen(site) == before + 60_000


async def test_each_item_has_a_verdict_of_its_own_and_a_bad_one_sinks_no_other(site: Site, install: Browser) -> None:
    answer = await install.send(
        install.seen(1999),
        {"price": "cheap"},
        install.seen(-5),
        install.seen(1999, productID="nonsense"),
        install.seen(1999, currency="EUR"),
        install.seen(1999, context={"memberPrice": True}),
        install.seen(1999, context={"coupon": True}),
        install.seen(1999, context={"deliveryCountry": "DE"}),
        install.seen(1999, context={"variation": "B000000009"}),
        install.seen(1999, ago=2 * HOUR),
        install.seen(1999, ago=-HOUR),
        install.seen(1299, productID=str(OTHER)),
        install.seen(1500),
        install.seen(20),
    )
    verdicts = answer.json()["verdicts"]
    assert [each["reason"] for each in verdicts] == [
        "confirms", "invalid", "out_of_bounds", "invalid", "foreign_currency", "member_price", "conditional_price",
        "other_country", "other_variation", "too_old", "future", "unknown_product", "unverified", "hundredfold",
    ]  # fmt: skip
    assert "price" in verdicts[1]["detail"]
    assert "nonsense" in verdicts[3]["detail"]
    assert all(each["detail"].endswith(".") for each in verdicts)


async def test_a_product_that_nobody_knows_is_followed_from_then_on(site: Site, install: Browser) -> None:
    assert await install.report(1299, productID=str(OTHER)) == ["rejected unknown_product"]

    assert await catalogue.known(site.resources.pool, [OTHER]) == {OTHER}
    assert await score_of(site.resources.client, OTHER) is not None


async def test_a_claim_is_told_the_same_whatever_depends_on_it(site: Site, install: Browser) -> None:
    quiet = await install.report(1500, 1990, 700)
    await index.add(site.resources.client, *(Watch(n, PRODUCT, Offer.BUYBOX, 1600) for n in range(1, 40)))
    watched = await (await browser_of(site, 2)).report(1500, 1990, 700)

    assert quiet == watched == ["held unverified"] * 3
    urgent = keyspace.urgent(keyspace.partition_of(PRODUCT))
    assert await site.resources.client.zscore(urgent, str(PRODUCT)) is not None


async def test_where_the_shop_cannot_be_reached_a_claim_stays_held_and_is_told_so(site: Site, install: Browser) -> None:
    await site.resources.client.hset(keyspace.held(PRODUCT), "failing", site.clock() - HOUR)

    assert await install.report(1500) == ["held shop_unreachable"]
    assert await claims_of(site) == [1500]


async def test_a_verdict_is_said_in_the_language_that_was_asked_for(install: Browser) -> None:
    install.client.headers["accept-language"] = "de-AT, en;q=0.5"
    batch = [install.seen(1500), install.seen(1999), install.seen(999, context={"coupon": True}), {"bad": 1}]
    for _ in range(2):
        told = (await install.send(*batch, key="once")).json()["verdicts"]
        assert [each["reason"] for each in told] == ["unverified", "confirms", "conditional_price", "invalid"]
        assert [each["detail"][:12] for each in told] == [
            "Das ist ein ",
            "Das ist der ",
            "Ein Preis mi",
            "This is not ",
        ]


async def test_the_same_key_gets_the_same_answer_and_is_counted_once(site: Site, install: Browser) -> None:
    batch = [install.seen(1500), {"bad": 1}, install.seen(1999)]
    first, again = await install.send(*batch, key="a"), await install.send(*batch, key="a")

    assert first.status_code == 200
    assert again.json() == first.json()
    assert await claims_of(site) == [1500]
    check(await install.send(install.seen(1400), key="a"), 422, "key-reused")
    assert (await install.send(*batch, key="b")).status_code == 200
    assert await claims_of(site) == [1500, 1500]


async def test_the_same_batch_twice_at_once_is_counted_once(site: Site, install: Browser) -> None:
    batch = [install.seen(1500)]
    answers = await asyncio.gather(*(install.send(*batch, key="a") for _ in range(5)))

    assert {answer.status_code for answer in answers} <= {200, 503}
    assert any(answer.status_code == 200 for answer in answers)
    assert await claims_of(site) == [1500]


async def test_an_installs_reports_are_limited_and_nothing_of_what_is_too_much_is_taken(
    site: Site, install: Browser
) -> None:
    whole = [install.seen(1999)] * 100
    assert (await install.send(*whole)).status_code == 200
    await install.send(*whole[:20])
    refused = await install.send(*whole[:99], install.seen(1500))

    check(refused, 429, "too-many-requests")
    assert int(refused.headers["retry-after"]) > 0
    assert await claims_of(site) == []
    other = await browser_of(site, 2)
    assert (await other.send(*whole[:5])).status_code == 200


async def test_only_installs_report_and_an_install_is_no_person(
    site: Site, install: Browser, owner: httpx.AsyncClient
) -> None:
    body = {"observations": [install.seen(1999)]}
    check(await owner.post("/observations", json=body), 401, "not-signed-in")
    check(await install.client.get("/subscriptions"), 401, "not-signed-in")


async def test_a_revoked_install_reports_no_more(site: Site, install: Browser) -> None:
    await install.report(1999)
    stranger = await browser_of(site, 2)
    check(await stranger.client.delete(f"/installs/{install.id}"), 404, "not-found")
    assert (await install.client.delete(f"/installs/{install.id}")).status_code == 204

    check(await install.send(install.seen(1999)), 401, "not-signed-in")
    await site.resources.client.flushall()
    check(await install.send(install.seen(1999)), 401, "not-signed-in")


async def test_a_person_sees_and_ends_the_installs_that_they_paired(
    site: Site, install: Browser, owner: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    assert (await owner.post("/installs/pair", json={"token": install.token})).json()["id"] == install.id
    assert [each["id"] for each in (await owner.get("/installs")).json()["installs"]] == [install.id]
    assert (await stranger.get("/installs")).json()["installs"] == []
    check(await stranger.delete(f"/installs/{install.id}"), 404, "not-found")
    assert (await owner.delete(f"/installs/{install.id}")).status_code == 204

    check(await install.send(install.seen(1999)), 401, "not-signed-in")
    assert (await owner.get("/installs")).json()["installs"] == []


async def test_a_network_makes_so_many_installs_and_only_their_hashes_are_kept(site: Site) -> None:
    async with site.client() as client:
        made = [await client.post("/installs") for _ in range(21)]
    assert [answer.status_code for answer in made] == [201] * 20 + [429]
    rows = await site.resources.pool.fetch("select * from installs")
    kept = repr([dict(row) for row in rows])
    assert not any(answer.json()["token"] in kept for answer in made[:20])
    assert "203.0.113" not in kept
    assert len({row["family"] for row in rows}) == 1
    site.clock.now += DAY
    assert (await browser_of(site)).id
    assert len(await site.resources.pool.fetch("select distinct family from installs")) == 2


async def test_who_spoke_is_remembered_without_products(site: Site, install: Browser) -> None:
    await install.report(1999, 1500, 1999)

    (kept,) = await read_all(site.resources.store.raw, [keyspace.reporter(install.id)])
    reputation = read_reputation(kept)
    assert (round(reputation.agreed), round(reputation.claimed)) == (2, 1)
    assert str(PRODUCT).encode() not in kept.body


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"null", b'{"observations": []}', b'{"observations": 1}', b'{"observations": {}}',
     b"[" * 20_000,
     msgspec.json.encode({"observations": [{}] * 101}), b'{"observations": [1, 2', b"\xff"],
    ids=lambda body: repr(body[:30]),
)  # fmt: skip
async def test_a_body_of_another_shape_is_refused(install: Browser, body: bytes) -> None:
    check(await install.client.post("/observations", content=body), 400, "bad-input")


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
async def test_a_key_that_is_none_is_refused(install: Browser, key: str) -> None:
    headers = {"idempotency-key": key}
    answer = await install.client.post("/observations", json={"observations": [install.seen(1)]}, headers=headers)
    check(answer, 400, "bad-input")


FIELDS = st.sampled_from(["productID", "offer", "price", "currency", "title", "observedAt", "context"])


@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=FIELDS, value=JSON_VALUES)
async def test_whatever_an_item_holds_it_is_answered(install: Browser, field: str, value: object) -> None:
    answer = await install.client.post(
        "/observations", content=msgspec.json.encode({"observations": [{**install.seen(1999), field: value}]})
    )
    assert answer.status_code in (200, 429), answer.text


async def test_many_installs_are_listed_page_by_page(site: Site, owner: httpx.AsyncClient) -> None:
    resources, ids = site.resources, list[str]()
    async with transaction(resources.pool) as connection:
        person = await find_or_add(connection, "owner@example.com")
    for _ in range(3):
        install, token = await make_install(resources.store.raw, resources.pool, "192.0.2.0/24", site.clock())
        async with transaction(resources.pool) as connection:
            await pair_install(connection, token, person.id)
        ids.append(install.id)
    async with transaction(resources.pool) as connection:
        first = await installs_of(connection, person.id, limit=2)
        rest = await installs_of(connection, person.id, after=first[-1].id, limit=2)

    assert [each.id for each in first + rest] == sorted(ids)  # made in one moment, so by their ids
    refused = await owner.get("/installs?cursor=installs-0123456789abcdef")
    assert (refused.status_code, refused.json()["type"]) == (400, "/problems/bad-input")

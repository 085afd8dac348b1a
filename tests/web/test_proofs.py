"""GET /products/{id}/points/{timestamp}/proof: why a price is believed."""

import httpx
import pytest

from pennywren import keyspace
from pennywren.history.sources.found import Found, ProductHistory
from pennywren.model.clock import DAY, HOUR, rfc3339
from pennywren.model.observation import Look, Source
from pennywren.model.offer import Offer
from pennywren.model.provenance import Ground, Provenance
from pennywren.model.series import Steps
from pennywren.pipeline.history_import import import_histories
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.record.tiering import move_to_tier
from tests.web.site import HTML, PRODUCT, Site


@pytest.fixture
async def seen(site: Site) -> int:
    """One crawl, and a minute later three reporters; the time of these (ms)."""
    store, at = site.resources.store, site.clock() - 600_000
    recorder = Recorder(store, 7 * 86_400)
    reported = Look(PRODUCT, "USD", {Offer.BUYBOX: 1949}, at + 60_000, Source.REPORT)
    await recorder.record([LookToRecord(Look(PRODUCT, "USD", {Offer.BUYBOX: 1999}, at))])
    await recorder.record([LookToRecord(reported, provenance=Provenance(Ground.CORROBORATED, 3, at + 1000))])
    return at + 60_000


async def test_a_program_gets_fields_and_words(anonymous: httpx.AsyncClient, seen: int) -> None:
    answer = await anonymous.get(f"/products/{PRODUCT}/points/{rfc3339(seen)}/proof")
    assert answer.status_code == 200, answer.text
    proof = answer.json()
    words = proof.pop("words")
    assert proof == {
        "productID": str(PRODUCT),
        "offer": "buybox",
        "timestamp": rfc3339(seen),
        "price": 1949,
        "currency": "USD",
        "since": rfc3339(seen),
        "until": None,
        "lastSeen": rfc3339(seen),
        "ground": "corroborated",
        "reporters": 3,
        "firstTime": rfc3339(seen - 59_000),
        "crawledTime": None,
        "withdrawn": [],
    }
    assert any("3 reporters" in sentence for sentence in words)
    before = (await anonymous.get(f"/products/{PRODUCT}/points/{rfc3339(seen - 1)}/proof")).json()
    assert (before["price"], before["ground"], before["until"]) == (1999, "crawl", rfc3339(seen))
    assert before["crawledTime"] == before["since"]


async def test_a_person_gets_a_page_and_whoever_has_it_already_gets_nothing(
    anonymous: httpx.AsyncClient, seen: int
) -> None:
    path = f"/products/{PRODUCT}/points/{rfc3339(seen)}/proof"
    page = await anonymous.get(path, headers=HTML)
    assert page.headers["content-type"].startswith("text/html")
    assert "19.49" in page.text
    assert "independent of each other" in page.text
    again = await anonymous.get(path, headers={**HTML, "if-none-match": page.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"][:6]) == (304, "public")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("us:B08N5WRWNW/points/1500000000/proof", 404, "is known from"),
        ("us:B08N5WRWNW/points/9999999999/proof", 404, "has not come yet"),
        ("us:B08N5WRWNW/points/1500000000/proof?offer=used", 404, "The used price of us:B08N5WRWNW was never seen."),
        ("us:B000000001/points/1500000000/proof", 404, "No price of us:B000000001 is known."),
        ("us:B08N5WRWNW/points/yesterday/proof", 400, "is not a time"),
        ("us:B08N5WRWNW/points/%20/proof", 400, "No timestamp given"),
        ("us:B08N5WRWNW/points/1500000000/proof?offer=cheap", 400, "is not known: there are buybox"),
    ],
)
@pytest.mark.usefixtures("seen")
async def test_what_has_no_proof_is_refused_in_a_sentence(
    anonymous: httpx.AsyncClient, path: str, status: int, words: str
) -> None:
    answer = await anonymous.get(f"/products/{path}")
    assert answer.status_code == status
    assert words in answer.json()["detail"]


async def test_a_history_says_which_prices_only_browsers_reported(
    site: Site, anonymous: httpx.AsyncClient, seen: int
) -> None:
    raw = (await anonymous.get(f"/products/{PRODUCT}/history?interval=raw")).json()
    assert raw["unverified"] == [{"startTime": rfc3339(seen), "endTime": rfc3339(seen)}]
    table = (await anonymous.get(f"/products/{PRODUCT}/history.csv")).text
    assert [line.split(",")[1] for line in table.splitlines()[1:]] == ["offered", "unverified"]

    inside = (await anonymous.get(f"/products/{PRODUCT}/history?interval=raw&startTime={seen // 1000 + 1}")).json()
    assert [each["endTime"] for each in inside["unverified"]] == [rfc3339(seen)] * len(inside["history"])

    later = Look(PRODUCT, "USD", {Offer.BUYBOX: 1949}, seen + 60_000)
    await Recorder(site.resources.store, 7 * 86_400).record([LookToRecord(later)])
    confirmed = (await anonymous.get(f"/products/{PRODUCT}/history?interval=raw")).json()
    assert len(confirmed["history"]) == 2


@pytest.mark.parametrize("packed", [False, True])
async def test_every_kind_of_sample_has_its_proof_also_while_its_history_is_packed(
    site: Site, anonymous: httpx.AsyncClient, packed: bool
) -> None:
    store, start = site.resources.store, site.clock() - 5 * DAY
    grounds = [
        Provenance(Ground.CRAWL),
        Provenance(Ground.CORROBORATED, 3, start),
        Provenance(Ground.VERIFIED, 2, start, start + HOUR),
        Provenance(Ground.CRAWLED_TWICE, 0, start),
        Provenance(Ground.NEAR, 1, start),
    ]
    await Recorder(store, 7 * 86_400).record(
        [
            LookToRecord(
                Look(PRODUCT, "USD", {Offer.BUYBOX: 1900 + i}, start + i * HOUR),
                provenance=None if ground.ground is Ground.CRAWL else ground,
            )
            for i, ground in enumerate(grounds)
        ]
    )
    past = Steps([(start - 9 * DAY, 1500)], [], start - 8 * DAY)
    found = Found({PRODUCT: ProductHistory(PRODUCT, "USD", {Offer.BUYBOX: past})})
    await import_histories(store, site.resources.settings, site.clock, found)
    await move_to_tier(store, PRODUCT, "cold" if packed else "raw")
    assert await store.client.exists(keyspace.raw(PRODUCT, Offer.BUYBOX)) == (not packed)

    async def ground_at(moment: int) -> tuple[int, str]:
        proof = (await anonymous.get(f"/products/{PRODUCT}/points/{rfc3339(moment)}/proof")).json()
        return proof["price"], proof["ground"]

    assert await ground_at(start - 9 * DAY + HOUR) == (1500, "imported")
    shown = [await ground_at(start + i * HOUR + HOUR // 2) for i in range(len(grounds) - 1)]
    assert shown == [(1900, "crawl"), (1901, "corroborated"), (1902, "verified"), (1903, "crawledTwice")]
    assert await ground_at(start + 4 * HOUR) == (1904, "near")

"""Why an alert came, or did not; the one-tap page of a mail; targets and what the past says of them."""

import asyncio
import json
from datetime import datetime
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from pennywren.accounts.links import QUIET_WATCH
from pennywren.cli.shell import shell
from pennywren.model.clock import DAY, SECOND, rfc3339
from pennywren.model.observation import Look, Source
from pennywren.model.offer import Offer
from pennywren.model.provenance import Ground, Provenance
from pennywren.pipeline.matching import open_matcher
from pennywren.pipeline.proving import confirm
from pennywren.record.recording import LookToRecord, Recorder
from tests.web.site import HTML, PRODUCT, Site


async def watch(owner: httpx.AsyncClient, **more: object) -> dict[str, Any]:
    """A new watch of the product."""
    body = {"productID": str(PRODUCT), "notificationType": "EMAIL", "threshold": 1300, **more}
    answer = await owner.post("/subscriptions", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def moment(text: str) -> datetime:
    """A moment of an answer: as texts they do not compare, a whole second has no fraction."""
    return datetime.fromisoformat(text)


async def match(site: Site) -> None:
    """Let the matcher read what changed."""
    async with open_matcher(site.resources.settings) as matcher:
        while await matcher.step(0.01):
            pass


async def see(site: Site, *prices: int | None) -> None:
    """Crawls of ours see one price after another, and the matcher reads each."""
    for price in prices:
        await site.record(price)
        await match(site)


async def test_a_trace_says_of_each_change_what_became_of_it_and_why(site: Site, owner: httpx.AsyncClient) -> None:
    await see(site, 1999)
    made = await watch(owner)
    where = f"/subscriptions/{made['id']}"
    await see(site, 1599, 1299, 1250, 1400, 1300, None)
    await owner.patch(where, json={"state": "paused"})
    await see(site, 1100)

    trace = (await owner.get(f"{where}/trace")).json()
    assert [(change["newPrice"], change["code"]) for change in trace["changes"]] == [
        (1100, "paused"),
        (None, "notCrossed"),
        (1300, "coolingDown"),
        (1400, "notCrossed"),
        (1250, "notCrossed"),
        (1299, "told"),
        (1599, "notCrossed"),
        (1999, "beforeArmed"),
    ]
    words = {change["newPrice"]: change["text"] for change in trace["changes"]}
    assert words[1599] == "$15.99 is above $13.00."
    assert words[1250] == "It was at $13.00 or less already, at $12.99."
    assert words[1300] == "The last alert was too short a time ago, and this is no new low since."
    assert trace["text"] == "It is paused: nothing is told."
    german = (await owner.get(f"{where}/trace", headers={"accept-language": "de"})).json()
    assert german["text"] == "Er ist pausiert: Nichts wird gemeldet."
    assert german["changes"][6]["text"] == "15,99\u00a0$ liegt über 13,00\u00a0$."
    assert german["changes"][2]["decisions"][0]["text"].startswith("Die letzte Nachricht war zu kurz her")
    (told,) = [change["alert"] for change in trace["changes"] if change["alert"]]
    assert (told["state"], told["acceptedTime"], told["attempts"]) == ("decided", None, [])
    assert told["seenTime"] == told["verifiedTime"]
    assert moment(told["verifiedTime"]) <= moment(told["decidedTime"]) <= moment(told["queuedTime"])


async def test_a_trace_tells_deliveries(site: Site, owner: httpx.AsyncClient) -> None:
    await see(site, 1999)
    made = await watch(owner)
    await see(site, 1299)
    await site.resources.pool.execute(
        "insert into deliveries (alert_id, person_id, channel, outcome, message_id) "
        "select id, person_id, 'email', 'delivered', '<a@b>' from alerts"
    )
    trace = (await owner.get(f"/subscriptions/{made['id']}/trace")).json()
    told = trace["changes"][0]["alert"]
    assert [each["outcome"] for each in told["attempts"]] == ["delivered"]
    assert told["acceptedTime"] == told["attempts"][0]["time"]


async def test_a_target_that_was_met_already_has_the_moment_at_which_a_crawl_saw_its_price(
    site: Site, owner: httpx.AsyncClient
) -> None:
    await see(site, 1299)
    made = await watch(owner)
    assert made["alreadyMet"]
    trace = (await owner.get(f"/subscriptions/{made['id']}/trace")).json()
    told, change = trace["changes"]
    assert (told["code"], change["code"]) == ("told", "beforeArmed")
    receipt = told["alert"]
    assert change["time"] == receipt["seenTime"] == receipt["verifiedTime"]
    assert moment(receipt["seenTime"]) < moment(told["time"])
    assert told["time"] == receipt["decidedTime"]
    page = (await owner.get(f"/subscriptions/{made['id']}", headers=HTML)).text
    assert page.count("→") == 1  # nothing moved when it was made

    await site.resources.pool.execute("update alerts set state = 'held', held_for = 'budget', sending_at = now()")
    told, _ = (await owner.get(f"/subscriptions/{made['id']}/trace")).json()["changes"]
    assert told["alert"]["sentTime"] is None


async def test_what_reporters_saw_first_is_unverified_and_then_told_with_both_moments(
    site: Site, owner: httpx.AsyncClient
) -> None:
    """Of a change that concerns thousands no reason is kept: it is found again when somebody asks."""
    await see(site, 1999)
    made = await watch(owner)
    store = site.resources.store
    recorder = Recorder(store, site.resources.settings.gap_after)
    seconds, _ = await store.client.time()
    reported = (seconds + 1) * SECOND
    rumour = Look(PRODUCT, "USD", {Offer.BUYBOX: 1299}, reported, Source.REPORT)
    said = Provenance(Ground.CORROBORATED, 3, reported - 10)
    await recorder.record([LookToRecord(rumour, provenance=said)])

    trace = (await owner.get(f"/subscriptions/{made['id']}/trace")).json()
    assert (trace["changes"][0]["newPrice"], trace["changes"][0]["code"]) == (1299, "unverified")
    await recorder.record([LookToRecord(Look(PRODUCT, "USD", {Offer.BUYBOX: 1299}))])
    await confirm(store.client, PRODUCT, Offer.BUYBOX, reported, reported + SECOND)
    await match(site)

    trace = (await owner.get(f"/subscriptions/{made['id']}/trace")).json()
    told, rumoured, *_ = trace["changes"]
    assert (told["code"], rumoured["code"]) == ("told", "unverified")
    assert told["alert"]["verifiedTime"] == told["time"]
    assert told["alert"]["seenTime"] == rfc3339(reported - 10)
    page = await owner.get(f"/subscriptions/{made['id']}", headers=HTML)
    assert "Waiting for our own look at the price" in page.text


async def test_a_price_that_two_crawls_had_to_see_was_seen_by_the_first(site: Site, owner: httpx.AsyncClient) -> None:
    await see(site, 1999)
    made = await watch(owner)
    store = site.resources.store
    recorder = Recorder(store, site.resources.settings.gap_after)
    seconds, _ = await store.client.time()
    twice = Provenance(Ground.CRAWLED_TWICE, first_at=seconds * SECOND - 90_000)
    await recorder.record([LookToRecord(Look(PRODUCT, "USD", {Offer.BUYBOX: 899}), provenance=twice)])
    await match(site)
    alert = (await owner.get(f"/subscriptions/{made['id']}/trace")).json()["changes"][0]["alert"]
    assert alert["seenTime"] == rfc3339(seconds * SECOND - 90_000)
    assert moment(alert["seenTime"]) < moment(alert["verifiedTime"]) <= moment(alert["decidedTime"])


async def test_an_operator_reads_the_same_on_the_command_line(site: Site, owner: httpx.AsyncClient) -> None:
    await see(site, 1999)
    made = await watch(owner)
    await see(site, 1599, 1299)
    settings = site.resources.settings
    environ = {
        "PENNYWREN_DATA_DIR": str(settings.data_dir),
        "PENNYWREN_REDIS_URL": settings.redis_url,
        "PENNYWREN_QUEUE_URL": settings.queue_url,
        "PENNYWREN_POSTGRES_URL": settings.postgres_url,
    }

    def run(*args: str) -> Any:
        return CliRunner().invoke(shell, ["alerts", "explain", *args], env=environ)

    shown = await asyncio.to_thread(run, str(made["id"]))
    assert shown.exit_code == 0, shown.output
    assert "us:B08N5WRWNW buybox, when the price is at 13.00 USD or less" in shown.output
    assert "15.99 -> 12.99 USD  told: It crossed the watch" in shown.output
    assert "19.99 -> 15.99 USD  notCrossed: $15.99 is above $13.00." in shown.output
    assert "is decided: seen 20" in shown.output
    told = json.loads((await asyncio.to_thread(run, str(made["id"]), "--json")).output)
    assert [change["code"] for change in told["changes"]] == ["told", "notCrossed", "beforeArmed"]
    missing = await asyncio.to_thread(run, "999999")
    assert (missing.exit_code, missing.stderr) == (1, "pennywren: There is no subscription 999999.\n")


async def test_one_tap_in_a_mail_makes_a_watch_quiet_and_a_look_at_the_page_does_not(
    site: Site, owner: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    made = await watch(owner)
    link = f"/watch/{QUIET_WATCH.sign(site.resources.unsubscribe_key, made['id'])}"

    async def state() -> tuple[str, bool]:
        shown = (await owner.get(f"/subscriptions/{made['id']}")).json()
        return shown["state"], shown["snoozedUntil"] is not None

    page = await anonymous.get(link, headers=HTML)
    assert (page.status_code, await state()) == (200, ("active", False))
    assert "the price is at $13.00 or less" in page.text
    assert page.headers["cache-control"] == "private, no-store"
    german = {**HTML, "accept-language": "de"}
    for action, expected in [
        ("week", ("active", True)),
        ("week", ("active", True)),
        ("pause", ("paused", True)),
        ("resume", ("active", False)),
    ]:
        tapped = await anonymous.post(link, data={"action": action}, headers=HTML)
        assert (tapped.status_code, await state()) == (200, expected)
        sleeps = "Ruhe bis " in (await anonymous.get(link, headers=german)).text
        assert sleeps is (expected == ("active", True))
    for language, says in (
        ("en", "It is paused: nothing is told.\n"),
        ("de", "Er ist pausiert: Nichts wird gemeldet.\n"),
    ):
        plain = await anonymous.post(link, data={"action": "pause"}, headers={"accept-language": language})
        assert (plain.text, plain.headers["content-language"]) == (says, language)
    await anonymous.post(link, data={"action": "resume"})
    plain = await anonymous.post(link, data={"action": "week"}, headers={"accept-language": "de"})
    assert plain.text.startswith("Ruhe bis ")
    assert (await anonymous.post(link, data={"action": "explode"})).status_code == 400
    assert (await anonymous.get("/watch/forged")).status_code == 404
    await owner.delete(f"/subscriptions/{made['id']}")
    assert "This watch is gone" in (await anonymous.get(link, headers=HTML)).text
    assert (await anonymous.post(link, data={"action": "week"})).status_code == 404


async def test_targets_for_one_click(site: Site, anonymous: httpx.AsyncClient) -> None:
    await see(site, 1700, 2000)
    answer = (await anonymous.get(f"/products/{PRODUCT}/suggestions")).json()
    assert answer["currentPrice"] == 2000
    assert [(each["name"], each["threshold"]) for each in answer["suggestions"]] == [
        ("justBelow", 1999),
        ("minus5Percent", 1900),
        ("minus10Percent", 1800),
        ("minus15Percent", 1700),  # which is the low of the last 90 days, too
        ("minus20Percent", 1600),
    ]
    used = (await anonymous.get(f"/products/{PRODUCT}/suggestions", params={"offer": "used"})).json()
    assert used["suggestions"] == []
    assert (await anonymous.get("/products/us:B000000009/suggestions")).status_code == 404


async def test_what_the_past_says_of_a_target(site: Site, anonymous: httpx.AsyncClient) -> None:
    recorder = Recorder(site.resources.store, site.resources.settings.gap_after)
    begin = site.clock() - 60 * DAY
    for day in range(60):
        price = 1000 if day % 10 == 5 else 2000
        look = Look(PRODUCT, "USD", {Offer.BUYBOX: price}, begin + day * DAY)
        await recorder.record([LookToRecord(look)])

    async def ask(threshold: object) -> httpx.Response:
        return await anonymous.get(f"/products/{PRODUCT}/targets", params={"threshold": str(threshold)})

    answer = (await ask(1000)).json()
    assert (answer["enough"], answer["timesMet"], answer["metNow"]) == (True, 6, False)
    assert 0 < answer["typicalWaitDays"] < 10
    assert answer["chanceWithin30Days"] > 0.6
    assert answer["text"].startswith("10.00 USD was met 6 times since we began on ")
    never = (await ask(500)).json()
    assert (never["timesMet"], never["typicalWaitDays"]) == (0, None)
    assert "was never met" in never["text"]
    for wrong in ("", "0", "12.99", "-1", "9" * 30, "abc"):
        assert (await ask(wrong)).status_code == 400
    assert (await ask(1000)).headers["etag"]
    await recorder.record([LookToRecord(Look(PRODUCT, "USD", {Offer.BUYBOX: None}, begin + 60 * DAY))])
    gone = (await ask(3000)).json()
    assert (gone["enough"], gone["metNow"], gone["chanceWithin30Days"]) == (True, False, None)
    assert gone["text"].endswith("There is no offer now: how long such a wait takes can be said when there is one.")


@pytest.mark.parametrize("days", [0, 12])
async def test_with_too_little_history_that_is_said_instead(
    site: Site, anonymous: httpx.AsyncClient, days: int
) -> None:
    recorder = Recorder(site.resources.store, site.resources.settings.gap_after)
    for ago in range(days, -1, -1):
        await recorder.record([LookToRecord(Look(PRODUCT, "USD", {Offer.BUYBOX: 2000}, site.clock() - ago * DAY))])
    answer = (await anonymous.get(f"/products/{PRODUCT}/targets", params={"threshold": "1000"})).json()
    assert (answer["enough"], answer["knownDays"], answer["typicalWaitDays"]) == (False, days, None)
    assert f"We know {days} days of prices: how long such a wait takes can be said after 30." in answer["text"]

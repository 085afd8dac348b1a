"""`pennywren trust`: what an operator sees and does."""

import asyncio
import json

import pytest

from pennywren.model.clock import system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.pipeline.report_logging import ReportLog, Said
from pennywren.postgres.pool import open_pool
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store.connect import connect
from pennywren.store.store import Store
from pennywren.store.swaps import NOTHING, swap_all
from pennywren.trust.hearsay import Hearsay, Refuted, Voice
from pennywren.trust.judge import Kind, Reason, Verdict
from pennywren.trust.memory import reputation_swap, said_swap
from pennywren.trust.reputation import Reputation, Tenure
from tests.postgres.cli.test_commands import KETTLE, environ, run

__all__ = ["environ"]
T0 = 1_764_067_200_000
FALSE_AT = "2025-11-25T11:40:00Z"
ANNA, BORIS, CARLA = "a11a000000000001", "b0b0000000000002", "ca41a00000000003"


@pytest.fixture
def false_price(environ: dict[str, str]) -> None:
    """15.99, an hour later 0.99, an hour later 15.99 again."""

    async def record() -> None:
        client, bytes_client = (connect(environ["PENNYWREN_REDIS_URL"], decode=decode) for decode in (True, False))
        looks = [Look(KETTLE, "USD", {Offer.BUYBOX: p}, T0 + i * 3_600_000) for i, p in enumerate((1599, 99, 1599))]
        await Recorder(Store(client, bytes_client), 7 * 86_400).record([LookToRecord(look) for look in looks])
        await asyncio.gather(client.aclose(), bytes_client.aclose())

    asyncio.run(record())


@pytest.mark.usefixtures("false_price")
def test_a_false_price_is_withdrawn_only_when_it_is_meant(environ: dict[str, str]) -> None:
    words = ("trust", "withdraw", str(KETTLE), "buybox", FALSE_AT, "--because", "it was a spare part")
    shown = run(environ, *words)
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.splitlines() == [
        "us:B08N5WRWNW buybox: 0.99 USD, believed from 2025-11-25T11:40:00Z to 2025-11-25T12:40:00Z",
        "instead  it was 15.99 USD in that time",
        "low      0.99 USD -> 15.99 USD",
        "high     15.99 USD -> 15.99 USD",
        "alerts   nobody was told",
        "nothing is changed yet: --yes does it",
    ]
    assert run(environ, "trust", "log").stdout == "nothing was changed by hand yet\n"
    done = json.loads(run(environ, *words, "--yes", "--json").stdout)
    assert (done["done"], done["priceInstead"], done["told"]) == (True, 1599, 0)
    history = json.loads(run(environ, "history", str(KETTLE), "--interval", "raw", "--json").stdout)
    assert [point["price"] for point in history["history"]] == [1599]
    entry = json.loads(run(environ, "trust", "log", "--json").stdout)
    assert (entry["action"], entry["because"]) == ("withdraw", "it was a spare part")
    assert entry["effect"] == "0.99 USD withdrawn; 0 told by then"
    again = run(environ, *words, "--yes")
    assert again.exit_code == 1
    assert "0.99 USD was recorded at 2025-11-25T11:40:00Z, and withdrawn at" in again.stderr
    still = json.loads(run(environ, "history", str(KETTLE), "--interval", "raw", "--json").stdout)
    assert still["history"] == history["history"]


@pytest.mark.usefixtures("false_price")
def test_what_is_believed_now_is_withdrawn_once_by_the_time_of_now(environ: dict[str, str]) -> None:
    now = "2025-12-24T00:00:00Z"
    words = ("trust", "withdraw", str(KETTLE), "buybox", now, "--because", "it was a spare part", "--yes", "--json")
    done = json.loads(run(environ, *words).stdout)
    assert (done["price"], done["since"], done["until"]) == (1599, "2025-11-25T12:40:00Z", None)
    again = run(environ, *words)
    assert again.exit_code == 1
    assert "15.99 USD was recorded at 2025-11-25T12:40:00Z, and withdrawn at" in again.stderr


@pytest.mark.usefixtures("false_price")
@pytest.mark.parametrize(
    ("product", "at", "because", "words", "code"),
    [
        ("us:B000000001", FALSE_AT, "false", "no buybox price of us:B000000001 is known", 1),
        ("us:B08N5WRWNW", "2020-01-01", "false", "no buybox price of us:B08N5WRWNW was in force", 1),
        ("us:B08N5WRWNW", "yesterday", "false", "is not a time", 2),
        ("us:B08N5WRWNW", " ", "false", "AT: give a time", 2),
        ("us:B08N5WRWNW", FALSE_AT, " ", "because: say why", 2),
    ],
)
def test_what_cannot_be_withdrawn_is_said(
    environ: dict[str, str], product: str, at: str, because: str, words: str, code: int
) -> None:
    failed = run(environ, "trust", "withdraw", product, "buybox", at, "--because", because)
    assert (failed.exit_code, words in failed.stderr) == (code, True)


@pytest.fixture
def hearsay(environ: dict[str, str]) -> None:
    """Two claims of one network and a third, a refuted price, and two stored reports of `ANNA`."""

    async def record() -> None:
        client = connect(environ["PENNYWREN_REDIS_URL"], decode=False)
        now = system_clock()
        claims = (
            Voice(1299, now - 60_000, ANNA, "192.0.2.0/24", 0.8),
            Voice(1299, now - 50_000, BORIS, "192.0.2.0/24", 0.6),
            Voice(1299, now - 40_000, CARLA, "198.51.100.0/24", 0.7),
        )
        said = {Offer.BUYBOX: Hearsay(claims=claims, refuted=(Refuted(1, 2, now),), asked_at=now - 30_000)}
        reputation = Reputation(right=4.0, wrong=2.0, agreed=30.0, claimed=5.0, outcomes=5, at=now)
        await swap_all(client, [said_swap(KETTLE, NOTHING, said, now), reputation_swap(ANNA, NOTHING, reputation)], now)
        await client.aclose()
        pool = await open_pool(environ["PENNYWREN_POSTGRES_URL"], size=1)
        log = ReportLog(pool, system_clock)
        for verdict in (
            Verdict(Kind.REJECTED, Reason.UNPROVEN),
            Verdict(Kind.HELD, Reason.WORTH_A_CRAWL),
        ):
            log.add(Said(now, KETTLE, Offer.BUYBOX, 1299, "USD", ANNA), verdict)
        await log.flush()
        await pool.close()

    asyncio.run(record())


@pytest.mark.usefixtures("false_price", "hearsay")
def test_a_product_is_explained_to_people_and_programs(environ: dict[str, str]) -> None:
    assert run(environ, "trust", "explain", "us:B000000001").exit_code == 1
    shown = run(environ, "trust", "explain", str(KETTLE)).stdout
    for words in (
        "buybox: 15.99 USD",
        "A crawl of ours saw it on 25 November 2025, 12:40:00 UTC.",
        "Claimed: 12.99 USD by 3, of them 2 independent (believed 0.80, 0.70)",
        f"by {ANNA}, {BORIS}, {CARLA}",
        "Refuted by a crawl: 0.01 USD",
        "A crawl was asked for at",
        "buybox 12.99 USD: held, likely enough for what depends on it: a crawl was asked for",
    ):
        assert words in shown
    told = json.loads(run(environ, "trust", "explain", str(KETTLE), "--json").stdout)
    assert told["offers"]["buybox"]["claims"][0]["weights"] == [0.8, 0.7]
    assert told["offers"]["buybox"]["claims"][0]["reporters"] == [ANNA, BORIS, CARLA]
    assert [report["verdict"] for report in told["reports"]] == ["held", "rejected"]


@pytest.mark.usefixtures("false_price", "hearsay")
def test_a_reporter_is_shown_without_products(environ: dict[str, str]) -> None:
    assert run(environ, "trust", "reporter", "nobody").exit_code == 1
    shown = run(environ, "trust", "reporter", ANNA).stdout
    assert "right 4.0, wrong 2.0" in shown
    assert "1 held: likely enough" in shown
    assert str(KETTLE) not in shown
    told = json.loads(run(environ, "trust", "reporter", ANNA, "--json").stdout)
    assert (told["judged"], told["blocked"]) == (5, False)
    assert told["trust"].keys() == told["usual"].keys() == {each.value for each in Tenure}
    assert told["tenure"] is None, "there is no such install"
    assert "usual of settled ones" in shown
    assert told["trust"]["settled"] < told["usual"]["settled"], "two of its six outcomes were wrong"


@pytest.mark.usefixtures("false_price", "hearsay")
def test_blocking_takes_back_what_was_said_and_is_logged(environ: dict[str, str]) -> None:
    blocked = run(environ, "trust", "block", "192.0.2.9", "--because", "a farm")
    assert blocked.stdout == ("192.0.2.0/24 is blocked; what it said is forgotten (2 voices about 1 products)\n")
    assert json.loads(run(environ, "trust", "block", CARLA, "--because", "it lies", "--json").stdout) == {
        "subject": CARLA,
        "blocked": True,
        "changed": True,
        "products": 1,
        "voices": 1,
    }
    assert (
        json.loads(run(environ, "trust", "explain", str(KETTLE), "--json").stdout)["offers"]["buybox"]["claims"] == []
    )
    assert "BLOCKED" in run(environ, "trust", "reporter", CARLA).stdout
    assert "is listened to again" in run(environ, "trust", "unblock", CARLA, "--because", "it was us").stdout
    assert "is not blocked" in run(environ, "trust", "unblock", CARLA, "--because", "it was us").stdout
    log = run(environ, "trust", "log").stdout.splitlines()
    assert [line.split("  ")[2].partition(":")[0] for line in log] == [
        f"unblock {CARLA}",
        f"block {CARLA}",
        "block 192.0.2.0/24",
    ]

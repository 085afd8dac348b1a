"""`pennywren trust`: what an operator sees and does."""

import asyncio
import json

import pytest

from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store.connect import connect
from pennywren.store.store import Store
from tests.postgres.cli.test_commands import KETTLE, environ, run

__all__ = ["environ"]
T0 = 1_764_067_200_000
FALSE_AT = "2025-11-25T11:40:00Z"


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


@pytest.mark.usefixtures("false_price")
@pytest.mark.parametrize(
    ("product", "at", "because", "words", "code"),
    [
        ("us:B000000001", FALSE_AT, "false", "no buybox price of us:B000000001 is known", 1),
        ("us:B08N5WRWNW", "2020-01-01", "false", "no buybox price of us:B08N5WRWNW was in force", 1),
        ("us:B08N5WRWNW", "yesterday", "false", "is not a time", 2),
        ("us:B08N5WRWNW", " ", "false", "AT: give a time", 2),
        ("us:B08N5WRWNW", FALSE_AT, " ", "--because: say why", 2),
    ],
)
def test_what_cannot_be_withdrawn_is_said(
    environ: dict[str, str], product: str, at: str, because: str, words: str, code: int
) -> None:
    failed = run(environ, "trust", "withdraw", product, "buybox", at, "--because", because)
    assert (failed.exit_code, words in failed.stderr) == (code, True)

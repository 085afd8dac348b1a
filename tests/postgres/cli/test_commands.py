"""Commands on a running system: what a person or a script gets to see."""

import asyncio
import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pennywren.cli import importing
from pennywren.cli.shell import shell
from pennywren.errors import Unavailable
from pennywren.model.product import ProductID
from pennywren.store.connect import connect
from tests.frontier_places import waiting

KETTLE = ProductID("us", "B08N5WRWNW")


@pytest.fixture
def environ(tmp_path: Path, redis_url: str, queue_url: str, postgres_url: str) -> dict[str, str]:
    return {
        "PENNYWREN_DATA_DIR": str(tmp_path / "data"),
        "PENNYWREN_REDIS_URL": redis_url,
        "PENNYWREN_QUEUE_URL": queue_url,
        "PENNYWREN_POSTGRES_URL": postgres_url,
    }


def run(environ: dict[str, str], *args: str) -> Result:
    return CliRunner().invoke(shell, args, env=environ)


def _in_frontier(redis_url: str, *asked: str) -> set[str]:
    """Which of some products have a place in the frontier."""

    async def read() -> set[str]:
        client = connect(redis_url)
        found = await waiting(client, [ProductID.parse(product, "us") for product in asked])
        await client.aclose()
        return {str(product) for product in found}

    return asyncio.run(read())


async def _lose_all(redis_url: str) -> None:
    client = connect(redis_url)
    await client.flushall()
    await client.aclose()


def test_a_product_is_tracked_by_whatever_a_person_types(environ: dict[str, str], redis_url: str) -> None:
    tracked = run(
        environ, "track", "B08N5WRWNW", "https://www.amazon.de/dp/B07FZ8S74R?ref=x", "us:b08n5wrwnw", "--json"
    )
    assert tracked.exit_code == 0
    shown = [json.loads(line) for line in tracked.stdout.splitlines()]
    assert [each["productID"] for each in shown] == ["us:B08N5WRWNW", "de:B07FZ8S74R"]
    assert all(each["new"] and each["urgent"] for each in shown)
    assert _in_frontier(redis_url, "us:B08N5WRWNW", "de:B07FZ8S74R") == {"us:B08N5WRWNW", "de:B07FZ8S74R"}
    assert "tracked already" in run(environ, "track", "B08N5WRWNW").stdout


def _write_history(tmp_path: Path) -> Path:
    file = tmp_path / "prices.csv"
    lines = [f"us:B08N5WRWNW,2025-11-{day:02d}T10:00:00Z,{1500 + 10 * day}" for day in range(1, 21)]
    file.write_text("\n".join(["product,time,price", *lines, "us:nonsense,2025-11-01T00:00:00Z,1"]))
    return file


def test_a_history_is_imported_and_shown(environ: dict[str, str], tmp_path: Path) -> None:
    unknown = run(environ, "history", str(KETTLE))
    assert (unknown.exit_code, "pennywren track" in unknown.stderr) == (1, True)

    imported = run(environ, "history", "import", str(_write_history(tmp_path)), "--json")
    done = json.loads(imported.stdout)
    assert (imported.exit_code, done["written"], done["changes"], len(done["bad"])) == (1, 1, 20, 1)
    assert "line 22" in done["bad"][0]["where"]

    asked = ("--interval", "day", "--from", "2025-11-02", "--to", "2025-11-08")
    answer = json.loads(run(environ, "history", str(KETTLE), *asked, "--json").stdout)
    assert [point["timestamp"] for point in answer["history"]] == [f"2025-11-0{day}T00:00:00Z" for day in range(2, 8)]
    table = run(environ, "history", str(KETTLE), *asked, "--rows", "2").stdout
    assert "▁" in table
    assert "█" in table
    assert "2025-11-07T00:00:00Z" in table
    assert "2025-11-05T00:00:00Z" not in table
    assert "(4 older rows" in table
    assert run(environ, "history", str(KETTLE), "--from", "yesterday").exit_code == 2


def test_a_file_of_products_is_imported_and_its_bad_lines_are_listed(
    environ: dict[str, str], redis_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "list.gz"
    lines = ["# ours", "B08N5WRWNW", "", "nonsense", "https://www.amazon.co.jp/dp/4101092052", "B08N5WRWNW"]
    file.write_bytes(gzip.compress("\r\n".join(lines).encode()))
    imported = run(environ, "import", str(file))
    assert imported.exit_code == 1
    assert imported.stdout.startswith("3 products, 2 of them new, from 6 lines")
    assert imported.stderr.startswith("line 4: 'nonsense' is not a product")
    assert _in_frontier(redis_url, "us:B08N5WRWNW", "jp:4101092052") == {"us:B08N5WRWNW", "jp:4101092052"}

    again = run(environ, "import", str(file), "--json")
    assert json.loads(again.stdout)["new"] == 0


def test_an_interrupted_import_goes_on_where_it_was(
    environ: dict[str, str], redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "list.txt"
    asins = [f"B0{n:08d}" for n in range(100)]
    file.write_text("\n".join([*asins[:5], "nonsense", *asins[5:]]))
    monkeypatch.setattr(importing, "CHUNK", 10)
    real, chunks = importing.import_chunk, list[int]()

    async def fails_at_the_third(*args: object) -> int:
        chunks.append(1)
        if len(chunks) == 3:
            raise Unavailable("the power went")
        return await real(*args)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(importing, "import_chunk", fails_at_the_third)
    assert run(environ, "import", str(file)).exit_code == 1
    assert len(_in_frontier(redis_url, *asins)) == 20

    monkeypatch.setattr(importing, "import_chunk", real)
    done = json.loads(run(environ, "import", str(file), "--json").stdout)
    assert (done["resumedAfterLine"], done["products"], done["new"], done["bad"]) == (21, 100, 100, 1)
    assert len(_in_frontier(redis_url, *asins)) == 100

    # Another file of the same name begins anew.
    file.write_text("B000000000\n")
    assert json.loads(run(environ, "import", str(file), "--json").stdout)["resumedAfterLine"] == 0


def test_the_frontier_is_rebuilt_from_the_catalogue(environ: dict[str, str], redis_url: str) -> None:
    run(environ, "track", "B08N5WRWNW", "de:B07FZ8S74R")
    asyncio.run(_lose_all(redis_url))
    rebuilt = run(environ, "rebuild", "--json")
    assert json.loads(rebuilt.stdout) == {"watches": 0, "productsAdded": 2}
    assert _in_frontier(redis_url, "us:B08N5WRWNW", "de:B07FZ8S74R") == {"us:B08N5WRWNW", "de:B07FZ8S74R"}
    assert json.loads(run(environ, "rebuild", "--json").stdout)["productsAdded"] == 0


def test_a_redis_without_time_series_is_refused_with_advice(environ: dict[str, str], queue_url: str) -> None:
    refused = run({**environ, "PENNYWREN_REDIS_URL": queue_url}, "track", "B08N5WRWNW")
    assert refused.exit_code == 1
    assert "install Redis 8" in refused.stderr
    assert "install Redis 8" in run({**environ, "PENNYWREN_REDIS_URL": queue_url}, "up").stderr


def test_doctor_sees_the_servers_that_are_named(environ: dict[str, str]) -> None:
    checked = run(environ, "doctor")
    assert checked.exit_code == 0
    assert "with TimeSeries at 127.0.0.1:" in checked.stdout
    assert "schema up to date" in checked.stdout

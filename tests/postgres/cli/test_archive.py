"""The archive's commands: what it holds, a product's rows, and files put together."""

import asyncio
import json
from pathlib import Path

from click.testing import CliRunner, Result

from pennywren.archive.places import Folder
from pennywren.cli.shell import shell
from pennywren.model.clock import DAY, system_clock
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.archiving import Archiver
from pennywren.record.recording import LookToRecord, Recorder
from pennywren.store.connect import connect
from pennywren.store.store import Store

KETTLE = ProductID("us", "B08N5WRWNW")


def run(tmp_path: Path, *args: str, **environ: str) -> Result:
    return CliRunner().invoke(shell, args, env={"PENNYWREN_DATA_DIR": str(tmp_path / "data"), **environ})


async def _fill(redis_url: str, folder: Path) -> None:
    now = system_clock()
    client, raw = connect(redis_url), connect(redis_url, decode=False)
    recorder = Recorder(Store(client, raw), 7 * 86_400, now=now)
    for days, price in ((2, 1599), (1, 1299)):
        await recorder.record([LookToRecord(Look(KETTLE, "USD", {Offer.BUYBOX: price}, now - days * DAY))])
        await Archiver(client, Folder(folder), system_clock).step()
    await client.aclose()
    await raw.aclose()


def test_an_archive_tells_what_it_holds_and_what_became_of_a_product(tmp_path: Path, redis_url: str) -> None:
    assert "empty" in run(tmp_path, "archive", "status").stdout
    asyncio.run(_fill(redis_url, tmp_path / "data" / "archive"))
    told = json.loads(run(tmp_path, "archive", "status", "--json").stdout)
    assert told["files"] == {"changes": 2, "days": 0, "snapshots": 0}
    lines = run(tmp_path, "archive", "read", "b08n5wrwnw").stdout.splitlines()
    assert [line.split("  ")[2:4] for line in lines] == [
        ["first", "no offer -> 15.99 USD"],
        ["price", "15.99 -> 12.99 USD"],
    ]
    rows = [json.loads(line) for line in run(tmp_path, "archive", "read", "--json").stdout.splitlines()]
    assert [(row["product"], row["new"]) for row in rows] == [(str(KETTLE), 1599), (str(KETTLE), 1299)]
    assert run(tmp_path, "archive", "read", "--from", "2199-01-01").stdout == ""


def test_an_archive_is_compacted_into_one_row_a_product(tmp_path: Path, redis_url: str) -> None:
    asyncio.run(_fill(redis_url, tmp_path / "data" / "archive"))
    done = json.loads(run(tmp_path, "archive", "compact", "--json", PENNYWREN_ARCHIVE_WHOLE="0").stdout)
    assert (done["filesBefore"], done["filesAfter"], done["products"]) == (2, 1, 1)
    (line,) = run(tmp_path, "archive", "read", str(KETTLE)).stdout.splitlines()
    assert "snapshot" in line
    again = json.loads(run(tmp_path, "archive", "compact", "--json", PENNYWREN_ARCHIVE_WHOLE="0").stdout)
    assert (again["filesBefore"], again["filesAfter"]) == (1, 1)


def test_what_cannot_be_is_said_in_a_sentence(tmp_path: Path) -> None:
    for args, environ, words in (
        (("read", "--to", "yesterday"), {}, "is not a time"),
        (("status",), {"PENNYWREN_ARCHIVE": "off"}, "is off"),
        (("status",), {"PENNYWREN_ARCHIVE": "ftp://example.org/x"}, "no place"),
        (("run",), {}, "PENNYWREN_REDIS_URL"),
    ):
        failed = run(tmp_path, "archive", *args, **environ)
        assert failed.exit_code in (1, 2)
        assert words in failed.stderr
        assert failed.stderr.count("\n") == 1
    (tmp_path / "data" / "archive" / "changes" / "2026-11-27").mkdir(parents=True)
    (tmp_path / "data" / "archive" / "changes" / "2026-11-27" / f"1-2-p0-9-{'0' * 16}.parquet").write_bytes(
        b"half a file"
    )
    damaged = run(tmp_path, "archive", "read")
    assert damaged.exit_code == 2
    assert "is no file of the archive" in damaged.stderr

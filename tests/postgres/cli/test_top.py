"""`top`: rates between two looks, and what waits where."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pennywren import keyspace
from pennywren.cli.shell import shell
from pennywren.cli.top import stage_rates
from tests.blocking import blocking
from tests.redis.match.changes import PARTITION, fields


@pytest.fixture
def environ(tmp_path: Path, redis_url: str, queue_url: str, postgres_url: str) -> dict[str, str]:
    return {
        "PENNYWREN_DATA_DIR": str(tmp_path / "data"),
        "PENNYWREN_REDIS_URL": redis_url,
        "PENNYWREN_QUEUE_URL": queue_url,
        "PENNYWREN_POSTGRES_URL": postgres_url,
    }


def test_a_rate_is_what_was_counted_between_two_looks() -> None:
    before = {("pennywren_crawls_total", ("us", "product")): 100.0, ("pennywren_crawls_total", ("us", "blocked")): 5.0}
    now = {
        ("pennywren_crawls_total", ("us", "product")): 120.0,
        ("pennywren_crawls_total", ("de", "product")): 4.0,
        ("pennywren_crawls_total", ("us", "blocked")): 5.0,
    }
    rates = stage_rates(before, now, 2.0)
    assert rates["crawl"] == {"product": 12.0}
    assert rates["deliver"] == {}


def test_it_tells_what_waits_and_which_part_is_silent(environ: dict[str, str], redis_url: str) -> None:
    with blocking(redis_url) as client:
        client.xadd(keyspace.changes(PARTITION), {**fields(1)})  # pyright: ignore[reportArgumentType]
        client.xgroup_create(keyspace.changes(PARTITION), "match", "0")
    told = CliRunner().invoke(shell, ["top", "--once", "--every", "0.5", "--json"], env=environ)
    assert told.exit_code == 0, told.stderr
    standing = json.loads(told.stdout)["standing"]
    assert standing["changes wait (s)"]["match"] > 0
    assert standing["jobs wait"] == {"crawl": 0.0, "deliver": 0.0, "upkeep": 0.0}
    assert min(standing["Redis memory (MB)"].values()) > 0
    shown = CliRunner().invoke(shell, ["top", "--once", "--every", "0.5"], env=environ)
    assert "every part answers" in shown.stdout
    assert "crawl" in shown.stdout
    silent = CliRunner().invoke(
        shell, ["top", "--once", "--every", "0.5"], env={**environ, "PENNYWREN_QUEUE_URL": "redis://127.0.0.1:1/0"}
    )
    assert "does not answer: queue" in silent.stdout

"""Stored reports: few, linked to an install only by a key that is destroyed with them."""

from datetime import date

from pennywren.errors import Unavailable
from pennywren.model.clock import DAY
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.pipeline.report_logging import ReportLog, Said, forget
from pennywren.postgres.pool import Pool
from pennywren.postgres.report_log import (
    Counted,
    day_of,
    forget_reports,
    last_reports,
    reporter_mac,
    verdicts_of,
)
from pennywren.settings import Settings
from pennywren.trust.judge import Kind, Reason, Verdict

KETTLE = ProductID("us", "B08N5WRWNW")
NOW = 1_764_067_200_000
HELD = Verdict(Kind.HELD, Reason.WORTH_A_CRAWL)


def _said(reporter: str, at: int = NOW, price: int | None = 1299) -> Said:
    return Said(at, KETTLE, Offer.BUYBOX, price, "USD", reporter)


async def _macs(pool: Pool) -> list[bytes]:
    return [bytes(row["reporter_mac"]) for row in await pool.fetch("select reporter_mac from report_log order by id")]


async def test_what_says_something_new_is_stored_and_what_confirms_is_not(pool: Pool) -> None:
    log = ReportLog(pool, lambda: NOW)
    log.add(_said("anna"), Verdict(Kind.ACCEPTED, Reason.CONFIRMS))
    log.add(_said("anna"), HELD)
    log.add(_said("anna", price=None), Verdict(Kind.REJECTED, Reason.UNPROVEN))
    assert await log.flush() == 2
    assert await log.flush() == 0
    last = await last_reports(pool, KETTLE, 10)
    assert [(row.price, row.verdict, row.reason) for row in last] == [
        (None, "rejected", "unproven"),
        (1299, "held", "worth_a_crawl"),
    ]
    assert await verdicts_of(pool, "anna") == [Counted("held", "worth_a_crawl", 1), Counted("rejected", "unproven", 1)]
    assert await verdicts_of(pool, "boris") == []


async def test_no_name_is_stored_and_two_days_of_one_install_do_not_look_alike(pool: Pool) -> None:
    log = ReportLog(pool, lambda: NOW)
    for at in (NOW, NOW + 1, NOW + DAY):
        log.add(_said("anna", at), HELD)
    await log.flush()
    first, same, other = await _macs(pool)
    assert first == same != other
    text = str([dict(row) for row in await pool.fetch("select * from report_log")])
    assert "anna" not in text
    assert await verdicts_of(pool, "anna") == [Counted("held", "worth_a_crawl", 3)]


async def test_after_the_retention_nothing_links_and_nothing_is_left(pool: Pool) -> None:
    log = ReportLog(pool, lambda: NOW)
    for days in (0, 1, 2):
        log.add(_said("anna", NOW + days * DAY), HELD)
    await log.flush()
    copied = await _macs(pool)
    kept_days = 2
    assert await forget_reports(pool, kept_days, NOW + 3 * DAY) == 1
    assert len(await last_reports(pool, KETTLE, 10)) == 2
    keys = await pool.fetch("select day, key from report_keys order by day")
    assert [row["day"] for row in keys] == [day_of(NOW + DAY), day_of(NOW + 2 * DAY)]
    # Whoever copied the table before has no key to ask of the first day whether it was anna.
    assert copied[0] not in [reporter_mac(bytes(row["key"]), "anna") for row in keys]
    assert await forget_reports(pool, kept_days, NOW + 9 * DAY) == 2
    assert await pool.fetchval("select count(*) from report_keys") == 0
    assert await pool.fetchval("select count(*) from report_log") == 0


async def test_the_job_keeps_as_long_as_the_setting_says(settings: Settings, pool: Pool) -> None:
    log = ReportLog(pool, lambda: NOW)
    log.add(_said("anna"), HELD)
    await log.flush()
    days = settings.report_retention_days
    assert await forget(settings, lambda: NOW + days * DAY) == 0
    assert await forget(settings, lambda: NOW + (days + 1) * DAY) == 1


async def test_reports_are_gathered_and_a_missing_database_stops_nobody(pool: Pool) -> None:
    now = NOW
    log = ReportLog(pool, lambda: now)
    assert not log.is_due
    log.add(_said("anna"), HELD)
    assert not log.is_due
    now += 1000
    assert log.is_due
    await pool.close()
    try:
        assert await log.flush() == 0
    except Unavailable:
        raise AssertionError("a report must not fail for want of its log") from None
    assert not log.is_due


def test_the_day_is_that_of_utc() -> None:
    assert day_of(NOW) == date(2025, 11, 25)

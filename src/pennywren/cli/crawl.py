"""`crawl`: how crawling stands, and which pages could not be read."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table

from pennywren.cli.parts import open_store
from pennywren.errors import BadInput, NotFound
from pennywren.model.clock import SECOND, rfc3339, system_clock
from pennywren.observe.drift import Kind
from pennywren.pipeline import drifting
from pennywren.pipeline.crawl_status import CrawlStatus, EgressLine, ReadLine, crawl_status
from pennywren.pipeline.drifting import FailedPage
from pennywren.settings import Settings, load_settings
from pennywren.store.connect import Client

_WIDTH: Final = 130
_Answer = TypeVar("_Answer")


@click.group()
def crawl() -> None:
    """See how crawling stands, and which pages could not be read.

    Crawling itself is done by `pennywren worker crawl`, or by `pennywren up`.

    \b
    Examples:
      pennywren crawl status
      pennywren crawl samples
    """


@crawl.command()
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
def status(as_json: bool) -> None:
    """Show each egress with each host, what is due, and how many pages could not be read.

    \b
    Examples:
      pennywren crawl status
      pennywren crawl status --json | jq '.egresses[] | select(.circuit != "closed")'
    """
    now = system_clock()
    found: CrawlStatus = _ask(lambda client, settings: crawl_status(client, settings, now))
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    console = Console(width=None if Console().is_terminal else _WIDTH, highlight=False)
    _show_frontier(console, found)
    _show_egresses(console, found.egresses, now)
    _show_pages(console, found.pages)


@crawl.command()
@click.argument("which", required=False, metavar="[MARKETPLACE/LAYOUT/NUMBER]")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object for each page, without the page itself.")
def samples(which: str | None, as_json: bool) -> None:
    """List pages that could not be read, or write one of them to standard output.

    The latest five of each marketplace and layout are kept for a week, without what customers wrote and who they are.

    \b
    Examples:
      pennywren crawl samples
      pennywren crawl samples us/core_price/1 | pennywren read - -m us --explain
    """
    if which is not None:
        kind, number = _wanted(which)
        kept: list[FailedPage] = _ask(lambda client, _: drifting.samples(client, kind))
        if not 1 <= number <= len(kept):
            raise NotFound(f"there is no page {which}: `pennywren crawl samples` lists those that are kept")
        click.echo(kept[number - 1].html(), nl=False)
        return
    listed: list[tuple[str, FailedPage]] = _ask(lambda client, _: _all_samples(client))
    if not listed and not as_json:
        click.echo("No page is kept: every product page of the last week could be read.")
    for name, page in listed:
        if as_json:
            shown = {"page": name, "productID": page.product_id, "at": rfc3339(page.at), "reason": page.reason}
            click.echo(msgspec.json.encode(shown))
        else:
            click.echo(f"{name:<24} {page.product_id:<14} {rfc3339(page.at)} {page.reason}")


def _ask(question: Callable[[Client, Settings], Awaitable[_Answer]]) -> _Answer:
    async def asking() -> _Answer:
        settings = load_settings()
        async with open_store(settings) as store:
            return await question(store.client, settings)

    return asyncio.run(asking())


async def _all_samples(client: Client) -> list[tuple[str, FailedPage]]:
    kinds = [tally.kind for tally in await drifting.tallies(client, system_clock())]
    return [
        (f"{kind.marketplace}/{kind.layout}/{number}", page)
        for kind in kinds
        for number, page in enumerate(await drifting.samples(client, kind), start=1)
    ]


def _wanted(which: str) -> tuple[Kind, int]:
    marketplace, _, rest = which.partition("/")
    layout, _, number = rest.partition("/")
    if not layout or not (number.isascii() and number.isdigit()):
        raise BadInput(f"{which!r} names no page: write MARKETPLACE/LAYOUT/NUMBER, such as us/core_price/1")
    return Kind(marketplace, layout), int(number)


def _show_frontier(console: Console, found: CrawlStatus) -> None:
    of = found.frontier
    if not of.products:
        console.print("Nothing is tracked yet: `pennywren track PRODUCT` or `pennywren import FILE` begins.")
        return
    late = ", ".join(f"{code} {_span(waited)}" for code, waited in of.oldest_due_seconds.items() if waited > 0)
    console.print(
        f"{of.products} products, {of.crawling_now} being crawled, {of.urgent} urgent; "
        + (f"first due since: {late}" if late else "nothing waits")
    )
    threshold = "not set yet" if of.threshold is None else f"{of.threshold:.3g}"
    console.print(f"requests in the last minute: {of.spent_last_minute} of {of.budget_per_minute}")
    console.print(f"threshold (lambda) above which a crawl is worth it: {threshold}")


def _show_egresses(console: Console, lines: list[EgressLine], now: int) -> None:
    if not lines:
        console.print("No egress has sent a request yet: `pennywren worker crawl` or `pennywren up` begins.")
        return
    table = Table("egress", "host", "req/s", "minute", "hour", "circuit", "waits", "robots.txt", "last trouble")
    for line in lines:
        waits = "" if not line.waits_until else f"{_span((line.waits_until - now) / SECOND)}"
        asked = " (Retry-After)" if line.retry_after_until else ""
        trouble = (
            f"{line.last_trouble}, {_span((now - line.last_trouble_at) / SECOND)} ago" if line.last_trouble else ""
        )
        table.add_row(
            line.egress, line.host, f"{line.rate:.2f}", str(line.last_minute), str(line.last_hour), line.circuit,
            waits + asked, line.robots, trouble,
        )  # fmt: skip
    console.print(table)


def _show_pages(console: Console, lines: list[ReadLine]) -> None:
    if not lines:
        return
    table = Table("marketplace", "layout", "pages in 24 h", "unreadable", "")
    for line in lines:
        share = f"{line.unreadable} ({line.unreadable / line.pages:.0%})"
        table.add_row(
            line.marketplace, line.layout, str(line.pages), share,
            "DRIFTS: see `pennywren crawl samples`" if line.drifts else "",
        )  # fmt: skip
    console.print(table)


def _span(seconds: float) -> str:
    """A length of time in its largest unit."""
    for length, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"

"""`history`: what a product has cost, and `history import`: what it cost before we looked."""

import asyncio
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.table import Table

from pennywren.cli.parts import open_store
from pennywren.cli.progress import Advance, progress_bar
from pennywren.errors import BadInput, NotFound
from pennywren.history.answer import Extreme, History, encode, history_answer
from pennywren.history.calendar import Interval
from pennywren.history.question import parse_question
from pennywren.history.reading import HistoryReader
from pennywren.history.sources.files import parse_histories
from pennywren.history.sources.found import Found
from pennywren.history.sparkline import rows, sparkline
from pennywren.model.clock import rfc3339, system_clock
from pennywren.model.money import format_money
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import OfferState
from pennywren.pipeline.history_import import ImportResult, import_histories
from pennywren.settings import load_settings

_MOST_BAD_SHOWN: Final = 50


class _ShowByDefault(click.Group):
    """`history PRODUCT` is `history show PRODUCT`: what is no command's name is a product."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `show` in front of a product, or of an option of it."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_ShowByDefault)
def history() -> None:
    """Show what a product has cost, or import what it cost before.

    \b
    Examples:
      pennywren history us:B08N5WRWNW
      pennywren history us:B08N5WRWNW --interval week --rows 10
      pennywren history import prices.csv
    """


@history.command()
@click.argument("product")
@click.option(
    "--offer",
    type=click.Choice([str(each) for each in Offer]),
    default="buybox",
    show_default=True,
    help="Which price.",
)
@click.option("--interval", metavar="|".join(Interval), help="How fine; chosen by the span if not given.")
@click.option("--from", "start", help="Seconds since 1970, a date, or RFC 3339; the first look if not given.")
@click.option("--to", "end", help="Likewise; now if not given.")
@click.option("--rows", "most", type=click.IntRange(0), default=20, show_default=True, help="Newest rows to show.")
@click.option("--json", "as_json", is_flag=True, help="Write what GET /products/PRODUCT/history answers.")
def show(
    product: str, offer: str, interval: str | None, start: str | None, end: str | None, most: int, as_json: bool
) -> None:
    """Show what PRODUCT has cost: a table, and a line of blocks. (`show` may be left out.)

    \b
    Examples:
      pennywren history us:B08N5WRWNW
      pennywren history B08N5WRWNW --interval raw --from 2026-01-01 --json
    """
    asked = {"offer": offer, "interval": interval, "startTime": start, "endTime": end}
    query = {name: value for name, value in asked.items() if value is not None}
    id_ = ProductID.parse(product, load_settings().default_marketplace)
    answer, state, blocks = asyncio.run(_answer(id_, query))
    if as_json:
        click.echo(encode(answer))
    else:
        _show(answer, state, blocks, most)


async def _answer(product: ProductID, query: dict[str, str]) -> tuple[History, OfferState | None, str]:
    settings = load_settings()
    question = parse_question(query, system_clock())
    async with open_store(settings) as store:
        state = await store.product(product)
        if state is None:
            raise NotFound(f"no price of {product} is known: `pennywren track {product}` follows it")
        reading = await HistoryReader(store, settings, system_clock).read(state, question)
        start, end = reading.range.start, min(reading.range.end, system_clock())
        steps = await store.steps(product, question.offer, start, end)
    answer = history_answer(product, question.offer, state.currency, reading)
    return answer, state.offers.get(question.offer), sparkline(steps, start, end)


def _show(answer: History, state: OfferState | None, blocks: str, most: int) -> None:
    currency = answer.currency
    click.echo(f"{answer.product_id} {answer.offer}, by {answer.interval}, {answer.start_time} to {answer.end_time}")
    if state is not None:
        now = "no offer" if state.price is None else format_money(state.price, currency)
        click.echo(f"now      {now} since {rfc3339(state.since)}, last seen {rfc3339(state.last_seen)}")
    for name, extreme in (("low", answer.low), ("high", answer.high)):
        click.echo(f"{name:<8} {_extreme(extreme, currency)}")
    if answer.average is not None:
        click.echo(f"average  {format_money(answer.average, currency)}")
    click.echo(f"\n{blocks}\n")
    shown = rows(answer, most)
    if shown:
        table = Table("when", box=None, pad_edge=False)
        for name in ("price", "low", "high"):
            table.add_column(name, justify="right")
        for row in shown:
            table.add_row(*row)
        Console().print(table)
    if len(answer.history) > len(shown):
        click.echo(f"({len(answer.history) - len(shown)} older rows: --rows {len(answer.history)} shows all)")


def _extreme(extreme: Extreme | None, currency: str) -> str:
    return "unknown" if extreme is None else f"{format_money(extreme.price, currency)} on {extreme.timestamp}"


@history.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Write the result as one JSON object, and no progress bar.")
@click.pass_context
def import_command(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Import price histories from FILE: CSV, or Keepa's JSON; gzipped or not.

    Fills in what came before our first look and after our last one; nobody is alerted, and the same file again changes
    nothing. What cannot be used is listed, and makes the exit code 1.

    \b
    Examples:
      pennywren history import prices.csv
      pennywren history import keepa.json.gz --json
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error
    found = parse_histories(data, load_settings().default_marketplace)
    with progress_bar(f"importing {file.name}", quiet=as_json) as advance:
        done = asyncio.run(_import(found, advance))
    if as_json:
        bad = [{"where": each.where, "reason": each.message} for each in done.bad]
        shown = {"written": done.written, "unchanged": done.unchanged, "changes": done.changes, "bad": bad}
        click.echo(msgspec.json.encode(shown))
    else:
        click.echo(f"{done.written} histories written with {done.changes} changes, {done.unchanged} unchanged")
        for each in done.bad[:_MOST_BAD_SHOWN]:
            click.echo(str(each), err=True)
        if len(done.bad) > _MOST_BAD_SHOWN:
            click.echo(f"and {len(done.bad) - _MOST_BAD_SHOWN} more that cannot be used (--json lists them)", err=True)
    ctx.exit(1 if done.bad else 0)


async def _import(found: Found, advance: Advance) -> ImportResult:
    settings = load_settings()
    async with open_store(settings) as store:
        return await import_histories(store, settings, system_clock, found, advance)

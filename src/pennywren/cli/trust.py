"""`trust`: what is believed and why, and what an operator may do about it."""

import asyncio

import click
import msgspec

from pennywren.cli.parts import open_parts
from pennywren.cli.trust_blocks import block, unblock, whoever_types
from pennywren.cli.trust_explain import explain, reporter
from pennywren.errors import BadInput
from pennywren.history.question import parse_time
from pennywren.model.clock import rfc3339, system_clock
from pennywren.model.money import format_money
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import Steps
from pennywren.notify.corrections import count_told
from pennywren.pipeline.blocking import checked_reason
from pennywren.pipeline.withdrawing import Plan, plan_withdrawal
from pennywren.pipeline.withdrawing import withdraw as withdraw_price
from pennywren.postgres.pool import transaction
from pennywren.postgres.trust_log import Logged, keep_in_log, read_log
from pennywren.settings import load_settings


@click.group()
def trust() -> None:
    """Say what is believed and why; take back what was false.

    \b
    Examples:
      pennywren trust explain us:B08N5WRWNW
      pennywren trust withdraw us:B08N5WRWNW buybox 2026-11-25T10:40:00Z --because "it was a spare part"
      pennywren trust block 192.0.2.0/24 --because "a farm of browsers"
      pennywren trust log
    """


for _command in (explain, reporter, block, unblock):
    trust.add_command(_command)


@trust.command()
@click.argument("product")
@click.argument("offer", type=click.Choice([str(each) for each in Offer]))
@click.argument("at")
@click.option("--because", required=True, help="Why it was false; told to those who were alerted, as the reason.")
@click.option("--yes", is_flag=True, help="Do it. Without this only what would happen is shown.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
def withdraw(product: str, offer: str, at: str, because: str, yes: bool, as_json: bool) -> None:
    """Take the price of PRODUCT's OFFER that was in force AT a time out of the history, because it was false.

    The history, its averages, low and high are made right again; whoever was alerted gets one correction, and their
    watches are armed again. AT is seconds since 1970, a date, or RFC 3339; after the last look it means what is
    believed now. A time whose price was withdrawn is refused, so that doing it twice does no more.

    \b
    Examples:
      pennywren trust withdraw us:B08N5WRWNW buybox 2026-11-25T10:40:00Z --because "it was a spare part"
      pennywren trust withdraw us:B08N5WRWNW buybox 2026-11-25T10:40:00Z --because "it was a spare part" --yes
    """
    id_ = ProductID.parse(product, load_settings().default_marketplace)
    moment = parse_time("AT", at)
    if moment is None:
        raise BadInput("AT: give a time, like 2026-11-25T10:40:00Z")
    plan, told = asyncio.run(_withdraw(id_, Offer(offer), moment, checked_reason(because), do_it=yes))
    if as_json:
        click.echo(msgspec.json.encode(_plan_fields(plan, told, done=yes)))
        return
    for line in _plan_lines(plan, told):
        click.echo(line)
    click.echo("withdrawn: corrections are on their way" if yes else "nothing is changed yet: --yes does it")


async def _withdraw(product: ProductID, offer: Offer, at: int, because: str, *, do_it: bool) -> tuple[Plan, int]:
    async with open_parts() as parts:
        now = system_clock()
        if do_it:
            plan = await withdraw_price(parts.store, product, offer, at, because, now)
        else:
            plan = await plan_withdrawal(parts.store, product, offer, at)
        sample = plan.sample
        async with transaction(parts.pool) as connection:
            told = await count_told(connection, product, offer, sample.price, sample.at, sample.until)
            if do_it:
                price = format_money(sample.price, plan.state.currency)
                await keep_in_log(
                    connection,
                    who=whoever_types(),
                    action="withdraw",
                    subject=f"{product} {offer} {rfc3339(sample.at)}",
                    because=because,
                    effect=f"{price} withdrawn; {told} told by then",
                )
    return plan, told


def _plan_lines(plan: Plan, told: int) -> list[str]:
    sample, currency = plan.sample, plan.state.currency
    until = "now" if sample.until is None else rfc3339(sample.until)
    instead = "nothing is known" if plan.held is None else f"it was {format_money(plan.held, currency)}"
    lows = [_shown(_extreme(steps, lowest=True), currency) for steps in (plan.before, plan.after)]
    highs = [_shown(_extreme(steps, lowest=False), currency) for steps in (plan.before, plan.after)]
    people = "1 person was told, and gets" if told == 1 else f"{told} people were told, and each gets"
    return [
        f"{plan.state.product} {plan.offer}: {format_money(sample.price, currency)}, "
        f"believed from {rfc3339(sample.at)} to {until}",
        f"instead  {instead} in that time",
        f"low      {lows[0]} -> {lows[1]}",
        f"high     {highs[0]} -> {highs[1]}",
        f"alerts   {people} one correction; watches are armed again" if told else "alerts   nobody was told",
    ]


def _plan_fields(plan: Plan, told: int, *, done: bool) -> dict[str, object]:
    sample = plan.sample
    return {
        "productID": str(plan.state.product),
        "offer": plan.offer.value,
        "price": sample.price,
        "currency": plan.state.currency,
        "since": rfc3339(sample.at),
        "until": None if sample.until is None else rfc3339(sample.until),
        "priceInstead": plan.held,
        "low": [_extreme(plan.before, lowest=True), _extreme(plan.after, lowest=True)],
        "high": [_extreme(plan.before, lowest=False), _extreme(plan.after, lowest=False)],
        "told": told,
        "done": done,
    }


def _extreme(steps: Steps, *, lowest: bool) -> int | None:
    prices = [price for _, price in steps.prices]
    return (min(prices) if lowest else max(prices)) if prices else None


def _shown(price: int | None, currency: str) -> str:
    return "unknown" if price is None else format_money(price, currency)


@trust.command()
@click.option("--most", type=click.IntRange(1, 1000), default=20, show_default=True, help="Newest entries to show.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object for each entry.")
def log(most: int, as_json: bool) -> None:
    """Show what operators changed about trust: who, when, why, and what it did.

    \b
    Example:
      pennywren trust log --most 100
    """
    entries = asyncio.run(_log(most))
    if not entries and not as_json:
        click.echo("nothing was changed by hand yet")
    for each in entries:
        if as_json:
            shown = {"time": rfc3339(each.at), "who": each.who, "action": each.action, "subject": each.subject}
            click.echo(msgspec.json.encode({**shown, "because": each.because, "effect": each.effect}))
        else:
            click.echo(f"{rfc3339(each.at)}  {each.who}  {each.action} {each.subject}: {each.effect} ({each.because})")


async def _log(most: int) -> list[Logged]:
    async with open_parts(connections=1) as parts:
        return await read_log(parts.pool, most)

"""`alerts`: why they came, or did not."""

import asyncio
from datetime import timedelta

import click
import msgspec

from pennywren.accounts import subscriptions
from pennywren.cli.parts import open_parts
from pennywren.errors import NotFound
from pennywren.model.clock import rfc3339
from pennywren.model.money import format_amount
from pennywren.notify.decisions import reason_words
from pennywren.pipeline.explaining import ENGLISH, Explained, Explainer, Trace
from pennywren.postgres.pool import transaction


@click.group()
def alerts() -> None:
    """Explain alerts.

    \b
    Example:
      pennywren alerts explain 7
    """


@alerts.command()
@click.argument("subscription", type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object, times in ms UTC, prices in minor units.")
def explain(subscription: int, as_json: bool) -> None:
    """Say what became of the last price changes of a SUBSCRIPTION, the newest first.

    Each change with the alert that it led to and its receipt (seen, verified, decided, queued, sent, accepted), or
    with why there is none: a reason that was kept, or that it did not cross what the watch waits for.

    \b
    Example:
      pennywren alerts explain 7
    """
    trace = asyncio.run(_explain(subscription))
    if as_json:
        click.echo(msgspec.json.encode(trace))
        return
    of = trace.subscription
    click.echo(f"subscription {of.id}: {of.product} {of.offer}, when {of.waits_for}")
    click.echo(f"{trace.text} Armed {rfc3339(of.armed_at)}.")
    if not trace.changes:
        click.echo("The price has not changed since we began to look.")
    for change in trace.changes:
        for line in _lines(change, of.currency):
            click.echo(line)


async def _explain(subscription_id: int) -> Trace:
    async with open_parts() as parts:
        async with transaction(parts.pool) as connection:
            of = await subscriptions.get_by_link(connection, subscription_id)
        if of is None:
            raise NotFound(f"There is no subscription {subscription_id}.")
        cooldown = timedelta(seconds=parts.settings.alert_cooldown)
        return await Explainer(parts.pool, parts.store, cooldown).explain(of)


def _lines(of: Explained, currency: str) -> list[str]:
    old, new = ("no offer" if each is None else format_amount(each, currency) for each in (of.old_price, of.new_price))
    price = f"{old} -> {new}" if of.moved else new
    lines = [f"{rfc3339(of.at)}  {price} {currency}  {of.code}: {of.text}"]
    lines += [f"    {rfc3339(each.at)}  {each.reason}: {reason_words(ENGLISH, each.reason)}" for each in of.decisions]
    receipt = of.receipt
    if receipt is None:
        return lines
    moments = {
        "seen": receipt.seen_at,
        "verified": receipt.verified_at,
        "decided": receipt.decided_at,
        "queued": receipt.queued_at,
        "sent": receipt.sending_at,
        "accepted": receipt.accepted_at,
    }
    steps = ", ".join(f"{name} {rfc3339(at)}" for name, at in moments.items() if at is not None)
    lines.append(f"    alert {receipt.alert_id} is {receipt.state}: {steps}")
    lines += [
        f"    {rfc3339(each.at)}  {each.channel} {each.outcome}{f': {each.reason}' if each.reason else ''}"
        for each in receipt.attempts
    ]
    return lines

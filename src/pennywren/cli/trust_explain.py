"""`trust explain` and `trust reporter`: why something is believed, and how far somebody is."""

import asyncio
from dataclasses import asdict
from typing import Final

import click
import msgspec

from pennywren.cli.parts import open_parts
from pennywren.history.proof_words import proof_words
from pennywren.model.clock import rfc3339, system_clock
from pennywren.model.money import format_money
from pennywren.model.product import ProductID
from pennywren.pipeline.trust_explaining import (
    OfferExplained,
    ProductExplained,
    ReporterExplained,
    explain_product,
    explain_reporter,
)
from pennywren.settings import load_settings
from pennywren.store.connect import connect
from pennywren.trust.words import in_words

_NAMED: Final = 5
"""Reporters of a claim that are named; --json names all."""


@click.command()
@click.argument("product")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
def explain(product: str, as_json: bool) -> None:
    """Say what is believed of PRODUCT and why, what is claimed against it, and what became of the last reports.

    Who claims something is named until a crawl has answered it, 12 hours at most.

    \b
    Example:
      pennywren trust explain us:B08N5WRWNW
    """
    id_ = ProductID.parse(product, load_settings().default_marketplace)
    found = asyncio.run(_explain(id_))
    if as_json:
        click.echo(msgspec.json.encode(_fields(found)))
        return
    for line in _lines(found):
        click.echo(line)


async def _explain(product: ProductID) -> ProductExplained:
    async with open_parts(connections=1) as parts:
        client = connect(parts.settings.redis_url or "", decode=False)
        try:
            return await explain_product(parts.store, client, parts.pool, product, system_clock())
        finally:
            await client.aclose()


def _lines(found: ProductExplained) -> list[str]:
    currency = found.state.currency
    lines = [str(found.state.product)]
    lines += [f"  its page is {word} since {rfc3339(at)}" for word, at in found.trouble_since.items()]
    for offer, each in found.offers.items():
        lines += ["", f"{offer}: {_price(each.proof.price, currency)}"]
        lines += [f"  {sentence}" for sentence in proof_words(each.proof)[1:]]
        lines += [f"  {line}" for line in _claimed(each, currency)]
    lines += ["", "last reports that said something else" if found.reports else "no report said anything else lately"]
    for row in found.reports:
        price = _price(row.price, row.currency)
        lines.append(f"  {rfc3339(row.at)}  {row.offer} {price}: {row.verdict}, {in_words(row.reason)}")
    return lines


def _claimed(each: OfferExplained, currency: str) -> list[str]:
    lines: list[str] = []
    if not each.crawled:
        seen = "no offer, or never looked" if each.crawled_price is None else format_money(each.crawled_price, currency)
        lines.append(f"No crawl has seen this; the last one saw {seen}.")
    if each.waiting is not None:
        shown = format_money(each.waiting.price, currency)
        lines.append(f"A crawl saw {shown} at {rfc3339(each.waiting.at)}: held until a second one sees it, too.")
    for claim in each.claims:
        weights = ", ".join(f"{weight:.2f}" for weight in claim.weights)
        lines.append(
            f"Claimed: {_price(claim.price, currency)} by {claim.voices}, of them {claim.independent} independent "
            f"(believed {weights}), {rfc3339(claim.first_at)} to {rfc3339(claim.last_at)}."
        )
        more = len(claim.reporters) - _NAMED
        named = ", ".join(claim.reporters[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        lines.append(f"  by {named}")
    for refuted in each.refuted:
        times = "" if not refuted.again else f", {refuted.again + 1} times"
        lines.append(f"Refuted by a crawl: {_price(refuted.price, currency)} at {rfc3339(refuted.at)}{times}.")
    if each.asked_at is not None:
        lines.append(f"A crawl was asked for at {rfc3339(each.asked_at)} and is not back.")
    if each.agreeing or each.reports_a_day >= 1:
        lines.append(f"{each.agreeing} agreed within the hour; about {each.reports_a_day:.0f} reports a day.")
    return lines


def _price(price: int | None, currency: str) -> str:
    return "no offer" if price is None else format_money(price, currency)


def _fields(found: ProductExplained) -> dict[str, object]:
    return {
        "productID": str(found.state.product),
        "currency": found.state.currency,
        "troubleSince": {word: rfc3339(at) for word, at in found.trouble_since.items()},
        "offers": {
            offer.value: {
                "price": each.proof.price,
                "ground": each.proof.provenance.ground.value,
                "reporters": each.proof.provenance.reporters,
                "words": proof_words(each.proof),
                "crawled": each.crawled,
                "crawledPrice": each.crawled_price,
                "waiting": None
                if each.waiting is None
                else {"price": each.waiting.price, "time": rfc3339(each.waiting.at)},
                "claims": [
                    {
                        "price": claim.price,
                        "voices": claim.voices,
                        "independent": claim.independent,
                        "weights": claim.weights,
                        "reporters": claim.reporters,
                        "firstTime": rfc3339(claim.first_at),
                        "lastTime": rfc3339(claim.last_at),
                    }
                    for claim in each.claims
                ],
                "refuted": [
                    {"price": one.price, "times": one.again + 1, "time": rfc3339(one.at)} for one in each.refuted
                ],
                "agreeing": each.agreeing,
                "reportsADay": round(each.reports_a_day, 1),
                "askedTime": None if each.asked_at is None else rfc3339(each.asked_at),
            }
            for offer, each in found.offers.items()
        },
        "reports": [
            {
                "time": rfc3339(row.at),
                "offer": row.offer.value,
                "price": row.price,
                "currency": row.currency,
                "verdict": row.verdict,
                "reason": row.reason,
                "words": in_words(row.reason),
            }
            for row in found.reports
        ],
    }


@click.command()
@click.argument("reporter_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
def reporter(reporter_id: str, as_json: bool) -> None:
    """Say how far the reporter ID is believed: what crawls said of it, faded to now, and its verdicts.

    Which products it spoke of is not kept with it (docs/privacy.md).

    \b
    Example:
      pennywren trust reporter 5f3a9c0d1e2b4a68
    """
    found = asyncio.run(_reporter(reporter_id.strip()))
    if as_json:
        click.echo(msgspec.json.encode(_reporter_fields(found)))
        return
    known = found.reputation
    click.echo(f"{found.reporter}{'  BLOCKED' if known.blocked else ''}")
    if found.spoke_at:
        click.echo(f"  heard or judged last at {rfc3339(found.spoke_at)}; all of this is faded to now")
    click.echo(
        f"  right {known.right:.1f}, wrong {known.wrong:.1f} (each weighs double), judged {known.outcomes} times"
    )
    click.echo(f"  agreed {known.agreed:.1f}, said something else {known.claimed:.1f}")
    for line in _trust_lines(found):
        click.echo(f"  {line}")
    for each in found.verdicts:
        click.echo(f"  {each.reports:>5} {each.verdict}: {in_words(each.reason)}")


def _trust_lines(found: ReporterExplained) -> list[str]:
    """How far its next claim is believed, and how much of that crawls of its own claims said."""
    tenures = list(found.trust) if found.tenure is None else [found.tenure]
    judged = found.reputation.right + found.reputation.wrong
    if found.tenure is None:
        lines = ["it is no install in use: what is usual depends on what it is"]
    else:
        lines = [f"an install of tenure {found.tenure}"]
    for tenure in tenures:
        usual, trust = found.usual[tenure], found.trust[tenure]
        if judged < 0.05:
            lines.append(f"its next claim is believed {trust:.2f}: no crawl has judged it, so as any {tenure} one's")
        else:
            moved = "raised" if trust > usual else "lowered" if trust < usual else "left"
            lines.append(
                f"its next claim is believed {trust:.2f}: {usual:.2f} is usual of {tenure} ones, "
                f"{moved} by what crawls said of its own"
            )
    return lines


async def _reporter(reporter_id: str) -> ReporterExplained:
    async with open_parts(connections=1) as parts:
        client = connect(parts.settings.redis_url or "", decode=False)
        try:
            return await explain_reporter(client, parts.pool, reporter_id, system_clock())
        finally:
            await client.aclose()


def _reporter_fields(found: ReporterExplained) -> dict[str, object]:
    known = found.reputation
    return {
        "reporter": found.reporter,
        "blocked": known.blocked,
        "right": round(known.right, 3),
        "wrong": round(known.wrong, 3),
        "agreed": round(known.agreed, 3),
        "claimed": round(known.claimed, 3),
        "judged": known.outcomes,
        "spokeTime": rfc3339(found.spoke_at) if found.spoke_at else None,
        "tenure": None if found.tenure is None else found.tenure.value,
        "usual": {tenure.value: round(share, 3) for tenure, share in found.usual.items()},
        "trust": {tenure.value: round(trust, 3) for tenure, trust in found.trust.items()},
        "verdicts": [asdict(each) for each in found.verdicts],
    }

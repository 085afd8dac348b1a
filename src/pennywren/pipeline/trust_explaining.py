"""What is believed of a product and why, and how far a reporter is believed: for operators."""

from collections import defaultdict
from dataclasses import dataclass, field

from redis.exceptions import RedisError

from pennywren import keyspace
from pennywren.accounts.installs import born_of
from pennywren.errors import NotFound, Unavailable
from pennywren.history.proof import Proof, find_proof
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.postgres.pool import Pool
from pennywren.postgres.report_log import Counted, ReportRow, last_reports, verdicts_of
from pennywren.store.connect import Client
from pennywren.store.state import ProductState
from pennywren.store.store import Store
from pennywren.store.swaps import read_all
from pennywren.trust.hearsay import Hearsay, Refuted, independent
from pennywren.trust.judge import Waiting
from pennywren.trust.memory import read_cohorts, read_reputation, read_said
from pennywren.trust.reputation import Reputation, Tenure, tenure_of
from pennywren.trust.waiting import read_waiting


@dataclass(frozen=True, slots=True)
class Claim:
    """One price that reporters claim. Times are ms UTC."""

    price: int | None
    """Minor units; None: no offer."""
    voices: int
    independent: int
    weights: tuple[float, ...]
    """How far each independent voice is believed, the most trusted first."""
    reporters: tuple[str, ...]
    """Who says so, whoever said it first first."""
    first_at: int
    last_at: int


@dataclass(frozen=True, slots=True)
class OfferExplained:
    """One offer."""

    proof: Proof
    """On what ground its price is believed."""
    crawled: bool
    """Whether a crawl saw what is believed."""
    crawled_price: int | None
    waiting: Waiting | None
    """A crawl's price that waits for a second look."""
    claims: tuple[Claim, ...] = ()
    agreeing: int = 0
    refuted: tuple[Refuted, ...] = ()
    reports_a_day: float = 0.0
    asked_at: int | None = None
    """When a crawl was asked for (ms) that is not back."""


@dataclass(frozen=True, slots=True)
class ProductExplained:
    """One product."""

    state: ProductState
    offers: dict[Offer, OfferExplained]
    trouble_since: dict[str, int]
    """Since when (ms) its page is `gone`, or `failing`."""
    reports: list[ReportRow] = field(default_factory=list[ReportRow])
    """The last ones that were stored, the newest first."""


@dataclass(frozen=True, slots=True)
class ReporterExplained:
    """One reporter. The reputation is faded to now."""

    reporter: str
    reputation: Reputation
    spoke_at: int
    """When it was heard or judged last (ms)."""
    tenure: Tenure | None
    """By how long it is known as an install; None for none that is in use, such as a visitor of the website."""
    usual: dict[Tenure, float]
    """How far a first claim is believed, by tenure: what crawls found of others."""
    trust: dict[Tenure, float]
    """How far its next claim is believed: what is usual, moved by what crawls said of its own."""
    verdicts: list[Counted]


async def explain_product(
    store: Store, bytes_client: Client, pool: Pool, product: ProductID, now: int, reports: int = 10
) -> ProductExplained:
    """What is believed of a product, and what is said of it; `bytes_client` answers with bytes, `now` is ms UTC.

    Raises:
        NotFound: nothing is known of it.
        Unavailable: Redis or PostgreSQL does not answer.
    """
    state = await store.product(product)
    if state is None:
        raise NotFound(f"no price of {product} is known: `pennywren track {product}` follows it")
    try:
        held: dict[str, str] = await store.client.hgetall(keyspace.held(product))  # pyright: ignore[reportAssignmentType]
    except (RedisError, OSError) as error:
        raise Unavailable("the price store is not reachable right now") from error
    (kept,) = await read_all(bytes_client, [keyspace.hearsay(product)])
    said, waiting = read_said(kept), read_waiting(held)
    offers: dict[Offer, OfferExplained] = {}
    for offer, believed in state.offers.items():
        proof = await find_proof(store, product, offer, believed.last_seen)
        hearsay = said.get(offer, Hearsay()).kept(now)
        offers[offer] = OfferExplained(
            proof,
            believed.crawled,
            believed.crawled_price,
            waiting.get(offer),
            claims_of(hearsay),
            len(hearsay.agreements),
            hearsay.refuted,
            hearsay.visits,
            hearsay.asked_at if hearsay.awaits(now) else None,
        )
    trouble = {name: int(held[name]) for name in ("gone", "failing") if held.get(name, "").isdecimal()}
    return ProductExplained(state, offers, trouble, await last_reports(pool, product, reports))


def claims_of(hearsay: Hearsay) -> tuple[Claim, ...]:
    """What is claimed, by price, the most voices first."""
    by_price: defaultdict[int | None, list[int]] = defaultdict(list)
    for i, voice in enumerate(hearsay.claims):
        by_price[voice.price].append(i)
    claims: list[Claim] = []
    for price, members in by_price.items():
        voices = [hearsay.claims[i] for i in members]
        heard = independent(voices)
        times = [voice.at for voice in voices]
        weights = tuple(round(voice.trust, 2) for voice in heard)
        names = tuple(dict.fromkeys(voice.reporter for voice in voices))
        claims.append(Claim(price, len(voices), len(heard), weights, names, min(times), max(times)))
    return tuple(sorted(claims, key=lambda claim: (-claim.independent, -claim.voices)))


async def explain_reporter(bytes_client: Client, pool: Pool, reporter: str, now: int) -> ReporterExplained:
    """How far a reporter is believed; `bytes_client` answers with bytes, `now` is ms UTC.

    Raises:
        NotFound: nothing is remembered of it.
        Unavailable: Redis or PostgreSQL does not answer.
    """
    kept, cohorts = await read_all(bytes_client, [keyspace.reporter(reporter), keyspace.cohorts()])
    verdicts = await verdicts_of(pool, reporter)
    if not kept.body and not verdicts:
        raise NotFound(f"nothing is remembered of a reporter {reporter!r}: it never spoke, or was silent for 180 days")
    reputation = read_reputation(kept)
    faded = reputation.at_time(now)
    together = read_cohorts(cohorts)
    born = await born_of(pool, reporter)
    return ReporterExplained(
        reporter,
        faded,
        reputation.at,
        None if born is None else tenure_of(now - born),
        {tenure: cohort.share for tenure, cohort in together.items()},
        {tenure: faded.trust(cohort) for tenure, cohort in together.items()},
        verdicts,
    )

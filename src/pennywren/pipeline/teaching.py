"""What a crawl teaches: what was said of the product is settled, and everybody who spoke is believed more or less."""

from collections.abc import Mapping, Sequence
from typing import Final

from pennywren import keyspace
from pennywren.errors import Unavailable
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.store.connect import Client
from pennywren.store.counters import Counter, count
from pennywren.store.store import Store
from pennywren.store.swaps import NOTHING, Kept, read_all, swap_all
from pennywren.trust.hearsay import Hearsay
from pennywren.trust.lessons import Lesson, learn, settle
from pennywren.trust.memory import (
    cohorts_swap,
    read_cohorts,
    read_reputation,
    read_said,
    reputation_swap,
    said_swap,
)
from pennywren.trust.reputation import SURE, Cohorts, Reputation

LESSONS: Final = Counter(
    "pennywren_reports_settled_total",
    "Claims of reporters that a crawl answered, by what it said of them.",
    ("outcome",),
)
_TRIES: Final = 50


async def teach(
    store: Store,
    product: ProductID,
    seen: Mapping[Offer, int | None],
    now: int,
    changes_per_day: float,
    *,
    said: Kept = NOTHING,
) -> int:
    """A crawl saw these prices (minor units, None: no offer) at `now` (ms); how many who spoke were right or wrong.

    `said` is the hearsay where it was read a moment ago; it is read again if more was said meanwhile.
    Reports that come in meanwhile are judged over what this leaves, or settled with the others: none is lost.

    Raises:
        Unavailable: Redis does not answer.
    """
    lessons = await _settle(store.raw, product, seen, now, changes_per_day, said)
    if not lessons:
        return 0
    await _learn(store.raw, lessons, now)
    sure = [lesson for lesson in lessons if lesson.weight >= SURE]
    async with store.client.pipeline(transaction=False) as pipe:
        for outcome, right in (("right", True), ("wrong", False)):
            count(pipe, LESSONS, outcome, by=sum(lesson.right is right for lesson in sure))
        await pipe.execute()
    return len(lessons)


async def _settle(
    raw: Client, product: ProductID, seen: Mapping[Offer, int | None], now: int, changes_per_day: float, kept: Kept
) -> Sequence[Lesson]:
    if kept is NOTHING:
        (kept,) = await read_all(raw, [keyspace.hearsay(product)])
    for _ in range(_TRIES):
        said: dict[Offer, Hearsay] = read_said(kept)
        lessons: list[Lesson] = []
        for offer, price in seen.items():
            if offer in said:
                settled = settle(said[offer], price, now, changes_per_day)
                said[offer] = settled.hearsay
                lessons += settled.lessons
        if not any(offer in said for offer in seen):
            return []
        (left,) = await swap_all(raw, [said_swap(product, kept, said, now)], now)
        if left is None:
            return lessons
        kept = left
    raise Unavailable("too many speak of one product at once", retry_after=1)


async def _learn(raw: Client, lessons: Sequence[Lesson], now: int) -> None:
    """Reporters first, then the cohorts, by what each reporter's first outcomes were.

    Whoever spoke has a reputation; whose is gone has left, and nothing is begun of it anew.
    """
    names = list(dict.fromkeys(lesson.reporter for lesson in lessons))
    known = dict(zip(names, await read_all(raw, [keyspace.reporter(name) for name in names]), strict=True))
    before = {name: read_reputation(of) for name, of in known.items()}
    kept = {name: of for name, of in known.items() if of.body}
    for _ in range(_TRIES):
        before |= {name: read_reputation(of) for name, of in kept.items()}
        swaps = [
            reputation_swap(name, of, _taught(before[name], [each for each in lessons if each.reporter == name], now))
            for name, of in kept.items()
        ]
        left = await swap_all(raw, swaps, now)
        kept = {name: other for name, other in zip(kept, left, strict=True) if other is not None}
        if not kept:
            break
    (together,) = await read_all(raw, [keyspace.cohorts()])
    for _ in range(_TRIES):
        (other,) = await swap_all(raw, [cohorts_swap(together, _cohorts_after(together, before, lessons, now))], now)
        if other is None:
            return
        together = other


def _taught(reputation: Reputation, lessons: Sequence[Lesson], now: int) -> Reputation:
    for lesson in lessons:
        reputation = reputation.taught(lesson.right, lesson.weight, now)
    return reputation


def _cohorts_after(kept: Kept, before: Mapping[str, Reputation], lessons: Sequence[Lesson], now: int) -> Cohorts:
    cohorts = read_cohorts(kept)
    for lesson in lessons:
        _, cohorts = learn(before[lesson.reporter], cohorts, lesson, now)
    return cohorts

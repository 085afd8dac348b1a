"""What a step of reports knows before it judges: one round trip, and PostgreSQL only for installs that are new here."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from pennywren import keyspace
from pennywren.accounts import installs
from pennywren.accounts.installs import Install
from pennywren.errors import NotSignedIn, RateLimited
from pennywren.model.product import ProductID
from pennywren.pipeline.report_batches import Read, Work, enter
from pennywren.pipeline.report_context import Observation
from pennywren.postgres.pool import Pool
from pennywren.store.connect import Client
from pennywren.store.round_trip import RoundTrip
from pennywren.store.swaps import read_kept
from pennywren.trust import believed as believing
from pennywren.trust import door
from pennywren.trust.believed import read_believed
from pennywren.trust.door import Limits
from pennywren.trust.memory import read_cohorts


class ReportReader:
    """Reads, for one process."""

    def __init__(self, raw: Client, pool: Pool, limits: Limits) -> None:
        """`raw` answers with bytes; `limits` are those of the door."""
        self._raw = raw
        self._pool = pool
        self._limits = limits

    async def read(self, works: Sequence[Work], now: int) -> Read:
        """Knock for all batches, and read what is known of those who speak and of what they speak of.

        Batches that are not let in get their error or their answer here. `now` is ms UTC.

        Raises:
            Unavailable: a part does not answer.
        """
        trip = RoundTrip(self._raw)
        doors = [door.knock(trip, work.knock, self._limits) for work in works]
        names = list(dict.fromkeys(work.knock.install for work in works))
        caches = {name: installs.ask(trip, name) for name in names}
        reputations = {name: trip.command("GET", keyspace.reporter(name)) for name in names}
        networks = {work.batch.network for work in works}
        blocks = {network: trip.command("EXISTS", keyspace.blocked(network)) for network in networks}
        cohorts = trip.command("GET", keyspace.cohorts())
        claims: defaultdict[ProductID, list[believing.Claim]] = defaultdict(list)
        places: dict[tuple[int, int], int] = {}
        for w, work in enumerate(works):
            for i, item in enumerate(work.batch.items):
                if isinstance(item, Observation):
                    places[w, i] = len(claims[item.product])
                    claims[item.product].append((item.offer, item.price))
        asked = {product: believing.ask(trip, product, of, now) for product, of in claims.items()}
        replies = await trip.send()
        for work, place in zip(works, doors, strict=True):
            enter(work, replies[place])
        known = {name: installs.cached(replies[place]) for name, place in caches.items()}
        found = await self._recognize(works, known)
        return Read(
            found,
            {name: read_kept(replies[place]) for name, place in reputations.items()},
            frozenset(network for network, place in blocks.items() if replies[place]),
            read_cohorts(read_kept(replies[cohorts])),
            {product: read_believed(replies[place]) for product, place in asked.items()},
            places,
        )

    async def _recognize(
        self, works: Sequence[Work], cached: Mapping[str, Install | bool | None]
    ) -> dict[str, Install]:
        """Whose tokens these are; works with a token of nobody get their error here."""
        found: dict[str, Install] = {}
        missing: dict[str, str] = {}
        by_token = [work for work in works if work.batch.visitor is None]
        for work in by_token:
            known = cached[work.knock.install]
            if isinstance(known, Install):
                found[known.id] = known
            elif known is None and not isinstance(work.error, RateLimited):
                missing[work.knock.install] = work.batch.token
        if missing:
            fresh = await installs.find_installs(self._pool, list(missing.values()))
            trip = RoundTrip(self._raw)
            for install in fresh.values():
                found[install.id] = install
                installs.keep_cached(trip, install)
            await trip.send()
        for work in by_token:
            of = found.get(work.knock.install)
            if (of is None or not of.is_of(work.batch.token)) and not isinstance(work.error, RateLimited):
                work.error, work.answer = NotSignedIn("No install in use has this token: make one."), None
        return found

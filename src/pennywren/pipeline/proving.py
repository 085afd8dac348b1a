"""What the proof of a crawled price says of those who reported it before the crawl."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from pennywren import keyspace
from pennywren.model.observation import Look
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.provenance import Ground, Provenance, sample_field
from pennywren.store.connect import Client
from pennywren.store.proofs import proofs_of
from pennywren.trust.hearsay import Hearsay, independent


def said_before(
    said: Mapping[Offer, Hearsay], look: Look, changing: Collection[Offer], now: int
) -> Provenance | None:  # fmt: skip
    """The provenance of prices that reporters said and a crawl sees now (ms); None where nobody said all of them.

    Where several offers change at once, it names those who said the price that the fewest said.
    """
    if not changing:
        return None
    found: list[Provenance] = []
    for offer in changing:
        price = look.prices[offer]
        voices = [each for each in said[offer].saying(price, now) if each.price == price] if offer in said else []
        if not voices:
            return None
        first_at = min(each.at for each in voices)
        found.append(Provenance(Ground.VERIFIED, len(independent(voices)), first_at, now))
    return min(found, key=lambda each: each.reporters)


async def confirm(client: Client, product: ProductID, offer: Offer, since: int, now: int) -> None:
    """A crawl saw at `now` what only reporters had said of the sample from `since` (ms) on: its proof says so."""
    known = (await proofs_of(client, product)).samples.get((offer, since))
    if known is not None and known.crawled_at is None:
        confirmed = replace(known, crawled_at=now).write()
        await client.hset(keyspace.proof(product), sample_field(offer, since), confirmed)  # pyright: ignore[reportGeneralTypeIssues]

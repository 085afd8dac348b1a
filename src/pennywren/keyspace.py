"""Every Redis key of Pennywren, spelled here and nowhere else.

A product belongs to partition `crc32(product) mod 1024`, on one machine and in a cluster alike, and all of
its keys carry the partition's hash tag, so that one script in one slot does a whole step. A golden test
freezes the hash and the spelling: both are in the data of every installation. `docs/redis.md` says how to
read each key with redis-cli.
"""

from typing import Final, Literal
from zlib import crc32

from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import WatchSet

PARTITIONS: Final = 1024
_OFFERS: Final = tuple(offer.value for offer in Offer)
_WATCH_SETS: Final = tuple(each.value for each in WatchSet)

Unit = Literal["day", "week"]
Aggregate = Literal["avg", "min", "max"]
COMPACTIONS: Final[tuple[tuple[Unit, Aggregate], ...]] = (
    ("day", "avg"),
    ("day", "min"),
    ("day", "max"),
    ("week", "avg"),
    ("week", "min"),
    ("week", "max"),
)


def partition_of(product: ProductID) -> int:
    """The partition (0 to 1023) of a product."""
    return crc32(str(product).encode()) % PARTITIONS


def _tag(product: ProductID) -> str:
    return f"{{{partition_of(product)}}}"


# One product ------------------------------------------------------------------------------------


def product(of: ProductID) -> str:
    """String: what is believed of a product that has series, as an array in msgpack (`lua/parts/product.lua`)."""
    return f"{_tag(of)}:product:{of}"


def product_of(key: bytes) -> ProductID:
    """The product whose key (as of `product`) this is."""
    marketplace, _, asin = key.decode().rpartition(":product:")[2].partition(":")
    return ProductID(marketplace, asin)


def product_named(name: str, partition: int) -> str:
    """The same, where the name is spelled and the partition known: the writer asks for it with each look."""
    return f"{{{partition}}}:product:{name}"


def any_product() -> str:
    """The pattern of the keys of all products that have series, for SCAN."""
    return "{*}:product:*"


def raw(of: ProductID, offer: Offer) -> str:
    """Time series: the prices, one sample a change; two in tier charted, for the averages of its compactions."""
    return f"{_tag(of)}:price:{of}:{offer}:raw"


def state(of: ProductID, offer: Offer) -> str:
    """Time series: 1 offered, 0 no offer, 2 not observed; only where there are too many for the value of `product`."""
    return f"{_tag(of)}:price:{of}:{offer}:state"


def compaction(of: ProductID, offer: Offer, unit: Unit, aggregate: Aggregate) -> str:
    """Time series: a compaction of raw, kept by Redis."""
    return f"{_tag(of)}:price:{of}:{offer}:{unit}:{aggregate}"


def product_of_compaction(key: str) -> ProductID | None:
    """The product whose compaction stands under `key`; None if it is another kind of key."""
    parts = key.split(":")
    if len(parts) != 7 or parts[1] != "price":
        return None
    return ProductID(parts[2], parts[3])


def compactions_of(partition: int) -> str:
    """The pattern of one compaction of each series of a partition, for SCAN."""
    return f"{{{partition}}}:price:*:day:avg"


def series_of(partition: int) -> str:
    """How all series of a partition begin; `record.lua` goes on as `raw`, `state` and `compaction` do."""
    return f"{{{partition}}}:price:"


def watch(of: ProductID, offer: Offer, watch_set: WatchSet = WatchSet.FALL) -> str:
    """Sorted set: watches of one kind (`model.rule`); score: the watch's place, member: subscription."""
    return f"{_tag(of)}:{watch_set}:{of}:{offer}"


def held(of: ProductID) -> str:
    """Hash: what waits for a second look."""
    return f"{_tag(of)}:held:{of}"


def hearsay(of: ProductID) -> str:
    """String: what reporters have said of each offer since a crawl last looked (`trust.memory`); expires."""
    return f"{_tag(of)}:hearsay:{of}"


def judged_by(of: ProductID) -> list[str]:
    """What a report of a product is judged by, in the order of `believed.lua`; the tag is made once for all of it."""
    tag, name = _tag(of), str(of)
    keys = [f"{tag}:product:{name}", f"{tag}:hearsay:{name}", f"{tag}:held:{name}", f"{tag}:urgent", f"{tag}:leases"]
    keys += [f"{tag}:{each}:{name}:{offer}" for offer in _OFFERS for each in _WATCH_SETS]
    keys += [f"{tag}:price:{name}:{offer}:raw" for offer in _OFFERS]
    keys += [f"{tag}:cold", f"{tag}:places"]
    return keys


def any_hearsay() -> str:
    """The pattern of all products' hearsay, for SCAN."""
    return "{*}:hearsay:*"


def proof(of: ProductID) -> str:
    """Hash: where samples come from that not just one crawl saw, by `OFFER:TIME`; what was imported; what withdrawn."""
    return f"{_tag(of)}:proof:{of}"


def cache(of: ProductID) -> str:
    """Hash: encoded answers by question, each with the version that it was made from."""
    return f"{_tag(of)}:cache:{of}"


# One partition ----------------------------------------------------------------------------------


def frontier(partition: int) -> str:
    """Sorted set: when each product is due (ms); a firm time less 2^42; on the floor the last look and 2^42."""
    return f"{{{partition}}}:frontier"


def urgent(partition: int) -> str:
    """Sorted set: products that go first; score: when it was asked (ms)."""
    return f"{{{partition}}}:urgent"


def leases(partition: int) -> str:
    """Sorted set: products being crawled; score: when the lease ends (ms), which is also its fencing token."""
    return f"{{{partition}}}:leases"


def changes(partition: int) -> str:
    """Stream: price changes, a consumer group per use."""
    return f"{{{partition}}}:changes"


def dead(partition: int) -> str:
    """Stream: entries that could not be handled three times."""
    return f"{{{partition}}}:dead"


def reading(partition: int, group: str) -> str:
    """String: which consumer of a group reads this partition now; expires."""
    return f"{{{partition}}}:reading:{group}"


def cold(partition: int) -> str:
    """Hash: products that nobody watches or views, packed many to a field (`lua/parts/cold.lua`)."""
    return f"{{{partition}}}:cold"


def places(partition: int) -> str:
    """Sorted set: the frontier of those products, a member for each bucket and lane; scores as in `frontier`."""
    return f"{{{partition}}}:places"


def warm(partition: int) -> str:
    """Sorted set: products that somebody watches or views; score: when that was said last (ms)."""
    return f"{{{partition}}}:warm"


def test_server(partition: int) -> str:
    """String: exists only on a server made for tests, where scripts honour a `now` that is passed in."""
    return f"{{{partition}}}:testserver"


# Hints: which partitions have something to do. All of them are swept anyway ----------------------


def ready_due(marketplace: str) -> str:
    """Sorted set: partitions with products of a marketplace in the frontier; score: when the first is due (ms)."""
    return f"{{ready}}:due:{marketplace}"


def ready_firm(marketplace: str) -> str:
    """Sorted set: partitions with products of a marketplace that are due at a firm time; score: the first one (ms)."""
    return f"{{ready}}:firm:{marketplace}"


def ready_floor(marketplace: str) -> str:
    """Sorted set: partitions with products of a marketplace on the floor; score: their oldest last look (ms)."""
    return f"{{ready}}:floor:{marketplace}"


def ready_urgent(marketplace: str) -> str:
    """Sorted set: partitions with urgent products of a marketplace; score: when it was asked (ms)."""
    return f"{{ready}}:urgent:{marketplace}"


def ready_changes() -> str:
    """Sorted set: partitions with unread changes; score: when the first was hinted (ms)."""
    return "{ready}:changes"


# Drift: what could not be read -------------------------------------------------------------------


def drift_hour(hour: int) -> str:
    """Hash: product pages of one hour (since the epoch) by marketplace, layout and whether they were read; expires."""
    return f"{{drift}}:hour:{hour}"


def drift_samples(marketplace: str, layout: str) -> str:
    """List: the latest pages of a kind that could not be read, packed; expires."""
    return f"{{drift}}:samples:{marketplace}:{layout}"


def drift_pause(what: str, marketplace: str, layout: str) -> str:
    """String: this was done for pages of a kind a moment ago; expires."""
    return f"{{drift}}:pause:{what}:{marketplace}:{layout}"


# In the Redis of RQ: who schedules ----------------------------------------------------------------


def schedule_lease() -> str:
    """String: which scheduler ticks now; expires."""
    return "{schedule}:lease"


def schedule_slot(kind: str, slot: int) -> str:
    """String: this slot's job was enqueued; expires when the slot is long over."""
    return f"{{schedule}}:slot:{kind}:{slot}"


# Shared by all ----------------------------------------------------------------------------------


def egress(name: str, host: str) -> str:
    """Hash: one egress towards one host: when the next request may leave, its pace, its circuit."""
    return f"{{egress:{name}}}:{host}"


def robots(host: str) -> str:
    """String: the robots.txt of a host as last fetched; expires."""
    return f"{{robots}}:{host}"


def crawl_threshold() -> str:
    """String: the natural logarithm of the crawl value (lambda) above which a product is due."""
    return "{frontier}:lambda"


def crawl_priors() -> str:
    """Hash: by marketplace, and with its price class, how often products change, as sums of what was learned."""
    return "{frontier}:priors"


def time_to_alert(unit: Literal["hour", "day"], number: int) -> str:
    """Hash: how long the alerts of one hour or day (since 1970, UTC) took; field: the number of a bucket; expires."""
    return f"{{metrics}}:timeToAlert:{unit}:{number}"


def metric(name: str) -> str:
    """Hash: one family of metrics; field: its label values in JSON."""
    return f"{{metrics}}:{name}"


def image_tried(name: str) -> str:
    """String: a product picture was asked for a moment ago; expires."""
    return f"{{image}}:tried:{name}"


def images_paused(host: str) -> str:
    """String: with which status an image host refused; nothing is asked of it until this expires."""
    return f"{{image}}:paused:{host}"


def limit(purpose: str, who: str) -> str:
    """String: one rate limit's state for one address, network or install; expires."""
    return f"{{limit}}:{purpose}:{who}"


def once(name: str) -> str:
    """String: what became of a request with an Idempotency-Key, encrypted; expires."""
    return f"{{once}}:{name}"


def streams(network: str) -> str:
    """Sorted set: the streams that one network holds open; score: until when each counts (ms)."""
    return f"{{limit}}:streams:{network}"


# The first page ---------------------------------------------------------------------------------


def moved() -> str:
    """Sorted set: the latest moves of buy box prices, `ID OLD NEW`; score: when it was seen (ms)."""
    return "{shown}:moved"


def watched() -> str:
    """Sorted set: the products with the most watches; score: how many."""
    return "{shown}:watched"


# Reporters --------------------------------------------------------------------------------------


def reporter(name: str) -> str:
    """String: the reputation of one reporter (`trust.memory`), without products; expires."""
    return f"{{r}}:reporter:{name}"


def blocked(network: str) -> str:
    """String: why reports from a network (/24 or /48) are refused; only where an operator has blocked it."""
    return f"{{r}}:blocked:{network}"


def install(name: str) -> str:
    """String: whose token an install's is, as PostgreSQL says; or that it was revoked; expires."""
    return f"{{r}}:install:{name}"


def family_key(day: str) -> str:
    """String: the secret under which networks that made installs on one day are named; expires two days later."""
    return f"{{r}}:family:{day}"


def cohorts() -> str:
    """String: how the claims of reporters of one tenure ended (`trust.memory`)."""
    return "{r}:cohorts"


def not_derived() -> tuple[str, ...]:
    """The patterns, for SCAN, of what nobody could make again beside products: what was learned, who is blocked."""
    return ("{r}:reporter:*", blocked("*"), cohorts(), crawl_priors(), crawl_threshold())

"""One row of the archive."""

from typing import Final

import msgspec

SNAPSHOT: Final = "snapshot"
"""The kind of a row without a stream entry: a whole product, as a backup or a compaction found it."""
TIER: Final = "tier"
"""The source of a rewrite that changed nothing but how a product is kept."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a change stream, or a snapshot. Times are ms UTC, prices minor units; None is "no offer"."""

    partition: int
    ms: int
    """When Redis took it: the first half of its stream id; for a snapshot when it was taken."""
    seq: int
    """The second half of its stream id; -1 for a snapshot."""
    product: str
    offer: str
    kind: str
    old: int | None
    new: int | None
    currency: str
    at: int
    """When the price was seen."""
    version: int
    new_low: bool
    lowest_for_days: int
    source: str
    unseen_from: int | None = None
    """Since when nobody had looked, where that had been long."""
    proof: str | None = None
    """Why it is believed, where it is not just one crawl's word."""
    snapshot: bytes | None = None
    """The whole product (`store.snapshots`), where its past was rewritten."""

    @property
    def key(self) -> tuple[int, int, int, str]:
        """What makes two rows the same one."""
        return (self.partition, self.ms, self.seq, self.product)

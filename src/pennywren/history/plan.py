"""Which buckets a compaction answers exactly, and which must be computed from the changes themselves."""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pennywren.history.step import spans, value_at
from pennywren.model.series import State, Steps


@dataclass(frozen=True, slots=True)
class Plan:
    """Indexes of the buckets of which something is known, rising; the others are empty."""

    compacted: list[int]
    """What a compaction tells of these is exact."""
    exact: list[int]
    """These are computed from the changes."""


def plan(outline: Steps, edges: Sequence[int], kept: Collection[int]) -> Plan:
    """Share the buckets between `edges` out. `kept` are the indexes of the buckets that a compaction has.

    `outline` has an offer's states, and any price from the first one on. A compaction is exact where the offer
    was there and observed from end to end of the bucket. A bucket without a change is in no compaction: the
    price before it is carried into it.
    """
    compacted: list[int] = []
    exact: set[int] = set()
    for span in spans(outline, edges[0], edges[-1]):
        if span.state is not State.OFFERED:
            continue
        first, last = bisect_right(edges, span.start) - 1, bisect_right(edges, span.end - 1) - 1
        for bucket in range(first, last + 1):
            whole = edges[bucket] >= span.start and edges[bucket + 1] <= span.end
            if whole and bucket in kept:
                compacted.append(bucket)
            else:
                exact.add(bucket)
    # The last look has no length, so no span tells of it where it falls on a bucket's first millisecond.
    if edges[0] <= outline.last_seen < edges[-1] and value_at(outline, outline.last_seen)[0] is State.OFFERED:
        exact.add(bisect_right(edges, outline.last_seen) - 1)
    return Plan(compacted, sorted(exact))


def runs(buckets: Sequence[int], most: int) -> list[tuple[int, int]]:
    """Rising bucket indexes as at most `most` runs (first, last): the widest gaps between them are left out."""
    if not buckets:
        return []
    widest = sorted(range(1, len(buckets)), key=lambda i: buckets[i - 1] - buckets[i])[: most - 1]
    breaks = sorted(i for i in widest if buckets[i] - buckets[i - 1] > 1)
    begins, ends = [0, *breaks], [*(i - 1 for i in breaks), len(buckets) - 1]
    return [(buckets[begin], buckets[end]) for begin, end in zip(begins, ends, strict=True)]

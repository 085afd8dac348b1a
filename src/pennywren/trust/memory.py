"""What is remembered of reports, in Redis: hearsay of each product, a reputation of each reporter, and cohorts.

Each is a value with a version in front: read, judged in Python, and put back if nobody else was quicker (`swap_all`);
who was slower judges again over what the other one left, so nothing that was said is lost. The bodies are msgpack
arrays in the order of the fields of `Hearsay`, `Reputation` and `Cohort`.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from pennywren import keyspace
from pennywren.model.clock import DAY
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.store.swaps import Kept, Swap
from pennywren.trust.hearsay import HEARD_FOR, REFUTED_KEPT, Hearsay
from pennywren.trust.reputation import FIRST_COHORTS, Cohort, Cohorts, Reputation, Tenure

REPUTATION_KEPT: Final = 180 * DAY
"""A reporter that has not spoken for so long (ms) is forgotten: by then three halvings have passed."""

BLOCKED_KEPT: Final = 3650 * DAY
"""A block does not end by waiting."""

Said = Mapping[Offer, Hearsay]
"""What has been said of each offer of one product."""

_encode = msgspec.msgpack.Encoder().encode
_decode_said = msgspec.msgpack.Decoder(dict[Offer, Hearsay]).decode
_decode_reputation = msgspec.msgpack.Decoder(Reputation).decode
_decode_cohorts = msgspec.msgpack.Decoder(dict[Tenure, Cohort]).decode


def read_said(kept: Kept) -> dict[Offer, Hearsay]:
    """The body of a product's hearsay; what cannot be read was never said."""
    try:
        return _decode_said(kept.body) if kept.body else {}
    except msgspec.DecodeError:
        return {}


def said_swap(product: ProductID, read: Kept, said: Said, now: int) -> Swap:
    """Put a product's hearsay back, without what is too old at `now` (ms).

    While anybody's words are in it, it lives as long as they are heard and no longer; what crawls refuted, longer.
    """
    kept = {offer: hearsay.kept(now) for offer, hearsay in said.items()}
    words = any(hearsay.claims or hearsay.agreements for hearsay in kept.values())
    return Swap(keyspace.hearsay(product), read, _encode(kept), HEARD_FOR if words else REFUTED_KEPT)


def read_reputation(kept: Kept) -> Reputation:
    """The body of a reporter's reputation; what cannot be read is that of a stranger."""
    try:
        return _decode_reputation(kept.body) if kept.body else Reputation()
    except msgspec.DecodeError:
        return Reputation()


def reputation_swap(reporter: str, read: Kept, reputation: Reputation) -> Swap:
    """Put a reputation back."""
    kept = BLOCKED_KEPT if reputation.blocked else REPUTATION_KEPT
    return Swap(keyspace.reporter(reporter), read, _encode(reputation), kept)


def read_cohorts(kept: Kept) -> Cohorts:
    """The body of the cohorts; what is not known is as at the beginning."""
    try:
        return {**FIRST_COHORTS, **(_decode_cohorts(kept.body) if kept.body else {})}
    except msgspec.DecodeError:
        return FIRST_COHORTS


def cohorts_swap(read: Kept, cohorts: Cohorts) -> Swap:
    """Put the cohorts back."""
    return Swap(keyspace.cohorts(), read, _encode(dict(cohorts)), REPUTATION_KEPT)

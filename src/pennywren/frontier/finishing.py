"""The typed wrapper of give_back.lua: a crawl that brought nothing to record ends here."""

from typing import Final

from pennywren import keyspace
from pennywren.frontier import hints
from pennywren.frontier.claiming import Lease
from pennywren.store.connect import Client
from pennywren.store.round_trip import RoundTrip
from pennywren.store.scripts import Script

_SCRIPT: Final = Script("give_back")


async def give_back(client: Client, lease: Lease, score: int, *, now: int | None = None) -> bool:
    """End a lease; the product goes back with a score (see `score`), and its hint says so.

    False where the lease had ended: another has it now.

    Raises:
        Unavailable: Redis does not answer.
    """
    trip = RoundTrip(client)
    ended = put_back(trip, lease, score, now=now)
    return bool((await trip.send())[ended])


def put_back(trip: RoundTrip, lease: Lease, score: int, *, now: int | None = None) -> int:
    """Queue the same in a round trip that is made anyway; the place of the reply, which is 0 where it had ended."""
    partition = keyspace.partition_of(lease.product)
    keys = [keyspace.frontier(partition), keyspace.leases(partition), keyspace.test_server(partition)]
    keys += [keyspace.cold(partition), keyspace.places(partition)]
    ended = trip.script(_SCRIPT, keys, ["" if now is None else now, str(lease.product), lease.ends, score])
    hints.point(trip, lease.product, score)
    return ended

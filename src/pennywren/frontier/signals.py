"""The typed wrapper of signal.lua: untrusted reports are hints that move due times, and never prices."""

from typing import Final

from pennywren import keyspace
from pennywren.frontier import hints
from pennywren.frontier.planning import Planner, Subject
from pennywren.model.product import ProductID
from pennywren.store.connect import Client
from pennywren.store.round_trip import RoundTrip
from pennywren.store.scripts import Script

_SCRIPT: Final = Script("signal")


async def signal(client: Client, planner: Planner, product: ProductID, of: Subject, now: int, *, changed: bool) -> bool:
    """Weigh a report of `now` (ms) that claims the price to be another than ours, or the same.

    False where it says nothing: nobody has looked at the product yet, or somebody did just now.

    Raises:
        Unavailable: Redis does not answer.
    """
    follows = planner.after_signal(of, now, changed=changed)
    if follows is None:
        return False
    score, rate = follows
    n = keyspace.partition_of(product)
    keys = [keyspace.product(product), keyspace.frontier(n), keyspace.cold(n), keyspace.places(n)]
    trip = RoundTrip(client)
    weighed = trip.script(_SCRIPT, keys, [str(product), of.rate or "", rate, score])
    # Without it the workers would learn only from the next sweep that the turn has come sooner.
    hints.point(trip, product, score)
    return bool((await trip.send())[weighed])

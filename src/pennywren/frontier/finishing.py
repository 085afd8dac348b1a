"""The typed wrapper of give_back.lua: a crawl that brought nothing to record ends here."""

from typing import Final

from pennywren import keyspace
from pennywren.frontier.claiming import Lease
from pennywren.store.connect import Client
from pennywren.store.scripts import Script

_SCRIPT: Final = Script("give_back")


async def give_back(client: Client, lease: Lease, score: int, *, now: int | None = None) -> bool:
    """End a lease; the product goes back with a score (see `score`). False where it had ended: another has it now."""
    partition = keyspace.partition_of(lease.product)
    keys = [keyspace.frontier(partition), keyspace.leases(partition), keyspace.test_server(partition)]
    args = ["" if now is None else now, str(lease.product), lease.ends, score]
    return bool(await _SCRIPT.run(client, keys, args))

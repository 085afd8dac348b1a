"""The last thing that was decided about each of several watches: a line for a list of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pennywren.postgres.moments import to_ms
from pennywren.postgres.pool import Connection


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided last. `at` is ms UTC."""

    code: str
    """A `Reason` of `notify.decisions`, or why an alert was made: `change`, `created`, `expiry`, `correction`."""
    at: int


_LAST: Final = """
select wanted.id, found.code, found.at
from unnest($1::bigint[]) as wanted (id),
     lateral (
         (select reason as code, decided_at as at from decisions where subscription_id = wanted.id
          order by decided_at desc limit 1)
         union all
         (select about, decided_at from alerts where subscription_id = wanted.id order by id desc limit 1)
         order by at desc limit 1
     ) found
"""


async def last_of(connection: Connection, subscription_ids: Sequence[int]) -> dict[int, Outcome]:
    """The last outcome of those of these subscriptions about which anything was ever decided."""
    rows = await connection.fetch(_LAST, subscription_ids)
    return {row["id"]: Outcome(row["code"], to_ms(row["at"])) for row in rows}

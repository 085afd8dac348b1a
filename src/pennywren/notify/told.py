"""What a person was told lately, as a feed lists it."""

from dataclasses import dataclass
from typing import Final

from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.postgres.moments import to_ms
from pennywren.postgres.pool import Connection


@dataclass(frozen=True, slots=True)
class Told:
    """One alert. `decided_at` is ms UTC, prices minor units; None is no offer."""

    alert_id: int
    product: ProductID
    title: str | None
    offer: Offer
    about: str
    old_price: int | None
    new_price: int | None
    currency: str
    decided_at: int


_LAST: Final = """
select a.id, a.product_id, p.title, a.offer, a.about, a.old_price, a.new_price, a.currency, a.decided_at
from subscriptions s
join alerts a on a.subscription_id = s.id and a.person_id = s.person_id
left join products p on p.id = a.product_id
where s.person_id = $1 and a.state <> 'dropped'
order by a.id desc limit $2
"""


async def last_of_person(connection: Connection, person_id: int, count: int) -> list[Told]:
    """The last `count` alerts of all watches of a person, the newest first, without those that were dropped."""
    return [
        Told(
            row["id"],
            ProductID.parse(row["product_id"]),
            row["title"],
            Offer(row["offer"]),
            row["about"],
            row["old_price"],
            row["new_price"],
            row["currency"],
            to_ms(row["decided_at"]),
        )
        for row in await connection.fetch(_LAST, person_id, count)
    ]

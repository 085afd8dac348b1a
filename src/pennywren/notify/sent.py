"""What was sent to a person lately, and what became of it."""

from dataclasses import dataclass
from typing import Final

from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.notify.decisions import Reason
from pennywren.postgres.moments import to_ms
from pennywren.postgres.pool import Connection


@dataclass(frozen=True, slots=True)
class Sent:
    """One attempt to tell somebody something. `at` is ms UTC, prices minor units."""

    id: int
    alert_id: int
    subscription_id: int
    product: ProductID
    offer: Offer
    about: str
    price: int | None
    currency: str
    channel: str
    outcome: str
    """`delivered`, `retry`, `failed`; `bounced` or `complained` where that came back later."""
    reason: str | None
    at: int


_LAST: Final = """
select d.id, d.alert_id, d.channel, d.outcome, d.reason, d.attempted_at,
       a.subscription_id, a.product_id, a.offer, a.about, a.new_price, a.currency,
       (select max(c.reason) from decisions c
        where c.subscription_id = a.subscription_id and c.person_id = a.person_id
          and c.change_id = a.change_id and c.reason = any($4::text[])) as back
from subscriptions s
join alerts a on a.subscription_id = s.id and a.person_id = s.person_id
join deliveries d on d.alert_id = a.id and d.person_id = a.person_id
where s.person_id = $1 and d.id < $2
order by d.id desc limit $3
"""
_CAME_BACK: Final = (Reason.BOUNCED, Reason.COMPLAINED)
_FIRST: Final = 2**63 - 1


async def last_to(connection: Connection, person_id: int, count: int, *, before: int | None = None) -> list[Sent]:
    """The last `count` attempts to tell a person something, the newest first; with `before`, those before that id."""
    rows = await connection.fetch(_LAST, person_id, before or _FIRST, count, [each.value for each in _CAME_BACK])
    return [
        Sent(
            id=row["id"],
            alert_id=row["alert_id"],
            subscription_id=row["subscription_id"],
            product=ProductID.parse(row["product_id"]),
            offer=Offer(row["offer"]),
            about=row["about"],
            price=row["new_price"],
            currency=row["currency"],
            channel=row["channel"],
            outcome=(row["back"] if row["channel"] == "email" and row["outcome"] == "delivered" else None)
            or row["outcome"],
            reason=row["reason"],
            at=to_ms(row["attempted_at"]),
        )
        for row in rows
    ]

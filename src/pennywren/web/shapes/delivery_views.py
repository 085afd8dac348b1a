"""What our JSON says of the messages that were sent to somebody."""

from typing import Annotated

from msgspec import Meta, field

from pennywren.model.clock import rfc3339
from pennywren.model.offer import Offer
from pennywren.notify.sent import Sent
from pennywren.web.shapes.views import Answer, Time


class DeliveryView(Answer):
    """One attempt to tell you something."""

    id: int
    subscription_id: int = field(name="subscriptionID")
    product_id: str = field(name="productID")
    offer: Offer
    about: Annotated[str, Meta(description="`change`, `created`, `expiry` or `correction`.")]
    price: Annotated[int | None, Meta(description="What was told, in minor units; null: no offer.")]
    currency: str
    channel: Annotated[str, Meta(description="`email`, `sms`, `push`, `webhook`; `none`: `reason` names why.")]
    outcome: Annotated[str, Meta(description="`delivered`, `retry`, `failed`, `bounced` or `complained`.")]
    reason: str | None
    time: Time


class DeliveryList(Answer):
    """The newest first."""

    deliveries: list[DeliveryView]
    next: Annotated[str | None, Meta(description="Pass it as `cursor` for older ones; null on the last page.")]


def delivery_view(of: Sent) -> DeliveryView:
    """One attempt as its JSON shows it."""
    return DeliveryView(
        id=of.id,
        subscription_id=of.subscription_id,
        product_id=str(of.product),
        offer=of.offer,
        about=of.about,
        price=of.price,
        currency=of.currency,
        channel=of.channel,
        outcome=of.outcome,
        reason=of.reason,
        time=rfc3339(of.at),
    )

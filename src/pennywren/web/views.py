"""What our JSON says, field by field: the shapes of the API, and how they are made from what we believe."""

from typing import Annotated

import msgspec
from msgspec import Meta, field

from pennywren.accounts.subscriptions import NotificationType, Subscription
from pennywren.model.clock import rfc3339
from pennywren.model.money import MAX_PRICE, MIN_PRICE
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.series import OfferState
from pennywren.postgres.catalogue import CatalogueRow
from pennywren.store.state import ProductState

Price = Annotated[int, Meta(ge=MIN_PRICE, le=MAX_PRICE, description="Minor units of the currency: 1299 is 12.99 USD.")]
Time = Annotated[str, Meta(description="RFC 3339, UTC.", extra_json_schema={"format": "date-time"})]
ProductText = Annotated[
    str, Meta(max_length=4096, description="An ASIN of the default marketplace, MARKETPLACE:ASIN, or a product link.")
]


class Answer(msgspec.Struct, rename="camel"):
    """What we say."""


class Question(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What we are asked; a field that we do not know is refused."""


class OfferView(Answer):
    """One of a product's prices. `price` is null while there is no offer."""

    price: int | None
    since: Time
    last_seen: Time
    low: int | None
    low_time: Time | None
    high: int | None
    high_time: Time | None


class ProductView(Answer):
    """A product now. `currentPrice`, `low` and `high` are the buy box's."""

    product_id: str = field(name="productID")
    name: str | None
    current_price: int | None
    currency: str
    updated_time: Time | None
    low: int | None
    high: int | None
    availability: str | None
    image: str | None
    url: str
    offers: dict[str, OfferView]


class NewProduct(Question):
    """A product to follow: one of the two fields."""

    product: ProductText | None = None
    url: ProductText | None = None


class TrackedView(Answer):
    """What became of a wish to follow a product."""

    product_id: str = field(name="productID")
    status: Annotated[str, Meta(description="`tracked` if it is new here, `known` if it was followed already.")]
    url: Annotated[str, Meta(description="Where its price is.")]


class NewSubscription(Question):
    """A wish to be told when a price is at or below `threshold`."""

    product_id: ProductText = field(name="productID")
    threshold: Price
    notification_type: NotificationType
    offer: Offer = Offer.BUYBOX


class SubscriptionChange(Question):
    """Another threshold; it arms the watch anew."""

    threshold: Price


class SubscriptionView(Answer):
    """One subscription. `alreadyMet` and `currentPrice` are given where it was just made or changed."""

    id: int
    product_id: str = field(name="productID")
    threshold: int
    currency: str
    offer: Offer
    notification_type: NotificationType
    state: str
    created_time: Time
    armed_time: Annotated[Time, Meta(description="Prices that were seen before this moment do not count.")]
    already_met: bool | msgspec.UnsetType = msgspec.UNSET
    current_price: int | msgspec.UnsetType | None = msgspec.UNSET


class SubscriptionList(Answer):
    """A page of subscriptions, by id."""

    subscriptions: list[SubscriptionView]
    next: Annotated[int | None, Meta(description="Pass it as `after` for the next page; null on the last.")]


class SignInRequest(Question):
    """An address to send a sign-in link to."""

    email: Annotated[str, Meta(max_length=320)]


class SignInSent(Answer):
    """The same for every address, known or not."""

    status: Annotated[str, Meta(description="Always `sent`.")] = "sent"


class SessionView(Answer):
    """A session that has begun."""

    token: Annotated[str, Meta(description="Send it as `Authorization: Bearer TOKEN`.")]
    expires_time: Time


class TimeToAlert(Answer):
    """Seconds from when a price was seen to when the alert was delivered; null where none was."""

    p50: float | None
    p95: float | None


class StatusView(Answer):
    """How alerts fare over the last day."""

    alerts: Annotated[dict[str, int], Meta(description="Alerts decided in the last day, by state.")]
    time_to_alert: TimeToAlert


class HealthView(Answer):
    """Which parts answer."""

    redis: bool
    postgres: bool


def product_view(product: ProductID, state: ProductState | None, row: CatalogueRow | None) -> ProductView:
    """A product as its JSON shows it."""
    main = state.offers.get(Offer.BUYBOX) if state else None
    return ProductView(
        product_id=str(product),
        name=row.title if row else None,
        current_price=main.price if main else None,
        currency=state.currency if state else product.market.currency,
        updated_time=rfc3339(state.last_seen) if state and state.last_seen else None,
        low=main.low if main else None,
        high=main.high if main else None,
        availability=state.availability if state else None,
        image=row.image if row else None,
        url=product.url,
        offers={str(offer): _offer_view(one) for offer, one in state.offers.items()} if state else {},
    )


def _offer_view(offer: OfferState) -> OfferView:
    return OfferView(
        price=offer.price,
        since=rfc3339(offer.since),
        last_seen=rfc3339(offer.last_seen),
        low=offer.low,
        low_time=None if offer.low_at is None else rfc3339(offer.low_at),
        high=offer.high,
        high_time=None if offer.high_at is None else rfc3339(offer.high_at),
    )


def subscription_view(
    of: Subscription, *, already_met: bool | None = None, current_price: int | None = None
) -> SubscriptionView:
    """A subscription as its JSON shows it."""
    view = SubscriptionView(
        id=of.id,
        product_id=str(of.product),
        offer=of.offer,
        threshold=of.threshold,
        currency=of.currency,
        notification_type=of.notification_type,
        state=of.state,
        created_time=rfc3339(of.created_at),
        armed_time=rfc3339(of.armed_at),
    )
    if already_met is None:
        return view
    return msgspec.structs.replace(view, already_met=already_met, current_price=current_price)

"""What our JSON says, field by field: the shapes of the API, and how they are made from what we believe."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from pennywren.accounts.subscription import MAX_REARM, NotificationType
from pennywren.images.resizing import WIDTHS
from pennywren.model.clock import rfc3339
from pennywren.model.money import MAX_PRICE, MIN_PRICE
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.model.rule import Rule
from pennywren.model.series import OfferState
from pennywren.postgres.catalogue import CatalogueRow
from pennywren.store.state import ProductState
from pennywren.web.shapes.image_address import image_address

Price = Annotated[int, Meta(ge=MIN_PRICE, le=MAX_PRICE, description="Minor units of the currency: 1299 is 12.99 USD.")]
Time = Annotated[str, Meta(description="RFC 3339, UTC.", extra_json_schema={"format": "date-time"})]
Next = Annotated[str | None, Meta(description="Pass it as `cursor` for the next page; null on the last.")]
RearmAfter = Annotated[
    int, Meta(ge=0, le=MAX_REARM, description="Seconds between two alerts; null: as the installation says.")
]
ProductText = Annotated[
    str, Meta(max_length=4096, description="An ASIN of the default marketplace, MARKETPLACE:ASIN, or a product link.")
]

PriceSeen = Annotated[
    str,
    Meta(
        max_length=30,
        description="What it costs at the shop now, for everybody, in the currency of the product: `12.99`. It is "
        "judged like a browser's report.",
    ),
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
    image: Annotated[str | None, Meta(description="The path of its picture here, as WebP.")]
    retired_time: Annotated[Time | None, Meta(description="Since when the shop has had no page of it any more.")]
    url: str
    offers: dict[str, OfferView]


class VerdictView(Answer):
    """What was done with one observation. Compare `reason`; it is stable."""

    verdict: Literal["accepted", "held", "rejected"]
    reason: str
    detail: Annotated[str, Meta(description="The same as a sentence.")]


class NewProduct(Question):
    """A product to follow: one of the first two fields."""

    product: ProductText | None = None
    url: ProductText | None = None
    price_seen: PriceSeen = ""


class TrackedView(Answer):
    """What became of a wish to follow a product."""

    product_id: str = field(name="productID")
    status: Annotated[str, Meta(description="`tracked` if it is new here, `known` if it was followed already.")]
    url: Annotated[str, Meta(description="Where its price is.")]
    verdict: Annotated[VerdictView | msgspec.UnsetType, Meta(description="On `priceSeen`.")] = msgspec.UNSET


class NewSubscription(Question):
    """A wish to be told: at or below `threshold`, or by `rule`; one of the two."""

    product_id: ProductText = field(name="productID")
    notification_type: NotificationType
    threshold: Price | None = None
    rule: Rule | None = None
    offer: Offer = Offer.BUYBOX
    once: bool = False
    rearm_after: RearmAfter | None = None
    expires_time: Time | None = None
    price_seen: PriceSeen = ""


class SubscriptionChange(Question):
    """What is to be different; another `threshold` or `rule` arms the watch anew. What is left out stays."""

    threshold: Price | None = None
    rule: Rule | None = None
    once: bool | None = None
    rearm_after: RearmAfter | msgspec.UnsetType | None = msgspec.UNSET
    expires_time: Time | msgspec.UnsetType | None = msgspec.UNSET
    snoozed_until: Time | msgspec.UnsetType | None = msgspec.UNSET
    state: Literal["active", "paused"] | None = None
    notification_type: NotificationType | None = None


class NeverSeen(Answer):
    """What is said of a target below every price since we began to look."""

    text: str
    lowest: Annotated[int, Meta(description="The lowest price that was ever seen, in minor units.")]
    lowest_time: Time
    since: Annotated[Time, Meta(description="When we began to look.")]
    suggested_threshold: Annotated[int, Meta(description="The lowest of the last 90 days: a target that can be met.")]


class SubscriptionView(Answer):
    """One subscription. `alreadyMet`, `currentPrice` and `neverSeen` are given where it was just made or changed,
    `verdict` where it was made with a price."""

    id: int
    product_id: str = field(name="productID")
    threshold: Annotated[int | None, Meta(description="The price that it waits for now; null where it waits for none.")]
    rule: Rule
    waits_for: Annotated[str, Meta(description="The rule in words, to follow `when`.")]
    base_price: Annotated[int | None, Meta(description="What a drop or a rise is counted from now.")]
    currency: str
    offer: Offer
    notification_type: NotificationType
    state: str
    once: bool
    rearm_after: RearmAfter | None
    expires_time: Time | None
    snoozed_until: Time | None
    created_time: Time
    armed_time: Annotated[Time, Meta(description="Prices that were seen before this moment do not count.")]
    last_alert_time: Time | None
    already_met: bool | msgspec.UnsetType = msgspec.UNSET
    current_price: int | msgspec.UnsetType | None = msgspec.UNSET
    never_seen: NeverSeen | msgspec.UnsetType | None = msgspec.UNSET
    verdict: Annotated[VerdictView | msgspec.UnsetType, Meta(description="On `priceSeen`.")] = msgspec.UNSET


class SubscriptionList(Answer):
    """A page of subscriptions, by id."""

    subscriptions: list[SubscriptionView]
    next: Next


class SignInRequest(Question):
    """An address to send a sign-in link to, and the page of ours that it leads back to."""

    email: Annotated[str, Meta(max_length=320)]
    back: Annotated[str, Meta(max_length=500, description="A path of this site; the account if left out.")] = ""


class SignInSent(Answer):
    """The same for every address, known or not."""

    status: Annotated[str, Meta(description="Always `sent`.")] = "sent"


class SessionView(Answer):
    """A session that has begun."""

    token: Annotated[str, Meta(description="Send it as `Authorization: Bearer TOKEN`.")]
    expires_time: Time


class TimeToAlert(Answer):
    """Seconds from when a crawl of ours saw a price to when the alert was delivered; null where none was. What its
    reader wished to have later, in quiet hours, a digest or a budget, is not counted."""

    p50: float | None
    p95: float | None
    p99: float | None
    within_hour: Annotated[
        float | None, Meta(description="The share that was delivered within an hour, of those delivered and missed.")
    ]
    count: Annotated[int, Meta(description="How many alerts were delivered.")]
    missed: Annotated[
        int, Meta(description="How many could not be delivered, or have waited for more than an hour and still do.")
    ]


class CrawlView(Answer):
    """How crawling stands."""

    products: Annotated[int, Meta(description="Products that are looked at again and again.")]
    requests_last_minute: Annotated[int, Meta(description="Requests that left in the last minute.")]
    requests_per_minute: Annotated[int, Meta(description="Requests that may leave in a minute if nothing holds any.")]
    unreadable_share: Annotated[
        float | None,
        Meta(description="Of the product pages of the last day, the share that could not be read; null without any."),
    ]
    egresses_held: Annotated[int, Meta(description="Egresses that leave a shop alone for now: their circuit is open.")]
    oldest_due_seconds: Annotated[float, Meta(description="How long the product longest due has waited; 0: none is.")]


class StatusView(Answer):
    """How alerts fare over the last day, and how crawling stands; null is what cannot be read right now."""

    missing: Annotated[list[str], Meta(description="The parts that do not answer: `redis`, `postgres`; mostly none.")]
    alerts: Annotated[dict[str, int] | None, Meta(description="Alerts decided in the last day, by state.")]
    time_to_alert: Annotated[TimeToAlert | None, Meta(description="Of the last day.")]
    time_to_alert_month: Annotated[TimeToAlert | None, Meta(description="Of the last 30 days.")] = field(
        name="timeToAlert30Days"
    )
    crawl: CrawlView | None


class HealthView(Answer):
    """Which parts answer."""

    redis: bool
    postgres: bool


class ReadyView(Answer):
    """Whether requests may be sent to this process: what it needs answers, and the schema is the newest it knows."""

    redis: bool
    queue: bool
    schema: bool


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
        image=image_address(product, row.image, WIDTHS[-1]) if row and row.image else None,
        retired_time=rfc3339(row.retired_ms) if row and row.retired_ms else None,
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

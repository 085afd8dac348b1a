"""The shapes of what installs say and are told."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, field

from pennywren.model.offer import Offer
from pennywren.web.shapes.views import Answer, Next, Question, Time, VerdictView

Country = Annotated[str, Meta(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2, in capitals.")]
Asin = Annotated[str, Meta(pattern="^[A-Z0-9]{10}$", description="Of the variation that was chosen.")]
Moment = Annotated[datetime, Meta(tz=True, description="RFC 3339 with an offset; at most an hour ago.")]


class ObservationContext(Question):
    """Under which conditions the price was shown. Personal and conditional prices are told, and not used."""

    signed_in: Annotated[bool, Meta(description="The page greeted somebody by name.")]
    member_price: Annotated[bool, Meta(description="The price is for Prime or other members only.")]
    coupon: Annotated[bool, Meta(description="A coupon is taken off.")]
    subscription: Annotated[bool, Meta(description="The price of subscribe-and-save was chosen.")]
    delivery_country: Country | None = None
    variation: Asin | None = None
    language: Annotated[str, Meta(max_length=35, description="BCP 47; of the page.")] | None = None


class NewObservation(Question):
    """What a browser saw of one offer."""

    product_id: Annotated[str, Meta(max_length=200)] = field(name="productID")
    offer: Offer
    price: Annotated[int | None, Meta(description="Minor units: 1299 is 12.99 USD; null: there is no such offer.")]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217.")]
    title: Annotated[str, Meta(max_length=1000, description="Read for its length only; it is not kept.")]
    observed_at: Moment
    context: ObservationContext


class ObservationBatch(Question):
    """1 to 100 observations."""

    observations: list[NewObservation]


class VerdictList(Answer):
    """A verdict for each observation, in the order of the batch."""

    verdicts: list[VerdictView]


class NewInstallView(Answer):
    """An install that was just made."""

    id: str
    token: Annotated[str, Meta(description="Shown this once. Send it as `Authorization: Bearer TOKEN`.")]
    created_time: Time


class InstallPairing(Question):
    """The token of an install, which shows that it is yours."""

    token: Annotated[str, Meta(max_length=200)]


class InstallView(Answer):
    """An install in your account."""

    id: str
    created_time: Time


class InstallList(Answer):
    """The installs in your account, the newest first, 100 a page."""

    installs: list[InstallView]
    next: Next

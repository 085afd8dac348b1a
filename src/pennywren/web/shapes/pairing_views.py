"""The shapes of what a browser asks for, and is told, before it may watch for somebody."""

from typing import Annotated, Literal

from msgspec import Meta, field

from pennywren.model.money import MAX_PRICE, MIN_PRICE
from pennywren.web.shapes.views import Answer, Question, Time


class NewPairing(Question):
    """A browser that wants to watch for somebody, perhaps with a first watch."""

    email: Annotated[
        str | None, Meta(description="Where the link goes that confirms it; null: by its code, by who is signed in.")
    ] = None
    product_id: str | None = field(name="productID", default=None)
    threshold: Annotated[int, Meta(ge=MIN_PRICE, le=MAX_PRICE)] | None = None


class PairingView(Answer):
    """A browser that waits to be confirmed."""

    status: Literal["waiting", "paired"]
    code: Annotated[str | None, Meta(description="Shown by the browser and where it is confirmed; null once it is.")]
    expires_time: Time | None
    email: Annotated[str | None, Meta(description="Whose watches these are, once it is confirmed.")]


class NewPairingView(Answer):
    """A browser that begins to wait."""

    token: Annotated[str, Meta(description="Shown this once; worth nothing until it is confirmed.")]
    code: str
    expires_time: Time
    confirm_url: Annotated[str, Meta(description="Where who is signed in confirms it.")] = field(name="confirmURL")

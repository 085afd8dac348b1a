"""What browsers saw: a batch of observations in, a verdict for each out."""

from datetime import datetime
from typing import Final

import msgspec
from litestar import Response, post

from pennywren.errors import BadInput, BadProduct, NotSignedIn
from pennywren.model.product import ProductID
from pennywren.pipeline.report_batches import Batch
from pennywren.pipeline.report_context import Observation
from pennywren.trust.conditions import Conditions
from pennywren.trust.door import hash_of
from pennywren.trust.telling import Told, invalid
from pennywren.web.rendering.pages import language_of
from pennywren.web.rendering.verdicts import verdict_view
from pennywren.web.resources import resources_of
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import bearer_token
from pennywren.web.serving.network import network_of
from pennywren.web.shapes.report_views import NewObservation, ObservationBatch, VerdictList
from pennywren.web.types import Answer, Request

_MOST: Final = 100
_LONGEST_KEY: Final = 200
_OWN = {"cache-control": PRIVATE, "vary": "Accept-Language"}


class _Items(msgspec.Struct):
    """The batch before its items are looked at one by one."""

    observations: list[msgspec.Raw]


_decode_batch = msgspec.json.Decoder(ObservationBatch).decode
_decode_items = msgspec.json.Decoder(_Items).decode
_decode_item = msgspec.json.Decoder(NewObservation).decode


@post("/observations", status_code=200, uncounted=True)
async def report_observations(request: Request) -> Answer:
    """Take in what an install saw."""
    token = bearer_token(request)
    if not token:
        raise NotSignedIn("Reports come with the token of an install: POST /installs gives one.")
    resources = resources_of(request)
    body = await request.body()
    batch = Batch(
        token,
        network_of(request),
        tuple(_item(each, resources.settings.default_marketplace) for each in _read(body)),
        _key(request),
        hash_of(body),
    )
    told = await resources.reporting.report(batch)
    speaking = language_of(request)
    return Response(VerdictList([verdict_view(each, speaking) for each in told]), headers=_OWN)


def _read(body: bytes) -> list[NewObservation | Told]:
    """The items; whole where all are good, else one by one, so that a bad one does not sink the others."""
    try:
        try:
            items: list[NewObservation | Told] = list(_decode_batch(body).observations)
        except msgspec.ValidationError:
            items = [_read_item(raw) for raw in _decode_items(body).observations]
    except (msgspec.DecodeError, ValueError) as error:
        raise BadInput(f"The body cannot be used: {error}") from error
    except RecursionError as error:
        raise BadInput("The body cannot be used: it is nested too deeply.") from error
    if not 1 <= len(items) <= _MOST:
        raise BadInput(f"A batch has 1 to {_MOST} observations, this one has {len(items)}: send it in parts.")
    return items


def _read_item(raw: msgspec.Raw) -> NewObservation | Told:
    try:
        return _decode_item(raw)
    except msgspec.ValidationError as error:
        return invalid(f"This is not an observation: {error}.")


def _item(seen: NewObservation | Told, default_marketplace: str) -> Observation | Told:
    if isinstance(seen, Told):
        return seen
    try:
        product = ProductID.parse(seen.product_id, default_marketplace)
    except BadProduct as error:
        return invalid(f"{error.message}.")
    at = _moment(seen.observed_at)
    if at is None:
        return invalid("observedAt is not a moment with a time zone that can be used.")
    context = seen.context
    conditions = Conditions(
        signed_in=context.signed_in,
        member_price=context.member_price,
        coupon=context.coupon,
        subscription=context.subscription,
        delivery_country=context.delivery_country,
        variation=context.variation,
    )
    return Observation(product, seen.offer, seen.price, seen.currency, at, conditions)


def _moment(moment: datetime) -> int | None:
    try:
        return int(moment.timestamp() * 1000)
    except (OverflowError, ValueError):
        return None


def _key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= _LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise BadInput(f"Idempotency-Key must be 1 to {_LONGEST_KEY} printable ASCII characters.")
    return key

"""Charts as pictures, for mails and for other people's pages: what may be asked, made once for all who ask it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pennywren.errors import BadQuery, NotFound, Unavailable
from pennywren.history.chart_palette import DARK, LIGHT
from pennywren.history.chart_png import PngRenderer
from pennywren.history.chart_svg import chart
from pennywren.history.held import Encoded
from pennywren.history.question import parse_offer
from pennywren.history.reading import hearsay
from pennywren.history.service import etag
from pennywren.language.catalogue import DEFAULT, LANGUAGES
from pennywren.language.speaking import language
from pennywren.model.clock import DAY, HOUR
from pennywren.model.money import MAX_PRICE, MIN_PRICE
from pennywren.model.offer import Offer
from pennywren.model.product import ProductID
from pennywren.store.proofs import proofs_of
from pennywren.store.state import ProductState
from pennywren.store.store import Store

Kind = Literal["svg", "png"]

RANGES: Final[dict[str, int | None]] = {
    "1m": 30 * DAY,
    "3m": 91 * DAY,
    "6m": 182 * DAY,
    "1y": 365 * DAY,
    "all": None,
}
"""How far back each range looks, in ms; None for the whole history. The chart in the browser has the same."""

WIDTHS: Final = (240, 1600)
HEIGHTS: Final = (120, 900)
_THEMES: Final = {"light": LIGHT, "dark": DARK}


@dataclass(frozen=True, slots=True)
class PictureQuestion:
    """A picture in canonical form. Sizes are CSS pixels; a PNG has twice as many of its own."""

    offer: Offer
    range: str
    theme: str
    width: int
    height: int
    from_zero: bool
    target: int | None = None
    """A line of its own, in minor units."""
    language: str = DEFAULT
    """Of its labels: one of LANGUAGES."""


def parse_picture(query: Mapping[str, str]) -> PictureQuestion:
    """Read `offer`, `range`, `theme`, `width`, `height`, `zero`, `target` and `language`; all may be left out or empty.

    Raises:
        BadQuery: says what was wrong, and what to ask instead.
    """
    return PictureQuestion(
        offer=parse_offer(query.get("offer")),
        range=_one_of("range", query.get("range"), RANGES, "1y"),
        theme=_one_of("theme", query.get("theme"), _THEMES, "light"),
        width=_size("width", query.get("width"), WIDTHS, 720),
        height=_size("height", query.get("height"), HEIGHTS, 280),
        from_zero=_one_of("zero", query.get("zero"), ("0", "1"), "0") == "1",
        target=_target(query.get("target")),
        language=_one_of("language", query.get("language"), LANGUAGES, DEFAULT),
    )


class Pictures:
    """Makes pictures, and keeps them by the product's version for the current hour."""

    def __init__(self, store: Store, renderer: PngRenderer | None = None) -> None:
        self._store = store
        self._renderer = renderer or PngRenderer()

    async def picture(self, product: ProductID, question: PictureQuestion, kind: Kind, now: int) -> Encoded:
        """The picture as of `now` (ms UTC; its axis ends with the hour).

        Raises:
            NotFound: no price of this product is known.
            Unavailable: Redis does not answer, or more pictures are asked for than can be drawn.
        """
        end = now - now % HOUR + HOUR
        key = f"{kind}/{question.offer}/{question.range}/{question.theme}/{question.width}x{question.height}/"
        key += f"{question.from_zero:d}/{question.target or ''}/{question.language}/{end}"
        state, stored = await self._store.cached(product, key)
        if state is None:
            raise NotFound(f"no price of {product} is known: POST /products tracks it, and its chart begins then")
        if stored is not None:
            return Encoded(state.version, etag(state.version, stored), stored)
        body = await self._draw(state, question, kind, end)
        await self._store.cache(product, key, state.version, body)
        return Encoded(state.version, etag(state.version, body), body)

    async def _draw(self, state: ProductState, question: PictureQuestion, kind: Kind, end: int) -> bytes:
        offer = state.offers.get(question.offer)
        span = RANGES[question.range]
        first = end - DAY if offer is None else offer.since if offer.first is None else offer.first
        start = min(first if span is None else max(end - span, first), end - HOUR)
        steps = await self._store.steps(state.product, question.offer, start, end)
        words = language(question.language)
        svg = chart(
            steps,
            start,
            end,
            state.currency,
            title=words.say(f"chart.of.{question.offer}", product=state.product),
            width=question.width,
            height=question.height,
            palette=_THEMES[question.theme],
            words=words,
            from_zero=question.from_zero,
            unverified=hearsay(steps, question.offer, await proofs_of(self._store.client, state.product)),
            target=question.target,
        )
        if kind == "svg":
            return svg.encode()
        png = await self._renderer.render(svg)
        if png is None:
            raise Unavailable("many charts are being drawn right now: ask for this one again", retry_after=2)
        return png


def _one_of(name: str, text: str | None, known: Mapping[str, object] | Sequence[str], default: str) -> str:
    typed = (text or default).strip().lower()
    if typed not in known:
        raise BadQuery(f"{name}={typed[:20]!r} is not known: there are {', '.join(known)}")
    return typed


def _target(text: str | None) -> int | None:
    typed = (text or "").strip()
    if not typed:
        return None
    target = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 13 else 0
    if not MIN_PRICE <= target <= MAX_PRICE:
        raise BadQuery(f"target={typed[:20]!r} is not a price: give {MIN_PRICE} to {MAX_PRICE}, in minor units")
    return target


def _size(name: str, text: str | None, bounds: tuple[int, int], default: int) -> int:
    typed = (text or "").strip()
    size = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 6 else default if not typed else -1
    if not bounds[0] <= size <= bounds[1]:
        raise BadQuery(f"{name}={typed[:20]!r} does not fit: give whole pixels from {bounds[0]} to {bounds[1]}")
    return size

"""The hottest route before the framework: a history that is held in this process, if the product has not moved.

The framework costs several times what such an answer does (`make bench`). Whatever is not plain here (another method,
a link for an id, a question that cannot be read, an answer that is not held) goes on to the framework's own route,
whose answer is the same to the byte.
"""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl

from litestar import Litestar
from litestar.types import Receive, Scope, Send

from pennywren.errors import PennywrenError
from pennywren.history.question import Question, parse_question
from pennywren.model.clock import DAY, Clock
from pennywren.model.marketplace import MARKETPLACES
from pennywren.model.product import ProductID, is_asin
from pennywren.settings import Settings
from pennywren.web.headers import PUBLIC, is_secure, with_defaults
from pennywren.web.packing import HISTORY_VARY, Sent, as_sent, takes_gzip
from pennywren.web.resources import Resources

_PATH: Final = re.compile(r"/products/([a-z]{2}):([A-Z0-9]{10})/history\Z")
_LONGEST: Final = 256
"""Bytes of a path or a query: what is longer is no plain question, and must not be remembered 65,536 times."""
_FIXED: Final = [(b"cache-control", PUBLIC.encode()), (b"vary", HISTORY_VARY.encode())]


class HotHistory:
    """Goes before the framework."""

    def __init__(self, litestar: Litestar, clock: Clock, settings: Settings) -> None:
        self._litestar = litestar
        self._is_secure = is_secure(settings)
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or pass on."""
        sent = await self._held(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        if sent is None:
            await self._litestar(scope, receive, send)
            return
        tag = sent.etag.encode()
        known = next((value for name, value in scope["headers"] if name == b"if-none-match"), b"")
        is_known = any(one.strip().removeprefix(b"W/") in (tag, b"*") for one in known.split(b","))
        headers, body = [(b"etag", tag), *_FIXED], b"" if is_known else sent.body
        if not is_known:
            headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
            if sent.is_packed:
                headers.append((b"content-encoding", b"gzip"))
        whole = with_defaults(headers, secure=self._is_secure)
        await send({"type": "http.response.start", "status": 304 if is_known else 200, "headers": whole})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _held(self, scope: Scope) -> Sent | None:
        if len(scope["path"]) > _LONGEST or len(scope["query_string"]) > _LONGEST:
            return None
        product = _product(scope["path"])
        question = _question(scope["query_string"], self._clock() // DAY) if product else None
        if product is None or question is None:
            return None
        resources: Resources = self._litestar.state.resources
        try:
            answer = await resources.history.held(product, question)
        except PennywrenError:
            return None
        if answer is None:
            return None
        accepted = next((value for name, value in scope["headers"] if name == b"accept-encoding"), b"")
        packs = bool(accepted) and takes_gzip(accepted.decode("latin-1"))
        return as_sent(answer, packs=packs)


@lru_cache(maxsize=65_536)
def _product(path: str) -> ProductID | None:
    found = _PATH.match(path)
    if not found or found[1] not in MARKETPLACES or not is_asin(found[2]):
        return None
    return ProductID(found[1], found[2])


@lru_cache(maxsize=65_536)
def _question(query: bytes, day: int) -> Question | None:
    """A question stays the same all day: without an end it ends with the day, and so does one in the future."""
    try:
        pairs = dict(parse_qsl(query.decode("ascii"), keep_blank_values=True))
        return parse_question(pairs, day * DAY)
    except (PennywrenError, ValueError):
        return None

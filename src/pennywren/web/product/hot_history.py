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
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from pennywren.errors import PennywrenError
from pennywren.history.held import Encoded
from pennywren.history.question import ASKED, Question, parse_question
from pennywren.history.service import HistoryService
from pennywren.logs import about
from pennywren.model.clock import DAY, Clock
from pennywren.model.marketplace import MARKETPLACES
from pennywren.model.product import ProductID, is_asin
from pennywren.settings import Settings
from pennywren.web.resources import Resources
from pennywren.web.serving.conditional import is_held
from pennywren.web.serving.headers import PUBLIC, is_secure, with_defaults
from pennywren.web.serving.packing import HISTORY_VARY, as_sent, takes_gzip
from pennywren.web.serving.request_ids import HEADER as REQUEST_ID
from pennywren.web.serving.request_ids import request_id

_PATH: Final = re.compile(r"/products/([a-z]{2}):([A-Z0-9]{10})/history\Z")
_ENDS: Final = "/history"
_LONGEST: Final = 256
"""Bytes of a path or a query: what is longer is no plain question, and must not be remembered 65,536 times."""
_PACKED: Final = ((b"content-encoding", b"gzip"),)
_FIXED: Final = [(b"cache-control", PUBLIC.encode()), (b"vary", HISTORY_VARY.encode())]


class HotHistory:
    """Goes before the framework and what is around it; before this only paths are put straight, or requests refused."""

    def __init__(self, litestar: Litestar, app: ASGIApp, clock: Clock, settings: Settings) -> None:
        """`app` leads to `litestar`, and answers everything that is not answered here."""
        self._litestar = litestar
        self._history: HistoryService | None = None
        self._app = app
        self._clock = clock
        secure = is_secure(settings)
        self._with_body = with_defaults([*_FIXED, (b"content-type", b"application/json")], secure=secure)
        self._without = with_defaults(_FIXED, secure=secure)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or pass on."""
        if scope["type"] != "http":
            self._history = None  # the server starts or ends, and with it what the framework keeps
            await self._app(scope, receive, send)
            return
        asked = self._asked(scope) if scope["path"].endswith(_ENDS) else None
        if asked is None:
            await self._app(scope, receive, send)
            return
        history = self._history or self._found_history()
        known = accepted = given = b""
        for name, value in scope["headers"]:
            if name == b"if-none-match":
                known = known or value
            elif name == b"accept-encoding":
                accepted = accepted or value
            elif name == REQUEST_ID:
                given = given or value
            elif name == b"authorization":
                # Whose it is, and what it may, is looked up there.
                await self._app(scope, receive, send)
                return
        named = request_id(given)
        answer = history.at_hand(*asked)
        if answer is None:
            with about(request=named.decode()):
                answer = await _held(history, *asked)
        if answer is None:
            await self._app(scope, receive, send)
            return
        sent = as_sent(answer, packs=_takes_gzip(accepted))
        tag = sent.etag.encode()
        if known and (known == tag or is_held(known.decode("latin-1"), sent.etag)):
            status, body = 304, b""
            headers = [(b"etag", tag), (REQUEST_ID, named), *self._without]
        else:
            status, body = 200, sent.body
            length = (b"content-length", b"%d" % len(body))
            packed = _PACKED if sent.is_packed else ()
            headers = [(b"etag", tag), (REQUEST_ID, named), length, *packed, *self._with_body]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    def _found_history(self) -> HistoryService:
        # Reading the framework's state costs as much as all else that an answer looks up.
        resources: Resources = self._litestar.state.resources
        self._history = resources.history
        return self._history

    def _asked(self, scope: HTTPScope) -> tuple[ProductID, Question] | None:
        if scope["method"] != "GET" or len(scope["path"]) > _LONGEST or len(scope["query_string"]) > _LONGEST:
            return None
        product = _product(scope["path"])
        question = _question(scope["query_string"], self._clock() // DAY) if product else None
        return (product, question) if product and question else None


async def _held(history: HistoryService, product: ProductID, question: Question) -> Encoded | None:
    try:
        return await history.held(product, question)
    except PennywrenError:
        return None


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
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True)
        asked = dict(pairs)
        is_plain = len(asked) == len(pairs) and asked.keys() <= ASKED
        return parse_question(asked, day * DAY) if is_plain else None
    except (PennywrenError, ValueError):
        return None


@lru_cache(maxsize=1_024)
def _takes_gzip(accepted: bytes) -> bool:
    return takes_gzip(accepted.decode("latin-1"))

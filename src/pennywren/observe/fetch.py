"""One polite request: honest about who we are, bounded in time and bytes, and never led elsewhere by an answer.

Whether a request may leave now is not decided here: the caller holds an egress token.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Final, Self

from curl_cffi import AsyncCurl, CurlECode, CurlOpt
from curl_cffi.requests import AsyncSession, Response
from curl_cffi.requests.exceptions import RequestException, Timeout

from pennywren.observe.curls import Curls
from pennywren.observe.hosts import Address
from pennywren.observe.packed import is_as_said, is_packed, unpacked
from pennywren.setting_values import Egress

_log = logging.getLogger(__name__)

MAX_BYTES: Final = 4_000_000
"""No shop page is longer, also after decompression."""
TIMEOUT_S: Final = 15.0
_MAX_RETRY_AFTER_S: Final = 86_400.0
_RENEW_AFTER: Final = 500
"""Requests after which a session is replaced: libcurl has leaked and hung in long-lived ones (curl_cffi #578, #641)."""
_RENEW_AFTER_TIMEOUTS: Final = 3
_BUFFER: Final = 256 * 1024
"""Bytes that libcurl reads at once: a page comes in few pieces instead of a hundred."""
_GRACE_S: Final = 1.0
"""libcurl's own time limit leaves out some waits (curl_cffi #524), so another one stands around it."""


class Trouble(StrEnum):
    """Why there is no answer."""

    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a request brought back."""

    status: int = 0
    """0 where no answer came."""
    body: bytes = b""
    retry_after_s: float | None = None
    location: str | None = None
    """Where the answer wanted to send us; we do not go."""
    trouble: Trouble | None = None
    """Set where the answer is missing or was cut off: then the body is empty."""


def parse_retry_after(text: str | None, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header (RFC 9110): a number or a date, at most a day; None if unreadable."""
    if text is None:
        return None
    text = text.strip()[:64]
    if text.isdecimal():
        return min(float(text), _MAX_RETRY_AFTER_S)
    with suppress(ValueError, OverflowError):
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return min(max((moment - now).total_seconds(), 0.0), _MAX_RETRY_AFTER_S)
    return None


class Fetcher:
    """Requests of one egress. Make it after a fork, inside the event loop that uses it."""

    def __init__(
        self,
        egress: Egress,
        user_agent: str,
        *,
        timeout_s: float = TIMEOUT_S,
        max_bytes: int = MAX_BYTES,
        curls: Curls | None = None,
    ) -> None:
        """`curls` are shared with the other fetchers of this event loop, where there are many."""
        self._curls = curls or Curls()
        self._curl: AsyncCurl | None = None
        self._egress = egress
        self._user_agent = user_agent
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._session: AsyncSession[Response] | None = None
        self._in_flight = 0
        self._requests = 0
        self._timeouts = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def get(self, address: Address, *, packed: bool = False) -> Fetched:
        """Fetch one page. Never raises for what a shop does: see `Fetched.trouble`.

        With `packed`, the body may be gzipped, and then only what came is within the bound on bytes (see `unpacked`).
        """
        session = await self._current_session()
        self._requests += 1
        self._in_flight += 1
        try:
            async with asyncio.timeout(self._timeout_s + _GRACE_S):
                fetched = await self._get(session, address, packed=packed)
        except (TimeoutError, Timeout):
            fetched = Fetched(trouble=Trouble.TIMEOUT)
        except RequestException as error:
            _log.info("no answer of %s for %s: %s", address.host, self._egress.name, error)
            too_large = error.code == CurlECode.FILESIZE_EXCEEDED
            fetched = Fetched(trouble=Trouble.TOO_LARGE if too_large else Trouble.UNREACHABLE)
        finally:
            self._in_flight -= 1
        self._timeouts = self._timeouts + 1 if fetched.trouble is Trouble.TIMEOUT else 0
        return fetched

    async def close(self) -> None:
        """Close the session."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        curl, self._curl = self._curl, None
        if curl is not None:
            await self._curls.give_back(curl, worn=self._timeouts > 0)

    async def _get(self, session: AsyncSession[Response], address: Address, *, packed: bool) -> Fetched:
        headers = {
            "User-Agent": self._user_agent,
            "Accept": address.accept,
            "Accept-Language": f"{address.language},{address.language.partition('-')[0]};q=0.8",
            "Accept-Encoding": "gzip",
        }
        # Not streamed: curl_cffi gives streams no total time limit and waits for them to end when it closes them.
        # Nor unpacked by libcurl: where the end of gzip is missing, it hands out what there is as if it were all.
        response = await session.get(address.url, headers=headers, accept_encoding=None)
        body, trouble = response.content, None
        encoding = response.headers.get("content-encoding")
        if not is_as_said(body, encoding):
            trouble = Trouble.UNREACHABLE
        elif encoding is not None and not packed:
            body, trouble = await asyncio.to_thread(_unpacked, body, encoding, self._max_bytes)
        if trouble is not None and response.status_code == 200:
            return Fetched(trouble=trouble)
        return Fetched(
            status=response.status_code,
            # A status that says all by itself counts, whatever comes with it.
            body=body if trouble is None else b"",
            retry_after_s=parse_retry_after(response.headers.get("retry-after"), datetime.now(UTC)),
            location=response.headers.get("location"),
        )

    async def _current_session(self) -> AsyncSession[Response]:
        worn = self._requests >= _RENEW_AFTER or self._timeouts >= _RENEW_AFTER_TIMEOUTS
        if worn and not self._in_flight:
            await self.close()
            self._requests = self._timeouts = 0
        if self._session is None:
            self._session = self._new_session()
        return self._session

    def _new_session(self) -> AsyncSession[Response]:
        options: dict[CurlOpt, Any] = {
            CurlOpt.PROTOCOLS_STR: b"http,https",
            CurlOpt.MAXFILESIZE_LARGE: self._max_bytes,
            CurlOpt.BUFFERSIZE: _BUFFER,
        }
        self._curl = self._curls.take(self._egress)
        return AsyncSession(
            async_curl=self._curl,
            interface=self._egress.source,
            proxy=self._egress.proxy,
            timeout=self._timeout_s,
            allow_redirects=False,
            # The environment's proxies would send requests from another address than the egress names.
            trust_env=False,
            default_headers=False,
            # Cookies would make pages personal.
            discard_cookies=True,
            curl_options=options,
        )


def _unpacked(body: bytes, encoding: str, limit: int) -> tuple[bytes, Trouble | None]:
    if not is_packed(encoding):
        return body, None
    try:
        text = unpacked(body, limit)
    except ValueError:
        return b"", Trouble.UNREACHABLE
    return (b"", Trouble.TOO_LARGE) if text is None else (text, None)

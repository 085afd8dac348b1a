"""Idempotency-Key: a POST that is sent again gets the answer of the first time, and nothing is done twice.

Keys belong to whoever shows the same credential, or comes from the same network without one. Kept is what did
something (2xx and 3xx), for a day, encrypted with what only the request itself holds: an answer may carry a token
that is shown once, and a copy of Redis must not.
"""

import os
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, cast

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.types import ASGIApp, HTTPReceiveMessage, HTTPResponseStartEvent, Message, Receive, Scope, Send

from pennywren.errors import BadInput, InProgress, KeyReused, PennywrenError
from pennywren.store import once
from pennywren.web.resources import Resources
from pennywren.web.serving.body import MAX_BODY
from pennywren.web.serving.identity import Connected, bearer_token, cookie_name
from pennywren.web.serving.network import network_of

HEADER: Final = "Idempotency-Key"
LONGEST: Final = 200
_OWN_WAY: Final = ("/observations", "/hooks/")
"""Routes that know a repetition by themselves."""
_REFUSAL: Final = "refusal"
_NONCE: Final = 12
_MARK: Final = b"."


class _Kept(msgspec.Struct, array_like=True):
    """An answer as it is kept."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Named:
    """What one key of one caller stands for: where it is kept, which request it was, and what encrypts the answer."""

    name: str
    fingerprint: bytes
    secret: bytes

    def seal(self, kept: _Kept) -> bytes:
        nonce = os.urandom(_NONCE)
        return self.fingerprint + nonce + AESGCM(self.secret).encrypt(nonce, msgspec.msgpack.encode(kept), None)

    def open(self, found: bytes) -> _Kept | None:
        """What was kept; None while the first request is under way.

        Raises:
            KeyReused: it was another request.
        """
        size = len(self.fingerprint)
        if found[:size] != self.fingerprint:
            raise KeyReused
        if found[size:] == _MARK:
            return None
        nonce, sealed = found[size : size + _NONCE], found[size + _NONCE :]
        try:
            return msgspec.msgpack.decode(AESGCM(self.secret).decrypt(nonce, sealed, None), type=_Kept)
        except (InvalidTag, ValueError) as error:
            raise KeyReused from error


class Once:
    """Goes before the framework; looks at POSTs with an Idempotency-Key and nothing else."""

    def __init__(self, litestar: Litestar, app: ASGIApp) -> None:
        self._litestar = litestar
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"].startswith(_OWN_WAY):
            await self._app(scope, receive, send)
            return
        key = next((value for name, value in scope["headers"] if name == b"idempotency-key"), None)
        if key is None:
            await self._app(scope, receive, send)
            return
        scope["app"] = scope["litestar_app"] = self._litestar
        scope.setdefault("state", {})
        # Kept as it is, not packed as this one client would have liked it.
        scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        body = await _read(receive)
        named: _Named | None = None
        found: bytes | None = None
        try:
            named = _named(ASGIConnection(scope), _checked(key), body)
            found = await once.begin(self._redis, named.name, named.fingerprint + _MARK)
            kept = None if found is None else named.open(found)
            if found is not None and kept is None:
                raise InProgress
            if kept is not None:
                await _replay(kept, send)
                return
        except PennywrenError as error:
            # Told by the framework, as every problem is: `refuse_noted` raises it.
            scope["state"][_REFUSAL] = error
            await self._app(scope, _again(body, receive), send)
            return
        await self._first(named, scope, _again(body, receive), send)

    @property
    def _redis(self) -> once.Client:
        resources: Resources = self._litestar.state.resources
        return resources.store.raw

    async def _first(self, named: _Named, scope: Scope, receive: Receive, send: Send) -> None:
        kept = _Kept(500, [], b"")

        async def listening(message: Message) -> None:
            nonlocal kept
            if message["type"] == "http.response.start":
                kept.status, kept.headers = message["status"], [(bytes(n), bytes(v)) for n, v in message["headers"]]
            elif message["type"] == "http.response.body":
                kept.body += message["body"]
                if not message["more_body"] and kept.status < 400:
                    # Before it is sent: whoever has the answer may rely on it.
                    await once.keep(self._redis, named.name, named.seal(kept))
            await send(message)

        try:
            await self._app(scope, receive, listening)
        finally:
            if kept.status >= 400:
                await once.forget(self._redis, named.name)


def refuse_noted(connection: Connected) -> None:
    """Raise what `Once` found wrong: so it is told like every other problem."""
    refusal: PennywrenError | None = connection.scope["state"].get(_REFUSAL)
    if refusal is not None:
        raise refusal


def _checked(key: bytes) -> bytes:
    if not 1 <= len(key) <= LONGEST or not key.isascii() or not key.decode("ascii").isprintable():
        raise BadInput(f"{HEADER} must be 1 to {LONGEST} printable ASCII characters.")
    return key


def _named(connection: Connected, key: bytes, body: bytes) -> _Named:
    resources: Resources = connection.app.state.resources
    shown = bearer_token(connection) or connection.cookies.get(cookie_name(resources.settings))
    who = f"token {shown}" if shown else f"network {network_of(connection)}"
    caller = len(key).to_bytes(2, "big") + key + who.encode("utf-8", "surrogatepass")
    path = connection.scope["path"].encode("utf-8", "surrogatepass")
    accept = connection.headers.get("accept", "").encode("utf-8", "surrogatepass")
    parts = (path, connection.scope["query_string"], accept, body)
    return _Named(
        name=sha256(b"name" + caller).hexdigest(),
        fingerprint=sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest(),
        secret=sha256(b"secret" + path + b"\0" + caller).digest(),
    )


async def _read(receive: Receive) -> bytes:
    """The body, or as much of it as shows that it is too large: the framework refuses it then."""
    body = b""
    while len(body) <= MAX_BODY:
        message = await receive()
        if message["type"] != "http.request":
            break
        body += message["body"]
        if not message["more_body"]:
            break
    return body


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read already, then what comes after it."""
    is_given = False

    async def give() -> HTTPReceiveMessage:
        nonlocal is_given
        if is_given:
            return cast("HTTPReceiveMessage", await receive())
        is_given = True
        return cast("HTTPReceiveMessage", {"type": "http.request", "body": body, "more_body": len(body) > MAX_BODY})

    return give


async def _replay(kept: _Kept, send: Send) -> None:
    headers = [*kept.headers, (b"idempotent-replayed", b"true")]
    start = {"type": "http.response.start", "status": kept.status, "headers": headers}
    await send(cast("HTTPResponseStartEvent", start))
    await send({"type": "http.response.body", "body": kept.body, "more_body": False})

"""What every request costs: one of its network's limit, or of its person's and its access token's.

An answer from this process's memory (`hot_history`), a file, and what the other limits are for cost nothing here;
their handlers say `uncounted=True`. While Redis is away nobody is refused: reading goes on without limits.
"""

from collections.abc import Iterable
from typing import Any, Final

from litestar.handlers import BaseRouteHandler
from litestar.types import Scope
from redis.exceptions import RedisError

from pennywren.errors import Unavailable
from pennywren.settings import Settings
from pennywren.store.limits import Allowance, Limit, UsedUp, spend_all
from pennywren.web.resources import resources_of
from pennywren.web.serving.identity import Caller, Connected, caller_of
from pennywren.web.serving.network import network_of

_AT_ONCE: Final = 10
"""A limit's burst is this part of what an hour brings."""
_NOTED: Final = "allowances"


async def count_request(connection: Connected, handler: BaseRouteHandler) -> None:
    """Spend what a request costs; how the limits stand then goes into the answer's headers.

    Raises:
        UsedUp: a limit has none left.
    """
    if handler.opt.get("uncounted"):
        return
    resources = resources_of(connection)
    try:
        caller = await caller_of(connection)
    except Unavailable:
        caller = None
    limits = limits_of(caller, network_of(connection), resources.settings)
    if not limits:
        return
    try:
        note(connection.scope, await spend_all(resources.client, limits))
    except (RedisError, OSError):
        return


def limits_of(caller: Caller | None, network: str, settings: Settings) -> list[Limit]:
    """The limits that a request is counted against."""
    if caller is None:
        return _limit("network", network, settings.requests_per_network)
    token = caller.token
    return [
        *(_limit("token", str(token.id), settings.requests_per_token) if token else ()),
        *_limit("account", str(caller.person.id), settings.requests_per_person),
    ]


def note(scope: Scope, allowances: Iterable[Allowance]) -> None:
    """Remember how limits stand, for the headers of the answer."""
    scope["state"].setdefault(_NOTED, []).extend(allowances)


def rate_headers(state: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """The headers of the limits that were noted (draft-ietf-httpapi-ratelimit-headers-10); none where none were."""
    noted: list[Allowance] = state.get(_NOTED, [])
    if not noted:
        return []
    named = {each.limit.purpose: each for each in noted}
    policies = [f'"{name}";q={each.limit.burst};w={each.limit.window_seconds}' for name, each in named.items()]
    standing = [f'"{name}";r={each.left};t={each.full_in_seconds}' for name, each in named.items()]
    return [(b"ratelimit-policy", ", ".join(policies).encode()), (b"ratelimit", ", ".join(standing).encode())]


def note_refusal(scope: Scope, error: Exception) -> None:
    """Remember how the limits stand that refused a request."""
    if isinstance(error, UsedUp):
        note(scope, error.allowances)


def _limit(purpose: str, who: str, per_hour: int) -> list[Limit]:
    return [Limit(purpose, who, per_hour, max(per_hour // _AT_ONCE, 1))] if per_hour else []

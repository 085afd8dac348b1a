"""One operation of the API, as the tables of operations say it."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec

from pennywren.accounts.access_tokens import Scope

Auth = Literal["open", "person", "install", "pairing"]
HTML: Final = "text/html"
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
TEXT: Final = "text/plain"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    id: str
    summary: str
    answers: dict[int, Any]
    """What each status carries: a struct (JSON), True (JSON described elsewhere), a media type, or None for nothing."""
    problems: tuple[int, ...] = ()
    auth: Auth = "open"
    body: type[msgspec.Struct] | None = None
    form: bool = False
    html: bool = False
    query: dict[str, str] = field(default_factory=dict[str, str])
    scope: Scope | None = None
    """What an access token needs; with None it takes a session, or nobody at all."""

"""One operation of the API, as the tables of operations say it."""

from dataclasses import dataclass, field
from itertools import chain
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
    """What each status carries: a struct or one of several, True (JSON of another kind), a media type, or None."""
    problems: tuple[int, ...] = ()
    auth: Auth = "open"
    body: type[msgspec.Struct] | None = None
    form: bool = False
    html: bool = False
    query: dict[str, str] = field(default_factory=dict[str, str])
    scope: Scope | None = None
    """What an access token needs; with None it takes a session, or nobody at all."""
    any_query: bool = False
    """Whether parameters that it does not know are passed over: of gateways, probes, and links in mails."""

    @property
    def shapes(self) -> list[type[msgspec.Struct]]:
        """What it takes and what it answers with, as far as these are structs."""
        answers: list[tuple[Any, ...]] = [
            what if isinstance(what, tuple) else (what,) for what in self.answers.values()
        ]
        return [one for one in (self.body, *chain.from_iterable(answers)) if isinstance(one, type)]

"""A parameter that an operation does not know is refused: else a typing error were answered as if it were right.

Pages pass over what they do not know, because links are decorated on their way (`utm_source`). So do the operations
without a row here, which are called by gateways, probes and mail programs.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pennywren.errors import BadQuery
from pennywren.web.serving.identity import Connected, operation_of
from pennywren.web.serving.negotiation import prefers_html

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Known:
    """The parameters of one operation."""

    names: tuple[str, ...]
    has_page: bool
    """Whether people get a page where programs get JSON."""
    repeatable: tuple[str, ...] = ()


def require_known(connection: Connected) -> None:
    """Refuse what the operation does not know.

    Raises:
        BadQuery: a parameter that the operation does not have, or twice one that stands for one value.
    """
    given = connection.query_params
    if not given:
        return
    table: Mapping[tuple[str, str], Known] = connection.app.state.parameters
    known = table.get(operation_of(connection))
    if known is None or (known.has_page and prefers_html(connection.headers.get("accept"))):
        return
    for name, times in Counter(name for name, _ in given.multi_items()).items():
        if name not in known.names:
            if not known.names:
                raise BadQuery(f"{name[:_SHOWN]!r} is no parameter of this: it takes none")
            raise BadQuery(f"{name[:_SHOWN]!r} is no parameter of this: there are {', '.join(known.names)}")
        if times > 1 and name not in known.repeatable:
            raise BadQuery(f"{name!r} is given {times} times: once is meant")

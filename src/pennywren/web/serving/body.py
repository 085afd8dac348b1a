"""Reading a request's body: JSON, or a form with the same fields."""

import re
from typing import Any, Final, TypeVar, get_origin
from urllib.parse import parse_qs

import msgspec

from pennywren.errors import BadInput
from pennywren.web.types import Request

MAX_BODY: Final = 64 * 1024
"""Bytes; more is answered with 413 before it is read."""
_MAX_FIELDS: Final = 300
MOST_FIELDS: Final = 1_000
"""Fields that any form of ours has at most."""
_PLACE: Final = re.compile(r"`\$\.(\w+)")

T = TypeVar("T", bound=msgspec.Struct)


class UnusableBody(BadInput):
    """The body cannot be used."""


async def read_body(request: Request, kind: type[T], *, most_fields: int = _MAX_FIELDS) -> T:
    """The body as a `kind`; a form has `most_fields` at most.

    Raises:
        BadInput: not JSON, not UTF-8, nested too deeply, or not the fields that `kind` has; says where.
    """
    raw = await request.body()
    try:
        if is_form(request, raw):
            fields = parse_qs(raw.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=most_fields)
            return msgspec.convert(_values(fields, kind), kind, strict=False)
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, ValueError) as error:
        place = _PLACE.search(str(error))
        raise UnusableBody(f"The body cannot be used: {error}", field=place[1] if place else None) from error
    except RecursionError as error:
        raise UnusableBody("The body cannot be used: it is nested too deeply.") from error


def _values(fields: dict[str, list[str]], kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The last value of each field, and all of those that `kind` has as a list."""
    lists = {each.encode_name for each in msgspec.structs.fields(kind) if get_origin(each.type) is list}
    return {name: values if name in lists else values[-1] for name, values in fields.items()}


def is_form(request: Request, raw: bytes) -> bool:
    """Whether the body is an HTML form's; curl calls JSON a form, too, unless it is told otherwise."""
    kind = request.headers.get("content-type", "").lower()
    return kind.startswith("application/x-www-form-urlencoded") and not raw.lstrip().startswith(b"{")

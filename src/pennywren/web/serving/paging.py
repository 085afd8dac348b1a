"""Lists in pages: what `next` of a page is, and what comes back of it as `cursor`.

A cursor names its list and the last row that was shown. So rows that come or go meanwhile move nothing: no row is
shown twice, and none that was there all the time is left out.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from pennywren.errors import BadInput
from pennywren.web.types import Request

PARAMETER: Final = "cursor"
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Paging:
    """How one list is told."""

    name: str
    size: int
    """Rows of a page; read one more, to know whether there is another."""
    row: re.Pattern[str] = re.compile(r"[0-9]{1,18}")
    """What the id of a row looks like."""

    def last_shown(self, request: Request) -> str | None:
        """The id of the last row of the page before; None for the first page.

        Raises:
            BadInput: the cursor is none of this list's.
        """
        cursor = request.query_params.get(PARAMETER)
        if cursor is None:
            return None
        name, _, row = cursor.partition("-")
        if name != self.name or not self.row.fullmatch(row):
            raise BadInput("The cursor must be the `next` of a page of this list: leave it out to begin anew.")
        return row

    def cut(self, found: Sequence[Row], row_of: Callable[[Row], int | str]) -> tuple[Sequence[Row], str | None]:
        """The rows of this page out of `found`, at most one more than it holds, and the cursor of the next page."""
        if len(found) <= self.size:
            return found, None
        return found[: self.size], f"{self.name}-{row_of(found[self.size - 1])}"

"""How those who wait share the requests: whoever is in a hurry cannot starve the rest."""

from typing import Final

URGENT_SHARE: Final = 0.3
"""Of the requests, while anything else is due."""
LOOSE_SHARE: Final = 0.1
"""Of the requests, while more is due at firm times than can be crawled: the controller of the threshold needs a day to
end that, and a loose one, a second less urgent, must not wait so long."""
_SAVED: Final = 3.0


class LaneShare:
    """Whose turn it is, for one worker: the urgent lane saves up its share while it is empty, but not for long."""

    def __init__(self, share: float = URGENT_SHARE) -> None:
        self._share = share
        self._credit = 1.0

    @property
    def urgent_first(self) -> bool:
        """Whether the urgent lane goes before what is due."""
        return self._credit >= 1.0

    def crawled(self, *, before_others: bool) -> None:
        """Take note of one crawl; `before_others`: an urgent one that went before what is due."""
        self._credit = min(self._credit - before_others + self._share, _SAVED)

"""libcurl's loops, shared: each has a timer of 100 ms, and 200 egresses with their own wake 2000 times a second.

Only egresses that are bound to an address of their own and use no proxy may share: libcurl hands an open connection to
a request that asks for no address, and to one that goes through the same proxy by another name, whoever opened it.
"""

from collections import Counter
from typing import Final

from curl_cffi import AsyncCurl

from pennywren.setting_values import Egress

_SESSIONS: Final = 64
"""Sessions that one serves in its life: long-lived ones have leaked and hung (curl_cffi #578, #641), all at once."""


class Curls:
    """Hands them out to the fetchers of one event loop, and closes each when its last session has gone."""

    def __init__(self) -> None:
        self._current: AsyncCurl | None = None
        self._handed_out = 0
        self._sessions: Counter[AsyncCurl] = Counter()

    def take(self, egress: Egress) -> AsyncCurl | None:
        """One for a session of this egress, to be given back; None where it must have one of its own."""
        if not egress.source or egress.proxy:
            return None
        if self._current is None or self._handed_out >= _SESSIONS:
            self._current, self._handed_out = AsyncCurl(), 0
        self._handed_out += 1
        self._sessions[self._current] += 1
        return self._current

    async def give_back(self, curl: AsyncCurl, *, worn: bool = False) -> None:
        """The session is closed; `worn` if it had trouble, so that nobody else begins with this one."""
        self._sessions[curl] -= 1
        unused = not self._sessions[curl]
        if curl is self._current and (worn or unused):
            self._current = None
        if unused:
            del self._sessions[curl]
            await curl.close()

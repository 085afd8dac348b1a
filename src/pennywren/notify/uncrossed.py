"""Why a change did not concern a watch, in words: what the rule waits for did not happen."""

from typing import assert_never

from pennywren.model.change import PriceChange
from pennywren.model.rule import ALL_TIME, Money, Place, WatchSet


def why_not(at: Place, change: PriceChange, money: Money) -> str:
    """One sentence about a change that does not cross a place."""
    old, new = change.old, change.new
    match at.set:
        case WatchSet.STOCK:
            return (
                "The price moved; the offer neither came nor went."
                if new is not None and old is not None
                else (
                    "The offer went away; the watch waits for its return."
                    if new is None
                    else "The offer came; the watch waits for it to go away."
                )
            )
        case _ if new is None:
            return "The offer went away: that is no price."
        case WatchSet.FALL:
            if new > at.at:
                return f"{money(new)} is above {money(at.at)}."
            return f"It was at {money(at.at)} or less already, at {money(old or new)}."
        case WatchSet.RISE:
            if new < at.at:
                return f"{money(new)} is below {money(at.at)}."
            return f"It was at {money(at.at)} or more already, at {money(old or new)}."
        case WatchSet.LOWS:
            if old is None and change.new_low:
                return "It was the first price that we saw, and so no low."
            if at.at == ALL_TIME:
                return f"{money(new)} is not lower than ever."
            return f"{money(new)} is the lowest of {change.lowest_for_days} whole days, not of {at.at}."
        case WatchSet.MOVES:
            if old is None:
                return "The offer came: there was no price that it moved from."
            least = f"{-at.at / 100:g} %" if at.at < 0 else money(at.at)
            return f"It moved by {money(abs(new - old))}, less than {least}."
        case _:
            assert_never(at.set)

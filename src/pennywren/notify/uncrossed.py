"""Why a change did not concern a watch, in words: what the rule waits for did not happen."""

from typing import assert_never

from pennywren.language.speaking import Language
from pennywren.model.change import PriceChange
from pennywren.model.rule import ALL_TIME, Place, WatchSet


def why_not(at: Place, change: PriceChange, speaking: Language) -> str:
    """One sentence about a change that does not cross a place."""
    old, new = change.old, change.new

    def money(minor: int) -> str:
        return speaking.money(minor, change.currency)

    match at.set:
        case WatchSet.STOCK:
            key = "moved" if new is not None and old is not None else "went" if new is None else "came"
            return speaking.say(f"uncrossed.{key}")
        case _ if new is None:
            return speaking.say("uncrossed.no_price")
        case WatchSet.FALL:
            key = "above" if new > at.at else "at_or_below_already"
            return speaking.say(f"uncrossed.{key}", new=money(new), at=money(at.at), old=money(old or new))
        case WatchSet.RISE:
            key = "below" if new < at.at else "at_or_above_already"
            return speaking.say(f"uncrossed.{key}", new=money(new), at=money(at.at), old=money(old or new))
        case WatchSet.LOWS:
            if old is None and change.new_low:
                return speaking.say("uncrossed.first")
            if at.at == ALL_TIME:
                return speaking.say("uncrossed.not_lowest", new=money(new))
            days = speaking.number(change.lowest_for_days)
            return speaking.say("uncrossed.not_lowest_of", new=money(new), days=days, wanted=speaking.number(at.at))
        case WatchSet.MOVES:
            if old is None:
                return speaking.say("uncrossed.no_move")
            least = f"{speaking.number(-at.at / 100)}\u00a0%" if at.at < 0 else money(at.at)
            return speaking.say("uncrossed.small_move", move=money(abs(new - old)), least=least)
        case _:
            assert_never(at.set)

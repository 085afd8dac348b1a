"""The rule that turns places into a price, no price, or a refusal. Pure.

1. Only places of one way of buying count: the selected new offer; a used one where nothing new is sold.
2. Every visible place must say the same, and none may be garbled.
3. Two visible families, or one with a hidden or supporting witness of another family, make a price.
4. A form that would charge something else refuses. So does any hidden witness that contradicts a single visible family,
   and two that contradict two. The one exception is named by the page: a price "à vista no Pix" is lower than the
   card price that the hidden places hold.
5. A single place is never enough, however plain it looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pennywren.model.money import MAX_PRICE, MIN_PRICE
from pennywren.observe.page.place import Place, Row, Weight

_BINDING = frozenset({"form", "order"})
"""What would be charged: no other agreement outweighs it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """`price` and `currency`, or why not: `reason` is `no_price` where no place writes any."""

    price: int | None = None
    currency: str | None = None
    reason: str | None = None
    used: bool = False
    agreeing: list[Place] = field(default_factory=list[Place])


def decide(places: Sequence[Place], *, currencies: Sequence[str], selected: str = "", pix: bool = False) -> Decision:
    """Combine `places`. `selected` names the chosen accordion row, `pix` says that the page has a Pix price."""
    row, chosen = _choose(places, selected)
    visible = [p for p in chosen if p.weight is Weight.VISIBLE]
    if not visible:
        return Decision(reason="no_price")
    garbled = next((p for p in visible if not p.amounts), None)
    if garbled is not None:
        return Decision(reason=f"garbled: {garbled.where}")
    amounts = {amount for p in visible for amount in p.amounts}
    if len(amounts) != 1:
        return Decision(reason="places_disagree: " + ", ".join(sorted({p.where for p in visible})[:4]))
    price = amounts.pop()
    if price == 0:
        return Decision(reason="free", agreeing=visible)
    if not MIN_PRICE <= price <= MAX_PRICE:
        return Decision(reason="out_of_bounds")

    hidden = [p for p in chosen if p.weight is Weight.HIDDEN]
    refusal = _contradiction(price, visible, hidden, pix=pix)
    if refusal:
        return Decision(reason=refusal)
    agreeing = [p for p in chosen if price in p.amounts]
    named = {p.currency for p in visible if p.currency} or {p.currency for p in agreeing if p.currency}
    if len(named) != 1:
        return Decision(reason="currencies_disagree" if named else "no_currency")
    currency = named.pop()
    if currency not in currencies:
        return Decision(reason=f"foreign_currency: {currency}")
    if any(p.currency not in (None, currency) for p in hidden):
        return Decision(reason="currencies_disagree")
    if len({p.family for p in agreeing}) < 2:
        return Decision(reason=f"one_place_only: {visible[0].where}")
    return Decision(price, currency, None, row is Row.USED, agreeing)


def _choose(places: Sequence[Place], selected: str) -> tuple[Row, list[Place]]:
    """The places of one way of buying: new, else Prime's, else used."""
    for row in (Row.MAIN, Row.PRIME, Row.USED):
        own = [p for p in places if p.row is row]
        if not any(p.weight is Weight.VISIBLE for p in own):
            continue
        options = list(dict.fromkeys(p.option for p in own if p.option and p.weight is Weight.VISIBLE))
        if len(options) > 1:
            # Several offers side by side: the selected one is the buy box, else the first.
            option = selected if selected in options else options[0]
            own = [p for p in own if p.option in ("", option)]
        # What the page holds for no row in particular is about the main offer and has to fit any other.
        rest = [p for p in places if p.row is Row.MAIN and p.weight is not Weight.VISIBLE]
        return row, own if row is Row.MAIN else [*own, *rest]
    return Row.MAIN, []


def _contradiction(price: int, visible: Sequence[Place], hidden: Sequence[Place], *, pix: bool) -> str | None:
    dissent = [p for p in hidden if price not in p.amounts]
    if pix:
        dissent = [p for p in dissent if p.family in _BINDING or min(p.amounts, default=0) < price]
    binding = next((p for p in dissent if p.family in _BINDING), None)
    witness = binding or next(iter(dissent), None)
    if witness is None:
        return None
    allowed = 1 if len({p.family for p in visible}) > 1 else 0
    if binding is None and len({p.family for p in dissent}) <= allowed:
        return None
    return f"places_disagree: {visible[0].where}, {witness.where}"

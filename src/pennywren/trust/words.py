"""Each reason of a verdict, by its code, in a sentence for people."""

from typing import Final

from pennywren.trust.judge import Reason

WORDS: Final[dict[str, str]] = {
    Reason.FIRST: "nothing was known yet that it could contradict",
    Reason.PLAUSIBLE: "near enough to what was believed",
    Reason.NO_OFFER: "there was no such offer",
    Reason.SEEN_TWICE: "far from what was believed, but two crawls in a row saw it",
    Reason.TOO_GOOD: "less than a fifth of the believed price: a second crawl must see it, too",
    Reason.TOO_DEAR: "more than five times the believed price: a second crawl must see it, too",
    Reason.OUT_OF_BOUNDS: "not between 1 and 10^10 minor units",
    Reason.FOREIGN_CURRENCY: "in a currency that this marketplace does not use",
    Reason.OTHER_CURRENCY: "not in the currency of this product's history",
    Reason.CONFIRMS: "it says what is believed",
    Reason.NEAR: "a trusted reporter, and what is believed but for rounding",
    Reason.CORROBORATED: "a small move that nobody waited for, and enough independent reporters said the same",
    Reason.WORTH_A_CRAWL: "likely enough for what depends on it: a crawl was asked for",
    Reason.BEING_VERIFIED: "a crawl was on its way already, and answers this one, too",
    Reason.UNPROVEN: "not likely enough for what depends on it; the next who says the same makes it likelier",
    Reason.REFUTED: "a crawl had found this very price wrong lately",
    Reason.HUNDREDFOLD: "a hundred times the believed price or a hundredth of it: a misread decimal point",
    Reason.MEMBER_PRICE: "a price for members only",
    Reason.CONDITIONAL_PRICE: "a price with a coupon, or for a subscription",
    Reason.OTHER_COUNTRY: "delivered to another country than the marketplace's own",
    Reason.OTHER_VARIATION: "another variation than the product's own",
    Reason.UNKNOWN_PRODUCT: "no price of the product was known: the first one is one that a crawl of ours saw",
    "too_old": "it was seen more than an hour before it was reported",
    "future": "it was seen in the future: a clock is wrong",
    Reason.BLOCKED: "an operator has blocked the reporter",
}


def in_words(reason: str) -> str:
    """A reason's sentence; the code itself where a newer version wrote it."""
    return WORDS.get(reason, reason)

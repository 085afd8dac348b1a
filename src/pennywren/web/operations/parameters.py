"""What parameters mean, and what they may be: those in paths, and those that several operations share."""

from typing import Any, Final

from pennywren.language.catalogue import LANGUAGES
from pennywren.model.money import MAX_PRICE, MIN_PRICE

PARAMETERS: Final = {
    "product": "A product: `us:B08N5WRWNW`, a bare ASIN of the default marketplace, or an encoded product link.",
    "timestamp": "A moment: seconds since the epoch, or RFC 3339; what was in force then is meant.",
    "subscription": "The id of one of your subscriptions.",
    "token": "The token of the link in the mail, or of the feed.",
    "phone": "The id of one of your numbers.",
    "browser": "The id of one of your browsers.",
    "webhook": "The id of one of your webhooks.",
    "install": "The id of an install.",
    "session": "The id of one of your sessions.",
    "access_token": "The id of one of your access tokens.",
    "file": "The width in pixels: `160.webp`, `320.webp` or `640.webp`.",
    "slug": "The last part of a problem's `type`.",
}
"""Those in paths."""
EXAMPLES: Final = {
    "product": "us:B08N5WRWNW",
    "productID": "us:B08N5WRWNW",
    "subscription": "17",
    "slug": "plan-limit",
    "timestamp": "2026-11-25T10:40:00Z",
    "phone": "4",
    "browser": "5",
    "webhook": "6",
    "access_token": "3",
    "session": "9",
    "install": "0123456789abcdef",
    "file": "320.webp",
    "ids": "us:B08N5WRWNW,de:B000000001",
    "startTime": "2026-01-01",
    "endTime": "2026-11-26T00:00:00Z",
    "offer": "buybox",
    "interval": "day",
    "layout": "columns",
    "range": "6m",
    "theme": "dark",
    "language": "de",
    "width": "720",
    "height": "280",
    "zero": "1",
    "target": "1199",
    "threshold": "1299",
    "back": "/account",
}
"""What a parameter may be; a cursor is the `next` of an example. What is not here only we can give, such as a token."""
SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "offer": {"type": "string", "enum": ["buybox", "amazon", "new", "used"]},
    "threshold": {"type": "integer", "minimum": MIN_PRICE, "maximum": MAX_PRICE},
    "range": {"type": "string", "enum": ["1m", "3m", "6m", "1y", "all"]},
    "theme": {"type": "string", "enum": ["light", "dark"]},
    "language": {"type": "string", "enum": list(LANGUAGES)},
    "width": {"type": "integer", "minimum": 240, "maximum": 1600},
    "height": {"type": "integer", "minimum": 120, "maximum": 900},
    "target": {"type": "integer", "minimum": MIN_PRICE, "maximum": MAX_PRICE},
    "zero": {"type": "string", "enum": ["0", "1"]},
    "layout": {"type": "string", "enum": ["rows", "columns"]},
    "cursor": {"type": "string", "pattern": "^[a-z]+-[0-9a-f]{1,18}$"},
    "interval": {
        "type": "string",
        "enum": ["raw", "hour", "day", "week", "month", "daily", "weekly", "monthly"],
    },
}
"""Of parameters that are not just any text."""
REQUIRED: Final = ("ids", "threshold")
"""The query parameters that must be given."""
REPEATABLE: Final = ("ids",)
"""Those that may come several times."""

CURSOR: Final = "The `next` of the page before; left out for the first page."
OFFER: Final = "`buybox` (if left out), `amazon`, `new` or `used`."
LAYOUT: Final = (
    "`rows` (if left out): a point is an object; `columns`: points are a list for each of their fields, and times are "
    "milliseconds from one to the next."
)
HISTORY: Final = {
    "startTime": "Begin of the range: seconds since the epoch, or RFC 3339.",
    "endTime": "End of the range, likewise.",
    "offer": OFFER,
    "interval": "`raw`, `hour`, `day`, `week` or `month` (also `daily`, `weekly`, `monthly`); by the span if left out.",
}
PICTURE: Final = {
    "offer": OFFER,
    "range": "How far back: `1m`, `3m`, `6m`, `1y` (if left out) or `all`.",
    "theme": "`light` (if left out) or `dark`.",
    "language": "Of the words and numbers in the picture: `en` (if left out) or `de`.",
    "width": "Width in CSS pixels, 240 to 1600; 720 if left out. A PNG has twice as many pixels.",
    "height": "Height in CSS pixels, 120 to 900; 280 if left out.",
    "zero": "`1` to begin the axis of prices at zero; by default it shows what moved.",
    "target": "A price in minor units that is drawn as a line of its own.",
}

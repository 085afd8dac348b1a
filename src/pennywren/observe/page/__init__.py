"""The page reader: what a saved shop page shows. See `read.py` for the order of things, one module per layout family.

`core_price`, `legacy`, `books_media`, `ebook`, `structured` and `support` select places; `agree` alone decides.
"""

from pennywren.observe.page.read import read_page
from pennywren.observe.page.reading import MAX_BYTES, Availability, Evidence, Kind, OfferReading, PageReading, Seller

__all__ = ["MAX_BYTES", "Availability", "Evidence", "Kind", "OfferReading", "PageReading", "Seller", "read_page"]

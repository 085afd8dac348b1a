"""The real price histories beside the checkout: read from there, never copied into the project."""

import gzip
import os
from pathlib import Path
from typing import Final

import pytest

from pennywren.history.sources.files import parse_histories
from pennywren.history.sources.found import Found

SHARED: Final = Path(os.environ.get("PENNYWREN_SHARED") or Path(__file__).parents[4] / "shared")
KEEPA_FILES: Final = ("keepa_raw_B08HR6ZBYJ_rtx3090.json.gz", "keepa_raw_2_products_full_history.json.gz")
PICKNPAY: Final = "picknpay_weekly_2025-07_2026-02.csv.gz"


def shared_file(name: str) -> bytes:
    """The file as it is; without it the test is skipped, and fails where CI is set."""
    path = SHARED / "prices" / name
    if not path.is_file():
        message = f"no {path}: PENNYWREN_SHARED says where the shared data is"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path.read_bytes()


def real_histories(name: str) -> Found:
    """A Keepa file, read."""
    return parse_histories(shared_file(name))


def picknpay_as_products(count: int) -> bytes:
    """The weekly supermarket prices as an importable file: the first `count` names, each under an ASIN of its own."""
    header, *lines = gzip.decompress(shared_file(PICKNPAY)).decode().splitlines()
    assert header.startswith("date,product,price_zar")
    asins: dict[str, str] = {}
    out = ["date,product,price_zar"]
    for line in lines:
        if '"' in line:
            continue
        date, name, price, *_ = line.split(",")
        if name not in asins and len(asins) == count:
            continue
        asin = asins.setdefault(name, f"B{len(asins):09d}")
        out.append(f"{date},za:{asin},{price}")
    return "\n".join(out).encode()

"""The real robots.txt files of marketplaces allow product pages, to us."""

import os
from pathlib import Path

import pytest
from protego import Protego

from pennywren.model.product import ProductID
from pennywren.observe.hosts import Hosts
from pennywren.observe.robots import Rules
from pennywren.settings import Settings

SHARED = Path(os.environ.get("PENNYWREN_SHARED", "../shared")) / "robots"


@pytest.mark.parametrize("name", ["www.amazon.com", "www.amazon.com.recent", "www.amazon.co.uk", "www.amazon.ca"])
def test_product_pages_are_allowed_and_offer_listings_are_not(name: str) -> None:
    path = SHARED / f"{name}.robots.txt"
    if not path.is_file():
        if os.environ.get("CI"):
            pytest.fail(f"{path} is missing")
        pytest.skip(f"{path} is missing: set PENNYWREN_SHARED")
    settings = Settings()
    rules = Rules(reachable=True, parsed=Protego.parse(path.read_text(encoding="utf-8")))
    address = Hosts.of(settings).page(ProductID("us", "B08N5WRWNW"))
    assert rules.allows(address, settings.user_agent)
    assert not rules.parsed.can_fetch("https://www.amazon.com/gp/cart", settings.user_agent)
    assert not Rules(reachable=False, parsed=rules.parsed).allows(address, settings.user_agent)

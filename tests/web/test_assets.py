"""The client's files as a browser gets them."""

import re

import httpx

from pennywren.web.rendering.assets import BUILD


async def test_a_page_names_the_script_and_it_may_be_kept_for_good(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/")
    found = re.search(r'<script type="module" src="(/static/build/[^"]+)"></script>', page.text)
    assert found, "the client is not built: make install"
    script = await browser.get(found[1])

    assert script.status_code == 200
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]


async def test_a_file_travels_packed_to_who_can_unpack_it(anonymous: httpx.AsyncClient) -> None:
    address = BUILD.address("client") or ""
    packed = await anonymous.get(address, headers={"accept-encoding": "gzip"})
    plain = await anonymous.get(address, headers={"accept-encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content


async def test_a_file_of_another_version_is_not_found(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get("/static/build/client-00000000.js")).status_code == 404
    assert (await anonymous.get("/static/build/manifest.json")).status_code == 404

"""The pages of those who run the installation; to everybody else there is nothing there."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from pennywren.accounts import admins
from pennywren.accounts.installs import make_install
from pennywren.errors import NotFound
from pennywren.observe.page.reading import PageReading
from pennywren.pipeline import drifting
from pennywren.postgres.pool import transaction
from pennywren.store.swaps import NOTHING, swap_all
from pennywren.trust.memory import reputation_swap
from pennywren.trust.reputation import Reputation
from pennywren.web.site.admin import ADMIN_PAGES
from tests.web.site import HTML, JSON, PRODUCT, Site
from tests.web.test_account_pages import text_of


@pytest.fixture
async def admin(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of somebody who runs the installation."""
    async with await site.admin_of("admin@example.com") as client:
        yield client


async def test_to_a_stranger_there_are_no_such_pages(stranger: httpx.AsyncClient) -> None:
    for _, path in ADMIN_PAGES:
        missing = (await stranger.get(path)).json()
        assert missing["type"] == "/problems/not-found"
        assert "admin" not in missing["detail"].lower()


async def test_whoever_is_admin_no_more_is_a_stranger_at_once(site: Site, admin: httpx.AsyncClient) -> None:
    assert (await admin.get("/admin")).status_code == 200
    async with transaction(site.resources.pool) as connection:
        assert await admins.revoke(connection, "ADMIN@example.com", who="a test")
    assert (await admin.get("/admin")).status_code == 404


async def test_an_access_token_opens_no_admin_page(site: Site, admin: httpx.AsyncClient) -> None:
    form = {"name": "All", "scopes": ["products:read", "account:read", "account:write"], "days": "30"}
    page = await admin.post("/account/connections/tokens", data=form)
    [token] = re.findall(r'<pre class="secret"[^>]*>([^<]+)</pre>', page.text)
    async with site.client(token=token) as program:
        assert (await program.get("/admin")).status_code == 403


async def test_the_overview_counts_what_is_there(admin: httpx.AsyncClient, owner: httpx.AsyncClient) -> None:
    wish = {"productID": str(PRODUCT), "threshold": 1000, "notificationType": "EMAIL"}
    await owner.post("/subscriptions", json=wish)
    page = text_of(await admin.get("/admin"))

    assert "People 2 " in page
    assert "Active watches 1 " in page
    assert "admin@example.com" in page
    assert "owner@example.com" not in page


async def test_a_reporter_is_looked_up_blocked_and_listened_to_again(site: Site, admin: httpx.AsyncClient) -> None:
    resources = site.resources
    install, _ = await make_install(resources.store.raw, resources.pool, "198.51.100.1", site.clock())
    spoken = reputation_swap(install.id, NOTHING, Reputation().spoke(True, site.clock()))
    await swap_all(resources.store.raw, [spoken], site.clock())
    assert "Listened to." in text_of(await admin.get(f"/admin/reporters?id={install.id}"))

    done = await admin.post(
        "/admin/reporters", data={"subject": install.id, "because": "invents <prices>", "action": "block"}
    )
    page = await admin.get(done.headers["location"])
    assert "Blocked. What it said is forgotten." in text_of(page)
    assert "invents &lt;prices&gt;" in page.text
    assert "Blocked." in text_of(await admin.get(f"/admin/reporters?id={install.id}"))
    again = await admin.post(
        "/admin/reporters", data={"subject": install.id, "because": "invents prices", "action": "block"}
    )
    assert again.headers["location"].endswith("said=same")
    await admin.post("/admin/reporters", data={"subject": install.id, "because": "sorry", "action": "unblock"})
    assert "Listened to." in text_of(await admin.get(f"/admin/reporters?id={install.id}"))


@pytest.mark.parametrize(
    ("change", "says"),
    [({"because": ""}, "say why"), ({"subject": "10.0.0.0/8"}, "one /24 at a time"), ({"action": "maybe"}, "action")],
)
async def test_a_block_that_cannot_be_is_refused_in_words(
    admin: httpx.AsyncClient, change: dict[str, str], says: str
) -> None:
    form = {"subject": "192.0.2.0/24", "because": "a farm", "action": "block", **change}
    answer = await admin.post("/admin/reporters", data=form)

    assert (answer.status_code, says in answer.text) == (400, True)


async def test_a_page_that_could_not_be_read_is_shown_as_text(site: Site, admin: httpx.AsyncClient) -> None:
    html = b"<html><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m</pre></html>"
    reading = PageReading(kind="unreadable", reason="no price that places agree on")
    await drifting.note_page(site.resources.client, PRODUCT, reading, html, site.clock())
    listed = await admin.get("/admin/unreadable")
    [path] = re.findall(r'href="(/admin/unreadable/[^"]+)"', listed.text)
    page = await admin.get(path)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.headers["cache-control"] == "private, no-store"
    assert "<script>alert" not in page.text
    assert "&lt;img src=x onerror=alert(2)&gt;" in page.text
    assert "\x1b" not in page.text
    assert "no price that places agree on" in text_of(page)

    for number in ("2", "0", "x"):
        assert (await admin.get(path[:-1] + number)).status_code == 404


async def test_crawling_is_shown_with_each_egress(site: Site, admin: httpx.AsyncClient) -> None:
    await site.record(1999)

    assert "Being looked at now" in text_of(await admin.get("/admin/egresses"))


async def test_a_person_is_found_by_exactly_their_address_and_put_on_another_plan(
    site: Site, admin: httpx.AsyncClient, owner: httpx.AsyncClient
) -> None:
    assert (await admin.get("/admin/plans?email=owner@example")).status_code == 404
    page = await admin.get("/admin/plans?email=OWNER@example.com")
    [path] = re.findall(r'action="(/admin/plans/\d+)\?email=[^"]+"', page.text)
    done = await admin.post(path, data={"plan": "plus", "because": "she pays"})
    assert "The plan is another one now." in text_of(await admin.get(done.headers["location"]))
    assert (await owner.get("/account/data.json")).json()["person"]["plan"] == "plus"
    assert (await admin.post(path, data={"plan": "plus", "because": "again"})).headers["location"].endswith("same")
    assert (await admin.post(path, data={"plan": "gold", "because": "why not"})).status_code == 400
    assert (await admin.post("/admin/plans/999999", data={"plan": "free", "because": "nobody"})).status_code == 404


async def test_the_trail_says_who_did_what_and_why_and_names_nobody(site: Site, admin: httpx.AsyncClient) -> None:
    async with transaction(site.resources.pool) as connection:
        me = await admins.find_person(connection, "admin@example.com")
        await admins.change_plan(connection, me.id, "plus", who=f"person {me.id}", because="she pays")
    await admin.post("/admin/reporters", data={"subject": "192.0.2.9", "because": "a farm", "action": "block"})
    trail = await admin.get("/admin/trail")

    words = text_of(trail)
    assert "Block 192.0.2.0/24 a farm" in words
    assert f"Other plan person {me.id} she pays" in words
    assert f"by person {me.id} · free -> plus" in words
    assert "Made an admin" in words
    assert "@" not in re.sub(r"<[^>]*>", "", trail.text)


async def test_only_an_admin_is_led_there(site: Site, admin: httpx.AsyncClient) -> None:
    assert 'href="/admin"' in (await admin.get("/account")).text
    async with await site.browser_of("eve@example.com") as eve:
        assert "/admin" not in (await eve.get("/account")).text


async def test_an_admin_who_leaves_is_none(site: Site, admin: httpx.AsyncClient) -> None:
    await admin.post("/account/delete", headers=HTML)
    async with transaction(site.resources.pool) as connection:
        assert await admins.list_all(connection) == []
        with pytest.raises(NotFound):
            await admins.find_person(connection, "admin@example.com")


async def test_programs_are_told_what_is_wrong_in_json(admin: httpx.AsyncClient) -> None:
    answer = await admin.get("/admin/plans?email=nobody@example.com", headers=JSON)

    assert (answer.status_code, answer.json()["detail"]) == (404, "Nobody here has this address.")


async def test_an_address_that_nobody_has_can_be_typed_again(admin: httpx.AsyncClient) -> None:
    answer = await admin.get("/admin/plans?email=nobody@example.com")

    assert answer.status_code == 404
    assert "Nobody here has this address." in answer.text
    assert 'value="nobody@example.com"' in answer.text
    assert "Product link or ASIN" not in answer.text

"""The pages of an account, used as a browser without scripts uses them."""

import re
from collections.abc import AsyncIterator
from html import unescape

import httpx
import pytest

from pennywren.accounts import phones
from pennywren.accounts.people import find_or_add
from pennywren.model.clock import DAY, rfc3339
from pennywren.model.product import ProductID
from pennywren.notify import decisions, suppressed
from pennywren.notify.decisions import Reason
from pennywren.postgres.pool import transaction
from pennywren.web.watch.watch_rows import PAGE
from tests.web.site import JSON, PRODUCT, Site

OTHER = ProductID("us", "B000000002")


@pytest.fixture
async def ada(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of somebody who is signed in."""
    async with await site.browser_of("ada@example.com") as client:
        yield client


async def watch(client: httpx.AsyncClient, product: ProductID = PRODUCT, **wish: object) -> int:
    """A watch with a target of 10.00, unless it is another wish; its id."""
    body = {
        "productID": str(product),
        "notificationType": "EMAIL",
        **({"threshold": 1000} if "rule" not in wish else {}),
    }
    answer = await client.post("/subscriptions", json={**body, **wish}, headers=JSON)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def read(client: httpx.AsyncClient, id_: int) -> dict[str, object]:
    return (await client.get(f"/subscriptions/{id_}", headers=JSON)).json()


def text_of(page: httpx.Response) -> str:
    assert page.status_code == 200, page.text
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page.text)).split())


async def test_the_list_tells_how_each_watch_stands(site: Site, ada: httpx.AsyncClient) -> None:
    await site.record(1300, at=site.clock() - 9 * DAY)
    await site.record(1250)
    id_ = await watch(ada)
    await watch(ada, rule={"kind": "drop", "percent": 10})
    async with transaction(site.resources.pool) as connection:
        await decisions.remember(connection, id_, "change", Reason.COOLING_DOWN, site.clock())
    page = text_of(await ada.get("/account"))

    assert "Now $12.50 , $2.50 (20%) above your target." in page
    assert "You are told when the price is 10% below the price when you began to watch (at $11.25 or less)." in page
    assert "the last mail was too short a time ago" in page
    assert (await ada.get("/account")).text.count('class="spark"') == 2


async def test_the_list_is_sorted_and_filtered_as_asked(site: Site, ada: httpx.AsyncClient) -> None:
    await site.record(1250, title="Zebra")
    await site.record(1010, product=OTHER, title="aardvark")
    far, near = await watch(ada), await watch(ada, OTHER)
    await ada.post(f"/account/subscriptions/{far}/quiet", data={"action": "pause"})

    async def order(query: str) -> list[int]:
        return [int(id_) for id_ in re.findall(r'id="watch-(\d+)"', (await ada.get(f"/account?{query}")).text)]

    assert await order("") == [near, far]
    assert await order("sort=distance") == [near, far]
    assert await order("sort=name") == [near, far]
    assert await order("show=paused") == [far]
    assert await order("show=over") == []
    assert await order("sort=nonsense&show=nonsense&page=99") == [near, far]


async def test_many_watches_have_pages(site: Site, ada: httpx.AsyncClient) -> None:
    for i in range(PAGE + 1):
        await watch(ada, ProductID("us", f"B{i:09}"))
    first, second = await ada.get("/account"), await ada.get("/account?page=2")

    assert (first.text.count('class="card watch-line"'), second.text.count('class="card watch-line"')) == (PAGE, 1)
    assert 'rel="next"' in first.text
    assert 'rel="prev"' in second.text


@pytest.mark.parametrize(
    ("form", "rule"),
    [
        ({"kind": "priceAtOrBelow", "below": "9,99"}, {"kind": "priceAtOrBelow", "threshold": 999}),
        ({"kind": "priceAtOrAbove", "above": "20"}, {"kind": "priceAtOrAbove", "threshold": 2000}),
        (
            {"kind": "drop", "drop": "5", "dropUnit": "USD", "dropBase": "median90Days"},
            {"kind": "drop", "base": "median90Days", "percent": None, "amount": 500},
        ),
        ({"kind": "lowestInDays", "days": "30"}, {"kind": "lowestInDays", "days": 30}),
        ({"kind": "backInStock", "below": "not looked at"}, {"kind": "backInStock"}),
    ],
)
async def test_what_a_watch_waits_for_changes_on_its_page(
    site: Site, ada: httpx.AsyncClient, form: dict[str, str], rule: dict[str, object]
) -> None:
    await site.record(1250)
    id_ = await watch(ada)
    answer = await ada.post(f"/account/subscriptions/{id_}/rule", data=form)

    assert answer.headers["location"] == f"/subscriptions/{id_}?done=saved"
    assert (await read(ada, id_))["rule"] == rule
    assert "Saved." in text_of(await ada.get(answer.headers["location"]))


async def test_any_price_of_a_product_is_watched_by_any_rule_on_a_page(site: Site, ada: httpx.AsyncClient) -> None:
    await site.record(2000)
    assert f'href="/account/watch?product={PRODUCT}"' in (await ada.get(f"/products/{PRODUCT}")).text
    assert 'value="18.00"' in (await ada.get(f"/account/watch?product={PRODUCT}")).text
    form = {
        "product": str(PRODUCT),
        "offer": "used",
        "kind": "lowestInDays",
        "days": "60",
        "notificationType": "PREFERRED",
    }
    made = await ada.post("/account/watch", data=form)
    found = await read(ada, int(re.findall(r"/subscriptions/(\d+)", made.headers["location"])[0]))

    assert (found["offer"], found["rule"]) == ("used", {"kind": "lowestInDays", "days": 60})
    assert found["notificationType"] == "PREFERRED"
    assert (await ada.post("/account/watch", data=form)).status_code == 409
    assert (await ada.post("/account/watch", data={**form, "days": "0", "offer": "new"})).status_code == 400


async def test_a_rule_that_cannot_be_is_refused_in_words(ada: httpx.AsyncClient) -> None:
    id_ = await watch(ada)
    for form, word in (
        ({"kind": "priceAtOrBelow", "below": "cheap"}, "is not an amount"),
        ({"kind": "drop", "drop": "150"}, "less than 100 percent"),
        ({"kind": "anyChange", "move": ""}, "A percentage is a number"),
        ({"kind": "sometimes"}, "This does not fit here"),
    ):
        answer = await ada.post(f"/account/subscriptions/{id_}/rule", data=form)
        assert answer.status_code == 400
        assert word in answer.text


async def test_how_a_watch_tells_changes_on_its_page(site: Site, ada: httpx.AsyncClient) -> None:
    id_ = await watch(ada, rearmAfter=12345)
    assert 'value="12345" selected' in (await ada.get(f"/subscriptions/{id_}")).text
    path = f"/account/subscriptions/{id_}/terms"
    day = rfc3339(site.clock() + 5 * DAY)[:10]
    await ada.post(path, data={"notificationType": "PREFERRED", "rearmAfter": "86400", "once": "yes", "expires": day})
    changed = await read(ada, id_)
    assert {name: changed[name] for name in ("notificationType", "rearmAfter", "once")} == {
        "notificationType": "PREFERRED", "rearmAfter": 86400, "once": True,
    }  # fmt: skip
    assert f'value="{day}"' in (await ada.get(f"/subscriptions/{id_}")).text

    await ada.post(path, data={"notificationType": "PREFERRED", "rearmAfter": "", "expires": ""})
    changed = await read(ada, id_)
    assert (changed["rearmAfter"], changed["once"], changed["expiresTime"]) == (None, False, None)

    refused = await ada.post(path, data={"notificationType": "SMS"})
    assert (refused.status_code, "verify a phone number" in refused.text) == (400, True)
    for wrong in ({"rearmAfter": "soon"}, {"expires": "some day"}, {"expires": "2020-01-01"}):
        answer = await ada.post(path, data={"notificationType": "EMAIL", **wrong})
        assert answer.status_code == 400, wrong


async def test_a_watch_sleeps_pauses_and_goes_on(ada: httpx.AsyncClient) -> None:
    id_ = await watch(ada)
    path = f"/account/subscriptions/{id_}/quiet"
    await ada.post(path, data={"action": "week"})
    assert (await read(ada, id_))["snoozedUntil"] is not None
    assert "sleeping until" in text_of(await ada.get(f"/subscriptions/{id_}"))

    await ada.post(path, data={"action": "resume"})
    assert (await read(ada, id_))["snoozedUntil"] is None
    await ada.post(path, data={"action": "pause"})
    assert (await read(ada, id_))["state"] == "paused"
    assert "paused" in text_of(await ada.get("/account"))
    assert (await ada.post(path, data={"action": "until", "until": "2020-01-01"})).status_code == 400


async def test_the_page_tells_why_nothing_was_told(site: Site, ada: httpx.AsyncClient) -> None:
    await site.record(1500)
    id_ = await watch(ada)
    await site.record(1400)

    assert "That is not what the watch waits for." in text_of(await ada.get(f"/subscriptions/{id_}"))


async def test_several_watches_change_at_once(site: Site, ada: httpx.AsyncClient) -> None:
    await site.record(2000)
    await site.record(3000, product=OTHER)
    first, second = await watch(ada), await watch(ada, OTHER, rule={"kind": "allTimeLow"})
    both = {"id": [first, second]}

    answer = await ada.post("/account/subscriptions", data={**both, "action": "target", "percent": "-5"})
    assert answer.headers["location"] == "/account?done=1&left=1"
    assert "One watch was changed. One was left as it is" in text_of(await ada.get(answer.headers["location"]))
    assert (await read(ada, first))["threshold"] == 950
    await ada.post("/account/subscriptions", data={**both, "action": "target", "percent": "-10", "of": "price"})
    assert (await read(ada, first))["threshold"] == 1800

    await ada.post("/account/subscriptions", data={**both, "action": "pause"})
    assert [(await read(ada, id_))["state"] for id_ in (first, second)] == ["paused", "paused"]
    await ada.post("/account/subscriptions", data={**both, "action": "resume"})
    await ada.post("/account/subscriptions", data={**both, "action": "channel", "notificationType": "PREFERRED"})
    assert [(await read(ada, id_))["notificationType"] for id_ in (first, second)] == ["PREFERRED", "PREFERRED"]
    await ada.post("/account/subscriptions", data={**both, "action": "delete"})
    assert "You watch nothing yet" in text_of(await ada.get("/account"))


async def test_a_change_of_several_says_what_is_missing(ada: httpx.AsyncClient) -> None:
    id_ = await watch(ada)
    nothing = await ada.post("/account/subscriptions", data={"action": "pause"})
    assert (nothing.status_code, "Tick at least one" in nothing.text) == (400, True)
    number = await ada.post("/account/subscriptions", data={"action": "target", "id": [id_], "percent": "lots"})
    assert (number.status_code, "from -99 to 1000" in number.text) == (400, True)
    phone = await ada.post("/account/subscriptions", data={"action": "channel", "id": [id_], "notificationType": "SMS"})
    assert phone.status_code == 400


async def test_several_watches_of_somebody_else_stay_as_they_are(site: Site, ada: httpx.AsyncClient) -> None:
    id_ = await watch(ada)
    async with await site.browser_of("eve@example.com") as eve:
        for action in ("pause", "delete", "target", "channel"):
            form = {"action": action, "id": [id_], "percent": "-50", "notificationType": "PREFERRED"}
            answer = await eve.post("/account/subscriptions", data=form)
            assert answer.headers["location"] == "/account?done=0&left=1"

    changed = await read(ada, id_)
    assert (changed["state"], changed["threshold"], changed["notificationType"]) == ("active", 1000, "EMAIL")


async def test_a_channel_can_be_changed_over_json_once_it_has_an_address(site: Site, owner: httpx.AsyncClient) -> None:
    id_ = await watch(owner)
    refused = await owner.patch(f"/subscriptions/{id_}", json={"notificationType": "SMS"})
    assert (refused.status_code, "verify a phone number" in refused.json()["detail"]) == (400, True)
    async with transaction(site.resources.pool) as connection:
        person = await find_or_add(connection, "owner@example.com")
        phone, code = await phones.add(connection, person.id, "+436601234567", site.clock())
        await phones.confirm(connection, person.id, phone.id, code, site.clock())
    assert (await owner.patch(f"/subscriptions/{id_}", json={"notificationType": "SMS"})).json()[
        "notificationType"
    ] == "SMS"

    await watch(owner)
    conflict = await owner.patch(f"/subscriptions/{id_}", json={"notificationType": "EMAIL"})
    assert (conflict.status_code, "change that one instead" in conflict.json()["detail"]) == (409, True)


async def test_an_address_without_mails_is_told_where_watches_are(site: Site, ada: httpx.AsyncClient) -> None:
    async with transaction(site.resources.pool) as connection:
        await suppressed.suppress(connection, "email", "ada@example.com", "bounced")

    assert "Mails to your address are switched off" in text_of(await ada.get("/account"))


async def test_the_pages_speak_german_too(site: Site, ada: httpx.AsyncClient) -> None:
    await site.record(1250)
    id_ = await watch(ada, rule={"kind": "lowestInDays", "days": 30})
    ada.headers["accept-language"] = "de"
    page = await ada.get(f"/subscriptions/{id_}")

    assert 'lang="de"' in page.text
    assert "der niedrigste von 30 Tagen" in text_of(page)

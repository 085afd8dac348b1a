"""No page in German has a sentence in English: every page is asked for, and held against the English catalogue."""

import re

from selectolax.lexbor import LexborHTMLParser

from pennywren.accounts.links import QUIET_WATCH, STOP_MAILS, UNSUBSCRIBE
from pennywren.language.catalogue import catalogue, forms_of
from pennywren.model.clock import rfc3339
from tests.web.site import PRODUCT, Site
from tests.web.test_ownership import own_addresses

GERMAN = {"accept-language": "de"}
SHORTEST = 12
"""Letters of a sentence that can only be English: shorter ones may be names."""
LANGUAGE_OF_ITS_OWN = "body [lang=en], code, pre, .mono, script, style, option"
"""What says itself that it is in another language, or is in none."""


def _english() -> dict[str, re.Pattern[str]]:
    """Sentences of the English catalogue that the German one does not have, as what they look like on a page."""
    english, german = catalogue("en"), catalogue("de")
    found: dict[str, re.Pattern[str]] = {}
    for key, said in english.items():
        for text in forms_of(said):
            plain = re.sub(r"<[^>]+>", "", text)
            if len(re.sub(r"\{\w*\}|\W", "", plain)) >= SHORTEST and text not in forms_of(german[key]):
                parts = [re.escape(part) for part in re.split(r"\{\w*\}", plain)]
                found[key] = re.compile(r"(?<!\w)" + ".{1,80}?".join(parts) + r"(?!\w)")
    return found


def _text(page: str) -> str:
    document = LexborHTMLParser(page)
    for node in document.css(LANGUAGE_OF_ITS_OWN):
        node.decompose()
    labels = [
        node.attributes.get(name) or ""
        for name in ("aria-label", "placeholder", "alt", "title", "content")
        for node in document.css(f"[{name}]")
    ]
    assert document.body is not None
    return " ".join([document.body.text(separator=" "), *labels])


async def test_no_page_says_anything_in_english(site: Site) -> None:
    at = site.clock()
    for days, price in ((40, 2999), (20, 1999), (1, None), (0, 2499)):
        await site.record(price, at=at - days * 86_400_000, title="Wasserkocher")
    async with await site.person("owner@example.com") as owner:
        wish = {"productID": str(PRODUCT), "threshold": 1000, "notificationType": "EMAIL"}
        watch = (await owner.post("/subscriptions", json=wish)).json()["id"]
    await own_addresses(site, "owner@example.com")
    key = site.resources.unsubscribe_key
    open_pages = [
        "/", "/about", "/privacy", "/developers", "/status", "/sign-in", "/sign-in/abc", "/mailbox",
        f"/products/{PRODUCT}",
        f"/products/{PRODUCT}/points/{rfc3339(at)}/proof", f"/products/{PRODUCT}/points/2019-01-01T00:00:00Z/proof",
        "/products/us:B0NOTTHERE", "/products/nonsense", "/nothing/here", "/problems/plan-limit", "/problems/none",
        "/begin/abc", "/pair/abc", "/unsubscribe/abc", "/account", "/feeds/abc", "/static/none", "/metrics",
        f"/unsubscribe/{UNSUBSCRIBE.sign(key, watch)}", f"/watch/{QUIET_WATCH.sign(key, watch)}",
        f"/stop-mails/{STOP_MAILS.sign(key, 1)}",
    ]  # fmt: skip
    own_pages = [
        "/account", f"/subscriptions/{watch}", f"/account/watch?product={PRODUCT}", "/account/bought",
        "/account/import",
        "/account/preferences", "/account/channels", "/account/connections", "/account/connections?code=BCDF-GHJK",
        "/account/deliveries", "/account/data", "/account/delete", "/subscriptions/999", f"/products/{PRODUCT}",
    ]  # fmt: skip
    admin_pages = [
        "/admin", "/admin/reporters", "/admin/reporters?id=10.0.0.0/8", "/admin/egresses", "/admin/unreadable",
        "/admin/plans?email=owner@example.com", "/admin/plans?email=nobody@example.com", "/admin/trail",
    ]  # fmt: skip
    sent = [
        ("/products", {"product": "x"}), ("/products/list", {"links": str(PRODUCT)}),
        ("/products/list", {"links": "-"}),
        (f"/products/{PRODUCT}/watch", {"amount": "x", "email": "a@example.com"}), ("/sign-in", {"email": "x"}),
        (f"/products/{PRODUCT}/watch", {"amount": "5", "email": "a@example.com"}),
        ("/sign-in", {"email": "a@example.com"}),
        (f"/products/{PRODUCT}/price", {"amount": "24.99"}), (f"/products/{PRODUCT}/price", {"amount": "0.01"}),
    ]  # fmt: skip
    own_sent = [
        ("/account/import", {"list": "asin,target\nB0,1\nB000000001,-\nB000000001,5\n"}),
        ("/account/import/watch", {"row": "{}", "target": "", "take": "0"}),
        ("/account/subscriptions", {"action": "pause"}),
        ("/account/connections/tokens", {"name": "Mein", "scopes": "watches:read"}),
        ("/account/webhooks", {"url": "https://hook.example/"}), ("/account/webhooks", {"url": "nirgends"}),
    ]  # fmt: skip
    english, wrong = _english(), list[str]()
    async with (
        site.client() as visitor,
        await site.browser_of("owner@example.com") as owner,
        await site.admin_of("admin@example.com") as admin,
    ):
        visitor.headers.update(owner.headers)
        for browser, paths, forms in (
            (visitor, open_pages, sent),
            (owner, own_pages, own_sent),
            (admin, admin_pages, []),
        ):
            browser.headers.update(GERMAN)
            answers = [await browser.get(path) for path in paths]
            answers += [await browser.post(path, data=fields) for path, fields in forms]
            for answer in answers:
                assert answer.headers.get("content-language") == "de" or answer.status_code < 400, answer.url
                text = _text(answer.text)
                wrong += [
                    f"{answer.request.method} {answer.url}: {key}" for key, one in english.items() if one.search(text)
                ]

        english_page = _text((await visitor.get("/about", headers={"accept-language": "en"})).text)

    assert wrong == []
    assert "about.price_text" in [key for key, sentence in english.items() if sentence.search(english_page)]


async def test_amounts_in_fields_have_the_comma_of_a_german_reader(site: Site) -> None:
    await site.record(2499)
    async with await site.browser_of("owner@example.com") as owner:
        owner.headers.update(GERMAN)
        product = await owner.get(f"/products/{PRODUCT}")
        again = await owner.get(f"/account/bought?product={PRODUCT}")
        made = await owner.post(f"/products/{PRODUCT}/watch", data={"amount": "22,49"})
        held = await owner.get("/account")

    assert 'placeholder="22,49"' in product.text
    assert 'value="24,99"' in again.text
    assert made.status_code == 303
    assert 'value="22,49"' in held.text

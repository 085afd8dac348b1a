"""A form that cannot be carried out is shown again: what was typed is there, and what is wrong says so beside it."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import httpx
from selectolax.lexbor import LexborHTMLParser, LexborNode

from tests.web.site import HTML, JSON, PRODUCT, Site
from tests.web.test_ownership import own_addresses

TEMPLATES = Path(__file__).parents[2] / "src" / "pennywren" / "web" / "templates"
LONG = "x" * 31


@dataclass(frozen=True)
class Case:
    """A form, what is typed into it, and the field that is told to be wrong; None for the form as a whole."""

    action: str
    typed: dict[str, str]
    wrong: str | None
    says: str
    status: int = 400
    signed_in: bool = True


CASES = [
    Case("/products", {"product": "a kettle"}, "product", "is not a product", signed_in=False),
    Case("/products/list", {"links": "nothing\nat all"}, "links", "no product link", signed_in=False),
    Case("/sign-in", {"email": "grace"}, "email", "name@example.com", signed_in=False),
    Case("/products/{product}/price", {"amount": "cheap"}, "amount", "not an amount", signed_in=False),
    Case("/products/{product}/watch", {"amount": "1.234", "email": "g@x.at"}, "amount", "digits", signed_in=False),
    Case("/products/{product}/watch", {"amount": "12"}, "email", "where to write", status=401, signed_in=False),
    Case("/products/{product}/watch", {"amount": LONG}, "amount", "does not fit here"),
    Case("/account/subscriptions/{subscription}", {"amount": "free"}, "amount", "not an amount"),
    Case("/account/subscriptions", {"action": "target", "percent": "much", "of": "price"}, None, "Tick at least one"),
    Case(
        "/account/subscriptions", {"action": "target", "percent": "much", "of": "price", "id": "{subscription}"},
        "percent", "A percentage is",
    ),
    Case("/account/subscriptions/{subscription}/rule", {"kind": "rise", "rise": "a"}, "rise", "percentage"),
    Case("/account/subscriptions/{subscription}/rule", {"kind": "lowestInDays", "days": "0"}, "days", "whole number"),
    Case(
        "/account/subscriptions/{subscription}/terms", {"notificationType": "EMAIL", "once": "yes", "expires": "soon"},
        "expires", "not a day",
    ),
    Case("/account/subscriptions/{subscription}/quiet", {"action": "until", "until": "later"}, "until", "not a day"),
    Case("/account/watch", {"product": "{product}", "kind": "rise", "rise": "0"}, "rise", "A percentage is"),
    Case(
        "/account/bought", {"product": "us:B000000001", "paid": "much", "bought": "2020-01-01", "until": "2031-01-01"},
        "paid", "not an amount",
    ),
    Case(
        "/account/bought", {"product": "us:B000000001", "paid": "10", "bought": "2020-01-01", "until": "2019-01-01"},
        "until", "must not lie before",
    ),
    Case("/account/import", {"list": "a,b\nc,d"}, "list", "no product link"),
    Case("/account/import/watch", {"row": "{row}", "target": "12"}, None, "Tick at least one product"),
    Case("/account/preferences", {"timeZone": "Nowhere", "digest": "daily"}, "timeZone", "time zone"),
    Case("/account/preferences", {"timeZone": "UTC", "quietFrom": "22:00"}, "quietTo", "fill in both"),
    Case("/account/preferences", {"timeZone": "UTC", "weeklyBudget": "few"}, "weeklyBudget", "whole number"),
    Case("/account/phones/{phone}/confirm", {"code": "999999"}, "code", "not the code"),
    Case("/account/phones", {"number": "0660 1234567"}, None, "SMS is not set up"),
    Case("/account/webhooks", {"url": "http://hook.example/"}, "url", "begins with https"),
    Case("/account/connections/tokens", {"name": "Mine", "days": "30"}, None, "one scope at least"),
    Case("/account/connections/tokens", {"name": " ", "scopes": "watches:read", "days": ""}, "name", "a name of 1"),
    Case("/account/connections", {"code": "BCDF-GHJK"}, "code", "ask for another one", status=404),
    Case("/installs/pair", {"token": "of nobody"}, "token", "No install", status=404),
    Case("/admin/reporters", {"subject": "10.0.0.0/8", "because": "noise", "action": "block"}, "subject", "one /24"),
    Case("/admin/plans/{person_id}?email=owner@example.com", {"plan": "plus", "because": " x "}, "because", "say why"),
]  # fmt: skip
BUTTONS_ONLY = {"/account/phones"}
"""Where SMS is not set up, the page has no form for a number: the problem's own page tells it."""


def _path(template: str) -> str:
    """A form's address, whatever its places are called."""
    return re.sub(r"\{+[^}]*\}+", "{}", template).partition("?")[0]


def test_every_form_that_people_type_into_is_tried() -> None:
    found: set[str] = set()
    for file in TEMPLATES.glob("*.html"):
        for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", file.read_text(), re.DOTALL):
            typed = re.search(r"<(?:input (?!type=\"hidden\")|textarea|select)|{% include", form)
            action = re.search(r"action=\"([^\"]+)\"", form)
            assert action
            # A form that is all in one place names the page that it confirms by itself.
            if typed and not action[1].startswith("{{"):
                found.add(_path(action[1].replace("{{ here_again }}", "")))

    assert found == {_path(case.action) for case in CASES} - {"/account/connections"}


async def test_every_form_is_shown_again(site: Site) -> None:
    await site.record(1999)
    async with await site.person("owner@example.com") as owner:
        wish = {"productID": str(PRODUCT), "threshold": 1000, "notificationType": "EMAIL"}
        watch = (await owner.post("/subscriptions", json=wish)).json()["id"]
    own = {**await own_addresses(site, "owner@example.com"), "subscription": watch, "product": PRODUCT}
    own["row"] = json.dumps({"productID": "us:B000000001", "notificationType": "EMAIL"})
    async with (
        site.client() as visitor,
        await site.browser_of("owner@example.com") as owner,
        await site.admin_of("admin@example.com") as admin,
    ):
        for case in CASES:
            browser = admin if case.action.startswith("/admin") else owner if case.signed_in else visitor
            action = case.action.format(**own)
            typed = {name: value.format(**own) for name, value in case.typed.items()}
            answer = await browser.post(action, data=typed, headers=HTML)
            _judge(case, typed, answer)
            told = await browser.post(action, data=typed, headers=JSON)
            assert (told.status_code, told.json()["status"]) == (case.status, case.status), case


def _judge(case: Case, typed: dict[str, str], answer: httpx.Response) -> None:
    """See that a page is what was sent, with what is wrong."""
    assert answer.status_code == case.status, (case, answer.text)
    assert "no-store" in answer.headers["cache-control"]
    if case.action in BUTTONS_ONLY:
        assert case.says in answer.text
        return
    assert "<title>Not done" in answer.text
    page = LexborHTMLParser(answer.text)
    message = page.css_first("#wrong")
    assert message is not None, case
    assert case.says in message.text(), case
    assert message.attributes["role"] == "alert"
    (focused,) = page.css("[autofocus]")
    if case.wrong is None:
        assert focused.id == "wrong", case
    else:
        assert focused.attributes["name"] == case.wrong, case
        assert focused.attributes["aria-invalid"] == "true"
        assert "wrong" in (focused.attributes["aria-describedby"] or "").split()
    fields = page.css("input, select, textarea")
    for name, value in typed.items():
        shown = [each for each in fields if each.attributes.get("name") == name]
        # What the page itself knows of a row is not what was typed.
        assert name == "row" or not shown or any(_holds(each, value) for each in shown), (case, name)


def _holds(field: LexborNode, value: str) -> bool:
    """Whether a field has this in it, as a browser would send it."""
    if field.tag == "textarea":
        return field.text() == value
    if field.tag == "select":
        return [each.attributes.get("value") or "" for each in field.css("option[selected]")] == [value]
    if field.attributes.get("type") in ("checkbox", "radio"):
        return field.attributes.get("value") == value and "checked" in field.attributes
    return (field.attributes.get("value") or "") == value

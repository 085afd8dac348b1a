"""The catalogues against each other and against the templates, and what they make of numbers."""

import re
from pathlib import Path
from pkgutil import iter_modules
from string import Formatter
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennywren.accounts.access_tokens import SCOPES
from pennywren.accounts.people import Plan
from pennywren.accounts.preferences import DIGESTS
from pennywren.accounts.sessions import LIFETIME
from pennywren.accounts.subscription import NotificationType, State
from pennywren.language.catalogue import DEFAULT, LANGUAGES, catalogue, forms_of, preferred, sentence
from pennywren.language.speaking import language
from pennywren.model.offer import Offer
from pennywren.model.rule import KINDS as KINDS_OF_RULE
from pennywren.model.rule import Base
from pennywren.notify import channels
from pennywren.notify.decisions import Reason
from pennywren.postgres.admin_log import Action
from pennywren.trust.judge import Kind, Verdict
from pennywren.trust.judge import Reason as Why
from pennywren.trust.reputation import Tenure
from pennywren.trust.telling import tell
from pennywren.web.rendering.account_pages import ACCOUNT_PAGES
from pennywren.web.rendering.status_board import STATES
from pennywren.web.serving.problems import KINDS
from pennywren.web.site.admin import ADMIN_PAGES
from pennywren.web.watch.watch_rows import SHOWS, SORTS

SOURCE = Path(__file__).parents[3] / "src" / "pennywren"
MAILS = sorted((SOURCE / "notify" / "channels" / "email" / "templates").iterdir())
TEMPLATES = [*sorted((SOURCE / "web" / "templates").glob("*.html")), *MAILS]


ALERTS = ("change", "created", "expiry", "correction")
"""What an alert may be about."""


def kind_name(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


TYPED = [
    (Kind.ACCEPTED, Why.CONFIRMS, False),
    (Kind.HELD, Why.WORTH_A_CRAWL, False),
    (Kind.HELD, Why.WORTH_A_CRAWL, True),
    *((Kind.REJECTED, why, False) for why in (
        Why.OUT_OF_BOUNDS, Why.HUNDREDFOLD, Why.UNKNOWN_PRODUCT, Why.FOREIGN_CURRENCY,
        Why.OTHER_CURRENCY, Why.BLOCKED, Why.UNPROVEN,
    )),
]  # fmt: skip
"""What may be decided over a price that a person types."""


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("code", LANGUAGES[1:])
def test_every_language_says_what_the_first_one_says(code: str) -> None:
    assert set(catalogue(code)) == set(catalogue(DEFAULT))


@pytest.mark.parametrize("code", LANGUAGES[1:])
def test_a_translation_has_the_places_and_the_markup_of_its_original(code: str) -> None:
    for key, original in catalogue(DEFAULT).items():
        theirs = catalogue(code)[key]
        assert isinstance(theirs, str) == isinstance(original, str), key
        wanted = set[str]().union(*(places(form) for form in forms_of(original)))
        assert set[str]().union(*(places(form) for form in forms_of(theirs))) == wanted, key
        tags = [sorted(re.findall(r"<[^>]+>", form)) for form in (forms_of(original)[-1], forms_of(theirs)[-1])]
        assert tags[0] == tags[1], key


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_sentence_that_a_template_wants_is_there(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    wanted = set(re.findall(r"""\bth?\("([a-z_.\-]+)"(?:[,)]| if )""", text))
    wanted |= set(re.findall(r"""\bth?\("[a-z_.]+" if [a-z_.]+ else "([a-z_.]+)\"""", text))

    assert wanted - set(catalogue(DEFAULT)) == set()


def test_every_word_of_ours_that_a_template_names_is_there() -> None:
    """Keys that templates put together of a table and a value."""
    values: dict[str, list[str]] = {
        "status": list(STATES),
        "offer": [offer.value for offer in Offer],
        "channel": [kind.value for kind in NotificationType],
        "account": [state.value for state in State if state is not State.ACTIVE],
        "problems": list(KINDS),
        "account_pages": [name for name, _ in ACCOUNT_PAGES],
        "state": [state.value for state in State],
        "sort": list(SORTS),
        "show": list(SHOWS),
        "admin_pages": [name for name, _ in ADMIN_PAGES],
        "admin_action": list(get_args(Action)),
        "admin_said": ["block", "unblock", "plan", "same"],
        "tenure": [tenure.value for tenure in Tenure],
        "plan": list(get_args(Plan)),
        "suppressed": ["bounced", "complained", "unsubscribed"],
        "about_alert": list(ALERTS),
        "channel_name": [module.name for module in iter_modules(channels.__path__) if module.ispkg],
        "delivery": ["delivered", "retry", "failed", "bounced", "complained"],
        "digest": list(DIGESTS),
        "session_kind": list(LIFETIME),
        "scope": [scope.replace(":", "_") for scope in SCOPES],
        "secret": ["webhook", "webhook_hint", "token", "token_hint"],
        "channels": ["done_code", "done_confirmed", "done_deleted"],
        "kind": [kind_name(kind) for kind in KINDS_OF_RULE],
        "rule": [kind_name(kind) for kind in KINDS_OF_RULE],
        "base": [base.value for base in Base],
        "outcome": [*(reason.value for reason in Reason), *ALERTS, "notCrossed", "notDecided"],
        "another": [
            *(f"heading_{kind.value}" for kind in Kind),
            *(tell(Verdict(kind, why), failing=failing).code for kind, why, failing in TYPED),
        ],
    }
    wanted = {f"{table}.{value}" for table, each in values.items() for value in each}

    assert wanted - set(catalogue(DEFAULT)) == set()


def test_no_template_has_words_of_its_own() -> None:
    ours = re.compile(r"Pennywren|USD|·|[^A-Za-z]+")
    for template in TEMPLATES:
        text = re.sub(
            r"<style.*?</style>|{%.*?%}|{{.*?}}|{#.*?#}|<[^>]*>|&\w+;",
            " ",
            template.read_text(encoding="utf-8"),
            flags=re.S,
        )
        assert ours.sub("", text) == "", template.name


def test_how_long_ago_something_was_is_told_and_never_lies_ahead() -> None:
    now = 1_764_028_800_000
    told = [language("en").ago(now - ms, now) for ms in (0, 20_000, 90 * 60_000, 3 * 86_400_000)]
    assert told == ["1 second ago", "20 seconds ago", "2 hours ago", "3 days ago"]
    assert language("en").ago(now + 5_000, now) == "1 second ago"
    assert language("de").ago(now - 120_000, now) == "vor 2 Minuten"


def test_a_number_chooses_its_form() -> None:
    assert sentence("en", "pasted.heading", 1) == "One product is followed now"
    assert language("en").say("pasted.heading", count=3) == "3 products are followed now"
    assert language("de").say("pasted.heading", count=3) == "3 Produkte werden jetzt verfolgt"


def test_what_is_filled_into_markup_is_escaped() -> None:
    assert "<b>" not in language("en").say_html("sign_in.sent_lead", email="<b>@example.com")
    assert "<strong>" in language("en").say_html("sign_in.sent_lead", email="ada@example.com")


@pytest.mark.parametrize(
    ("header", "code"),
    [(None, "en"), ("", "en"), ("de-AT,de;q=0.9,en;q=0.8", "de"), ("fr,en;q=0.5,de;q=0.6", "de"), ("fr", "en"),
     ("de;q=0", "en"), ("de;q=x", "en"), ("DE", "de"), ("de;q=0.1, en", "en")],
)  # fmt: skip
def test_a_browser_gets_the_language_that_it_likes_best(header: str | None, code: str) -> None:
    assert preferred(header) == code


@given(st.text(max_size=60))
def test_any_header_gets_some_language(header: str) -> None:
    assert preferred(header) in LANGUAGES


@pytest.mark.parametrize(
    ("code", "minor", "currency", "written"),
    [("en", 1299, "USD", "$12.99"), ("en", 123456789, "EUR", "€1,234,567.89"), ("en", 1299, "JPY", "¥1,299"),
     ("en", 1299, "SEK", "SEK\u00a012.99"), ("en", 1, "KWD", "KWD\u00a00.001"), ("de", 1299, "EUR", "12,99\u00a0€"),
     ("de", 123456, "USD", "1.234,56\u00a0$"), ("en", 5, "GBP", "£0.05")],
)  # fmt: skip
def test_prices_are_written_as_the_language_writes_them(code: str, minor: int, currency: str, written: str) -> None:
    assert language(code).money(minor, currency) == written


def test_days_and_spans_are_written_as_the_language_writes_them() -> None:
    moment = 1_795_603_200_000
    assert language("en").day(moment) == "25 November 2026"
    assert language("de").day(moment) == "25. November 2026"
    assert language("en").minute(moment) == "25 November 2026, 10:40\u00a0UTC"
    written = [language("en").duration(seconds) for seconds in (None, 0.84, 12.4, 200)]
    assert written == ["–", "0.8\u00a0s", "12\u00a0s", "3\u00a0min"]
    assert language("de").duration(0.84) == "0,8\u00a0s"

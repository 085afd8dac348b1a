"""What goes wrong on a page is said in every language: the sentences of the code against the catalogues."""

import ast
import re
from pathlib import Path

import pytest

from pennywren.language.catalogue import LANGUAGES
from pennywren.language.details import details, translated

SOURCE = Path(__file__).parents[3] / "src" / "pennywren"
SHOWN = ("web", "accounts", "model", "pipeline", "notify/outgoing.py", "history")
FOR_PROGRAMS = {
    "web": {
        "body.py", "hooks.py", "observations.py", "once.py", "images.py", "installs.py",
        "pairing.py", "subscription_views.py", "subscriptions.py",
    },
    "pipeline": {
        "backing_up.py", "history_import.py", "importing.py", "restoring.py", "trust_explaining.py", "withdrawing.py",
        "partition_moving.py", "report_logging.py", "archiving.py", "sitemap_reading.py", "matching.py",
    },
    "history": {"keepa.py", "csv.py", "files.py"},
}  # fmt: skip
"""What only JSON or the command line tells."""
ERRORS = {
    "BadInput", "BadProduct", "BadLine", "NotFound", "NotSignedIn", "Forbidden", "PlanLimit", "RateLimited", "Conflict",
    "MissingScope", "BadQuery",
}  # fmt: skip
ALONE = {"Give either product or url: an ASIN, MARKETPLACE:ASIN, or a product link."}
"""What no form of a page can bring about."""


def _template(node: ast.expr) -> str | None:
    """A message with `{}` where something is filled in; None for what is no text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def _said() -> set[str]:
    """Every message that a page may show."""
    found: set[str] = set()
    for where in SHOWN:
        files = [SOURCE / where] if where.endswith(".py") else sorted((SOURCE / where).rglob("*.py"))
        for file in (each for each in files if each.name not in FOR_PROGRAMS.get(where, ())):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
                    found |= {text for each in node.args if (text := _template(each)) and " " in text}
    return found - ALONE


@pytest.mark.parametrize("code", LANGUAGES[1:])
def test_every_message_of_a_page_has_its_sentence(code: str) -> None:
    known = {re.sub(r"\{\w+\}", "{}", said).removesuffix(".") for said in details(code)}

    assert {said.removesuffix(".") for said in _said()} - known == set()


def test_english_pages_have_other_words_only_for_what_is_said() -> None:
    known = {re.sub(r"\{\w+\}", "{}", said).removesuffix(".") for said in details("en")}

    assert known - {said.removesuffix(".") for said in _said()} == set()
    assert not [text for text in details("en").values() if re.search(r"\bnull\b|[a-z][A-Z]", text)]


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_sentence_fills_in_only_what_the_first_one_has(code: str) -> None:
    for said, template in details(code).items():
        assert set(re.findall(r"\{(\w+)\}", template)) <= set(re.findall(r"\{(\w+)\}", said)), said


def test_what_it_is_about_is_filled_in() -> None:
    assert translated("de", "'cheap' is not an amount: write it like 12.99.") == (
        "'cheap' ist kein Betrag: Schreib ihn wie 12,99."
    )
    assert translated("de", "the buybox price of us:B08N5WRWNW was never seen; 3 USD was recorded") == (
        "Diesen Preis von us:B08N5WRWNW hat noch nie jemand gesehen."
    )
    assert translated("en", "As it is") == "As it is"
    assert translated("de", "Nobody ever wrote this") is None

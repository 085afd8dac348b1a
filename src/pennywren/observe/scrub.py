"""Taking people out of a shop's page before it is kept: what customers wrote, their names and accounts, our session.

Works on the text with patterns that look a bounded way ahead, because a page that is kept is one that could not be
read, and parsers have been broken by such pages. Elements stay, so that a reader fails on what is left as it did.
"""

import re
from typing import Final

_REVIEWS: Final = re.compile(
    rb"""(?:id=["'](?:reviewsMedley|customer-reviews_feature_div|cm-cr-dp-review-list|cm-cr-global-review-list)["'])"""
    rb"""|data-hook=["']review["']"""
)
"""Where what customers wrote begins: at the end of a page, below everything that is for sale."""
_SCRIPT: Final = re.compile(rb"<(/?)script\b", re.IGNORECASE)
_TEXT: Final = re.compile(rb">[^<]+")
_SPOKEN: Final = re.compile(
    rb"""\b((?:alt|title|aria-label|content)=)(?:"[^"]{0,5000}"|'[^']{0,5000}')""", re.IGNORECASE
)
_NAMES: Final = re.compile(
    rb"""((?:class|id|data-hook)=["'][^"'<>]{0,300}(?:a-profile-name|glow-ingress|nav-line-1)[^"'<>]{0,300}["'][^<>]{0,1000}>)"""
    rb"""[^<]+"""
)
_ACCOUNT: Final = re.compile(rb"amzn1\.account\.[A-Za-z0-9_-]+|(?<=/gp/profile/)[A-Za-z0-9._-]+")
_MAIL: Final = re.compile(rb"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,24}")
_SESSION: Final = re.compile(
    rb"""((?:session-?_?id|customer-?_?id|csrf(?:-?_?token)?|request-?_?id|ue_sid|ue_id)["']?"""
    rb"""(?:\s{0,3}[:=]\s{0,3}|["'\s]{1,3}value=)["'])[^"'<>]{1,300}""",
    re.IGNORECASE,
)


def without_people(page: bytes) -> bytes:
    """The page without what customers wrote, names, accounts, mail addresses and session numbers."""
    begin = _REVIEWS.search(page)
    if begin is not None:
        start = page.rfind(b"<", 0, begin.start())
        page = page[:start] + _silenced(page[start:])
    page = _NAMES.sub(rb"\1", page)
    page = _SESSION.sub(rb"\1-", page)
    return _MAIL.sub(b"-", _ACCOUNT.sub(b"-", page))


def _silenced(part: bytes) -> bytes:
    """The same elements, without a word of text outside scripts."""
    kept: list[bytes] = []
    at, in_script = 0, False
    for mark in _SCRIPT.finditer(part):
        if bool(mark[1]) == in_script:
            kept.append(part[at : mark.start()] if in_script else _without_words(part[at : mark.start()]))
            at, in_script = mark.start(), not in_script
    kept.append(part[at:] if in_script else _without_words(part[at:]))
    return b"".join(kept)


def _without_words(markup: bytes) -> bytes:
    return _SPOKEN.sub(rb'\1""', _TEXT.sub(b">", markup))

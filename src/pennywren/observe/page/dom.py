"""A parsed page with the few ways in which the readers look at it. Nothing here knows what a place means."""

import re
from collections.abc import Iterator
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pennywren.model.marketplace import Marketplace

_CHARSET: Final = re.compile(rb"charset\s{0,3}=\s{0,3}[\"']?([A-Za-z0-9_\-]{3,20})", re.IGNORECASE)
_SKIPPED: Final = frozenset({"script", "style", "noscript", "template", "select", "option", "textarea"})
_HIDDEN: Final = frozenset({"a-popover-preload", "aok-hidden", "a-hidden"})
_MAX_DEPTH: Final = 200


def decode(html: bytes | str) -> str:
    """The page as text: UTF-8 where it is that, else what the page declares, else Windows-1252."""
    if isinstance(html, str):
        return html
    try:
        return html.decode()
    except UnicodeDecodeError:
        declared = _CHARSET.search(html[:4096])
        for name in (declared[1].decode("ascii") if declared else "", "cp1252"):
            try:
                # Most of a page that calls itself UTF-8 and is not quite is still UTF-8.
                return html.decode(name, "replace")
            except (LookupError, UnicodeError):
                continue
        return html.decode("latin-1")


class Page:
    """A page of `market`: its tree, its source text, and its elements by id."""

    def __init__(self, html: bytes | str, market: Marketplace) -> None:
        self.market = market
        self.source = decode(html)
        self.tree = LexborHTMLParser(self.source)
        self._by_id: dict[str, list[LexborNode]] = {}
        for node in self.tree.css("[id]"):
            name = node.attributes.get("id")
            if name:
                self._by_id.setdefault(name, []).append(node)

    def ids(self, *names: str) -> list[LexborNode]:
        """Every element with one of these ids (real pages repeat ids), names in the given order."""
        return [node for name in names for node in self._by_id.get(name, ())]

    def first(self, *names: str) -> LexborNode | None:
        """The first element with the first of these ids that there is."""
        return next(iter(self.ids(*names)), None)

    def ids_like(self, pattern: re.Pattern[str]) -> list[LexborNode]:
        """Every element whose id begins as `pattern` says."""
        return [node for name, nodes in self._by_id.items() if pattern.match(name) for node in nodes]

    def css(self, selector: str) -> list[LexborNode]:
        """Every element that `selector` finds."""
        return self.tree.css(selector)


def attr(node: LexborNode, name: str) -> str:
    """The attribute's value, or the empty string."""
    return node.attributes.get(name) or ""


def classes(node: LexborNode) -> frozenset[str]:
    """The element's classes."""
    return frozenset(attr(node, "class").split())


def ancestors(node: LexborNode) -> Iterator[LexborNode]:
    """`node` itself, then its parents up to the root, at most 200."""
    at: LexborNode | None = node
    for _ in range(_MAX_DEPTH):
        if at is None:
            return
        yield at
        at = at.parent


def inside(node: LexborNode, pattern: re.Pattern[str]) -> bool:
    """Whether `node` or one of its parents has an id that begins as `pattern` says."""
    return any(pattern.match(attr(up, "id")) for up in ancestors(node))


def texts(node: LexborNode) -> list[str]:
    """The pieces of text that a person sees in `node`, without scripts, styles, menus and closed pop-ups."""
    pieces: list[str] = []
    _collect(node, pieces, 0)
    return pieces


def text(node: LexborNode | None, limit: int = 400) -> str:
    """What a person reads in `node`, on one line."""
    return "" if node is None else re.sub(r"\s+", " ", " ".join(texts(node))).strip()[:limit]


def _collect(node: LexborNode, pieces: list[str], depth: int) -> None:
    child = node.first_child
    while child is not None and len(pieces) < 200:
        if child.is_text_node:
            piece = (child.text_content or "").strip()
            if piece:
                pieces.append(piece)
        elif child.tag not in _SKIPPED and depth < _MAX_DEPTH and not (classes(child) & _HIDDEN):
            _collect(child, pieces, depth + 1)
        child = child.next


def path(node: LexborNode) -> str:
    """Where `node` is, for a person: its nearest id above, and its own tag, id or class."""
    own = attr(node, "id")
    if own:
        return f"#{own}"
    name = node.tag or "?"
    shown = next((c for c in attr(node, "class").split() if len(c) < 40), "")
    above = next((attr(up, "id") for up in ancestors(node) if attr(up, "id")), "")
    return f"#{above} {name}{'.' + shown if shown else ''}".removeprefix("# ")

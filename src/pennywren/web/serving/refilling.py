"""A page whose form was refused, with what was typed in its fields again, and with what is wrong beside them. Pure.

It works on the finished page, so that every form of every page has it and no template needs to know.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

_ERROR_ID: Final = "wrong"
_FIELDS: Final = "input, textarea, select"
_TICKED: Final = ("checkbox", "radio")
_UNTOUCHED: Final = ("hidden", "file", "password", "submit")
"""Inputs that keep what the page gives them."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A form that was not carried out."""

    path: str
    """Where it was sent."""
    typed: Mapping[str, Sequence[str]]
    message: str
    """What is wrong, for a person."""
    field: str | None = None
    """The name of the field that is, where one is."""


def refill(page: str, refused: Refused, kicker: str) -> str | None:
    """`page` with the form as it was sent, its title after `kicker`; None where the page has no such form."""
    document = LexborHTMLParser(page)
    form = _form(document, refused)
    if form is None:
        return None
    fields = [field for field in document.css(_FIELDS) if _belongs(field, form)]
    _put_back(fields, refused.typed)
    _tell(document, form, _wrong_one(fields, refused.field), refused.message)
    _open(form)
    title = document.css_first("title")
    if title is not None:
        title.insert_child(kicker) if title.first_child is None else title.first_child.insert_before(f"{kicker}: ")
    return f"{document.html}\n"


def _form(document: LexborHTMLParser, refused: Refused) -> LexborNode | None:
    """The form that is sent there, with most of what was typed."""

    def likeness(form: LexborNode) -> tuple[int, int]:
        fields = [each for each in document.css(_FIELDS) if _belongs(each, form)]
        sent = [each for each in fields if each.attributes.get("name") in refused.typed]
        return len(sent), sum(_is_typed(each) for each in sent)

    found = [
        each for each in document.css("form") if urlsplit(each.attributes.get("action") or "").path == refused.path
    ]
    return max(found, key=likeness, default=None)


def _belongs(field: LexborNode, form: LexborNode) -> bool:
    """Whether a field is a form's: inside of it, or by its `form` attribute."""
    owner = field.attributes.get("form")
    if owner is not None:
        return owner == form.attributes.get("id")
    return any(each.mem_id == form.mem_id for each in _around(field))


def _around(node: LexborNode) -> list[LexborNode]:
    """What a node is inside of, the nearest first."""
    found: list[LexborNode] = []
    parent = node.parent
    while parent is not None:
        found.append(parent)
        parent = parent.parent
    return found


def _is_typed(field: LexborNode) -> bool:
    """Whether people write into it."""
    kind = field.attributes.get("type")
    return field.tag == "textarea" or (field.tag == "input" and kind not in (*_TICKED, *_UNTOUCHED))


def _put_back(fields: list[LexborNode], typed: Mapping[str, Sequence[str]]) -> None:
    """Give every field what it was sent with; of several of one name each its own."""
    places: Counter[str] = Counter()
    for field in fields:
        name = field.attributes.get("name")
        if name is None:
            continue
        values = typed.get(name, ())
        if field.attributes.get("type") in _TICKED:
            _mark(field, "checked", on=(field.attributes.get("value") or "on") in values)
            continue
        place = places[name]
        places[name] += 1
        if place < len(values):
            _fill(field, values[place])


def _fill(field: LexborNode, value: str) -> None:
    if field.tag == "select":
        for option in field.css("option"):
            _mark(option, "selected", on=(option.attributes.get("value") or "") == value)
    elif field.tag == "textarea":
        for child in list(field.iter(include_text=True)):
            child.remove()
        # A first line break is the markup's own.
        field.insert_child(f"\n{value}" if value.startswith("\n") else value)
    elif _is_typed(field):
        field.attrs["value"] = value


def _mark(node: LexborNode, name: str, *, on: bool) -> None:
    if on:
        node.attrs[name] = ""
    elif name in node.attributes:
        del node.attrs[name]


def _wrong_one(fields: list[LexborNode], name: str | None) -> LexborNode | None:
    """The field that the error is about: the one that it names, else the only one that people write into, but for what
    is folded away and was left empty."""
    if name is not None:
        named = [each for each in fields if each.attributes.get("name") == name]
        return next((each for each in named if _is_typed(each) or each.tag == "select"), None)
    typed = [each for each in fields if _is_typed(each) and not _is_left_out(each)]
    return typed[0] if len(typed) == 1 else None


def _is_left_out(field: LexborNode) -> bool:
    inside = [each.tag for each in _around(field)]
    folded = "details" in inside[: inside.index("form")] if "form" in inside else False
    return folded and field.tag == "input" and not field.attributes.get("value")


def _tell(document: LexborHTMLParser, form: LexborNode, field: LexborNode | None, message: str) -> None:
    """Say it beside the field, which then has the focus; else above the form."""
    told = document.create_node("p")
    told.attrs["class"], told.attrs["id"], told.attrs["role"] = "wrong", _ERROR_ID, "alert"
    told.insert_child(message)
    for each in document.css("[autofocus]"):
        del each.attrs["autofocus"]
    if field is None:
        told.attrs["tabindex"], told.attrs["autofocus"] = "-1", ""
        if form.first_child is None:
            form.insert_child(told)
        else:
            form.first_child.insert_before(told)
        return
    described = field.attributes.get("aria-describedby")
    field.attrs["aria-invalid"], field.attrs["autofocus"] = "true", ""
    field.attrs["aria-describedby"] = f"{_ERROR_ID} {described}" if described else _ERROR_ID
    _line_of(field, form).insert_after(told)
    _open(field)


def _line_of(field: LexborNode, form: LexborNode) -> LexborNode:
    """What stands on one line with a field: a sentence between them would tear it apart."""
    line = field
    for each in _around(field):
        if each.mem_id == form.mem_id:
            break
        if each.tag in ("p", "label") or "row" in (each.attributes.get("class") or "").split():
            line = each
    return line


def _open(node: LexborNode) -> None:
    """Open what would hide it."""
    for each in _around(node):
        if each.tag == "details":
            each.attrs["open"] = ""

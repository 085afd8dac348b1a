"""Lists that people bring: a table or any text with links becomes rows to look at first, and then watches."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import msgspec
from litestar import get, post
from litestar.datastructures import UploadFile
from msgspec import Meta

from pennywren.accounts.people import Person
from pennywren.accounts.subscription import NotificationType
from pennywren.errors import BadInput, Conflict, PlanLimit, RateLimited
from pennywren.model.product import ProductID
from pennywren.web.rendering.pages import html_page, language_of
from pennywren.web.resources import resources_of
from pennywren.web.serving.body import read_body
from pennywren.web.serving.headers import PRIVATE
from pennywren.web.serving.identity import require_person
from pennywren.web.serving.limits import spend_for_unknown
from pennywren.web.serving.shown_again import shown_again
from pennywren.web.shapes.rule_form import typed_amount
from pennywren.web.shapes.subscription_views import wish_of
from pennywren.web.shapes.views import NewSubscription, Question
from pennywren.web.types import Answer, Request
from pennywren.web.watch.import_rows import import_rows
from pennywren.web.watch.pasting import find_products
from pennywren.web.watch.watch_table import MOST, BadLine, looks_like_a_table, read_table

MAX_LIST: Final = 512 * 1024
"""Bytes of a list."""
_OWN: Final = {"cache-control": PRIVATE}
_NO_PRODUCT: Final = "A product link has /dp/ and ten letters and digits in it."
_FIELDS: Final = 4 * MOST


class ListForm(Question):
    """A list as pasted."""

    list: Annotated[str, Meta(max_length=MAX_LIST)] = ""


class RowsForm(Question):
    """The rows of the preview: what each is (JSON), its target as typed, which were ticked, or the one to watch now."""

    row: list[Annotated[str, Meta(max_length=2000)]] = msgspec.field(default_factory=list[str])
    target: list[Annotated[str, Meta(max_length=30)]] = msgspec.field(default_factory=list[str])
    take: list[int] = msgspec.field(default_factory=list[int])
    only: int | None = None


@dataclass(slots=True)
class Made:
    """What became of the rows that were ticked."""

    watches: list[ProductID] = field(default_factory=list[ProductID])
    there: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Which product, and why not."""


@get("/account/import")
async def show_import(request: Request) -> Answer:
    """The page that asks for a list."""
    person = await require_person(request)
    return html_page(request, "import.html", headers=_OWN, person=person, rows=[], bad=[], made=None, most=MOST)


@post("/account/import", status_code=200, request_max_body_size=MAX_LIST)
@shown_again(show_import.fn)
async def preview_import(request: Request) -> Answer:
    """What a list would make: good lines as rows with a target each, bad ones with their number and why."""
    person = await require_person(request)
    resources = resources_of(request)
    text = await _text(request)
    if not text.strip():
        raise BadInput("Paste a list, or choose a file.", field="list")
    wishes, bad = read_list(text, resources.settings.default_marketplace)
    if not wishes and not bad:
        raise BadInput("There is no product link and no ASIN in this text: a product link has /dp/ in it.")
    rows = await import_rows(resources, person, wishes, language_of(request))
    return html_page(request, "import.html", headers=_OWN, person=person, rows=rows, bad=bad, made=None, most=MOST)


async def _rows_again(request: Request) -> Answer:
    person = await require_person(request)
    wishes = _rows(await read_body(request, RowsForm, most_fields=_FIELDS))
    rows = await import_rows(
        resources_of(request),
        person,
        [wish for wish, _ in wishes],
        language_of(request),
        [typed for _, typed in wishes],
    )
    return html_page(request, "import.html", headers=_OWN, person=person, rows=rows, bad=[], made=None, most=MOST)


@post("/account/import/watch", status_code=200, request_max_body_size=MAX_LIST)
@shown_again(_rows_again)
async def apply_import(request: Request) -> Answer:
    """Watch what was ticked, or one row; what is left can be watched afterwards."""
    person = await require_person(request)
    resources = resources_of(request)
    form = await read_body(request, RowsForm, most_fields=_FIELDS)
    wishes = _rows(form)
    chosen = [form.only] if form.only is not None else form.take
    taken = [i for i in dict.fromkeys(chosen) if 0 <= i < len(wishes)]
    if not taken:
        raise BadInput("Tick at least one product first.", field="take")
    made = Made()
    left = [each for i, each in enumerate(wishes) if i not in taken]
    for i in taken:
        wish, target = wishes[i]
        if not await _watch(request, person, wish, target, made):
            left.append((wish, target))
    rows = await import_rows(
        resources, person, [wish for wish, _ in left], language_of(request), [target for _, target in left]
    )
    return html_page(request, "import.html", headers=_OWN, person=person, rows=rows, bad=[], made=made, most=MOST)


def read_list(text: str, default_marketplace: str) -> tuple[list[NewSubscription], list[BadLine]]:
    """The wishes of a table, or of any text with links; and the lines that are none."""
    if looks_like_a_table(text):
        table = read_table(text, default_marketplace)
        return [entry.wish for entry in table.entries], table.bad
    wishes: dict[str, NewSubscription] = {}
    bad: list[BadLine] = []
    for number, line in enumerate(text.splitlines(), 1):
        found = find_products(line, default_marketplace)
        for product in found.products:
            if len(wishes) < MOST:
                wishes.setdefault(str(product), NewSubscription(str(product), NotificationType.EMAIL))
            elif str(product) not in wishes:
                bad.append(BadLine(number, str(product), f"More than {MOST}: bring the rest afterwards."))
        bad += [BadLine(number, each, _NO_PRODUCT) for each in found.unread]
    return list(wishes.values()), bad


async def _watch(request: Request, person: Person, wish: NewSubscription, target: str, made: Made) -> bool:
    """Make one watch; False where it could not be made now."""
    resources = resources_of(request)
    product = ProductID.parse(wish.product_id)
    try:
        if wish.rule is None:
            if not target.strip():
                raise BadInput("It needs a target: say what you want to pay.")
            state = await resources.store.product(product)
            currency = state.currency if state else product.market.currency
            wish = msgspec.structs.replace(wish, threshold=typed_amount(target, currency))
        rule, terms = wish_of(wish)
        await spend_for_unknown(request, product, person)
        await resources.subscribing.subscribe(person.id, product, wish.offer, rule, wish.notification_type, terms)
    except Conflict:
        made.there += 1
        return True
    except (BadInput, PlanLimit, RateLimited) as error:
        made.failed.append((str(product), error.message))
        return False
    made.watches.append(product)
    return True


def _rows(form: RowsForm) -> list[tuple[NewSubscription, str]]:
    if len(form.row) != len(form.target) or len(form.row) > MOST:
        raise BadInput("These rows are not those of the page: import the list again.")
    try:
        return [
            (msgspec.json.decode(row, type=NewSubscription), target)
            for row, target in zip(form.row, form.target, strict=True)
        ]
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError) as error:
        raise BadInput(f"These rows are not those of the page: {error}.") from error


async def _text(request: Request) -> str:
    """The list of a form: pasted, or as a file in whatever encoding a spreadsheet writes."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return (await read_body(request, ListForm)).list
    form: Any = await request.form()
    file = form.get("file")
    if isinstance(file, UploadFile) and (raw := await file.read()):
        return _decoded(raw)
    return str(form.get("list") or "")


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")

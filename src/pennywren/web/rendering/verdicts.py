"""A verdict as programs get it; its sentence is in the language that was asked for, because people read it as well."""

from functools import cache

from pennywren.language.catalogue import DEFAULT
from pennywren.language.speaking import Language
from pennywren.trust.telling import INVALID, Told
from pennywren.web.shapes.views import VerdictView


def verdict_view(told: Told, speaking: Language) -> VerdictView:
    """The verdict, in a language; why something is no observation at all is for whoever wrote the program."""
    code = str(told.code)
    detail = told.detail if code == INVALID or speaking.code == DEFAULT else _said(speaking, told.detail)
    return VerdictView(told.kind.value, code, detail)


@cache
def _said(speaking: Language, detail: str) -> str:
    return speaking.detail(detail) or detail

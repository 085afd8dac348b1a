"""Sentences by key, in every language that we speak: `product.since` is the key `since` of the table `product`.

A language has two files: `de.toml` for the website, `messages.de.toml` for mails, text messages and notifications.

A sentence may have `{places}`. One that depends on a number is a table with a form for each plural category of the
Unicode CLDR that the language has (`one`, `other`), chosen by the value `count`.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, TypeAlias

from babel import Locale

DEFAULT: Final = "en"
LANGUAGES: Final = (DEFAULT, "de")
"""The first one is complete by definition; a test holds the others against it."""

Sentence: TypeAlias = str | dict[str, str]


@cache
def catalogue(code: str) -> Mapping[str, Sentence]:
    """All sentences of a language by their keys.

    Raises:
        KeyError: we do not speak it.
    """
    if code not in LANGUAGES:
        raise KeyError(code)
    found: dict[str, Sentence] = {}
    for name in (f"{code}.toml", f"messages.{code}.toml"):
        _flatten("", tomllib.loads((files("pennywren.language") / name).read_text(encoding="utf-8")), found)
    return found


def sentence(code: str, key: str, count: object = None) -> str:
    """The sentence with its places unfilled, in the form for `count` where there are forms.

    Raises:
        KeyError: there is no such sentence.
    """
    found = catalogue(code)[key]
    if isinstance(found, str):
        return found
    number = count if isinstance(count, int | float) else 0
    return found.get(_locale(code).plural_form(number), found["other"])


def forms_of(of: Sentence) -> list[str]:
    """All forms of a sentence."""
    return [of] if isinstance(of, str) else list(of.values())


def preferred(accept_language: str | None) -> str:
    """The language of ours that an Accept-Language header (RFC 9110, 12.5.4) likes best; the default without one."""
    best, best_quality = DEFAULT, 0.0
    for part in (accept_language or "")[:500].split(","):
        name, _, parameter = part.strip().partition(";")
        code = name.strip().lower().partition("-")[0]
        quality = _quality(parameter)
        if code in LANGUAGES and quality > best_quality:
            best, best_quality = code, quality
    return best


def _quality(parameter: str) -> float:
    text = parameter.strip().removeprefix("q=")
    if not text:
        return 1.0
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0 <= value <= 1 else 0.0


@cache
def _locale(code: str) -> Locale:
    return Locale.parse(code)


def _flatten(prefix: str, table: Mapping[str, object], into: dict[str, Sentence]) -> None:
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, str):
            into[key] = value
        elif isinstance(value, dict):
            if "other" in value:
                into[key] = {str(form): str(text) for form, text in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            else:
                _flatten(f"{key}.", value, into)  # pyright: ignore[reportUnknownArgumentType]

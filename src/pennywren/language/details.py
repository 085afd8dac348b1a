"""What went wrong, in words for people: our errors say it in English, and catalogues have the same for pages.

An error is written where it happens, with what it is about in it. `details.de.toml` has its sentence, with `{places}`
for what is filled in, beside the German one; a place that the German one leaves out is not said. A test finds the
sentences in the code and holds the catalogues against them. `details.en.toml` has only those that speak of a field of
the API: a page calls it what its label does.
"""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Final

from pennywren.language.catalogue import DEFAULT

_LONGEST: Final = 1_000
_PLACE: Final = re.compile(r"\{(\w+)\}")


def translated(code: str, message: str) -> str | None:
    """An error's message in a language, whether or not it ends with a full stop; None where it has no such sentence."""
    unknown = message if code == DEFAULT else None
    if len(message) > _LONGEST:
        return unknown
    plain = message.strip().removesuffix(".")
    for pattern, template in _patterns(code):
        found = pattern.fullmatch(plain)
        if found:
            return template.format(**found.groupdict())
    return unknown


@cache
def details(code: str) -> dict[str, str]:
    """The sentences of a language by those of the default one."""
    text = (files("pennywren.language") / f"details.{code}.toml").read_text(encoding="utf-8")
    return {str(said): str(template) for said, template in tomllib.loads(text).items()}


@cache
def _patterns(code: str) -> list[tuple[re.Pattern[str], str]]:
    """What a message looks like; the sentences with more words of their own go first."""
    ordered = sorted(details(code).items(), key=lambda each: -len(_PLACE.sub("", each[0])))
    return [(re.compile(_pattern(said.removesuffix(".")), re.DOTALL), template) for said, template in ordered]


def _pattern(said: str) -> str:
    parts = _PLACE.split(said)
    return "".join(re.escape(part) if i % 2 == 0 else f"(?P<{part}>.*?)" for i, part in enumerate(parts))

"""Every statement that the code sends to PostgreSQL, read from the modules themselves."""

import ast
import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pennywren

_CALLS = {"fetch", "fetchrow", "fetchval", "fetchmany", "execute", "executemany", "cursor", "prepare"}
_EXPLAINED = re.compile(r"[\s(]*(select|insert|update|delete|with|merge)\b", re.IGNORECASE)
_LOCALS: Mapping[str, tuple[Mapping[str, object], ...]] = {
    "pennywren.accounts.pairings": tuple({"where": f"{column} = $1"} for column in ("token_hash", "code", "link_hash")),
    "pennywren.accounts.preferences": ({"lock": True}, {"lock": False}),
    "pennywren.pipeline.gauges": ({"percent": 1},),
}
"""What local names in a statement may stand for."""
_LISTS = {
    "pennywren.postgres.admin_log": ("statement", "_FORGET"),
    "pennywren.web.account.account_data": ("question", "_REST"),
}
"""Names that stand for each of a list of their module."""
_WHOLE_TABLES = {
    "pennywren.pipeline.backing_up": "a backup reads all of every table",
    "pennywren.postgres.copying": "a backup reads all of every table",
}
_NOT_POSTGRES = {"pennywren.workqueue"}


@dataclass(frozen=True)
class Statement:
    """A statement and where it is sent from."""

    where: str
    text: str


def statements(such: re.Pattern[str] = _EXPLAINED) -> Iterator[Statement]:
    """Those that begin like this (without a pattern: all that can be explained), each in all of its forms.

    Raises:
        ValueError: one is put together in a way that is not understood here.
    """
    root = Path(pennywren.__file__).parent
    for path in sorted(root.rglob("*.py")):
        name = ".".join(("pennywren", *path.relative_to(root).with_suffix("").parts)).removesuffix(".__init__")
        if name in _WHOLE_TABLES or name in _NOT_POSTGRES:
            continue
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if _is_sent(node)]
        if calls:
            yield from _of_module(importlib.import_module(name), calls, such)


def _is_sent(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _CALLS
        and bool(node.args)
    )


def _of_module(module: ModuleType, calls: list[ast.AST], such: re.Pattern[str]) -> Iterator[Statement]:
    meanings: Sequence[Mapping[str, object]] = _LOCALS.get(module.__name__, ({},))
    if module.__name__ in _LISTS:
        name, of = _LISTS[module.__name__]
        listed: dict[str, str] | Sequence[str] = vars(module)[of]
        meanings = [{name: each} for each in (listed.values() if isinstance(listed, dict) else listed)]
    for call in calls:
        assert isinstance(call, ast.Call)
        where = f"{module.__name__}:{call.lineno}"
        source = ast.unparse(call.args[0])
        for names in meanings:
            try:
                text: object = eval(source, dict(vars(module)) | dict(names))
            except NameError as error:
                raise ValueError(f"{where}: what may `{source}` be? Say so in _LOCALS ({error})") from error
            if isinstance(text, str) and such.match(text):
                yield Statement(where, text)

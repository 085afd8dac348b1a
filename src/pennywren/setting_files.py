"""Settings that are kept in files, as secrets of containers are."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from pennywren.errors import BadSetting


def from_files(env: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """What the files hold that `NAME_FILE` names, by NAME.

    Raises:
        BadSetting: a file cannot be read, or the setting is given as well.
    """
    found: dict[str, str] = {}
    for name in names:
        path = env.get(name + "_FILE")
        if not path:
            continue
        if env.get(name):
            raise BadSetting(f"{name} and {name}_FILE are both given: keep one of them")
        try:
            found[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError) as error:
            raise BadSetting(f"{name}_FILE: {path} cannot be read: {error}") from error
    return found

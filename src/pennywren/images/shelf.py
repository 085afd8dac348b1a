"""Where finished pictures lie: files of a folder, no more than a bound on bytes allows; the longest unread go first."""

import logging
import os
import re
import secrets
import time
from pathlib import Path
from typing import Final

_log = logging.getLogger(__name__)

_NAME: Final = re.compile(r"[0-9a-f]{16}")
_LOOK_EVERY: Final = 32
"""Pictures after which a process looks how much there is: between two looks the bound may be passed by so many."""
_DOWN_TO: Final = 0.8
_DAY_S: Final = 86_400
_CHANCE_S: Final = 60
"""Seconds after which what a process left half written is taken away."""


class Shelf:
    """Blocking; for threads. Several processes may share a folder: each picture is there whole or not at all."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        self._most = most_bytes
        self._puts = 0

    def get(self, name: str, width: int) -> bytes | None:
        """A picture by the name of its source (16 hexadecimal digits); None if it is not here."""
        path = self._path(name, width)
        try:
            data = path.read_bytes()
            if time.time() - path.stat().st_mtime > _DAY_S:
                path.touch()
        except OSError:
            return None
        return data

    def put(self, name: str, pictures: dict[int, bytes]) -> None:
        """Lay a source's pictures down. A disk that is full or cannot be written costs the next look, nothing else."""
        try:
            for width, data in pictures.items():
                path = self._path(name, width)
                path.parent.mkdir(parents=True, exist_ok=True)
                part = path.with_suffix(f".{secrets.token_hex(4)}.part")
                part.write_bytes(data)
                part.replace(path)
        except OSError as error:
            _log.warning("product pictures cannot be kept: %s", error)
        self._puts += 1
        if self._puts % _LOOK_EVERY == 1:
            self.tidy()

    def tidy(self) -> None:
        """Take away what has not been read for longest, where there is more than the bound."""
        found: list[tuple[float, int, str]] = []
        for entry in _files(self._folder):
            try:
                seen = entry.stat()
            except OSError:
                continue  # another process took it
            if entry.name.endswith(".part") and time.time() - seen.st_mtime > _CHANCE_S:
                _take_away(entry.path)
            else:
                found.append((seen.st_mtime, seen.st_size, entry.path))
        total = sum(size for _, size, _ in found)
        if total <= self._most:
            return
        for _, size, path in sorted(found):
            if total <= self._most * _DOWN_TO:
                return
            _take_away(path)
            total -= size

    def _path(self, name: str, width: int) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a picture")
        return self._folder / name[:2] / f"{name}.{width}.webp"


def _files(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        return [
            entry
            for inner in os.scandir(folder)
            if inner.is_dir(follow_symlinks=False)
            for entry in os.scandir(inner)
            if entry.is_file(follow_symlinks=False)
        ]
    except OSError:
        return []


def _take_away(path: str) -> None:
    try:
        Path(path).unlink(missing_ok=True)
    except OSError as error:
        _log.warning("a product picture cannot be taken away: %s", error)

"""Where the archive is: a folder, or a bucket that speaks S3. A file is there whole, or not at all."""

import os
import secrets
from pathlib import Path
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

from pyarrow import fs as pyarrow_fs

from pennywren.errors import BadSetting, NotFound, Unavailable

_fs: Final = cast("Any", pyarrow_fs)
_UNFINISHED: Final = ".unfinished"


class Place(Protocol):
    """Files by names with slashes. Every method may raise Unavailable; they block, so call them in a thread."""

    address: str

    def names(self, folder: str) -> dict[str, int]:
        """The files under a folder and how many bytes each has."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Write a file, durably; one of this name is replaced in one step."""
        ...

    def read(self, name: str) -> bytes:
        """A whole file.

        Raises:
            NotFound: there is none, or no longer.
        """
        ...

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        ...


def open_place(address: str) -> Place:
    """The archive at a folder, or at `s3://bucket/prefix?endpoint_override=host:port&region=…`.

    Raises:
        BadSetting: this is no address of an archive.
    """
    scheme = urlsplit(address).scheme
    if scheme == "s3":
        return Bucket(address)
    if "://" in address:
        raise BadSetting(
            f"PENNYWREN_ARCHIVE: {scheme}:// is no place for it: write a folder, s3://BUCKET/PREFIX or off"
        )
    return Folder(Path(address))


class Folder:
    """A folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.address = str(root)
        self._root = root

    def names(self, folder: str) -> dict[str, int]:
        """The files under a folder; what a writer left unfinished is none."""
        found: dict[str, int] = {}
        for directory, _, files in os.walk(self._root / folder):
            for name in files:
                path = Path(directory) / name
                if path.suffix != _UNFINISHED:
                    try:
                        found[path.relative_to(self._root).as_posix()] = path.stat().st_size
                    except FileNotFoundError:
                        continue  # somebody has just folded it into another
        return found

    def write(self, name: str, data: bytes) -> None:
        """Write beside it, make that durable, rename."""
        target = self._root / name
        fresh = target.with_name(f"{target.name}.{secrets.token_hex(4)}{_UNFINISHED}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            try:
                with fresh.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                fresh.replace(target)
            finally:
                fresh.unlink(missing_ok=True)
            folder = os.open(target.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise Unavailable(f"the archive {self.address} cannot be written: {error.strerror or error}") from error

    def read(self, name: str) -> bytes:
        """A whole file."""
        try:
            return (self._root / name).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"{name} is not in the archive") from None
        except OSError as error:
            raise Unavailable(f"the archive {self.address} cannot be read: {error.strerror or error}") from error

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        (self._root / name).unlink(missing_ok=True)


class Bucket:
    """A bucket that speaks S3: an object appears when all of it has arrived, so its own name is written at once."""

    def __init__(self, address: str) -> None:
        self.address = address.partition("?")[0]
        try:
            found: Any = _fs.FileSystem.from_uri(address)
        except (OSError, ValueError) as error:
            raise BadSetting(f"PENNYWREN_ARCHIVE: {self.address}: {error}") from error
        self._files: Any = found[0]
        self._root = str(found[1]).rstrip("/")

    def names(self, folder: str) -> dict[str, int]:
        """The objects under a prefix."""
        selector = _fs.FileSelector(f"{self._root}/{folder}".rstrip("/"), allow_not_found=True, recursive=True)
        try:
            infos: Any = self._files.get_file_info(selector)
        except OSError as error:
            raise Unavailable(f"the archive {self.address} cannot be listed: {error}") from error
        return {each.path[len(self._root) + 1 :]: each.size for each in infos if each.is_file}

    def write(self, name: str, data: bytes) -> None:
        """Write an object."""
        try:
            with self._files.open_output_stream(f"{self._root}/{name}") as stream:
                stream.write(data)
        except OSError as error:
            raise Unavailable(f"the archive {self.address} cannot be written: {error}") from error

    def read(self, name: str) -> bytes:
        """A whole object."""
        try:
            with self._files.open_input_stream(f"{self._root}/{name}") as stream:
                return bytes(stream.read())
        except FileNotFoundError:
            raise NotFound(f"{name} is not in the archive") from None
        except OSError as error:
            raise Unavailable(f"the archive {self.address} cannot be read: {error}") from error

    def remove(self, name: str) -> None:
        """Remove an object, if it is there."""
        try:
            self._files.delete_file(f"{self._root}/{name}")
        except FileNotFoundError:
            return
        except OSError as error:
            raise Unavailable(f"the archive {self.address} cannot be written: {error}") from error

"""The child that parses: started by `child.PageParser`, a page at a time, with a memory limit, dying with its parent.

Frames are four bytes of length, big-endian, and MessagePack: in, `[marketplace, page]`; out, a `PageReading`.
The page is HTML, gzipped or not. The first frame out is empty and says that the child is ready.
"""

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import Final

import msgspec

from pennywren.observe.packed import BROKEN, unpacked
from pennywren.observe.page import MAX_BYTES, PageReading, read_page

_PR_SET_PDEATHSIG: Final = 1
_HEADROOM: Final = 512 * 1024 * 1024


def serve(read: Callable[[bytes, str], PageReading]) -> None:
    """Answer with what `read` makes of each page and its marketplace, until the parent closes the pipe or dies."""
    _die_with(int(sys.argv[1]))
    # What prints by accident must not end up between the frames.
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    source = os.fdopen(0, "rb", buffering=0, closefd=False)
    _limit_memory()
    encode, decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(tuple[str, bytes]).decode
    out.write(bytes(4))
    while (head := _exactly(source.fileno(), 4)) is not None:
        body = _exactly(source.fileno(), int.from_bytes(head, "big"))
        if body is None:
            return
        marketplace, page = decode(body)
        try:
            reading = read(page, marketplace)
        except MemoryError:
            reading = PageReading(kind="unreadable", reason="parser_memory")
        answer = encode(reading)
        out.write(len(answer).to_bytes(4, "big") + answer)


def _read(page: bytes, marketplace: str) -> PageReading:
    try:
        html = unpacked(page, MAX_BYTES)
    except ValueError:
        return PageReading(kind="unreadable", reason=BROKEN)
    return PageReading(kind="unreadable", reason="too_large") if html is None else read_page(html, marketplace)


def _die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent is gone: a parse cannot be interrupted otherwise."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # It went away before we could ask.
        os._exit(0)


def _limit_memory() -> None:
    """512 MB on top of what the interpreter has mapped by now; and no core file of a page."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with open("/proc/self/statm", encoding="ascii") as status:
            mapped = int(status.read().split()[0]) * resource.getpagesize()
    except OSError:
        mapped = _HEADROOM
    resource.setrlimit(resource.RLIMIT_AS, (mapped + _HEADROOM, mapped + _HEADROOM))


def _exactly(fd: int, size: int) -> bytes | None:
    """`size` bytes, or None at the end of the pipe."""
    pieces: list[bytes] = []
    while size > 0:
        piece = os.read(fd, min(size, 1 << 20))
        if not piece:
            return None
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


if __name__ == "__main__":
    serve(_read)

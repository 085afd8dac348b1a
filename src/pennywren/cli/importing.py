"""`import`: a file of products, one on each line."""

import asyncio
import gzip
import hashlib
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

import click
import msgspec

from pennywren.cli.parts import Parts, open_parts
from pennywren.cli.progress import Advance, progress_bar
from pennywren.errors import BadInput, BadProduct
from pennywren.local.datadir import writing
from pennywren.model.product import ProductID
from pennywren.pipeline.importing import CHUNK, import_chunk
from pennywren.settings import load_settings

_MOST_BAD_SHOWN: Final = 50
_MOST_BAD_KEPT: Final = 10_000
_LONGEST_LINE: Final = 8 * 1024 * 1024


class BadLine(msgspec.Struct, frozen=True):
    """A line that is no product."""

    line: int
    text: str
    reason: str


class Progressed(msgspec.Struct):
    """How far an import has come: kept after each chunk, so that it can go on."""

    source: str
    """Which file this is about: its size, time and beginning; another file begins anew."""
    line: int = 0
    products: int = 0
    new: int = 0
    bad: int = 0
    bad_lines: list[BadLine] = []


class _State:
    """The state file of one import."""

    def __init__(self, path: Path, source: str) -> None:
        self._path = path
        self.progressed = Progressed(source)

    @classmethod
    def of(cls, file: Path, folder: Path) -> Self:
        """The state kept for `file`, if it is still the same file."""
        with file.open("rb") as beginning:
            about = (
                f"{file.stat().st_size} {file.stat().st_mtime_ns} {hashlib.sha256(beginning.read(65_536)).hexdigest()}"
            )
        name = hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:16]
        state = cls(folder / f"{name}.json", about)
        try:
            kept = msgspec.json.decode(state._path.read_bytes(), type=Progressed)
        except (OSError, msgspec.MsgspecError):
            return state
        if kept.source == about:
            state.progressed = kept
        return state

    def save(self) -> None:
        """Keep it, whole or not at all."""
        folder = self._path.parent
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = self._path.with_suffix(f".{os.getpid()}")
            fresh.write_bytes(msgspec.json.encode(self.progressed))
            fresh.replace(self._path)

    def forget(self) -> None:
        """The import is done."""
        self._path.unlink(missing_ok=True)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--restart", is_flag=True, help="Begin anew instead of going on where it was interrupted.")
@click.option("--json", "as_json", is_flag=True, help="Write the result as one JSON object, and no progress bar.")
@click.pass_context
def import_command(ctx: click.Context, file: Path, restart: bool, as_json: bool) -> None:
    """Track every product of FILE: one on each line, as ASIN, MARKETPLACE:ASIN or link.

    Empty lines and lines that begin with # are skipped; FILE may be gzipped. Interrupted, it goes on where it was when
    it is started again. Lines that are no products are listed with their numbers, and make the exit code 1.

    They are looked at as requests are left over, so that they keep nothing waiting that is due; `pennywren track` asks
    for some of them first.

    \b
    Examples:
      pennywren import asins.txt
      pennywren import asins.txt.gz --json
    """
    state = _State.of(file, load_settings().data_dir / "imports")
    if restart:
        state.progressed = Progressed(state.progressed.source)
    began, resumed = time.monotonic(), state.progressed.line
    with progress_bar(f"importing {file.name}", quiet=as_json) as advance:
        asyncio.run(_import(file, state, advance))
    state.forget()
    done, seconds = state.progressed, time.monotonic() - began
    if as_json:
        click.echo(
            msgspec.json.encode(
                {
                    "lines": done.line, "products": done.products, "new": done.new, "bad": done.bad,
                    "badLines": done.bad_lines, "resumedAfterLine": resumed, "seconds": round(seconds, 3),
                }
            )
        )  # fmt: skip
    else:
        click.echo(f"{done.products} products, {done.new} of them new, from {done.line} lines in {seconds:.1f} s")
        _list_bad(done)
    ctx.exit(1 if done.bad else 0)


def _list_bad(done: Progressed) -> None:
    for bad in done.bad_lines[:_MOST_BAD_SHOWN]:
        click.echo(f"line {bad.line}: {bad.reason}", err=True)
    if done.bad > _MOST_BAD_SHOWN:
        click.echo(f"and {done.bad - _MOST_BAD_SHOWN} more lines that are no products (--json lists them)", err=True)


async def _import(file: Path, state: _State, advance: Advance) -> None:
    """Read, and write a chunk at a time; while one is written the next is read."""
    default, total = load_settings().default_marketplace, _count_lines(file)
    async with open_parts() as parts:
        writing: asyncio.Task[None] | None = None
        for progressed, products in _chunks(file, state.progressed, default):
            if writing is not None:
                await writing
                advance(state.progressed.line, total)
            writing = asyncio.create_task(_write(parts, state, progressed, products))
            # Let it send before the next lines are read.
            await asyncio.sleep(0)
        if writing is not None:
            await writing


async def _write(parts: Parts, state: _State, progressed: Progressed, products: list[ProductID]) -> None:
    progressed.new = state.progressed.new + await import_chunk(parts.pool, parts.store.client, products)
    state.progressed = progressed
    state.save()


def _chunks(file: Path, begun: Progressed, default: str) -> Iterator[tuple[Progressed, list[ProductID]]]:
    """The products of each chunk, and where the import stands when they are written."""
    at = msgspec.structs.replace(begun, bad_lines=list(begun.bad_lines))
    products: list[ProductID] = []
    with _open(file) as lines:
        for number, line in enumerate(lines, 1):
            if number <= begun.line:
                continue
            at.line = number
            typed = line.strip()
            if not typed or typed.startswith("#"):
                continue
            try:
                products.append(ProductID.parse(typed, default))
            except BadProduct as error:
                at.bad += 1
                if len(at.bad_lines) < _MOST_BAD_KEPT:
                    at.bad_lines.append(BadLine(number, typed[:80], error.message))
                continue
            at.products += 1
            if len(products) >= CHUNK:
                yield msgspec.structs.replace(at, bad_lines=list(at.bad_lines)), products
                products = []
    yield at, products


def _open(file: Path) -> io.TextIOWrapper:
    with file.open("rb") as probe:
        zipped = probe.read(2) == b"\x1f\x8b"
    return io.TextIOWrapper(gzip.open(file) if zipped else file.open("rb"), encoding="utf-8-sig", errors="replace")


def _count_lines(file: Path) -> int:
    """For the progress bar."""
    count = 0
    try:
        with _open(file) as lines:
            for line in lines:
                if len(line) > _LONGEST_LINE:
                    raise BadInput(f"{file} has a line of {len(line)} characters: write one product on each line")
                count += 1
    except (OSError, EOFError) as error:
        raise BadInput(f"{file} cannot be read: {error}") from error
    return count

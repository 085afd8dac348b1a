"""`archive`: every price change, kept for ever."""

import asyncio
import signal
from datetime import UTC, datetime

import click
import msgspec

from pennywren import keyspace
from pennywren.archive import files, folding
from pennywren.archive.events import Event
from pennywren.cli.parts import open_store
from pennywren.cli.progress import progress_bar
from pennywren.errors import BadInput
from pennywren.model.clock import SECOND, rfc3339, system_clock
from pennywren.model.money import format_amount
from pennywren.model.product import ProductID
from pennywren.pipeline.archiving import open_archiver, place_of
from pennywren.pipeline.backing_up import take_snapshots
from pennywren.settings import load_settings


class ArchiveStatus(msgspec.Struct, frozen=True, rename="camel"):
    """What an archive holds."""

    place: str
    files: dict[str, int]
    bytes: int
    first_at: str | None
    last_at: str | None
    restored: list[dict[str, str]]


@click.group()
def archive() -> None:
    """Keep every price change in Parquet files, and look into them.

    They are in PENNYWREN_ARCHIVE: a folder (`archive` in the data folder if not given), or s3://BUCKET/PREFIX.

    \b
    Examples:
      pennywren archive status
      pennywren archive read us:B08N5WRWNW
    """


@archive.command()
def run() -> None:
    """Write what the change streams hold into the archive, until it is ended.

    Several may run: each partition is read by one of them at a time.

    \b
    Example:
      pennywren archive run
    """
    asyncio.run(_run())


async def _run() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with open_archiver(load_settings()) as archiver:
        await archiver.run(stop)


@archive.command()
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
def status(as_json: bool) -> None:
    """Say what the archive holds, and up to when.

    \b
    Example:
      pennywren archive status --json
    """
    place = place_of(load_settings())
    found = files.files(place)
    told = ArchiveStatus(
        place.address,
        {folder: sum(file.folder == folder for file in found) for folder in files.FOLDERS},
        sum(file.size for file in found),
        rfc3339(min(file.first for file in found)) if found else None,
        rfc3339(max(file.last for file in found)) if found else None,
        [{"at": rfc3339(each.at), "when": rfc3339(each.when)} for each in files.restorations(place)],
    )
    if as_json:
        click.echo(msgspec.json.encode(told))
        return
    click.echo(f"{told.place}: {len(found)} files, {told.bytes / 1e6:.1f} MB")
    if not found:
        click.echo("It is empty: `pennywren up` or `pennywren archive run` fills it.")
        return
    click.echo("  ".join(f"{folder} {count}" for folder, count in told.files.items()))
    click.echo(f"from {told.first_at} to {told.last_at}")
    for each in told.restored:
        click.echo(f"restored at {each['when']} to how it was at {each['at']}")


@archive.command()
@click.argument("product", required=False)
@click.option("--from", "since", help="Only rows from this moment on, such as 2026-11-27T10:00:00Z.")
@click.option("--to", "until", help="Only rows up to this moment.")
@click.option(
    "--json", "as_json", is_flag=True, help="Write one JSON object a row, times in ms, prices in minor units."
)
def read(product: str | None, since: str | None, until: str | None, as_json: bool) -> None:
    """Write the rows of PRODUCT, or of all products, in their order.

    \b
    Examples:
      pennywren archive read us:B08N5WRWNW
      pennywren archive read --from 2026-11-27T00:00:00Z --json
    """
    settings = load_settings()
    of = None if product is None else ProductID.parse(product, settings.default_marketplace)
    first, last = moment(since) if since else 0, moment(until) if until else None
    place = place_of(settings)
    if of is not None:
        blocks = [range(keyspace.partition_of(of), keyspace.partition_of(of) + 1)]
    else:
        # A few partitions at a time, so that an archive of any size can be read.
        blocks = [range(start, start + 32) for start in range(0, keyspace.PARTITIONS, 32)]
    for block in blocks:
        for row in files.read_rows(place, block, last):
            if row.ms >= first and (of is None or row.product == str(of)):
                click.echo(_as_json(row) if as_json else _as_line(row))


@archive.command()
@click.option("--json", "as_json", is_flag=True, help="Write the result as one JSON object, and no progress bar.")
def snapshot(as_json: bool) -> None:
    """Write every product as it is now into the archive.

    Once, where prices were recorded before there was an archive: what is in no stream any more is in no archive
    otherwise. Everything may go on meanwhile.

    \b
    Example:
      pennywren archive snapshot
    """
    done = asyncio.run(_snapshot(quiet=as_json))
    click.echo(msgspec.json.encode({"products": done}) if as_json else f"{done} products are in the archive")


async def _snapshot(*, quiet: bool) -> int:
    settings = load_settings()
    place = place_of(settings)
    async with open_store(settings) as store:
        with progress_bar("products", quiet=quiet) as advance:
            return await take_snapshots(store.client, place, progress=advance)


@archive.command()
@click.option("--json", "as_json", is_flag=True, help="Write the result as one JSON object.")
def compact(as_json: bool) -> None:
    """Put each day's files together, and fold rows that are older than PENNYWREN_ARCHIVE_WHOLE into one a product.

    The archiver does this every day. Everything may go on meanwhile, and running it again changes nothing.

    \b
    Example:
      pennywren archive compact
    """
    settings = load_settings()
    done = folding.compact(place_of(settings), system_clock(), settings.archive_whole * SECOND)
    if as_json:
        click.echo(
            msgspec.json.encode(
                {
                    "filesBefore": done.files_before, "filesAfter": done.files_after,
                    "bytesBefore": done.bytes_before, "bytesAfter": done.bytes_after, "products": done.products,
                }
            )
        )  # fmt: skip
        return
    click.echo(
        f"{done.files_before} files ({done.bytes_before / 1e6:.1f} MB) became {done.files_after} "
        f"({done.bytes_after / 1e6:.1f} MB); the old rows of {done.products} products were folded"
    )


def moment(text: str) -> int:
    """A time that a person gives, in ms; without a zone it is UTC.

    Raises:
        BadInput: it is none.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is not a time: write 2026-11-27T10:00:00Z") from error
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return int(found.timestamp() * SECOND)


def _as_json(row: Event) -> bytes:
    told = msgspec.structs.asdict(row)
    told["snapshot"] = row.snapshot is not None
    return msgspec.json.encode(told)


def _as_line(row: Event) -> str:
    old, new = ("no offer" if each is None else format_amount(each, row.currency) for each in (row.old, row.new))
    moved = "" if row.snapshot is not None else f"  {old} -> {new} {row.currency}"
    return f"{rfc3339(row.ms)}  {row.product} {row.offer}  {row.kind}{moved}  v{row.version} {row.source}"

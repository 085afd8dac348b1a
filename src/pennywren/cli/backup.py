"""`backup` and `restore`: losing a machine without losing what was known, and moving to another."""

import asyncio
import time
from pathlib import Path

import click
import msgspec

from pennywren.archive.places import open_place
from pennywren.cli.archive import moment
from pennywren.cli.parts import Parts, open_parts
from pennywren.cli.progress import progress_bar
from pennywren.errors import BadInput
from pennywren.model.clock import system_clock
from pennywren.pipeline.archiving import place_of
from pennywren.pipeline.backing_up import Manifest, back_up, fill, take_snapshots
from pennywren.pipeline.frontier_rebuild import rebuild_frontier
from pennywren.pipeline.restoring import Restorer, RestoreResult
from pennywren.pipeline.watch_rebuild import rebuild_watches


@click.command()
@click.argument("folder")
@click.option("--json", "as_json", is_flag=True, help="Write the result as one JSON object, and no progress bar.")
def backup(folder: str, as_json: bool) -> None:
    """Write everything of this installation into FOLDER: people, watches, the catalogue, all price histories.

    FOLDER is new or empty, or s3://BUCKET/PREFIX. Everything may go on meanwhile. It holds people's addresses and the
    keys of this installation: keep it as you keep those. `pennywren restore --from FOLDER` fills a new installation.

    \b
    Example:
      pennywren backup /srv/backups/2026-11-27
    """
    began = time.monotonic()
    manifest = asyncio.run(_back_up(folder, quiet=as_json))
    seconds = time.monotonic() - began
    if as_json:
        click.echo(msgspec.json.encode({**msgspec.structs.asdict(manifest), "seconds": round(seconds, 3)}))
        return
    rows = sum(manifest.tables.values())
    click.echo(f"{manifest.products} products and {rows} rows of {len(manifest.tables)} tables in {seconds:.1f} s")


async def _back_up(folder: str, *, quiet: bool) -> Manifest:
    place = open_place(_absolute(folder))
    async with open_parts() as parts:
        with progress_bar("products", quiet=quiet) as advance:
            return await back_up(parts.store.client, parts.store.raw, parts.pool, place, advance)


@click.command()
@click.option("--at", "when", help="To how prices were at this moment, such as 2026-11-27T10:00:00Z; else to the last.")
@click.option("--from", "source", help="A backup: fill this empty installation with all of it.")
@click.option("--over", is_flag=True, help="Replace what is recorded, instead of adding to it.")
@click.option("--json", "as_json", is_flag=True, help="Write the result as one JSON object, and no progress bar.")
def restore(when: str | None, source: str | None, over: bool, as_json: bool) -> None:
    """Bring prices back from the archive, and with --from a whole installation from a backup.

    After Redis was lost: all histories up to the last archived change, then watches and frontier from PostgreSQL. Do
    it before crawling begins again; running it again changes nothing. To go back to an earlier moment while Redis is
    there, say --at and --over: what was recorded since is taken back.

    \b
    Examples:
      pennywren restore
      pennywren restore --at 2026-11-27T10:00:00Z --over
      pennywren restore --from /srv/backups/2026-11-27
    """
    if when and not over and source is None:
        click.echo("without --over, what Redis has recorded since stays", err=True)
    began = time.monotonic()
    result, watched, added = asyncio.run(_restore(when, source, over=over, quiet=as_json))
    seconds = time.monotonic() - began
    rate = result.products / seconds
    if as_json:
        click.echo(
            msgspec.json.encode(
                {
                    "products": result.products, "unchanged": result.unchanged, "changes": result.changes,
                    "watches": watched, "frontier": added, "seconds": round(seconds, 3),
                    "productsPerSecond": round(rate),
                }
            )
        )  # fmt: skip
        return
    click.echo(
        f"{result.products} products with {result.changes} changes were restored in {seconds:.1f} s ({rate:.0f}/s), "
        f"{result.unchanged} had theirs; {watched} watches are in the index, {added} products came into the frontier"
    )


async def _restore(when: str | None, source: str | None, *, over: bool, quiet: bool) -> tuple[RestoreResult, int, int]:
    if source is not None and over:
        raise BadInput("--from fills an empty installation: leave --over away")
    async with open_parts() as parts:
        place = place_of(parts.settings) if source is None else open_place(_absolute(source))
        if source is not None and await fill(parts.store.client, parts.store.raw, parts.pool, place):
            click.echo("keys came with the backup: start again what runs here, for it still has others", err=True)
        with progress_bar("partitions", quiet=quiet) as advance:
            restorer = Restorer(parts.store, parts.pool, place, parts.settings)
            result = await restorer.restore(moment(when) if when else None, over=over, progress=advance)
        if source is not None and parts.settings.archive_address is not None:
            # No stream tells of what was filled in, so without this a loss of Redis would lose it.
            with progress_bar("archive", quiet=quiet) as advance:
                own = place_of(parts.settings)
                await take_snapshots(parts.store.client, own, expected=result.products, progress=advance)
        return result, *await _rebuild(parts, quiet=quiet)


async def _rebuild(parts: Parts, *, quiet: bool) -> tuple[int, int]:
    client, pool = parts.store.client, parts.pool
    with progress_bar("watches", quiet=quiet) as advance:
        watched = await rebuild_watches(parts.store, pool, system_clock(), advance)
    with progress_bar("frontier", quiet=quiet) as advance:
        return watched, await rebuild_frontier(client, pool, parts.settings.recrawl_after, advance)


def _absolute(address: str) -> str:
    return address if "://" in address else str(Path(address).absolute())

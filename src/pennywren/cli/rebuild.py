"""`rebuild`: what is derived, from what is not."""

import asyncio

import click
import msgspec

from pennywren.cli.parts import open_parts
from pennywren.cli.progress import progress_bar
from pennywren.model.clock import system_clock
from pennywren.pipeline.frontier_rebuild import rebuild_frontier
from pennywren.pipeline.watch_rebuild import rebuild_watches


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Write the result as one JSON object, and no progress bar.")
def rebuild(as_json: bool) -> None:
    """Make watches and frontier again from PostgreSQL.

    After Redis was lost or restored. Everything may go on meanwhile, and running it again changes nothing.

    \b
    Example:
      pennywren rebuild
    """
    watched, added = asyncio.run(_rebuild(quiet=as_json))
    if as_json:
        click.echo(msgspec.json.encode({"watches": watched, "productsAdded": added}))
    else:
        click.echo(f"{watched} watches are in the index; {added} products came into the frontier")


async def _rebuild(*, quiet: bool) -> tuple[int, int]:
    async with open_parts() as parts:
        client, pool = parts.store.client, parts.pool
        with progress_bar("watches", quiet=quiet) as advance:
            watched = await rebuild_watches(parts.store, pool, system_clock(), advance)
        with progress_bar("frontier", quiet=quiet) as advance:
            added = await rebuild_frontier(client, pool, parts.settings.recrawl_after, advance)
    return watched, added

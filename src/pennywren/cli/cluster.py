"""`cluster`: the nodes of a Redis Cluster, what each has, and moving partitions between them."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import click
import msgspec

from pennywren import keyspace
from pennywren.cli.parts import open_store
from pennywren.cli.progress import progress_bar
from pennywren.errors import BadInput
from pennywren.pipeline.partition_moving import mend_compactions, move_partition
from pennywren.settings import load_settings
from pennywren.store.cluster import Address, ClusterClient
from pennywren.store.evening import Held, Move, loads_of, plan_moves
from pennywren.store.slots import held_partitions
from pennywren.store.store import Store

_PARTITION: Final = click.IntRange(0, keyspace.PARTITIONS - 1)


@click.group()
def cluster() -> None:
    """The nodes of a Redis Cluster, and which partitions each has.

    For an installation whose PENNYWREN_REDIS_URL is redis+cluster://….

    \b
    Examples:
      pennywren cluster plan
      pennywren cluster move 47 --to 10.0.0.7:6379
    """


class NodeView(msgspec.Struct, rename="camel"):
    """One node that has slots."""

    node: str
    partitions: int
    products: int
    products_after: int


class MoveView(msgspec.Struct, rename="camel"):
    """One partition that should go elsewhere."""

    partition: int
    slot: int
    source: str = msgspec.field(name="from")
    target: str = msgspec.field(name="to")
    products: int


@dataclass(frozen=True, slots=True)
class _Plan:
    held: list[Held]
    nodes: list[Address]
    moves: list[Move]

    def views(self) -> list[NodeView]:
        before = loads_of(self.held, self.nodes)
        gone = {move.partition: move.target for move in self.moves}
        after = loads_of(
            [Held(h.partition, h.slot, gone.get(h.partition, h.node), h.weight) for h in self.held], self.nodes
        )
        return [
            NodeView(spelled(node), sum(h.node == node for h in self.held), before[node], after[node])
            for node in self.nodes
        ]


@cluster.command()
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
def plan(as_json: bool) -> None:
    """Show what each node has, and the moves that even them.

    Partitions are weighed by their products. Nothing is moved: each line of the plan is a command that does it.

    \b
    Examples:
      pennywren cluster plan
      pennywren cluster plan --json
    """
    found = asyncio.run(_plan())
    moves = [MoveView(m.partition, m.slot, spelled(m.source), spelled(m.target), m.weight) for m in found.moves]
    if as_json:
        click.echo(msgspec.json.encode({"nodes": found.views(), "moves": moves}))
        return
    click.echo(f"{'node':<24}{'partitions':>11}{'products':>14}{'after':>14}")
    for view in found.views():
        click.echo(f"{view.node:<24}{view.partitions:>11,}{view.products:>14,}{view.products_after:>14,}")
    if not moves:
        click.echo("The nodes are even: there is nothing to move.")
    for move in moves:
        click.echo(f"pennywren cluster move {move.partition} --to {move.target}")


async def _plan() -> _Plan:
    async with _open_cluster() as (client, _):
        held, nodes = await held_partitions(client)
    return _Plan(held, nodes, plan_moves(held, nodes))


@cluster.command()
@click.argument("partitions", type=_PARTITION, nargs=-1, required=True)
@click.option("--to", "target", required=True, metavar="HOST:PORT", help="The primary that shall have them.")
def move(partitions: tuple[int, ...], target: str) -> None:
    """Move PARTITIONS (0 to 1023) to another node while everything goes on.

    What was interrupted is finished by running it again.

    \b
    Example:
      pennywren cluster move 47 48 --to 10.0.0.7:6379
    """
    keys = asyncio.run(_move(partitions, _address(target)))
    there = f"partition {partitions[0]} is" if len(partitions) == 1 else f"{len(partitions):,} partitions are"
    click.echo(f"moved {keys:,} keys: {there} at {target} now")


async def _move(partitions: Sequence[int], target: Address) -> int:
    keys = 0
    async with _open_cluster() as (client, store):
        with progress_bar("partitions") as advance:
            for done, partition in enumerate(partitions, 1):
                keys += await move_partition(store, client, partition, target)
                advance(done, len(partitions))
    return keys


@cluster.command()
@click.argument("partitions", type=_PARTITION, nargs=-1)
def mend(partitions: tuple[int, ...]) -> None:
    """Make compactions anew that other tools lost while moving PARTITIONS (all of them if none is named).

    `pennywren cluster move` needs no mending. `redis-cli --cluster reshard` does: it moves time series without the
    rules that keep their compactions.

    \b
    Example:
      pennywren cluster mend
    """
    mended = asyncio.run(_mend(partitions or range(keyspace.PARTITIONS)))
    click.echo(f"mended {mended:,} products" if mended else "There was nothing to mend.")


async def _mend(partitions: Sequence[int]) -> int:
    mended = 0
    async with _open_cluster() as (client, store):
        with progress_bar("partitions") as advance:
            for done, partition in enumerate(partitions, 1):
                mended += await mend_compactions(store, client, partition)
                advance(done, len(partitions))
    return mended


def spelled(node: Address) -> str:
    """A node as people write it."""
    return f"{node[0]}:{node[1]}"


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise BadInput(f"--to: {text!r} is no node: write HOST:PORT, as `pennywren cluster plan` does")
    return host, int(port)


@asynccontextmanager
async def _open_cluster() -> AsyncGenerator[tuple[ClusterClient, Store]]:
    async with open_store(load_settings()) as store:
        client = store.client
        if not isinstance(client, ClusterClient):
            raise BadInput(
                "PENNYWREN_REDIS_URL names one Redis: a cluster is named as redis+cluster://HOST:PORT,HOST:PORT"
            )
        yield client, store

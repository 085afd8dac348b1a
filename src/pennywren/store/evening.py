"""Which partitions to move so that the nodes of a cluster have about the same to keep. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pennywren.store.cluster import Address

_TOLERATED: Final = 0.02
"""How far above its fair share a node may stay: a move costs more than it brings then."""


@dataclass(frozen=True, slots=True)
class Held:
    """One partition: who has it, and how much is in it."""

    partition: int
    slot: int
    node: Address
    weight: int
    """In any unit, for instance products."""


@dataclass(frozen=True, slots=True)
class Move:
    """One partition goes from one node to another."""

    partition: int
    slot: int
    source: Address
    target: Address
    weight: int


def loads_of(partitions: Sequence[Held], nodes: Sequence[Address]) -> dict[Address, int]:
    """How much each node has; a node without partitions has 0."""
    loads = dict.fromkeys(nodes, 0)
    for held in partitions:
        loads[held.node] = loads.get(held.node, 0) + held.weight
    return loads


def plan_moves(partitions: Sequence[Held], nodes: Sequence[Address]) -> list[Move]:
    """Moves, largest first, after which no node is more than 2 % above its share, or no move makes it better.

    Each takes from the fullest node the largest partition that fits into what the emptiest one lacks, so that no move
    makes another one necessary, and few are made.
    """
    loads = loads_of(partitions, nodes)
    if len(loads) < 2:
        return []
    fair = sum(loads.values()) / len(loads)
    held_by = _by_node(partitions, loads)
    moves: list[Move] = []
    while True:
        fullest, emptiest = max(loads, key=lambda a: (loads[a], a)), min(loads, key=lambda a: (loads[a], a))
        gap = loads[fullest] - loads[emptiest]
        if loads[fullest] <= fair * (1 + _TOLERATED):
            return moves
        # What is more than half of the gap would only turn the two around.
        chosen = next((held for held in held_by[fullest] if 0 < 2 * held.weight <= gap), None)
        if chosen is None:
            return moves
        held_by[fullest].remove(chosen)
        loads[fullest] -= chosen.weight
        loads[emptiest] += chosen.weight
        moves.append(Move(chosen.partition, chosen.slot, fullest, emptiest, chosen.weight))


def _by_node(partitions: Sequence[Held], nodes: Mapping[Address, int]) -> dict[Address, list[Held]]:
    """Each node's partitions, largest first."""
    held_by: dict[Address, list[Held]] = {node: [] for node in nodes}
    for held in sorted(partitions, key=lambda each: (-each.weight, each.partition)):
        held_by[held.node].append(held)
    return held_by

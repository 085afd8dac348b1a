"""The moves that even the nodes of a cluster: few, none for nothing, and even afterwards."""

from hypothesis import given
from hypothesis import strategies as st

from pennywren.store.evening import Held, loads_of, plan_moves

NODES = [("10.0.0.1", 1), ("10.0.0.2", 2), ("10.0.0.3", 3), ("10.0.0.4", 4)]

PARTITIONS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 1000)), max_size=60).map(
    lambda rows: [Held(i, 16 * i, NODES[node], weight) for i, (node, weight) in enumerate(rows)]
)


@given(PARTITIONS)
def test_no_partition_moves_twice_and_the_fullest_node_never_gets_fuller(held: list[Held]) -> None:
    moves = plan_moves(held, NODES)
    where = {each.partition: each.node for each in held}
    assert len({move.partition for move in moves}) == len(moves)
    fullest = max(loads_of(held, NODES).values())
    for move in moves:
        assert where[move.partition] == move.source != move.target
        where[move.partition] = move.target
        now = loads_of([Held(h.partition, h.slot, where[h.partition], h.weight) for h in held], NODES)
        assert max(now.values()) <= fullest
        fullest = max(now.values())


@given(PARTITIONS)
def test_what_is_left_uneven_is_less_than_any_partition_would_mend(held: list[Held]) -> None:
    moves = plan_moves(held, NODES)
    gone = {move.partition: move.target for move in moves}
    after = [Held(h.partition, h.slot, gone.get(h.partition, h.node), h.weight) for h in held]
    loads = loads_of(after, NODES)
    fair = sum(loads.values()) / len(loads)
    fullest = max(loads, key=lambda node: (loads[node], node))
    gap = loads[fullest] - min(loads.values())
    assert loads[fullest] <= fair * 1.02 or all(2 * h.weight > gap for h in after if h.node == fullest)
    assert plan_moves(after, NODES) == []


def test_a_new_node_gets_its_share_with_as_few_moves_as_there_are_partitions_in_it() -> None:
    held = [Held(i, i, NODES[i % 3], 1) for i in range(1024)]
    moves = plan_moves(held, NODES)
    assert {move.target for move in moves} == {NODES[3]}
    assert 240 <= len(moves) <= 256


def test_one_node_has_nothing_to_move_to() -> None:
    assert plan_moves([Held(1, 1, NODES[0], 5)], NODES[:1]) == []

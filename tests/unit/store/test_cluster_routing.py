"""Where a command of a cluster goes, without one."""

import pytest
from redis.crc import key_slot

from pennywren.store.cluster import SLOTS, Topology, slot_of
from pennywren.store.connect import is_cluster

KEY = "{47}:product:us:B08N5WRWNW"
SLOT = key_slot(KEY.encode())


@pytest.mark.parametrize(
    "words",
    [
        ("GET", KEY),
        ("HSET", KEY.encode(), "a", 1),
        ("TS.RANGE", KEY, 0, 1),
        ("EVALSHA", "abc", 2, KEY, "{47}:frontier", "argument"),
        (b"XREADGROUP", b"GROUP", b"g", b"c", b"STREAMS", KEY, b">"),
        ("XREADGROUP", "GROUP", "g", "c", "COUNT", 1, "STREAMS", KEY, ">"),
        ("XINFO GROUPS", KEY),
        ("XGROUP", "CREATE", KEY, "g", "0"),
        ("MEMORY USAGE", KEY),
        ("OBJECT", "ENCODING", KEY),
        ("bzpopmin", KEY, 1),
    ],
)
def test_a_command_goes_where_its_first_key_is(words: tuple[object, ...]) -> None:
    assert slot_of(words) == SLOT


@pytest.mark.parametrize(
    "words", [("PING",), ("TIME",), ("INFO", "memory"), ("EVALSHA", "abc", 0), ("CLUSTER", "SLOTS")]
)
def test_a_command_without_a_key_goes_anywhere(words: tuple[object, ...]) -> None:
    assert slot_of(words) is None


def test_the_topology_is_what_cluster_slots_says() -> None:
    topology = Topology(seeds=(("seed", 1),))
    topology.read(
        [
            [0, 9999, ["10.0.0.1", 7001, "a", []], ["10.0.0.4", 7004, "d", []]],
            [10_001, SLOTS - 1, [b"10.0.0.2", 7002, "b", []]],
            [10_000, 10_000, [None, 7003, "c", []]],
        ],
        ("10.0.0.3", 9),
    )
    assert topology.primaries[0] == topology.primaries[9999] == ("10.0.0.1", 7001)
    assert topology.primaries[10_000] == ("10.0.0.3", 7003)
    assert topology.primaries[SLOTS - 1] == ("10.0.0.2", 7002)
    assert topology.replicas[("10.0.0.1", 7001)] == (("10.0.0.4", 7004),)
    assert topology.nodes[-1] == ("seed", 1)
    assert len(topology.nodes) == 5


def test_a_slot_that_nobody_has_is_nobodys() -> None:
    topology = Topology(seeds=(("seed", 1),))
    topology.read([[0, 9, ["10.0.0.1", 7001]]], ("seed", 1))
    assert topology.primaries[10] is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [("redis://h:1/0", False), ("redis+cluster://h:1,i:2", True), ("rediss+cluster://:secret@h", True)],
)
def test_a_cluster_is_told_by_its_address(url: str, expected: bool) -> None:
    assert is_cluster(url) is expected

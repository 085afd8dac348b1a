"""Which nodes of a cluster can be given slots."""

from pennywren.store.slots import empty_primaries

NODES = """\
a 10.0.0.1:6379@16379 myself,master - 0 0 1 connected 0-5460
b 10.0.0.2:6379@16379,two.example master - 0 1 2 connected 5461 [5462->-c]
c 10.0.0.3:6379@16379,three.example master - 0 1 3 connected
d fd00::4:6379@16379 master - 0 1 4 connected
e 10.0.0.5:6379@16379 slave a 0 1 1 connected
f 10.0.0.6:6379@16379 master,fail - 1 1 6 disconnected
g :0@0 master,noaddr - 1 1 7 disconnected
h 10.0.0.8:6379@16379 handshake - 0 0 0 disconnected
"""


def test_a_primary_that_answers_and_has_no_slots_can_be_given_some() -> None:
    assert empty_primaries(NODES) == [("10.0.0.3", 6379), ("fd00::4", 6379)]

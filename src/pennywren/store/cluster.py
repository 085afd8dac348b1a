"""A Redis Cluster behind the interface of one Redis: each command goes to the node that has its slot.

redis-py has a cluster client, but its pipeline refuses EVALSHA, drops commands that are awaited, asks the server where
the keys of a command stand, and after a fault runs all again whose answer was empty. Ours groups a pipeline by node and
sends each group as redis-py's plain pipeline does (decision 0014).
"""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, cast

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.crc import key_slot
from redis.exceptions import (
    AskError,
    ClusterDownError,
    ExecAbortError,
    MovedError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

Address = tuple[str, int]
Command = tuple[tuple[Any, ...], dict[str, Any]]
"""Its words, and redis-py's options for reading the answer."""

SLOTS: Final = 16_384
_FAULTS: Final = (RedisConnectionError, RedisTimeoutError, OSError)
# What a node says when another has the slot now, or will have it in a moment. Nothing has run then.
_ELSEWHERE: Final = (MovedError, AskError, TryAgainError, ClusterDownError, ReadOnlyError)
_EVERYWHERE: Final = frozenset({"SCRIPT LOAD", "SCRIPT FLUSH", "FLUSHALL", "FUNCTION FLUSH"})
_SCRIPTS: Final = frozenset({"EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO"})
_STREAMS: Final = frozenset({"XREAD", "XREADGROUP"})
_CONTAINERS: Final = frozenset({"XINFO", "XGROUP", "OBJECT", "MEMORY"})
_KEYLESS: Final = frozenset(
    {"ACL", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DBSIZE", "INFO", "PING", "SCRIPT", "TIME", "TS.QUERYINDEX"}
)
_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 0.5


def slot_of(words: Sequence[Any]) -> int | None:
    """The slot of a command, from its first key; None where it has no key.

    A script's keys share a hash tag by construction (`tests/repo/test_lua.py`), so the first one stands for all.
    """
    name, *subcommand = text(words[0]).upper().split()
    if name in _KEYLESS:
        return None
    if name in _SCRIPTS:
        return key_slot(_encoded(words[3])) if int(words[2]) else None
    if name in _STREAMS:
        return key_slot(_encoded(words[[text(word).upper() for word in words].index("STREAMS") + 1]))
    at = 2 if name in _CONTAINERS and not subcommand else 1
    return key_slot(_encoded(words[at])) if len(words) > at else None


def _encoded(key: Any) -> bytes:
    return key if isinstance(key, bytes) else str(key).encode()


@dataclass(slots=True)
class Topology:
    """Who has which slot, as last heard."""

    seeds: tuple[Address, ...]
    primaries: list[Address | None] = field(default_factory=lambda: [None] * SLOTS)
    replicas: dict[Address, tuple[Address, ...]] = field(default_factory=dict[Address, tuple[Address, ...]])

    def read(self, reply: Sequence[Sequence[Any]], asked: Address) -> None:
        """Take over an answer to CLUSTER SLOTS; a node that does not know its own address has the one `asked`."""
        primaries: list[Address | None] = [None] * SLOTS
        replicas: dict[Address, tuple[Address, ...]] = {}
        for first, last, *nodes in reply:
            primary, *others = [(text(node[0]) or asked[0], int(node[1])) for node in nodes]
            primaries[first : last + 1] = [primary] * (last + 1 - first)
            replicas[primary] = tuple(others)
        self.primaries, self.replicas = primaries, replicas

    @property
    def owners(self) -> list[Address]:
        """The primaries that have slots."""
        return list(dict.fromkeys(address for address in self.primaries if address is not None))

    @property
    def nodes(self) -> list[Address]:
        """All nodes with slots, primaries first, and those that we were told of at the start."""
        return list(dict.fromkeys(chain(self.owners, chain.from_iterable(self.replicas.values()), self.seeds)))


def text(word: Any) -> str:
    """A word of an answer, of a client that decodes or one that does not; nothing is the empty one."""
    return word.decode() if isinstance(word, bytes) else str(word or "")


class ClusterClient(Redis):
    """All commands of redis-py, sent to whichever node has the slot.

    While a slot has no node that answers (a primary died, or a slot moves), what is sent waits for up to `patience`
    seconds, and is sent again: as after any lost connection, a script may have run before.
    """

    def __init__(
        self,
        topology: Topology,
        open_node: Callable[[Address], Redis],
        *,
        patience: float,
        from_replicas: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._topology = topology
        self._open_node = open_node
        self._nodes: dict[Address, Redis] = {}
        self._patience = patience
        self._from_replicas = from_replicas
        self._monotonic = monotonic
        self._refreshing = asyncio.Lock()
        self._heard = False
        super().__init__(connection_pool=self._node(topology.seeds[0]).connection_pool)

    def _node(self, address: Address) -> Redis:
        if address not in self._nodes:
            self._nodes[address] = self._open_node(address)
        return self._nodes[address]

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        for node in self._nodes.values():
            await node.aclose(close_connection_pool=True)

    @property
    def topology(self) -> Topology:
        """Who has which slot, as last heard; empty before the first command."""
        return self._topology

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        return _ClusterPipeline(self, transaction)

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        if str(args[0]).upper() in _EVERYWHERE:
            replies: list[Any] = [await node.execute_command(*args, **options) for _, node in await self.each_primary()]
            return replies[0]
        (reply,) = await self.execute_many([(args, options)], transaction=False)
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def scan_iter(self, *args: Any, **options: Any) -> AsyncIterator[Any]:
        """Keys of all nodes, one node after the other."""
        for _, node in await self.each_primary():
            scanner: Any = node
            async for key in scanner.scan_iter(*args, **options):
                yield key

    async def each_primary(self) -> list[tuple[Address, Redis]]:
        """A client of each node that has slots, for what concerns nodes and not keys."""
        await self._hear()
        return [(address, self._node(address)) for address in self._topology.owners]

    async def execute_many(self, commands: Sequence[Command], *, transaction: bool) -> list[Any]:
        """The replies in order; an error stands in the place of its command.

        Raises:
            RedisError, OSError: no node that has a slot answered in time.
        """
        slots = [slot_of(words) for words, _ in commands]
        if transaction and len(set(slots)) > 1:
            raise RedisClusterException("a transaction has keys of one slot only")
        await self._hear()
        replies: list[Any] = [None] * len(commands)
        asked: dict[int, Address] = {}
        waiting: Iterable[int] = range(len(commands))
        deadline, pause = self._monotonic() + self._patience, _PAUSE_S
        while True:
            groups: defaultdict[tuple[Address | None, bool], list[int]] = defaultdict(list)
            for i in waiting:
                groups[(asked[i], True) if i in asked else (self._address(slots[i]), False)].append(i)
            sent = await asyncio.gather(
                *(
                    self._send(address, [commands[i] for i in which], transaction=transaction, asking=asking)
                    for (address, asking), which in groups.items()
                )
            )
            asked, hurry = {}, True
            again: list[int] = []
            for which, answers in zip(groups.values(), sent, strict=True):
                for i, answer in zip(which, answers, strict=True):
                    replies[i] = answer
                    if isinstance(answer, AskError):
                        asked[i] = (answer.host, answer.port)
                    elif isinstance(answer, MovedError):
                        self._moved(answer)
                    elif isinstance(answer, (*_ELSEWHERE, *_FAULTS)):
                        hurry = False
                    else:
                        continue
                    again.append(i)
            if not again:
                return replies
            if self._monotonic() >= deadline:
                if fault := next((replies[i] for i in again if isinstance(replies[i], _FAULTS)), None):
                    raise fault
                return replies
            if not hurry:
                await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311
                pause = min(2 * pause, _LONGEST_PAUSE_S)
                await self.learn()
            waiting = again

    def _address(self, slot: int | None) -> Address | None:
        """Where a slot is answered; None if nobody has it."""
        if slot is None:
            return next((a for a in self._topology.primaries if a is not None), None)
        primary = self._topology.primaries[slot]
        if primary is None or not self._from_replicas:
            return primary
        return next(iter(self._topology.replicas.get(primary, ())), primary)

    def _moved(self, error: MovedError) -> None:
        self._topology.primaries[error.slot_id] = (error.host, error.port)

    async def _send(
        self, address: Address | None, commands: Sequence[Command], *, transaction: bool, asking: bool
    ) -> list[Any]:
        if address is None:
            return [ClusterDownError("no node has this slot")] * len(commands)
        node = self._node(address)
        try:
            if len(commands) == 1 and not transaction and not asking:
                words, options = commands[0]
                return [await cast("Any", node).execute_command(*words, **options)]
            async with node.pipeline(transaction=transaction) as pipe:
                for words, options in commands:
                    if asking:
                        pipe.execute_command("ASKING")
                    pipe.execute_command(*words, **options)
                replies: list[Any] = await pipe.execute(raise_on_error=False)
            return replies[1::2] if asking else replies
        except ExecAbortError as error:
            return [error] * len(commands)
        except (ResponseError, *_FAULTS) as error:
            return [error] * len(commands)

    async def _hear(self) -> None:
        """Ask who has which slot, once."""
        if not self._heard:
            await self.learn()

    async def learn(self) -> None:
        """Ask the nodes in turn until one says who has which slot; who comes while somebody asks takes that answer.

        Raises:
            RedisError, OSError: this was the first time, and none answered.
        """
        if self._refreshing.locked():
            async with self._refreshing:
                return
        async with self._refreshing:
            fault: Exception | None = None
            for address in self._topology.nodes:
                try:
                    reply = await cast("Any", self._node(address)).execute_command("CLUSTER", "SLOTS")
                except (RedisError, OSError) as error:
                    fault = error
                    continue
                self._topology.read(reply, address)
                self._heard = True
                return
            if not self._heard and fault is not None:
                raise fault


class _ClusterPipeline(Pipeline):
    """Commands that leave together, one round trip to each node that they concern."""

    def __init__(self, cluster: ClusterClient, transaction: bool) -> None:
        super().__init__(cluster.connection_pool, cluster.response_callbacks, transaction, None)
        self._cluster = cluster

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        commands = cast("list[Command]", self.command_stack)
        await self.reset()
        replies = await self._cluster.execute_many(commands, transaction=self.is_transaction) if commands else []
        if raise_on_error and (fault := next((reply for reply in replies if isinstance(reply, Exception)), None)):
            raise fault
        return replies

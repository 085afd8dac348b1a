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
from contextlib import suppress
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
# Nobody is there to do what was sent, and that may take longer than a slot that moves.
_ABSENT: Final = (*_FAULTS, ClusterDownError, ReadOnlyError)
_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 0.5
_SOON_S: Final = 1.0
"""A node that was away is back when it answers as soon as this."""


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
    def serving(self) -> list[Address]:
        """All nodes with slots, primaries first."""
        return list(dict.fromkeys(chain(self.owners, chain.from_iterable(self.replicas.values()))))

    @property
    def nodes(self) -> list[Address]:
        """The same, and those that we were told of at the start."""
        return list(dict.fromkeys(chain(self.serving, self.seeds)))


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds the client of a cluster waits before it says that it cannot."""

    moving: float
    """For a slot that moves."""
    absent: float
    """For a node that does not answer, counted from the first command that had no answer."""
    answer: float
    """For an answer: whoever takes longer counts as away."""


def text(word: Any) -> str:
    """A word of an answer, of a client that decodes or one that does not; nothing is the empty one."""
    return word.decode() if isinstance(word, bytes) else str(word or "")


class ClusterClient(Redis):
    """All commands of redis-py, sent to whichever node has the slot.

    While a slot moves, or its node does not answer, what is sent waits and is sent again, for as long as `patience`
    says; as after any lost connection, a script may have run before. All who wait for a node give up together, and who
    comes later fails at once, until that node answers again or another has its slots.
    """

    def __init__(
        self,
        topology: Topology,
        open_node: Callable[[Address], Redis],
        *,
        patience: Patience,
        from_replicas: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._topology = topology
        self._open_node = open_node
        self._nodes: dict[Address, Redis] = {}
        self._patience = patience
        self._absent_since: dict[Address, float] = {}
        self._looking_after: asyncio.Task[None] | None = None
        self._from_replicas = from_replicas
        self._monotonic = monotonic
        self._refreshing = asyncio.Lock()
        self._heard = False
        super().__init__(connection_pool=self.node(topology.seeds[0]).connection_pool)

    def node(self, address: Address) -> Redis:
        """A client of one node."""
        if address not in self._nodes:
            self._nodes[address] = self._open_node(address)
        return self._nodes[address]

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        if self._looking_after is not None:
            self._looking_after.cancel()
            await asyncio.wait([self._looking_after])
        for node in self._nodes.values():
            await node.aclose(close_connection_pool=True)

    @property
    def topology(self) -> Topology:
        """Who has which slot, as last heard; empty before the first command."""
        return self._topology

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        return _ClusterPipeline(self, transaction)

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        name = str(args[0]).upper()
        if name in _EVERYWHERE:
            replies = await self._send_everywhere((args, options), to_all=name != "SCRIPT LOAD")
        else:
            replies = await self.execute_many([(args, options)], transaction=False)
        if isinstance(replies[0], Exception):
            raise replies[0]
        return replies[0]

    async def _send_everywhere(self, command: Command, *, to_all: bool) -> list[Any]:
        """The replies of the primaries, errors first; unless it must come `to_all`, those that are away are left out:
        a script that they do not know is sent again."""
        nodes = await self.each_primary()
        sent = [self._send(address, [command], transaction=False, asking=False) for address, _ in nodes]
        replies = [reply for (reply,) in await asyncio.gather(*sent)]
        if not to_all:
            replies = [reply for reply in replies if not isinstance(reply, _FAULTS)] or replies
        return sorted(replies, key=lambda reply: not isinstance(reply, Exception))

    async def scan_iter(self, *args: Any, **options: Any) -> AsyncIterator[Any]:
        """Keys of all nodes, one node after the other."""
        for _, node in await self.each_primary():
            scanner: Any = node
            async for key in scanner.scan_iter(*args, **options):
                yield key

    async def each_primary(self) -> list[tuple[Address, Redis]]:
        """A client of each node that has slots, for what concerns nodes and not keys."""
        await self._hear()
        return [(address, self.node(address)) for address in self._topology.owners]

    async def execute_many(self, commands: Sequence[Command], *, transaction: bool) -> list[Any]:
        """The replies in order; an error stands in the place of its command, also where no node answered in time.

        Raises:
            RedisError, OSError: no node at all answers, and none ever did.
        """
        slots = [slot_of(words) for words, _ in commands]
        if transaction and len(set(slots)) > 1:
            raise RedisClusterException("a transaction has keys of one slot only")
        await self._hear()
        replies: list[Any] = [None] * len(commands)
        asked: dict[int, Address] = {}
        waiting: Iterable[int] = range(len(commands))
        begun, pause = self._monotonic(), _PAUSE_S
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
            for ((address, _), which), answers in zip(groups.items(), sent, strict=True):
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
                    if self._monotonic() < self._until(answer, address, begun):
                        again.append(i)
            if not again:
                return replies
            if not hurry:
                await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311
                pause = min(2 * pause, _LONGEST_PAUSE_S)
                await self.learn()
            waiting = again

    def _until(self, answer: Exception, address: Address | None, begun: float) -> float:
        """The moment from which on a command that had this answer is not sent again."""
        if not isinstance(answer, _ABSENT):
            return begun + self._patience.moving
        since = begun if address is None else self._absent_since.get(address, begun)
        return since + self._patience.absent

    def _address(self, slot: int | None) -> Address | None:
        """Where a slot is answered; None if nobody has it."""
        if slot is None:
            known = (each for each in self._topology.primaries if each is not None)
            return next((each for each in known if each not in self._absent_since), self._topology.primaries[0])
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
        begun = self._monotonic()
        if begun >= self._absent_since.get(address, begun) + self._patience.absent:
            return [RedisConnectionError(f"{address[0]}:{address[1]} does not answer")] * len(commands)
        node = self.node(address)
        try:
            if len(commands) == 1 and not transaction and not asking:
                words, options = commands[0]
                replies: list[Any] = [await cast("Any", node).execute_command(*words, **options)]
            else:
                async with node.pipeline(transaction=transaction) as pipe:
                    for words, options in commands:
                        if asking:
                            pipe.execute_command("ASKING")
                        pipe.execute_command(*words, **options)
                    replies = await pipe.execute(raise_on_error=False)
                    replies = replies[1::2] if asking else replies
        except _FAULTS as error:
            self._miss(address, begun)
            return [error] * len(commands)
        except (ExecAbortError, ResponseError) as error:
            replies = [error] * len(commands)
        self._absent_since.pop(address, None)
        return replies

    def _miss(self, address: Address, since: float) -> None:
        """Remember that a node did not answer what it was asked at `since`, and look after it until it does."""
        self._absent_since.setdefault(address, since)
        if self._looking_after is None or self._looking_after.done():
            self._looking_after = asyncio.create_task(self._look_after())

    async def _look_after(self) -> None:
        pause = _PAUSE_S
        while self._absent_since:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
            with suppress(RedisError, OSError):
                await self.learn()
            await asyncio.gather(*(self._look_for(address) for address in list(self._absent_since)))

    async def _look_for(self, address: Address) -> None:
        """Forget that a node was away if it answers, or is asked for nothing any more."""
        if address in self._topology.serving:
            try:
                async with asyncio.timeout(_SOON_S):
                    await cast("Any", self.node(address)).ping()
            except (RedisError, OSError):
                return
        self._absent_since.pop(address, None)

    async def _hear(self) -> None:
        """Ask who has which slot, once."""
        if not self._heard:
            await self.learn()

    async def learn(self) -> None:
        """Ask the nodes in turn, those that are away last, until one says who has which slot.

        Who comes while somebody asks takes that answer.

        Raises:
            RedisError, OSError: this was the first time, and none answered.
        """
        if self._refreshing.locked():
            async with self._refreshing:
                return
        async with self._refreshing:
            fault: Exception | None = None
            for address in sorted(self._topology.nodes, key=self._absent_since.__contains__):
                try:
                    reply = await cast("Any", self.node(address)).execute_command("CLUSTER", "SLOTS")
                except (RedisError, OSError) as error:
                    fault = error
                    continue
                self._topology.read(reply, address)
                self._heard = True
                return
            if not self._heard and fault is not None:
                raise fault


def raise_faults(replies: Iterable[Any]) -> None:
    """Raise the first of replies that says that nothing answered, as one Redis would for all of them.

    Raises:
        RedisError, OSError: there is one.
    """
    if fault := next((reply for reply in replies if isinstance(reply, _FAULTS)), None):
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
        raise_faults(replies)
        if raise_on_error and (fault := next((reply for reply in replies if isinstance(reply, Exception)), None)):
            raise fault
        return replies

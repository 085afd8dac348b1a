"""Lua scripts: found, loaded and run. A script is one file of `lua/`; its typed wrapper is the only caller.

What scripts share is in `lua/parts/`: a line `-- WITH name` in a script's header puts `parts/name.lua` before it.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from hashlib import sha1
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, cast

from redis.exceptions import NoScriptError

from pennywren.store.batches import send_batch
from pennywren.store.connect import Client

Argument = str | int | float | bytes
Call = tuple[Sequence[str], Sequence[Argument]]
"""The keys and the arguments of one run."""
_WITH: Final = re.compile(r"^-- WITH (\w+)$", re.MULTILINE)


@cache
def script_folder() -> Path:
    """Where the scripts are: `lua/` of the checkout, or inside the installed package."""
    inside = Path(str(files("pennywren"))) / "lua"
    return inside if inside.is_dir() else Path(__file__).parents[3] / "lua"


class Script:
    """One Lua script, sent by its hash and loaded when a server does not know it yet."""

    def __init__(self, name: str) -> None:
        self.name = name
        own = (script_folder() / f"{name}.lua").read_text(encoding="utf-8")
        parts = [(script_folder() / "parts" / f"{part}.lua").read_text(encoding="utf-8") for part in _WITH.findall(own)]
        self.source = "\n".join([*parts, own])
        # Replicas run what says so; the first line of a script that writes nothing ends with this.
        self._reads_only = own.partition("\n")[0].endswith("only reads.")
        self.command = "EVALSHA_RO" if self._reads_only else "EVALSHA"
        self.sha = sha1(self.source.encode(), usedforsecurity=False).hexdigest()

    async def run(self, client: Client, keys: Sequence[str], args: Sequence[Argument]) -> Any:
        """Run once; loads the script where it is missing, which is safe because nothing has run then."""
        send = cast("Callable[..., Awaitable[Any]]", client.execute_command)
        try:
            return await send(self.command, self.sha, len(keys), *keys, *args)
        except NoScriptError:
            (reply,) = await self._again(client, [(keys, args)])
            if isinstance(reply, Exception):
                raise reply from None
            return reply

    async def run_many(self, client: Client, calls: Sequence[Call]) -> list[Any]:
        """Run once for each call, in one round trip. A failed call's exception stands in its place."""
        if not calls:
            return []
        replies = await self._pipelined(client, calls, self.command, self.sha)
        lost = [i for i, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if lost:
            again = await self._again(client, [calls[i] for i in lost])
            for i, reply in zip(lost, again, strict=True):
                replies[i] = reply
        return replies

    async def _again(self, client: Client, calls: Sequence[Call]) -> list[Any]:
        """The same where the server does not know the script. What only reads need not be loaded into all nodes, of
        which one may be down: it is sent whole once to each node that is asked, and knows it from then on."""
        if self._reads_only:
            first = await self._pipelined(client, calls[:1], "EVAL_RO", self.source)
            return first + await self.run_many(client, calls[1:])
        await client.script_load(self.source)
        return await self._pipelined(client, calls, self.command, self.sha)

    async def _pipelined(self, client: Client, calls: Sequence[Call], command: str, script: str) -> list[Any]:
        return await send_batch(client, [(command, script, len(keys), *keys, *args) for keys, args in calls])

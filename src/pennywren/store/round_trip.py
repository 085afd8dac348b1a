"""Commands and scripts of any kind in one round trip."""

from collections.abc import Sequence
from typing import Any

from redis.exceptions import NoScriptError, RedisError

from pennywren.errors import Unavailable
from pennywren.store.batches import send_batch
from pennywren.store.connect import Client
from pennywren.store.scripts import Argument, Script


class RoundTrip:
    """Gathers what is to be sent together; each addition answers with the place of its reply."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._sent: list[tuple[Argument, ...]] = []
        self._scripts: dict[int, Script] = {}

    def command(self, *words: Argument) -> int:
        """A plain command."""
        self._sent.append(words)
        return len(self._sent) - 1

    def script(self, script: Script, keys: Sequence[str], args: Sequence[Argument]) -> int:
        """One run of a script, which is loaded where the server does not know it."""
        self._scripts[len(self._sent)] = script
        return self.command(script.command, script.sha, len(keys), *keys, *args)

    async def send(self) -> list[Any]:
        """The replies, in order.

        Raises:
            Unavailable: Redis does not answer, or refused one; others may be carried out.
        """
        if not self._sent:
            return []
        try:
            replies = await send_batch(self._client, self._sent)
            lost = [i for i, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
            if lost:
                for source in {self._scripts[i].source for i in lost}:
                    await self._client.script_load(source)
                again = await send_batch(self._client, [self._sent[i] for i in lost])
                for i, reply in zip(lost, again, strict=True):
                    replies[i] = reply
        except (RedisError, OSError) as error:
            raise Unavailable("the price store is not reachable right now") from error
        for reply in replies:
            if isinstance(reply, Exception):
                raise Unavailable(f"the price store refused: {reply}") from reply
        return replies

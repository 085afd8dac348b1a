"""More at once than there are connections waits its turn; what is packed and sent our way arrives as redis-py's."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Connection
from redis.exceptions import DataError

from pennywren.store.connect import connect

words = st.one_of(st.text(max_size=20), st.binary(max_size=20), st.integers(), st.floats(allow_nan=False))


async def test_more_commands_at_once_than_connections_all_get_their_answer(redis_url: str) -> None:
    client = connect(redis_url, max_connections=2)
    assert await asyncio.gather(*(client.echo(str(i)) for i in range(50))) == [str(i) for i in range(50)]
    await client.aclose()


async def test_what_is_more_than_a_socket_takes_at_once_arrives_whole(redis_url: str) -> None:
    client = connect(redis_url)
    whole = "wren" * 4_000_000
    await client.set("large", whole)
    assert await client.get("large") == whole
    await client.aclose()


async def test_a_connection_that_the_server_closed_is_made_anew(queue_url: str) -> None:
    client, other = connect(queue_url, max_connections=1), connect(queue_url)
    for _ in range(5):
        number = await client.client_id()
        assert await other.client_kill_filter(_id=str(number)) == 1
        assert await client.echo("still here") == "still here"
    await client.aclose()
    await other.aclose()


@given(st.sampled_from(["GET", "CONFIG GET", b"TS.ADD"]), st.lists(words, max_size=6))
def test_commands_are_packed_as_redis_py_packs_them(name: str | bytes, arguments: list[str | bytes | float]) -> None:
    ours = connect("redis://nowhere").connection_pool.make_connection()
    assert b"".join(ours.pack_command(name, *arguments)) == b"".join(Connection().pack_command(name, *arguments))


def test_what_cannot_be_sent_is_refused() -> None:
    connection: Any = connect("redis://nowhere").connection_pool.make_connection()
    with pytest.raises(DataError, match="Invalid input of type"):
        connection.pack_command("SET", "key", None)

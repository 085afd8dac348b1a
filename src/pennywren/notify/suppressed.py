"""Addresses that nothing is sent to: kept by a hash, so that the table names nobody and outlives accounts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from pennywren.postgres.moments import to_ms
from pennywren.postgres.pool import Connection

Medium = Literal["email", "sms"]
Why = Literal["bounced", "complained", "unsubscribed", "stopped"]


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Why and since when (ms UTC) nothing is sent to an address."""

    reason: Why
    detail: str | None
    since: int


def suppression_key(medium: Medium, address: str) -> str:
    """What stands for an address; upper and lower case are one."""
    return sha256(f"{medium}:{address.strip().lower()}".encode()).hexdigest()


async def suppress(
    connection: Connection, medium: Medium, address: str, reason: Why, detail: str | None = None
) -> None:
    """Send nothing to an address from now on; what was known of it stays."""
    await connection.execute(
        "insert into suppressed_addresses (address_key, channel, reason, detail) values ($1, $2, $3, $4) "
        "on conflict (address_key) do nothing",
        suppression_key(medium, address),
        medium,
        reason,
        detail,
    )


async def lift(connection: Connection, medium: Medium, address: str) -> bool:
    """Send to an address again; whether it was suppressed."""
    done = await connection.execute(
        "delete from suppressed_addresses where address_key = $1", suppression_key(medium, address)
    )
    return done != "DELETE 0"


async def find(connection: Connection, medium: Medium, addresses: Iterable[str]) -> dict[str, Suppressed]:
    """Those of `addresses` that are suppressed, as they were spelled."""
    by_key = {suppression_key(medium, address): address for address in addresses}
    keys: Sequence[str] = list(by_key)
    rows = await connection.fetch("select * from suppressed_addresses where address_key = any($1::text[])", keys)
    return {by_key[row["address_key"]]: Suppressed(row["reason"], row["detail"], to_ms(row["since"])) for row in rows}

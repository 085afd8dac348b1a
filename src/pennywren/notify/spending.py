"""What short messages may cost a day: a limit for all of them, and one for each person."""

from typing import Final

from pennywren.postgres.pool import Connection

EVERYBODY: Final = "all"

# Both counters or none: the one that is full undoes the other with the caller's transaction.
_SPEND: Final = """
insert into sms_spend as s (day, who, spent)
select (now() at time zone 'utc')::date, $1, $2::bigint where $2::bigint <= $3::bigint
on conflict (day, who) do update set spent = s.spent + excluded.spent where s.spent + excluded.spent <= $3
returning spent
"""


async def spend(connection: Connection, person_id: int, cost: int, *, cap: int, person_cap: int) -> bool:
    """Spend `cost` hundredths for a person today (UTC); False, and nothing is spent, where a limit would be passed.

    Runs in a transaction of the caller's. What a gateway then refuses stays spent: it may have been charged.
    """
    async with connection.transaction():
        for who, limit in ((f"person:{person_id}", person_cap), (EVERYBODY, cap)):
            if await connection.fetchval(_SPEND, who, cost, limit) is None:
                await connection.execute(_GIVE_BACK, f"person:{person_id}", cost if who == EVERYBODY else 0)
                return False
    return True


_GIVE_BACK: Final = """
update sms_spend set spent = spent - $2 where day = (now() at time zone 'utc')::date and who = $1
"""


async def forget(connection: Connection, person_id: int) -> None:
    """Forget what was spent for a person; what all cost together stays."""
    await connection.execute("delete from sms_spend where who = $1", f"person:{person_id}")

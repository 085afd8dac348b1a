"""Those who run the installation: granted and revoked from its command line only."""

from dataclasses import dataclass

from pennywren.accounts.addresses import checked_address
from pennywren.accounts.people import Plan, find_or_add
from pennywren.errors import NotFound
from pennywren.postgres import admin_log
from pennywren.postgres.moments import to_ms
from pennywren.postgres.pool import Connection


@dataclass(frozen=True, slots=True)
class Admin:
    """One of them. `granted_at` is ms UTC."""

    person_id: int
    email: str
    granted_at: int


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person as an admin sees them. `since` is ms UTC."""

    id: int
    email: str
    plan: Plan
    since: int
    watches: int
    is_admin: bool


async def is_admin(connection: Connection, person_id: int) -> bool:
    """Whether a person is one."""
    return bool(await connection.fetchval("select exists (select from admins where person_id = $1)", person_id))


async def grant(connection: Connection, email: str, *, who: str) -> bool:
    """Make somebody one, who need not have signed in yet; False if they are already.

    Raises:
        BadInput: not an e-mail address.
    """
    person = await find_or_add(connection, checked_address(email))
    done = await connection.execute("insert into admins (person_id) values ($1) on conflict do nothing", person.id)
    if done == "INSERT 0 0":
        return False
    await admin_log.keep(
        connection, who=who, action="grant", person_id=person.id, because="by command", effect="is an admin"
    )
    return True


async def revoke(connection: Connection, email: str, *, who: str) -> bool:
    """Make somebody one no more; False if they are none."""
    person_id = await connection.fetchval(
        "delete from admins using people where people.id = admins.person_id and people.email = $1 returning people.id",
        email.strip(),
    )
    if person_id is None:
        return False
    await admin_log.keep(
        connection, who=who, action="revoke", person_id=person_id, because="by command", effect="is no admin any more"
    )
    return True


async def list_all(connection: Connection) -> list[Admin]:
    """All of them, in the order in which they were granted."""
    rows = await connection.fetch(
        "select person_id, email::text, granted_at from admins join people on people.id = person_id order by granted_at"
    )
    return [Admin(row["person_id"], row["email"], to_ms(row["granted_at"])) for row in rows]


async def find_person(connection: Connection, email: str) -> Somebody:
    """The person with exactly this address: nobody is listed, so that nobody is met by chance.

    Raises:
        NotFound: there is none.
    """
    row = await connection.fetchrow(
        """
        select id, email::text, plan, created_at,
               (select count(*) from subscriptions where person_id = people.id) as watches,
               exists (select from admins where person_id = people.id) as admin
        from people where email = $1
        """,
        email.strip(),
    )
    if row is None:
        raise NotFound("Nobody here has this address.")
    return Somebody(row["id"], row["email"], row["plan"], to_ms(row["created_at"]), row["watches"], row["admin"])


async def change_plan(connection: Connection, person_id: int, plan: Plan, *, who: str, because: str) -> bool:
    """Put a person on a plan; False if they are on it already.

    Raises:
        NotFound: there is no such person.
    """
    before = await connection.fetchval("select plan from people where id = $1 for no key update", person_id)
    if before is None:
        raise NotFound("There is no such person.")
    if before == plan:
        return False
    await connection.execute("update people set plan = $2 where id = $1", person_id, plan)
    await admin_log.keep(
        connection, who=who, action="plan", person_id=person_id, because=because, effect=f"{before} -> {plan}"
    )
    return True

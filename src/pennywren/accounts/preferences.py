"""Preferences: how somebody wants to be told. Who never said anything has the defaults."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import asyncpg
from babel import Locale, UnknownLocaleError

from pennywren.errors import BadInput
from pennywren.language.catalogue import LANGUAGES
from pennywren.postgres.pool import Connection

Digest = Literal["off", "daily", "weekly"]
DIGESTS: Final[tuple[Digest, ...]] = ("off", "daily", "weekly")
CHANNELS: Final = ("EMAIL", "SMS", "PUSH", "WEBHOOK")
MAX_BUDGET: Final = 10_000


_OF_PEOPLE: Final = "select * from preferences where person_id = any($1::bigint[]) order by person_id"
_OF_PEOPLE_LOCKED: Final = _OF_PEOPLE + " for update"


@dataclass(frozen=True, slots=True)
class Preferences:
    """How one person wants to be told."""

    locale: str = "en"
    """A BCP 47 tag: the language of messages where we speak it, and how amounts and dates are written in them."""
    time_zone: str = "UTC"
    """An IANA name."""
    channels: tuple[str, ...] = ()
    """Preferred channels, the most wanted first; what fails on one is told over the next."""
    quiet: tuple[int, int] | None = None
    """Quiet hours: from and to, in minutes after midnight on the person's clock; over midnight where from > to."""
    digest: Digest = "off"
    digest_hour: int = 8
    """On the person's clock."""
    digest_weekday: int = 1
    """Monday is 1 (ISO 8601); for a weekly digest."""
    weekly_budget: int | None = None
    """Messages in any seven days; a digest is one. None for any number."""
    language: str | None = None
    """Of the website's pages; None: as the browser asks."""


async def of_people(connection: Connection, person_ids: Sequence[int], *, lock: bool = False) -> dict[int, Preferences]:
    """The preferences of those of these people who have said something.

    `lock` keeps others from spending the same budget until the caller's transaction ends.
    """
    rows = await connection.fetch(_OF_PEOPLE_LOCKED if lock else _OF_PEOPLE, person_ids)
    return {row["person_id"]: _preferences(row) for row in rows}


async def get(connection: Connection, person_id: int) -> Preferences:
    """One person's preferences; who said nothing is written to in the language that they used here."""
    said = (await of_people(connection, [person_id])).get(person_id)
    if said is not None:
        return said
    used = await connection.fetchval("select language from people where id = $1", person_id)
    return Preferences() if used is None else Preferences(locale=used)


_KEEP: Final = """
insert into preferences (person_id, locale, time_zone, channels, quiet_from, quiet_to, digest, digest_hour,
                         digest_weekday, weekly_budget, language)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict (person_id) do update set
    locale = excluded.locale, time_zone = excluded.time_zone, channels = excluded.channels,
    quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to, digest = excluded.digest,
    digest_hour = excluded.digest_hour, digest_weekday = excluded.digest_weekday,
    weekly_budget = excluded.weekly_budget, language = excluded.language
"""

# What waits under the old wishes is looked at again under the new ones, by the next sweep.
_LOOK_AGAIN: Final = """
update alerts a set next_attempt_at = now()
from subscriptions s
where a.state = 'held' and s.id = a.subscription_id and s.person_id = a.person_id and s.person_id = $1
"""


async def change(connection: Connection, person_id: int, changes: dict[str, Any]) -> Preferences:
    """Change some fields of `Preferences`; what was held under the old ones is looked at again.

    Raises:
        BadInput: one of them cannot be; says which, and what it may be.
    """
    known = await get(connection, person_id)
    wanted = checked(replace(known, **changes))
    quiet_from, quiet_to = wanted.quiet or (None, None)
    await connection.execute(
        _KEEP,
        person_id,
        wanted.locale,
        wanted.time_zone,
        list(wanted.channels),
        quiet_from,
        quiet_to,
        wanted.digest,
        wanted.digest_hour,
        wanted.digest_weekday,
        wanted.weekly_budget,
        wanted.language,
    )
    if wanted.language is not None:
        await connection.execute("update people set language = $2 where id = $1", person_id, wanted.language)
    if wanted != known:
        await connection.execute(_LOOK_AGAIN, person_id)
    return wanted


def checked(wanted: Preferences) -> Preferences:
    """`wanted` if it can be.

    Raises:
        BadInput: it cannot; says which field, and what it may be.
    """
    _check_locale(wanted.locale)
    try:
        ZoneInfo(wanted.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadInput("timeZone must be the name of a time zone, such as Europe/Vienna.", field="timeZone") from error
    if len(set(wanted.channels)) < len(wanted.channels) or not set(wanted.channels) <= set(CHANNELS):
        raise BadInput(
            f"The channels must be some of {', '.join(CHANNELS)}, each once, the most wanted first.", field="channels"
        )
    if wanted.quiet is not None and wanted.quiet[0] == wanted.quiet[1]:
        raise BadInput("quietHours must begin and end at different times; null for none.", field="quietTo")
    if wanted.digest not in DIGESTS:
        raise BadInput(f"digest must be one of {', '.join(DIGESTS)}.")
    if not 0 <= wanted.digest_hour <= 23 or not 1 <= wanted.digest_weekday <= 7:
        raise BadInput("The digestHour must be 0 to 23, and digestWeekday 1 (Monday) to 7.")
    if wanted.weekly_budget is not None and not 1 <= wanted.weekly_budget <= MAX_BUDGET:
        raise BadInput(f"weeklyBudget must be 1 to {MAX_BUDGET}, or null for any number.", field="weeklyBudget")
    if wanted.language not in (None, *LANGUAGES):
        raise BadInput(f"language must be one of {', '.join(LANGUAGES)}, or null for what your browser asks for.")
    return wanted


def _check_locale(tag: str) -> None:
    try:
        Locale.parse(tag[:35].replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError) as error:
        raise BadInput("The locale must be a language tag that we know, such as en-GB, de or ja-JP.") from error


def parse_minute(text: str) -> int:
    """`22:30` -> minutes after midnight.

    Raises:
        BadInput: not such a time.
    """
    hours, colon, minutes = text.partition(":")
    plain = colon and hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit()
    if not plain or len(hours) > 2 or len(minutes) != 2 or int(hours) > 23 or int(minutes) > 59:
        raise BadInput("A time of day looks like 22:30.", field="quietFrom")
    return 60 * int(hours) + int(minutes)


def minute_text(minute: int) -> str:
    """Minutes after midnight as `22:30`."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _preferences(row: asyncpg.Record) -> Preferences:
    return Preferences(
        locale=row["locale"],
        time_zone=row["time_zone"],
        channels=tuple(row["channels"]),
        quiet=None if row["quiet_from"] is None else (row["quiet_from"], row["quiet_to"]),
        digest=row["digest"],
        digest_hour=row["digest_hour"],
        digest_weekday=row["digest_weekday"],
        weekly_budget=row["weekly_budget"],
        language=row["language"],
    )

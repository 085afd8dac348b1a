"""Days as a form of the browser writes them, on somebody's own clock."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pennywren.errors import BadInput
from pennywren.postgres.moments import to_ms


def end_of_day(text: str, time_zone: str, field: str | None = None) -> int:
    """`2026-12-24` -> the moment (ms UTC) at which that day is over in a time zone that we know; typed into `field`.

    Raises:
        BadInput: not a day.
    """
    try:
        day = date.fromisoformat(text.strip()) + timedelta(days=1)
        return to_ms(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(time_zone)))
    except (ValueError, OverflowError) as error:
        raise BadInput(f"{text[:30]!r} is not a day: write it like 2026-12-24.", field=field) from error


def day_text(ms: int, time_zone: str) -> str:
    """The day whose end, or some moment of which, is `ms` (UTC): `2026-12-24`."""
    return datetime.fromtimestamp((ms - 1) / 1000, ZoneInfo(time_zone)).date().isoformat()

"""Instants as whole microseconds since 1970 UTC, and the local calendar days that they fall on."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(micros: int) -> datetime:
    """Return the instant of so many microseconds since 1970 UTC."""
    return EPOCH + timedelta(microseconds=micros)


def instant(micros: object) -> datetime | None:
    """Return the instant in a column of microseconds; None where it holds none."""
    return moment(micros) if isinstance(micros, int) else None


def micros(at: datetime) -> int:
    """Return an aware instant as microseconds since 1970 UTC."""
    return (at - EPOCH) // timedelta(microseconds=1)


def local_day(at: datetime, zone: ZoneInfo) -> int:
    """Return the number of the calendar day in a zone, counted from 1970-01-01."""
    return (at.astimezone(zone).date() - EPOCH.date()).days


def day_of(at_us: int, zone: ZoneInfo) -> date:
    """Return the calendar day of an instant in a zone."""
    return moment(at_us).astimezone(zone).date()


def date_of(day: int) -> date:
    """Return the calendar day of this number, counted from 1970-01-01."""
    return EPOCH.date() + timedelta(days=day)


@dataclass(frozen=True, slots=True)
class Moment:
    """When an evaluation looks: an instant, the number of its local day, the account's time zone.

    `zone`: an IANA name.
    """

    us: int
    day: int
    zone: str = "UTC"

    @classmethod
    def at(cls, instant: datetime, zone: ZoneInfo) -> "Moment":
        """Return an aware instant as an account in a time zone sees it."""
        return cls(micros(instant), local_day(instant, zone), zone.key)

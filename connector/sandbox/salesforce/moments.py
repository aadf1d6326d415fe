"""Moments as Salesforce keeps and writes them: whole seconds, whatever was sent."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY_S = 86_400
DATETIME = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)", re.IGNORECASE
)
DATE = re.compile(r"\d{4}-\d\d-\d\d")


def to_s(moment: datetime) -> int:
    """Return whole seconds since the epoch."""
    return (moment - EPOCH) // SECOND


def rest_moment(seconds: int) -> str:
    """Return a moment as JSON answers carry it: `2026-11-22T09:30:00.000+0000`."""
    return f"{_day(seconds // DAY_S)}{_time(seconds % DAY_S)}.000+0000"


def bulk_moment(seconds: int) -> str:
    """Return a moment as bulk results carry it: `2026-11-22T09:30:00.000Z`."""
    return f"{_day(seconds // DAY_S)}{_time(seconds % DAY_S)}.000Z"


# A page may show half a million moments: days and times of day are put together from a store.
@lru_cache(maxsize=16_384)
def _day(number: int) -> str:
    return (EPOCH + timedelta(days=number)).date().isoformat()


@lru_cache(maxsize=DAY_S)
def _time(second: int) -> str:
    return f"T{second // 3_600:02}:{second // 60 % 60:02}:{second % 60:02}"


@lru_cache(maxsize=65_536)
def parse_moment(text: str) -> int | None:
    """Return the seconds of an ISO 8601 moment with a zone; None for anything else."""
    if not DATETIME.fullmatch(text):
        return None
    try:
        return to_s(datetime.fromisoformat(_seconds_only(text.upper())))
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=65_536)
def parse_date(text: str) -> str | None:
    """Return the day if it is one that exists, written `YYYY-MM-DD`; a moment gives its day."""
    if not DATE.fullmatch(text):
        seconds = parse_moment(text)
        return None if seconds is None else (EPOCH + timedelta(seconds=seconds)).date().isoformat()
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _seconds_only(text: str) -> str:
    return re.sub(r"\.\d+", "", text)

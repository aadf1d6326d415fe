"""Moments as Salesforce keeps and writes them: whole seconds, whatever was sent."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DATETIME = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)", re.IGNORECASE
)
DATE = re.compile(r"\d{4}-\d\d-\d\d")


def to_s(moment: datetime) -> int:
    """Return whole seconds since the epoch."""
    return (moment - EPOCH) // SECOND


@lru_cache(maxsize=65_536)
def rest_moment(seconds: int) -> str:
    """Return a moment as JSON answers carry it: `2026-11-22T09:30:00.000+0000`."""
    return f"{(EPOCH + timedelta(seconds=seconds)).isoformat()[:19]}.000+0000"


@lru_cache(maxsize=65_536)
def bulk_moment(seconds: int) -> str:
    """Return a moment as bulk results carry it: `2026-11-22T09:30:00.000Z`."""
    return f"{(EPOCH + timedelta(seconds=seconds)).isoformat()[:19]}.000Z"


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

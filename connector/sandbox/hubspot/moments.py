"""Moments as HubSpot writes them."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_MS = 86_400_000
EPOCH_MS = re.compile(r"-?[0-9]{1,17}")
MILLISECOND = timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    """Return milliseconds since the epoch, rounded down."""
    return (moment - EPOCH) // MILLISECOND


@lru_cache(maxsize=65_536)
def iso(ms: int) -> str:
    """Return `2026-11-22T09:30:00.123Z` for milliseconds since the epoch."""
    return (EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds")[:-6] + "Z"


def parse_datetime(text: str) -> int | None:
    """Return the milliseconds of an ISO 8601 moment with a zone, or of epoch milliseconds."""
    if EPOCH_MS.fullmatch(text):
        ms = int(text)
        return ms if abs(ms) < DAY_MS * 365 * 1_000 else None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return to_ms(moment) if moment.tzinfo and "T" in text else None


def parse_date(text: str) -> date | None:
    """Return the day of `YYYY-MM-DD`, or of epoch milliseconds at exactly midnight UTC."""
    if EPOCH_MS.fullmatch(text):
        ms = parse_datetime(text)
        return None if ms is None or ms % DAY_MS else (EPOCH + timedelta(milliseconds=ms)).date()
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None

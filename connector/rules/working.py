"""The spans in which sales works, as instants: what the clock of a hand-off is read from."""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from connector.domain.moment import date_of, micros
from connector.rules.model import WorkingHours

REMEMBERED_DAYS = 365
"""For so many days a hand-off has a clock, from then on nobody waits for it."""

_EARLIER = 10
"""Days beyond those, so that there is a span before the earliest hand-off."""
_LATER = 1_000
"""Days in which a hand-off of now is due, at the latest; later, it has no due time."""
_APART = 2
"""So many days the calendars of two zones are apart at the most."""
_MINUTE_US = 60_000_000
_MIDNIGHT = 24 * 60
_SECOND = timedelta(seconds=1)
_FOREVER = 2**62

Row = tuple[int, int, int, int]


@lru_cache(maxsize=16)
def working(hours: WorkingHours, day: int, zone: str, longest: int) -> tuple[Row, ...]:
    """Return the rows of `tables.WORKING` around a local day, for clocks of `longest` minutes.

    Deterministic; cached, since every evaluation of a day asks for the same. The first row is a
    span without length, before all others.
    """
    spans = list(_spans(hours, day, ZoneInfo(hours.zone or zone), longest * _MINUTE_US))
    starts = [start for start, _ in spans]
    nexts = [*starts, _FOREVER]
    rows, before = [(-_FOREVER, -_FOREVER, nexts[0], 0)], 0
    for (start, end), following in zip(spans, nexts[1:], strict=True):
        rows.append((start, end, following, before))
        before += end - start
    return tuple(rows)


def span_text(span: tuple[int, int]) -> str:
    """Return minutes after midnight, from and to, as `09:00-18:00`."""
    return "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in span)


def _spans(
    hours: WorkingHours, day: int, zone: ZoneInfo, longest_us: int
) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each span, as far ahead as a clock that starts now may run."""
    left_us = longest_us
    for number in range(day - REMEMBERED_DAYS - _EARLIER, day + _LATER):
        local = date_of(number)
        if local.isoweekday() not in hours.weekdays or number in hours.holidays:
            continue
        for first, last in hours.spans:
            start, end = _instant(local, first, zone), _instant(local, last, zone)
            if start < end:  # the hour that a clock change skips is nobody's
                yield start, end
                left_us -= end - start if number > day + _APART else 0
        if left_us <= 0:
            return


def _instant(day: date, minute: int, zone: ZoneInfo) -> int:
    """Return the first instant at which local clocks show this minute after midnight, or later.

    So spans stay in order, and apart, also where clocks change.
    """
    if minute == _MIDNIGHT:
        day, minute = day + timedelta(days=1), 0
    local = datetime.combine(day, time(minute // 60, minute % 60), zone)
    at = local.astimezone(UTC)
    is_shown = at.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
    return micros(at if is_shown else _clocks_change(local, zone))


def _clocks_change(skipped: datetime, zone: ZoneInfo) -> datetime:
    """Return when clocks are set forward over a local time."""
    by_new_offset = skipped.replace(fold=1)
    early, late = by_new_offset.astimezone(UTC), skipped.astimezone(UTC)

    def has_changed(seconds: int) -> bool:
        at = early + seconds * _SECOND
        return at.astimezone(zone).utcoffset() == by_new_offset.utcoffset()

    return early + bisect_left(range((late - early) // _SECOND), x=True, key=has_changed) * _SECOND

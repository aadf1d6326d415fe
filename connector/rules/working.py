"""The spans in which sales works, as instants: what the clock of a hand-off is read from."""

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
_MINUTE_US = 60_000_000
_MIDNIGHT = 24 * 60
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
    rows, before = [(-_FOREVER, -_FOREVER, starts[0] if starts else _FOREVER, 0)], 0
    for (start, end), following in zip(spans, [*starts[1:], _FOREVER], strict=True):
        rows.append((start, end, following, before))
        before += end - start
    return tuple(rows)


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
                left_us -= end - start if number > day else 0
        if left_us <= 0:
            return


def _instant(day: date, minute: int, zone: ZoneInfo) -> int:
    """Return the instant of a minute after local midnight."""
    if minute == _MIDNIGHT:
        day, minute = day + timedelta(days=1), 0
    local = datetime.combine(day, time(minute // 60, minute % 60), zone)
    return micros(local.astimezone(UTC))

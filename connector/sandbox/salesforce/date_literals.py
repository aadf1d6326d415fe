"""Date literals of SOQL, such as `TODAY` and `LAST_N_DAYS:30`, as ranges of days."""

from collections.abc import Callable
from datetime import date, timedelta

Days = tuple[date, date]  # the first day, and the first day thereafter

DAY = timedelta(days=1)


def days_of(literal: str, today: date) -> Days | None:
    """Return the days that a literal means; None for one that does not exist."""
    name, _, number = literal.partition(":")
    if number:
        counted = _COUNTED.get(name)
        try:
            return counted(today, int(number)) if counted else None
        except (OverflowError, ValueError):
            return None
    fixed = _FIXED.get(name)
    return fixed(today) if fixed else None


def _week(today: date, ahead: int) -> Days:
    # Weeks begin on Sunday unless the locale says otherwise; this org's does not.
    start = today - timedelta(days=(today.weekday() + 1) % 7) + timedelta(weeks=ahead)
    return start, start + timedelta(weeks=1)


def _month(today: date, ahead: int, length: int = 1) -> Days:
    return _months(today.year * 12 + today.month - 1 + ahead, length)


def _months(first: int, length: int) -> Days:
    last = first + length
    return date(first // 12, first % 12 + 1, 1), date(last // 12, last % 12 + 1, 1)


def _quarter(today: date, ahead: int, length: int = 1) -> Days:
    first = today.year * 12 + (today.month - 1) // 3 * 3 + ahead * 3
    return _months(first, length * 3)


def _year(today: date, ahead: int, length: int = 1) -> Days:
    return date(today.year + ahead, 1, 1), date(today.year + ahead + length, 1, 1)


def _span(first: date, length: int) -> Days:
    return first, first + length * DAY


_FIXED: dict[str, Callable[[date], Days]] = {
    "YESTERDAY": lambda t: _span(t - DAY, 1),
    "TODAY": lambda t: _span(t, 1),
    "TOMORROW": lambda t: _span(t + DAY, 1),
    "LAST_WEEK": lambda t: _week(t, -1),
    "THIS_WEEK": lambda t: _week(t, 0),
    "NEXT_WEEK": lambda t: _week(t, 1),
    "LAST_MONTH": lambda t: _month(t, -1),
    "THIS_MONTH": lambda t: _month(t, 0),
    "NEXT_MONTH": lambda t: _month(t, 1),
    "LAST_90_DAYS": lambda t: _span(t - 90 * DAY, 91),
    "NEXT_90_DAYS": lambda t: _span(t + DAY, 90),
    "LAST_QUARTER": lambda t: _quarter(t, -1),
    "THIS_QUARTER": lambda t: _quarter(t, 0),
    "NEXT_QUARTER": lambda t: _quarter(t, 1),
    "LAST_YEAR": lambda t: _year(t, -1),
    "THIS_YEAR": lambda t: _year(t, 0),
    "NEXT_YEAR": lambda t: _year(t, 1),
}
_COUNTED: dict[str, Callable[[date, int], Days]] = {
    "LAST_N_DAYS": lambda t, n: _span(t - n * DAY, n + 1),
    "NEXT_N_DAYS": lambda t, n: _span(t + DAY, n),
    "N_DAYS_AGO": lambda t, n: _span(t - n * DAY, 1),
    "LAST_N_WEEKS": lambda t, n: (_week(t, -n)[0], _week(t, 0)[0]),
    "NEXT_N_WEEKS": lambda t, n: (_week(t, 1)[0], _week(t, n)[1]),
    "LAST_N_MONTHS": lambda t, n: _month(t, -n, n),
    "NEXT_N_MONTHS": lambda t, n: _month(t, 1, n),
    "LAST_N_QUARTERS": lambda t, n: _quarter(t, -n, n),
    "NEXT_N_QUARTERS": lambda t, n: _quarter(t, 1, n),
    "LAST_N_YEARS": lambda t, n: _year(t, -n, n),
    "NEXT_N_YEARS": lambda t, n: _year(t, 1, n),
}

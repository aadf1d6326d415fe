"""The spans in which sales works, as instants."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from connector.domain.moment import Moment, micros, moment
from connector.rules.model import WorkingHours
from connector.rules.working import Row, working

ALWAYS = frozenset(range(1, 8))
HOUR_US = 3_600_000_000


def day(text: str) -> int:
    """Return a calendar day's number."""
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def at(text: str, zone: str = "Europe/Paris") -> int:
    """Return the instant of a local time."""
    return micros(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC))


def rows_of(
    hours: WorkingHours, around: str, *, zone: str = "Europe/Paris", longest: int = 60
) -> tuple[Row, ...]:
    return working(hours, day(around), zone, longest)


def spans_of(
    hours: WorkingHours, on: str, *, zone: str = "Europe/Paris", longest: int = 60
) -> list[str]:
    """Return the spans that begin on a local day, in UTC."""
    rows = rows_of(hours, on, zone=zone, longest=longest)[1:]
    found = [(moment(start), moment(end)) for start, end, _, _ in rows]
    return [
        f"{start:%H:%M}-{end:%H:%M}"
        for start, end in found
        if start.astimezone(ZoneInfo(zone)).date() == date.fromisoformat(on)
    ]


def daily(*spans: tuple[int, int]) -> WorkingHours:
    """Return hours of every day, in minutes after midnight."""
    return WorkingHours(ALWAYS, spans)


def test_spans_are_local_time_in_winter_and_summer() -> None:
    hours = daily((540, 750), (810, 1080))
    assert spans_of(hours, "2026-01-15") == ["08:00-11:30", "12:30-17:00"]
    assert spans_of(hours, "2026-07-15") == ["07:00-10:30", "11:30-16:00"]


def test_sales_works_by_its_own_clock_where_it_has_one() -> None:
    hours = WorkingHours(ALWAYS, ((540, 1080),), zone="Asia/Tokyo")
    assert spans_of(hours, "2026-01-15", zone="UTC") == ["00:00-09:00"]


def test_weekends_and_holidays_have_no_spans() -> None:
    hours = WorkingHours(holidays=frozenset({day("2026-05-01")}))
    assert spans_of(hours, "2026-04-30") == ["07:00-16:00"]
    assert spans_of(hours, "2026-05-01") == []
    assert spans_of(hours, "2026-05-02") == []
    assert spans_of(hours, "2026-05-03") == []
    assert spans_of(hours, "2026-05-04") == ["07:00-16:00"]


def test_midnight_ends_a_day_and_begins_the_next() -> None:
    hours = daily((0, 1440))
    rows = rows_of(hours, "2026-06-10")[1:]
    assert all(end == following for _, end, following, _ in rows[:-1])
    assert spans_of(hours, "2026-06-10") == ["22:00-22:00"]


@pytest.mark.parametrize(
    ("on", "hours", "zone"),
    [
        ("2026-03-29", 23, "Europe/Paris"),
        ("2026-10-25", 25, "Europe/Paris"),
        ("2026-06-10", 24, "Europe/Paris"),
        ("2026-03-29", 23, "Asia/Beirut"),  # the clocks are set forward at midnight
        ("2026-10-24", 25, "Asia/Beirut"),  # and back at midnight: the day that ends is longer
    ],
)
def test_a_day_around_the_clock_is_as_long_as_its_clocks_say(
    on: str, hours: int, zone: str
) -> None:
    begin = day(on)
    rows = working(daily((0, 1440)), begin, zone, 60)
    (length,) = (
        end - start
        for start, end, _, _ in rows[1:]
        if moment(start + HOUR_US).astimezone(ZoneInfo(zone)).date() == date.fromisoformat(on)
    )
    assert length == hours * HOUR_US


@pytest.mark.parametrize(
    ("span", "worked"),
    [
        ((120, 180), []),  # all of it is skipped
        ((135, 165), []),
        ((150, 210), ["01:00-01:30"]),  # what is left of it
        ((90, 150), ["00:30-01:00"]),
        ((60, 240), ["00:00-02:00"]),
    ],
)
def test_the_hour_that_clocks_skip_is_nobody_s(span: tuple[int, int], worked: list[str]) -> None:
    assert spans_of(daily(span), "2026-03-29") == worked


@pytest.mark.parametrize(
    ("span", "worked"),
    [
        ((120, 180), ["00:00-02:00"]),  # both hours of that name
        ((135, 165), ["00:15-00:45"]),  # the first of them
        ((150, 210), ["00:30-02:30"]),
    ],
)
def test_a_time_that_comes_twice_is_the_first(span: tuple[int, int], worked: list[str]) -> None:
    assert spans_of(daily(span), "2026-10-25") == worked


@pytest.mark.parametrize("zone", ["Europe/Paris", "Australia/Lord_Howe", "Asia/Beirut", "UTC"])
@pytest.mark.parametrize(
    "spans", [((60, 150), (150, 180), (180, 240)), ((0, 30), (30, 60), (1380, 1440)), ((0, 1440),)]
)
def test_spans_stay_in_order_and_apart(zone: str, spans: tuple[tuple[int, int], ...]) -> None:
    rows = working(daily(*spans), day("2026-06-10"), zone, 1000 * 24 * 60)
    assert len(rows) > 1_000
    for (start, end, following, before), (next_start, _, _, next_before) in pairwise(rows):
        assert start <= end <= following == next_start
        assert next_before == before + end - start
    assert all(start < end for start, end, _, _ in rows[1:])


def test_without_a_working_day_there_is_one_span_of_no_length() -> None:
    ((start, end, following, before),) = rows_of(WorkingHours(frozenset()), "2026-03-02")
    assert start == end
    assert before == 0
    assert start < at("1970-01-01T00:00") < at("2026-03-02T12:00") < following


def test_there_is_a_span_before_all_others_for_what_happened_earlier() -> None:
    (first, second, *_) = rows_of(daily((540, 1080)), "2026-03-02")
    assert first[0] == first[1] < second[0] == first[2]
    assert second[0] < at("2026-03-02T00:00") - timedelta(days=365) // timedelta(microseconds=1)


def test_spans_reach_as_far_as_a_clock_of_now_may_run_in_any_zone() -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"):
        hours = WorkingHours(ALWAYS, ((0, 60),), zone=zone)
        for account in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            now = Moment.at(datetime(2026, 3, 2, 10, 59, tzinfo=UTC), ZoneInfo(account))
            rows = working(hours, now.day, now.zone, 120)
            left = sum(max(0, end - max(start, now.us)) for start, end, _, _ in rows[1:])
            assert left >= 2 * HOUR_US


def test_spans_end_after_a_thousand_days() -> None:
    hours = WorkingHours(frozenset({1}), ((0, 1),))
    rows = rows_of(hours, "2026-03-02", zone="UTC", longest=60 * 24 * 60)
    last = moment(rows[-1][0])
    assert timedelta(990) < last - datetime(2026, 3, 2, tzinfo=UTC) < timedelta(1_000)

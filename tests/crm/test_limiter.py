"""Rate windows."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connector.crm.limiter import Rate, WindowLimiter
from tests.fakes.clock import FakeClock

TEN = timedelta(seconds=10)


def _taken_at(limiter: WindowLimiter, clock: FakeClock, count: int) -> list[datetime]:
    times = []
    for _ in range(count):
        limiter.take()
        times.append(clock.now())
    return times


def test_what_fits_into_the_window_goes_out_at_once() -> None:
    clock = FakeClock()
    _taken_at(WindowLimiter(Rate(100, TEN), clock), clock, 100)
    assert clock.waited == []


@given(st.integers(1, 8), st.lists(st.integers(0, 4_000), max_size=40))
def test_no_window_ever_holds_more_than_it_may(size: int, pauses: list[int]) -> None:
    clock = FakeClock()
    limiter = WindowLimiter(Rate(size, TEN), clock)
    times = []
    for pause in pauses:
        clock.turn(timedelta(milliseconds=pause))
        times += _taken_at(limiter, clock, 1)
    for later, earlier in zip(times[size:], times, strict=False):
        assert later - earlier >= TEN


def test_the_headers_widen_the_window() -> None:
    clock = FakeClock()
    limiter = WindowLimiter(Rate(2, TEN), clock)
    limiter.take()
    limiter.feed(190, 189)
    _taken_at(limiter, clock, 189)
    assert clock.waited == []


def test_what_others_use_is_left_to_them() -> None:
    clock = FakeClock()
    limiter = WindowLimiter(Rate(10, TEN), clock)
    limiter.take()
    limiter.feed(10, 2)
    _taken_at(limiter, clock, 2)
    assert clock.waited == []
    limiter.take()
    assert clock.waited == [TEN]


def test_after_a_refusal_nobody_sends_until_it_is_over() -> None:
    clock = FakeClock()
    limiter = WindowLimiter(Rate(10, TEN), clock)
    limiter.close(timedelta(seconds=3))
    limiter.take()
    assert clock.waited == [timedelta(seconds=3)]

"""A clock that stands still until it is turned."""

from datetime import UTC, datetime, timedelta

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class FakeClock:
    """Time as a test turns it. `waited`: every span that was waited, none of which has passed."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self._now = now
        self.waited: list[timedelta] = []

    def now(self) -> datetime:
        """Return the instant at which the clock stands."""
        return self._now

    def wait(self, span: timedelta) -> None:
        """Turn the clock on at once, and remember that somebody waited."""
        self.waited.append(span)
        self.turn(span)

    def turn(self, span: timedelta) -> None:
        """Let time pass."""
        self._now += span

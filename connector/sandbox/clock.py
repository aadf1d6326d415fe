"""The clocks that a sandbox goes by."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the sandbox asks of a clock."""

    def now(self) -> datetime:
        """Return the present moment, aware of its zone."""
        ...


class WallClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)


class TurnedClock:
    """A clock that stands still until somebody turns it, so that nothing has to sleep."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the moment it was last turned to."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Turn it forward."""
        self._now += by


class ShiftedClock:
    """Another clock, ahead of itself by what `advance` has added."""

    def __init__(self, base: Clock) -> None:
        self._base = base
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the base clock's moment plus the shift."""
        return self._base.now() + self._ahead

    def advance(self, by: timedelta) -> None:
        """Move further ahead."""
        self._ahead += by

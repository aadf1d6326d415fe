"""Time, as the core asks for it."""

from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Time, so that tests can turn it."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...

    def wait(self, span: timedelta) -> None:
        """Return after `span`."""
        ...

"""The real clock."""

import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """Time as the machine tells it."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        return datetime.now(UTC)

    def wait(self, span: timedelta) -> None:
        """Sleep for `span`."""
        time.sleep(max(0.0, span.total_seconds()))

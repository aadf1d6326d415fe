"""The CRM's own time, as its answers tell it: checkpoints must not depend on this machine's."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from connector.ports import Clock


class RemoteClock:
    """Our clock, set right by the dates of answers."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = timedelta()

    @property
    def ahead(self) -> timedelta:
        """How far the CRM's clock is ahead of ours, as the latest answer's date showed."""
        return self._ahead

    def now(self) -> datetime:
        """Return the present moment by the CRM's clock.

        Up to a second early, since answers tell whole seconds; never late.
        """
        return self._clock.now() + self._ahead

    def note(self, headers: Mapping[str, str]) -> None:
        """Take note of the date that an answer carries, if it does."""
        try:
            self._ahead = parsedate_to_datetime(headers.get("Date", "")) - self._clock.now()
        except (TypeError, ValueError):
            return

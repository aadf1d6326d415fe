"""Keeps calls inside a CRM's rate windows.

A window, not an interval: calls go out as fast as they come until the window is full, so that a
hundred calls that fit into it are not spread over ten seconds.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from connector.ports import Clock


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many calls in any span of this length; `calls` 0 means no limit."""

    calls: int
    span: timedelta


class WindowLimiter:
    """One rolling window, for all threads of one client.

    `feed` corrects it by what the CRM's headers say: the true size of the window, and how much of
    it other clients of the same account have used.
    """

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = Lock()
        self._sent: deque[datetime] = deque()
        self._foreign = 0
        self._foreign_until: datetime | None = None
        self._closed_until: datetime | None = None

    def take(self) -> None:
        """Return when a call may be sent, and count it."""
        while True:
            with self._lock:
                now = self._clock.now()
                wait = self._wait_at(now)
                if wait <= timedelta():
                    self._sent.append(now)
                    return
            self._clock.wait(wait)

    def feed(self, limit: int, remaining: int, span: timedelta | None = None) -> None:
        """Take note of what a reply's headers say of the window."""
        if limit <= 0:
            return
        with self._lock:
            now = self._clock.now()
            self._rate = Rate(limit, span or self._rate.span)
            self._forget(now)
            self._foreign = max(0, limit - max(0, remaining) - len(self._sent))
            self._foreign_until = now + self._rate.span if self._foreign else None

    def close(self, span: timedelta) -> None:
        """Send nothing for so long: the CRM said that it is too much."""
        with self._lock:
            until = self._clock.now() + span
            if self._closed_until is None or self._closed_until < until:
                self._closed_until = until

    def _wait_at(self, now: datetime) -> timedelta:
        if self._closed_until is not None:
            if now < self._closed_until:
                return self._closed_until - now
            self._closed_until = None
        self._forget(now)
        if not self._rate.calls or len(self._sent) + self._foreign < self._rate.calls:
            return timedelta()
        free_at = [sent + self._rate.span for sent in list(self._sent)[:1]]
        free_at += [self._foreign_until] if self._foreign_until else []
        return min(free_at) - now

    def _forget(self, now: datetime) -> None:
        while self._sent and self._sent[0] + self._rate.span <= now:
            self._sent.popleft()
        if self._foreign_until is not None and self._foreign_until <= now:
            self._foreign, self._foreign_until = 0, None

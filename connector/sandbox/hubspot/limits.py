"""Request limits: ten rolling seconds per app; a second of searches and a day per account."""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from zoneinfo import ZoneInfo

from connector.sandbox.hubspot.portal import DAILY, Portal
from connector.sandbox.hubspot.refusals import Refusal

BURST = {"free": 100, "pro": 190, "enterprise": 190}
BURST_WINDOW_MS = 10_000
SEARCH_PER_SECOND = 5


class Lane(StrEnum):
    """Which limits a call counts against."""

    GENERAL = "general"
    SEARCH = "search"
    ASSOCIATIONS = "associations"
    FREE = "free"  # no limit: the token endpoint


@dataclass(slots=True)
class Limits:
    """The windows of one account."""

    portal: Portal
    burst: dict[str, "deque[int]"] = field(default_factory=dict)  # by token: the limit is per app
    searches: "deque[int]" = field(default_factory=deque)
    day: str = ""

    def take(self, lane: Lane, token: str) -> None:
        """Count a call, or refuse it uncounted with the policy that it would break."""
        if not self.portal.options.limits or lane is Lane.FREE:
            return
        now = self.portal.now_ms()
        self._turn_day()
        tier = self.portal.options.tier
        if self.portal.used_today >= DAILY[tier]:
            raise breach("You have reached your daily limit.", "DAILY")
        if lane is Lane.SEARCH:
            _take(self.searches, now, 1_000, SEARCH_PER_SECOND, SECONDLY)
        if lane is Lane.GENERAL:
            window = self.burst.setdefault(token, deque())
            _take(window, now, BURST_WINDOW_MS, BURST[tier], TEN_SECONDLY)
        self.portal.used_today += 1

    def headers(self, lane: Lane, token: str, *, is_oauth: bool) -> dict[str, str]:
        """Return the usage headers of an answer; a search has none, OAuth has no daily ones."""
        if lane is not Lane.GENERAL:
            return {}
        if not self.portal.options.limits:
            return UNLIMITED
        tier = self.portal.options.tier
        used = len(self.burst.get(token, ()))
        shown = {
            "X-HubSpot-RateLimit-Max": str(BURST[tier]),
            "X-HubSpot-RateLimit-Remaining": str(max(0, BURST[tier] - used)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(BURST_WINDOW_MS),
        }
        if not is_oauth:
            shown["X-HubSpot-RateLimit-Daily"] = str(DAILY[tier])
            shown["X-HubSpot-RateLimit-Daily-Remaining"] = str(DAILY[tier] - self.portal.used_today)
        return shown

    def _turn_day(self) -> None:
        zone = ZoneInfo(self.portal.options.time_zone)
        today = self.portal.clock.now().astimezone(zone).date().isoformat()
        if today != self.day:
            self.day, self.portal.used_today = today, 0


UNLIMITED = {
    "X-HubSpot-RateLimit-Max": "1000000",
    "X-HubSpot-RateLimit-Remaining": "1000000",
    "X-HubSpot-RateLimit-Interval-Milliseconds": str(BURST_WINDOW_MS),
}
"""What a client that paces itself by the headers has to read to go as fast as it can."""

TEN_SECONDLY = ("You have reached your ten_secondly_rolling limit.", "TEN_SECONDLY_ROLLING")
SECONDLY = ("You have reached your secondly limit.", "SECONDLY")


def breach(message: str, policy: str) -> Refusal:
    """Return the 429 of a policy."""
    extra = {"errorType": "RATE_LIMIT", "policyName": policy, "groupName": "publicapi"}
    return Refusal(429, message, "RATE_LIMITS", extra=extra)


def _take(window: "deque[int]", now: int, length: int, most: int, told: tuple[str, str]) -> None:
    while window and window[0] <= now - length:
        window.popleft()
    if len(window) >= most:
        raise breach(*told)
    window.append(now)

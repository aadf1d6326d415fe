"""Calls to HubSpot: credentials, windows, retries. Knows no payload."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from threading import Lock
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import orjson

from connector.crm.http import (
    PATIENCE,
    LostError,
    Patience,
    Persistence,
    Reply,
    Request,
    Transport,
    TryAgainError,
)
from connector.crm.hubspot.credentials import Credentials
from connector.crm.hubspot.judging import Limit, failure, parsed, unavailable
from connector.crm.hubspot.refusal import Json
from connector.crm.limiter import Rate, WindowLimiter
from connector.crm.remote_clock import RemoteClock
from connector.errors import CrmUnavailableError
from connector.ports import Clock

# The smallest account's burst to begin with: the headers of the first reply tell the true one.
# Search has no headers; its five a second are for the whole account. What associations may cost is
# published nowhere, so they keep to the general figure in a window of their own.
RATES: Mapping[Limit, Rate] = {
    Limit.GENERAL: Rate(100, timedelta(seconds=10)),
    Limit.SEARCH: Rate(5, timedelta(seconds=1.1)),
    Limit.ASSOCIATIONS: Rate(100, timedelta(seconds=10)),
}
UNPACED: Mapping[Limit, Rate] = {limit: Rate(0, timedelta(seconds=10)) for limit in Limit}
"""For a local sandbox that does not limit either."""


class Client:
    """One account's HubSpot, as calls that return JSON objects. Safe to use from several threads.

    Every call made here can be repeated without harm, so all are tried again: reads, updates that
    set the same values, upserts by a unique key, links that exist only once.
    """

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials,
        clock: Clock,
        *,
        rates: Mapping[Limit, Rate] = RATES,
        max_daily_calls: int | None = None,
        patience: Patience = PATIENCE,
    ) -> None:
        self._transport = transport
        self._credentials = credentials
        self._limiters = {limit: WindowLimiter(rates[limit], clock) for limit in Limit}
        self._persistence = Persistence(clock, patience)
        self._max_daily = max_daily_calls
        self._lock = Lock()
        self._calls: Counter[str] = Counter()
        self._daily_used = 0
        self._daily_left: int | None = None
        self._time = RemoteClock(clock)
        self.zone = ZoneInfo("UTC")

    @property
    def calls(self) -> Mapping[str, int]:
        """Calls sent, by limit class, retries included."""
        with self._lock:
            return dict(self._calls)

    @property
    def daily_calls_left(self) -> int | None:
        """What the account may still call today, as the latest reply said; None if it does not."""
        return self._daily_left

    @property
    def ahead(self) -> timedelta:
        """How far HubSpot's clock is ahead of ours, as the latest reply's date showed."""
        return self._time.ahead

    def now(self) -> datetime:
        """Return the present moment by HubSpot's clock: checkpoints must not depend on ours.

        Up to a second early, since replies tell whole seconds; never late.
        """
        return self._time.now()

    def get(self, path: str, query: Mapping[str, str] | None = None, *, needs: str = "") -> Json:
        """Return the JSON object at a path. `needs`: a key without which an answer is no answer."""
        target = f"{path}?{urlencode(query)}" if query else path
        return self._call(Request("GET", target), Limit.GENERAL, needs)

    def post(
        self, path: str, body: object, *, limit: Limit = Limit.GENERAL, needs: str = "results"
    ) -> Json:
        """Send a JSON body and return the JSON object that comes back."""
        return self._call(Request("POST", path, orjson.dumps(body)), limit, needs)

    def patch(self, path: str, body: object) -> Json:
        """Change the thing at a path."""
        return self._call(Request("PATCH", path, orjson.dumps(body)), Limit.GENERAL, "")

    def _call(self, request: Request, limit: Limit, needs: str) -> Json:
        return self._persistence.run(lambda: self._attempt(request, limit, needs))

    def _attempt(self, request: Request, limit: Limit, needs: str) -> Json:
        token = self._credentials.current()
        reply = self._send(request, limit, token)
        if reply.status == 401 and self._credentials.renew(token):
            reply = self._send(request, limit, self._credentials.current())
        if 200 <= reply.status < 300:
            return parsed(reply, needs)
        failed = failure(reply, limit, self._tomorrow())
        if reply.status == 429 and isinstance(failed, TryAgainError) and failed.wait:
            self._limiters[limit].close(failed.wait)
        raise failed

    def _send(self, request: Request, limit: Limit, token: str) -> Reply:
        self._check_daily()
        self._limiters[limit].take()
        with self._lock:
            self._calls[limit.value] += 1
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": "leadripe",
        }
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        try:
            reply = self._transport.send(
                Request(request.method, request.target, request.body, headers)
            )
        except LostError as lost:
            raise TryAgainError(unavailable(f"HubSpot did not answer: {lost}")) from lost
        self._note_headers(reply, limit)
        return reply

    def _note_headers(self, reply: Reply, limit: Limit) -> None:
        headers = reply.headers
        size, left = _number(headers, "Max"), _number(headers, "Remaining")
        if limit is Limit.GENERAL and size is not None and left is not None:
            span = timedelta(milliseconds=_number(headers, "Interval-Milliseconds") or 10_000)
            self._limiters[limit].feed(size, left, span)
        daily, daily_left = _number(headers, "Daily"), _number(headers, "Daily-Remaining")
        if daily is not None and daily_left is not None:
            self._daily_left, self._daily_used = daily_left, daily - daily_left
        self._time.note(headers)

    def _check_daily(self) -> None:
        used = max(self._daily_used, sum(self.calls.values()))
        if self._max_daily is not None and used >= self._max_daily:
            raise CrmUnavailableError(
                what=f"the {self._max_daily} calls that one day may take are used up",
                where="leadripe.yaml, connect.max_daily_calls",
                do="Run again tomorrow, or raise max_daily_calls. Nothing is lost.",
                retry_at=self._tomorrow(),
            )

    def _tomorrow(self) -> datetime:
        """Return when HubSpot's day ends: midnight in the account's time zone."""
        day = self.now().astimezone(self.zone) + timedelta(days=1)
        return day.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(f"X-HubSpot-RateLimit-{name}", "")
    return int(text) if text.isdecimal() else None

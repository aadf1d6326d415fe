"""Calls to HubSpot: credentials, windows, retries, and what each status means. Knows no payload."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from threading import Lock
from typing import cast
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
from connector.crm.hubspot import refusal
from connector.crm.hubspot.credentials import Credentials
from connector.crm.hubspot.refusal import Json, Refusal
from connector.crm.limiter import Rate, WindowLimiter
from connector.errors import CredentialsError, CrmRefusedError, CrmUnavailableError
from connector.ports import Clock


class Limit(StrEnum):
    """HubSpot counts calls in separate windows."""

    GENERAL = "general"
    SEARCH = "search"
    ASSOCIATIONS = "associations"


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

_SECOND = timedelta(seconds=1)
_LOCKED = timedelta(seconds=2)
_TEN_SECONDS = timedelta(seconds=10)
_STRANGE_STATUS = 600


class ConflictError(CrmRefusedError):
    """The call was refused for what it carried (400, 404, 409): fewer rows may go through."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(
            what=f"HubSpot answered {why.status}: {why.says}",
            where="HubSpot",
            do="Run `leadripe check`: it names properties and types that do not fit.",
            status=why.status,
        )
        self.why = why


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
        self._clock = clock
        self._limiters = {limit: WindowLimiter(rates[limit], clock) for limit in Limit}
        self._persistence = Persistence(clock, patience)
        self._max_daily = max_daily_calls
        self._lock = Lock()
        self._calls: Counter[str] = Counter()
        self._daily_used = 0
        self._daily_left: int | None = None
        self._ahead = timedelta()
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
        return self._ahead

    def now(self) -> datetime:
        """Return the present moment by HubSpot's clock: checkpoints must not depend on ours.

        Up to a second early, since replies tell whole seconds; never late.
        """
        return self._clock.now() + self._ahead

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
            return _parsed(reply, needs)
        return self._fail(reply, limit)

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
            raise TryAgainError(_unavailable(f"HubSpot did not answer: {lost}")) from lost
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
        dated = headers.get("Date")
        if dated:
            self._note_time(dated)

    def _note_time(self, dated: str) -> None:
        try:
            self._ahead = parsedate_to_datetime(dated) - self._clock.now()
        except (TypeError, ValueError):
            return

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

    def _fail(self, reply: Reply, limit: Limit) -> Json:
        why = refusal.parse(reply)
        if reply.status in (401, 530):
            # 530 is what the edge answers to a token that has not the shape of one.
            raise CredentialsError(
                what=f"HubSpot does not accept the token: {why.says}",
                where="leadripe.yaml, connect",
                do="Create or rotate the service key in HubSpot and put it where leadripe.yaml "
                "says. Nothing was lost.",
            )
        if reply.status == 403:
            raise _forbidden(why)
        if reply.status in (400, 404, 409, 413, 414):
            raise ConflictError(why)
        raise self._passing(reply, why, limit)

    def _passing(self, reply: Reply, why: Refusal, limit: Limit) -> Exception:
        status = reply.status
        if status == 429:
            return self._too_many(reply, why, limit)
        if status == 423:
            return TryAgainError(_unavailable(f"HubSpot holds a lock: {why.says}"), _LOCKED)
        if status == 477:
            wait = _retry_after(reply) or timedelta(hours=1)
            moving = f"HubSpot is moving the account to another data centre: {why.says}"
            return TryAgainError(_unavailable(moving), wait)
        if status >= 500 and status < _STRANGE_STATUS:
            return TryAgainError(
                _unavailable(f"HubSpot answered {status}: {why.says}"), _retry_after(reply)
            )
        # Redirects end here too: following one would hand the token to another address.
        return CrmRefusedError(
            what=f"HubSpot answered {status}, which it never should: {why.says}",
            where="leadripe.yaml, connect.base_url",
            do="Look whether a proxy stands in between. Nothing is lost.",
            status=status,
        )

    def _too_many(self, reply: Reply, why: Refusal, limit: Limit) -> Exception:
        if "DAILY" in why.policy.upper() or "daily limit" in why.full.lower():
            return _unavailable("the account's calls of this day are used up", self._tomorrow())
        wait = _retry_after(reply) or _wait_for(why, limit)
        self._limiters[limit].close(wait)
        return TryAgainError(_unavailable(f"HubSpot asks to slow down: {why.says}"), wait)


def _wait_for(why: Refusal, limit: Limit) -> timedelta:
    policy = why.policy.upper()
    if "TEN_SECONDLY" in policy:
        return _TEN_SECONDS
    if limit is Limit.SEARCH or "SECONDLY" in policy or "secondly" in why.full.lower():
        return _SECOND
    return _TEN_SECONDS


def _retry_after(reply: Reply) -> timedelta | None:
    text = reply.headers.get("Retry-After", "").strip()
    return timedelta(seconds=int(text)) if text.isdigit() and int(text) else None


def _parsed(reply: Reply, needs: str) -> Json:
    if reply.status == 204:
        return {}
    try:
        body = orjson.loads(reply.body)
    except orjson.JSONDecodeError as error:
        raise TryAgainError(_unavailable("HubSpot's answer is no JSON, or cut off")) from error
    if not isinstance(body, dict) or (needs and needs not in body):
        raise TryAgainError(_unavailable("HubSpot's answer lacks what was asked for"))
    return cast("Json", body)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(f"X-HubSpot-RateLimit-{name}", "")
    return int(text) if text.isdigit() else None


def _unavailable(what: str, retry_at: datetime | None = None) -> CrmUnavailableError:
    return CrmUnavailableError(
        what=what,
        where="HubSpot",
        do="The next run goes on where this one stopped. Nothing is lost.",
        retry_at=retry_at,
    )


def _forbidden(why: Refusal) -> CrmRefusedError:
    scopes = ", ".join(why.scopes)
    return CrmRefusedError(
        what=f"HubSpot refuses: {why.says}" + (f"; missing: {scopes}" if scopes else ""),
        where="the service key's scopes",
        do=f"Give the service key the scope {scopes or 'named in docs/hubspot.md'}, then run "
        "`leadripe check`. Nothing is lost.",
        status=403,
        scopes=why.scopes,
    )

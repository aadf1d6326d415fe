"""Calls to Salesforce: sessions, retries, the day's allowance. Knows no payload."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import BinaryIO, cast
from urllib.parse import urlencode

import orjson

from connector.crm.http import (
    PATIENCE,
    LostError,
    Patience,
    Persistence,
    Reply,
    Request,
    TryAgainError,
)
from connector.crm.remote_clock import RemoteClock
from connector.crm.salesforce.credentials import SessionKeeper
from connector.crm.salesforce.judging import daily_limit, failure, is_expired, parsed, unavailable
from connector.crm.salesforce.refusal import BUSY, LOCKED, Json, parse_entry
from connector.crm.salesforce.transport import Arriving, StreamingTransport
from connector.errors import CredentialsError, CrmRefusedError, CrmUnavailableError
from connector.ports import Clock

MOST_SUBREQUESTS = 25
_SUB_TRIES = 3
_SUB_WAIT = timedelta(seconds=1)
MOST_HEAVY = 5
"""Queries and collections within one composite call."""

PROTECTING: Mapping[str, str] = {
    # Without it, a score written to a lead runs the assignment rules: the lead changes its owner.
    "Sforce-Auto-Assign": "FALSE",
    # A duplicate rule that only alerts people would block the write otherwise.
    "Sforce-Duplicate-Rule-Header": "allowSave=true",
}
"""Sent with every attempt of every call, and with each part of a composite one."""
_STANDING: Mapping[str, str] = {
    **PROTECTING,
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "Sforce-Call-Options": "client=leadripe",
    "User-Agent": "leadripe",
    "X-PrettyPrint": "0",
}
_USAGE = re.compile(r"(?<![\w-])api-usage=(\d+)/(\d+)")
Body = bytes | Callable[[str], bytes] | None
"""What a request carries; SOAP's envelopes hold the session, so they are made for each attempt."""
JSON = "application/json"
CSV = "text/csv; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Sub:
    """One request within a composite call. `path` follows the version, as in `Client.get`."""

    method: str
    path: str
    query: Mapping[str, str] | None = None
    body: object = None


@dataclass(frozen=True, slots=True)
class SubReply:
    """The answer to one."""

    status: int
    body: object

    @property
    def is_done(self) -> bool:
        """Whether it was carried out."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Allowance:
    """What of the org's calls may be used.

    `calls`: at most so many in a day, all of the org's counted; None: no limit of ours. `share`: of
    the org's own daily limit.
    """

    calls: int | None = None
    share: float = 1.0


class Client:
    """One org, as calls that return JSON. Safe to use from several threads.

    Every call made here can be repeated without harm, so all are tried again: reads, updates that
    set the same values, inserts with a unique key. `data`: the path of the version spoken.
    """

    def __init__(
        self,
        transport: StreamingTransport,
        sessions: SessionKeeper,
        clock: Clock,
        *,
        version: str,
        allowance: Allowance | None = None,
        patience: Patience = PATIENCE,
    ) -> None:
        self._transport = transport
        self._sessions = sessions
        self._time = RemoteClock(clock)
        self._allowance = allowance or Allowance()
        self._persistence = Persistence(clock, patience)
        self._lock = Lock()
        self._calls: Counter[str] = Counter()
        self._used, self._total = 0, 0
        self.version = version
        self.data = f"/services/data/v{version}"
        self.wait: Callable[[timedelta], None] = clock.wait

    @property
    def calls(self) -> Mapping[str, int]:
        """Calls sent, by kind, retries included. Signing in is none: the platform counts it not."""
        with self._lock:
            return dict(self._calls)

    @property
    def daily(self) -> tuple[int, int] | None:
        """The org's calls of the last 24 hours and their limit, as the latest answer said."""
        return (self._used, self._total) if self._total else None

    def now(self) -> datetime:
        """Return the present moment by Salesforce's clock; never late, up to a second early."""
        return self._time.now()

    def get(self, path: str, query: Mapping[str, str] | None = None) -> object:
        """Return the JSON at a path behind the version, such as `/limits`."""
        return self.ask("GET", self.target(path, query))

    def post(self, path: str, body: object) -> object:
        """Send a JSON body and return the JSON that comes back."""
        return self.ask("POST", self.target(path), orjson.dumps(body))

    def patch(self, path: str, body: object) -> object:
        """Change the thing at a path."""
        return self.ask("PATCH", self.target(path), orjson.dumps(body))

    def composite(self, subs: Sequence[Sub], *, in_order: bool = False) -> list[SubReply]:
        """Send up to 25 requests, five of them queries or collections, as one call.

        Each has an answer of its own, in order; one that is refused does not hold up the others,
        and one that failed in a way that may pass is sent again by itself; with `in_order` together
        with all behind it, since what they tell rests on it.
        """
        answers = self._composite(subs)
        for attempt in range(_SUB_TRIES):
            failed = [number for number, answer in enumerate(answers) if _may_pass(answer)]
            if not failed:
                break
            if in_order:
                failed = list(range(failed[0], len(subs)))
            self.wait(_SUB_WAIT * (1 << attempt))
            try:
                again = self._composite([subs[number] for number in failed])
            except (CrmUnavailableError, CrmRefusedError, CredentialsError):
                break  # what the others answered is known, and must stay so
            for number, answer in zip(failed, again, strict=True):
                answers[number] = answer
        return answers

    def _composite(self, subs: Sequence[Sub]) -> list[SubReply]:
        body = {
            "allOrNone": False,
            "compositeRequest": [self._subrequest(place, sub) for place, sub in enumerate(subs)],
        }
        answer = objects(self.post("/composite", body), "compositeResponse")
        by_name = {str(each.get("referenceId")): each for each in answer}
        found = [by_name.get(f"r{place}", {}) for place in range(len(subs))]
        return [SubReply(_status(each), each.get("body")) for each in found]

    def _subrequest(self, place: int, sub: Sub) -> Json:
        request: dict[str, object] = {
            "method": sub.method,
            "url": self.target(sub.path, sub.query),
            "referenceId": f"r{place}",
            # Of the outer headers a part inherits only who and what it is.
            "httpHeaders": dict(PROTECTING),
        }
        return request if sub.body is None else {**request, "body": sub.body}

    def target(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """Return the path with the version, and the query behind it."""
        whole = path if path.startswith("/services/") else f"{self.data}{path}"
        return f"{whole}?{urlencode(query)}" if query else whole

    def request(
        self,
        method: str,
        target: str,
        body: Body = None,
        *,
        kind: str = "rest",
        content: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request until it succeeds; return the answer."""
        return self._persistence.run(
            lambda: self._attempt(method, target, body, kind, content, headers or {})
        )

    def ask(
        self,
        method: str,
        target: str,
        body: Body = None,
        *,
        kind: str = "rest",
        content: str = JSON,
    ) -> object:
        """Send a request until its answer is whole, and return the JSON of it.

        A page of a proxy, or half an answer, comes with a status of success now and then.
        """
        return self._persistence.run(
            lambda: parsed(self._attempt(method, target, body, kind, content, {}))
        )

    def upload(self, target: str, file: BinaryIO, *, content: str) -> Reply:
        """Send a file from its beginning; not tried again, since a second one may be too much.

        Raises CrmUnavailableError if it is unknown whether it arrived.
        """
        token = self._sessions.current()
        for attempt in range(2):
            file.seek(0)
            sent = self._headers(token, content, {})
            try:
                reply = self._send(Request("PUT", target, cast("bytes", file), sent), "bulk")
            except TryAgainError as lost:
                raise lost.failure from lost
            if not (attempt == 0 and is_expired(reply) and self._sessions.renew(token)):
                break
            token = self._sessions.current()
        if 200 <= reply.status < 300:
            return reply
        failed = failure(reply, self.now())
        raise failed.failure if isinstance(failed, TryAgainError) else failed

    @contextmanager
    def stream(self, path: str, query: Mapping[str, str], *, accept: str) -> Iterator[Arriving]:
        """Bring an answer too large to hold. Not tried again: the caller knows how far it came.

        Raises what `get` raises; TryAgainError where it was cut off or may pass.
        """
        target = self.target(path, query)
        token = self._sessions.current()
        with self._streamed(target, token, accept) as answer:
            if answer.status == 200:
                yield answer
                return
            reply = Reply(answer.status, answer.headers, b"".join(answer.pieces()))
        if not (is_expired(reply) and self._sessions.renew(token)):
            raise failure(reply, self.now())
        with self._streamed(target, self._sessions.current(), accept) as answer:
            if answer.status != 200:
                reply = Reply(answer.status, answer.headers, b"".join(answer.pieces()))
                raise failure(reply, self.now())
            yield answer

    @contextmanager
    def _streamed(self, target: str, token: str, accept: str) -> Iterator[Arriving]:
        self._count("bulk")
        request = Request("GET", target, None, self._headers(token, "", {"Accept": accept}))
        try:
            with self._transport.stream(request) as answer:
                self._note(answer.headers)
                yield cast("Arriving", answer)
        except LostError as lost:
            raise TryAgainError(unavailable(f"Salesforce did not answer: {lost}")) from lost

    def _attempt(
        self,
        method: str,
        target: str,
        body: Body,
        kind: str,
        content: str,
        headers: Mapping[str, str],
    ) -> Reply:
        token = self._sessions.current()
        type_ = content if body is not None else ""

        def request(token: str) -> Request:
            # Built for each, so that no header is lost with a session: each protects an owner.
            carried = body(token) if callable(body) else body
            return Request(method, target, carried, self._headers(token, type_, headers))

        reply = self._send(request(token), kind)
        if is_expired(reply) and self._sessions.renew(token):
            reply = self._send(request(self._sessions.current()), kind)
        if 200 <= reply.status < 300:
            return reply
        raise failure(reply, self.now())

    def _headers(self, token: str, content: str, more: Mapping[str, str]) -> dict[str, str]:
        typed = {"Content-Type": content} if content else {}
        return {**_STANDING, **typed, **more, "Authorization": f"Bearer {token}"}

    def _send(self, request: Request, kind: str) -> Reply:
        self._count(kind)
        try:
            reply = self._transport.send(request)
        except LostError as lost:
            raise TryAgainError(unavailable(f"Salesforce did not answer: {lost}")) from lost
        self._note(reply.headers)
        return reply

    def _count(self, kind: str) -> None:
        self._check_allowance()
        with self._lock:
            self._calls[kind] += 1

    def _note(self, headers: Mapping[str, str]) -> None:
        found = _USAGE.search(headers.get("Sforce-Limit-Info", ""))
        if found:
            self._used, self._total = int(found[1]), int(found[2])
        self._time.note(headers)

    def _check_allowance(self) -> None:
        most = self._allowance.calls
        if most is not None and max(self._used, sum(self.calls.values())) >= most:
            told = f"the {most} calls that one day may take are used up"
            raise daily_limit(f"{told} (connect.max_daily_calls)", self.now())
        if self._total and self._used >= self._total * self._allowance.share:
            told = f"{self._used:,} of the org's {self._total:,} daily calls are used"
            raise daily_limit(f"{told}, where connect.max_daily_share stops us", self.now())


def objects(body: object, key: str | None = None) -> list[Json]:
    """Return the JSON objects of a list, or of the list under a key; what else stands there not."""
    found = body.get(key) if key and isinstance(body, dict) else body
    if not isinstance(found, list):
        return []
    return [cast("Json", each) for each in found if isinstance(each, dict)]


def as_object(body: object) -> Json:
    """Return a JSON object; an answer that is none raises CrmUnavailableError."""
    if not isinstance(body, dict):
        raise unavailable("Salesforce's answer lacks what was asked for")
    return cast("Json", body)


def _may_pass(answer: SubReply) -> bool:
    # A query that took too long would do so again: who asked has another way.
    why = parse_entry(next(iter(objects(answer.body)), {}), answer.status)
    return answer.status == 0 or answer.status >= 500 or why.code in (LOCKED, BUSY)


def _status(entry: Json) -> int:
    status = entry.get("httpStatusCode")
    return status if isinstance(status, int) else 0

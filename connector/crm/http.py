"""What both CRMs share on the wire: one attempt's reply, trying again, and clean error texts."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, TypeVar

import structlog
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from connector.errors import CrmUnavailableError
from connector.ports import Clock

T = TypeVar("T")
log = structlog.get_logger()

LONGEST_TEXT = 200
_SECONDS = re.compile(r"[0-9]{1,9}")
_MAIL = re.compile(r"[\w.+%'-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_TOKEN = re.compile(r"(?i)\bbearer\s+\S+|\bpat-[\w-]{8,}|\b(?=\w*\d)[A-Za-z0-9_\-.]{40,}")


def clean(text: str, secrets: Sequence[str] = ()) -> str:
    """Return a CRM's error text fit to keep: one line, cut, without addresses and secrets."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    text = _TOKEN.sub("…", _MAIL.sub("(address)", text))
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `target`: path and query; the host is the transport's and cannot be changed."""

    method: str
    target: str
    body: bytes | None = None
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, of whatever status. `headers` are looked up without regard to case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def retry_after(self) -> timedelta | None:
        """How long the server asks to wait; None if it says nothing, or nothing to go by."""
        text = self.headers.get("Retry-After", "").strip()
        return timedelta(seconds=int(text)) or None if _SECONDS.fullmatch(text) else None


class Transport(Protocol):
    """Sends one request once. Redirects are not followed."""

    def send(self, request: Request) -> Reply:
        """Return the answer. Raises LostError if there is none, or none that is whole."""
        ...


class LostError(Exception):
    """No whole answer came: refused, reset, timed out, cut off. The request may have been done."""


class TryAgainError(Exception):
    """This attempt failed in a way that may pass.

    `wait`: what the CRM asks for; None leaves the wait to the back-off. `failure`: what is raised
    once no attempt is left.
    """

    def __init__(self, failure: CrmUnavailableError, wait: timedelta | None = None) -> None:
        super().__init__(failure.what)
        self.failure = failure
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on trying one call.

    `first` doubles with each failure up to `longest`; a random part of it is waited ("full
    jitter"), so that many clients do not come back together. A wait that the CRM asks for is taken
    with up to a tenth more; one above `cap` is not waited at all.
    """

    attempts: int = 6
    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(seconds=20)
    cap: timedelta = timedelta(minutes=2)


PATIENCE = Patience()


class Persistence:
    """Repeats a call until it succeeds, a person must act, or patience ends.

    Only for calls that can be repeated without harm: reads, and writes whose repetition sets the
    same values or names the same unique key.
    """

    def __init__(
        self,
        clock: Clock,
        patience: Patience = PATIENCE,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._patience = patience
        self._chance = chance
        self._now = clock.now
        self._retrying = Retrying(
            stop=stop_after_attempt(patience.attempts),
            wait=self._wait,
            sleep=lambda seconds: clock.wait(timedelta(seconds=seconds)),
            before_sleep=_tell,
            retry=retry_if_exception_type(TryAgainError),
            reraise=True,
        )

    def run(self, attempt: Callable[[], T]) -> T:
        """Return what `attempt` returns; CrmUnavailableError once patience ends."""
        try:
            answer: T = self._retrying(self._within_cap, attempt)
        except TryAgainError as spent:
            raise spent.failure from spent
        return answer

    def _within_cap(self, attempt: Callable[[], T]) -> T:
        try:
            return attempt()
        except TryAgainError as failed:
            if failed.wait is None or failed.wait <= self._patience.cap:
                raise
            if failed.failure.retry_at is None:
                failed.failure.retry_at = self._now() + failed.wait
            raise failed.failure from failed

    def _wait(self, state: RetryCallState) -> float:
        failed = state.outcome.exception() if state.outcome else None
        asked = failed.wait if isinstance(failed, TryAgainError) else None
        if asked is not None:
            return asked.total_seconds() * (1 + self._chance() / 10)
        backoff = self._patience.first * (1 << (state.attempt_number - 1))
        return min(backoff, self._patience.longest).total_seconds() * self._chance()


def _tell(state: RetryCallState) -> None:
    failed = state.outcome.exception() if state.outcome else None
    log.info(
        "call.tried_again",
        attempt=state.attempt_number,
        wait_seconds=round(state.upcoming_sleep, 1),
        why=failed.failure.what if isinstance(failed, TryAgainError) else "",
    )

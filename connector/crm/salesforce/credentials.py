"""Who we are to Salesforce: a signed assertion, or an app's secret, for short-lived sessions."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol
from urllib.parse import urlencode

import orjson

from connector.crm.http import (
    LostError,
    Persistence,
    Reply,
    Request,
    Transport,
    TryAgainError,
    clean,
)
from connector.crm.salesforce import refusal
from connector.errors import ConnectorError, CredentialsError, CrmUnavailableError
from connector.ports import Clock

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105  a path, no secret
ASSERTION_LIFE = timedelta(seconds=150)
"""Under three minutes, the least that any source names as the platform's limit."""
SESSION_LIFE = timedelta(minutes=15)
"""The shortest session time-out that an org can set; the token endpoint tells none."""
EARLY = timedelta(minutes=2)
_PASSING = frozenset({406, 408, 420, 429})
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Grant(Protocol):
    """What proves who we are to the token endpoint."""

    def request(self, now: datetime) -> Request:
        """Return the request for a session."""
        ...

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not stand in a message."""
        ...


@dataclass(frozen=True, slots=True)
class JwtGrant:
    """An assertion that the app's certificate vouches for.

    `audience`: the sign-in host, never the org's own; `read_key` returns the private key (PEM).
    """

    client_id: str
    username: str
    audience: str
    read_key: Callable[[], str] = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Nothing but the assertion, which is never quoted."""
        return ()

    def request(self, now: datetime) -> Request:
        """Return the request for a session. Raises CredentialsError if the key cannot sign."""
        import jwt  # here, since it brings cryptography along

        claims = {
            "iss": self.client_id,
            "sub": self.username,
            "aud": self.audience,
            "exp": int((now + ASSERTION_LIFE).timestamp()),
        }
        try:
            assertion = jwt.encode(claims, self.read_key(), algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise CredentialsError(
                what="the private key cannot sign: it is no RSA key in PEM form",
                where="leadripe.yaml, connect.jwt.private_key",
                do="Put the key that belongs to the app's certificate there "
                "(-----BEGIN PRIVATE KEY-----). Nothing was sent.",
            ) from error
        form = {"grant_type": _JWT_BEARER, "assertion": assertion}
        return Request("POST", TOKEN_PATH, urlencode(form).encode(), _FORM)


@dataclass(frozen=True, slots=True)
class SecretGrant:
    """An app's secret; the app itself names the user to act as."""

    client_id: str
    client_secret: str = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The app's secret."""
        return (self.client_secret,)

    def request(self, now: datetime) -> Request:  # noqa: ARG002  one interface for both
        """Return the request for a session."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
        return Request("POST", TOKEN_PATH, urlencode(form).encode(), _FORM)


class SessionKeeper:
    """Sessions, one request for each expiry whatever the threads.

    None says how long it lives, so another is fetched before the shortest life that an org can set
    is over; a 401 says when that was too late.
    """

    def __init__(self, grant: Grant, transport: Transport, clock: Clock) -> None:
        self._grant = grant
        self._transport = transport
        self._clock = clock
        self._persistence = Persistence(clock)
        self._lock = Lock()
        self._token = ""
        self._asked_at: datetime | None = None
        self.logins = 0

    def current(self) -> str:
        """Return a token that should be accepted now."""
        with self._lock:
            now = self._clock.now()
            if self._asked_at is None or now - self._asked_at >= SESSION_LIFE - EARLY:
                self._sign_in()
            return self._token

    def renew(self, refused: str) -> bool:
        """Fetch another token, unless another thread just did; tell whether there is another."""
        with self._lock:
            if self._token == refused:
                self._sign_in()
            return self._token != refused

    def _sign_in(self) -> None:
        self._token, self._asked_at = self._persistence.run(self._asked)

    def _asked(self) -> tuple[str, datetime]:
        now = self._clock.now()
        request = self._grant.request(now)
        self.logins += 1
        try:
            reply = self._transport.send(request)
        except LostError as lost:
            raise _no_answer(str(lost)) from lost
        return self._taken(reply), now

    def _taken(self, reply: Reply) -> str:
        if 300 <= reply.status < 500 and reply.status not in _PASSING:
            raise _refused(reply, self._grant, self._clock.now())
        try:
            token = orjson.loads(reply.body)["access_token"]
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise _no_answer(f"status {reply.status}") from error
        # A token that is none would go out as a header, and might break it.
        if not (isinstance(token, str) and token.isascii() and token.isprintable()):
            raise _no_answer("it gave a token that is none")
        return token


_REMEDIES = {
    "redirected": "Set connect.base_url to the org's My Domain, https://acme.my.salesforce.com",
    "audience is invalid": "Set connect.jwt.audience to https://login.salesforce.com, or to "
    "https://test.salesforce.com for a sandbox org",
    "hasn't approved": "Let the app's policy pre-authorise the integration user (admin approved "
    "users, by a permission set), and see that connect.jwt.audience fits the org",
    "expired": "Set this machine's clock right: an assertion lives for minutes only",
    "invalid assertion": "See that the certificate of the app belongs to the private key, and that "
    "this machine's clock is right",
    "client identifier": "Correct the consumer key that connect.….client_id leads to",
    "invalid client": "Correct the consumer secret that client_secret leads to",
    "no client credentials user": "Name the user to act as in the app's policies",
}


def _refused(reply: Reply, grant: Grant, now: datetime) -> ConnectorError:
    why = refusal.parse(reply)
    if "rate" in why.code.lower():
        return CrmUnavailableError(
            what="Salesforce lets our user sign in no more for now: it did so too often",
            where="leadripe.yaml, connect",
            do="Look for another program that signs in as this user again and again. "
            "Nothing is lost.",
            retry_at=now + timedelta(hours=1),
        )
    if reply.status < 400:
        why = replace(why, message="", full="redirected to another address")
    said = clean(why.full, grant.secrets) or f"status {reply.status}"
    remedy = next((do for words, do in _REMEDIES.items() if words in why.full.lower()), "")
    return CredentialsError(
        what=f"Salesforce does not sign us in: {why.code or reply.status}: {said}",
        where="leadripe.yaml, connect",
        do=f"{remedy or 'See docs/salesforce.md, «When it does not sign in»'}. Nothing was sent.",
    )


def _no_answer(why: str) -> TryAgainError:
    return TryAgainError(
        CrmUnavailableError(
            what=f"Salesforce's token endpoint did not answer: {why}",
            where="leadripe.yaml, connect.base_url",
            do="Try again later. Nothing is lost.",
        )
    )

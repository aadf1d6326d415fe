"""Who we are to HubSpot: a service key, or OAuth with its short-lived access tokens."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol
from urllib.parse import urlencode

import orjson

from connector.crm.http import LostError, Reply, Request, Transport, clean
from connector.crm.hubspot import paths, refusal
from connector.errors import CredentialsError, CrmUnavailableError
from connector.ports import Clock


class Credentials(Protocol):
    """Gives the token to send."""

    def current(self) -> str:
        """Return a token that should be accepted now."""
        ...

    def renew(self, refused: str) -> bool:
        """Tell whether there is another token than the one that was refused."""
        ...


class ServiceKey:
    """A token that an admin made and may rotate while we run."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read
        self._token = ""

    def current(self) -> str:
        """Return the token as it was read last."""
        if not self._token:
            self._token = self._read()
        return self._token

    def renew(self, refused: str) -> bool:
        """Read the token again: a rotated one may lie in its place by now."""
        self._token = self._read()
        return self._token != refused


def _keep(_token: str) -> None:
    """Do nothing with a rotated refresh token."""


@dataclass(frozen=True, slots=True)
class OAuthGrant:
    """An OAuth app's lasting secrets. `rotated` is told a new refresh token before it is used."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    rotated: Callable[[str], None] = _keep


EARLY = timedelta(minutes=5)
"""So long before its end is an access token replaced: no run should learn of it from a 401."""


class OAuth:
    """Access tokens from a refresh token, one refresh for all threads."""

    def __init__(self, grant: OAuthGrant, transport: Transport, clock: Clock) -> None:
        self._grant = grant
        self._refresh_token = grant.refresh_token
        self._transport = transport
        self._clock = clock
        self._lock = Lock()
        self._token = ""
        self._until: datetime | None = None

    def current(self) -> str:
        """Return an access token with at least some minutes to live."""
        with self._lock:
            if self._until is None or self._clock.now() >= self._until:
                self._refresh()
            return self._token

    def renew(self, refused: str) -> bool:
        """Fetch another access token, unless another thread just did."""
        with self._lock:
            if self._token == refused:
                self._refresh()
            return self._token != refused

    def _refresh(self) -> None:
        form = {
            "grant_type": "refresh_token",
            "client_id": self._grant.client_id,
            "client_secret": self._grant.client_secret,
            "refresh_token": self._refresh_token,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        request = Request("POST", paths.TOKEN, urlencode(form).encode(), headers)
        try:
            reply = self._transport.send(request)
        except LostError as lost:
            raise _no_answer(str(lost)) from lost
        self._take(reply)

    def _take(self, reply: Reply) -> None:
        if reply.status in (400, 401, 403):
            secrets = (self._grant.client_secret, self._refresh_token)
            said = clean(refusal.parse(reply).full, secrets) or f"status {reply.status}"
            raise CredentialsError(
                what=f"HubSpot does not renew the access: {said}",
                where="leadripe.yaml, connect.oauth",
                do="Install the app again and put its new refresh token in place.",
            )
        try:
            body = orjson.loads(reply.body)
            token, lasts = str(body["access_token"]), int(body["expires_in"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise _no_answer(f"status {reply.status}") from error
        rotated = body.get("refresh_token")
        if isinstance(rotated, str) and rotated != self._refresh_token:
            self._grant.rotated(rotated)
            self._refresh_token = rotated
        self._token = token
        self._until = self._clock.now() + max(timedelta(seconds=lasts) - EARLY, EARLY / 5)


def _no_answer(why: str) -> CrmUnavailableError:
    return CrmUnavailableError(
        what=f"HubSpot's token endpoint did not answer: {why}",
        where="leadripe.yaml, connect.oauth",
        do="Try again later. Nothing is lost.",
    )

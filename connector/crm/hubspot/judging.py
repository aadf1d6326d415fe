"""What HubSpot's answers mean for a call: done, try again, refused, or a matter for a person."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast

import orjson

from connector.crm.http import Reply, TryAgainError
from connector.crm.hubspot import refusal
from connector.crm.hubspot.refusal import Json, Refusal
from connector.errors import CredentialsError, CrmRefusedError, CrmUnavailableError

_SECOND = timedelta(seconds=1)
_LOCKED = timedelta(seconds=2)
_TEN_SECONDS = timedelta(seconds=10)
_HOUR = timedelta(hours=1)
_REFUSED = frozenset({400, 404, 409, 413, 414})
_NOT_US = frozenset({401, 530})  # 530: the edge's answer to a token that has not the shape of one


class Limit(StrEnum):
    """HubSpot counts calls in separate windows."""

    GENERAL = "general"
    SEARCH = "search"
    ASSOCIATIONS = "associations"


class ConflictError(CrmRefusedError):
    """The call was refused for what it carried (400, 404, 409): fewer rows may go through."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(
            what=f"HubSpot answered {why.status}: {why.says}",
            where="HubSpot",
            do="Run `leadripe check`: it names properties and types that do not fit; `leadripe "
            "provision` creates those of ours that are missing. Nothing is lost.",
            status=why.status,
        )
        self.why = why


def parsed(reply: Reply, needs: str) -> Json:
    """Return the JSON object of a successful answer; one without the key `needs` is none."""
    if reply.status == 204:
        return {}
    try:
        body = orjson.loads(reply.body)
    except orjson.JSONDecodeError as error:
        raise TryAgainError(unavailable("HubSpot's answer is no JSON, or cut off")) from error
    if not isinstance(body, dict) or (needs and needs not in body):
        raise TryAgainError(unavailable("HubSpot's answer lacks what was asked for"))
    return cast("Json", body)


def failure(reply: Reply, limit: Limit, tomorrow: datetime) -> Exception:
    """Return what is to be raised for an answer that is no success.

    `tomorrow`: when HubSpot's day ends.
    """
    why = refusal.parse(reply)
    if reply.status in _NOT_US:
        return CredentialsError(
            what=f"HubSpot does not accept the token: {why.says}",
            where="leadripe.yaml, connect",
            do="Create or rotate the service key in HubSpot and put it where leadripe.yaml says. "
            "Nothing was lost.",
        )
    if reply.status == 403:
        return _forbidden(why)
    if reply.status in _REFUSED:
        return ConflictError(why)
    if reply.status == 429:
        return _too_many(reply, why, limit, tomorrow)
    return _passing(reply, why) or _strange(why)


def _passing(reply: Reply, why: Refusal) -> Exception | None:
    status = reply.status
    if status == 423:
        return TryAgainError(unavailable(f"HubSpot holds a lock: {why.says}"), _LOCKED)
    if status == 477:
        moving = f"HubSpot is moving the account to another data centre: {why.says}"
        return TryAgainError(unavailable(moving), reply.retry_after or _HOUR)
    if status >= 500:
        what = f"HubSpot answered {status}: {why.says}"
        return TryAgainError(unavailable(what), reply.retry_after)
    return None


def _strange(why: Refusal) -> CrmRefusedError:
    # Redirects end here too: following one would hand the token to another address.
    return CrmRefusedError(
        what=f"HubSpot answered {why.status}, which it never should: {why.says}",
        where="leadripe.yaml, connect.base_url",
        do="Look whether a proxy stands in between. Nothing is lost.",
        status=why.status,
    )


def _too_many(reply: Reply, why: Refusal, limit: Limit, tomorrow: datetime) -> Exception:
    if "DAILY" in why.policy.upper() or "daily limit" in why.full.lower():
        return unavailable("the account's calls of this day are used up", tomorrow)
    wait = reply.retry_after or _wait_for(why, limit)
    return TryAgainError(unavailable(f"HubSpot asks to slow down: {why.says}"), wait)


def _wait_for(why: Refusal, limit: Limit) -> timedelta:
    policy = why.policy.upper()
    if "TEN_SECONDLY" in policy:
        return _TEN_SECONDS
    if limit is Limit.SEARCH or "SECONDLY" in policy or "secondly" in why.full.lower():
        return _SECOND
    return _TEN_SECONDS


def unavailable(what: str, retry_at: datetime | None = None) -> CrmUnavailableError:
    """Return the error of a call that may succeed later."""
    return CrmUnavailableError(
        what=what,
        where="HubSpot",
        do="The next run goes on where this one stopped. Nothing is lost. If it lasts, look at the "
        "network, a proxy, and `connect.base_url` in leadripe.yaml.",
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

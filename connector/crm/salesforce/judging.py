"""What Salesforce's answers mean for a call: done, try again, refused, or a matter for a person."""

from datetime import datetime, timedelta

import orjson

from connector.crm.http import Reply, TryAgainError
from connector.crm.salesforce import refusal
from connector.crm.salesforce.refusal import Refusal
from connector.errors import ConfigError, CredentialsError, CrmRefusedError, CrmUnavailableError

_REFUSED = frozenset({400, 404, 405, 409, 412, 413, 414, 415, 431})
_PASSING = frozenset({406, 408, 420, 429})
_LOCK_WAIT = timedelta(seconds=2)
_BUSY_WAIT = timedelta(seconds=10)


class ConflictError(CrmRefusedError):
    """The call was refused for what it carried: fewer rows, or other ones, may go through."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(
            what=f"Salesforce answered {why.status}: {why.says}",
            where="Salesforce",
            do="Run `leadripe check`: it names fields and rights that are missing; `leadripe "
            "provision` creates those fields of ours that are. Nothing is lost.",
            status=why.status,
        )
        self.why = why


def parsed(reply: Reply) -> object:
    """Return the JSON of a successful answer; None if it has no body."""
    if reply.status == 204 or not reply.body:
        return None
    try:
        found: object = orjson.loads(reply.body)
    except orjson.JSONDecodeError as error:
        raise TryAgainError(unavailable("Salesforce's answer is no JSON, or cut off")) from error
    return found


def is_expired(reply: Reply) -> bool:
    """Tell whether a call was refused for its session alone."""
    if reply.status == 401:
        return True
    return reply.status in (400, 500) and refusal.parse(reply).code == refusal.EXPIRED


def failure(reply: Reply, now: datetime) -> Exception:
    """Return what is to be raised for an answer that is no success."""
    why = refusal.parse(reply)
    if reply.status == 401 or why.code == refusal.EXPIRED:
        return CredentialsError(
            what=f"Salesforce does not accept the session: {why.says}",
            where="leadripe.yaml, connect",
            do="Look whether the integration user is active and the app's policies allow it, then "
            "run `leadripe check`. Nothing was lost.",
        )
    if reply.status == 403:
        return _forbidden(why, now)
    if reply.status == 410 or why.code == "UNSUPPORTED_API_VERSION":
        return ConfigError(
            what=f"Salesforce no longer speaks the version that is set: {why.says}",
            where="leadripe.yaml, connect.api_version",
            do="Set a newer version. Nothing is lost.",
        )
    if why.is_passing:
        return TryAgainError(unavailable(f"Salesforce is busy: {why.says}"), _LOCK_WAIT)
    if reply.status in _REFUSED or why.is_fault:
        return ConflictError(why)
    if reply.status >= 500 or reply.status in _PASSING:
        told = unavailable(f"Salesforce answered {reply.status}: {why.says}")
        return TryAgainError(told, reply.retry_after)
    return _strange(why)


def _forbidden(why: Refusal, now: datetime) -> Exception:
    if why.code == refusal.LIMIT:
        if "concurrent" in why.full.lower():
            told = unavailable(f"Salesforce asks to slow down: {why.says}")
            return TryAgainError(told, _BUSY_WAIT)
        return daily_limit("the org's calls of the last 24 hours are used up", now)
    return CrmRefusedError(
        what=f"Salesforce refuses: {why.says}",
        where="the integration user's rights",
        do="Give it the permission set of `leadripe provision` and those of docs/salesforce.md, "
        "then run `leadripe check`. Nothing is lost.",
        status=403,
    )


def daily_limit(what: str, now: datetime) -> CrmUnavailableError:
    """Return the error of an org whose calls are used up: its window rolls, hour by hour."""
    return CrmUnavailableError(
        what=what,
        where="Salesforce, whose calls are counted over 24 hours",
        do="Run again in some hours: the next run goes on where this one stopped, nothing is lost. "
        "`connect.max_daily_share` and `max_daily_calls` in leadripe.yaml say how far we may go; "
        "Setup → System Overview shows who else calls.",
        retry_at=now + timedelta(hours=1),
    )


def _strange(why: Refusal) -> CrmRefusedError:
    # Redirects end here too: following one would hand the token to another address.
    return CrmRefusedError(
        what=f"Salesforce answered {why.status}, which it never should: {why.says}",
        where="leadripe.yaml, connect.base_url",
        do="Look whether it is the org's My Domain, and whether a proxy stands in between. "
        "Nothing is lost.",
        status=why.status,
    )


def unavailable(what: str, retry_at: datetime | None = None) -> CrmUnavailableError:
    """Return the error of a call that may succeed later."""
    return CrmUnavailableError(
        what=what,
        where="Salesforce",
        do="The next run goes on where this one stopped. Nothing is lost. If it lasts, look at the "
        "network, a proxy, and `connect.base_url` in leadripe.yaml.",
        retry_at=retry_at,
    )

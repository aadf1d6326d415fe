"""What a network and a busy Salesforce do to answers."""

from typing import ClassVar

from connector.sandbox.faults import FaultPlan
from connector.sandbox.salesforce.call import Answer, Call
from connector.sandbox.salesforce.limits import exhausted
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.refusals import Refusal

GATEWAY = b"<html><head><title>Bad Gateway</title></head><body>Bad Gateway</body></html>"
MAINTENANCE = b"<html><body><h1>We are down for maintenance</h1></body></html>"
BARE = frozenset({"406", "420", "429", "500", "502", "504"})


class Faults(FaultPlan):
    """Which call meets which fault.

    `401` ends the caller's session; `403` is the daily limit and `busy` the one on long calls;
    `slow` is a query that ran for too long; `lock` lets the first row that the call writes find its
    record locked; `lost` carries the call out and then answers 502; `truncate` cuts the answer's
    body; `html` is a maintenance page with status 200.
    """

    kinds: ClassVar[frozenset[str]] = BARE | {
        "401", "403", "503", "busy", "slow", "lock", "lost", "truncate", "html",
    }  # fmt: skip


def before(kind: str, org: Org, call: Call) -> Answer | None:
    """Return the answer of a fault that keeps the call from being carried out; None for others."""
    if kind == "401" and call.session is not None:
        org.sessions.close(call.session.token)
        raise Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")
    org.lock_next += kind == "lock"
    if kind == "403":
        raise exhausted()
    if kind == "busy":
        told = "ConcurrentPerOrgLongTxn Limit exceeded."
        raise Refusal(403, "REQUEST_LIMIT_EXCEEDED", told)
    if kind == "slow":
        raise Refusal(400, "QUERY_TIMEOUT", "Your query request was running for too long.")
    if kind == "503":
        raise Refusal(503, "SERVER_UNAVAILABLE", "Server is too busy. Please try again later.")
    if kind == "html":
        return Answer(200, raw=MAINTENANCE, media_type="text/html")
    if kind in BARE:
        return Answer(int(kind), raw=GATEWAY, media_type="text/html")
    return None


def after(kind: str, org: Org, answer: Answer) -> Answer:
    """Return what becomes of the answer of a call that was carried out."""
    if kind == "lock":
        org.lock_next = 0
    if kind == "lost":
        return Answer(502, raw=GATEWAY, media_type="text/html")
    if kind == "truncate":
        payload = answer.payload()
        return Answer(
            answer.status,
            raw=payload[: len(payload) // 2],
            media_type=answer.media_type,
            headers=answer.headers,
        )
    return answer

"""What a network and a busy HubSpot do to answers."""

from typing import ClassVar

from connector.sandbox.faults import FaultPlan
from connector.sandbox.hubspot.call import Answer
from connector.sandbox.hubspot.limits import TEN_SECONDLY, breach
from connector.sandbox.hubspot.refusals import Refusal

BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body>502</body></html>"
MAINTENANCE = b"<html><body><h1>We will be right back</h1></body></html>"


class Faults(FaultPlan):
    """Which call meets which fault.

    `lost` carries the call out and then answers 502; `truncate` cuts the answer's body; `html` is a
    maintenance page with status 200.
    """

    kinds: ClassVar[frozenset[str]] = frozenset(
        {"423", "429", "477", "500", "502", "503", "504", "lost", "truncate", "html"}
    )


def before(kind: str) -> Answer | None:
    """Return the answer of a fault that keeps the call from being carried out; None for others."""
    if kind == "429":
        raise breach(*TEN_SECONDLY)
    if kind == "423":
        raise Refusal(423, "The resource is locked by other writes", "LOCKED")
    if kind == "477":
        moved = b'{"status":"error","message":"The account is being migrated"}'
        return Answer(477, raw=moved, headers={"Retry-After": "120"})
    if kind == "html":
        return Answer(200, raw=MAINTENANCE, media_type="text/html")
    if kind in {"500", "502", "503", "504"}:
        return Answer(int(kind), raw=BAD_GATEWAY, media_type="text/html")
    return None


def after(kind: str, answer: Answer) -> Answer:
    """Return what becomes of the answer of a call that was carried out."""
    if kind == "lost":
        return Answer(502, raw=BAD_GATEWAY, media_type="text/html")
    if kind == "truncate":
        payload = answer.payload()
        return Answer(answer.status, raw=payload[: len(payload) // 2])
    return answer

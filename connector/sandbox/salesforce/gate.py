"""What every request passes before a handler sees it, in the order of a real org."""

from collections import Counter
from dataclasses import dataclass, field

from connector.sandbox.salesforce import faults as fault
from connector.sandbox.salesforce import limits, soap
from connector.sandbox.salesforce.bulk_background import settle
from connector.sandbox.salesforce.call import Answer, Call
from connector.sandbox.salesforce.faults import Faults
from connector.sandbox.salesforce.identity import identity
from connector.sandbox.salesforce.oauth import issue_token
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.refusals import Refusal, not_found
from connector.sandbox.salesforce.routes import FREE, PUBLIC, dispatch, find
from connector.sandbox.salesforce.sessions import Session

LONGEST_HEAD = 16_384  # bytes of the address, and of it with the headers
TOO_LONG = {
    414: b"<html><body><h1>URI Too Long</h1></body></html>",
    431: b"<html><body><h1>Request Header Fields Too Large</h1></body></html>",
}


@dataclass
class Gate:
    """Turns requests into calls, and whatever happens into an answer."""

    org: Org
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        self.by_path: Counter[str] = Counter()  # what counts against the day's limit
        self.logins = 0  # requests for a token, granted or not

    def answer(self, call: Call) -> Answer:
        """Return the answer to a request; never raises for anything that the caller did."""
        try:
            return self._answer(call)
        except Refusal as refusal:
            return Answer(refusal.status, refusal.body())

    def forget_calls(self) -> None:
        """Start counting anew."""
        self.by_path.clear()
        self.logins = 0

    def _answer(self, call: Call) -> Answer:
        status = _head_flaw(call)
        if status:
            return Answer(status, raw=TOO_LONG[status], media_type="text/html")
        self.org.settle()
        settle(self.org)
        public = PUBLIC.get((call.method, call.path.rstrip("/")))
        if public is not None:
            self.logins += public is issue_token
            return public(self.org, call)
        if call.method == "POST" and soap.PATH.fullmatch(call.path):
            limits.take(self.org)
            self.by_path["POST /services/Soap/m"] += 1
            return soap.answer(self.org, call)
        call.session = self._session(call)
        free = FREE.get((call.method, call.path.rstrip("/")))
        if free is not None:
            return free(self.org, call)
        if call.method == "GET" and call.path.startswith("/id/"):
            return identity(self.org, call)
        if not call.path.startswith("/services/data/"):
            raise not_found()
        return self._counted(call)

    def _counted(self, call: Call) -> Answer:
        limits.take(self.org)
        answer = self._carried_out(call)
        answer.headers |= limits.headers(self.org)
        return answer

    def _carried_out(self, call: Call) -> Answer:
        kind = self.faults.next()
        try:
            self.by_path[f"{call.method} {find(self.org, call).template}"] += 1
            answer = fault.before(kind, self.org, call) or dispatch(self.org, call)
        except Refusal as refusal:
            answer = Answer(refusal.status, refusal.body())
        return fault.after(kind, self.org, answer)

    def _session(self, call: Call) -> Session:
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        found = self.org.sessions.find(token.strip(), self.org.now_s())
        if scheme.lower() not in {"bearer", "oauth"} or found is None:
            raise Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")
        return found


def _head_flaw(call: Call) -> int:
    address = len(call.path) + len(call.query_string) + 1
    if address > LONGEST_HEAD:
        return 414
    headers = sum(len(name) + len(value) + 4 for name, value in call.headers.items())
    return 431 if address + headers > LONGEST_HEAD else 0

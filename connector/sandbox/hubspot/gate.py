"""What every request passes before a handler sees it, in the order of a real account."""

from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import unquote
from uuid import UUID

from connector.sandbox.hubspot import faults as fault
from connector.sandbox.hubspot.call import Answer, Call
from connector.sandbox.hubspot.faults import Faults
from connector.sandbox.hubspot.jobs import Jobs
from connector.sandbox.hubspot.kinds import BY_NAME, LEADS
from connector.sandbox.hubspot.limits import Lane, Limits
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.refusals import Refusal
from connector.sandbox.hubspot.routes import Node, Route, build_tree, match
from connector.sandbox.hubspot.tokens import Grant

LONGEST_URL = 16_200
NOT_FOUND = b"<!DOCTYPE html><html><head><title>404</title></head><body>Not found</body></html>"


@dataclass
class Gate:
    """Turns requests into calls, and whatever happens into an answer."""

    portal: Portal
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        self.limits = Limits(self.portal)
        self.by_lane: Counter[str] = Counter()
        self.by_path: Counter[str] = Counter()
        self._tree: Node = build_tree()
        self._correlated = 0

    def answer(self, call: Call) -> Answer:
        """Return the answer to a request; never raises for anything that the caller did."""
        try:
            return self._answer(call)
        except Refusal as refusal:
            return Answer(refusal.status, refusal.body(self._correlation()))

    def forget_calls(self) -> None:
        """Start counting anew."""
        self.by_lane.clear()
        self.by_path.clear()

    def _answer(self, call: Call) -> Answer:
        if len(call.path) + len(call.query_string) + 1 > LONGEST_URL:
            return Answer(
                414, raw=b"<html><body>URI Too Long</body></html>", media_type="text/html"
            )
        found = match(self._tree, [unquote(part) for part in call.path.strip("/").split("/")])
        if found is None:
            return Answer(404, raw=NOT_FOUND, media_type="text/html")
        node, call.params = found
        route = node.routes.get(call.method)
        if route is None:
            raise Refusal(405, f"{call.method} is not allowed here", "METHOD_NOT_ALLOWED")
        return self._admitted(call, route)

    def _admitted(self, call: Call, route: Route) -> Answer:
        call.version = route.version
        self.by_lane[route.lane] += 1
        self.by_path[f"{call.method} {route.template}"] += 1
        grant = Grant() if route.is_public else self._granted(call)
        self.limits.take(route.lane, call.token)
        _require(route, call, grant)
        if not self.portal.options.leads and any(map(_names_leads, call.params)):
            # Nobody can be granted them there.
            raise _missing_scopes(LEADS.reads)
        Jobs(self.portal).settle()
        answer = self._carried_out(call, route)
        answer.headers |= self.limits.headers(route.lane, call.token, is_oauth=grant.is_oauth)
        return answer

    def _carried_out(self, call: Call, route: Route) -> Answer:
        kind = "" if route.lane is Lane.FREE else self.faults.next()
        instead = fault.before(kind)
        if instead is not None:
            return instead
        try:
            answer = route.handler(self.portal, call)
        except Refusal as refusal:
            answer = Answer(refusal.status, refusal.body(self._correlation()))
        return fault.after(kind, answer)

    def _granted(self, call: Call) -> Grant:
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        call.token = token.strip()
        known = self.portal.tokens.grant(call.token, self.portal.now_ms())
        if scheme.lower() == "bearer" and known is not None:
            return known
        told = "Authentication credentials not found. This API supports OAuth 2.0 authentication."
        if call.token:
            told = "The access token is invalid or expired. Check it, or ask for a new one."
        raise Refusal(401, told, "INVALID_AUTHENTICATION")

    def _correlation(self) -> str:
        self._correlated += 1
        return str(UUID(int=(self.portal.options.seed << 64) + self._correlated, version=4))


def _require(route: Route, call: Call, grant: Grant) -> None:
    wanted = route.scopes(call)
    if grant.scopes is None or not wanted:
        return
    missing = [scope for scope in wanted if scope not in grant.scopes]
    if not missing or (route.any_scope and len(missing) < len(wanted)):
        return
    raise _missing_scopes(wanted)


def _names_leads(param: str) -> bool:
    return BY_NAME.get(param.lower()) is LEADS


def _missing_scopes(wanted: tuple[str, ...]) -> Refusal:
    told = "This app hasn't been granted all required scopes to make this call."
    return Refusal(
        403,
        told,
        "MISSING_SCOPES",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredScopes": list(dict.fromkeys(wanted))},
            }
        ],
    )

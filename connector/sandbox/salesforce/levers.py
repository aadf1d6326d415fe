"""Paths under `/_sandbox` that are no part of Salesforce: people, an admin, time and counters.

They take no token and count against nothing.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import timedelta

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connector.sandbox.salesforce.call import rows_of, text_of
from connector.sandbox.salesforce.gate import Gate
from connector.sandbox.salesforce.org import Org, ValidationRule
from connector.sandbox.salesforce.people import People
from connector.sandbox.salesforce.refusals import Json, Refusal, unreadable
from connector.sandbox.salesforce.soql_parser import parse_condition

Work = Callable[[Json], object]
# Async, although little is awaited: a plain function would run in a thread of its own.
Lever = Callable[[Request], Awaitable[Response]]

# What an admin sets, each as a whole: lists of names, and names with values.
SETS = ("required", "hidden", "denied", "in_approval", "private", "tracked")
MAPS = ("assigned_to", "lead_mapping", "locked")
PLAIN = ("bulk_stops_after", "bulk_query_fails", "delete_log_from_s")


def levers(gate: Gate, app: Json) -> list[Route]:
    """Return the paths of an org's levers; `app` is told to whoever asks how to sign in."""
    org = gate.org
    crew = _Crew(org)
    works: dict[str, Work] = {
        "/clock": lambda body: _advance(org, body),
        "/settings": lambda body: _set(org, body),
        "/people/convert": lambda body: asdict(
            crew.people.convert(
                text_of(body, "lead"),
                with_opportunity=body.get("with_opportunity") is True,
                into=str(body.get("into") or ""),
            )
        ),
        "/people/merge": lambda body: crew.people.merge(
            text_of(body, "master"), *map(str, _list(body, "losers"))
        ),
        "/people/delete": lambda body: crew.people.delete(text_of(body, "id")),
        "/people/edit": lambda body: crew.edit(body),
        "/people/create": lambda body: crew.create(body),
    }
    return [
        Route("/calls", _counted(gate), methods=["GET", "DELETE"]),
        Route("/app", _told(app)),
        Route("/sessions", _sessions(org), methods=["DELETE"]),
        *(Route(path, _worked(work), methods=["POST"]) for path, work in works.items()),
    ]


class _Crew:
    """The people of an org, who come in when they are first needed."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._people: People | None = None

    @property
    def people(self) -> People:
        self._people = self._people or People(self._org)
        return self._people

    def edit(self, body: Json) -> None:
        record, values = text_of(body, "id"), _map(body, "values")
        seconds = _seconds(body)
        if body.get("automatic") is True:
            self.people.automate(record, **values)
        elif seconds:
            self.people.edit_slowly(record, seconds, **values)
        else:
            self.people.edit(record, **values)

    def create(self, body: Json) -> Json:
        kind = self._org.sobject(text_of(body, "sobject")).name
        return {"id": self.people.create_slowly(kind, _seconds(body), _map(body, "values"))}


def _worked(work: Work) -> Lever:
    async def lever(request: Request) -> Response:
        try:
            body = orjson.loads(await request.body() or b"{}")
            if not isinstance(body, dict):
                raise unreadable("the body is not an object")
            return JSONResponse(work(body))
        except orjson.JSONDecodeError:
            return JSONResponse(unreadable("the body is not JSON").body(), 400)
        except Refusal as refusal:
            return JSONResponse(refusal.body(), refusal.status)

    return lever


def _counted(gate: Gate) -> Lever:
    async def calls(request: Request) -> Response:
        body = {
            "total": gate.by_path.total(),
            "by_path": dict(gate.by_path),
            "logins": gate.logins,
        }
        if request.method == "DELETE":
            gate.forget_calls()
        return JSONResponse(body)

    return calls


def _told(app: Json) -> Lever:
    async def tell(_: Request) -> Response:
        return JSONResponse(app)

    return tell


def _sessions(org: Org) -> Lever:
    async def end(_: Request) -> Response:
        org.sessions.close_all()
        return Response(status_code=204)

    return end


def _advance(org: Org, body: Json) -> Json:
    seconds = body.get("advance_seconds")
    if not isinstance(seconds, int | float):
        raise unreadable("advance_seconds must be a number")
    org.clock.advance(timedelta(seconds=seconds))
    return {"now": org.clock.now().isoformat()}


def _set(org: Org, body: Json) -> Json:
    for name, value in body.items():
        if name in SETS:
            setattr(org, name, {str(entry) for entry in _list(body, name)})
        elif name in MAPS:
            setattr(org, name, _map(body, name))
        elif name in PLAIN:
            setattr(org, name, value)
        elif name == "validation_rules":
            org.validation_rules = [_rule(org, row) for row in rows_of(body, name)]
        else:
            known = ", ".join((*SETS, *MAPS, *PLAIN, "validation_rules"))
            raise unreadable(f"no setting {name}; known are {known}")
    org.changes += 1
    return {"set": sorted(body)}


def _rule(org: Org, row: Json) -> ValidationRule:
    kind = org.sobject(text_of(row, "sobject")).name
    condition = parse_condition(text_of(row, "condition"))
    return ValidationRule(kind, condition, text_of(row, "message"), str(row.get("field") or ""))


def _list(body: Json, name: str) -> list[object]:
    found = body.get(name)
    if not isinstance(found, list):
        raise unreadable(f"{name} must be a list")
    return found


def _map(body: Json, name: str) -> Json:
    found = body.get(name)
    if not isinstance(found, dict):
        raise unreadable(f"{name} must be an object")
    return found


def _seconds(body: Json) -> int:
    found = body.get("seconds", 0)
    if not isinstance(found, int):
        raise unreadable("seconds must be a whole number")
    return found

"""What the sandbox's tests share: a served account whose clock they turn, and a plain client."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import urllib3

from connector.sandbox.clock import TurnedClock
from connector.sandbox.hubspot.portal import Owner, Portal
from connector.sandbox.serve import RunningSandbox

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CONTACTS = "/crm/objects/2026-09/contacts"
TASKS = "/crm/objects/2026-09/tasks"
PROPERTIES = "/crm/properties/2026-09"
LINKS = "/crm/associations/2026-09"


@dataclass
class Reply:
    status: int
    raw: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return orjson.loads(self.raw)


@dataclass
class Desk:
    """Speaks plain HTTP with a sandbox."""

    sandbox: RunningSandbox
    clock: TurnedClock
    pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False))

    @property
    def portal(self) -> Portal:
        return self.sandbox.portal

    def call(self, method: str, path: str, body: object = None, token: str | None = None) -> Reply:
        headers = {"Authorization": f"Bearer {self.sandbox.token if token is None else token}"}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = orjson.dumps(body)
        reply = self.pool.request(method, self.sandbox.url + path, body=content, headers=headers)
        return Reply(reply.status, reply.data, {k.lower(): v for k, v in reply.headers.items()})

    def get(self, path: str, token: str | None = None) -> Reply:
        return self.call("GET", path, token=token)

    def post(self, path: str, body: object) -> Reply:
        return self.call("POST", path, body)

    def contact(self, email: str, **props: str) -> str:
        reply = self.post(CONTACTS, {"properties": {"email": email, **props}})
        assert reply.status == 201, reply.raw
        return str(reply.json["id"])

    def contacts(self, count: int) -> list[str]:
        ids: list[str] = []
        for start in range(0, count, 100):
            inputs = [
                {"properties": {"email": f"p{n}@example.org", "firstname": f"P{n}"}}
                for n in range(start, min(start + 100, count))
            ]
            reply = self.post(f"{CONTACTS}/batch/create", {"inputs": inputs})
            assert reply.status == 201, reply.raw
            ids += [row["id"] for row in reply.json["results"]]
        return ids

    def task(self, subject: str = "Call", contact: str = "", **props: str) -> str:
        body: dict[str, object] = {
            "properties": {"hs_timestamp": "1795000000000", "hs_task_subject": subject, **props}
        }
        if contact:
            link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}
            body["associations"] = [{"to": {"id": contact}, "types": [link]}]
        reply = self.post(TASKS, body)
        assert reply.status == 201, reply.raw
        return str(reply.json["id"])

    def add_property(self, name: str, kind: str = "contacts", **rest: object) -> Reply:
        group = {"contacts": "contactinformation", "tasks": "task"}[kind]
        body = {"name": name, "label": name, "type": "string", "fieldType": "text"}
        return self.post(f"{PROPERTIES}/{kind}", {**body, "groupName": group, **rest})

    def search(self, kind: str, *filters: Mapping[str, object], **rest: object) -> Reply:
        body = {"filterGroups": [{"filters": list(filters)}] if filters else [], **rest}
        return self.post(f"/crm/objects/2026-09/{kind}/search", body)


def owner(owner_id: int, *, archived_ms: int | None = None) -> Owner:
    return Owner(
        owner_id, owner_id + 500, f"o{owner_id}@example.org", "O", "W", 0, "PERSON", archived_ms
    )


def codes(reply: Reply) -> list[str]:
    """Return the codes of an error reply."""
    return [error["code"] for error in reply.json["errors"]]

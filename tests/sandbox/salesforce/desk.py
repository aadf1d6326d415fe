"""What the tests share: a served org whose clock they turn, a plain client, the vendor's client."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import orjson
import requests
import urllib3
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce

from connector.sandbox.clock import TurnedClock
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.serving import RunningOrg

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DATA = "/services/data/v68.0"
QUIET = {"Sforce-Auto-Assign": "FALSE"}


@dataclass
class Reply:
    status: int
    raw: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return orjson.loads(self.raw)

    @property
    def code(self) -> str:
        return str(self.json[0]["errorCode"])


@dataclass
class Desk:
    """Speaks plain HTTP with an org."""

    sandbox: RunningOrg
    clock: TurnedClock
    pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False))

    @property
    def org(self) -> Org:
        return self.sandbox.org

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        **headers: str,
    ) -> Reply:
        sent = {"Authorization": f"Bearer {self.sandbox.token if token is None else token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else None
        if body is not None and content is None:
            sent.setdefault("Content-Type", "application/json")
            content = orjson.dumps(body)
        if path.startswith("/"):
            path = path if path.startswith(("/services", "/_sandbox", "/id/")) else DATA + path
        reply = self.pool.request(method, self.sandbox.url + path, body=content, headers=sent)
        return Reply(reply.status, reply.data, {k.lower(): v for k, v in reply.headers.items()})

    def get(self, path: str) -> Reply:
        return self.call("GET", path)

    def query(self, soql: str, resource: str = "query", **headers: str) -> Reply:
        return self.call("GET", f"/{resource}?q={quote(soql)}", **headers)

    def rows(self, soql: str, resource: str = "query") -> list[Any]:
        reply = self.query(soql, resource)
        assert reply.status == 200, reply.raw
        return [
            {name: value for name, value in row.items() if name != "attributes"}
            for row in reply.json["records"]
        ]

    def column(self, soql: str, resource: str = "query") -> list[Any]:
        return [next(iter(row.values())) for row in self.rows(soql, resource)]

    def make(self, sobject: str, **values: object) -> str:
        reply = self.call("POST", f"/sobjects/{sobject}", values)
        assert reply.status == 201, reply.raw
        return str(reply.json["id"])

    def lead(self, last_name: str = "Silva", **values: object) -> str:
        return self.make("Lead", **{"LastName": last_name, "Company": "Acme", **values})

    def change(self, sobject: str, record_id: str, **values: object) -> Reply:
        return self.call("PATCH", f"/sobjects/{sobject}/{record_id}", values, **QUIET)

    def client(self) -> Any:
        """Return the vendor's client: it insists on https, which a transport adapter undoes."""
        return public_client(self.sandbox)


def public_client(sandbox: RunningOrg) -> Any:
    """Return the vendor's client onto an org."""
    session = requests.Session()
    host = sandbox.url.removeprefix("http://")
    session.mount("https://", _Plain(host))
    return Salesforce(session_id=sandbox.token, instance=host, version="68.0", session=session)


class _Plain(HTTPAdapter):
    """Sends whatever is meant for an https address to the sandbox instead."""

    def __init__(self, host: str) -> None:
        super().__init__()
        self._host = host

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        path = request.url.split("/", 3)[3]
        request.url = f"http://{self._host}/{path}"
        return super().send(request, *args, **kwargs)


def plain_session(desk: Desk) -> requests.Session:
    """Return a session whose every https call ends at the sandbox."""
    session = requests.Session()
    session.mount("https://", _Plain(desk.sandbox.url.removeprefix("http://")))
    return session

"""One request as a handler sees it, and the answer that it gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import orjson

from connector.sandbox.salesforce.refusals import Json, Refusal, unreadable
from connector.sandbox.salesforce.sessions import Session


@dataclass(slots=True)
class Answer:
    """What is sent back. `raw` stands for a body that is not JSON."""

    status: int = 200
    body: object = None
    raw: bytes | None = None
    media_type: str = "application/json;charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)

    def payload(self) -> bytes:
        """Return the bytes of the body."""
        if self.raw is not None:
            return self.raw
        return b"" if self.body is None else orjson.dumps(self.body)


@dataclass(slots=True)
class Call:
    """A request whose path has been understood."""

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    content: bytes = b""
    params: list[str] = field(default_factory=list)  # what stood in the path's open places
    version: str = ""  # `68.0`
    session: Session | None = None
    base_url: str = ""

    @property
    def user(self) -> str:
        """The id of the user who calls."""
        if self.session is None:
            raise Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")
        return self.session.user

    @property
    def data_path(self) -> str:
        """The path under which this version's resources stand."""
        return f"/services/data/v{self.version}"

    def text(self, name: str, default: str = "") -> str:
        """Return a query parameter's value."""
        found = parse_qs(self.query_string, keep_blank_values=True).get(name)
        return found[-1] if found else default

    def needed(self, name: str) -> str:
        """Return a query parameter that has to be there."""
        value = self.text(name)
        if not value:
            raise Refusal(400, "MISSING_ARGUMENT", f"A required query parameter is missing: {name}")
        return value

    def flag(self, name: str) -> bool:
        """Return a query parameter as a boolean."""
        return self.text(name).lower() == "true"

    def json(self) -> Json:
        """Return the body, which has to be a JSON object."""
        if "json" not in self.headers.get("content-type", ""):
            raise Refusal(
                415,
                "UNSUPPORTED_MEDIA_TYPE",
                "Content-Type header specified in HTTP request is not supported",
            )
        try:
            body = orjson.loads(self.content)
        except orjson.JSONDecodeError as error:
            raise unreadable(f"The body is not JSON: {error.msg}") from error
        if not isinstance(body, dict):
            raise unreadable("The body is not an object")
        return body


def rows_of(body: Json, name: str) -> list[Json]:
    """Return a list of objects out of a body, or refuse it."""
    found = body.get(name)
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise unreadable(f"{name} must be a list of objects")
    return found


def text_of(body: Json, name: str) -> str:
    """Return a text out of a body, or refuse it."""
    found = body.get(name)
    if not isinstance(found, str) or not found:
        raise unreadable(f"{name} must be a text")
    return found

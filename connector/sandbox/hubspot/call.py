"""One request as a handler sees it, and the answer that it gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import orjson

from connector.sandbox.hubspot.refusals import Json, Refusal, invalid, unreadable

LONGEST_ID = 18  # digits


@dataclass(slots=True)
class Answer:
    """What is sent back. `raw` stands for a body that is not JSON."""

    status: int = 200
    body: object = None
    raw: bytes | None = None
    media_type: str = "application/json;charset=utf-8"
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
    content: bytes
    params: list[str]  # what stood in the path's open places
    version: str = ""  # `v3`, `v4` or a date, as the path says
    token: str = ""
    base_url: str = ""
    _query: dict[str, list[str]] | None = None

    @property
    def is_dated(self) -> bool:
        """Whether the path carries a date."""
        return self.version.startswith("20")

    def texts(self, name: str) -> list[str]:
        """Return a query parameter's values, whether repeated or separated by commas."""
        if self._query is None:
            self._query = parse_qs(self.query_string, keep_blank_values=True)
        return [part for value in self._query.get(name, []) for part in value.split(",") if part]

    def text(self, name: str, default: str = "") -> str:
        """Return a query parameter's value."""
        return (self.texts(name) or [default])[-1]

    def number(self, name: str, default: int) -> int:
        """Return a query parameter as a whole number, or refuse it."""
        value = self.text(name)
        if not value:
            return default
        if not is_whole(value):
            raise invalid(f"Unable to parse value for query parameter '{name}': {value[:50]}")
        return int(value)

    def limit(self, default: int, most: int) -> int:
        """Return the page size, or refuse one that is out of bounds."""
        limit = self.number("limit", default)
        if not 1 <= limit <= most:
            raise invalid(f"limit must be between 1 and {most}, was {limit}")
        return limit

    def flag(self, name: str) -> bool:
        """Return a query parameter as a boolean."""
        value = self.text(name, "false").lower()
        if value not in {"true", "false"}:
            raise invalid(f"Unable to parse value for query parameter '{name}': {value}")
        return value == "true"

    def json(self) -> Json:
        """Return the body, which has to be a JSON object."""
        if "json" not in self.headers.get("content-type", ""):
            raise Refusal(415, "Unsupported Media Type: a JSON body is wanted")
        try:
            body = orjson.loads(self.content)
        except orjson.JSONDecodeError as error:
            raise unreadable("the body is not JSON") from error
        if not isinstance(body, dict):
            raise unreadable("the body is not an object")
        return body

    def inputs(self, most: int) -> list[Json]:
        """Return the `inputs` of a batch, which have to be 1 to `most` objects."""
        return objects_of(self.json(), "inputs", most)


def objects_of(body: Json, name: str, most: int) -> list[Json]:
    """Return a list of objects out of a body, or refuse it."""
    found = body.get(name)
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise unreadable(f"{name} must be a list of objects")
    if not found:
        raise invalid(f"{name} must not be empty")
    if len(found) > most:
        raise invalid(f"The maximum number of {name} supported in a batch request is {most}")
    return found


def refuse_repeats(keys: list[str]) -> None:
    """Refuse a batch that names something twice."""
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            name = key.partition("=")[2]
            raise invalid(f"Duplicate IDs found in batch input: [{name}]. IDs must be unique")
        seen.add(key)


def names_of(body: Json, name: str) -> list[str]:
    """Return a list of texts out of a body, or refuse it."""
    found = body.get(name) or []
    if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
        raise unreadable(f"{name} must be a list of strings")
    return found


def text_of(body: Json, name: str, *, needed: bool = False) -> str:
    """Return a text out of a body, empty if absent, or refuse it."""
    found = body.get(name)
    if found is None and not needed:
        return ""
    if not isinstance(found, str) or (needed and not found):
        raise invalid(f"Some required fields were not set: [{name}]")
    return found


def is_whole(text: str) -> bool:
    """Whether a text is a whole number of a sensible length, in plain digits."""
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_ID


def record_id_of(value: object) -> int:
    """Return a record id from its text (or whole number), or refuse it."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and is_whole(value):
        return int(value)
    raise invalid(f"Invalid object id: {str(value)[:50]}", "INVALID_OBJECT_ID")

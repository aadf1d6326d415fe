"""What Salesforce's error answers mean. Every part of them is optional; the body may be HTML."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape

import orjson

from connector.crm.http import Reply, clean

Json = Mapping[str, object]
"""A JSON object."""

CONVERTED = "CANNOT_UPDATE_CONVERTED_LEAD"
DELETED = "ENTITY_IS_DELETED"
LOCKED = "UNABLE_TO_LOCK_ROW"
BUSY = "SERVER_UNAVAILABLE"
INACTIVE_OWNER = "INACTIVE_OWNER_OR_USER"
NO_FIELD = "INVALID_FIELD"
EXPIRED = "INVALID_SESSION_ID"
LIMIT = "REQUEST_LIMIT_EXCEEDED"

_FAULT_CODE = re.compile(rb"<faultcode>(?:\w+:)?(\w+)</faultcode>")
_FAULT_TEXT = re.compile(rb"<faultstring>([^<]*)</faultstring>")
_GONE = frozenset(
    {DELETED, "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID", "NOT_FOUND", "INVALID_ID_FIELD"}
)
_PASSING = frozenset({LOCKED, BUSY, LIMIT, "QUERY_TIMEOUT", EXPIRED})
_DOUBLED = frozenset({"DUPLICATE_VALUE", "DUPLICATE_EXTERNAL_ID"})
_OWNER = frozenset({INACTIVE_OWNER, "TRANSFER_REQUIRES_READ", "INVALID_OWNER"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error, of a whole request or of one row.

    `message` is cut and cleaned; `full` is not, and must not be shown or kept.
    """

    status: int
    code: str = ""
    message: str = ""
    full: str = ""
    fields: tuple[str, ...] = ()
    is_fault: bool = False
    """Whether SOAP says so: its status is 500 whatever is wrong."""

    @property
    def says(self) -> str:
        """The CRM's own words, fit for an admin, with the code that its documentation lists."""
        said = self.message or (f"status {self.status}" if self.status else "no message")
        fields = f" [{', '.join(self.fields)}]" if self.fields else ""
        return f"{self.code}: {said}{fields}" if self.code else said + fields

    @property
    def is_converted(self) -> bool:
        """Whether a lead became a contact, which is to be written instead."""
        return self.code == CONVERTED

    @property
    def is_gone(self) -> bool:
        """Whether the record is deleted, merged or was never there."""
        return self.code in _GONE

    @property
    def is_passing(self) -> bool:
        """Whether asking again later may help; a lock may also stand in a trigger's own words."""
        return self.code in _PASSING or LOCKED in self.full

    @property
    def is_doubled(self) -> bool:
        """Whether a unique key is there already."""
        return self.code in _DOUBLED

    @property
    def is_of_owner(self) -> bool:
        """Whether the owner cannot be one: deactivated, or a queue that takes no such records."""
        return self.code in _OWNER or (
            "OwnerId" in self.fields
            and self.code in ("FIELD_INTEGRITY_EXCEPTION", "INVALID_CROSS_REFERENCE_KEY")
        )


def parse(reply: Reply) -> Refusal:
    """Return what an error answer says; a body that is neither JSON nor SOAP says nothing."""
    try:
        body = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return _parse_fault(reply)
    first = body[0] if isinstance(body, list) and body else body
    return parse_entry(first, reply.status) if isinstance(first, dict) else Refusal(reply.status)


def _parse_fault(reply: Reply) -> Refusal:
    code = _FAULT_CODE.search(reply.body)
    if code is None:
        return Refusal(reply.status)
    name, told = code[1].decode(), _FAULT_TEXT.search(reply.body)
    full = unescape(told[1].decode("utf-8", "replace")) if told else ""
    full = full.removeprefix(f"{name}: ")
    return Refusal(reply.status, clean(name), clean(full), full, is_fault=True)


def parse_entry(entry: Json, status: int = 0) -> Refusal:
    """Return what one error says, be it of a request, a row, a job or the token endpoint."""
    code = _text(entry, "errorCode") or _text(entry, "statusCode") or _text(entry, "error")
    code = _text(entry, "exceptionCode") or code
    message = _text(entry, "message") or _text(entry, "error_description")
    message = message or _text(entry, "exceptionMessage")
    fields = entry.get("fields")
    names = fields if isinstance(fields, list) else []
    return Refusal(
        status,
        # Bulk API 1 spells codes another way; old proxies of it still answer so.
        EXPIRED if code == "InvalidSessionId" else clean(code),
        clean(message),
        message,
        tuple(str(name) for name in names),
    )


def parse_cell(text: str) -> Refusal:
    """Return what the column `sf__Error` of a bulk result says: `CODE:message:fields --`."""
    code, _, rest = text.partition(":")
    message, _, fields = rest.rpartition(":")
    names = fields.replace("--", "").strip()
    listed = tuple(name.strip() for name in names.split(",") if name.strip())
    return Refusal(0, clean(code), clean(message or rest), rest, listed)


def first_error(errors: object) -> Refusal:
    """Return the first of a row's errors."""
    found = errors if isinstance(errors, Sequence) and not isinstance(errors, str) else ()
    return next((parse_entry(each) for each in found if isinstance(each, dict)), Refusal(0))


def _text(entry: Json, key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""

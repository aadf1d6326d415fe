"""What HubSpot's error answers mean. Every field of them is optional; the body may be HTML."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from connector.crm.http import Reply, clean

Json = Mapping[str, object]
"""A JSON object."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer, or one entry of `errors` in a partly successful one.

    `message` is cut and cleaned, `full` is not and must not be shown or kept. `policy`: the name of
    the rate limit that was hit. `context`: {key: values}, where rows, ids and scopes are named.
    """

    status: int
    message: str
    full: str = ""
    category: str = ""
    policy: str = ""
    correlation: str = ""
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def scopes(self) -> tuple[str, ...]:
        """The permissions that it names as missing."""
        named = [*self.context.get("missingScopes", ()), *self.context.get("requiredScopes", ())]
        return tuple(dict.fromkeys(named or _SCOPE.findall(self.full)))

    @property
    def says(self) -> str:
        """The CRM's own words, fit for an admin, with the id that HubSpot's support asks for."""
        said = self.message or f"status {self.status}"
        return f"{said} (correlation {self.correlation})" if self.correlation else said

    @property
    def is_gone(self) -> bool:
        """Whether it means that the record does not exist any more."""
        return self.status == 404 or self.category == "OBJECT_NOT_FOUND"

    @property
    def is_passing(self) -> bool:
        """Whether asking again later may help."""
        return self.status == 429 or self.status >= 500 or self.category in _PASSING


_PASSING = frozenset({"RATE_LIMITS", "INTERNAL_ERROR", "TIMEOUT", "LOCKED"})
_SCOPE = re.compile(r"\b(?:crm\.[a-z_.]+\.(?:read|write)|sales-email-read|forms|content)\b")


def parse(reply: Reply) -> Refusal:
    """Return what an error answer says; a body that is no JSON says nothing."""
    try:
        body = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return Refusal(reply.status, "")
    return parse_entry(body, reply.status) if isinstance(body, dict) else Refusal(reply.status, "")


def parse_entry(body: Json, status: int = 0) -> Refusal:
    """Return what an error object says, be it a whole body or an entry of `errors`."""
    nested = list(_objects(body.get("errors")))
    words = [_text(body.get("message")), *(_text(each.get("message")) for each in nested)]
    codes = [_text(each.get("code")) for each in nested]
    full = " ".join(filter(None, [*dict.fromkeys(words), *codes]))
    stated = body.get("status")
    return Refusal(
        status=status or (int(stated) if isinstance(stated, str) and stated.isdecimal() else 0),
        message=clean(words[0] if words[0] and words[0] != "error" else full),
        full=full,
        category=_text(body.get("category")) or _text(body.get("errorType")),
        policy=_text(body.get("policyName")),
        correlation=clean(_text(body.get("correlationId"))),
        context=_merged([body.get("context"), *(each.get("context") for each in nested)]),
    )


def _merged(contexts: Sequence[object]) -> Mapping[str, Sequence[str]]:
    merged: dict[str, list[str]] = {}
    for context in contexts:
        if not isinstance(context, dict):
            continue
        for key, values in context.items():
            listed = values if isinstance(values, list) else [values]
            merged.setdefault(str(key), []).extend(str(value) for value in listed)
    return merged


def _objects(value: object) -> Iterator[Json]:
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, dict))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

"""The shapes in which HubSpot says no."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Json = dict[str, object]


@dataclass
class Refusal(Exception):  # noqa: N818 - an answer of the sandbox, not a failure of it
    """An error answer. Raised anywhere below a route, turned into a reply by the server."""

    status: int
    message: str
    category: str = "VALIDATION_ERROR"
    errors: Sequence[Json] = ()
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sub_category: str = ""
    extra: Mapping[str, object] = field(default_factory=dict)

    def body(self, correlation: str) -> Json:
        """Return the reply's body; fields without content are left out, as HubSpot does."""
        body: Json = {"status": "error", "message": self.message, "correlationId": correlation}
        body["category"] = self.category
        body.update(self._optional())
        body.update(self.extra)
        return body

    def row(self, **context: str) -> Json:
        """Return the entry of this error in the `errors` of a 207, with the row's own context."""
        merged = dict(self.context) | {k: [v] for k, v in context.items() if v}
        row: Json = {"status": "error", "category": self.category, "message": self.message}
        return row | self._optional() | {"context": merged}

    def _optional(self) -> Json:
        named: Json = {
            "subCategory": self.sub_category,
            "errors": list(self.errors),
            "context": dict(self.context),
        }
        return {name: value for name, value in named.items() if value}


def invalid(message: str, code: str = "", **context: str) -> Refusal:
    """Return a 400 with, if there is a code, one entry in `errors`."""
    listed = {name: [value] for name, value in context.items()}
    errors: list[Json] = [{"message": message, "code": code, "context": listed}] if code else []
    return Refusal(400, message, errors=errors)


def not_found(message: str = "resource not found", **context: str) -> Refusal:
    """Return a 404 with a JSON body: the path exists, the thing does not."""
    listed = {name: [value] for name, value in context.items()}
    return Refusal(404, message, "OBJECT_NOT_FOUND", context=listed)


def conflict(message: str, category: str = "CONFLICT", sub_category: str = "") -> Refusal:
    """Return a 409."""
    return Refusal(409, message, category, sub_category=sub_category)


def unreadable(message: str) -> Refusal:
    """Return the 400 for a body that is not the JSON the path wants."""
    return Refusal(400, f"Invalid input JSON: {message}")

"""The shapes in which Salesforce says no."""

from collections.abc import Sequence
from dataclasses import dataclass

Json = dict[str, object]


@dataclass
class Refusal(Exception):  # noqa: N818 - an answer of the sandbox, not a failure of it
    """An error answer: of a whole request, or of one row among many."""

    status: int
    code: str
    message: str
    fields: Sequence[str] | None = None
    extra: Json | None = None

    def body(self) -> list[Json]:
        """Return the body of a request that fails as a whole."""
        told: Json = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            told["fields"] = list(self.fields)
        return [told | (self.extra or {})]

    def row(self) -> Json:
        """Return the entry in the `errors` of one row; it says `statusCode`, not `errorCode`."""
        fields = list(self.fields or ())
        return {"statusCode": self.code, "message": self.message, "fields": fields}

    def cell(self) -> str:
        """Return the text in the `sf__Error` column of a bulk result."""
        return f"{self.code}:{self.message}:{','.join(self.fields or ()) or '--'}"


def row_error(code: str, message: str, *fields: str) -> Refusal:
    """Return the error of a row; alone in its request it becomes the status that fits."""
    status = {"ENTITY_IS_DELETED": 404, "INSUFFICIENT_ACCESS_OR_READONLY": 403}.get(code, 400)
    return Refusal(status, code, message, fields)


def malformed(message: str) -> Refusal:
    """Return the 400 for a query that cannot be read."""
    return Refusal(400, "MALFORMED_QUERY", message)


def no_field(name: str, sobject: str) -> Refusal:
    """Return the 400 for a column that is absent, or hidden from this user: both read alike."""
    told = (
        f"No such column '{name}' on entity '{sobject}'. If you are attempting to use a custom "
        "field, be sure to append the '__c' after the custom field name. Please reference your "
        "WSDL or the describe call for the appropriate names."
    )
    return Refusal(400, "INVALID_FIELD", told)


def no_type(name: str) -> Refusal:
    """Return the 400 of a query on something that is no object."""
    return Refusal(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")


def not_found(message: str = "The requested resource does not exist") -> Refusal:
    """Return the 404."""
    return Refusal(404, "NOT_FOUND", message)


def unreadable(message: str) -> Refusal:
    """Return the 400 for a body that is not the JSON the path wants."""
    return Refusal(400, "JSON_PARSER_ERROR", message)

"""Single values of a file, as conditions hold them, and as messages speak of them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal

from connector.config.section import Scalar
from connector.domain.numbers import MILLION, to_millionths
from connector.rules.conditions import Kind, Literal

SPOKEN: Mapping[Kind, str] = {
    Kind.TEXT: "text",
    Kind.NUMBER: "a number",
    Kind.BOOLEAN: "true or false",
    Kind.MOMENT: "a date",
}
SEVERAL: Mapping[Kind, str] = {
    Kind.TEXT: "text",
    Kind.NUMBER: "numbers",
    Kind.BOOLEAN: "true or false",
    Kind.MOMENT: "dates",
}
EXAMPLE: Mapping[Kind, str] = {
    Kind.TEXT: 'put it in quotes, for example "75001"',
    Kind.NUMBER: "write for example 250 or 2.5, without quotes",
    Kind.BOOLEAN: "write true or false, without quotes",
    Kind.MOMENT: "write for example 2026-09-01 or 2026-09-01T08:00:00Z",
}


def spoken(value: Scalar) -> str:
    """Return a value as a message quotes it: a number bare, a text with its kind."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f"the text «{value}»"
        case _:
            return f"the number {value}"


def kind_of_literal(value: Scalar) -> Kind:
    """Return the kind that a literal speaks of where no mapping declares one."""
    match value:
        case bool():
            return Kind.BOOLEAN
        case str():
            return Kind.TEXT if microseconds(value) is None else Kind.MOMENT
        case _:
            return Kind.NUMBER


def literal(value: Scalar, kind: Kind) -> Literal | None:
    """Return a value of a file as a condition holds it; None if it is of another kind."""
    match kind, value:
        case Kind.BOOLEAN, bool():
            return value
        case _, bool():
            return None
        case Kind.TEXT, str():
            return value
        case Kind.MOMENT, str():
            return microseconds(value)
        case Kind.NUMBER, int() | Decimal():
            return to_millionths(str(value))
        case _:
            return None


def microseconds(text: str) -> int | None:
    """Return an ISO date (its first instant in UTC) or date and time as microseconds since 1970."""
    try:
        if len(text) == len("2026-09-01"):
            moment = datetime.combine(date.fromisoformat(text), time(), UTC)
        else:
            moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * MILLION + since.microseconds

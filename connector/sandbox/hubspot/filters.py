"""The operators of a search: each filter becomes a predicate on a record."""

import re
from collections.abc import Callable
from functools import partial

from connector.sandbox.hubspot.call import is_whole
from connector.sandbox.hubspot.kinds import Kind, kind_of
from connector.sandbox.hubspot.moments import parse_datetime
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.refusals import Json, invalid
from connector.sandbox.hubspot.table import Record

Value = float | str
Predicate = Callable[[Record], bool]
Getter = Callable[[Record], Value | None]

WORD = re.compile(r"[\w*]+")
UNFILTERABLE = frozenset({"hs_body_preview_html", "hs_email_html", "hs_body_preview"})
COMPARED: dict[str, Callable[[Value, Value], bool]] = {
    "EQ": lambda held, wanted: held == wanted,
    "NEQ": lambda held, wanted: held != wanted,
    "LT": lambda held, wanted: held < wanted,  # type: ignore[operator]  # both of one kind
    "LTE": lambda held, wanted: held <= wanted,  # type: ignore[operator]  # both of one kind
    "GT": lambda held, wanted: held > wanted,  # type: ignore[operator]  # both of one kind
    "GTE": lambda held, wanted: held >= wanted,  # type: ignore[operator]  # both of one kind
}


def getter(portal: Portal, kind: Kind, name: str) -> Getter:
    """Return the function that gives a property's value in the form it is compared in."""
    if name == "hs_object_id":
        return lambda record: record.id
    if name in kind.modified:
        return lambda record: record.updated_ms
    if name in {"createdate", "hs_createdate"}:
        return lambda record: record.created_ms
    prop = portal.schema(kind).live(name)
    if prop is None or name in UNFILTERABLE:
        raise invalid(
            f"Property '{name}' cannot be filtered by", "PROPERTY_DOESNT_EXIST", propertyName=name
        )
    if prop.type in {"date", "datetime"}:
        return lambda record: _moment(record.props.get(name))
    if prop.type == "number":
        return lambda record: _number(record.props.get(name))
    if prop.type == "enumeration":
        return lambda record: record.props.get(name)
    return lambda record: _lower(record.props.get(name))


def compiled(portal: Portal, kind: Kind, condition: Json) -> Predicate:
    """Return the predicate of one filter, or refuse the filter."""
    name, operator = condition.get("propertyName"), condition.get("operator")
    if not isinstance(name, str) or not isinstance(operator, str):
        raise invalid("A filter needs propertyName and operator")
    if name.startswith("associations."):
        return _linked(portal, kind, name, operator, condition)
    get = getter(portal, kind, name)
    if operator in {"HAS_PROPERTY", "NOT_HAS_PROPERTY"}:
        return lambda record: (get(record) is None) is operator.startswith("NOT")
    convert = partial(_converted, portal, kind, name)
    if operator in COMPARED:
        return _comparison(get, operator, convert(condition.get("value")))
    if operator == "BETWEEN":
        low, high = convert(condition.get("value")), convert(condition.get("highValue"))
        return _between(get, low, high)
    if operator in {"IN", "NOT_IN"}:
        return _membership(get, operator, _wanted(portal, kind, name, condition))
    if operator in {"CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"}:
        return _tokens(name, operator, convert_text(condition.get("value")))
    raise invalid(f"{operator} is not a search operator")


def tokens_of(text: str) -> list[str]:
    """Return the words of a text, in lower case."""
    return WORD.findall(text.lower())


def convert_text(value: object) -> str:
    """Return a filter's value, which has to be a text."""
    if not isinstance(value, str) or not value:
        raise invalid("A filter's value must be a string")
    return value


def _comparison(get: Getter, operator: str, wanted: Value) -> Predicate:
    compare = COMPARED[operator]

    def test(record: Record) -> bool:
        held = get(record)
        return held is not None and compare(held, wanted)

    return test


def _between(get: Getter, low: Value, high: Value) -> Predicate:
    def test(record: Record) -> bool:
        held = get(record)
        return held is not None and low <= held <= high  # type: ignore[operator]  # of one kind

    return test


def _membership(get: Getter, operator: str, wanted: frozenset[Value]) -> Predicate:
    is_in = operator == "IN"

    def test(record: Record) -> bool:
        held = get(record)
        return held is not None and (held in wanted) is is_in

    return test


def _tokens(name: str, operator: str, wanted: str) -> Predicate:
    patterns = [re.compile(token.replace("*", r"\w*") + r"\Z") for token in tokens_of(wanted)]
    is_in = operator == "CONTAINS_TOKEN"

    def test(record: Record) -> bool:
        words = tokens_of(record.props.get(name, ""))
        holds = all(any(pattern.match(word) for word in words) for pattern in patterns)
        return bool(words) and holds is is_in

    return test


def _linked(portal: Portal, kind: Kind, name: str, operator: str, condition: Json) -> Predicate:
    other = kind_of(name.partition(".")[2])
    if operator not in {"EQ", "IN"}:
        raise invalid(f"{operator} is not supported on {name}")
    given = condition.get("values") if operator == "IN" else [condition.get("value")]
    if not isinstance(given, list) or not all(is_whole(str(value)) for value in given):
        raise invalid(f"{name} takes record ids")
    wanted = {int(value) for value in given}
    return lambda record: not wanted.isdisjoint(portal.links.to(kind, record.id, other))


def _wanted(portal: Portal, kind: Kind, name: str, condition: Json) -> frozenset[Value]:
    given = condition.get("values")
    if not isinstance(given, list) or not given:
        raise invalid(f"{condition.get('operator')} needs values")
    prop = portal.schema(kind).live(name)
    if prop is not None and prop.type in {"string", "phone_number"}:
        # Texts are indexed in lower case, and values of a list are not folded: «ANA» finds nobody.
        return frozenset(convert_text(value) for value in given)
    return frozenset(_converted(portal, kind, name, value) for value in given)


def _converted(portal: Portal, kind: Kind, name: str, value: object) -> Value:
    text = convert_text(value)
    prop = portal.schema(kind).live(name)
    if prop is None:
        raise invalid(f"Property '{name}' does not exist", "PROPERTY_DOESNT_EXIST")
    if prop.type in {"date", "datetime"}:
        # Dates in filters are epoch milliseconds; what else a real account takes is not documented.
        if not is_whole(text):
            raise invalid(f"{text} is not epoch milliseconds")
        return int(text)
    if prop.type == "number":
        number = _number(text)
        if number is None:
            raise invalid(f"{text} is not a number")
        return number
    return text if prop.type == "enumeration" else text.lower()


def _moment(text: str | None) -> int | None:
    if not text:
        return None
    return parse_datetime(text if "T" in text else f"{text}T00:00:00Z")


def _number(text: str | None) -> float | None:
    try:
        return None if not text else int(text) if is_whole(text) else float(text)
    except ValueError:
        return None


def _lower(text: str | None) -> str | None:
    return text.lower() if text else None

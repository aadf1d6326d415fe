"""Turns the conditions of a query into tests on records."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from connector.sandbox.salesforce.binding import Binder, Bound, Reader
from connector.sandbox.salesforce.date_literals import days_of
from connector.sandbox.salesforce.fields import NUMBERS, TEXTS, SObject
from connector.sandbox.salesforce.ids import full_id
from connector.sandbox.salesforce.moments import parse_date, parse_moment, to_s
from connector.sandbox.salesforce.refusals import Refusal, malformed
from connector.sandbox.salesforce.soql_tokens import ESCAPE, unescaped
from connector.sandbox.salesforce.soql_tree import (
    Comparison,
    Condition,
    Junction,
    Negation,
    Select,
    Value,
)
from connector.sandbox.salesforce.table import Record

Test = Callable[[Record], bool]
Keys = Callable[[Select], set[object]]

ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
MOST_SEMI_JOINS = 2


@dataclass(slots=True)
class Conditions:
    """Reads the conditions of one query. `keys` carries out the query within an `IN (...)`."""

    binder: Binder
    sobject: SObject
    alias: str
    keys: Keys
    semi_joins: int = 0

    def test(self, condition: Condition, *, in_or: bool = False) -> Test:
        """Return the test of a condition."""
        if isinstance(condition, Junction):
            is_or = condition.word == "OR"
            tests = [self.test(part, in_or=in_or or is_or) for part in condition.parts]
            return _any(tests) if is_or else _all(tests)
        if isinstance(condition, Negation):
            inner = self.test(condition.part, in_or=in_or)
            return lambda record: not inner(record)
        return self._comparison(condition, in_or=in_or)

    def _comparison(self, condition: Comparison, *, in_or: bool) -> Test:
        bound = self.binder.field(self.sobject, condition.path, alias=self.alias)
        if not bound.field.filterable:
            told = f"field '{condition.path}' can not be filtered in a query call"
            raise Refusal(400, "INVALID_FIELD", told)
        if isinstance(condition.values, Select):
            return self._semi_join(bound, condition, condition.values, in_or=in_or)
        if condition.operator in {"IN", "NOT IN"}:
            return self._set(bound, condition, condition.values)
        [value] = condition.values
        if condition.operator == "LIKE":
            return _like(bound, value)
        return self._single(bound, condition.operator, value)

    def _single(self, bound: Bound, sign: str, value: Value) -> Test:
        if value.kind == "range":
            return self._range(bound, sign, value)
        wanted = self._constant(bound, value)
        if sign in {"=", "!="}:
            return _equal(bound, wanted, negated=sign == "!=")
        if bound.field.type == "boolean" or wanted is None:
            told = f"invalid operator on {bound.field.type} field"
            raise Refusal(400, "INVALID_QUERY_FILTER_OPERATOR", told)
        compare, read = ORDERED[sign], comparable(bound)
        return lambda record: (v := read(record)) is not None and compare(v, wanted)

    def _range(self, bound: Bound, sign: str, value: Value) -> Test:
        if bound.field.type not in {"date", "datetime"}:
            raise _mistyped(bound)
        days = days_of(value.text, self.binder.org.today())
        if days is None:
            raise malformed(f"unexpected token: '{value.text}'")
        low, high = (self._edge(bound, day) for day in days)
        read = bound.read

        def lies(record: Record) -> tuple[bool, bool] | None:
            found = read(record)
            if found is None:
                return None
            before = ORDERED["<"]
            return before(found, low), before(found, high)

        # Whether it lies before the range, and whether it lies before its end.
        ranges: dict[str, set[tuple[bool, bool] | None]] = {
            "=": {(False, True)},
            "!=": {(True, True), (False, False), None},
            "<": {(True, True)},
            "<=": {(True, True), (False, True)},
            ">": {(False, False)},
            ">=": {(False, True), (False, False)},
        }
        wanted = ranges[sign]
        return lambda record: lies(record) in wanted

    def _edge(self, bound: Bound, day: date) -> object:
        if bound.field.type == "date":
            return day.isoformat()
        zone = ZoneInfo(self.binder.org.options.time_zone)
        return to_s(datetime.combine(day, time.min, zone).astimezone(UTC))

    def _set(self, bound: Bound, condition: Comparison, values: tuple[Value, ...]) -> Test:
        if any(value.kind == "range" for value in values):
            raise malformed("date literals cannot stand in a list here")
        constants = (self._constant(bound, value) for value in values)
        wanted = {None if constant == "" else constant for constant in constants}
        return _among(bound, wanted, negated=condition.operator == "NOT IN")

    def _semi_join(
        self, bound: Bound, condition: Comparison, inner: Select, *, in_or: bool
    ) -> Test:
        self.semi_joins += 1
        if self.semi_joins > MOST_SEMI_JOINS or in_or:
            raise malformed(f"at most {MOST_SEMI_JOINS} semi joins, and none of them within OR")
        if bound.field.type not in {"id", "reference"}:
            raise malformed("The left operand of a semi join must be an id or a reference field")
        wanted = {key for key in self.keys(inner) if key is not None}
        return _among(bound, wanted, negated=condition.operator == "NOT IN")

    def _constant(self, bound: Bound, value: Value) -> object:
        if value.kind == "null":
            return None
        type_ = bound.field.type
        if type_ == "boolean" and value.kind == "boolean":
            return value.text == "TRUE"
        if type_ in NUMBERS and value.kind == "number":
            return float(value.text)
        if type_ == "datetime" and value.kind == "datetime":
            return _needed(parse_moment(value.text), value)
        if type_ == "date" and value.kind == "date":
            return _needed(parse_date(value.text), value)
        if type_ in {"boolean", "date", "datetime"} | NUMBERS or value.kind != "string":
            raise _mistyped(bound)
        text = unescaped(value.text)
        return _id(bound, text) if type_ in {"id", "reference"} else text.casefold()


def _id(bound: Bound, text: str) -> str | None:
    if not text:
        return None
    if bound.field.refers_to == ("EntityDefinition",):  # those are known by their names
        return text
    found = full_id(text)
    if found is None:
        told = f"{bound.field.name}: invalid ID field: {text[:60]}"
        raise Refusal(400, "INVALID_QUERY_FILTER_OPERATOR", told)
    return found


def _needed(found: object, value: Value) -> object:
    if found is None:
        raise malformed(f"'{value.text}' is no moment that exists")
    return found


def _mistyped(bound: Bound) -> Refusal:
    type_ = {"datetime": "dateTime"}.get(bound.field.type, bound.field.type)
    quoted = "should be enclosed in quotes"
    if type_ in {"dateTime", "date", "boolean"} | NUMBERS:
        quoted = "should not be enclosed in quotes"
    told = f"value of filter criterion for field '{bound.field.name}' must be of type {type_}"
    return Refusal(400, "INVALID_FIELD", f"{told} and {quoted}")


def comparable(bound: Bound) -> Reader:
    """Return how a field is read for comparing: texts without case, ids with it."""
    read = bound.read
    if bound.field.type not in TEXTS:
        return read

    def folded(record: Record) -> object:
        value = read(record)
        return value.casefold() if isinstance(value, str) else value

    return folded


def _equal(bound: Bound, wanted: object, *, negated: bool) -> Test:
    # An empty text is null, so it equals null.
    wanted = None if wanted == "" else wanted
    read = bound.read if wanted is None else comparable(bound)
    if negated:
        return lambda record: read(record) != wanted
    return lambda record: read(record) == wanted


def _among(bound: Bound, wanted: set[object], *, negated: bool) -> Test:
    read = comparable(bound)
    if negated:
        return lambda record: read(record) not in wanted
    return lambda record: read(record) in wanted


def _like(bound: Bound, value: Value) -> Test:
    if value.kind != "string" or bound.field.type in NUMBERS | {"date", "datetime", "boolean"}:
        raise Refusal(400, "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on this field: LIKE")
    if bound.field.type in {"id", "reference"}:
        raise Refusal(400, "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on id field")
    matches, read = re.compile(_pattern(value.text), re.DOTALL).fullmatch, bound.read
    return lambda record: (v := read(record)) is not None and bool(matches(str(v).casefold()))


def _pattern(text: str) -> str:
    parts, at = [], 0
    while at < len(text):
        escape = ESCAPE.match(text, at)
        if escape:
            parts.append(re.escape(unescaped(escape[0]).casefold()))
            at = escape.end()
            continue
        parts.append({"%": ".*", "_": "."}.get(text[at], re.escape(text[at].casefold())))
        at += 1
    return "".join(parts)


def _all(tests: list[Test]) -> Test:
    return lambda record: all(test(record) for test in tests)


def _any(tests: list[Test]) -> Test:
    return lambda record: any(test(record) for test in tests)

"""Does a condition hold? As `connector.rules.conditions` says it."""

import functools
import re
from collections.abc import Mapping

import re2

from connector.domain.contact import Value
from connector.domain.text import fold
from connector.rules.conditions import All, AnyOf, Condition, Kind, Not, Op, Test


def is_known(value: Value) -> bool:
    """Tell whether there is a value: an empty text is none."""
    return value is not None and value != ""


def holds(condition: Condition, values: Mapping[str, Value]) -> bool:
    """Tell whether a condition holds for these attributes or fields."""
    match condition:
        case All(parts=parts):
            return all(holds(part, values) for part in parts)
        case AnyOf(parts=parts):
            return any(holds(part, values) for part in parts)
        case Not(part=part):
            return not holds(part, values)
        case Test():
            return _test_holds(condition, values.get(condition.name))


def comparable(value: Value, kind: Kind, *, exact: bool) -> Value:
    """Return what is compared in a value's place: folded text, unless `exact`."""
    return fold(value) if kind is Kind.TEXT and not exact and isinstance(value, str) else value


def _test_holds(test: Test, found: Value) -> bool:
    if test.op is Op.EXISTS:
        return is_known(found) == test.values[0]
    if not is_known(found):
        return False
    if test.op is Op.MATCHES:
        return _finds(str(test.values[0]), str(found), exact=test.exact)
    value = comparable(found, test.kind, exact=test.exact)
    wanted = [comparable(literal, test.kind, exact=test.exact) for literal in test.values]
    return _compare(test.op, value, wanted)


def _compare(op: Op, value: Value, wanted: list[Value]) -> bool:
    if op in (Op.EQUALS, Op.IN):
        return value in wanted
    if op is Op.NOT_IN:
        return value not in wanted
    if op is Op.CONTAINS:
        return str(wanted[0]) in str(value)
    return _is_ordered(op, int(value or 0), int(wanted[0] or 0))


def _is_ordered(op: Op, value: int, limit: int) -> bool:
    return {
        Op.GTE: value >= limit,
        Op.GT: value > limit,
        Op.LTE: value <= limit,
        Op.LT: value < limit,
    }[op]


def _finds(pattern: str, text: str, *, exact: bool) -> bool:
    if exact:
        return _compiled(pattern, True).search(text) is not None
    folded = re.sub(r"[^\x00-\x7f]+", lambda literals: fold(literals[0]), pattern)
    return _compiled(folded, False).search(fold(text)) is not None


@functools.cache
def _compiled(pattern: str, case_sensitive: bool) -> "re2._Regexp[str]":
    options = re2.Options()
    options.case_sensitive = case_sensitive
    return re2.compile(pattern, options)

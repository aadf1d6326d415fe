"""Conditions as functions, for a record at a time at the edge: the meaning is `conditions`'."""

from collections.abc import Callable, Mapping
from functools import lru_cache

import re2

from connector.domain.contact import Value
from connector.domain.text import fold
from connector.rules.conditions import RELATIVE, All, AnyOf, Condition, Kind, Not, Op, Test
from connector.rules.pattern import folded_pattern

Values = Mapping[str, Value]
Holds = Callable[[Values], bool]
_REMEMBERED = 4_096


def predicate(condition: Condition) -> Holds:
    """Return a function that tells whether the condition holds for named values.

    What can be computed from the condition is computed here, once.
    """
    match condition:
        case Test():
            return _test(condition)
        case All(parts=()):
            return lambda _values: True
        case All(parts=parts):
            every = tuple(predicate(part) for part in parts)
            return lambda values: all(holds(values) for holds in every)
        case AnyOf(parts=parts):
            some = tuple(predicate(part) for part in parts)
            return lambda values: any(holds(values) for holds in some)
        case Not(part=part):
            inner = predicate(part)
            return lambda values: not inner(values)


def _test(test: Test) -> Holds:
    name = test.name
    if test.op is Op.EXISTS:
        wanted = test.values[0] is True
        return lambda values: (values.get(name) not in (None, "")) is wanted
    if test.kind is Kind.TEXT:
        return _on_text(name, _text_test(test))
    return _on_value(name, test.kind, _value_test(test))


def _on_text(name: str, holds: Callable[[str], bool]) -> Holds:
    def text_holds(values: Values) -> bool:
        value = values.get(name)
        return isinstance(value, str) and value != "" and holds(value)

    return text_holds


def _on_value(name: str, kind: Kind, holds: Callable[[int], bool]) -> Holds:
    is_boolean = kind is Kind.BOOLEAN  # to Python, true is a number too

    def value_holds(values: Values) -> bool:
        value = values.get(name)
        return isinstance(value, int) and isinstance(value, bool) is is_boolean and holds(value)

    return value_holds


def _text_test(test: Test) -> Callable[[str], bool]:
    if test.op is Op.MATCHES:
        return _pattern_test(str(test.values[0]), exact=test.exact)
    read: Callable[[str], str] = str if test.exact else fold
    wanted = frozenset(read(str(value)) for value in test.values)
    if test.op is Op.CONTAINS:
        (part,) = wanted
        return lambda text: part in read(text)
    if test.op is Op.NOT_IN:
        return lambda text: read(text) not in wanted
    return lambda text: read(text) in wanted


def _pattern_test(pattern: str, *, exact: bool) -> Callable[[str], bool]:
    finds = re2.compile(pattern if exact else folded_pattern(pattern)).search

    # The same addresses and names of forms come again and again.
    @lru_cache(maxsize=_REMEMBERED)
    def holds(text: str) -> bool:
        return finds(text if exact else fold(text)) is not None

    return holds


def _value_test(test: Test) -> Callable[[int], bool]:
    if test.op in RELATIVE:
        raise ValueError("what is read from the CRM is not compared with the day of reading")
    limit = int(next(iter(test.values), 0))  # a list may be empty, and then contains nothing
    wanted = frozenset(test.values)
    match test.op:
        case Op.GTE:
            return limit.__le__
        case Op.GT:
            return limit.__lt__
        case Op.LTE:
            return limit.__ge__
        case Op.LT:
            return limit.__gt__
        case Op.NOT_IN:
            return lambda value: value not in wanted
        case _:
            return lambda value: value in wanted

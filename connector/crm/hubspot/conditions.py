"""A mapping's `where`, compiled to a function of a record's properties."""

from collections.abc import Callable, Mapping
from functools import lru_cache

import re2

from connector.crm.hubspot.values import converter
from connector.domain.text import fold
from connector.rules.conditions import All, AnyOf, Condition, Kind, Not, Op, Test
from connector.rules.pattern import folded_pattern

Properties = Mapping[str, str | None]
Accepts = Callable[[Properties], bool]
_REMEMBERED = 4_096


def compiled(condition: Condition) -> Accepts:
    """Return a function that tells whether the condition holds for a record."""
    match condition:
        case Test():
            return _test(condition)
        case All(parts=()):
            return lambda _properties: True
        case All(parts=parts):
            every = [compiled(part) for part in parts]
            return lambda properties: all(accepts(properties) for accepts in every)
        case AnyOf(parts=parts):
            some = [compiled(part) for part in parts]
            return lambda properties: any(accepts(properties) for accepts in some)
        case Not(part=part):
            inner = compiled(part)
            return lambda properties: not inner(properties)


def _test(test: Test) -> Accepts:
    name = test.name
    if test.op is Op.EXISTS:
        wanted = bool(test.values[0])
        return lambda properties: bool(properties.get(name)) is wanted
    holds = _text_test(test) if test.kind is Kind.TEXT else _value_test(test)

    def accepts(properties: Properties) -> bool:
        value = properties.get(name)
        return bool(value) and holds(value)  # type: ignore[arg-type]  # mypy does not narrow bool()

    return accepts


def _text_test(test: Test) -> Callable[[str], bool]:
    if test.op is Op.MATCHES:
        return _pattern_test(str(test.values[0]), exact=test.exact)
    read: Callable[[str], str] = str if test.exact else fold
    values = frozenset(read(str(value)) for value in test.values)
    if test.op is Op.CONTAINS:
        part = next(iter(values))
        return lambda text: part in read(text)
    if test.op is Op.NOT_IN:
        return lambda text: read(text) not in values
    return lambda text: read(text) in values


def _pattern_test(pattern: str, *, exact: bool) -> Callable[[str], bool]:
    found = re2.compile(pattern if exact else folded_pattern(pattern))

    # The same addresses and names of forms come again and again.
    @lru_cache(maxsize=_REMEMBERED)
    def holds(text: str) -> bool:
        return found.search(text if exact else fold(text)) is not None

    return holds


def _value_test(test: Test) -> Callable[[str], bool]:
    read = converter(test.kind)
    values = frozenset(test.values)
    limit = int(test.values[0])
    compare: dict[Op, Callable[[int], bool]] = {
        Op.EQUALS: lambda value: value in values,
        Op.IN: lambda value: value in values,
        Op.NOT_IN: lambda value: value not in values,
        Op.GTE: lambda value: value >= limit,
        Op.GT: lambda value: value > limit,
        Op.LTE: lambda value: value <= limit,
        Op.LT: lambda value: value < limit,
    }
    holds = compare[test.op]

    def accepts(text: str) -> bool:
        value = read(text)
        return isinstance(value, int) and holds(value)

    return accepts

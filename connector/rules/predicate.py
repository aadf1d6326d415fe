"""Conditions as functions, for a record at a time at the edge: the meaning is `conditions`'."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from connector.domain.contact import Value
from connector.domain.text import fold
from connector.rules.conditions import All, AnyOf, Condition, Kind, Literal, Not, Test
from connector.rules.operators import Op

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
        return _on_text(name, test.op.holds(test), exact=test.exact)
    return _on_value(name, test.kind, test.op.holds(test))


def _on_text(name: str, holds: Callable[[Literal], bool], *, exact: bool) -> Holds:
    def text_holds(values: Values) -> bool:
        value = values.get(name)
        if not isinstance(value, str) or value == "":
            return False
        return holds(value if exact else _folded(value))

    return text_holds


def _on_value(name: str, kind: Kind, holds: Callable[[Literal], bool]) -> Holds:
    is_boolean = kind is Kind.BOOLEAN  # to Python, true is a number too

    def value_holds(values: Values) -> bool:
        value = values.get(name)
        return isinstance(value, int) and isinstance(value, bool) is is_boolean and holds(value)

    return value_holds


_folded = lru_cache(maxsize=_REMEMBERED)(fold)
"""The same addresses and names of forms come again and again, and many conditions ask of each."""

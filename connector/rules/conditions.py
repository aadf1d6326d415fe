"""Conditions on an activity's attributes or a contact's fields.

Three-valued logic is left to no engine: a comparison with an unknown value is **false**, never
unknown, so `not` of it is true. `exists: false` alone is true of an unknown value. An empty text is
unknown.

Text compares folded (`connector.domain.text.fold`) unless `exact`. A number is fixed-point in
millionths on both sides; a moment is microseconds. A `matches` pattern is RE2 and finds anywhere in
the text; unless `exact`, the pattern's non-ASCII literals are folded and it is applied, case-
insensitively, to the folded text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What kind of value a field or attribute holds, as the mapping declares it."""

    TEXT = "text"
    NUMBER = "number"  # millionths
    BOOLEAN = "boolean"
    MOMENT = "datetime"  # microseconds since 1970 UTC


class Op(StrEnum):
    """A comparison. `contains` and `matches` are for text.

    The four inequalities for numbers and moments.
    """

    EQUALS = "equals"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    MATCHES = "matches"
    GTE = "gte"
    GT = "gt"
    LTE = "lte"
    LT = "lt"
    EXISTS = "exists"
    WITHIN_LAST = "within_last"
    LONGER_AGO = "longer_ago"
    WITHIN_NEXT = "within_next"


RELATIVE = frozenset({Op.WITHIN_LAST, Op.LONGER_AGO, Op.WITHIN_NEXT})
"""Comparisons of a moment with the instant of evaluation, in days of 24 hours: see `Test`."""


Literal = str | int | bool


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison. `values` holds one literal, or several for `in` and `not_in`.

    For `exists` the one literal is a truth value. Numbers are already millionths. Texts stand as
    the admin wrote them; folding is the compiler's.

    Of `RELATIVE` the literal is a number of days d, and as_of the instant of evaluation: a moment m
    lies `within_last` d if as_of - d < m ≤ as_of, `longer_ago` if m ≤ as_of - d, `within_next` if
    as_of < m ≤ as_of + d. Only conditions on contacts have them: what an activity is worth by its
    age is its decay's business.
    """

    __test__ = False  # not a test case, whatever its name tells pytest

    name: str
    kind: Kind
    op: Op
    values: tuple[Literal, ...]
    exact: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """True when every part is; with no part, always true."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True when at least one part is; with no part, never."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True when the part is not."""

    part: "Condition"


Condition = Test | All | AnyOf | Not

ALWAYS = All()


def names(condition: Condition) -> Iterator[tuple[str, Kind]]:
    """Yield each attribute or field that the condition looks at, with its kind.

    Repeats are possible.
    """
    match condition:
        case Test(name=name, kind=kind):
            yield name, kind
        case All(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from names(part)
        case Not(part=part):
            yield from names(part)

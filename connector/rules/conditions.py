"""Conditions on an activity's attributes or a contact's fields.

Three-valued logic is left to no engine: a comparison with an unknown value is **false**, never
unknown, so `not` of it is true. `exists: false` alone is true of an unknown value. An empty text is
unknown.

Text compares folded (`connector.domain.text.fold`) unless `exact`. A number is fixed-point in
millionths on both sides; a moment is microseconds. A `matches` pattern is RE2 and finds anywhere in
the text; unless `exact`, the pattern's non-ASCII literals are folded and it is applied, case-
insensitively, to the folded text.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import ClassVar

from connector.domain.text import fold
from connector.rules import sql


class Kind(StrEnum):
    """What kind of value a field or attribute holds, as the mapping declares it."""

    TEXT = "text"
    NUMBER = "number"  # millionths
    BOOLEAN = "boolean"
    MOMENT = "datetime"  # microseconds since 1970 UTC


class Takes(Enum):
    """What stands behind the word of an operator in a file."""

    VALUE = auto()
    VALUES = auto()  # a list of them
    BOUND = auto()  # a number or a date
    TEXT = auto()
    PATTERN = auto()  # a regular expression
    DAYS = auto()
    TRUTH = auto()  # true or false

    @property
    def is_of_the_kind(self) -> bool:
        """Whether it is of the kind of the value that it is compared with."""
        return self not in (Takes.DAYS, Takes.TRUTH)


Literal = str | int | bool


class Operator(ABC):
    """What a comparison asks of a value. Each is a class in `operators`, which says all of it.

    The docstring of the class is what the schema of the files says of it. Texts come as they are
    compared, folded unless the test is `exact`; unknown values do not come.
    """

    key: ClassVar[str]
    """The word for it in the files."""
    takes: ClassVar[Takes]
    kinds: ClassVar[frozenset[Kind]] = frozenset(Kind)
    """The kinds of values that it is for."""
    words: ClassVar[Mapping[str, str]]
    """Its sentence behind the name, by language; `{values}` stands for the literals."""
    is_relative: ClassVar[bool] = False
    """Whether it compares with the instant of evaluation."""
    turns_at_literals: ClassVar[bool] = False
    """Whether, as a number rises, it changes its mind at a literal or its neighbour only.

    The review of rules concludes nothing about the numbers of another.
    """

    @abstractmethod
    def sql(self, test: "Test", column: sql.Column) -> str:
        """Return the comparison as SQL: true where it holds, false or NULL where it does not."""

    @abstractmethod
    def holds(self, test: "Test") -> Callable[[Literal], bool]:
        """Return the same as a function of a known value. What can be computed is, once."""

    def refusal(self, literal: object) -> str:  # noqa: ARG002  most look at no more than `takes`
        """Return what is wrong with a literal that stands in a file; empty if nothing is."""
        return ""

    def sentence(self, test: "Test") -> Mapping[str, str]:  # noqa: ARG002  most have one alone
        """Return the words for a test."""
        return self.words

    def admits(self, test: "Test", *, holds: bool) -> tuple[Literal, ...] | None:  # noqa: ARG002
        """Return the only known values of which it holds, or does not; None: others may be."""
        return None

    def implies(self, test: "Test", other: "Test") -> bool:
        """Tell whether of each text of which `test` holds `other` does, of this operator too.

        False where that is not certain.
        """
        return test.values == other.values

    def __repr__(self) -> str:
        return self.key


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison. `values` holds one literal, or several where the operator takes them.

    Literals are of the kind, numbers in millionths, but for an operator that takes days or a truth
    value. Texts stand as the admin wrote them.

    Relative operators compare a moment with the instant of evaluation. Only conditions on contacts
    have them: what an activity is worth by its age is its decay's business.
    """

    __test__ = False  # not a test case, whatever its name tells pytest

    name: str
    kind: Kind
    op: Operator
    values: tuple[Literal, ...]
    exact: bool = False

    @property
    def wanted(self) -> tuple[Literal, ...]:
        """The literals as they are compared: texts folded, unless `exact`."""
        if self.exact:
            return self.values
        return tuple(fold(each) if isinstance(each, str) else each for each in self.values)


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

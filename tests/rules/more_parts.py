"""Two operators and two decay kinds that nobody ships, told here and nowhere else.

Importing this adds them, as their line in the product would: to the tests as
`pytest -p tests.rules.more_parts`, to the command line as `python -m tests.rules.more_parts`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from connector.domain.numbers import MILLION
from connector.rules import decay, operators, sql
from connector.rules.conditions import Kind, Literal, Operator, Takes, Test
from tests.reference.conditions import MEANINGS, Meaning


class MultipleOf(Operator):
    """The number is a multiple of this one."""

    key = "multiple_of"
    takes = Takes.VALUE
    kinds = frozenset({Kind.NUMBER})
    words: ClassVar[Mapping[str, str]] = {
        "en": "is a multiple of {values}",
        "fr": "est un multiple de {values}",
    }

    def refusal(self, literal: object) -> str:
        return "" if literal else "«multiple_of» needs another number than 0"

    def sql(self, test: Test, column: sql.Column) -> str:
        return f"{column.compared} % {sql.literal(test.values[0])} = 0"

    def holds(self, test: Test) -> Callable[[Literal], bool]:
        unit = int(test.values[0])
        return lambda value: int(value) % unit == 0


class Between(Operator):
    """The number is between these two, or one of them."""

    key = "between"
    takes = Takes.VALUES
    kinds = frozenset({Kind.NUMBER})
    words: ClassVar[Mapping[str, str]] = {
        "en": "is between {values}",
        "fr": "est entre {values}",
    }

    def refusal(self, literal: object) -> str:
        match literal:
            case [int() | Decimal() as lower, int() | Decimal() as upper] if lower <= upper:
                return ""
        return "«between» needs two numbers, the lower one first"

    def sql(self, test: Test, column: sql.Column) -> str:
        lower, upper = map(sql.literal, test.values)
        return f"{column.compared} BETWEEN {lower} AND {upper}"

    def holds(self, test: Test) -> Callable[[Literal], bool]:
        lower, upper = map(int, test.values)
        return lambda value: lower <= int(value) <= upper


@dataclass(frozen=True, slots=True)
class Cliff(decay.CurveInDays):
    """Points are whole, then half."""

    days: int
    key: ClassVar[str] = "cliff"
    meaning: ClassVar[str] = "Whole until this time, half from then on."
    words: ClassVar[Mapping[str, str]] = {
        "en": "half from day {days} on",
        "fr": "la moitié à partir du jour {days}",
    }
    ends: ClassVar[bool] = False

    def weight(self, age: int) -> int:
        return MILLION if age < self.days else MILLION // 2


@dataclass(frozen=True, slots=True)
class Slope(decay.CurveInDays):
    """Points fall to nothing between two ages."""

    start: int
    end: int
    key: ClassVar[str] = "slope"
    meaning: ClassVar[str] = "Whole until `start`, nothing from `end` on, on a line between."
    words: ClassVar[Mapping[str, str]] = {
        "en": "falling to nothing between day {start} and day {end}",
        "fr": "décroissant jusqu’à 0 entre le jour {start} et le jour {end}",
    }
    ends: ClassVar[bool] = True

    def weight(self, age: int) -> int:
        left = min(max(self.end - age, 0), self.end - self.start)
        return MILLION * left // (self.end - self.start)

    def refusal(self) -> str:
        return "" if self.start < self.end else "«slope» must end after it starts"


operators.OPERATORS = (*operators.OPERATORS, MultipleOf(), Between())
decay.IN_DAYS = (*decay.IN_DAYS, Cliff, Slope)
MEANINGS["multiple_of"] = Meaning(
    kinds=frozenset({Kind.NUMBER}),
    holds=lambda test, value: int(value or 0) % int(test.values[0]) == 0,
    literals=lambda random, pool: (random.choice((1, 3, 500_000, 2 * MILLION)),),
    examples=(
        ("{number: {multiple_of: 2.5}}", 10 * MILLION, True),
        ("{number: {multiple_of: 2.5}}", 11 * MILLION, False),
        ("{number: {multiple_of: 2.5}}", -5 * MILLION, True),
        ("{number: {multiple_of: 2.5}}", None, False),
    ),
)
MEANINGS["between"] = Meaning(
    kinds=frozenset({Kind.NUMBER}),
    holds=lambda test, value: int(test.values[0]) <= int(value or 0) <= int(test.values[1]),
    literals=lambda random, pool: tuple(sorted(random.choices((0, 1, MILLION, 9 * MILLION), k=2))),
    examples=(
        ("{number: {between: [2, 4.5]}}", 2 * MILLION, True),
        ("{number: {between: [2, 4.5]}}", 4_500_000, True),
        ("{number: {between: [2, 4.5]}}", 4_500_001, False),
        ("{number: {between: [2, 4.5]}}", None, False),
    ),
)

if __name__ == "__main__":
    from cli import main  # what is imported before would not see them

    main()

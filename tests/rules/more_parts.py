"""An operator and a decay kind that nobody ships, told here and nowhere else.

Importing this adds them, as their line in the product would: to the tests as
`pytest -p tests.rules.more_parts`, to the command line as `python -m tests.rules.more_parts`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Cliff:
    """Points are whole, then half."""

    days: int
    key: ClassVar[str] = "cliff"
    meaning: ClassVar[str] = "Whole until this time, half from then on."
    words: ClassVar[Mapping[str, str]] = {
        "en": "half from day {n} on",
        "fr": "la moitié à partir du jour {n}",
    }
    ends: ClassVar[bool] = False

    def weight(self, age: int) -> int:
        return MILLION if age < self.days else MILLION // 2


operators.OPERATORS = (*operators.OPERATORS, MultipleOf())
decay.IN_DAYS = (*decay.IN_DAYS, Cliff)
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

if __name__ == "__main__":
    from cli import main  # what is imported before would not see them

    main()

"""The few ways in which text becomes SQL, and the one place that knows an engine's own functions.

Everything else in the plan is plain SQL that engines share. `contains` and `matches` are the
dialect point: a translator to another engine has to know these two, and `//` of non-negative
integers.
"""

import re
from dataclasses import dataclass

DAY_US = 86_400_000_000
"""Microseconds in a day of 24 hours."""

_REFUSED = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Column:
    """A field's or attribute's value. `compared`: as a condition compares it.

    `known`: whether there is one, NULL in place of false; `unknown`: whether there is none.
    """

    compared: str
    known: str
    unknown: str


def text(value: str) -> str:
    """Return a text literal.

    Raises ValueError for what SQL text cannot hold: NUL, half a character.
    """
    if _REFUSED.search(value):
        message = f"a text with NUL or an unpaired surrogate cannot be compared: {value!r}"
        raise ValueError(message)
    return "'" + value.replace("'", "''") + "'"


def literal(value: str | int | bool) -> str:  # noqa: FBT001  it is a value, not a flag
    """Return a literal of the value's own type."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(int(value))


def texts(values: frozenset[str] | set[str] | tuple[str, ...]) -> str:
    """Return the inside of an `IN (…)`, sorted; of no value, one that nothing equals."""
    return ", ".join(text(value) for value in sorted(values)) or "NULL"


def numbers(values: list[int]) -> str:
    """Return the inside of an `IN (…)`; of no value, one that nothing equals."""
    return ", ".join(str(value) for value in values) or "NULL"


def is_among(number: str, values: list[int]) -> str:
    """Return whether a number is one of a few."""
    if len(values) == 1:
        return f"{number} = {values[0]}"
    return f"{number} IN ({numbers(values)})"


def identifier(name: str) -> str:
    """Return a quoted column name."""
    return '"' + name.replace('"', '""') + '"'


def age_of_day(day: str) -> str:
    """Return the age in days of an activity's day, at least 0; an unknown day has none."""
    return f"CASE WHEN {day} > as_of_day THEN 0 ELSE as_of_day - {day} END"


def age_of_instant(instant: str) -> str:
    """Return how many whole days before `as_of_us` an instant is, at least 0."""
    return f"CASE WHEN {instant} > as_of_us THEN 0 ELSE (as_of_us - {instant}) // {DAY_US} END"


def any_of(parts: list[str]) -> str:
    """Return the disjunction; of nothing, false."""
    return "(" + " OR ".join(parts) + ")" if parts else "FALSE"


def all_of(parts: list[str]) -> str:
    """Return the conjunction; of nothing, true."""
    return "(" + " AND ".join(parts) + ")" if parts else "TRUE"


def any_row(condition: str) -> str:
    """Return the aggregate that is 1 if a condition holds in any row, else 0."""
    return f"MAX(CASE WHEN {condition} THEN 1 ELSE 0 END)"


def contains(column: str, part: str) -> str:
    """Return whether a text contains another."""
    return f"strpos({column}, {text(part)}) > 0"


def matches(column: str, pattern: str) -> str:
    """Return whether an RE2 pattern finds anywhere in a text."""
    return f"regexp_matches({column}, {text(pattern)})"

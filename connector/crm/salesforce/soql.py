"""Queries, with every value quoted here and nowhere else."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "'": "\\'",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\b": "\\b",
        "\f": "\\f",
    }
)
MOST_IDS = 400
"""Ids in one `IN`: within a composite call no address limits them, but 500 is where GETs end."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition whose values are quoted already."""

    text: str


NOTHING = Condition("Id = null")
"""Holds for no record."""


def quoted(value: str) -> str:
    """Return a text as SOQL takes it. No text holds a NUL: the platform keeps none."""
    return "'" + value.replace("\0", "").translate(_ESCAPES) + "'"


def moment(at: datetime) -> str:
    """Return an instant as SOQL takes it: whole seconds, as stamps are."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def compared(column: str, operator: str, value: str) -> Condition:
    """Return a comparison with a text."""
    return Condition(f"{column} {operator} {quoted(value)}")


def at(column: str, operator: str, when: datetime) -> Condition:
    """Return a comparison with an instant."""
    return Condition(f"{column} {operator} {moment(when)}")


def says(column: str, *, value: bool) -> Condition:
    """Return a comparison with a truth value."""
    return Condition(f"{column} = {'true' if value else 'false'}")


def known(column: str) -> Condition:
    """Return that a column has a value."""
    return Condition(f"{column} != null")


def one_of(column: str, values: Iterable[str]) -> Condition:
    """Return that a column has one of some values, at least one of which is needed."""
    return Condition(f"{column} IN ({', '.join(quoted(value) for value in values)})")


def behind(stamp: str, when: datetime, identity: str, last: str) -> Condition:
    """Return what stands behind a row in the order of a stamp and an id."""
    instant = moment(when)
    return Condition(
        f"({stamp} > {instant} OR ({stamp} = {instant} AND {identity} > {quoted(last)}))"
    )


def select(
    columns: Sequence[str],
    source: str,
    conditions: Iterable[Condition] = (),
    *,
    order: Sequence[str] = (),
    most: int | None = None,
) -> str:
    """Return a query, for `most` records at most.

    Column and object names are the mapping's or describe's, never data. Names have no case: one
    that stands there twice, however spelled, is selected once.
    """
    named = {column.lower(): column for column in reversed(columns)}
    columns = [column for column in columns if named.pop(column.lower(), None)]
    where = " AND ".join(condition.text for condition in conditions)
    parts = [f"SELECT {', '.join(columns)} FROM {source}"]  # noqa: S608  no value of anybody's
    parts += [f"WHERE {where}"] if where else []
    parts += [f"ORDER BY {', '.join(order)}"] if order else []
    parts += [f"LIMIT {most}"] if most is not None else []
    return " ".join(parts)

"""What a query adds up: counts, extremes, sums and means of a field."""

from collections.abc import Iterable

from connector.sandbox.salesforce.binding import Bound
from connector.sandbox.salesforce.conditions import comparable
from connector.sandbox.salesforce.fields import NUMBERS
from connector.sandbox.salesforce.moments import rest_moment
from connector.sandbox.salesforce.refusals import malformed
from connector.sandbox.salesforce.table import Record


def aggregated(function: str, bound: Bound, rows: Iterable[Record]) -> object:
    """Return what a function makes of a field in some records; of no value but a count, null."""
    one = bound.field
    if not one.filterable or (function in {"SUM", "AVG"} and one.type not in NUMBERS):
        raise malformed(f"field {one.name} does not support aggregate operator {function}")
    if function == "COUNT_DISTINCT":
        read = comparable(bound)
        return len({value for record in rows if (value := read(record)) is not None})
    values = [value for record in rows if (value := bound.read(record)) is not None]
    if function == "COUNT":
        return len(values)
    return _shown(bound, _of(function, values)) if values else None


def _of(function: str, values: list[object]) -> object:
    if function == "MIN":
        return min(values)  # type: ignore[type-var]  # a column holds values of one type
    if function == "MAX":
        return max(values)  # type: ignore[type-var]  # the same
    total = sum(float(str(value)) for value in values)
    return total if function == "SUM" else total / len(values)


def _shown(bound: Bound, value: object) -> object:
    is_moment = bound.field.type == "datetime" and isinstance(value, int)
    return rest_moment(value) if is_moment else value  # type: ignore[arg-type]  # just told

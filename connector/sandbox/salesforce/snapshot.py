"""The answer of a bulk query as it was when the query ran, whatever is written afterwards."""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from io import StringIO

from connector.sandbox.salesforce.binding import Bound
from connector.sandbox.salesforce.moments import bulk_moment
from connector.sandbox.salesforce.table import Record

Column = Iterable[object]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The values of the records found, column by column as `names` and `bound` say."""

    names: Sequence[str]
    bound: Sequence[Bound]
    rows: list[tuple[object, ...]] = field(default_factory=list)

    def take(self, found: Iterable[Record]) -> None:
        """Add what some records hold at present."""
        reads = [one.read for one in self.bound]
        self.rows.extend([tuple([read(record) for read in reads]) for record in found])

    def csv(self, first: int, last: int, *, delimiter: str, ending: str) -> bytes:
        """Return a page as CSV, with its heading."""
        columns = zip(*self.rows[first:last], strict=True)
        shown = [_FORMATS.get(b.field.type, _as_is)(c) for b, c in zip(self.bound, columns)]  # noqa: B905 - there may be no rows
        file = StringIO()
        writer = csv.writer(file, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL)
        writer.writerow(self.names)
        writer.writerows(zip(*shown, strict=True))
        return file.getvalue().encode()


def _as_is(column: Column) -> Column:
    return column


def _moments(column: Column) -> Column:
    return [bulk_moment(value) if isinstance(value, int) else value for value in column]


def _booleans(column: Column) -> Column:
    return ["true" if value else "false" if value is not None else None for value in column]


_FORMATS: dict[str, Callable[[Column], Column]] = {"datetime": _moments, "boolean": _booleans}

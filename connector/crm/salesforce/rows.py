"""Records as flat texts: the same from REST's JSON and from a bulk result's CSV."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isfinite

from connector.crm.http import TryAgainError
from connector.crm.salesforce.judging import unavailable
from connector.crm.salesforce.refusal import Json

Row = Mapping[str, str | None]
"""One record: {column as asked for, `Account.Industry`: text; None for nothing}."""

csv.field_size_limit(2**27)  # a long text may be larger than the module's own limit


def flattener(columns: Sequence[str]) -> Callable[[Json], Row]:
    """Return a function that makes a row of a record as REST answers it."""
    direct = [column for column in columns if "." not in column]
    nested = [(column, column.split(".")) for column in columns if "." in column]

    def flat(record: Json) -> Row:
        row: dict[str, str | None] = {name: text_of(_value(record, name)) for name in direct}
        for column, path in nested:
            row[column] = text_of(_followed(record, path))
        return row

    return flat


def _followed(record: Json, path: Sequence[str]) -> object:
    value: object = record
    for step in path:
        if not isinstance(value, Mapping):
            return None
        value = _value(value, step)
    return value


def _value(record: Mapping[str, object], name: str) -> object:
    """Return a value by a name that may be spelled in another case than the org has it."""
    if name in record:
        return record[name]
    wanted = name.lower()
    return next((value for key, value in record.items() if key.lower() == wanted), None)


def text_of(value: object) -> str | None:
    """Return a JSON scalar as text: whole numbers without a point, as people write them."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return value if isinstance(value, str) else str(value)


def csv_rows(lines: Iterable[str]) -> Iterator[Row]:
    """Yield the rows of a bulk result. Its columns stand in the order of the query."""
    # Strict: a quote that is never closed is a result that was cut off.
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, None)
        width = len(header or ())
        for cells in reader:
            if len(cells) != width:
                raise _cut_off()
            yield {name: cell or None for name, cell in zip(header or (), cells, strict=True)}
    except csv.Error as error:
        raise _cut_off() from error


def _cut_off() -> TryAgainError:
    return TryAgainError(unavailable("a line of the bulk result is not whole"))


def tidier(columns: Sequence[str], numbers: frozenset[str]) -> Callable[[Row], Row]:
    """Return a function that makes a file's row the same as REST would have it.

    Numbers come as `45.0` or `1.2E7`, names as the org spells them.
    """

    def tidy(row: Row) -> Row:
        if row.keys() != wanted:
            lowered = {name.lower(): text for name, text in row.items()}
            row = {name: lowered.get(name.lower()) for name in columns}
        if not numbers:
            return row
        return {
            name: _number(text) if text and name in numbers else text for name, text in row.items()
        }

    wanted = set(columns)
    return tidy


def _number(text: str) -> str | None:
    try:
        value = float(text)
    except ValueError:
        return text
    return text_of(value) if isfinite(value) else text


def lines_of(pieces: Iterable[bytes]) -> Iterator[str]:
    """Yield lines of UTF-8 with their ends, however the bytes were cut; NULs are left out."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace").replace("\0", "") + "\n"
    if rest:
        yield rest.decode("utf-8", "replace").replace("\0", "")

"""Records as flat texts: the same from REST's JSON and from a bulk result's CSV."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

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
        row: dict[str, str | None] = {name: text_of(record.get(name)) for name in direct}
        for column, path in nested:
            row[column] = text_of(_followed(record, path))
        return row

    return flat


def _followed(record: Json, path: Sequence[str]) -> object:
    value: object = record
    for step in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


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
    reader = csv.reader(lines)
    header = next(reader, None)
    if header is None:
        return
    width = len(header)
    for cells in reader:
        if len(cells) != width:
            raise unavailable("a line of the bulk result is not whole")
        yield {name: cell or None for name, cell in zip(header, cells, strict=True)}


def lines_of(pieces: Iterable[bytes]) -> Iterator[str]:
    """Yield lines of UTF-8 with their ends, however the bytes were cut; NULs are left out."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace").replace("\0", "") + "\n"
    if rest:
        yield rest.decode("utf-8", "replace").replace("\0", "")

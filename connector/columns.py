"""Arrow columns of canonical values, with the folded twin that text conditions compare.

The store and offline scoring both build the tables of `connector.rules.tables` here, so that the
same values give the same columns whichever way they came.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from connector.domain.contact import Value
from connector.domain.text import fold
from connector.ports import SHOWN
from connector.rules.conditions import Kind
from connector.rules.tables import (
    ACTIVITY,
    ATTRIBUTE,
    CONTACT,
    FIELD,
    FOLDED,
    OPPORTUNITY,
    SQL_TYPE,
    STATE,
)

Column: TypeAlias = pa.Array | pa.ChunkedArray

_ARROW_TYPE: Mapping[str, pa.DataType] = {
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "BOOLEAN": pa.bool_(),
    "VARCHAR": pa.string(),
}
_PYTHON_TYPE: Mapping[Kind, type] = {
    Kind.TEXT: str,
    Kind.NUMBER: int,
    Kind.BOOLEAN: bool,
    Kind.MOMENT: int,
}
_DAY_US = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Beyond these years an instant is a slip of the keyboard; the offset of the nearest year will do.
_FIRST_YEAR, _LAST_YEAR = 1900, 2199


def schema_of(columns: Mapping[str, str]) -> pa.Schema:
    """Return the Arrow schema of {column: SQL type}."""
    return pa.schema([(name, _ARROW_TYPE[sql]) for name, sql in columns.items()])


def contact_schema(fields: Mapping[str, Kind]) -> pa.Schema:
    """Return the schema of the contact table with these fields."""
    return schema_of({**CONTACT, **_valued_columns(FIELD, fields)})


def opportunity_schema(fields: Mapping[str, Kind]) -> pa.Schema:
    """Return the schema of the table of opportunities to score, with these fields."""
    return schema_of({"opportunity": "VARCHAR", **_valued_columns(FIELD, fields)})


def activity_schema(attributes: Mapping[str, Kind]) -> pa.Schema:
    """Return the schema of the activity table with these attributes."""
    return schema_of({**ACTIVITY, **_valued_columns(ATTRIBUTE, attributes)})


def _valued_columns(prefix: str, kinds: Mapping[str, Kind]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for name, kind in kinds.items():
        columns[prefix + name] = SQL_TYPE[kind]
        if kind is Kind.TEXT:
            columns[prefix + name + FOLDED] = SQL_TYPE[kind]
    return columns


def value_column(values: Sequence[Value], kind: Kind) -> pa.Array:
    """Return values of one kind as a column.

    An empty text is unknown; so is a value of another kind, left from before a mapping changed.
    """
    if kind is Kind.TEXT:
        values = [value or None for value in values]
    arrow_type = _ARROW_TYPE[SQL_TYPE[kind]]
    try:
        return pa.array(values, arrow_type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return pa.array([v if _is_of(kind, v) else None for v in values], arrow_type)


def _is_of(kind: Kind, value: Value) -> bool:
    # `type` rather than `isinstance`: True is an int, but no number that a mapping meant.
    if type(value) is not _PYTHON_TYPE[kind]:
        return False
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def fold_column(column: Column) -> pa.Array:
    """Return a text column folded. Each distinct text is folded once."""
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = flat.dictionary_encode()
    distinct = [None if text is None else fold(text) for text in encoded.dictionary.to_pylist()]
    return pa.array(distinct, pa.string()).take(encoded.indices)


def local_days(instants: Column, zone: str) -> Column:
    """Return the days since 1970-01-01, in an IANA zone, of microseconds since 1970 UTC."""
    offsets = pa.scalar(0, pa.int64())
    for start_us, offset_us in _offsets(_years(instants), zone):
        offsets = pc.if_else(pc.greater_equal(instants, start_us), offset_us, offsets)
    local = pc.add(instants, offsets)
    days = pc.divide(local, _DAY_US)
    # Arrow divides towards zero; a day before 1970 needs the floor.
    is_above = pc.greater(pc.multiply(days, _DAY_US), local)
    return pc.subtract(days, pc.cast(is_above, pa.int64())).cast(pa.int32())


def local_day(instant: datetime, zone: str) -> int:
    """Return the same for one aware instant."""
    return (instant.astimezone(ZoneInfo(zone)).date() - _EPOCH.date()).days


def _years(instants: Column) -> list[int]:
    """Return the calendar years, in UTC, of instants."""
    found = pc.unique(pc.year(pc.cast(instants, pa.timestamp("us")))).to_pylist()
    return sorted({min(max(y, _FIRST_YEAR), _LAST_YEAR) for y in found if y is not None})


def _offsets(years: Iterable[int], zone: str) -> list[tuple[int, int]]:
    spans = [span for year in years for span in _offsets_of_year(year, zone)]
    # Before the first year that has rows there is nothing, except what was moved into its range.
    return [(-(2**63), spans[0][1]), *spans[1:]] if spans else []


@lru_cache(maxsize=4096)
def _offsets_of_year(year: int, zone: str) -> tuple[tuple[int, int], ...]:
    """Return (start, offset), both in microseconds, for each span of a UTC year with one offset.

    Looked at day by day: no zone has changed its clocks twice within one.
    """
    there = ZoneInfo(zone)
    start = datetime(year, 1, 1, tzinfo=UTC)
    days = [start + timedelta(days=n) for n in range(367)]
    spans = [(_us(start), _offset(start, there))]
    for before, after in pairwise(days):
        offset = _offset(after, there)
        if offset != spans[-1][1]:
            spans.append((_us(_change(before, after, there)), offset))
    return tuple(spans)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first second in (before, after] that has the offset of `after`."""
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        is_changed = _offset(before + timedelta(seconds=middle), zone) == _offset(after, zone)
        low, high = (low, middle) if is_changed else (middle, high)
    return before + timedelta(seconds=high)


def _offset(instant: datetime, zone: ZoneInfo) -> int:
    span = instant.astimezone(zone).utcoffset()
    return (span or timedelta()) // timedelta(microseconds=1)


def _us(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)


def table_of(schema: pa.Schema, rows: Sequence[Sequence[object]]) -> pa.Table:
    """Return rows, whose values stand in the order of the schema, as a table."""
    columns: Iterable[Sequence[object]] = zip(*rows, strict=True) if rows else [()] * len(schema)
    arrays = [_array(values, f.type) for values, f in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(values: Sequence[object], wanted: pa.DataType) -> pa.Array:
    if wanted == pa.bool_():  # SQLite has no truth values, only 0 and 1
        values = [None if value is None else bool(value) for value in values]
    return pa.array(values, wanted)


def contact_table(
    numbers: Sequence[int], values: Sequence[Mapping[str, Value]], fields: Mapping[str, Kind]
) -> pa.Table:
    """Return the contact table: `values[i]` holds the fields of contact `numbers[i]`."""
    columns = {"contact": pa.array(numbers, pa.int64())}
    for name, kind in fields.items():
        columns[FIELD + name] = value_column([v.get(name) for v in values], kind)
    return with_derived(pa.table(columns), contact_schema(fields))


def opportunity_table(
    ids: Sequence[str], values: Sequence[Mapping[str, Value]], fields: Mapping[str, Kind]
) -> pa.Table:
    """Return the table of opportunities to score: `values[i]` holds the fields of `ids[i]`."""
    columns = {"opportunity": pa.array(ids, pa.string())}
    for name, kind in fields.items():
        columns[FIELD + name] = value_column([v.get(name) for v in values], kind)
    return with_derived(pa.table(columns), opportunity_schema(fields))


def with_derived(table: pa.Table, schema: pa.Schema, zone: str | None = None) -> pa.Table:
    """Return `table` with exactly the columns of `schema`.

    Folded twins are computed, and `day` from `occurred_us` if a zone is given; any other column
    that is missing, or of another type, is NULL throughout.
    """
    return pa.Table.from_arrays([_column(table, f, zone) for f in schema], schema=schema)


def _column(table: pa.Table, wanted: pa.Field, zone: str | None) -> Column:
    if wanted.name == "day" and zone is not None:
        return local_days(table["occurred_us"], zone)
    if wanted.name in table.column_names:
        column = table[wanted.name]
        return column if column.type == wanted.type else pa.nulls(len(table), wanted.type)
    source = wanted.name.removesuffix(FOLDED)
    if source != wanted.name and source in table.column_names:
        column = table[source]
        if column.type == pa.string():
            return fold_column(column)
    return pa.nulls(len(table), wanted.type)


OPPORTUNITY_SCHEMA: pa.Schema = schema_of(OPPORTUNITY)
STATE_SCHEMA: pa.Schema = schema_of({**STATE, **SHOWN})
"""`connector.rules.tables.STATE`, and behind it `connector.ports.SHOWN`."""

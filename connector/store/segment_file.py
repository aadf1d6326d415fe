"""How activities lie in a Parquet file: so that a question reads little of it.

Rows are grouped by contact, so that one contact's history stands in one group; within a group they
stand by type, because rules ask for types: what is not asked for is passed over whole.
"""

from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

GROUP = 65_536
"""Rows of a group: few enough to find one contact quickly, enough for long runs of each type."""

_BY_CONTACT = [(name, "ascending") for name in ("contact", "occurred_us", "activity")]
_BY_TYPE = [("type", "ascending"), *_BY_CONTACT]

_ENCODING = {
    # Numbers that rise, or nearly so, and names that are all different.
    **dict.fromkeys(("contact", "occurred_us", "day"), "DELTA_BINARY_PACKED"),
    "activity": "DELTA_LENGTH_BYTE_ARRAY",
}


def write_rows(rows: pa.Table, sink: IO[bytes]) -> None:
    """Write activities, columns as `activity_schema` names them, in whatever order they come."""
    rows = rows.sort_by(_BY_CONTACT)
    listed = [
        field.name
        for field in rows.schema
        if pa.types.is_string(field.type) and field.name not in _ENCODING
    ]
    # Arrow's schema is left out: texts come back as texts, whatever encoded them.
    with pq.ParquetWriter(
        sink,
        rows.schema,
        compression="zstd",
        store_schema=False,
        use_dictionary=listed,
        column_encoding=_ENCODING,
    ) as writer:
        for start in range(0, len(rows), GROUP):
            group = rows.slice(start, GROUP)
            writer.write_table(group.sort_by(_BY_TYPE), row_group_size=GROUP)

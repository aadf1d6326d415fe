"""How activities lie in a file: found by contact, read by type."""

import io
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from connector.columns import activity_schema
from connector.rules.conditions import Kind
from connector.store import segment_file

SCHEMA = activity_schema({"topic": Kind.TEXT, "minutes": Kind.NUMBER, "delivered_at": Kind.MOMENT})


def made_up(count: int) -> pa.Table:
    """Activities of as many contacts as there are groups of 100, shuffled by a prime."""
    numbers = [(no * 7919) % count for no in range(count)]
    columns = {
        "contact": [no // 100 for no in numbers],
        "activity": [f"forms:{no}" for no in numbers],
        "type": [("email_click", "page_view", "email_open")[no % 3] for no in numbers],
        "occurred_us": [1_767_225_600_000_000 + no % 100 * 60_000_000 for no in numbers],
        "day": [20_454 + no % 5 for no in numbers],
        "is_outbound": [no % 11 == 0 for no in numbers],
        "a_topic": [None if no % 4 else f"Sujet {no % 8}" for no in numbers],
        "a_topic_folded": [None if no % 4 else f"sujet {no % 8}" for no in numbers],
        "a_minutes": [no % 60 or None for no in numbers],
        "a_delivered_at": [None] * count,
    }
    return pa.table(columns, schema=SCHEMA)


def written(rows: pa.Table) -> io.BytesIO:
    sink = io.BytesIO()
    segment_file.write_rows(rows, sink)
    return sink


def test_what_is_read_is_what_was_written() -> None:
    rows = made_up(segment_file.GROUP + 1_000)
    order = [("activity", "ascending")]
    read = pq.ParquetFile(written(rows)).read()
    assert read.schema.equals(SCHEMA)
    assert read.sort_by(order).equals(rows.sort_by(order))


def test_a_contact_stands_together_and_types_within() -> None:
    file = pq.ParquetFile(written(made_up(2 * segment_file.GROUP + 1_000)))
    assert file.num_row_groups == 3
    before = -1
    for number in range(file.num_row_groups):
        group = file.read_row_group(number)
        contacts, types = (group[name].to_pylist() for name in ("contact", "type"))
        assert min(contacts) >= before, "a contact is in one group, at most cut in two"
        before = max(contacts)
        assert types == sorted(types)


def test_the_engine_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(written(made_up(1_000)).getvalue())
    query = f"SELECT COUNT(*), SUM(day), MAX(activity), COUNT(a_topic) FROM '{path}'"  # noqa: S608
    days = sum(20_454 + no % 5 for no in range(1_000))
    assert duckdb.connect().execute(query).fetchall() == [(1_000, days, "forms:999", 250)]


def test_no_rows_are_a_file_too() -> None:
    read = pq.ParquetFile(written(SCHEMA.empty_table())).read()
    assert read.num_rows == 0
    assert read.schema.names == SCHEMA.names

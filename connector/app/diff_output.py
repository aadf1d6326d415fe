"""Where the contacts that differ go: a stream or a file, as JSON lines, CSV or Parquet."""

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from connector.app.score_output import Form, Writer
from connector.app.score_rows import harmless, json_lines, rows_of
from connector.domain.numbers import from_millionths


class _JsonWriter(Writer):
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, table: pa.Table) -> None:
        self._stream.writelines(json_lines(table))


class _CsvWriter(Writer):
    def __init__(self, stream: BinaryIO, schema: pa.Schema) -> None:
        self._stream = stream
        stream.write(("\ufeff" + ",".join(schema.names) + "\n").encode())

    def write(self, table: pa.Table) -> None:
        for lines in table.to_batches(max_chunksize=10_000):
            page = io.StringIO()
            writer = csv.writer(page, lineterminator="\n")
            writer.writerows(_cells(row) for row in rows_of(pa.Table.from_batches([lines])))
            self._stream.write(page.getvalue().encode())


class _ParquetWriter(Writer):
    def __init__(self, writer: pq.ParquetWriter) -> None:
        self._writer = writer

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table)


@contextmanager
def writer_for(stream: BinaryIO | None, form: Form, schema: pa.Schema) -> Iterator[Writer]:
    """Return what writes the rows, columns as in `schema`, in a form."""
    if stream is None or form == "table":
        yield Writer()
    elif form == "json":
        yield _JsonWriter(stream)
    elif form == "csv":
        yield _CsvWriter(stream, schema)
    else:
        with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
            yield _ParquetWriter(writer)


def _cells(row: Mapping[str, object]) -> list[object]:
    return [_cell(value) for value in row.values()]


def _cell(value: object) -> object:
    if isinstance(value, list):
        return harmless("; ".join(told(change) for change in value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return harmless(value) if isinstance(value, str) else value


def told(change: Mapping[str, object]) -> str:
    """Return one line's change in a few words: `Demo requested 20 → 30`."""
    before, after = (from_millionths(int(str(change[name]))) for name in ("before", "after"))
    return f"{change['label']} {before} → {after}"

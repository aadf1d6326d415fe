"""Where the rows of a score go: a stream or a file, as JSON lines, CSV or Parquet."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from connector.app.score_rows import csv_header, csv_lines, json_lines, row_schema
from connector.errors import StoreError
from connector.rules.explain import Words

Form = Literal["table", "json", "csv", "parquet"]


@contextmanager
def written(out: Path | BinaryIO | None) -> Iterator[BinaryIO | None]:
    """Open what is written to; a file takes its name only once it is complete."""
    if not isinstance(out, Path):
        yield out
        return
    unfinished = out.with_name(f".{out.name}.unfinished")
    try:
        with unfinished.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(out)
    except OSError as error:
        raise StoreError(
            what="The scores could not be written",
            where=str(out),
            do="Check that the folder exists, may be written to and has room; then score again.",
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


class Writer:
    """Writes nothing."""

    def write(self, table: pa.Table) -> None:
        """Write the rows of one part."""


class _JsonWriter(Writer):
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, table: pa.Table) -> None:
        self._stream.writelines(json_lines(table))


class _CsvWriter(Writer):
    def __init__(self, stream: BinaryIO, words: Words, schema: pa.Schema) -> None:
        self._stream, self._words = stream, words
        stream.write(csv_header(schema))

    def write(self, table: pa.Table) -> None:
        self._stream.writelines(csv_lines(table, self._words))


class _ParquetWriter(Writer):
    def __init__(self, writer: pq.ParquetWriter) -> None:
        self._writer = writer

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table)


@contextmanager
def writer_for(
    stream: BinaryIO | None, form: Form, words: Words, schema: pa.Schema | None = None
) -> Iterator[Writer]:
    """Return what writes rows in a form. `schema`: of these; by default that of contacts' rows."""
    schema = row_schema(words.rules) if schema is None else schema
    if stream is None or form == "table":
        yield Writer()
    elif form == "json":
        yield _JsonWriter(stream)
    elif form == "csv":
        yield _CsvWriter(stream, words, schema)
    else:
        with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
            yield _ParquetWriter(writer)

"""Activities in Parquet: immutable files by bucket, named in the manifest (table `segment`).

A file is written, synced, renamed, and only then named in the manifest; a file that the manifest
does not name does not exist, whatever the disk says.
"""

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from connector.columns import activity_schema, with_derived
from connector.errors import StoreError
from connector.ports import Clock
from connector.rules.conditions import Kind
from connector.store.database import Database
from connector.store.encoding import to_json, to_us
from connector.store.failures import REBUILD
from connector.store.segment_file import write_rows

GRACE = timedelta(hours=1)
"""How long a replaced file stays, for processes that read while a run goes on."""

_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)

_LIVE = """
SELECT path, n_rows, shape FROM segment WHERE bucket = ? AND retired_us IS NULL ORDER BY path
"""


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of a bucket. `shape`: which attribute columns it has, see `Segments.shape`."""

    path: str
    bucket: int
    n_rows: int
    shape: str


class Segments:
    """The files below `activities`, and which of them count."""

    def __init__(
        self, database: Database, folder: Path, *, attributes: Mapping[str, Kind], clock: Clock
    ) -> None:
        self._database = database
        self._folder = folder
        self._clock = clock
        self.schema: pa.Schema = activity_schema(attributes)
        self.shape = to_json({name: str(kind) for name, kind in attributes.items()})

    def live(self, bucket: int) -> list[Segment]:
        """Return the segments that make up a bucket; together their rows are unique."""
        return [
            Segment(str(path), bucket, int(str(n_rows)), str(shape))
            for path, n_rows, shape in self._database.rows(_LIVE, [bucket])
        ]

    def outdated_buckets(self) -> set[int]:
        """Return buckets with files from before the mapping's attributes changed."""
        rows = self._database.rows(
            "SELECT DISTINCT bucket FROM segment WHERE retired_us IS NULL AND shape <> ?",
            [self.shape],
        )
        return {int(str(bucket)) for (bucket,) in rows}

    def file(self, segment: Segment) -> Path:
        """Return where a segment stands."""
        return self._folder / segment.path

    def read(self, segments: Sequence[Segment], contacts: Sequence[int] | None = None) -> pa.Table:
        """Return the rows of segments, or of some contacts in them, with the columns of today."""
        only = (
            None if contacts is None else ds.field("contact").isin(pa.array(contacts, pa.int64()))
        )
        current = [self.file(s) for s in segments if s.shape == self.shape]
        tables = [self.schema.empty_table()]
        if current:
            tables.append(ds.dataset(current, schema=self.schema).to_table(filter=only))
        for segment in segments:
            if segment.shape != self.shape:
                table = pq.ParquetFile(self.file(segment)).read()
                table = table if only is None else table.filter(only)
                tables.append(with_derived(table, self.schema))
        return pa.concat_tables(tables)

    def write(self, bucket: int, rows: pa.Table) -> Segment:
        """Write rows to a new file, durably. It counts once it is in the manifest."""
        folder = self._folder / f"bucket={bucket:02d}"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / f"{secrets.token_hex(8)}.parquet"
        unfinished = file.with_suffix(".tmp")
        with os.fdopen(os.open(unfinished, _NEW, 0o600), "wb") as sink:
            write_rows(rows, sink)
            sink.flush()
            os.fsync(sink.fileno())
        unfinished.rename(file)
        _sync_folder(folder)
        return Segment(f"{folder.name}/{file.name}", bucket, len(rows), self.shape)

    def commit(self, written: Sequence[Segment], replaced: Sequence[Segment]) -> None:
        """Name new files in the manifest, retire those they replace; the caller's transaction."""
        self._database.run_many(
            "INSERT INTO segment (path, bucket, n_rows, shape) VALUES (?, ?, ?, ?)",
            [(s.path, s.bucket, s.n_rows, s.shape) for s in written],
        )
        now_us = to_us(self._clock.now())
        self._database.run_many(
            "UPDATE segment SET retired_us = ? WHERE path = ?", [(now_us, s.path) for s in replaced]
        )

    def sweep(self) -> None:
        """Delete files that the manifest does not name, or retired a while ago. Needs the lease."""
        before_us = to_us(self._clock.now() - GRACE)
        kept = {
            str(path)
            for (path,) in self._database.rows(
                "SELECT path FROM segment WHERE retired_us IS NULL OR retired_us > ?", [before_us]
            )
        }
        for file in self._folder.glob("bucket=*/*"):
            if f"{file.parent.name}/{file.name}" not in kept:
                file.unlink()
        with self._database.writing():
            self._database.run("DELETE FROM segment WHERE retired_us <= ?", [before_us])

    def refuse_missing(self) -> None:
        """Raise StoreError if the manifest names a file that is not there."""
        live = self._database.rows("SELECT path FROM segment WHERE retired_us IS NULL")
        missing = [path for (path,) in live if not (self._folder / str(path)).exists()]
        if missing:
            raise StoreError(
                what=f"{len(missing)} of {len(live)} files of activities are missing",
                where=str(self._folder / str(missing[0])),
                do=REBUILD,
            )


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut; Windows does that by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

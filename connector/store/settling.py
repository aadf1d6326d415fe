"""Settling: activities leave the database for Parquet, every bucket holding each of them once.

Reading de-duplicates nothing, so settling has to: of two versions of an activity the later one
stays, and an activity that a merge brought along stays once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from connector.columns import with_derived
from connector.domain.contact import RETRACTED
from connector.rules.tables import FOLDED
from connector.store.database import Database
from connector.store.encoding import json_list
from connector.store.landing import load_landed
from connector.store.segments import Segment, Segments

ROUND = 400_000
"""Rows that are settled at a time: the measure of memory."""
MOST_SEGMENTS = 8
"""Files that a bucket may have before small ones are written anew as one."""

_KEY = ["contact", "activity"]

_NOWHERE = pa.array([], pa.int64())

_NEXT_ROUND = """
SELECT id, batch FROM
    (SELECT id, batch, sum(n_rows) OVER (ORDER BY id) - n_rows AS before FROM landing)
WHERE before < ? ORDER BY id
"""

_MOVING = """
SELECT no, status IN ('merged', 'gone') FROM moving JOIN contact USING (no)
"""


@dataclass(frozen=True, slots=True)
class _Change:
    """What a bucket becomes: files to name, files to retire."""

    written: Sequence[Segment]
    replaced: Sequence[Segment]


class Settling:
    """Moves landed activities into segments.

    `at_step` is told each step by name, so that a test can cut it off there.
    """

    def __init__(
        self,
        database: Database,
        segments: Segments,
        *,
        buckets: int,
        at_step: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._segments = segments
        self._buckets = buckets
        self._at_step = at_step
        derived = {"day", *(n for n in segments.schema.names if n.endswith(FOLDED))}
        self._raw = pa.schema([field for field in segments.schema if field.name not in derived])

    def settle(self, zone: str) -> None:
        """Settle all that landed, and let the activities of merged and deleted contacts follow.

        Each round ends with one transaction. Cut off before it, nothing happened; the files that
        were written are swept later.
        """
        while True:
            landed = self._database.rows(_NEXT_ROUND, [ROUND])
            moving = self._database.rows(_MOVING)
            outdated = self._segments.outdated_buckets()
            if not (landed or moving or outdated):
                return
            self._at_step("read")
            arrived = self._arrived([batch for _, batch in landed])
            # A contact that the CRM restored since stays where it is.
            leaving = self._by_bucket(int(str(no)) for no, is_leaving in moving if is_leaving)
            changes = self._changes(arrived, leaving, outdated, zone)
            self._at_step("written")
            with self._database.writing():
                for change in changes:
                    self._segments.commit(change.written, change.replaced)
                done = json_list(id_ for id_, _ in landed)
                self._database.run(
                    "DELETE FROM landing WHERE id IN (SELECT value FROM json_each(?))", [done]
                )
                self._database.run(
                    "DELETE FROM moving WHERE no IN (SELECT value FROM json_each(?))",
                    [json_list(no for no, _ in moving)],
                )
                self._at_step("recorded")
            self._at_step("committed")

    def _arrived(self, blobs: Sequence[object]) -> pa.Table:
        pages = [with_derived(page, self._raw) for page in load_landed(blobs)]
        return pa.concat_tables([self._raw.empty_table(), *pages])

    def _changes(
        self, arrived: pa.Table, leaving: Mapping[int, list[int]], outdated: set[int], zone: str
    ) -> list[_Change]:
        redirect = _Redirect(self._database)
        moved = [
            self._segments.read(self._segments.live(bucket), contacts).select(self._raw.names)
            for bucket, contacts in leaving.items()
        ]
        brought = pa.concat_tables([self._raw.empty_table(), *moved])
        # What was read of the survivor itself comes last, and wins.
        rows = redirect.apply(_marked(brought, is_moved=True), _marked(arrived, is_moved=False))
        places = self._places_by_bucket(rows["contact"])
        changes = []
        for bucket in sorted({*places, *leaving, *outdated}):
            part = _latest(rows.take(places.get(bucket, _NOWHERE)))
            changes.append(self._change(bucket, part, leaving.get(bucket, []), zone))
            self._at_step("bucket")
        return changes

    def _by_bucket(self, contacts: Iterable[int]) -> dict[int, list[int]]:
        parts: dict[int, list[int]] = {}
        for no in contacts:
            parts.setdefault(no % self._buckets, []).append(no)
        return parts

    def _places_by_bucket(self, contact: pa.ChunkedArray) -> dict[int, pa.Array]:
        """Return {bucket: where its rows are}, in the order in which they landed."""
        whole = pc.multiply(pc.divide(contact, self._buckets), self._buckets)
        bucket = pc.subtract(contact, whole).combine_chunks()
        order = pc.sort_indices(bucket)  # stable
        runs = pc.run_end_encode(bucket.take(order))
        places, start = {}, 0
        for value, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
            places[value] = order.slice(start, end - start)
            start = end
        return places

    def _change(self, bucket: int, rows: pa.Table, leaving: Sequence[int], zone: str) -> _Change:
        live = self._segments.live(bucket)
        rows, changed = self._compare(live, rows)
        rows = rows.filter(pc.not_equal(rows["type"], RETRACTED))
        new = with_derived(rows, self._segments.schema, zone)
        is_outdated = any(segment.shape != self._segments.shape for segment in live)
        if len(changed) or (leaving and live) or is_outdated:
            replaced: Sequence[Segment] = live
        else:
            replaced = _small(live) if len(new) and len(live) >= MOST_SEGMENTS else []
        if replaced:
            kept = self._segments.read(replaced)
            is_leaving = pc.is_in(kept["contact"], pa.array(leaving, pa.int64()))
            kept = _without(kept.filter(pc.invert(is_leaving)), changed)
            new = pa.concat_tables([kept, new])
        return _Change([self._segments.write(bucket, new)] if len(new) else [], replaced)

    def _compare(self, live: Sequence[Segment], rows: pa.Table) -> tuple[pa.Table, pa.Table]:
        """Return the rows that are not there, and the keys of those there in another version."""
        keys = rows.select(_KEY)
        if not live or not len(rows):
            return rows.drop_columns("is_moved"), keys.slice(0, 0)
        contacts = pc.unique(rows["contact"]).to_pylist()
        stored = self._segments.read(live, contacts).select(self._raw.names)
        rows = _unstored(rows, stored)
        known = rows.join(stored.select(_KEY), keys=_KEY, join_type="left semi")
        replacing = known.filter(pc.invert(known["is_moved"])).select(_KEY)
        dropped = known.filter(known["is_moved"]).select(_KEY)
        rows = _without(rows, dropped).drop_columns("is_moved")
        return rows, replacing


class _Redirect:
    """Where the activities of merged contacts belong; those of deleted ones belong nowhere."""

    def __init__(self, database: Database) -> None:
        rows = database.rows(
            "SELECT no, merged_into FROM contact WHERE status IN ('merged', 'gone')"
        )
        self._from = pa.array([no for no, _ in rows], pa.int64())
        self._to = pa.array([into for _, into in rows], pa.int64())

    def apply(self, *tables: pa.Table) -> pa.Table:
        rows = pa.concat_tables(tables)
        place = pc.index_in(rows["contact"], value_set=self._from)
        target = self._to.take(place.combine_chunks())
        contact = pc.if_else(pc.is_valid(place), target, rows["contact"])
        rows = rows.set_column(0, "contact", contact)
        return rows.filter(pc.is_valid(rows["contact"]))


def _small(live: Sequence[Segment]) -> list[Segment]:
    """Return the segments to be merged: from the smallest up to where one outweighs all before it.

    So a row is written anew as often as the bucket doubles, not each time that it gets a new file.
    """
    chosen: list[Segment] = []
    weight = 0
    for segment in sorted(live, key=lambda segment: segment.n_rows):
        if chosen and segment.n_rows > weight:
            break
        chosen.append(segment)
        weight += segment.n_rows
    return chosen


def _places(n_rows: int) -> pa.Array:
    return pc.subtract(pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), n_rows)), 1)


def _marked(rows: pa.Table, *, is_moved: bool) -> pa.Table:
    return rows.append_column("is_moved", pa.repeat(pa.scalar(is_moved), len(rows)))


def _latest(rows: pa.Table) -> pa.Table:
    """Return the last row of each activity of each contact."""
    places = rows.select(_KEY).append_column("place", _places(len(rows)))
    last = places.group_by(_KEY).aggregate([("place", "max")])
    return rows if len(last) == len(rows) else rows.take(last["place_max"])


def _unstored(rows: pa.Table, stored: pa.Table) -> pa.Table:
    """Return the rows that are not in `stored` with the very same values."""
    # Grouping, not joining: in a join an unknown value equals nothing, not even the same unknown.
    places = stored.append_column("place", pa.repeat(pa.scalar(-1), len(stored)))
    asked = rows.drop_columns("is_moved").append_column("place", _places(len(rows)))
    places = places.cast(asked.schema)
    groups = pa.concat_tables([places, asked]).group_by(stored.column_names)
    found = groups.aggregate([("place", "min")])["place_min"]
    return rows.take(found.filter(pc.greater_equal(found, 0)))


def _without(rows: pa.Table, keys: pa.Table) -> pa.Table:
    if not len(keys):
        return rows
    return rows.join(keys, keys=_KEY, join_type="left anti")

# ruff: noqa: S608  names in SQL are ours or quoted
"""What was read from files, handed out part by part as the facts that an engine takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connector.columns import (
    OPPORTUNITY_SCHEMA,
    STATE_SCHEMA,
    activity_schema,
    contact_schema,
    opportunity_schema,
    with_derived,
)
from connector.engine.connection import interruptible
from connector.engine.offline_columns import LOCAL
from connector.engine.offline_zone import to_instants
from connector.errors import StoreError
from connector.ports import Facts
from connector.rules.plan import CompiledRules
from connector.rules.sql import identifier

_OF_OPPORTUNITY = {
    "amount": "f_amount",
    "probability": "f_probability",
    "created_us": "f_created",
    "close_us": "f_closes",
}
STAGING = ("file", "key", "problem", "problem_text")
"""Columns that only tell of mistakes."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn what an admin can mend into a StoreError."""
    try:
        with interruptible():
            yield
    except (duckdb.OutOfMemoryException, duckdb.IOException, OSError) as error:
        raise StoreError(
            what="The files could not be read: disk or memory failed.",
            where="reading files to score",
            do="Check that the files can be read and that the folder for temporary files has room.",
        ) from error


@dataclass(frozen=True, slots=True)
class Part:
    """Some contacts with all that belongs to them; `ids[i]` is the id of the i-th contact."""

    ids: pa.ChunkedArray
    facts: Facts


@dataclass(slots=True)
class Offline:
    """What was read. `notes`: sentences on what was left out.

    Contacts are numbered from 1 in the order of their ids, whatever the order of the rows.
    """

    compiled: CompiledRules
    zone: str
    folder: Path
    connection: duckdb.DuckDBPyConnection
    contacts: int = 0
    activities: int = 0
    opportunities: int = 0
    parts_total: int = 1
    notes: list[str] = field(default_factory=list)
    repeated: dict[int, int] = field(default_factory=dict)

    def parts(self, *, again: bool = False) -> Iterator[Part]:
        """Yield the contacts part by part, in the order of their ids.

        `again`: they are gone through once more, so that this time nothing is noted.
        """
        for part in range(self.parts_total if self.contacts else 0):
            with explained():
                found = self._part(part)
            yield found
        if not again:
            self.note_repeated("activities", sum(self.repeated.values()))

    def note_repeated(self, name: str, rows: int) -> None:
        """Note how many rows stood aside for another of the same id."""
        if rows:
            self.notes.append(
                f"{name}: {rows:,} repeated an id of the same contact; the latest counts"
            )

    def note_unknown(self, name: str, rows: int, *, has_score: bool = False) -> None:
        """Note how many rows belong to nobody in the file; `has_score`: they have one all the same.

        Then only the person is missing from it.
        """
        if not rows:
            return
        if has_score:
            told = f"{rows:,} rows name no contact of the file, so that nobody takes part by them"
        else:
            told = f"{rows:,} left out, as their contact is not in the file"
        self.notes.append(f"{name}: {told}")

    def open_opportunities(self, as_of_us: int) -> pa.Table:
        """Return the open opportunities, with the fields that give them a score, by their ids."""
        second = self.compiled.opportunities
        fields = second.fields if second else {}
        with explained():
            rows = self.connection.sql(
                "SELECT * FROM every_opportunity ORDER BY opportunity"
            ).to_arrow_table()
            rows = _with_instants(rows, self.zone)
        if not len(rows):
            return opportunity_schema(fields).empty_table()
        is_open = pc.invert(pc.fill_null(rows["is_closed"], False))  # noqa: FBT003  a value
        is_there = pc.less_equal(rows["created_us"], as_of_us)
        rows = rows.filter(pc.and_(is_open, is_there))
        names = [_OF_OPPORTUNITY.get(name, name) for name in rows.column_names]
        return with_derived(rows.rename_columns(names), opportunity_schema(fields))

    def activities_of(self, part: int) -> pa.Table:
        """Return the activities of one of `parts_total` parts."""
        with explained():
            return self._activities(part)

    def people_of(self, part: int) -> pa.Table:
        """Return the contacts of one of `parts_total` parts."""
        with explained():
            return self._people(self._select("contact", part))

    def _people(self, contact: pa.Table) -> pa.Table:
        return with_derived(contact, contact_schema(self.compiled.fields))

    def _part(self, part: int) -> Part:
        contact = self._select("contact", part)
        facts = Facts(
            contact=self._people(contact),
            activity=self._activities(part),
            opportunity=with_derived(self._select("opportunity", part), OPPORTUNITY_SCHEMA),
            state=STATE_SCHEMA.empty_table(),
        )
        return Part(ids=contact["id"], facts=facts)

    def _select(self, table: str, part: int) -> pa.Table:
        rows = self.connection.sql(
            f"SELECT * EXCLUDE (part) FROM {table} WHERE part = {part} ORDER BY contact"
        ).to_arrow_table()
        return _with_instants(rows, self.zone)

    def _activities(self, part: int) -> pa.Table:
        schema = activity_schema(self.compiled.attributes)
        files = sorted((self.folder / f"part={part}").glob("*.parquet"))
        if not files:
            return schema.empty_table()
        rows = pa.concat_tables([_read(file) for file in files])
        rows = _with_instants(rows, self.zone)
        return with_derived(self._unique(rows, part), schema, self.zone)

    def _unique(self, rows: pa.Table, part: int) -> pa.Table:
        """Return one row for each activity, the latest; the rest is counted."""
        distinct = rows.group_by(["contact", "activity"]).aggregate([]).num_rows
        if distinct == len(rows):
            return rows
        self.repeated[part] = len(rows) - distinct
        self.connection.register("arriving", rows)
        # By every column, so that the choice does not depend on the order of the rows.
        order = ", ".join(identifier(name) for name in rows.column_names)
        kept = self.connection.sql(
            "SELECT * FROM arriving QUALIFY row_number() OVER ("
            f"PARTITION BY contact, activity ORDER BY occurred_us DESC, {order}) = 1"
        ).to_arrow_table()
        self.connection.unregister("arriving")
        return kept


def _read(file: Path) -> pa.Table:
    """Return what one file holds of a part, without what only told of mistakes."""
    with pq.ParquetFile(file) as parquet:
        names = parquet.schema_arrow.names
        return parquet.read([name for name in names if name not in STAGING])


def _with_instants(rows: pa.Table, zone: str) -> pa.Table:
    """Return rows whose moments are all of UTC."""
    for name in [each for each in rows.column_names if each.endswith(LOCAL)]:
        is_local = pc.fill_null(rows[name], False)  # noqa: FBT003  it is a value, not a flag
        rows = rows.drop_columns([name])
        if pc.any(is_local).as_py():
            moment = name.removesuffix(LOCAL)
            instants = to_instants(rows[moment], zone)
            chosen = pc.if_else(is_local, instants, rows[moment])
            rows = rows.set_column(rows.column_names.index(moment), moment, chosen)
    return rows

# ruff: noqa: S608  names come from the plan's own tables, paths and fields are quoted
"""Brings what an evaluation reads into the engine, with exactly the columns that the plan names."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from connector.domain.moment import Moment
from connector.ports import Facts
from connector.rules import sql
from connector.rules.conditions import Kind
from connector.rules.plan import CompiledRules, Constants, OpportunityPlan
from connector.rules.tables import (
    ACTIVITY,
    ATTRIBUTE,
    CONTACT,
    FIELD,
    FOLDED,
    OPPORTUNITY,
    SQL_TYPE,
    STATE,
    TAKING_PART,
    WORKING,
)

ARROW_TYPE = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "BOOLEAN": pa.bool_(),
}

FEW = 1_000
"""Up to how many contacts their activities are taken out of the files first.

For more, reading a file at each mention in the plan is quicker than writing it all down.
"""


def is_few(contact: pa.Table) -> bool:
    """Return whether there are so few contacts that what is done once costs more than they do."""
    return bool(contact.num_rows <= FEW)


def load_constants(connection: duckdb.DuckDBPyConnection, constants: Constants) -> None:
    """Create the table of some constants."""
    rows = zip(*constants.rows, strict=True) if constants.rows else ([] for _ in constants.columns)
    table = pa.table(
        {
            name: pa.array(list(values), ARROW_TYPE[kind])
            for (name, kind), values in zip(constants.columns.items(), rows, strict=True)
        }
    )
    create_table(connection, constants.name, table)


def create_table(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """Copy an Arrow table into the engine."""
    connection.register("arriving", table)
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM arriving")
    finally:
        connection.unregister("arriving")


def moment_table(as_of_us: int, as_of_day: int) -> pa.Table:
    """Return the one-row table that says when it is."""
    return pa.table(
        {
            "as_of_us": pa.array([as_of_us], pa.int64()),
            "as_of_day": pa.array([as_of_day], pa.int32()),
        }
    )


def moment_tables(compiled: CompiledRules, at: Moment) -> Mapping[str, pa.Table]:
    """Return the tables that say when it is, and when sales works around that time."""
    hours = zip(*compiled.working(at), strict=True)
    return {
        "moment": moment_table(at.us, at.day),
        "working": pa.table(
            {
                name: pa.array(values, ARROW_TYPE[kind])
                for (name, kind), values in zip(WORKING.items(), hours, strict=True)
            }
        ),
    }


def load_facts(
    connection: duckdb.DuckDBPyConnection, compiled: CompiledRules, facts: Facts
) -> tuple[str, ...]:
    """Make the four inputs readable under the names that the plan uses.

    Returns what is registered with the connection, to be taken away again.
    """
    wanted = columns_read(compiled)
    tables = {"contact": facts.contact, "opportunity": facts.opportunity, "state": facts.state}
    shown = load_activities(connection, compiled, facts.activity)
    return (
        *(_show(connection, name, table, wanted[name]) for name, table in tables.items()),
        *shown,
    )


def load_opportunities(
    connection: duckdb.DuckDBPyConnection,
    plan: OpportunityPlan,
    opportunity: pa.Table,
    taking_part: pa.Table,
) -> tuple[str, ...]:
    """Make what the second turn reads readable; returns what is registered with the connection."""
    wanted = {"opportunity": "VARCHAR", **columns_of(plan.fields, FIELD)}
    return (
        _show(connection, "opportunity", opportunity, wanted),
        _show(connection, "taking_part", taking_part, TAKING_PART),
    )


def columns_read(compiled: CompiledRules) -> Mapping[str, Mapping[str, str]]:
    """Return the four inputs of a plan, {table: {column: SQL type}}."""
    return {
        "contact": {**CONTACT, **columns_of(compiled.fields, FIELD)},
        "activity": {**ACTIVITY, **columns_of(compiled.attributes, ATTRIBUTE)},
        "opportunity": OPPORTUNITY,
        "state": STATE,
    }


def as_read(table: pa.Table, wanted: Mapping[str, str]) -> pa.Table:
    """Return a table with exactly the columns {name: SQL type}; what is not there is unknown."""
    present = set(table.column_names)
    return pa.table(
        {
            name: table[name].cast(ARROW_TYPE[kind])
            if name in present
            else pa.nulls(table.num_rows, ARROW_TYPE[kind])
            for name, kind in wanted.items()
        }
    )


def load_activities(
    connection: duckdb.DuckDBPyConnection,
    compiled: CompiledRules,
    activity: pa.Table | Sequence[Path],
) -> tuple[str, ...]:
    """Make activities readable as `activity`.

    Returns what is registered with the connection, to be taken away again.
    """
    wanted = columns_read(compiled)["activity"]
    if isinstance(activity, pa.Table):
        return (_show(connection, "activity", activity, wanted),)
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW activity AS SELECT {_rows_of(activity, wanted)}"
    )
    return ()


def columns_of(kinds: Mapping[str, Kind], prefix: str) -> Mapping[str, str]:
    """Return the columns of fields or attributes, {name: SQL type}; text has its folded twin."""
    columns: dict[str, str] = {}
    for name, kind in kinds.items():
        columns[prefix + name] = SQL_TYPE[kind]
        if kind is Kind.TEXT:
            columns[prefix + name + FOLDED] = SQL_TYPE[kind]
    return columns


def _show(
    connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table, wanted: Mapping[str, str]
) -> str:
    """Make an Arrow table readable as `name`, and return the name under which it is registered."""
    source = f"arrow_{name}"
    connection.register(source, table)
    listed = _listed(wanted, set(table.column_names))
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT {listed} FROM {source}")
    return source


def _listed(wanted: Mapping[str, str], present: set[str]) -> str:
    """Return the columns of a SELECT; what is not there is unknown."""
    return ", ".join(
        f"CAST({sql.identifier(name) if name in present else 'NULL'} AS {kind})"
        f" AS {sql.identifier(name)}"
        for name, kind in wanted.items()
    )


def activities_of(
    connection: duckdb.DuckDBPyConnection,
    compiled: CompiledRules,
    files: Sequence[Path],
    contact: pa.Table,
) -> pa.Table:
    """Return the activities of some contacts out of Parquet files."""
    rows = _rows_of(files, columns_read(compiled)["activity"])
    connection.register("few", contact.select(["contact"]))
    try:
        return connection.sql(
            f"SELECT * FROM (SELECT {rows}) AS a WHERE contact IN (SELECT contact FROM few)"
        ).to_arrow_table()
    finally:
        connection.unregister("few")


def _rows_of(files: Sequence[Path], wanted: Mapping[str, str]) -> str:
    """Return columns and source of the rows of Parquet files."""
    if not files:
        return f"{_listed(wanted, set())} WHERE FALSE"
    columns = {tuple(pq.read_schema(file).names) for file in files}
    paths = ", ".join(sql.text(str(file.resolve())) for file in files)
    # To unite columns, DuckDB opens every file at each mention in the plan before it begins.
    unite = ", union_by_name = true" if len(columns) > 1 else ""
    return f"{_listed(wanted, {name for names in columns for name in names})}" + (
        f" FROM read_parquet([{paths}]{unite})"
    )

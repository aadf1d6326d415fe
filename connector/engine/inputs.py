# ruff: noqa: S608  names come from the plan's own tables, paths and fields are quoted
"""Brings what an evaluation reads into the engine, with exactly the columns that the plan names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from connector.ports import Facts
from connector.rules import sql
from connector.rules.conditions import Kind
from connector.rules.plan import CompiledRules, Constants
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

_ARROW_TYPE = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "BOOLEAN": pa.bool_(),
}

_LOADED_ROWS = 5_000_000
"""Up to how many rows of Parquet are decoded once into memory, rather than at each mention in the plan."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Names of what stands in the engine, to be dropped again."""

    views: tuple[str, ...]
    registered: tuple[str, ...]


def load_constants(connection: duckdb.DuckDBPyConnection, constants: Constants) -> None:
    """Create the table of some constants."""
    rows = zip(*constants.rows, strict=True) if constants.rows else ([] for _ in constants.columns)
    table = pa.table(
        {
            name: pa.array(list(values), _ARROW_TYPE[kind])
            for (name, kind), values in zip(constants.columns.items(), rows, strict=True)
        }
    )
    create_table(connection, constants.name, table)


def create_table(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """Copy an Arrow table into the engine."""
    connection.register("arriving", table)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM arriving")
    connection.unregister("arriving")


def load_facts(
    connection: duckdb.DuckDBPyConnection, compiled: CompiledRules, facts: Facts
) -> Loaded:
    """Make the four inputs readable under the names that the plan uses."""
    fields, attributes = (
        columns_of(compiled.fields, FIELD),
        columns_of(compiled.attributes, ATTRIBUTE),
    )
    registered = [
        _show(connection, "contact", facts.contact, {**CONTACT, **fields}),
        _show(connection, "opportunity", facts.opportunity, OPPORTUNITY),
        _show(connection, "state", facts.state, STATE),
    ]
    wanted = {**ACTIVITY, **attributes}
    if isinstance(facts.activity, pa.Table):
        registered.append(_show(connection, "activity", facts.activity, wanted))
    else:
        _load_files(connection, facts.activity, wanted)
    return Loaded(
        views=("contact", "opportunity", "state", "activity"), registered=tuple(registered)
    )


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


def _load_files(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], wanted: Mapping[str, str]
) -> None:
    """Make the activities of Parquet files readable as `activity`."""
    if not files:
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW activity AS SELECT {_listed(wanted, set())} WHERE FALSE"
        )
        return
    footers = [pq.read_metadata(file) for file in files]
    present = {name for footer in footers for name in footer.schema.to_arrow_schema().names}
    paths = ", ".join(sql.text(str(file)) for file in files)
    source = f"read_parquet([{paths}], union_by_name = true)"
    if sum(footer.num_rows for footer in footers) > _LOADED_ROWS:
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW activity AS SELECT {_listed(wanted, present)} FROM {source}"
        )
        return
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE activity_file AS SELECT {_listed(wanted, present)} FROM {source}"
        " WHERE contact IN (SELECT contact FROM contact)"
    )
    connection.execute("CREATE OR REPLACE TEMP VIEW activity AS SELECT * FROM activity_file")

# ruff: noqa: S608  names and SQL are the plan's own
"""Steps of a plan as tables, and what of them can be left out."""

from collections.abc import MutableMapping

import duckdb

from connector.rules.plan import Step


def creating(step: Step) -> str:
    """Return the statement that makes a step's table."""
    return f"CREATE OR REPLACE TEMP TABLE {step.name} AS {step.sql}"


def create_step(
    connection: duckdb.DuckDBPyConnection,
    step: Step,
    rows: MutableMapping[str, int],
    parsed: duckdb.Statement | None = None,
) -> None:
    """Make a step's table, an empty one at no cost if the step has nothing to do.

    `rows`: how many rows inputs and steps hold, as far as that is known; this one's are added.
    `parsed`: `creating(step)`, if it was parsed already.
    """
    if step.has_work(rows):
        (count,) = connection.execute(parsed or creating(step)).fetchall()[0]
        rows[step.name] = int(count)
        return
    columns = f"SELECT * FROM ({step.sql}) AS nothing LIMIT 0"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {step.name} AS {columns}").fetchall()
    rows[step.name] = 0

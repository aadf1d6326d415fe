"""What is in quarantine, and evaluations without it."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import duckdb
import pyarrow as pa

from connector.engine.inputs import ARROW_TYPE, create_table
from connector.engine.step_tables import create_step
from connector.ports import Facts
from connector.rules.plan import CompiledRules, Step
from connector.rules.tables import DECISION, FLAG, ROBOT_DOMAIN, TAKING_PART

_UNKNOWN: Mapping[str, int] = MappingProxyType({})

NO_FLAG = pa.schema([(name, ARROW_TYPE[kind]) for name, kind in FLAG.items()]).empty_table()


def select(
    connection: duckdb.DuckDBPyConnection, steps: Sequence[Step], rows: Mapping[str, int] = _UNKNOWN
) -> pa.Table:
    """Run steps, return what the last one yields, and leave nothing behind.

    `rows`: how many rows inputs hold, as far as that is known.
    """
    *first, last = steps
    counts = dict(rows)
    try:
        for step in first:
            create_step(connection, step, counts)
        return connection.sql(last.sql).to_arrow_table()
    finally:
        for step in first:
            connection.execute(f"DROP TABLE IF EXISTS {step.name}")


def can_flag(compiled: CompiledRules, facts: Facts) -> bool:
    """Return whether there is anything by which an activity could come into quarantine."""
    has_decisions = facts.decision is not None and len(facts.decision) > 0
    return compiled.robots.has_signs or has_decisions


def flagged(
    connection: duckdb.DuckDBPyConnection, compiled: CompiledRules, facts: Facts
) -> pa.Table:
    """Return what is in quarantine of the facts that are loaded, columns as in `FLAG`."""
    if not can_flag(compiled, facts):
        return NO_FLAG
    _create(connection, "decision", facts.decision, DECISION)
    _create(connection, "robot_domain", facts.robot_domain, ROBOT_DOMAIN)
    decisions = 0 if facts.decision is None else len(facts.decision)
    return select(connection, compiled.robots.flag, {"decision": decisions})


def _create(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    table: pa.Table | None,
    columns: Mapping[str, str],
) -> None:
    schema = pa.schema([(column, ARROW_TYPE[kind]) for column, kind in columns.items()])
    create_table(connection, name, schema.empty_table() if table is None else table.cast(schema))


def in_turns(
    connection: duckdb.DuckDBPyConnection, flag: pa.Table, *, is_small: bool
) -> Iterator[None]:
    """Let `contact` and `activity` be, turn by turn, what is to be evaluated.

    Those of whom nothing is in quarantine come first: their activities are read where they lie,
    since looking each one up would cost more than all the rest. The activities of the others are
    taken out, without those in quarantine. A small batch comes whole in one turn.
    """
    if not len(flag):
        yield
        return
    create_table(connection, "flagged", flag.select(["contact", "activity"]))
    try:
        if not is_small:
            connection.execute("ALTER VIEW contact RENAME TO everybody")
            connection.execute(_CONTACTS.format(which="NOT IN"))
            yield
            connection.execute(_CONTACTS.format(which="IN"))
        connection.execute(_KEPT)
        connection.execute("CREATE OR REPLACE TEMP VIEW activity AS SELECT * FROM activity_kept")
        yield
    finally:
        connection.execute("DROP VIEW IF EXISTS everybody")
        for name in ("flagged", "activity_kept"):
            connection.execute(f"DROP TABLE IF EXISTS {name}")


_CONTACTS = (
    "CREATE OR REPLACE TEMP VIEW contact AS SELECT * FROM everybody"
    " WHERE contact {which} (SELECT contact FROM flagged)"
)
_KEPT = """
CREATE OR REPLACE TEMP TABLE activity_kept AS
SELECT a.* FROM activity AS a
WHERE a.contact IN (SELECT contact FROM contact)
  AND NOT EXISTS (
    SELECT 1 FROM flagged AS f WHERE f.contact = a.contact AND f.activity = a.activity
  )
"""


def joined(parts: Sequence[Mapping[str, pa.Table]]) -> dict[str, pa.Table]:
    """Return the results of several turns as those of one, in the same order."""
    if len(parts) == 1:
        return dict(parts[0])
    return {name: _joined(name, [part[name] for part in parts]) for name in parts[0]}


def _joined(name: str, parts: Sequence[pa.Table]) -> pa.Table:
    rows = pa.concat_tables(parts)
    if name == "taking_part":
        keys = ("opportunity", "rule")
        sums = [("people", "sum"), ("best", "max"), ("total", "sum")]
        summed = rows.group_by(keys).aggregate(sums).rename_columns(list(TAKING_PART))
        return summed.sort_by([(key, "ascending") for key in keys])
    # Each contact came in one turn, its rows in order; sorting keeps the order of equals.
    return rows.sort_by("contact")

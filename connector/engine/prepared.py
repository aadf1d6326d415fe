# ruff: noqa: S608  names come from the plan's own tables
"""A plan made ready for few contacts at a time.

To parse, bind and plan the steps takes several times as long as to run them for one contact. So
they are prepared once, and their tables stay, empty but for the transaction of an evaluation: an
engine plans anew whatever reads a table that was made anew.
"""

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from connector.domain.moment import Moment
from connector.engine import robots
from connector.engine.inputs import (
    ARROW_TYPE,
    as_read,
    columns_read,
    load_constants,
    moment_tables,
)
from connector.ports import Evaluation, Facts
from connector.rules.plan import CompiledRules, Step
from connector.rules.tables import DECISION, FLAG, OUTPUTS, ROBOT_DOMAIN, WORKING

_MOMENT = {"as_of_us": "BIGINT", "as_of_day": "INTEGER"}
_FLAGGED = {"contact": "BIGINT", "activity": "VARCHAR"}
_RESULTS: Mapping[str, Mapping[str, str]] = {**OUTPUTS, "flag": FLAG}
_SET_APART = """
DELETE FROM activity AS a WHERE EXISTS (
  SELECT 1 FROM flagged AS f WHERE f.contact = a.contact AND f.activity = a.activity
)
"""

_Statements = Sequence[tuple[Step, duckdb.Statement]]


class PreparedPlan:
    """The steps of one rule set, prepared on a connection that nothing else uses."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, compiled: CompiledRules) -> None:
        self._connection = connection
        self._compiled = compiled
        self._inputs = {
            **columns_read(compiled),
            "moment": _MOMENT,
            "working": WORKING,
            "decision": DECISION,
            "robot_domain": ROBOT_DOMAIN,
            "flagged": _FLAGGED,
        }
        self._rows: dict[str, int] = {}
        self._at: Moment | None = None
        # Rewriting the plan of a few rows costs more than it saves. Nor may what the tables hold
        # now, which is nothing, shape the plan.
        connection.execute("PRAGMA disable_optimizer")
        for constants in compiled.constants:
            load_constants(connection, constants)
        for name, columns in self._inputs.items():
            listed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            connection.execute(f"CREATE TEMP TABLE {name} ({listed})")
        every = (*compiled.robots.flag, *compiled.steps)
        inner = [step for step in every if step.name not in _RESULTS]
        for step in inner:
            connection.execute(f"CREATE TEMP TABLE {step.name} AS {step.sql}")
        # After the last table: a table made later would have each step bound anew, every time.
        self._flagging = self._prepared(compiled.robots.flag)
        self._steps = self._prepared(compiled.steps)
        self._set_apart = self._parsed(_SET_APART)
        self._begin, self._forget = self._parsed("BEGIN"), self._parsed("ROLLBACK")
        self._empty = {name: self._parsed(f"DELETE FROM {name}") for name in ("moment", "working")}

    def close(self) -> None:
        """Free everything."""
        self._connection.close()

    def evaluate(self, facts: Facts, activity: pa.Table, at: Moment) -> Evaluation:
        """Evaluate the contacts of `facts` from their activities, `activity`."""
        given = {
            "contact": facts.contact,
            "activity": activity,
            "opportunity": facts.opportunity,
            "state": facts.state,
        }
        self._set_moment(at)
        self._connection.execute(self._begin)
        try:
            for name, table in given.items():
                self._fill(name, table)
            flag = self._flagged(facts)
            return Evaluation(**self._run(self._steps), flag=flag)
        finally:
            # What was put into the tables is forgotten; to empty each would take longer.
            self._connection.execute(self._forget)
            self._rows.clear()

    def _set_moment(self, at: Moment) -> None:
        """Say when it is, unless it still is the same moment: a run has only one."""
        if self._at == at:
            return
        self._at = None
        for name, table in moment_tables(self._compiled, at).items():
            self._connection.execute(self._empty[name])
            self._connection.from_arrow(as_read(table, self._inputs[name])).insert_into(name)
        self._at = at

    def _flagged(self, facts: Facts) -> pa.Table:
        """Set apart what is in quarantine, and return it."""
        if not robots.can_flag(self._compiled, facts):
            return robots.NO_FLAG
        self._fill("decision", facts.decision)
        self._fill("robot_domain", facts.robot_domain)
        flag = self._run(self._flagging)["flag"]
        if len(flag):
            self._fill("flagged", flag)
            self._connection.execute(self._set_apart)
        return flag

    def _fill(self, name: str, table: pa.Table | None) -> None:
        self._rows[name] = 0 if table is None else table.num_rows
        if table is not None and table.num_rows:
            rows = as_read(table, self._inputs[name])
            self._connection.from_arrow(rows).insert_into(name)

    def _run(self, statements: _Statements) -> dict[str, pa.Table]:
        """Run steps, and return those that are results."""
        results: dict[str, pa.Table] = {}
        for step, statement in statements:
            has_work = step.has_work(self._rows)
            if step.name in _RESULTS:
                rows = self._connection.execute(statement).fetchall() if has_work else []
                results[step.name] = _table(step.name, rows)
            elif has_work:
                self._rows[step.name] = self._rows_made(statement)
            else:
                self._rows[step.name] = 0
        return results

    def _rows_made(self, statement: duckdb.Statement) -> int:
        """Run what fills a table, and return how many rows it holds now."""
        (count,) = self._connection.execute(statement).fetchall()[0]
        return int(count)

    def _prepared(self, steps: Sequence[Step]) -> _Statements:
        """Return what runs each step: into its table, or as rows if it is a result."""
        for step in steps:
            into = "" if step.name in _RESULTS else f"INSERT INTO {step.name} "
            self._connection.execute(f"PREPARE run_{step.name} AS {into}{step.sql}")
        return [(step, self._parsed(f"EXECUTE run_{step.name}")) for step in steps]

    def _parsed(self, statement: str) -> duckdb.Statement:
        return self._connection.extract_statements(statement)[0]


def _table(name: str, rows: list[tuple[object, ...]]) -> pa.Table:
    """Return the rows of a result in its columns."""
    kinds = _RESULTS[name]
    columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
    return pa.table(
        {
            column: pa.array(values, ARROW_TYPE[kind])
            for values, (column, kind) in zip(columns, kinds.items(), strict=True)
        }
    )

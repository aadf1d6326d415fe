"""Steps that are left out: only those that would have yielded nothing."""

from collections.abc import Iterator, Mapping, Sequence

import duckdb
import pytest

from connector.domain.moment import Moment
from connector.engine.inputs import create_table, load_constants, load_facts, moment_tables
from connector.engine.step_tables import create_step, creating
from connector.rules.compile import compile_rules
from connector.rules.plan import CompiledRules, Step
from connector.rules.tables import DECISION
from tests.reference.made_up_conditions import seeded
from tests.reference.made_up_interests import with_interests, with_topics
from tests.reference.made_up_robots import make_decisions, with_mails, with_quarantine
from tests.reference.made_up_rules import make_rule_set
from tests.reference.made_up_stories import make_as_of, make_stories
from tests.reference.tables import facts, table

CONTACTS = 60
INPUTS = ("decision", "state", "opportunity")
"""What steps need that no step makes."""


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


@pytest.mark.parametrize("seed", range(3))
def test_a_step_yields_nothing_without_what_it_needs(
    connection: duckdb.DuckDBPyConnection, seed: int
) -> None:
    compiled = _loaded(connection, seed)
    every = (*compiled.robots.flag, *compiled.steps)
    needed = {name for step in every for name in step.needs}
    assert all(_made(connection, every)[name] for name in needed & {"mail_click", "interest_hit"})
    for name in needed:
        rows = _made(connection, every, emptied=name)
        idle = {step.name: rows[step.name] for step in every if name in step.needs}
        assert set(idle.values()) == {0}, (name, idle)


@pytest.mark.parametrize(
    ("rows", "made"), [({"source": 0}, 0), ({"source": 1}, 1), ({}, 1), ({"other": 0}, 1)]
)
def test_a_step_is_left_out_where_what_it_needs_is_empty(
    connection: duckdb.DuckDBPyConnection, rows: Mapping[str, int], made: int
) -> None:
    known = dict(rows)
    create_step(connection, Step("made", "SELECT 1 AS one", needs=("source",)), known)
    assert connection.execute("SELECT count(one) FROM made").fetchone() == (made,)
    assert known == {**rows, "made": made}


def _made(
    connection: duckdb.DuckDBPyConnection, steps: Sequence[Step], emptied: str = ""
) -> Mapping[str, int]:
    """Run every step, one or an input emptied before others read it: {step: its rows}."""
    rows: dict[str, int] = {}
    connection.execute("BEGIN")
    for step in (None, *steps):
        if step is not None:
            (count,) = connection.execute(creating(step)).fetchall()[0]
            rows[step.name] = count
        if emptied in (INPUTS if step is None else (step.name,)):
            connection.execute(f"DELETE FROM {emptied}")  # noqa: S608  a name of the plan's
    connection.execute("ROLLBACK")
    return rows


def _loaded(connection: duckdb.DuckDBPyConnection, seed: int) -> CompiledRules:
    """Load made-up contacts who click, have topics and were spoken of, for made-up rules."""
    made = seeded(seed)
    compiled = compile_rules(with_interests(made, with_quarantine(made, make_rule_set(made))))
    as_of, zone = make_as_of(made)
    stories = with_mails(made, make_stories(made, CONTACTS, as_of, zone), as_of, zone)
    stories = with_topics(made, stories)
    given = facts(stories, compiled, make_decisions(made, stories, as_of))
    for constants in compiled.constants:
        load_constants(connection, constants)
    for name, rows in moment_tables(compiled, Moment(as_of.us, as_of.day, as_of.zone)).items():
        create_table(connection, name, rows)
    create_table(connection, "decision", given.decision or table(DECISION, []))
    create_table(connection, "robot_domain", table({"mail": "VARCHAR", "domain": "VARCHAR"}, []))
    load_facts(connection, compiled, given)
    # Views as they are loaded, from which no rows can be taken.
    for name in ("state", "opportunity"):
        connection.execute(f"CREATE TABLE held AS SELECT * FROM {name}")  # noqa: S608  ours
        connection.execute(f"DROP VIEW {name}")
        connection.execute(f"ALTER TABLE held RENAME TO {name}")
    return compiled

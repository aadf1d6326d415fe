"""The plan is SQL that engines share: another engine's parser reads every step of it.

What the plan may call is listed here. A function that only one engine knows fails, whatever the
translator would make of it.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from connector.config.rules_file import load_rules
from connector.rules.compile import compile_rules
from connector.rules.model import RuleSet, Score
from connector.rules.plan import CompiledRules, Step
from connector.rules.quarantine import Quarantine, Sign
from tests.reference.made_up_conditions import FIELDS, seeded
from tests.reference.made_up_opportunities import with_opportunities
from tests.reference.made_up_rules import make_rule_set

SHIPPED = Path(__file__).parents[2] / "mappings" / "rules.yaml"
SHARED = {
    *("and", "or", "case", "if", "cast", "coalesce", "nullif", "greatest"),
    *("count", "sum", "max", "min", "row_number", "dense_rank", "lag", "exists"),
    # The dialect point, `connector.rules.sql`: translators know these by either engine's name.
    *("regexp_like", "str_position", "substring"),
    *("split_part", "trim", "length", "replace"),
}
"""What Spark, DuckDB and SQL at large have in common, by the translator's names."""


def steps_of(compiled: CompiledRules) -> Iterator[Step]:
    """Yield every step of a plan, those of robots, accounts and opportunities among them."""
    robots = compiled.robots
    if compiled.account is not None:
        yield compiled.account.summary
        yield from steps_of(compiled.account.own)
    yield from (*robots.suspect, *robots.recipient, *robots.flag, *compiled.steps)
    if compiled.opportunities is not None:
        yield from compiled.opportunities.steps


def in_spark(sql: str) -> str:
    """Return a step in Spark's SQL, read there again.

    Raises ValueError for what is not shared, a sqlglot error for what Spark does not read.
    """
    tree = sqlglot.parse_one(sql, read="duckdb")
    own = {name_of(call) for call in tree.find_all(exp.Func)} - SHARED
    if own:
        message = f"these are one engine's own: {sorted(own)}"
        raise ValueError(message)
    spark = tree.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    sqlglot.parse_one(spark, read="spark")
    return spark


def name_of(call: exp.Func) -> str:
    """Return what a function is called; one that the translator does not know, by its own name."""
    return call.name.lower() if isinstance(call, exp.Anonymous) else call.sql_name().lower()


def test_the_shipped_plan_is_read_by_another_engine() -> None:
    steps = list(steps_of(compile_rules(load_rules(SHIPPED))))
    assert {"hit", "line", "outcome", "score", "reason", "move"} <= {step.name for step in steps}
    for step in steps:
        assert "//" not in in_spark(step.sql), step.name


def test_every_sign_of_robots_is_read_by_another_engine() -> None:
    rules = load_rules(SHIPPED)
    trusting, watchful = (
        dataclasses.replace(rules, quarantine=Quarantine(signs=frozenset(signs)))
        for signs in ((), Sign)
    )
    steps = list(steps_of(compile_rules(watchful)))
    assert len(steps) > len(list(steps_of(compile_rules(trusting))))
    for step in steps:
        in_spark(step.sql)


def test_the_score_of_opportunities_is_read_by_another_engine() -> None:
    made = seeded(0)
    rules = dataclasses.replace(load_rules(SHIPPED), further=(Score("risk"),))
    compiled = compile_rules(with_opportunities(made, rules, FIELDS))
    steps = {step.name: in_spark(step.sql) for step in steps_of(compiled)}
    assert {"taking_part", "opportunity_people", "opportunity_reason"} <= steps.keys()
    assert "//" not in "".join(steps.values())


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.randoms(use_true_random=False))
def test_any_plan_is_read_by_another_engine(made: Random) -> None:
    read_by_another_engine(make_rule_set(made))


@pytest.mark.parametrize("seed", range(5))
def test_larger_plans_are_read_by_another_engine(seed: int) -> None:
    read_by_another_engine(make_rule_set(seeded(seed)))


def read_by_another_engine(rules: RuleSet) -> None:
    """Fail unless each step of a plan is."""
    for step in steps_of(compile_rules(rules)):
        in_spark(step.sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT epoch_us(now()) AS now",
        "SELECT list_sum(list(points)) AS points FROM line",
        "SELECT max(points, 5) AS best, arg_max(rule_no, points) AS first FROM line",
        "SELECT hash(contact) % 64 AS bucket FROM contact",
        "SELECT median(points) AS middle FROM line",
    ],
)
def test_an_engine_s_own_function_is_found(sql: str) -> None:
    with pytest.raises(ValueError, match="one engine's own"):
        in_spark(sql)


def test_what_no_engine_reads_is_found() -> None:
    with pytest.raises(sqlglot.errors.ParseError):
        in_spark("SELECT contact FROM line QUALIFY WHERE")

"""Measures the scores of opportunities. `python -m bench.opportunities [--opportunities 20000]`.

Three contacts take part in each. Measured: what it adds to the evaluation of the contacts, the
second turn alone, a whole plan that writes every opportunity, and one right after that writes none.
Beside the second turn stands a bare `GROUP BY` over its largest input on the same engine.
"""

import argparse
import platform
import random
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar, cast
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from connector.columns import (
    OPPORTUNITY_SCHEMA,
    STATE_SCHEMA,
    activity_schema,
    contact_table,
    table_of,
)
from connector.config.rules_file import load_rules
from connector.domain.contact import Contact, Opportunity
from connector.domain.ids import ContactId, OpportunityId, RunId
from connector.domain.moment import Moment, micros
from connector.engine.embedded import EmbeddedEngine
from connector.ports import Account, Crm, Evaluation, Facts, Outcome, Page, Shapes, Verdict
from connector.results import PlanSummary
from connector.rules.compile import compile_rules
from connector.rules.conditions import Kind
from connector.rules.explain import Words
from connector.rules.model import RuleSet
from connector.store import EmbeddedStore, open_store
from connector.sync.compare import WritePolicy
from connector.sync.opportunities import OpportunityPlanner, OpportunitySettings
from connector.sync.progress import Silent

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PEOPLE = 3
RULES = """
version: 1
rules:
  - {id: page, activity: page_view, points: 10}
personas:
  - {id: it, criteria: [{field: job_title, is: {contains: it}}]}
opportunities:
  groups: {people: {cap: 40}}
  rules:
    - {id: large, where: {amount: {gte: 10000}}, points: 10}
    - {id: closes_soon, where: {closes: {within_next: 30d}}, points: 15}
    - {id: new_business, where: {type: newbusiness}, points: 5}
    - {id: decides, contact: {job_title: {contains: head}}, points: 20, group: people}
    - {id: fits, contact: {grade: [A, B]}, people: 2, points: 10, group: people}
    - {id: engaged, share: {of: best, percent: 40%}, group: people}
"""
OF_OPPORTUNITIES = {"type": Kind.TEXT, "amount": Kind.NUMBER, "closes": Kind.MOMENT}
SHAPES = Shapes({"job_title": Kind.TEXT}, {}, of_opportunities=OF_OPPORTUNITIES)
PROPERTIES = {"score": "deal_score", "reasons": "deal_reasons"}
Result = TypeVar("Result")


class _Clock:
    def now(self) -> datetime:
        return NOW

    def wait(self, span: timedelta) -> None:
        raise AssertionError(f"nothing measured here waits, least of all {span}")


def rule_set(folder: Path) -> RuleSet:
    """Return the rules that are measured."""
    file = folder / "rules.yaml"
    file.write_text(RULES, encoding="utf-8")
    return load_rules(file, SHAPES)


def made(count: int) -> list[Opportunity]:
    """Return open opportunities, the same at every call."""
    chance = random.Random(7)  # noqa: S311  not for secrets
    return [
        Opportunity(
            OpportunityId(f"{number:09}"),
            contacts=tuple(ContactId(str(number * PEOPLE + each)) for each in range(PEOPLE)),
            created_us=micros(NOW - timedelta(days=chance.randrange(1, 200))),
            changed_us=micros(NOW - timedelta(days=1)),
            amount=chance.choice([None, 4_000_000_000, 25_000_000_000]),
            probability=chance.choice([200_000, 600_000]),
            close_us=micros(NOW + timedelta(days=chance.randrange(1, 200))),
            fields={"type": chance.choice(["newbusiness", "renewal"])},
            written=dict.fromkeys(PROPERTIES.values()),
        )
        for number in range(count)
    ]


def facts(opportunities: Sequence[Opportunity]) -> Facts:
    """Return what the contacts of some opportunities are evaluated from: a page view each."""
    titles = [{"job_title": ("Head of IT", "Buyer", None)[n % 3]} for n in range(PEOPLE)]
    numbers = range(len(opportunities) * PEOPLE)
    day = (NOW.date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days
    viewed = micros(NOW - timedelta(hours=3))
    rows = [
        (
            number,
            *(one.id, one.created_us, one.changed_us, one.amount, one.probability),
            *(one.close_us, False, False),
        )
        for place, one in enumerate(opportunities)
        for number in range(place * PEOPLE, (place + 1) * PEOPLE)
    ]
    return Facts(
        contact=contact_table(
            numbers, [titles[n % PEOPLE] for n in numbers], {"job_title": Kind.TEXT}
        ),
        activity=table_of(
            activity_schema({}), [(n, f"a{n}", "page_view", viewed, day, False) for n in numbers]
        ),
        opportunity=table_of(OPPORTUNITY_SCHEMA, rows),
        state=STATE_SCHEMA.empty_table(),
    )


def measured(name: str, work: Callable[[], Result]) -> Result:
    """Run something, print what it took, and return its result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    took, busy = time.perf_counter() - wall, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{name:<44}{took:8.3f} s {busy:8.3f} CPU-s {memory:6} MB at most")
    return result


def main() -> None:
    """Print the set-up and the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--opportunities", type=int, default=20_000)
    count: int = parser.parse_args().opportunities
    print(
        f"{count:,} open opportunities with {PEOPLE} people each; {platform.machine()}, Python "
        f"{platform.python_version()}, DuckDB {duckdb.__version__}"
    )
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), count)


def run(folder: Path, count: int) -> None:
    """Measure everything."""
    rules, opportunities, at = rule_set(folder), made(count), Moment.at(NOW, ZoneInfo("UTC"))
    compiled, engine = compile_rules(rules), EmbeddedEngine()
    without, given = compile_rules(replace(rules, opportunities=None)), facts(opportunities)
    measured("contacts alone", lambda: engine.evaluate(without, given, at=at))
    evaluation = measured(
        "contacts, and who takes part", lambda: engine.evaluate(compiled, given, at=at)
    )
    with open_store(folder / "store", SHAPES, _Clock()) as store:
        fill(store, opportunities)
        plan = compiled.opportunities
        if plan is None or evaluation.taking_part is None:
            raise ValueError("these rules score no opportunity")
        loaded = measured(
            "loading them", lambda: store.load_opportunities(plan.fields, NOW, limit=count)
        )
        people = evaluation.taking_part
        measured("bare GROUP BY opportunity, rule", lambda: grouped(people))
        measured(
            "the second turn",
            lambda: engine.score_opportunities(compiled, loaded.opportunity, people, at=at),
        )

        def plan_them() -> PlanSummary:
            return planned(store, engine, rules, evaluation)

        first = measured("a plan that writes all of them", plan_them)
        settle(store)
        again = measured("a plan that writes none", plan_them)
        print(f"written: {first.opportunity_writes:,}, then {again.opportunity_writes:,}")


def grouped(people: pa.Table) -> pa.Table:
    """Return the floor: one aggregate over who takes part."""
    with duckdb.connect() as connection:
        connection.register("people", people)
        return connection.sql(
            "SELECT opportunity, rule, SUM(people), MAX(best), SUM(total) FROM people"
            " GROUP BY opportunity, rule"
        ).to_arrow_table()


def fill(store: EmbeddedStore, opportunities: Sequence[Opportunity]) -> None:
    """Save contacts and opportunities, a thousand to a page."""
    store.bind("hubspot", Account("1", "UTC"), "UTC")
    for start in range(0, len(opportunities), 1_000):
        some = opportunities[start : start + 1_000]
        people = [Contact(id_, NOW) for one in some for id_ in one.contacts or ()]
        store.save_page("contacts", Page(f"c{start}", contacts=people))
        store.save_page("opportunities", Page(f"o{start}", opportunities=some))


def planned(
    store: EmbeddedStore, engine: EmbeddedEngine, rules: RuleSet, evaluation: Evaluation
) -> PlanSummary:
    """Plan every opportunity and let the writes wait."""
    run = store.start_run("plan", NOW, "")
    summary, utc = PlanSummary(), ZoneInfo("UTC")
    settings = OpportunitySettings(
        compile_rules(rules), PROPERTIES, Words(rules, "en"), utc, WritePolicy()
    )
    planner = OpportunityPlanner(
        cast("Crm", None), store, engine, settings, run, summary, is_offline=True
    )
    planner.take(evaluation)
    planner.plan(NOW, Silent(), is_past=False)
    store.accept_plan(run, "")
    return summary


def settle(store: EmbeddedStore) -> None:
    """Let the CRM accept everything."""
    after = 0
    while waiting := store.load_waiting("opportunity", 1_000, after):
        after = waiting[-1].id
        store.settle([(each, Outcome(Verdict.ACCEPTED)) for each in waiting], RunId("1"))


if __name__ == "__main__":
    main()

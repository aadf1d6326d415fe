"""The same answer however the rows come: in any batches, out of any files, a hundred thousand."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector.domain.moment import Moment
from connector.domain.numbers import MILLION
from connector.engine.embedded import EmbeddedEngine
from connector.ports import Facts
from connector.rules.compile import compile_rules
from connector.rules.decay import Decay, HalfLife
from connector.rules.model import AtMost, Group, PerAttribute, PerDays, RuleSet
from connector.rules.plan import CompiledRules
from tests.engine.story import rule
from tests.reference.agreement import Plan, difference, disagreements
from tests.reference.evaluator import Result
from tests.reference.made_up_conditions import seeded
from tests.reference.made_up_rules import make_rule_set
from tests.reference.made_up_stories import make_activity, make_as_of, make_stories
from tests.reference.story import US_PER_DAY, Activity, Instant, Story
from tests.reference.tables import facts, results

ENGINE = EmbeddedEngine(threads=2)
PEOPLE = 40


def streamed(made: Random, table: pa.Table, folder: Path) -> Sequence[Path]:
    """Write activities as they might arrive: shuffled, in several files of a few rows at a time."""
    order = made.sample(range(len(table)), len(table))
    cuts = sorted(made.sample(range(len(table) + 1), min(3, len(table) + 1)))
    files = []
    for no, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(table)], strict=True)):
        files.append(folder / f"part-{no}.parquet")
        pq.write_table(
            table.take(pa.array(order[start:end], pa.int64())), files[-1], row_group_size=7
        )
    return files


def evaluated(compiled: CompiledRules, given: Facts, as_of: Instant) -> dict[int, Result]:
    return results(ENGINE.evaluate(compiled, given, at=Moment(as_of.us, as_of.day)))


@pytest.mark.parametrize("seed", range(4))
def test_batches_and_files_of_any_cut_say_the_same(seed: int, tmp_path: Path) -> None:
    made = seeded(seed)
    compiled = compile_rules(make_rule_set(made))
    as_of, zone = make_as_of(made)
    stories = make_stories(made, PEOPLE, as_of, zone)
    whole = facts(stories, compiled)
    expected = evaluated(compiled, whole, as_of)
    files = streamed(made, whole.activity, tmp_path)
    assert evaluated(compiled, dataclasses.replace(whole, activity=files), as_of) == expected
    left, found = list(stories), dict[int, Result]()
    while left:
        size = made.randint(1, 9)
        part, left = left[:size], left[size:]
        found |= evaluated(compiled, facts(part, compiled), as_of)
    assert found == expected


def test_a_batch_of_many_says_what_each_contact_says_alone() -> None:
    # Above a thousand contacts the plan is run in another way than below.
    made = seeded(1)
    compiled = compile_rules(make_rule_set(made))
    as_of, zone = make_as_of(made)
    stories = make_stories(made, 1_100, as_of, zone)
    together = evaluated(compiled, facts(stories, compiled), as_of)
    for story in stories[:: len(stories) // 20]:
        alone = evaluated(compiled, facts([story], compiled), as_of)
        assert alone == {story.contact: together[story.contact]}


def test_a_hundred_thousand_activities_of_one_contact_agree() -> None:
    made = seeded(3)
    as_of, zone = make_as_of(made)
    kinds = [make_activity(made, no, as_of, zone) for no in range(500)]
    activities = tuple(again(kinds[no % 500], no) for no in range(100_000))
    rules = RuleSet(
        rules=(
            rule("each", 100_000, activities=("page",), decay=Decay(HalfLife(20)), group="g"),
            rule("few", -3, activities=("page", "demo"), at_most=AtMost(3, per=7)),
            rule("daily", 2, activities=("paper",), once_per=PerDays(1), at_most=AtMost(50)),
            rule("asset", 5, activities=("webinar", "call"), once_per=PerAttribute("asset")),
            rule("need", 1, activities=("demo",), is_need=True),
        ),
        groups=(Group("g", {"en": "g"}, cap=10**9 * MILLION),),
    )
    plan = Plan(rules, ENGINE)
    story = Story(1, activities=activities)
    wrong = disagreements(plan, [story], as_of)
    assert not wrong, difference(plan, Story(1, activities=activities[:500]), as_of)
    assert plan.evaluate([story], as_of)[1].reasons


def again(activity: Activity, no: int) -> Activity:
    """Return an activity that repeats another, at the same instant or whole days before it."""
    days = no // 500 % 7
    return dataclasses.replace(
        activity,
        id=f"{activity.id}-{no}",
        occurred_us=activity.occurred_us - days * US_PER_DAY,
        day=activity.day - days,
    )

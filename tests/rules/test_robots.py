"""Quarantine: the compiled plan against the readable evaluator, and what both must obey."""

import dataclasses
import itertools
import os
import random
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.engine.embedded import EmbeddedEngine
from connector.rules.model import RuleSet
from connector.rules.quarantine import Quarantine, Sign
from tests.reference.agreement import Plan
from tests.reference.evaluator import Result, evaluate_all
from tests.reference.made_up_conditions import seeded
from tests.reference.made_up_robots import make_decisions, with_mails, with_quarantine
from tests.reference.made_up_rules import make_rule_set
from tests.reference.made_up_stories import make_as_of, make_stories
from tests.reference.robots import Decision
from tests.reference.story import Activity, Instant, Story

ENGINE = EmbeddedEngine(threads=1)
ASKED = int(os.environ.get("LEADRIPE_EXAMPLES", "0"))
FIRST_SEED = random.SystemRandom().randrange(10**9) if ASKED else 0
BATCH = 60
SEEDS = range(FIRST_SEED, FIRST_SEED + max(6, ASKED // BATCH))
LAW = settings(max_examples=8, deadline=None, derandomize=not ASKED)


@dataclasses.dataclass(frozen=True)
class World:
    """Made-up rules, contacts with mails, what people said, and a moment to ask at."""

    seed: int
    rules: RuleSet
    stories: list[Story]
    as_of: Instant
    decisions: list[Decision]

    @property
    def plan(self) -> Plan:
        return Plan(self.rules, ENGINE)

    def evaluated(self) -> dict[int, Result]:
        return self.plan.evaluate(self.stories, self.as_of, self.decisions)


def world(seed: int, count: int = BATCH) -> World:
    made = seeded(seed)
    rules = with_quarantine(made, make_rule_set(made))
    as_of, zone = make_as_of(made)
    stories = with_mails(made, make_stories(made, count, as_of, zone), as_of, zone)
    return World(seed, rules, stories, as_of, make_decisions(made, stories, as_of))


WORLDS = st.integers(0, 2**32).map(lambda seed: world(seed, 30))


@pytest.mark.parametrize("seed", SEEDS)
def test_plan_and_readable_evaluator_agree_on_robots(seed: int) -> None:
    it = world(seed)
    found = it.evaluated()
    for contact, expected in evaluate_all(it.rules, it.stories, it.as_of, it.decisions).items():
        assert found[contact].flags == expected.flags, (seed, it.rules.quarantine, it.decisions)
        assert found[contact] == expected


def test_made_up_worlds_show_every_sign() -> None:
    shown = {
        row["sign"]
        for seed in range(14)
        for one in world(seed).evaluated().values()
        for row in one.flags
    }
    assert shown == set(Sign)


def shows_robots(results: Mapping[int, Result]) -> bool:
    return any(one.flags for one in results.values())


def test_a_batch_of_many_contacts_says_the_same() -> None:
    it = next(one for one in map(world, itertools.count()) if shows_robots(one.evaluated()))
    it = world(it.seed, 1_100)
    found = it.evaluated()
    assert shows_robots(found)
    assert found == evaluate_all(it.rules, it.stories, it.as_of, it.decisions)


@LAW
@given(WORLDS, st.integers(1, 29))
def test_order_and_parts_change_nothing(it: World, cut: int) -> None:
    made = seeded(it.seed)
    stories = [
        dataclasses.replace(
            story, activities=tuple(made.sample(story.activities, len(story.activities)))
        )
        for story in it.stories
    ]
    made.shuffle(stories)
    parts = [stories[:cut], stories[cut:]]
    assert it.plan.evaluate_parts(parts, it.as_of, it.decisions) == it.evaluated()


@LAW
@given(WORLDS)
def test_what_is_in_quarantine_does_not_exist_to_the_rules(it: World) -> None:
    found = it.evaluated()
    rest = [
        dataclasses.replace(
            story,
            activities=tuple(
                each
                for each in story.activities
                if each.id not in {row["activity"] for row in found[story.contact].flags}
            ),
        )
        for story in it.stories
    ]
    trusting = Plan(dataclasses.replace(it.rules, quarantine=Quarantine()), ENGINE)
    assert trusting.evaluate(rest, it.as_of) == {
        contact: dataclasses.replace(one, flags=()) for contact, one in found.items()
    }


@LAW
@given(WORLDS)
def test_the_past_is_told_as_if_nothing_had_followed(it: World) -> None:
    past = [
        dataclasses.replace(
            story,
            activities=tuple(e for e in story.activities if e.occurred_us <= it.as_of.us),
            opportunities=tuple(e for e in story.opportunities if e.created_us <= it.as_of.us),
        )
        for story in it.stories
    ]
    said = [each for each in it.decisions if each.made_us <= it.as_of.us]
    assert it.plan.evaluate(past, it.as_of, said) == it.evaluated()


@LAW
@given(WORLDS)
def test_releasing_everything_lifts_every_flag(it: World) -> None:
    everything = Decision(1_000, is_release=True, made_us=it.as_of.us)
    found = it.plan.evaluate(it.stories, it.as_of, [*it.decisions, everything])
    assert not any(one.flags for one in found.values())


def test_a_robot_of_many_clicks_costs_no_more_than_sorting_them() -> None:
    rules = RuleSet(rules=(), quarantine=Quarantine(signs=frozenset({Sign.MANY_LINKS})))
    clicks = tuple(
        Activity(f"c{no}", "click", no * 50, 0, attributes={"campaign": "m", "url": f"/{no % 7}"})
        for no in range(100_000)
    )
    rules = dataclasses.replace(
        rules, quarantine=dataclasses.replace(rules.quarantine, clicks=frozenset({"click"}))
    )
    found = Plan(rules, ENGINE).evaluate([Story(1, activities=clicks)], Instant(10**9, 0))
    assert len(found[1].flags) == len(clicks)

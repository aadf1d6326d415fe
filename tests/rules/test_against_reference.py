"""The compiled plan against the readable evaluator, and the laws that both obey.

`LEADRIPE_EXAMPLES=100000` compares the two on that many made-up contacts, from new seeds.
"""

import dataclasses
import os
import random
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from connector.config.rules_file import load_rules
from connector.engine.embedded import EmbeddedEngine
from connector.rules.model import Group, RuleSet, Score
from connector.rules.tables import MEMORY
from tests.reference.agreement import Plan, difference, disagreements
from tests.reference.evaluator import Result
from tests.reference.made_up_conditions import likely, seeded
from tests.reference.made_up_rules import make_rule_set
from tests.reference.made_up_stories import make_activity, make_as_of, make_stories
from tests.reference.story import Instant, State, Story

SHIPPED = Path(__file__).parents[2] / "mappings" / "rules.yaml"
ENGINE = EmbeddedEngine(threads=1)
BATCH = 150
ROUNDS = 8
ASKED = int(os.environ.get("LEADRIPE_EXAMPLES", "0"))
FIRST_SEED = random.SystemRandom().randrange(10**9) if ASKED else 0
SEEDS = range(FIRST_SEED, FIRST_SEED + max(ROUNDS, ASKED // BATCH))

LAW = settings(max_examples=8, deadline=None, derandomize=not ASKED)
SMALL = settings(
    max_examples=40,
    deadline=None,
    derandomize=not ASKED,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@dataclasses.dataclass(frozen=True)
class World:
    """Made-up rules, contacts, and a moment to ask at."""

    seed: int
    rules: RuleSet
    stories: list[Story]
    as_of: Instant

    @property
    def plan(self) -> Plan:
        return Plan(self.rules, ENGINE)


def world(seed: int, count: int = BATCH) -> World:
    made = seeded(seed)
    rules = make_rule_set(made)
    as_of, zone = make_as_of(made)
    return World(seed, rules, make_stories(made, count, as_of, zone), as_of)


WORLDS = st.integers(0, 2**32).map(lambda seed: world(seed, 60))


@pytest.mark.parametrize("seed", SEEDS)
def test_plan_and_readable_evaluator_agree_on_many_contacts(seed: int) -> None:
    it = world(seed)
    wrong = disagreements(it.plan, it.stories, it.as_of)
    assert not wrong, difference(it.plan, wrong[0], it.as_of)


def test_plan_and_readable_evaluator_agree_on_the_shipped_rules() -> None:
    made = seeded(FIRST_SEED)
    plan = Plan(load_rules(SHIPPED), ENGINE)
    as_of, zone = make_as_of(made)
    stories = [as_shipped(each, made) for each in make_stories(made, 2 * BATCH, as_of, zone)]
    wrong = disagreements(plan, stories, as_of)
    assert not wrong, difference(plan, wrong[0], as_of)


SHIPPED_TYPES = (
    *("content_download", "demo_request", "webinar_registered", "webinar_attended", "page_view"),
    *("key_page_view", "careers_page_view", "email_click", "call_connected", "unsubscribed"),
)


def as_shipped(story: Story, made: Random) -> Story:
    """Return a story told in the words of the shipped rules."""
    kinds = ("white_paper", "Guide", "case_study", None)
    titles = ("Directrice qualité", "Head of IT", "Étudiante", "supply chain", None)
    fields = {"job_title": made.choice(titles), "seniority": made.choice(("Head", None))}
    fields |= {"email": made.choice(("a@b.example", "a@univ-x.example", None)), "first_name": "A"}
    return dataclasses.replace(
        story,
        fields=fields,
        activities=tuple(
            dataclasses.replace(
                each,
                type=each.type if likely(made, 20) else made.choice(SHIPPED_TYPES),
                attributes={"asset_kind": made.choice(kinds), "asset": "x", "event": each.type},
            )
            for each in story.activities
        ),
    )


@SMALL
@given(st.randoms(use_true_random=False))
def test_plan_and_readable_evaluator_agree_on_any_contact(made: Random) -> None:
    rules = make_rule_set(made)
    as_of, zone = make_as_of(made)
    stories = make_stories(made, 3, as_of, zone)
    plan = Plan(rules, ENGINE)
    wrong = disagreements(plan, stories, as_of)
    assert not wrong, difference(plan, wrong[0], as_of)


@LAW
@given(WORLDS)
def test_the_order_of_rows_does_not_matter(it: World) -> None:
    shuffled = seeded(it.seed)
    stories = [mixed(story, shuffled) for story in it.stories]
    shuffled.shuffle(stories)
    assert it.plan.evaluate(stories, it.as_of) == it.plan.evaluate(it.stories, it.as_of)


def mixed(story: Story, made: Random) -> Story:
    """Return a story with its activities and opportunities in another order."""
    return dataclasses.replace(
        story,
        activities=tuple(made.sample(story.activities, len(story.activities))),
        opportunities=tuple(made.sample(story.opportunities, len(story.opportunities))),
    )


@LAW
@given(WORLDS)
def test_reasons_add_up_to_the_points(it: World) -> None:
    for result in it.plan.evaluate(it.stories, it.as_of).values():
        assert sum(whole(row["points"]) for row in result.reasons) == result.score["points"]
        assert [row["rank"] for row in result.reasons] == list(range(1, len(result.reasons) + 1))
        points = [whole(row["points"]) for row in result.reasons]
        assert points == sorted(points, reverse=True)


@LAW
@given(WORLDS)
def test_reasons_of_every_score_add_up_to_its_points(it: World) -> None:
    for result in it.plan.evaluate(it.stories, it.as_of).values():
        assert [row["score"] for row in result.other_scores] == sorted(
            score.id for score in it.rules.further
        )
        for score in result.other_scores:
            mine = [row for row in result.other_reasons if row["score"] == score["score"]]
            assert sum(whole(row["points"]) for row in mine) == score["points"]
            assert [row["rank"] for row in mine] == list(range(1, len(mine) + 1))


@LAW
@given(WORLDS)
def test_a_score_beside_the_leading_one_changes_nothing_of_it(it: World) -> None:
    alone = dataclasses.replace(it.rules, further=(*it.rules.further, Score("idle")))
    results = it.plan.evaluate(it.stories, it.as_of)
    for contact, result in Plan(alone, ENGINE).evaluate(it.stories, it.as_of).items():
        before = results[contact]
        assert (result.score, result.reasons, result.moves) == (
            before.score,
            before.reasons,
            before.moves,
        )
        assert {"contact": contact, "score": "idle", "raw": 0, "points": 0} in result.other_scores


def whole(value: object) -> int:
    """Return a column that holds a whole number."""
    assert isinstance(value, int)
    return value


@LAW
@given(WORLDS)
def test_a_further_activity_of_positive_rules_never_lowers_the_sum(it: World) -> None:
    made = seeded(it.seed)
    _, zone = make_as_of(made)
    plan = Plan(only_positive(it.rules), ENGINE)
    more = [
        dataclasses.replace(
            story, activities=(*story.activities, make_activity(made, 99, it.as_of, zone))
        )
        for story in it.stories
    ]
    before, after = plan.evaluate(it.stories, it.as_of), plan.evaluate(more, it.as_of)
    for contact, result in after.items():
        assert whole(result.score["raw"]) >= whole(before[contact].score["raw"])


def only_positive(rules: RuleSet) -> RuleSet:
    """Return rules that only give: no negative points, none replaced by a lesser one.

    Nor a limit for each period: a later activity can carry its bucket into a period that is full.
    """
    return dataclasses.replace(
        rules,
        rules=tuple(
            dataclasses.replace(
                rule,
                points=abs(rule.points),
                replaced_by=None,
                at_most=rule.at_most and dataclasses.replace(rule.at_most, per=None),
            )
            for rule in rules.rules
        ),
        contact_rules=(),
        account=None,
        groups=tuple(Group(group.id, group.label, score=group.score) for group in rules.groups),
    )


@LAW
@given(WORLDS, st.integers(1, 59))
def test_one_batch_says_what_two_say(it: World, cut: int) -> None:
    plan = it.plan
    halves = (it.stories[:cut], it.stories[cut:])
    assert plan.evaluate_parts(halves, it.as_of) == plan.evaluate(it.stories, it.as_of)


@LAW
@given(WORLDS)
def test_the_past_is_told_as_if_nothing_had_followed(it: World) -> None:
    known = [until(story, it.as_of) for story in it.stories]
    assert it.plan.evaluate(known, it.as_of) == it.plan.evaluate(it.stories, it.as_of)


def until(story: Story, as_of: Instant) -> Story:
    """Return what of a story existed at an instant."""
    return dataclasses.replace(
        story,
        activities=tuple(each for each in story.activities if each.occurred_us <= as_of.us),
        opportunities=tuple(each for each in story.opportunities if each.created_us <= as_of.us),
    )


@LAW
@given(WORLDS)
def test_asking_again_at_once_moves_nothing_and_hands_nothing_over(it: World) -> None:
    plan = it.plan
    first = plan.evaluate(it.stories, it.as_of)
    again = [remembering(story, first[story.contact]) for story in it.stories]
    for contact, result in plan.evaluate(again, it.as_of).items():
        note(str(first[contact].score))
        assert result.moves == ()
        assert result.score["handed_off"] is False
        assert result.score["stage_since_us"] == first[contact].score["stage_since_us"]


def remembering(story: Story, result: Result) -> Story:
    """Return a story whose previous state is what was just decided; its task is new, not done."""
    said = story.state or State()
    memory = {name: result.score[name] for name in MEMORY}
    state = dataclasses.replace(said, **memory, task_done=None)  # type: ignore[arg-type]  # by name
    return dataclasses.replace(story, state=state)

"""The score of opportunities: the compiled plan against the readable evaluator, and its laws."""

import dataclasses
import os
import random
from collections.abc import Mapping, Sequence
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.columns import opportunity_table
from connector.domain.ids import RuleId
from connector.domain.moment import Moment
from connector.domain.numbers import MILLION
from connector.engine.embedded import EmbeddedEngine
from connector.rules.compile import _canonical, compile_rules
from connector.rules.conditions import All, Kind, Test
from connector.rules.model import Opportunities, OpportunityRule, RuleSet, Share
from connector.rules.operators import Op
from connector.rules.tables import TAKING_PART
from tests.engine.story import rule
from tests.reference.agreement import Plan
from tests.reference.evaluator import Row
from tests.reference.made_up_conditions import seeded
from tests.reference.made_up_opportunities import with_opportunities
from tests.reference.made_up_rules import TYPES, known_fields, make_rule_set
from tests.reference.made_up_stories import make_as_of, make_opportunity, make_stories
from tests.reference.opportunities import open_deals, rows, score_all
from tests.reference.robots import Decision
from tests.reference.story import Instant, Opportunity, Story
from tests.reference.tables import table

ENGINE = EmbeddedEngine(threads=1)
ASKED = int(os.environ.get("LEADRIPE_EXAMPLES", "0"))
FIRST_SEED = random.SystemRandom().randrange(10**9) if ASKED else 0
SEEDS = range(FIRST_SEED, FIRST_SEED + max(6, ASKED // 150))
LAW = settings(max_examples=8, deadline=None, derandomize=not ASKED)
SMALL = settings(
    max_examples=40,
    deadline=None,
    derandomize=not ASKED,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
Scored = Mapping[str, tuple[Row, tuple[Row, ...]]]


@dataclasses.dataclass(frozen=True)
class World:
    """Made-up rules with a score of opportunities, contacts, open deals, a moment to ask at."""

    seed: int
    rules: RuleSet
    stories: list[Story]
    deals: Mapping[str, Opportunity]
    as_of: Instant

    def scored(self, *parts: Sequence[Story]) -> Scored:
        """Return what the plan makes of the deals, their people coming in parts."""
        plan = Plan(self.rules, ENGINE)
        return plan.score_opportunities(parts or [self.stories], self.deals, self.as_of)


def world(seed: int, count: int) -> World:
    return make_world(seeded(seed), count, seed)


def make_world(made: Random, count: int, seed: int = 0) -> World:
    rules = make_rule_set(made)
    rules = with_opportunities(made, rules, known_fields(rules.account))
    as_of, zone = make_as_of(made)
    # Of many contacts few share a deal: their names tell several apart.
    stories = [
        dataclasses.replace(
            story,
            opportunities=tuple(
                dataclasses.replace(deal, id=f"{deal.id}:{made.randrange(1 + count // 6)}")
                for deal in story.opportunities
            ),
        )
        for story in make_stories(made, count, as_of, zone)
    ]
    stories = [without_repeated(story) for story in stories]
    alone = dataclasses.replace(make_opportunity(made, 0, as_of), id="nobody's")
    return World(seed, rules, stories, {**open_deals(stories, as_of), alone.id: alone}, as_of)


def without_repeated(story: Story) -> Story:
    deals = {deal.id: deal for deal in story.opportunities}
    return dataclasses.replace(story, opportunities=tuple(deals.values()))


WORLDS = st.integers(0, 2**32).map(lambda seed: world(seed, 60))


def by_reference(it: World) -> Scored:
    told = score_all(it.rules, it.stories, it.deals, it.as_of)
    return {name: rows(name, points) for name, points in told.items()}


@pytest.mark.parametrize("seed", SEEDS)
def test_plan_and_readable_evaluator_agree_on_many_opportunities(seed: int) -> None:
    it = world(seed, 150)
    assert len(it.deals) > 1
    assert it.scored() == by_reference(it)


@SMALL
@given(st.randoms(use_true_random=False))
def test_plan_and_readable_evaluator_agree_on_any_opportunity(made: Random) -> None:
    it = make_world(made, 4)
    assert it.scored() == by_reference(it)


@LAW
@given(WORLDS)
def test_reasons_add_up_to_the_score(it: World) -> None:
    for score, reasons in it.scored().values():
        points = [whole(row["points"]) for row in reasons]
        assert sum(points) == score["points"]
        assert points == sorted(points, reverse=True)
        assert 0 not in points
        assert [row["rank"] for row in reasons] == list(range(1, len(reasons) + 1))


@LAW
@given(WORLDS, st.integers(1, 58))
def test_people_may_come_in_any_order_and_in_any_parts(it: World, cut: int) -> None:
    shuffled = seeded(it.seed).sample(it.stories, len(it.stories))
    parts = (shuffled[:cut], shuffled[cut : cut + 1], shuffled[cut + 1 :])
    assert it.scored(*parts) == it.scored()


@LAW
@given(WORLDS)
def test_the_score_of_opportunities_moves_no_contact(it: World) -> None:
    without = Plan(dataclasses.replace(it.rules, opportunities=None), ENGINE)
    told = Plan(it.rules, ENGINE).evaluate(it.stories, it.as_of)
    assert told == without.evaluate(it.stories, it.as_of)


def whole(value: object) -> int:
    """Return a column that holds a whole number."""
    assert isinstance(value, int)
    return value


# ---------------------------------------------------------------- shares, by hand


@pytest.mark.parametrize(
    ("given_points", "percent", "expected"),
    [
        (50 * MILLION, 40, 20 * MILLION),
        (5, 10, 0),  # 0.5: half to even
        (15, 10, 2),
        (25, 10, 2),
        (-5, 10, 0),
        (-15, 10, -2),
        (-25, 10, -2),
        (149, 1, 1),
        (150, 1, 2),
        (151, 1, 2),
        (-151, 1, -2),
        (333_333, 33, 110_000),
        (7, 1_000, 70),
        (9 * 10**17, 1_000, 9 * 10**18),
        (-9 * 10**17 + 1, 1_000, -9 * 10**18 + 10),
    ],
)
def test_a_share_is_rounded_half_to_even(given_points: int, percent: int, expected: int) -> None:
    shared = OpportunityRule(RuleId("share"), {"en": ""}, share=Share(of_sum=True, percent=percent))
    people = {"people": 1, "best": 0, "total": given_points}
    told = Opportunities((shared,), lowest=-91 * 10**17, highest=91 * 10**17)
    row, _ = second_turn(told, {"rule": 0, **people})
    assert row["raw"] == expected


def test_what_several_batches_say_of_people_is_summed_up() -> None:
    best = OpportunityRule(RuleId("best"), {"en": ""}, share=Share(of_sum=False, percent=100))
    sums = OpportunityRule(RuleId("sum"), {"en": ""}, share=Share(of_sum=True, percent=100))
    parts = [
        {"rule": no, "people": 2, "best": points * MILLION, "total": 2 * points * MILLION}
        for points in (3, 7)
        for no in (0, 1)
    ]
    _, reasons = second_turn(Opportunities((best, sums)), *parts)
    assert [(row["rule"], row["points"], row["count"]) for row in reasons] == [
        ("sum", 20 * MILLION, 4),
        ("best", 7 * MILLION, 4),
    ]


def second_turn(told: Opportunities, *taking_part: Row) -> tuple[Row, list[Row]]:
    """Return the score and the reasons of the opportunity `d` of which this was said."""
    compiled = compile_rules(RuleSet((), opportunities=told))
    answer = ENGINE.score_opportunities(
        compiled,
        opportunity_table(["d"], [{}], {}),
        table(TAKING_PART, [{"opportunity": "d", **each} for each in taking_part]),
        at=Moment(0, 0),
    )
    (row,) = answer.score.to_pylist()
    return row, answer.reason.to_pylist()


# ---------------------------------------------------------------- the plan


IS_LARGE = Test("amount", Kind.NUMBER, Op.GTE, (10,))


def deal_rule(name: str, **parts: object) -> OpportunityRule:
    return OpportunityRule(RuleId(name), {"en": name}, **parts)  # type: ignore[arg-type]  # by name


def test_rules_that_look_at_no_people_add_nothing_to_the_main_plan() -> None:
    plain = compile_rules(RuleSet(()))
    told = Opportunities((deal_rule("large", points=1, where=IS_LARGE),))
    compiled = compile_rules(RuleSet((), opportunities=told))
    assert compiled.steps == plain.steps
    assert compiled.fields == plain.fields
    assert compiled.hash != plain.hash
    assert compiled.opportunities is not None
    assert compiled.opportunities.fields == {"amount": Kind.NUMBER}


def test_rules_without_opportunities_keep_the_hash_that_they_always_had() -> None:
    """Else every contact of every account would be evaluated anew for nothing."""
    said = _canonical(RuleSet(()))
    assert isinstance(said, dict)
    assert "nurture" in said
    assert "opportunities" not in said


def test_the_hash_covers_the_score_of_opportunities() -> None:
    def hash_of(**parts: object) -> str:
        return compile_rules(
            RuleSet((), opportunities=Opportunities((deal_rule("one", **parts),)))
        ).hash

    shared = hash_of(share=Share(of_sum=True, percent=40))
    assert shared != hash_of(share=Share(of_sum=True, percent=41))
    assert hash_of(points=1, where=IS_LARGE) != hash_of(points=2, where=IS_LARGE)


def test_fields_of_people_are_read_and_results_are_none_of_them() -> None:
    asked = All(
        (
            Test("department", Kind.TEXT, Op.EQUALS, ("it",)),
            Test("grade", Kind.TEXT, Op.EQUALS, ("A",)),
        )
    )
    told = Opportunities((deal_rule("people", points=1, contact=asked),))
    assert "department" in compile_rules(RuleSet((), opportunities=told)).fields
    assert "grade" not in compile_rules(RuleSet((), opportunities=told)).fields


@pytest.mark.parametrize(
    "told",
    [
        Opportunities((deal_rule("rule", points=1, where=IS_LARGE),)),
        Opportunities((deal_rule("a", points=1, where=IS_LARGE, group="none"),)),
        Opportunities((deal_rule("a", share=Share(of_sum=True, percent=1, score="none")),)),
        Opportunities((deal_rule("a", where=Test("amount", Kind.TEXT, Op.EQUALS, ("x",))),)),
    ],
)
def test_what_no_file_can_say_is_refused(told: Opportunities) -> None:
    with pytest.raises(ValueError, match=r"rule|amount"):
        compile_rules(RuleSet((rule(),), opportunities=told))


def test_rules_without_opportunities_score_none() -> None:
    with pytest.raises(ValueError, match="no score"):
        ENGINE.score_opportunities(
            compile_rules(RuleSet(())),
            opportunity_table([], [], {}),
            table(TAKING_PART, []),
            at=Moment(0, 0),
        )


def test_many_people_of_whom_some_are_in_quarantine_are_summed_up_as_few_are() -> None:
    """Above a thousand contacts those with activities in quarantine come in a turn of their own."""
    it = world(11, 1_100)
    engaged = deal_rule("engaged", share=Share(of_sum=True, percent=37))
    counting = tuple(rule(f"count_{kind}", 3, activities=(kind,)) for kind in TYPES)
    plan = Plan(RuleSet(counting, opportunities=Opportunities((engaged,))), ENGINE)
    by_hand = [
        Decision(story.contact, is_release=False, made_us=0, contact=story.contact)
        for story in it.stories
        if story.contact % 5 == 0
    ]
    parts = [it.stories[start : start + 90] for start in range(0, len(it.stories), 90)]
    together = plan.score_opportunities([it.stories], it.deals, it.as_of, by_hand)
    assert together == plan.score_opportunities(parts, it.deals, it.as_of, by_hand)
    assert together != plan.score_opportunities(parts, it.deals, it.as_of)

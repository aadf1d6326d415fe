"""How far a score can go, and that what is called dead never counts anything."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.config.review.dead import never_fires, never_met
from connector.config.review.out_of_reach import best_fit
from connector.domain.ids import RuleId
from connector.domain.numbers import MILLION
from connector.rules.decay import Decay, HalfLife, Linear
from connector.rules.model import (
    ActivityRule,
    AtMost,
    Each,
    Ever,
    PerAttribute,
    PerDays,
    RuleSet,
)
from connector.rules.reach import Reach, group_reach, rule_reach, score_reach
from tests.reference.conditions import holds, is_known
from tests.reference.counting import count
from tests.reference.evaluator import evaluate
from tests.reference.made_up_conditions import FIELDS, seeded
from tests.reference.made_up_rules import make_rule_set
from tests.reference.made_up_stories import make_as_of, make_stories, make_values
from tests.reference.moments import asked_at
from tests.reference.scoring import fit, fit_of, judged

SEEDS = st.integers(0, 2**32)


def rule(points: int = 2, **rest: object) -> ActivityRule:
    made = {"id": RuleId("a"), "label": {"en": ""}, "activities": ("x",), **rest}
    return ActivityRule(points=points * MILLION, **made)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("given_rule", "most"),
    [
        (rule(once_per=Ever()), 2),
        (rule(once_per=Each()), None),
        (rule(once_per=PerAttribute("asset")), None),
        (rule(at_most=AtMost(3)), 6),
        (rule(once_per=PerDays(1), at_most=AtMost(3)), 6),
        (rule(once_per=PerDays(365)), 4),  # today, and yesterday of the period before
        (rule(once_per=PerDays(1)), 730),
        (rule(at_most=AtMost(2, 364)), 8),
        (rule(once_per=PerDays(2), decay=Decay(Linear(4))), 4),  # 2, 1.5 and 0.5 of ages 0, 1, 3
        (rule(once_per=Ever(), decay=Decay(HalfLife(1), hold=5)), 2),
        (rule(points=0), 0),
    ],
)
def test_the_most_that_a_rule_adds(given_rule: ActivityRule, most: int | None) -> None:
    assert rule_reach(given_rule) == Reach(0, None if most is None else most * MILLION)


def test_a_negative_rule_only_takes_away() -> None:
    assert rule_reach(rule(-2, once_per=Ever())) == Reach(-2 * MILLION, 0)
    assert rule_reach(rule(-2)) == Reach(None, 0)


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_no_score_is_out_of_its_reach_and_no_dead_rule_counts(seed: int) -> None:
    made = seeded(seed)
    rules = make_rule_set(made)
    as_of, zone = make_as_of(made)
    dead = {each.id for each in rules.rules if never_fires(rules, each)}
    reach = score_reach(rules, [each for each in rules.rules if each.id not in dead])
    for story in make_stories(made, 12, as_of, zone):
        points = int(str(evaluate(rules, story, as_of).score["points"]))
        assert reach.least is None or points >= reach.least
        assert reach.most is None or points <= reach.most
        existing = [each for each in story.activities if each.occurred_us <= as_of.us]
        asked = asked_at(rules, as_of)
        fields = judged(story.fields, fit(asked.fit, story.fields))
        counted = count(asked, existing, fields, as_of)
        assert dead.isdisjoint(each.rule.id for each in counted)
    for group in rules.groups:
        within = group_reach(group, rules.rules)
        assert within.least is None or within.most is None or within.least <= within.most


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_no_contact_fits_better_than_is_said_to_be_possible(seed: int) -> None:
    made = seeded(seed)
    rules, (as_of, _) = make_rule_set(made), make_as_of(made)
    then = asked_at(rules, as_of)
    for persona, asked in zip(rules.fit.personas, then.fit.personas, strict=True):
        best = best_fit(persona, 40)
        for _ in range(30):
            fields = make_values(made, FIELDS)
            found = fit_of(asked, 40, fields)
            assert best is None or found is None or found <= best
            for criterion, now in zip(persona.criteria, asked.criteria, strict=True):
                is_met = holds(now.condition, fields) and is_known(fields.get(criterion.field))
                assert not (never_met(criterion) and is_met)


def test_made_up_rules_are_dead_at_times() -> None:
    sets: list[RuleSet] = [make_rule_set(seeded(seed)) for seed in range(40)]
    assert any(never_fires(rules, each) for rules in sets for each in rules.rules)

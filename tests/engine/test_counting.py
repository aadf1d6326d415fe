"""Section 2 and 3 of the semantics: what counts, what it weighs, how lines make a score."""

from dataclasses import replace

import pytest

from connector.domain.ids import RuleId
from connector.domain.numbers import MILLION
from connector.rules.conditions import Kind, Test
from connector.rules.decay import Constant, Decay, HalfLife, Linear, Steps
from connector.rules.model import (
    AtMost,
    Ever,
    Group,
    PerAttribute,
    PerDays,
    Repeated,
    RuleSet,
)
from connector.rules.operators import Op
from tests.engine.story import FOR_EVER, NOW, did, evaluate, lines_of, rule, score_of


def test_outbound_later_and_other_activities_do_not_count() -> None:
    rules = RuleSet(rules=(rule(),))
    activities = [did(), did(outbound=True, name="x"), did(second=30), did("page")]
    assert lines_of(evaluate(rules, activities)) == [("rule", "rule", 1, 1)]


def test_where_holds_for_folded_text() -> None:
    holds = Test("kind", Kind.TEXT, Op.EQUALS, ("Étude",))
    rules = RuleSet(rules=(rule(where=holds),))
    activities = [did(ago=1, kind_=""), did(ago=2)]
    activities += [{**did(ago=3), "a_kind": "ETUDE", "a_kind_folded": "etude"}]
    assert lines_of(evaluate(rules, activities)) == [("rule", "rule", 1, 1)]


def test_the_latest_of_a_bucket_counts() -> None:
    rules = RuleSet(rules=(rule(once_per=PerAttribute("asset"), decay=Decay(Linear(10))),))
    activities = [did(ago=4, asset="A"), did(ago=2, asset="a"), did(ago=5), did(ago=9)]
    assert lines_of(evaluate(rules, activities)) == [("rule", "rule", 0.8 + 0.5, 2)]


@pytest.mark.parametrize(
    ("once_per", "counted"), [(PerDays(1), 4), (PerDays(7), 3), (Ever(), 1), (PerDays(30), 2)]
)
def test_periods_stand_still(once_per: PerDays | Ever, counted: int) -> None:
    # Day 20,000 is a Friday: 4 days ago was Monday, 5 days ago the Sunday before.
    activities = [did(), did(second=-9), did(ago=4), did(ago=5), did(ago=30)]
    assert lines_of(evaluate(RuleSet(rules=(rule(once_per=once_per),)), activities)) == [
        ("rule", "rule", counted, counted)
    ]


def test_a_day_before_1970_is_in_the_period_before() -> None:
    rules = RuleSet(rules=(rule(once_per=PerDays(7)),))
    early = [{**did(ago=ago), "day": day} for ago, day in ((3, -3), (2, -4), (1, 3))]
    assert lines_of(evaluate(rules, early)) == [("rule", "rule", 2, 2)]


def test_at_most_keeps_the_latest() -> None:
    rules = RuleSet(rules=(rule(at_most=AtMost(3), decay=Decay(Linear(10))),))
    activities = [did(ago=1), did(ago=1, second=1), did(ago=2), did(ago=2, second=1), did(ago=3)]
    assert lines_of(evaluate(rules, activities)) == [("rule", "rule", 0.9 + 0.9 + 0.8, 3)]


def test_at_most_is_counted_in_each_period() -> None:
    rules = RuleSet(rules=(rule(at_most=AtMost(2, per=7)),))
    activities = [did(ago=ago) for ago in (0, 1, 2, 3, 4, 5)]
    assert lines_of(evaluate(rules, activities)) == [("rule", "rule", 3, 3)]


def test_repeated_looks_back_over_days() -> None:
    rules = RuleSet(rules=(rule(points=-10, repeated=Repeated(3, 5)),))
    activities = [did(ago=9), did(ago=4), did(ago=2), did(ago=0), did(ago=0, second=-1)]
    assert lines_of(evaluate(rules, activities)) == [
        ("bound", "engagement", 20, None),
        ("rule", "rule", -20, 2),
    ]


def test_a_bucket_is_dropped_where_the_other_rule_counts() -> None:
    event = PerAttribute("event")
    rules = RuleSet(
        rules=(
            rule("registered", 3, once_per=event, replaced_by=RuleId("attended")),
            rule("attended", 10, activities=("visit",), once_per=event, at_most=AtMost(1)),
        )
    )
    activities = [
        did(event="a", name="1"),
        did(event="b", name="2"),
        did(event="c", name="3"),
        did("visit", ago=700, event="A"),
        did("visit", ago=1, event="b"),
    ]
    assert lines_of(evaluate(rules, activities)) == [
        ("rule", "attended", 10, 1),
        ("rule", "registered", 3, 1),
    ]


@pytest.mark.parametrize(
    ("decay", "weights"),
    [
        (Decay(Constant()), {0: 1, 364: 1, 365: 0}),
        (FOR_EVER, {0: 1, 20_000: 1}),
        (Decay(HalfLife(60)), {0: 1, 60: 0.5, 120: 0.25, 364: 0.014919, 365: 0}),
        (Decay(HalfLife(30), hold=30), {30: 1, 60: 0.5}),
        (Decay(Linear(10)), {1: 0.9, 9: 0.1, 10: 0}),
        (Decay(Steps(((30, 500_000), (90, 0)))), {29: 1, 30: 0.5, 89: 0.5, 90: 0}),
    ],
)
def test_points_fade(decay: Decay, weights: dict[int, float]) -> None:
    rules = RuleSet(rules=(rule(decay=decay),))
    for ago, weight in weights.items():
        expected = [("rule", "rule", weight, 1)] if weight else []
        assert lines_of(evaluate(rules, [did(ago=ago)])) == expected


def test_groups_are_clamped_and_lines_stay_in_the_order_of_the_file_on_a_tie() -> None:
    rules = RuleSet(
        rules=(
            rule("a", 20, group="g"),
            rule("b", 20, group="g"),
            rule("c", -30, activities=("page",), group="h"),
            rule("d", 20),
        ),
        groups=(
            Group("g", {"en": "g"}, cap=25 * MILLION),
            Group("h", {"en": "h"}, floor=-10 * MILLION),
        ),
        highest=30 * MILLION,
    )
    evaluation = evaluate(rules, [did(), did("page")])
    assert lines_of(evaluation) == [
        ("rule", "a", 20, 1),
        ("rule", "b", 20, 1),
        ("rule", "d", 20, 1),
        ("floor", "h", 20, None),
        ("bound", "engagement", -5, None),
        ("cap", "g", -15, None),
        ("rule", "c", -30, 1),
    ]
    assert score_of(evaluation)["raw"] == 35 * MILLION
    assert score_of(evaluation)["points"] == 30 * MILLION


def test_a_floor_above_nothing_is_given_to_everybody() -> None:
    rules = RuleSet(rules=(rule(group="g"),), groups=(Group("g", {"en": "g"}, floor=5 * MILLION),))
    assert lines_of(evaluate(rules)) == [("floor", "g", 5, None)]


def test_parts_of_points_are_rounded_half_to_even() -> None:
    half = replace(rule(decay=Decay(Steps(((0, 500_000),)))), points=3)
    assert score_of(evaluate(RuleSet(rules=(half,)), [did()]))["points"] == 2


def test_the_latest_need_counts() -> None:
    rules = RuleSet(rules=(rule(points=0, is_need=True, once_per=PerDays(1)),))
    score = score_of(evaluate(rules, [did(ago=3), did(ago=2), did(ago=2, name="c")]))
    assert score["need_us"] == NOW - 2 * 86_400_000_000


def test_a_replaced_need_is_none() -> None:
    event = PerAttribute("event")
    rules = RuleSet(
        rules=(
            rule(is_need=True, once_per=event, replaced_by=RuleId("visit")),
            rule("visit", activities=("visit",), once_per=event),
        )
    )
    visited = did("visit", event="y", name="v")
    assert score_of(evaluate(rules, [did(event="y"), visited]))["need_us"] is None
    assert score_of(evaluate(rules, [did(event="x"), visited]))["need_us"] is not None

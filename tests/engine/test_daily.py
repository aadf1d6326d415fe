"""A contact's points day by day: each is what an evaluation at the end of that day says."""

import dataclasses
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.columns import activity_schema
from connector.config.rules_file import load_rules
from connector.domain.numbers import MILLION
from connector.engine.daily import daily, deeds
from connector.rules.compile import compile_rules
from connector.rules.decay import Decay, HalfLife
from connector.rules.model import AtMost, Group, PerDays, RuleSet
from connector.rules.timeline import (
    LEAST_DAYS,
    MOST_TURNS,
    Deeds,
    ScoredDay,
    Share,
    Span,
    concerning,
    days_to_ask,
    period,
)
from tests.engine.story import DAY_US, ENGINE, NOW, TODAY, Row, did, evaluate, rule, table
from tests.reference import tables
from tests.reference.evaluator import Result
from tests.reference.evaluator import evaluate as judged
from tests.reference.made_up_conditions import seeded
from tests.reference.made_up_rules import make_rule_set
from tests.reference.made_up_stories import EPOCH, make_as_of, make_stories
from tests.reference.story import Instant, Story
from tests.rules.stories import micros

SHIPPED = Path(__file__).parents[2] / "mappings" / "rules.yaml"
HALVED = Decay(HalfLife(60))


def days_of(rules: RuleSet, rows: Sequence[Row], *, days: int = 60) -> dict[int, ScoredDay]:
    """Return {days ago: what is said of it}."""
    span = Span(TODAY - days, TODAY, NOW)
    activity = table(rows) if rows else activity_schema({}).empty_table()
    return {TODAY - each.day: each for each in daily(ENGINE, rules, activity, span)}


def test_five_points_with_a_half_life_of_60_days_are_two_and_a_half_after_60() -> None:
    found = days_of(RuleSet(rules=(rule(points=5, decay=HALVED),)), [did(ago=60)], days=61)
    assert [found[ago].points for ago in (61, 60, 0)] == [0, 5_000_000, 2_500_000]
    assert found[30].points == 3_535_535  # 5 · 2^(-1/2): the weight is 0.707107
    assert len(found) == 62


def test_a_day_says_what_its_own_activities_added() -> None:
    rules = RuleSet(rules=(rule("a", 4, group="g"),), groups=(Group("g", {}, cap=6 * MILLION),))
    found = days_of(rules, [did(ago=9), did(ago=2, second=1), did(ago=2, outbound=True, name="x")])
    assert found[9].added == (Share("rule", "a", 4 * MILLION, 1),)
    assert found[2].added == (
        Share("rule", "a", 4 * MILLION, 1),
        Share("cap", "g", -2 * MILLION, 0),
    )
    assert not found[3].added
    assert found[2].points == 6 * MILLION


def test_an_activity_that_takes_another_s_place_adds_the_difference() -> None:
    once = rule("a", 8, once_per=PerDays(7), decay=Decay(HalfLife(1)))
    found = days_of(RuleSet(rules=(once,)), [did(ago=4), did(ago=2)])  # of one calendar week
    assert found[3].points == 4_000_000
    assert found[2].added == (Share("rule", "a", 6_000_000, 0),)
    assert found[2].points == 8_000_000


def test_nothing_after_the_instant_of_asking_exists() -> None:
    found = days_of(RuleSet(rules=(rule(),)), [did(second=1), did(ago=-1), did(second=-1)], days=1)
    assert [found[ago].points for ago in (1, 0)] == [0, MILLION]


def test_deeds_are_told_by_day_and_type_points_or_not() -> None:
    rows = [did(ago=2, second=1), did(ago=2, outbound=True, name="x"), did("open", ago=1)]
    rows += [did("open", ago=1, second=5), did(ago=9), did(second=1)]
    assert deeds(table(rows), Span(TODAY - 8, TODAY, NOW)) == {
        TODAY - 2: (Deeds("click", 1, is_outbound=False), Deeds("click", 1, is_outbound=True)),
        TODAY - 1: (Deeds("open", 2, is_outbound=False),),
    }


def test_a_contact_that_did_nothing_has_no_points_on_any_day() -> None:
    found = days_of(RuleSet(rules=(rule(),)), [])
    assert {each.points for each in found.values()} == {0}
    assert len(found) == 61


@pytest.mark.parametrize("seed", range(8))
def test_each_day_is_what_the_readable_evaluator_says_at_its_end(seed: int) -> None:
    made = seeded(seed)
    rules = make_rule_set(made)
    as_of, zone = make_as_of(made)
    attributes = compile_rules(rules)
    for story in make_stories(made, 4, as_of, zone):
        facts = tables.facts([story], attributes)
        span = Span(as_of.day - 45, as_of.day, as_of.us)
        for each in daily(ENGINE, rules, facts.activity, span, contact=facts.contact):
            told = judged(rules, story, end_of(each.day, zone, as_of))
            assert (each.points, each.shares) == (told.score["points"], shares(told))
            assert sum(share.points for share in each.shares) == each.points
            less = without(story, each.day)
            rest = judged(rules, less, end_of(each.day, zone, as_of)).score["points"]
            assert each.points == whole(rest) + sum(share.points for share in each.added)


def end_of(day: int, zone: ZoneInfo, as_of: Instant) -> Instant:
    """Return the last microsecond of a local day, or the instant of asking if it is earlier."""
    next_day = EPOCH.date() + timedelta(days=day + 1)
    midnight = datetime.combine(next_day, clock.min, zone).astimezone(UTC)
    return Instant(min(micros(midnight) - 1, as_of.us), day)


def without(story: Story, day: int) -> Story:
    """Return a story in which nothing happened on a day."""
    rest = tuple(each for each in story.activities if each.day != day)
    return dataclasses.replace(story, activities=rest)


def shares(result: Result) -> tuple[Share, ...]:
    """Return the lines of a result."""
    return tuple(
        Share(str(row["kind"]), str(row["rule"]), whole(row["points"]), whole(row["count"] or 0))
        for row in result.reasons
    )


def whole(value: object) -> int:
    assert isinstance(value, int)
    return value


def test_shipped_rules_take_seven_turns_for_a_contact_with_weekly_ones() -> None:
    rules = load_rules(SHIPPED)
    assert period(concerning(rules, {"email_reply", "page_view"})) == 7
    assert period(concerning(rules, {"email_reply", "careers_page_view"})) == 210
    kept = concerning(rules, {"webinar_registered"})
    assert [each.id for each in kept.rules] == ["webinar_registered", "webinar_attended"]


def test_where_periods_do_not_fit_together_fewer_days_are_asked_and_each_is_exact() -> None:
    rules = RuleSet(
        rules=(
            rule("week", 8, once_per=PerDays(7), decay=HALVED),
            rule("month", 3, at_most=AtMost(1, per=30), decay=HALVED),
        )
    )
    rows = [did(ago=ago) for ago in (100, 93, 92, 61, 8, 3)]
    found = days_of(rules, rows, days=180)
    assert len(found) <= MOST_TURNS
    assert {0, 3, 8, 61, 92, 93, 100} <= set(found)
    for ago, each in found.items():
        past = [row for row in rows if row["day"] <= TODAY - ago]  # type: ignore[operator]  # whole days
        whole = evaluate(rules, past, as_of_us=NOW - ago * DAY_US)
        assert whole.score["points"].to_pylist() == [each.points]


@given(st.integers(1, 800), st.integers(1, 400), st.integers(0, 900), st.sets(st.integers(0, 900)))
def test_the_last_day_is_always_asked_and_never_more_than_may_be(
    length: int, turns: int, most: int, eventful: set[int]
) -> None:
    span = Span(900 - length, 900, 0)
    asked = days_to_ask(span, turns=turns, most=most, eventful=eventful)
    assert asked == sorted(set(asked))
    assert asked[-1] == span.last
    assert asked[0] >= span.first
    assert len(asked) <= max(most, LEAST_DAYS)
    assert len({day % turns for day in asked}) <= MOST_TURNS


def test_ten_thousand_activities_are_told_day_by_day_in_seconds() -> None:
    rules = load_rules(SHIPPED)
    kinds = ("page_view", "email_click", "content_download", "email_open")
    rows = [did(kinds[n % 4], ago=n % 400, second=-n, name=f"n{n}") for n in range(10_000)]
    began = time.process_time()
    found = days_of(rules, rows, days=180)
    assert len(found) == 181
    assert time.process_time() - began < 20  # about 2 seconds; room for a busy machine

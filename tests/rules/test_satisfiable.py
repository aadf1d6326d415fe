"""What is said to hold never, or always, or wherever something else does."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.config.where import Where
from connector.rules.conditions import ALWAYS, All, AnyOf, Condition, Kind, Not, Test
from connector.rules.operators import Op
from connector.rules.satisfiable import always_holds, exclude, follows, never_holds
from tests.reference.conditions import holds
from tests.reference.made_up_conditions import ATTRIBUTES, likely, make_condition, seeded
from tests.reference.made_up_stories import make_values


def where(**comparisons: object) -> Condition:
    return Where.of(comparisons).condition()


IMPOSSIBLE = [
    where(a={"gte": 10, "lt": 5}),
    where(a={"gt": 3, "lt": 3}),
    where(a={"in": [1, 2], "gte": 3}),
    where(a={"equals": 7, "not_in": [7, 8]}),
    where(a={"exists": False}, all=[{"a": "x"}]),
    where(a="white_paper", all=[{"a": "guide"}]),
    where(a=["white_paper", "guide"], **{"not": {"a": {"matches": "paper|guide"}}}),
    where(a={"equals": "Étude", "not_in": ["etude"]}),
    where(a="Étude", all=[{"a": {"equals": "Guide", "exact": True}}]),
    where(a={"equals": "Guide", "matches": "^[a-z]+$", "exact": True}),
    where(a={"contains": "paper"}, **{"not": {"a": {"contains": "PAP"}}}),
    where(a={"matches": "x+"}, **{"not": {"a": {"matches": "x+"}}}),
    where(a=True, all=[{"a": False}]),
    where(any=[{"a": {"gt": 5, "lt": 5}}, {"b": {"exists": True}, "not": {"b": {"exists": True}}}]),
    AnyOf(()),
    Not(ALWAYS),
]

POSSIBLE = [
    where(a={"gte": 5, "lte": 5}),
    where(a={"gt": 3, "lt": 3.000002}),
    where(a={"exists": False}, **{"not": {"a": "x"}}),
    where(a="Étude", all=[{"a": {"equals": "ÉTUDE", "exact": True}}]),
    where(a={"contains": "paper"}, **{"not": {"a": {"contains": "papers"}}}),
    where(a={"matches": "a"}, **{"not": {"a": {"matches": "b"}}}),
    where(**{"not": {"a": {"gte": 5}, "b": 1}}),
    where(a={"not_in": ["x"]}),
    Test("a", Kind.TEXT, Op.EQUALS, ("\u0301",)),  # a text that folds to nothing is still a text
    Test("a", Kind.NUMBER, Op.NOT_IN, ()),
    ALWAYS,
]


@pytest.mark.parametrize("condition", IMPOSSIBLE, ids=str)
def test_a_contradiction_is_seen(condition: Condition) -> None:
    assert never_holds(condition)


@pytest.mark.parametrize("condition", POSSIBLE, ids=str)
def test_what_may_hold_is_not_called_impossible(condition: Condition) -> None:
    assert not never_holds(condition)


def test_one_condition_follows_from_a_narrower_one() -> None:
    papers = where(kind=["white_paper", "guide"])
    assert follows(where(kind="Guide", topic="erp"), papers)
    assert not follows(papers, where(kind="guide"))
    assert follows(where(minutes={"gte": 30}), where(minutes={"gt": 20}))
    assert not follows(where(minutes={"gt": 20}), where(minutes={"gte": 30}))
    assert follows(where(a={"contains": "erp"}), where(a={"exists": True}))
    assert exclude(papers, where(kind="case_study"))
    assert not exclude(papers, where(topic="erp"))
    assert always_holds(AnyOf((Test("a", Kind.TEXT, Op.EXISTS, (True,)), Not(where(a="x")))))


def test_a_condition_with_too_many_ways_counts_as_possible() -> None:
    pairs = tuple(
        AnyOf((Test(f"a{no}", Kind.BOOLEAN, Op.EQUALS, (True,)), where(b="x"))) for no in range(12)
    )
    assert not never_holds(All((*pairs, Not(where(b="x")), *(Not(pair) for pair in pairs))))


SEEDS = st.integers(0, 2**32)


@given(SEEDS)
@settings(max_examples=1500, deadline=None)
def test_what_is_called_impossible_holds_for_no_values(seed: int) -> None:
    made = seeded(seed)
    one = contradictory(made)
    if never_holds(one):
        for _ in range(40):
            assert not holds(one, make_values(made, ATTRIBUTES))


@given(SEEDS)
@settings(max_examples=1500, deadline=None)
def test_what_is_called_to_follow_does(seed: int) -> None:
    made = seeded(seed)
    one, other = make_condition(made, ATTRIBUTES), make_condition(made, ATTRIBUTES, depth=1)
    if follows(one, other):
        for _ in range(40):
            values = make_values(made, ATTRIBUTES)
            assert holds(other, values) or not holds(one, values)


def contradictory(made: Random) -> Condition:
    """Return a condition that likely contradicts itself: all of it is about one name."""
    name = made.choice(sorted(ATTRIBUTES))
    kinds = {name: ATTRIBUTES[name]}
    parts = [make_condition(made, kinds, depth=1) for _ in range(4)]
    return All(tuple(Not(part) if likely(made, 40) else part for part in parts))


def test_the_made_up_conditions_are_of_both_sorts() -> None:
    found = {never_holds(contradictory(seeded(seed))) for seed in range(60)}
    assert found == {True, False}

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.contact import Value
from connector.rules.conditions import ALWAYS, Kind, Not, Test
from connector.rules.operators import Op
from connector.rules.predicate import predicate
from tests.reference.conditions import holds
from tests.reference.made_up_conditions import ATTRIBUTES, make_condition
from tests.reference.made_up_stories import make_values


@given(st.randoms(use_true_random=False))
@settings(max_examples=500, deadline=None)
def test_values_compare_as_the_reference_says(made: Random) -> None:
    condition = make_condition(made, ATTRIBUTES)
    for _ in range(10):
        values = make_values(made, ATTRIBUTES)
        assert predicate(condition)(values) is holds(condition, values)


def test_no_condition_holds_always() -> None:
    assert predicate(ALWAYS)({})


@pytest.mark.parametrize("value", [None, ""])
def test_of_an_unknown_value_only_its_absence_holds(value: Value) -> None:
    equals = Test("a", Kind.TEXT, Op.EQUALS, ("x",))
    absent = Test("a", Kind.TEXT, Op.EXISTS, (False,))
    other = Test("a", Kind.TEXT, Op.NOT_IN, ("x",))
    values = {"a": value}
    assert not predicate(equals)(values)
    assert not predicate(other)(values)
    assert predicate(Not(equals))(values)
    assert predicate(absent)(values)


def test_true_is_no_number() -> None:
    at_least_one = Test("a", Kind.NUMBER, Op.GTE, (1,))
    is_true = Test("a", Kind.BOOLEAN, Op.EQUALS, (True,))
    assert not predicate(at_least_one)({"a": True})
    assert predicate(is_true)({"a": True})
    assert not predicate(is_true)({"a": 1})


def test_what_is_read_is_not_compared_with_the_day_of_reading() -> None:
    with pytest.raises(ValueError, match="day of reading"):
        predicate(Test("a", Kind.MOMENT, Op.WITHIN_LAST, (30,)))

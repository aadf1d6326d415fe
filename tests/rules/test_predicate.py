from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.contact import Value
from connector.rules.conditions import ALWAYS, All, AnyOf, Condition, Kind, Not, Op, Test
from connector.rules.predicate import predicate
from tests.reference.conditions import holds

TEXTS = ("Étude", "etude", "ETUDE de cas", "", "x")
PATTERNS = ("étude", "^e", "[ÉX]", "cas$", r"\bde\b")
NUMBERS = (0, 1, 1_000_000, -5)
NAMES = ("a", "b")


def _tests(kind: Kind) -> st.SearchStrategy[Condition]:
    exact = st.booleans()
    name = st.sampled_from(NAMES)
    exists = st.builds(lambda n, yes: Test(n, kind, Op.EXISTS, (yes,)), name, st.booleans())
    if kind is Kind.TEXT:
        some = st.lists(st.sampled_from([text for text in TEXTS if text]), min_size=1, max_size=3)
        one = some.map(lambda texts: texts[:1])
        pattern = st.sampled_from(PATTERNS)
        return st.one_of(
            exists,
            st.builds(
                lambda n, op, v, e: Test(n, kind, op, tuple(v), e),
                name,
                st.sampled_from([Op.IN, Op.NOT_IN]),
                some,
                exact,
            ),
            st.builds(
                lambda n, op, v, e: Test(n, kind, op, tuple(v), e),
                name,
                st.sampled_from([Op.EQUALS, Op.CONTAINS]),
                one,
                exact,
            ),
            st.builds(lambda n, p, e: Test(n, kind, Op.MATCHES, (p,), e), name, pattern, exact),
        )
    ops = st.sampled_from([Op.EQUALS, Op.NOT_IN, Op.GTE, Op.GT, Op.LTE, Op.LT])
    number = st.sampled_from(NUMBERS)
    return st.one_of(exists, st.builds(lambda n, o, v: Test(n, kind, o, (v,)), name, ops, number))


def _conditions(kind: Kind) -> st.SearchStrategy[Condition]:
    return st.recursive(
        _tests(kind),
        lambda parts: st.one_of(
            st.builds(lambda several: All(tuple(several)), st.lists(parts, max_size=3)),
            st.builds(lambda several: AnyOf(tuple(several)), st.lists(parts, max_size=3)),
            st.builds(Not, parts),
        ),
        max_leaves=5,
    )


def _values(known: st.SearchStrategy[Value]) -> st.SearchStrategy[Mapping[str, Value]]:
    return st.dictionaries(st.sampled_from(NAMES), st.one_of(st.none(), known))


@given(_conditions(Kind.TEXT), _values(st.sampled_from(TEXTS)))
def test_texts_compare_as_the_reference_says(
    condition: Condition, values: Mapping[str, Value]
) -> None:
    assert predicate(condition)(values) is holds(condition, values)


@given(_conditions(Kind.NUMBER), _values(st.sampled_from(NUMBERS)))
def test_numbers_compare_as_the_reference_says(
    condition: Condition, values: Mapping[str, Value]
) -> None:
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

"""What a condition says of a value: by the readable evaluator, and by one compiled plan for all."""

from collections.abc import Mapping, Sequence

import pytest
from ruamel.yaml import YAML

from connector.domain.contact import Value
from connector.domain.ids import RuleId
from connector.domain.numbers import MILLION
from connector.engine.embedded import EmbeddedEngine
from connector.rules.conditions import All, AnyOf, Condition, Kind, Not, Operator, Test, names
from connector.rules.model import ActivityRule, ContactRule, RuleSet
from connector.rules.operators import OPERATORS, Op
from tests.reference.agreement import Plan
from tests.reference.compact import mapping, where
from tests.reference.conditions import MEANINGS, holds
from tests.reference.made_up_conditions import FIELDS, fits, make_test, seeded
from tests.reference.made_up_stories import make_values
from tests.reference.moments import absolute
from tests.reference.story import US_PER_DAY, Activity, Instant, Story

AS_OF = Instant(us=10 * US_PER_DAY, day=10)

# What stands in `where`, the value of what it names, whether it holds.
COMBINED: tuple[tuple[str, Value, bool], ...] = (
    ("{text: {equals: x}, not: {text: y}}", "x", True),
    ("{not: {text: x}}", None, True),
    ("{not: {not: {text: x}}}", None, False),
    ("{any: []}", "x", False),
    ("{all: []}", None, True),
    ("{any: [{text: x}, {text: y}]}", "Y", True),
    ("{all: [{text: {contains: x}}, {text: {contains: y}}]}", "xy", True),
    ("{not: {flag: true}}", None, True),
)

Example = tuple[Condition, Mapping[str, Value], bool]


def parsed(written: str, value: Value, expected: bool) -> Example:
    condition = where(mapping(YAML(typ="safe").load(written)))
    return condition, {name: value for name, _ in names(condition)}, expected


OF_OPERATORS = [example for meaning in MEANINGS.values() for example in meaning.examples]
EXAMPLES: tuple[Example, ...] = (
    *(parsed(*example) for example in (*OF_OPERATORS, *COMBINED)),
    (Test("at", Kind.MOMENT, Op.GTE, (5,)), {"at": 5}, True),
    (Test("at", Kind.MOMENT, Op.LT, (5,)), {"at": None}, False),
    (Test("at", Kind.MOMENT, Op.EXISTS, (False,)), {}, True),
)
OF_ACTIVITIES = [each for each in EXAMPLES if absolute(each[0], AS_OF) == each[0]]


def test_every_operator_has_a_meaning() -> None:
    assert MEANINGS.keys() == {op.key for op in OPERATORS}
    assert all(meaning.examples for meaning in MEANINGS.values())


@pytest.mark.parametrize(("condition", "values", "expected"), EXAMPLES)
def test_a_condition_holds_or_not(
    condition: Condition, values: Mapping[str, Value], expected: bool
) -> None:
    assert holds(absolute(condition, AS_OF), values) is expected


def test_the_compiled_plan_says_the_same_of_every_activity() -> None:
    rules = RuleSet(
        rules=tuple(
            ActivityRule(RuleId(str(no)), {"en": ""}, (str(no),), MILLION, where=condition)
            for no, (condition, _, _) in enumerate(OF_ACTIVITIES)
        )
    )
    activities = tuple(
        Activity(id=str(no), type=str(no), occurred_us=0, day=0, attributes=values)
        for no, (_, values, _) in enumerate(OF_ACTIVITIES)
    )
    plan = Plan(rules, EmbeddedEngine(threads=1))
    result = plan.evaluate([Story(1, activities=activities)], AS_OF)[1]
    held = {int(str(row["rule"])) for row in result.reasons if row["kind"] == "rule"}
    assert held == {no for no, (_, _, expected) in enumerate(OF_ACTIVITIES) if expected}


def test_the_compiled_plan_says_the_same_of_every_contact() -> None:
    held = held_by([condition for condition, _, _ in EXAMPLES], [each[1] for each in EXAMPLES])
    for no, (condition, values, expected) in enumerate(EXAMPLES):
        assert (no in held[no]) is expected, (condition, values)


def held_by(
    conditions: Sequence[Condition], people: Sequence[Mapping[str, Value]]
) -> list[set[int]]:
    """Return which conditions the compiled plan finds to hold of each contact's fields."""
    rules = RuleSet(
        rules=(),
        contact_rules=tuple(
            ContactRule(RuleId(str(no)), {"en": ""}, MILLION, where=condition)
            for no, condition in enumerate(conditions)
        ),
        highest=len(conditions) * MILLION,
    )
    stories = [Story(no, fields=values) for no, values in enumerate(people)]
    results = Plan(rules, EmbeddedEngine(threads=1)).evaluate(stories, AS_OF)
    return [{int(str(row["rule"])) for row in results[no].reasons} for no in range(len(people))]


@pytest.mark.parametrize("op", OPERATORS, ids=str)
def test_the_compiled_plan_says_the_same_of_made_up_values(op: Operator) -> None:
    made = seeded(7)
    kinds = {name: kind for name, kind in FIELDS.items() if fits(op, name, kind)}
    tests = [make_test(made, kinds, op) for _ in range(60)]
    people = [make_values(made, FIELDS) for _ in range(60)]
    found = held_by(tests, people)
    assert len({frozenset(held) for held in found}) > 1
    for values, held in zip(people, found, strict=True):
        expected = {no for no, test in enumerate(tests) if holds(absolute(test, AS_OF), values)}
        assert held == expected, values


def test_a_condition_names_all_that_it_looks_at() -> None:
    text = Test("a", Kind.TEXT, Op.EQUALS, ("x",))
    number = Test("b", Kind.NUMBER, Op.GT, (1,))
    condition = All((text, Not(AnyOf((number, text)))))
    assert list(names(condition)) == [("a", Kind.TEXT), ("b", Kind.NUMBER), ("a", Kind.TEXT)]

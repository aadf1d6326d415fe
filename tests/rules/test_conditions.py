"""What a condition says of a value: by the readable evaluator, and by one compiled plan for all."""

from collections.abc import Mapping

import pytest
from ruamel.yaml import YAML

from connector.domain.contact import Value
from connector.domain.ids import RuleId
from connector.domain.numbers import MILLION
from connector.engine.embedded import EmbeddedEngine
from connector.rules.conditions import All, AnyOf, Condition, Kind, Not, Op, Test, names
from connector.rules.model import ActivityRule, RuleSet
from tests.reference.agreement import Plan
from tests.reference.compact import mapping, where
from tests.reference.conditions import holds
from tests.reference.story import Activity, Instant, Story

# What stands in `where`, the value of `text`, whether it holds.
OF_TEXT: tuple[tuple[str, str | None, bool], ...] = (
    ("{text: etude}", "Étude", True),
    ("{text: ÉTUDE}", "e\u0301tude", True),
    ("{text: strasse}", "Straße", True),
    ("{text: fin}", "ﬁn", True),
    ("{text: oeuvre}", "Œuvre", False),  # «Œ» is a letter of its own
    ("{text: {equals: Étude, exact: true}}", "Étude", True),
    ("{text: {equals: Étude, exact: true}}", "étude", False),
    ("{text: {equals: Étude, exact: true}}", "E\u0301tude", False),  # exact is exact
    ("{text: etude}", "etude ", False),
    ("{text: [paper, guide]}", "GUIDE", True),
    ("{text: [paper, guide]}", None, False),
    ("{text: {not_in: [paper, guide]}}", "Guide", False),
    ("{text: {not_in: [paper, guide]}}", "study", True),
    ("{text: {not_in: [paper, guide]}}", None, False),
    ("{text: {not_in: [paper], exact: true}}", "Paper", True),
    ("{text: {contains: tude}}", "ÉTUDES", True),
    ("{text: {contains: '%'}}", "100", False),
    ("{text: {contains: '_'}}", "a_b", True),
    ("{text: {contains: Tude, exact: true}}", "Étude", False),
    ("{text: {matches: '^/(pricing|tarifs?)'}}", "/TARIF/a", True),
    ("{text: {matches: 'é[tv]'}}", "ete", True),
    ("{text: {matches: 'É', exact: true}}", "été", False),
    ("{text: {matches: 'a.b'}}", "a\nb", False),
    ("{text: {matches: '^b'}}", "a\nb", False),
    ("{text: {matches: '[0-9]+%$'}}", "100%", True),
    ("{text: {matches: 'x*'}}", "y", True),
    ("{text: {matches: 'x*'}}", None, False),
    ("{text: {exists: true}}", "x", True),
    ("{text: {exists: true}}", "", False),
    ("{text: {exists: false}}", "", True),
    ("{text: {exists: false}}", None, True),
    ("{text: {equals: x}, not: {text: y}}", "x", True),
    ("{not: {text: x}}", None, True),
    ("{not: {not: {text: x}}}", None, False),
    ("{any: []}", "x", False),
    ("{all: []}", None, True),
    ("{any: [{text: x}, {text: y}]}", "Y", True),
    ("{all: [{text: {contains: x}}, {text: {contains: y}}]}", "xy", True),
    ('{text: "l\'été"}', "L'ETE", True),
    ("{text: 'back\\slash'}", "back\\slash", True),
)
OF_NUMBER: tuple[tuple[str, int | None, bool], ...] = (
    ("{number: 20}", 20 * MILLION, True),
    ("{number: 0.000001}", 1, True),
    ("{number: {gte: 20, lt: 60}}", 20 * MILLION, True),
    ("{number: {gte: 20, lt: 60}}", 60 * MILLION, False),
    ("{number: {gt: 20}}", 20 * MILLION, False),
    ("{number: {lte: -1.5}}", -1_500_000, True),
    ("{number: {lt: 0}}", None, False),
    ("{not: {number: {lt: 0}}}", None, True),
    ("{number: [1, 2]}", 2 * MILLION, True),
    ("{number: {not_in: [1, 2]}}", None, False),
)
OF_BOOLEAN: tuple[tuple[str, bool | None, bool], ...] = (
    ("{flag: true}", True, True),
    ("{flag: true}", False, False),
    ("{flag: false}", False, True),
    ("{flag: false}", None, False),
    ("{not: {flag: true}}", None, True),
)

Example = tuple[Condition, Mapping[str, Value], bool]


def parsed(written: str, name: str, value: Value, expected: bool) -> Example:
    return where(mapping(YAML(typ="safe").load(written))), {name: value}, expected


EXAMPLES: tuple[Example, ...] = (
    *(parsed(written, "text", value, expected) for written, value, expected in OF_TEXT),
    *(parsed(written, "number", value, expected) for written, value, expected in OF_NUMBER),
    *(parsed(written, "flag", value, expected) for written, value, expected in OF_BOOLEAN),
    (Test("at", Kind.MOMENT, Op.GTE, (5,)), {"at": 5}, True),
    (Test("at", Kind.MOMENT, Op.LT, (5,)), {"at": None}, False),
    (Test("at", Kind.MOMENT, Op.EXISTS, (False,)), {}, True),
)


@pytest.mark.parametrize(("condition", "values", "expected"), EXAMPLES)
def test_a_condition_holds_or_not(
    condition: Condition, values: Mapping[str, Value], expected: bool
) -> None:
    assert holds(condition, values) is expected


def test_the_compiled_plan_says_the_same_of_every_example() -> None:
    rules = RuleSet(
        rules=tuple(
            ActivityRule(RuleId(str(no)), {"en": ""}, (str(no),), MILLION, where=condition)
            for no, (condition, _, _) in enumerate(EXAMPLES)
        )
    )
    activities = tuple(
        Activity(id=str(no), type=str(no), occurred_us=0, day=0, attributes=values)
        for no, (_, values, _) in enumerate(EXAMPLES)
    )
    plan = Plan(rules, EmbeddedEngine(threads=1))
    result = plan.evaluate([Story(1, activities=activities)], Instant(us=1, day=0))[1]
    held = {int(str(row["rule"])) for row in result.reasons if row["kind"] == "rule"}
    assert held == {no for no, (_, _, expected) in enumerate(EXAMPLES) if expected}


def test_a_condition_names_all_that_it_looks_at() -> None:
    text = Test("a", Kind.TEXT, Op.EQUALS, ("x",))
    number = Test("b", Kind.NUMBER, Op.GT, (1,))
    condition = All((text, Not(AnyOf((number, text)))))
    assert list(names(condition)) == [("a", Kind.TEXT), ("b", Kind.NUMBER), ("a", Kind.TEXT)]

"""The plan as text: the same for the same rules, refused where rules make no sense."""

from dataclasses import replace

import pytest

from connector.domain.ids import RuleId
from connector.domain.numbers import MILLION
from connector.rules.compile import compile_rules
from connector.rules.conditions import Kind, Test
from connector.rules.decay import Constant, Decay, HalfLife, Linear
from connector.rules.layers import layered
from connector.rules.model import ActivityRule, HandOff, PerAttribute, RuleSet, SalesWork, Sla
from connector.rules.operators import Op
from connector.rules.pattern import folded_pattern


def _rule(name: str = "a") -> ActivityRule:
    return ActivityRule(RuleId(name), {"en": name}, ("click",), 5 * MILLION)


RULES = RuleSet(rules=(_rule(),))


def test_the_same_rules_make_the_same_plan_and_hash() -> None:
    again = RuleSet(rules=(replace(_rule(), label={"en": "a"}),))
    assert compile_rules(RULES) == compile_rules(again)
    touch = frozenset(["meeting", "call", "email_sent"])
    assert compile_rules(replace(RULES, sales=SalesWork(touch=touch))) == compile_rules(RULES)
    assert len(compile_rules(RULES).hash) == 64


@pytest.mark.parametrize(
    "other",
    [
        RuleSet(rules=(replace(_rule(), points=6 * MILLION),)),
        RuleSet(rules=(replace(_rule(), decay=Decay(HalfLife(30))),)),
        RuleSet(rules=(replace(_rule(), decay=Decay(Linear(30))),)),
        RuleSet(rules=(_rule("b"),)),
        replace(RULES, hand_off=HandOff(sla=Sla(need=300))),
    ],
)
def test_other_rules_have_another_hash(other: RuleSet) -> None:
    assert compile_rules(other).hash != compile_rules(RULES).hash


def test_decay_for_ever_takes_no_row_for_each_day() -> None:
    forever = replace(_rule(), decay=Decay(Constant(), expire_after=None))
    (worth,) = (
        each for each in compile_rules(RuleSet(rules=(forever,))).constants if each.name == "worth"
    )
    assert worth.rows == ((0, 5 * MILLION),)


def test_a_rule_without_effect_costs_nothing() -> None:
    nothing = replace(_rule("nothing"), points=0)
    assert [step.name for step in compile_rules(RuleSet(rules=(nothing,))).steps] == [
        "line",
        *("open_hand_off", "first_touch", "outcome", "clock", "sla", "score"),
        "reason",
        "move",
    ]


def test_names_are_listed_with_their_kinds() -> None:
    test = Test("size", Kind.NUMBER, Op.GTE, (1,))
    rule = replace(_rule(), where=test, once_per=PerAttribute("asset"))
    compiled = compile_rules(RuleSet(rules=(rule,)))
    assert compiled.attributes == {"asset": Kind.TEXT, "size": Kind.NUMBER}
    assert set(compiled.fields) == {"first_name", "last_name", "email", "phone"}


@pytest.mark.parametrize(
    "rules",
    [
        (_rule(), _rule()),
        (replace(_rule(), replaced_by=RuleId("none")),),
        (replace(_rule(), replaced_by=RuleId("b"), once_per=PerAttribute("x")), _rule("b")),
        (
            replace(_rule(), where=Test("x", Kind.TEXT, Op.EXISTS, (True,))),
            replace(_rule("b"), where=Test("x", Kind.NUMBER, Op.EXISTS, (True,))),
        ),
        (replace(_rule(), where=Test("x", Kind.TEXT, Op.EQUALS, ("\x00",), exact=True)),),
    ],
)
def test_what_makes_no_sense_is_refused(rules: tuple[ActivityRule, ...]) -> None:
    with pytest.raises(ValueError, match=r"rule|taken|compared"):
        compile_rules(RuleSet(rules=rules))


def test_a_column_named_once_stands_where_it_is_named() -> None:
    columns = {"b": "a + 1", "c": "CASE WHEN b > 0 THEN 'b' END"}
    plan = layered({"a": "t.a"}, "FROM t", columns, ["c"])
    assert "CASE WHEN (a + 1) > 0 THEN 'b' END AS c" in plan
    assert " AS b" not in plan


def test_a_layer_hands_up_only_what_is_asked_for_above_it() -> None:
    columns = {"b": "a + 1", "c": "b + 1"}
    plan = layered({"a": "t.a", "z": "t.z"}, "FROM t", columns, ["b", "c"])
    assert plan.endswith("SELECT b,\n    b + 1 AS c\nFROM layer_1")
    assert "t.z" not in plan


def test_columns_may_not_build_on_each_other_in_a_circle() -> None:
    with pytest.raises(ValueError, match="circle"):
        layered({}, "FROM contact", {"a": "b + 1", "b": "a + 1"}, ["a"])


@pytest.mark.parametrize(
    ("pattern", "folded"),
    [
        ("Étude", "(?i)etude"),
        (r"\bé\d+[É\]é]", r"(?i)\be\d+[e\]e]"),
        ("[]é]", "(?i)[]e]"),
        ("ß+", "(?i)(?:ss)+"),
        ("ﬁ", "(?i)(?:fi)"),
        ("．", r"(?i)\."),
        (r"\Q[é\Eé", r"(?i)\Q[e\Ee"),
    ],
)
def test_a_pattern_is_folded_in_its_literals(pattern: str, folded: str) -> None:
    assert folded_pattern(pattern) == folded

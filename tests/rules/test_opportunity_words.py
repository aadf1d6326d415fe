"""The reasons of an opportunity's score in words."""

from connector.domain.ids import RuleId
from connector.domain.numbers import MILLION
from connector.rules.explain import Line, Words, reasons_text
from connector.rules.model import Group, Opportunities, OpportunityRule, RuleSet
from tests.engine.story import rule

RULES = RuleSet(
    (rule("demo"),),
    opportunities=Opportunities(
        (
            OpportunityRule(RuleId("large"), {"en": "Large", "fr": "Grande"}, 10 * MILLION),
            OpportunityRule(RuleId("fit"), {"en": "Good buyers"}, 20 * MILLION, group="people"),
        ),
        (Group("people", {"en": "People", "fr": "Personnes"}),),
    ),
)
LINES = [
    Line("rule", "fit", 20 * MILLION, 2, None),
    Line("rule", "large", 10 * MILLION, None, None),
    Line("rule", "gone", 5 * MILLION, 1, None),
    Line("cap", "people", -8 * MILLION, None, None),
    Line("bound", "opportunity", -3 * MILLION, None, None),
]


def test_reasons_name_rules_groups_and_people() -> None:
    assert reasons_text(LINES, Words(RULES, "en")) == (
        "+20 Good buyers (2 people)\n"
        "+10 Large\n"
        "+5 gone (1 person)\n"
        "-8 People: limit of the group\n"
        "-3 Limit of the score"
    )
    assert reasons_text(LINES, Words(RULES, "fr")) == (
        "+20 Good buyers (2 personnes)\n"
        "+10 Grande\n"
        "+5 gone (1 personne)\n"
        "-8 Personnes : plafond du groupe\n"
        "-3 Limite du score"
    )


def test_without_lines_nothing_counts() -> None:
    words = Words(RULES, "en")
    assert reasons_text([], words, nothing="none_of_opportunity") == "Nothing counts yet"


def test_a_line_of_a_contact_is_told_as_ever() -> None:
    line = Line("rule", "demo", MILLION, None, None)
    assert reasons_text([line], Words(RULES, "en")) == "+1 demo"

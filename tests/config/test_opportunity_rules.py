"""The section `opportunities`: what it means, held against a mapping, and what a review says."""

from pathlib import Path

import pytest

from connector.config.load import check_rules_against
from connector.config.mapping import CrmMapping, HubSpotMapping
from connector.config.mappings import check_mapping
from connector.config.review.review import review
from connector.config.rules_file import check_rules, load_rules
from connector.config.yaml_file import parse_document
from connector.domain.numbers import MILLION
from connector.rules.conditions import ALWAYS, Condition, Kind, Test, names
from connector.rules.model import Opportunities, Share
from connector.rules.operators import Op
from tests.config.test_review import places, reviewed

HEAD = "version: 1\nrules: [{id: a, activity: x, points: 1}]\n"
MAPPING = """\
version: 1
crm: hubspot
contact: {fields: {job_title: jobtitle, grade: school_grade}}
activities: [{source: form_submissions, type: x}]
"""
READING = MAPPING + "opportunities: {fields: {region: {property: dealregion, type: number}}}\n"


def deals(*rules: str, rest: str = "") -> str:
    listed = "".join(f"    - {{{rule}}}\n" for rule in rules)
    return f"opportunities:\n  rules:\n{listed}{rest}"


def mapping(text: str) -> CrmMapping:
    found, problems = check_mapping(parse_document("mapping.yaml", text))
    assert found is not None
    assert not problems, problems
    return found


def meaning(text: str, of: str = "") -> Opportunities:
    shapes = mapping(of).shapes() if of else None
    rules, problems = check_rules(parse_document("rules.yaml", HEAD + text), shapes)
    assert rules is not None
    assert not problems, problems
    assert rules.opportunities is not None
    return rules.opportunities


def kinds(condition: Condition | None) -> dict[str, Kind]:
    return dict(names(condition)) if condition is not None else {}


def test_points_shares_and_bounds_mean_what_they_say() -> None:
    told = meaning(
        deals(
            "id: large, where: {amount: {gte: 10.5}}, points: -2.5",
            "id: fit, contact: {grade: [A, B]}, people: 2, points: 1, group: people",
            "id: sum, share: {of: sum, percent: 137 %}",
            "id: best, contact: {need: true}, share: {of: best, percent: 1%, score: engagement}",
            rest="  groups: {people: {cap: 40}}\n  lowest: -5\n  highest: 50\n",
        )
    )
    large, fit, whole, best = told.rules
    assert (large.points, large.contact, large.people) == (-2_500_000, None, 1)
    assert large.where == Test("amount", Kind.NUMBER, Op.GTE, (10_500_000,))
    assert large.label == {"en": "Large"}
    assert (fit.where, fit.people, fit.group) == (ALWAYS, 2, "people")
    assert (whole.share, whole.points) == (Share(of_sum=True, percent=137), 0)
    assert best.share == Share(of_sum=False, percent=1)  # the leading score goes without a name
    assert (told.lowest, told.highest) == (-5 * MILLION, 50 * MILLION)
    assert [group.cap for group in told.groups] == [40 * MILLION]


@pytest.mark.parametrize("written", ["0.6", "60%", "60 %"])
@pytest.mark.parametrize("within", ["{}", "{{any: [{}, {{amount: 5}}]}}", "{{not: {}}}"])
def test_a_probability_may_be_a_percentage(written: str, within: str) -> None:
    def where(probability: str) -> Condition:
        condition = within.format(f"{{probability: {{gte: {probability}}}}}")
        return meaning(deals(f"id: b, where: {condition}, points: 1")).rules[0].where

    assert where(written) == where("0.6")


def test_kinds_come_from_the_mapping_else_from_what_is_written() -> None:
    rule = "id: b, where: {region: 5, closes: {exists: true}, other: x}, points: 1"
    alone = meaning(deals(rule)).rules[0]
    assert kinds(alone.where) == {"region": Kind.NUMBER, "closes": Kind.MOMENT, "other": Kind.TEXT}
    text = "id: b, where: {region: {exists: true}}, points: 1"
    assert kinds(meaning(deals(text)).rules[0].where) == {"region": Kind.TEXT}
    assert kinds(meaning(deals(text), READING).rules[0].where) == {"region": Kind.NUMBER}


def test_results_are_of_their_own_kind_whatever_the_mapping_reads() -> None:
    told = meaning(deals("id: b, contact: {need: {exists: true}, grade: A}, points: 1"), READING)
    assert kinds(told.rules[0].contact) == {"need": Kind.BOOLEAN, "grade": Kind.TEXT}


@pytest.mark.parametrize(
    ("of", "rule", "told"),
    [
        (
            READING,
            "id: b, where: {regoin: 5}, points: 1",
            "5:23: the mapping reads no field «regoin» of opportunities; did you mean «region»?",
        ),
        (
            READING,
            "id: b, contact: {any: [{job_titel: x}]}, points: 1",
            "5:32: the mapping reads no contact field «job_titel»; did you mean «job_title»?",
        ),
        (
            READING,
            "id: b, contact: {grade: A}, points: 1",
            "5:25: «grade» is what the rules say of the contact here, and the mapping reads a "
            "contact field of that name too: give the field another name in the mapping",
        ),
        (
            MAPPING,
            "id: b, where: {amount: 5}, points: 1",
            "3:1: the mapping reads no opportunities, so that none would have a score: add a "
            "section «opportunities» to the mapping, or take this one out",
        ),
    ],
)
def test_what_the_mapping_never_yields_is_a_mistake(of: str, rule: str, told: str) -> None:
    document = parse_document("rules.yaml", HEAD + deals(rule))
    problems = check_rules_against(document, mapping(of))
    assert [f"{each.line}:{each.column}: {each.message}" for each in problems] == [told]


def test_a_rule_of_activities_asks_for_what_the_mapping_reads_or_the_personas_make() -> None:
    def told(contact: str, of: str) -> list[str]:
        text = f"version: 1\nrules: [{{id: a, activity: x, points: 1, contact: {{{contact}}}}}]\n"
        return [
            each.message for each in check_rules_against(parse_document("r", text), mapping(of))
        ]

    plain = MAPPING.replace(", grade: school_grade", "")
    assert told("grade: A, job_title: x", plain) == []
    assert told("job_titel: x", plain) == [
        "the mapping reads no contact field «job_titel»; did you mean «job_title»?"
    ]
    assert told("grade: A", MAPPING) == [
        "«grade» is what the personas make of the contact here, and the mapping reads a contact "
        "field of that name too: give the field another name in the mapping"
    ]


def test_what_the_mapping_reads_is_none() -> None:
    rule = "id: b, where: {region: 5, amount: 1}, contact: {job_title: x, stage: lead}, points: 1"
    document = parse_document("rules.yaml", HEAD + deals(rule))
    assert check_rules_against(document, mapping(READING)) == []


def test_a_score_that_is_written_has_to_be_there() -> None:
    written = mapping(MAPPING + "opportunities: {write: {score: leadripe_score}}\n")
    problems = check_rules_against(parse_document("rules.yaml", HEAD), written)
    assert [each.message for each in problems] == [
        "the mapping writes the score of opportunities to leadripe_score, and these rules give "
        "them none: add a section «opportunities», or take `write` out of the mapping's"
    ]
    scored = parse_document("rules.yaml", HEAD + deals("id: b, where: {amount: 1}, points: 1"))
    assert check_rules_against(scored, written) == []


# ---------------------------------------------------------------- the review


@pytest.mark.parametrize("write", ["{}", "{reasons: leadripe_reasons}"])
def test_a_score_that_is_written_nowhere_is_noted(tmp_path: Path, write: str) -> None:
    rules = tmp_path / "rules.yaml"
    text = HEAD + deals("id: b, where: {amount: 1}, points: 1")
    rules.write_text(text, encoding="utf-8")
    known = mapping(MAPPING + f"opportunities: {{write: {write}}}\n")
    assert isinstance(known, HubSpotMapping)
    found = review(rules, load_rules(rules, known.shapes()), known)
    noted = [(each.line, each.column) for each in found if each.code == "not_written"]
    assert noted == ([] if "reasons" in write else [(3, 1)])


@pytest.mark.parametrize(
    ("rule", "column", "says"),
    [
        ("id: b, where: {amount: {gt: 5, lt: 5}}, points: 1", 22, "«amount» contradicts itself"),
        ("id: b, where: {probability: {gte: 60}}, points: 1", 22, "from 0 to 1"),
        ("id: b, contact: {not: {x: 1}, x: 1}, points: 1", 24, "«x» contradicts itself"),
        ("id: b, contact: {stage: client, temperature: hot}, points: 1", 24, "at once"),
        ("id: b, contact: {stage: prospect, temperature: warm}, points: 1", 24, "at once"),
        ("id: b, contact: {grade: A}, points: 1", 24, "at once"),  # there are no personas
        ("id: b, contact: {persona: {exists: true}}, points: 1", 24, "at once"),
    ],
)
def test_a_rule_that_never_gives_points_is_told(
    tmp_path: Path, rule: str, column: int, says: str
) -> None:
    (found,) = reviewed(tmp_path, HEAD.partition("\n")[2] + deals(rule))
    assert (found.line, found.column, found.weight) == (5, column, "error")
    assert found.code == "never_fires"
    assert found.what.startswith("«b» can never give points: ")
    assert says in found.what


@pytest.mark.parametrize(
    "rule",
    [
        "id: b, where: {probability: {gte: 100%}}, points: 1",
        "id: b, where: {probability: {exists: false}}, points: 1",
        "id: b, contact: {grade: U, stage: [client, Lead], temperature: warm}, points: 1",
        "id: b, contact: {not: {temperature: {exists: true}}}, points: 1",
        "id: b, share: {of: best, percent: 40%}",
    ],
)
def test_a_rule_that_may_give_points_is_not_blamed(tmp_path: Path, rule: str) -> None:
    assert reviewed(tmp_path, HEAD.partition("\n")[2] + deals(rule)) == []


def test_twins_idle_groups_and_no_points_are_told(tmp_path: Path) -> None:
    text = deals(
        "id: b, where: {amount: {gte: 5}}, contact: {need: true}, points: 1, group: kept",
        "id: c, where: {all: [{amount: {gte: 5}}]}, contact: {need: true}, points: 2, group: none",
        "id: d, where: {amount: {gte: 6}}, points: 0",
        "id: e, where: {amount: {gte: 7}}, points: -1, group: kept",
        rest="  groups:\n    kept: {cap: 0, floor: 0}\n    none: {cap: 0}\n    idle: {cap: 5}\n",
    )
    found = reviewed(tmp_path, HEAD.partition("\n")[2] + text)
    assert places(found) == [
        (6, 12, "warning", "duplicate"),
        (7, 50, "warning", "worth_nothing"),
        (10, 5, "warning", "worth_nothing"),
        (11, 5, "warning", "worth_nothing"),
        (12, 5, "warning", "unused"),
    ]


def test_fields_that_must_not_count_are_told(tmp_path: Path) -> None:
    text = deals("id: b, where: {buyer_gender: f}, contact: {religion: x}, points: 1")
    found = reviewed(tmp_path, HEAD.partition("\n")[2] + text)
    assert [each.code for each in found] == ["sensitive", "sensitive"]

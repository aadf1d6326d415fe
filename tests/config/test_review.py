"""What a review says of rules that are valid and hardly meant so."""

from pathlib import Path

import pytest

from connector.config.mappings import load_mapping
from connector.config.review.remark import Finding, Weight
from connector.config.review.review import review, review_mapping
from connector.config.review.sensitive import sensitive
from connector.config.rules_file import load_rules
from connector.config.starter import shipped

SHIPPED = shipped()
MAPPING = """\
version: 1
crm: hubspot
contact: {fields: {job_title: jobtitle, born: date_of_birth, country: country}}
activities:
  - source: form_submissions
    where: {form_name: {matches: paper}}
    type: content_download
    attributes: {asset: form_name}
    set: {asset_kind: white_paper}
  - {source: form_submissions, type: form_submission, attributes: {form: form_name}}
  - {source: calls, type: call, direction: outbound}
  - {source: meetings, type: meeting_booked}
"""


def reviewed(tmp_path: Path, text: str, *, mapped: bool = False) -> list[Finding]:
    rules, mapping = tmp_path / "rules.yaml", tmp_path / "mapping.yaml"
    rules.write_text("version: 1\n" + text, encoding="utf-8")
    mapping.write_text(MAPPING, encoding="utf-8")
    known = load_mapping(mapping) if mapped else None
    found = review(rules, load_rules(rules, known.shapes() if known else None), known)
    return [each for each in found if each.code != "out_of_reach" or mapped or "reach" in text]


def places(found: list[Finding]) -> list[tuple[int, int, Weight, str]]:
    return [(each.line, each.column, each.weight, each.code) for each in found]


@pytest.mark.parametrize(
    ("text", "line", "column", "weight", "code", "says"),
    [
        (
            "rules: [{id: a, activity: x, points: 1, where: {n: {gte: 10, lt: 5}}}]",
            *(2, 48, "error", "never_fires", "what it asks of «n» contradicts itself"),
        ),
        (
            "rules:\n"
            "  - {id: a, activity: x, points: 1, once_per: e, replaced_by: b, where: {k: one}}\n"
            "  - {id: b, activity: [x, y], points: 1, once_per: e, where: {k: [One, two]}}\n",
            *(3, 63, "error", "never_fires", "whatever it counts, «b» counts too"),
        ),
        (
            "rules: [{id: a, activity: x, points: 1, contact: {n: {gte: 10, lt: 5}}}]",
            *(2, 50, "error", "never_fires", "what it asks of «n» contradicts itself"),
        ),
        (
            "rules: [{id: a, activity: x, points: 1, contact: {n: {gte: 10}}}]\n"
            "score: {contact: {n: {lt: 5}}}\n",
            *(2, 50, "error", "never_fires", "what it asks of «n» contradicts itself"),
        ),
        (
            "rules:\n"
            "  - {id: a, activity: x, points: 1, contact: {n: {gte: 10}}}\n"
            "  - {id: b, activity: x, points: 2, contact: {n: {gte: 5}}}\n",
            *(4, 10, "note", "counted_twice", "each activity of «a» is one of «b» too"),
        ),
        (
            "rules: [{id: a, activity: x, points: 1}]\n"
            "hand_off: {blockers: [{id: b, where: {c: x, all: [{c: y}]}}]}\n",
            *(3, 38, "error", "never_fires", "«b» can never block anybody"),
        ),
        (
            "rules: [{id: a, activity: x, points: 1}]\n"
            "hand_off: {blockers: [{id: b, where: {any: [{c: x}, {not: {c: x}}]}}]}\n",
            *(3, 38, "warning", "always_blocks", "nobody would ever go to sales"),
        ),
        (
            "rules: [{id: a, activity: x, points: 1}]\n"
            "personas: [{id: p, criteria: [{field: n, is: {gt: 5, lt: 5}}, {field: m, is: 1}]}]\n",
            *(3, 46, "error", "never_fires", "no «n» can ever be so"),
        ),
        (
            "rules:\n"
            "  - {id: a, activity: x, points: 5, where: {k: Étude}}\n"
            "  - {id: b, activity: x, points: 2, where: {k: {equals: etude}}}\n",
            *(4, 10, "warning", "duplicate", "one may give 5 and 2 points"),
        ),
        (
            "rules:\n"
            "  - {id: a, activity: [x, y], points: 5}\n"
            "  - {id: b, activity: x, points: 2, where: {k: one}}\n",
            *(4, 10, "note", "counted_twice", "each activity of «b» is one of «a» too"),
        ),
        (
            "rules: [{id: a, activity: x, points: 1}]\n"
            "hand_off:\n"
            "  blockers:\n"
            "    - {id: b, where: {title: {contains: intern}}}\n"
            "    - {id: c, where: {title: {contains: internship}, country: FR}}\n",
            *(6, 12, "note", "shadowed", "whom it blocks, «b» above it blocks already"),
        ),
        (
            "rules: [{id: a, activity: x, points: 1}]\n"
            "personas:\n"
            "  - {id: p, criteria: [{field: n, is: 1}, {field: m, is: 2}]}\n"
            "  - {id: q, criteria: [{field: m, is: 2}, {field: n, is: 1}]}\n",
            *(5, 10, "warning", "shadowed", "no contact can be «q»"),
        ),
        (
            "rules: [{id: a, activity: x, points: 1}]\ngroups: {g: {cap: 5}}\n",
            *(3, 10, "warning", "unused", "no rule is in it"),
        ),
        (
            "rules: [{id: a, activity: x, points: 1, group: g}]\ngroups: {g: {cap: 0}}\n",
            *(3, 10, "warning", "worth_nothing", "leave nothing of its rules' points"),
        ),
        (
            "rules: [{id: a, activity: x, points: 1, group: g}]\ngroups: {g: {floor: 3}}\n",
            *(3, 10, "warning", "always_reached", "gives every contact 3 points"),
        ),
        (
            "rules: [{id: a, activity: x, points: 1}]\nstages: {warm: {enter: 20, leave: 0}}\n",
            *(3, 35, "warning", "never_left", "a lead that is warm stays so for ever"),
        ),
    ],
)
def test_a_finding_says_where_and_why(
    tmp_path: Path, text: str, line: int, column: int, weight: str, code: str, says: str
) -> None:
    (found,) = reviewed(tmp_path, text)
    assert (found.line, found.column, found.weight, found.code) == (line, column, weight, code)
    assert says in found.what
    assert found.do


def test_a_threshold_above_all_caps_is_out_of_reach(tmp_path: Path) -> None:
    found = reviewed(
        tmp_path,
        "# reach\n"
        "rules:\n"
        "  - {id: a, activity: x, points: 5, group: g, family: f}\n"
        "  - {id: b, activity: y, points: 10, once_per: ever, family: h}\n"
        "  - {id: c, activity: z, points: -9}\n"
        "  - {id: d, activity: z, points: 2, once_per: 30d, decay: {linear: 60d}}\n"
        "groups: {g: {cap: 25}}\n"
        "stages:\n"
        "  warm: {enter: 10, leave: 5}\n"
        "  hot: {enter: 40, leave: 30}\n"
        "hand_off: {threshold: 50}\n",
    )
    assert places(found) == [
        (11, 16, "warning", "out_of_reach"),
        (12, 23, "warning", "out_of_reach"),
    ]
    # 25 of the group, 10 once, and of the last rule 2 today, 59/60 of 2 yesterday at the soonest,
    # and 29/60 of 2 thirty days before.
    assert "no contact can reach 40 points" in found[0].what
    assert "a score is 39.93 at most" in found[0].what


def test_points_for_what_a_contact_is_count_towards_thresholds(tmp_path: Path) -> None:
    text = (
        "# reach\n"
        "rules: [{id: a, activity: x, points: 40, once_per: ever, family: f}]\n"
        "contact_rules: [{id: b, where: {country: fr}, points: 10}]\n"
        "hand_off: {threshold: 50, families: {count: 1}}\n"
    )
    assert reviewed(tmp_path, text) == []
    assert [each.line for each in reviewed(tmp_path, text.replace("50", "51"))] == [5]


def test_a_rule_of_contacts_that_contradicts_itself_is_told(tmp_path: Path) -> None:
    text = (
        "rules: [{id: a, activity: x, points: 1}]\n"
        "contact_rules:\n"
        "  - {id: b, where: {n: {gte: 10, lt: 5}}, points: 10}\n"
        "  - {id: c, where: {since: {within_last: 3d, longer_ago: 9d}}, points: 10}\n"
    )
    assert places(reviewed(tmp_path, text)) == [(4, 20, "error", "never_fires")]


def test_a_threshold_that_just_can_be_reached_is_not_blamed(tmp_path: Path) -> None:
    text = (
        "# reach\n"
        "rules: [{id: a, activity: x, points: 25, at_most: 2, family: f}]\n"
        "hand_off: {threshold: 50, families: {count: 1}}\n"
    )
    assert reviewed(tmp_path, text) == []
    assert [each.line for each in reviewed(tmp_path, text.replace("50", "50.000001"))] == [4]


def test_more_families_than_there_are_is_out_of_reach(tmp_path: Path) -> None:
    text = "# reach\nrules: [{id: a, activity: x, points: 25, family: f}]\n"
    (found,) = reviewed(tmp_path, text + "hand_off: {families: {count: 2}}\n")
    assert (found.line, found.column) == (4, 30)
    assert "wants 2 families of signals, and the rules have 1" in found.what


def test_a_persona_whose_criteria_exclude_each_other_never_matches(tmp_path: Path) -> None:
    text = (
        "# reach\n"
        "rules: [{id: a, activity: x, points: 25, at_most: 4, family: f}]\n"
        "hand_off: {families: {count: 1}}\n"
        "personas: [{id: p, criteria: [{field: c, is: FR}, {field: c, is: BE},"
        " {field: c, is: CH}]}]\n"
    )
    (found,) = reviewed(tmp_path, text)
    assert "no contact can be more than 33.333333 % «p»" in found.what
    assert found.what.endswith("grade B begins at 50: it never matches")


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("activity: call", "«call» is what we do (outbound)"),
        ("activity: content_download, where: {asset_kind: whitepaper}", "has such attributes"),
        ("activity: form_submission, where: {asset: {exists: true}}", "has such attributes"),
        ("activity: form_submission, once_per: asset", "fills no «asset» of «form_submission»"),
    ],
)
def test_what_the_mapping_never_yields_is_told(tmp_path: Path, rule: str, says: str) -> None:
    found = reviewed(tmp_path, f"rules: [{{id: a, points: 50, {rule}}}]\n", mapped=True)
    (told,) = [each for each in found if each.line == 2]
    assert says in told.what
    assert told.weight is Weight.WARNING


TOPIC = """\
rules: [{id: a, activity: [content_download, call], points: 1}]
interests:
  topics:
    - {id: erp, where: %s}
"""


@pytest.mark.parametrize(
    ("where", "weight", "says"),
    [
        ("{asset: {contains: x}, all: [{asset: {exists: false}}]}", "error", "can ever be about"),
        ("{page: {contains: erp}}", "warning", "none that a rule counts has such attributes"),
        ("{form: {contains: erp}}", "warning", "none that a rule counts has such attributes"),
        ("{asset_kind: case_study}", "warning", "none that a rule counts has such attributes"),
    ],
)
def test_a_topic_that_no_activity_can_have_is_told(
    tmp_path: Path, where: str, weight: str, says: str
) -> None:
    (found,) = (each for each in reviewed(tmp_path, TOPIC % where, mapped=True) if each.line == 5)
    assert (found.column, found.weight) == (24, weight)
    assert "«erp»" in found.what
    assert says in found.what


@pytest.mark.parametrize("where", ["{asset: {contains: erp}}", "{asset_kind: white_paper}"])
def test_a_topic_that_some_activity_can_have_is_not_blamed(tmp_path: Path, where: str) -> None:
    assert not [each for each in reviewed(tmp_path, TOPIC % where, mapped=True) if each.line == 5]


def test_the_value_that_the_mapping_sets_is_proposed(tmp_path: Path) -> None:
    rule = "id: a, activity: content_download, points: 5, where: {asset_kind: whitepaper}"
    found = reviewed(tmp_path, f"rules: [{{{rule}}}]\n", mapped=True)
    assert "The mapping sets «asset_kind» to «white_paper» only: name one of these." in [
        each.do for each in found
    ]


def test_what_the_mapping_may_yield_is_not_blamed(tmp_path: Path) -> None:
    text = (
        "rules:\n"
        "  - {id: a, activity: [content_download, form_submission], points: 50, family: f,"
        " where: {any: [{asset_kind: White_Paper}, {form: x}]}}\n"
        "hand_off: {families: {count: 1}, name_fields: [job_title]}\n"
        "sales: {touch: [call, call_connected], meeting_obtained: [meeting_booked],"
        " meeting_lost: [meeting_booked]}\n"
    )
    assert reviewed(tmp_path, text, mapped=True) == []


def test_types_of_sales_that_are_misspelt_or_unknown_are_told(tmp_path: Path) -> None:
    text = (
        "rules: [{id: a, activity: content_download, points: 50, family: f}]\n"
        "hand_off: {families: {count: 1}}\n"
        "stages: {not_engaging: [form_submision]}\n"
        "sales: {touch: [email], meeting_obtained: [meeting_booked]}\n"
    )
    found = [each for each in reviewed(tmp_path, text, mapped=True) if each.line in (4, 5)]
    assert [(each.line, each.column) for each in found] == [(4, 24), (4, 25), (5, 8), (5, 16)]
    assert found[1].do == "Did you mean «form_submission»?"


def test_without_a_name_that_is_read_nobody_can_be_handed_off(tmp_path: Path) -> None:
    text = "rules: [{id: a, activity: content_download, points: 50, family: f}]\n"
    whats = [each.what for each in reviewed(tmp_path, text, mapped=True)]
    assert (
        "the mapping reads none of «first_name» and «last_name»: nobody would ever be handed off"
        in whats
    )


SENSITIVE = {
    "health_condition": "health",
    "religion": "religion or belief",
    "EthnicGroup": "origin",
    "country_of_birth": "age",
    "date_de_naissance": "age",
    "age": "age",
    "hs_gender": "sex",
    "Civilite__c": "sex",
    "trade_union": "membership of a union",
    "situation_familiale": "family",
    "nationalite": "nationality",
}
HARMLESS = ("page", "stage", "company_age", "customer_health", "lead_age", "language", "country")


@pytest.mark.parametrize("name", SENSITIVE)
def test_a_sensitive_name_is_known(name: str) -> None:
    found = sensitive(name)
    assert found is not None
    assert found.kind == SENSITIVE[name]


@pytest.mark.parametrize("name", [*HARMLESS, "union_square", "original_source", "essex", "usage"])
def test_a_harmless_name_is_left_in_peace(name: str) -> None:
    assert sensitive(name) is None


def test_a_sensitive_field_is_a_warning_whatever_we_call_it(tmp_path: Path) -> None:
    text = (
        "rules:\n"
        "  - {id: a, activity: content_download, points: 50, family: f}\n"
        "personas:\n"
        '  - {id: p, criteria: [{field: born, is: "1990"}, {field: country, is: FR}]}\n'
        "hand_off:\n"
        "  families: {count: 1}\n"
        "  name_fields: [job_title]\n"
        "  reach_fields: [email]\n"
        "  blockers: [{id: b, where: {not: {born: {exists: true}}}}]\n"
        "sales: {touch: [call], meeting_lost: [meeting_booked]}\n"
    )
    found = [each for each in reviewed(tmp_path, text, mapped=True) if each.code == "sensitive"]
    assert [(each.line, each.column, each.weight) for each in found] == [
        (5, 32, Weight.WARNING),
        (10, 36, Weight.WARNING),
    ]
    assert "GDPR" not in found[0].what
    assert found[0].what.startswith("«born» seems to hold age")


ENTRIES = """\
version: 1
crm: hubspot
activities:
  - {source: calls, where: {hs_call_status: [COMPLETED, BUSY]}, type: call}
  - {source: calls, where: {hs_call_status: busy}, type: call_busy}
  - {source: calls, where: {hs_call_status: {exists: false}}, type: call_unknown}
  - {source: calls, where: {hs_call_duration: {gt: 5, lt: 3}}, type: call_odd}
  - {source: meetings, where: {hs_meeting_outcome: X}, type: meeting_x}
  - {source: meetings, where: {not: {hs_meeting_outcome: X}}, type: meeting_y}
  - {source: meetings, type: meeting_z}
  - {source: contact, at: a, type: seen}
  - {source: contact, at: b, type: seen_again}
"""


def test_an_entry_of_the_mapping_that_no_record_reaches_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(ENTRIES, encoding="utf-8")
    found = review_mapping(path, load_mapping(path))
    assert [(each.line, each.weight, each.code) for each in found] == [
        (5, "warning", "shadowed"),
        (7, "error", "never_fires"),
        (10, "warning", "shadowed"),
    ]
    assert "what it asks of «hs_call_duration» contradicts itself" in found[1].what


@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_the_shipped_rules_and_mapping_have_nothing_to_be_said_of(crm: str) -> None:
    mapping = load_mapping(SHIPPED / f"{crm}.yaml")
    path = SHIPPED / "rules.yaml"
    assert review(path, load_rules(path, mapping.shapes()), mapping) == []
    assert review_mapping(SHIPPED / f"{crm}.yaml", mapping) == []

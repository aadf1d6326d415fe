from pathlib import Path
from typing import NamedTuple

import pytest

from connector.config.rules_file import check_rules, load_rules
from connector.config.starter import shipped
from connector.config.yaml_file import parse_document
from connector.domain.numbers import MILLION
from connector.ports import Shapes
from connector.rules.compile import compile_rules
from connector.rules.conditions import ALWAYS, All, Kind, Test
from connector.rules.decay import Constant, Decay, HalfLife, Linear, Steps
from connector.rules.model import (
    Account,
    ActivityRule,
    AtMost,
    Bucket,
    Each,
    Ever,
    Fit,
    HandOff,
    PerAttribute,
    PerDays,
    Repeated,
    Route,
    RuleSet,
    SalesWork,
    Score,
    Stages,
)
from connector.rules.operators import Op


def rules(text: str, shapes: Shapes | None = None) -> RuleSet:
    found, problems = check_rules(parse_document("rules.yaml", f"version: 1\n{text}"), shapes)
    assert problems == []
    assert found is not None
    return found


def rule(text: str, shapes: Shapes | None = None) -> ActivityRule:
    keys = f"id: a, activity: x, points: 1, {text}"
    return rules(f"rules: [{{{keys}}}]\n", shapes).rules[0]


def told(text: str, shapes: Shapes | None = None) -> list[str]:
    _, problems = check_rules(parse_document("rules.yaml", f"version: 1\n{text}"), shapes)
    return [str(problem) for problem in problems]


def test_what_is_left_out_means_what_the_model_says() -> None:
    found = rules("rules: [{id: paper, activity: content_download, points: 2.5}]")
    (only,) = found.rules
    assert only.points == 2_500_000
    assert only.label == {"en": "Paper"}
    assert (only.once_per, only.at_most, only.repeated, only.decay) == (Each(), None, None, Decay())
    assert (only.family, only.is_need, only.group) == ("", False, None)
    assert (found.fit, found.stages, found.hand_off) == (Fit(), Stages(), HandOff())
    assert found.sales == SalesWork()
    assert (found.score, found.lowest, found.highest) == ("engagement", 0, 100 * MILLION)


def test_a_label_in_french_alone_serves_both_languages() -> None:
    assert rule("label: {fr: Livre blanc}").label == {"en": "Livre blanc", "fr": "Livre blanc"}
    assert rule("label: White paper").label == {"en": "White paper"}


@pytest.mark.parametrize(
    ("word", "bucket"),
    [
        ("each", Each()),
        ("day", PerDays(1)),
        ("week", PerDays(7)),
        ("30d", PerDays(30)),
        ("2w", PerDays(14)),
        ("ever", Ever()),
        ("asset", PerAttribute("asset")),
    ],
)
def test_once_per_names_a_bucket(word: str, bucket: Bucket) -> None:
    assert rule(f"once_per: {word}").once_per == bucket


def test_a_bucket_has_the_kind_of_its_attribute() -> None:
    shapes = Shapes({}, {"rank": Kind.NUMBER})
    assert rule("once_per: rank", shapes).once_per == PerAttribute("rank", Kind.NUMBER)
    assert rule("where: {rank: 5}, once_per: rank").once_per == PerAttribute("rank", Kind.NUMBER)


@pytest.mark.parametrize(
    ("text", "decay"),
    [
        ("none", Decay()),
        ("{half_life: 60d}", Decay(HalfLife(60))),
        ("{linear: 90d, hold: 1w}", Decay(Linear(90), hold=7)),
        ("{half_life: 30d, hold: 30d, expire_after: never}", Decay(HalfLife(30), 30, None)),
        ("{expire_after: 730d}", Decay(Constant(), expire_after=730)),
        (
            "{steps: {90d: 0%, 30d: 50%}}",
            Decay(Steps(((30, 500_000), (90, 0)))),
        ),
    ],
)
def test_decay_in_all_its_forms(text: str, decay: Decay) -> None:
    assert rule(f"decay: {text}").decay == decay


def test_counts_in_all_their_forms() -> None:
    assert rule("at_most: 5").at_most == AtMost(5)
    assert rule("at_most: {count: 3, per: 7d}").at_most == AtMost(3, 7)
    assert rule("repeated: {count: 3, within: 30d}").repeated == Repeated(3, 30)


def test_declared_kinds_decide_what_a_literal_means() -> None:
    shapes = Shapes({}, {"zip": Kind.TEXT, "seen": Kind.MOMENT, "since": Kind.TEXT})
    assert rule('where: {since: "2026-09-01"}', shapes).where == Test(
        "since", Kind.TEXT, Op.EQUALS, ("2026-09-01",)
    )
    assert rule("where: {seen: {gte: 1970-01-01T00:00:01Z}}", shapes).where == Test(
        "seen", Kind.MOMENT, Op.GTE, (1_000_000,)
    )
    keys = "id: a, activity: x, points: 1"
    assert told(f"rules: [{{{keys}, where: {{zip: 75001}}}}]", shapes) == [
        "rules.yaml:2:54: «zip» holds text, and the number 75001 is none; put it in quotes, "
        'for example "75001"'
    ]


def test_an_attribute_whose_presence_alone_matters_has_the_kind_the_others_give_it() -> None:
    found = rules(
        "rules:\n"
        "  - {id: a, activity: x, points: 1, where: {minutes: {exists: true}}}\n"
        "  - {id: b, activity: x, points: 1, where: {minutes: {gte: 20}}}\n"
    )
    assert found.rules[0].where == Test("minutes", Kind.NUMBER, Op.EXISTS, (True,))
    compile_rules(found)  # which refuses an attribute of two kinds


def test_personas_blockers_and_settings_arrive() -> None:
    found = rules(
        """\
rules: [{id: a, activity: [x, y], points: 1, group: g, family: f, need: true}]
groups: {g: {cap: 25, floor: -5}}
personas:
  - id: it_lead
    criteria:
      - {field: country, is: [FR, BE], weight: 2}
      - {field: employees, is: {gte: 50, lt: 500}}
fit: {known_enough: 50%}
stages: {warm: {enter: 10, leave: 5}, probability: {hot: 62.5%}, not_engaging: [ad]}
hand_off:
  threshold: 40
  families: {count: 1, within: 2w}
  due: {need: 2h, points: 2d}
  weekly_limit: 20
  routing: [{where: {country: FR}, owners: [a@x.example]}, {owners: [b@x.example, c@x.example]}]
  blockers: [{id: student, where: {job_title: {contains: student}}}]
sales: {touch: [call]}
"""
    )
    (only,) = found.rules
    assert (only.activities, only.family, only.is_need) == (("x", "y"), "f", True)
    assert (found.groups[0].cap, found.groups[0].floor) == (25 * MILLION, -5 * MILLION)
    country, employees = found.fit.personas[0].criteria
    assert (country.weight, country.kind) == (2, Kind.TEXT)
    assert (employees.weight, employees.kind) == (1, Kind.NUMBER)
    assert found.fit.known_enough == 50
    assert (found.stages.warm_enter, found.stages.warm_leave) == (10 * MILLION, 5 * MILLION)
    assert (found.stages.hot_probability, found.stages.cold_probability) == (625_000, 300_000)
    assert found.stages.not_engaging == frozenset({"ad"})
    assert found.hand_off.threshold == 40 * MILLION
    assert (found.hand_off.families, found.hand_off.families_within_days) == (1, 14)
    assert (found.hand_off.sla.need, found.hand_off.sla.points) == (120, 2 * 540)
    assert found.hand_off.weekly_limit == 20
    assert found.hand_off.routes == (
        Route(("a@x.example",), Test("country", Kind.TEXT, Op.EQUALS, ("FR",))),
        Route(("b@x.example", "c@x.example")),
    )
    assert found.hand_off.blockers[0].where == Test(
        "job_title", Kind.TEXT, Op.CONTAINS, ("student",)
    )
    assert found.sales.touch == frozenset({"call"})


class Signal(NamedTuple):
    """A row of the default points: points, bucket, decay, group, family."""

    points: int
    once_per: Bucket
    decay: Decay
    group: str | None = None
    family: str = ""
    at_most: AtMost | None = None


ASSET, EVENT = PerAttribute("asset"), PerAttribute("event")
NEED = Signal(20, PerDays(1), Decay(HalfLife(30), hold=30), None, "need")
DEFAULT_POINTS = {
    "email_open": Signal(0, Each(), Decay(), "mail"),
    "email_click": Signal(1, Each(), Decay(HalfLife(21)), "mail", "mail", AtMost(3, 7)),
    "email_reply": Signal(10, PerDays(7), Decay(HalfLife(45)), None, "mail"),
    "page": Signal(1, PerDays(1), Decay(HalfLife(14)), "web", "web", AtMost(5)),
    "key_page": Signal(5, PerDays(1), Decay(HalfLife(21)), "web", "web"),
    "white_paper": Signal(5, ASSET, Decay(HalfLife(60)), "content", "content"),
    "case_study": Signal(10, ASSET, Decay(HalfLife(60)), "content", "content"),
    "webinar_registered": Signal(3, EVENT, Decay(HalfLife(60)), "event", "event"),
    "webinar_attended": Signal(10, EVENT, Decay(HalfLife(60)), "event", "event"),
    "webinar_replay": Signal(5, EVENT, Decay(HalfLife(60)), "event", "event"),
    "event_talk": Signal(15, EVENT, Decay(HalfLife(60)), "event", "event"),
    "demo_request": NEED,
    "quote_request": NEED,
    "trial_request": NEED,
    "contact_request": NEED,
    "call_connected": Signal(10, PerDays(1), Decay(HalfLife(45)), None, "sales"),
    "careers_pages": Signal(-10, PerDays(30), Decay(HalfLife(90))),
    "unsubscribed": Signal(-15, Ever(), Decay(expire_after=None)),
    "meeting_missed": Signal(-5, Each(), Decay(HalfLife(45))),
}


def test_rules_of_contacts_and_accounts_arrive() -> None:
    found = rules("""
account: {by: company_id, role: seniority, engaged_from: 12.5, sum_cap: 5000}
rules: [{id: a, activity: x, points: 1}]
contact_rules:
  - {id: two, where: {account_people: {gte: 2}, country: fr}, points: -1.5, group: web}
groups: {web: {cap: 5}}
""")
    assert found.account == Account(
        "company_id", role="seniority", engaged_from=12_500_000, sum_cap=5_000 * MILLION
    )
    (two,) = found.contact_rules
    assert (two.points, two.group, two.score) == (-1_500_000, "web", None)
    assert two.where == All(
        (
            Test("account_people", Kind.NUMBER, Op.GTE, (2 * MILLION,)),
            Test("country", Kind.TEXT, Op.EQUALS, ("fr",)),
        )
    )
    compiled = compile_rules(found)
    assert compiled.account is not None
    assert compiled.account.key == "f_company_id_folded"
    assert {"company_id", "seniority", "account_people"} <= set(compiled.fields)


def test_a_rule_may_be_for_some_contacts_and_so_may_a_whole_score() -> None:
    shapes = Shapes({"size": Kind.NUMBER, "country": Kind.TEXT}, {})
    found = rules(
        "scores:\n"
        "  engagement: {}\n"
        "  risk: {contact: {country: France}}\n"
        "rules:\n"
        "  - {id: a, activity: x, points: 1, contact: {size: {gte: 10}}}\n"
        "  - {id: b, activity: x, points: 1, score: risk}\n"
        "  - {id: c, activity: x, points: 1, score: risk, contact: {size: {gte: 10}}}\n"
        "  - {id: d, activity: x, points: 1}\n"
        "contact_rules: [{id: e, where: {size: 5}, points: 1, score: risk}]\n",
        shapes,
    )
    large = Test("size", Kind.NUMBER, Op.GTE, (10 * MILLION,))
    french = Test("country", Kind.TEXT, Op.EQUALS, ("France",))
    five = Test("size", Kind.NUMBER, Op.EQUALS, (5 * MILLION,))
    assert [each.contact for each in found.rules] == [large, french, All((french, large)), ALWAYS]
    assert found.contact_rules[0].where == All((french, five))
    assert compile_rules(found).fields.keys() >= {"size", "country"}


def test_a_rule_for_everybody_leaves_the_hash_as_it_was() -> None:
    plain = rules("rules: [{id: a, activity: x, points: 1}]\n")
    some = rules("rules: [{id: a, activity: x, points: 1, contact: {country: France}}]\n")
    assert compile_rules(plain).hash != compile_rules(some).hash
    assert "barred" not in {step.name for step in compile_rules(plain).steps}


def test_a_blocker_may_let_a_need_pass() -> None:
    blockers = "[{id: a, where: {x: y}}, {id: b, where: {x: z}, unless_need: true}]"
    found = rules(
        f"rules: [{{id: a, activity: x, points: 1}}]\nhand_off: {{blockers: {blockers}}}\n"
    )
    assert [each.unless_need for each in found.hand_off.blockers] == [False, True]


def test_accounts_that_no_condition_looks_at_cost_nothing() -> None:
    found = rules("account: {by: company_id}\nrules: [{id: a, activity: x, points: 1}]\n")
    assert compile_rules(found).account is None


def test_the_first_of_several_scores_leads_unless_stages_name_another() -> None:
    text = """
scores:
  engagement: {label: {fr: Intérêt}, lowest: -5}
  churn_risk: {highest: 40}
rules:
  - {id: a, activity: x, points: 1, group: web}
  - {id: b, activity: x, points: 2, score: churn_risk, group: bad}
  - {id: c, activity: x, points: 3, score: engagement}
groups: {web: {cap: 5}, bad: {cap: 6}, unused: {cap: 7}}
"""
    found = rules(text)
    assert (found.score, found.lowest, found.highest) == ("engagement", -5 * MILLION, 100 * MILLION)
    assert found.further == (Score("churn_risk", 0, 40 * MILLION),)
    assert [rule.score for rule in found.rules] == [None, "churn_risk", None]
    assert [group.score for group in found.groups] == [None, "churn_risk", None]
    assert found.labels["churn_risk"] == {"en": "Churn risk"}
    other = rules(text + "stages: {score: churn_risk}\n")
    assert (other.score, other.highest) == ("churn_risk", 40 * MILLION)
    assert other.further == (Score("engagement", -5 * MILLION, 100 * MILLION),)
    assert [rule.score for rule in other.rules] == ["engagement", None, "engagement"]
    compile_rules(other)


def test_the_shipped_rules_are_the_default_points() -> None:
    found = load_rules(shipped() / "rules.yaml")
    assert {
        each.id: Signal(
            each.points // MILLION,
            each.once_per,
            each.decay,
            each.group,
            each.family,
            each.at_most,
        )
        for each in found.rules
    } == DEFAULT_POINTS
    assert {group.id: group.cap for group in found.groups} == {
        "mail": 5 * MILLION,
        "web": 15 * MILLION,
        "content": 25 * MILLION,
        "event": 30 * MILLION,
    }
    needs = {each.id for each in found.rules if each.is_need}
    assert needs == {"demo_request", "quote_request", "trial_request", "contact_request"}


def test_the_shipped_rules_keep_the_default_thresholds() -> None:
    found = load_rules(shipped() / "rules.yaml")
    assert found.stages == Stages(not_engaging=found.stages.not_engaging)
    assert found.hand_off == HandOff(blockers=found.hand_off.blockers)
    assert found.fit == Fit(personas=found.fit.personas)


def test_everything_shipped_is_labelled_in_both_languages() -> None:
    found = load_rules(shipped() / "rules.yaml")
    labels = [
        *(rule.label for rule in found.rules),
        *(group.label for group in found.groups),
        *(persona.label for persona in found.fit.personas),
        *(blocker.label for blocker in found.hand_off.blockers),
    ]
    assert [label for label in labels if set(label) != {"en", "fr"}] == []


def test_the_order_of_keys_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("rules: [{points: 1, activity: x, id: a}]\nversion: 1\n")
    assert load_rules(path) == rules("rules: [{id: a, activity: x, points: 1}]")


def test_a_faulty_rule_hides_no_mistake_behind_it_and_makes_none_up() -> None:
    assert told(
        """\
rules:
  - {id: webinar, activity: x, points: five, once_per: event}
  - {id: registered, activity: y, points: 1, once_per: event, replaced_by: webinar}
  - {id: paper, activity: z, points: 1, group: contnt}
  - {id: registered, activity: y, points: 1, where: {minutes: {gte: long}}}
groups:
  content: {cap: 5}
  web: 15
"""
    ) == [
        "rules.yaml:3:40: «points» must be a number, for example `points: 2.5`; "
        "the text «five» was found",
        "rules.yaml:9:8: «web» must be a section, for example `web: {key: value}`; "
        "the number 15 was found",
        "rules.yaml:6:10: the id «registered» stands twice: give each its own",
        "rules.yaml:5:48: there is no group «contnt»; did you mean «content»?",
        "rules.yaml:6:69: «gte» is for numbers and dates; the text «long» is neither",
    ]


def test_a_rule_in_a_faulty_group_is_not_blamed() -> None:
    assert told("rules: [{id: a, activity: x, points: 1, group: web}]\ngroups: {web: 15}\n") == [
        "rules.yaml:3:15: «web» must be a section, for example `web: {key: value}`; "
        "the number 15 was found"
    ]


@pytest.mark.parametrize("number", ["1e999", "99999999999999999999"])
def test_a_number_beyond_all_measure_is_refused(number: str) -> None:
    (message,) = told(f"rules: [{{id: a, activity: x, points: 1, where: {{n: {number}}}}}]")
    assert message.endswith("is too large to compare with")


def test_an_empty_text_is_no_value_to_compare_with() -> None:
    (message,) = told('rules: [{id: a, activity: x, points: 1, where: {topic: ""}}]')
    assert message.endswith("an empty text counts as unknown: write `topic: {exists: false}`")

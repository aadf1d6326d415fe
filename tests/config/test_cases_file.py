"""What a file of cases means, and what its mistakes are told as."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.config.cases import Known, Step, known
from connector.config.cases_file import check_cases, load_cases
from connector.config.mappings import load_mapping
from connector.config.rules_file import check_rules, load_rules
from connector.config.starter import shipped
from connector.config.yaml_file import parse_document
from connector.errors import ConfigError
from connector.rules.compile import compile_rules

RULES = load_rules(shipped() / "rules.yaml")
COMPILED = compile_rules(RULES)
ALONE = known(RULES, COMPILED, None)
MAPPED = known(RULES, COMPILED, load_mapping(shipped() / "hubspot.yaml"))
HEAD = "version: 1\ncases:\n  - name: a\n    expect: {score: 0}\n"


def told(text: str, knows: Known = ALONE) -> list[str]:
    _, problems = check_cases(parse_document("c.yaml", text), knows)
    return [str(one).removeprefix("c.yaml:") for one in problems]


def steps(text: str) -> tuple[Step, ...]:
    (case,), problems = check_cases(parse_document("c.yaml", text), ALONE)
    assert problems == []
    return case.steps


MISTAKES = (
    (
        "    activities: [{type: demo_request, age: 2x}]\n",
        "5:44: «age» must be an age, for example 21d or 3h; the text «2x» was found",
    ),
    (
        "    activities: [{type: demo_request}]\n",
        "5:18: give either «age», for example `age: 21d`, or «at»",
    ),
    (
        "    activities: [{type: x, age: 1d, aset_kind: guide}]\n",
        "5:37: no rule asks for the attribute «aset_kind»; did you mean «asset_kind»?",
    ),
    (
        "    activities: [{type: x, age: 1d, outbond: true}]\n",
        "5:37: no rule asks for the attribute «outbond»; did you mean «outbound»?",
    ),
    (
        "    activities: [{type: x, at: 2026-03-01}]\n",
        "5:32: «at» needs a fixed moment: give the case, or the file, an «as_of»",
    ),
    (
        "    contact: {job_titel: CFO}\n",
        "5:15: no rule asks for the contact field «job_titel»; did you mean «job_title»?",
    ),
    (
        "    contact: {job_title: 5}\n",
        "5:26: «job_title» holds text, and the number 5 is none; put it in quotes, for example "
        '"75001"',
    ),
    ("    as_of: yesterday\n", "5:12: «as_of» must be a moment, for example 2026-03-01T10:00"),
    (
        "    time_zone: Paris/Europe\n",
        "5:16: «Paris/Europe» is no time zone; write for example Europe/Paris",
    ),
    ("    expcet: {score: 1}\n", "5:5: unknown key «expcet»; did you mean «expect»?"),
    ("    then: [{after: 0h}]\n", "5:20: a step must be later than the one before it"),
    ("    then: [{}]\n", "5:12: give either «after», for example `after: 2d`, or «at»"),
    (
        "    then: [{after: 1d, expect: {reasons: {white_papers: 5}}}]\n",
        "5:43: the rules have no reason «white_papers»; did you mean «white_paper»?",
    ),
    (
        "    then: [{after: 1d, expect: {persona: it_leed}}]\n",
        "5:42: the rules have no persona «it_leed»; did you mean «it_lead»?",
    ),
    (
        "    then: [{after: 1d, expect: {stage: led}}]\n",
        "5:40: «stage» must be suspect, lead, prospect, client, recycled or disqualified; the text "
        "«led» was found; did you mean «lead»?",
    ),
    (
        "    then: [{after: 1d, expect: {points: 1.2345678}}]\n",
        "5:41: «points» must have at most six decimals; 1.2345678 was found",
    ),
    (
        "    then: [{after: 1d, expect: {interests: erp}}]\n",
        "5:44: «interests» must be topics in their order, for example [security, erp] or {security:"
        " 10, erp: 5}, or none; the text «erp» was found",
    ),
    (
        "    then: [{after: 1d, expect: {interests: [erp, erp]}}]\n",
        "5:50: the topic «erp» stands twice",
    ),
    (
        "    then: [{after: 1d, expect: {interests: {erp: }}}]\n",
        "5:45: how many points has «erp»? or name the topics alone, in a list",
    ),
    (
        "    then: [{after: 1d, expect: {interests: [a, b, c, d]}}]\n",
        "5:44: the rules tell 3 at the most (`top`), and 4 are named",
    ),
    (
        "    then: [{after: 1d, expect: {quarantine: [one]}}]\n",
        "5:45: «quarantine» must name activities by their id, each with its signs, for example "
        "{first_click: many_links}, or none; a list was found",
    ),
    (
        "    then: [{after: 1d, expect: {quarantine: {one: gateway}}}]\n",
        "5:46: no activity of the case has the id «one»; write `id: one` where the activity stands",
    ),
    (
        "    activities: [{type: x, age: 1d, id: one}]\n"
        "    then: [{after: 1d, expect: {quarantine: {one: hidden_link}}}]\n",
        "6:51: the rules do not look for the sign «hidden_link»",
    ),
    (
        "    activities: [{type: x, age: 1d, id: one}]\n"
        "    then: [{after: 1d, expect: {quarantine: {one: [by_hand]}}}]\n",
        "6:52: «one» must be many_links, at_once, hidden_link, gateway or whole_domain; the text "
        "«by_hand» was found",
    ),
    (
        "    then: [{after: 1d, expect: {sla: runing}}]\n",
        "5:38: «sla» must be none, running, warned, breached, escalated, met or late; the text "
        "«runing» was found; did you mean «running»?",
    ),
    (
        "    as_of: 2026-03-02T12:00\n    then: [{after: 1d, expect: {due: tomorrow}}]\n",
        "6:38: «due» must be a moment, for example 2026-03-01T10:00 (local) or 2026-03-01T09:00Z; "
        "the text «tomorrow» was found",
    ),
    (
        "    then: [{after: 1d, expect: {due: 2026-03-03T12:00}}]\n",
        "5:38: «due» needs a fixed moment: give the case, or the file, an «as_of»",
    ),
    (
        "    then: [{after: 1d, expect: {do_not_press_until: 2026-03-10}}]\n",
        "5:53: «do_not_press_until» needs a fixed moment: give the case, or the file, an «as_of»",
    ),
    (
        "    as_of: 2026-03-02T12:00\n    then: [{after: 1d, expect: {do_not_press_until: 7d}}]\n",
        "6:53: «do_not_press_until» must be a date, for example 2026-12-25; the text «7d»",
    ),
    (
        "    people: {verdict: rejected, not_before: 2026-04-01}\n",
        "5:45: «not_before» needs a fixed moment: give the case, or the file, an «as_of»",
    ),
    (
        "    as_of: 2026-03-02T12:00\n    people: {verdict: accepted, not_before: 2026-04-01}\n",
        "6:45: a day to come back comes with a rejection: write `verdict: rejected` too",
    ),
    (
        "    then: [{after: 1d, expect: {track: welcom}}]\n",
        "5:40: the rules have no track «welcom»; did you mean «welcome»?",
    ),
    (
        "    then: [{after: 1d, expect: {next_content: guide}}]\n",
        "5:47: the rules have no content «guide»",
    ),
    (
        "    then: [{after: 1d, expect: {touches_7d: -1}}]\n",
        "5:45: «touches_7d» must be at least 0",
    ),
)


@pytest.mark.parametrize(("text", "message"), MISTAKES, ids=[text for text, _ in MISTAKES])
def test_a_mistake_is_told_where_it_stands(text: str, message: str) -> None:
    (problem,) = told(HEAD + text)
    assert problem.startswith(message)


def test_what_the_rules_have_no_section_for_cannot_be_expected(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("version: 1\nrules: [{id: a, activity: x, points: 1}]\n")
    rules = load_rules(file)
    knows = known(rules, compile_rules(rules), None)
    later = "    then: [{after: 1d, expect: {interests: [erp]}}]\n"
    assert told(HEAD + "    whole_domain: [spring]\n" + later, knows) == [
        "5:5: the rules do not look for the sign «whole_domain»",
        "6:44: the rules have no section «interests», so there are none",
    ]
    assert told(HEAD.replace("score: 0", "interests: none, quarantine: none"), knows) == []
    pressed = "    then: [{after: 1d, expect: {touches_7d: 1, touches_30d: 0, track: welcome}}]\n"
    assert told(HEAD + pressed, knows) == [
        "5:45: the rules have no section «pressure», so nothing is counted",
        "5:71: the rules have no track «welcome»",
    ]
    nothing = "touches_7d: 0, do_not_press_until: none, track: none, next_content: none"
    assert told(HEAD.replace("score: 0", nothing), knows) == []


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    one, other, gone = (tmp_path / name for name in ("1.yaml", "2.yaml", "3.yaml"))
    second = "  - name: b\n    expect: {score: 1}\n    activites: []\n"
    one.write_text(HEAD + "    contact: {job_titel: x}\n" + second)
    other.write_text("version: 2\ncases: [{name: a}]\n")
    with pytest.raises(ConfigError) as caught:
        load_cases([one, other, gone], ALONE)
    places = [(Path(each.file).name, each.line) for each in caught.value.problems]
    assert places == [("1.yaml", 5), ("1.yaml", 8), ("2.yaml", 1), ("2.yaml", 2), ("3.yaml", 0)]


def test_a_name_stands_once() -> None:
    again = "  - name: a\n    expect: {score: 1}\n"
    assert told(HEAD + again) == ["5:11: the name «a» stands twice: give each case its own"]


def test_with_a_mapping_activity_types_are_known() -> None:
    text = HEAD + "    activities: [{type: demo_requst, age: 1d}]\n"
    assert told(text) == []
    assert told(text, MAPPED) == [
        "5:25: no activity of the mapping is of the type «demo_requst»; "
        "did you mean «demo_request»?"
    ]


def test_what_only_the_mapping_knows_may_be_named() -> None:
    text = HEAD + "    contact: {company: Acme}\n"
    assert told(text) != []
    assert told(text, MAPPED) == []


def test_a_day_is_a_calendar_day_where_clocks_change() -> None:
    (step,) = steps(
        HEAD
        + "    as_of: 2026-03-29T12:00\n    time_zone: Europe/Paris\n"
        + "    activities: [{type: a, age: 1d}, {type: b, age: 24h}]\n"
    )
    assert step.at == datetime(2026, 3, 29, 10, tzinfo=UTC)
    day, hours = step.activities
    assert day.occurred_us == datetime(2026, 3, 28, 11, tzinfo=UTC).timestamp() * 1_000_000
    assert hours.occurred_us == datetime(2026, 3, 28, 10, tzinfo=UTC).timestamp() * 1_000_000


def test_a_later_step_knows_what_came_before() -> None:
    first, second = steps(
        "version: 1\ncontact: {email: a@b.example, job_title: CFO}\ncases:\n"
        "  - name: a\n    expect: {score: 0}\n    contact: {job_title: null}\n"
        "    activities: [{type: a, age: 1d}]\n"
        "    opportunities: [{id: 1, age: 1d, amount: 10}]\n"
        "    people: {verdict: accepted}\n"
        "    then:\n"
        "      - after: 2d\n        contact: {job_title: CTO}\n"
        "        activities: [{type: b, age: 1h}]\n"
        "        opportunities: [{id: 1, age: 3d, won: true}]\n"
    )
    assert (first.fields["job_title"], second.fields["job_title"]) == (None, "CTO")
    assert second.fields["email"] == "a@b.example"
    assert [each.type for each in second.activities] == ["a", "b"]
    assert [each.is_won for each in first.opportunities] == [False]
    assert [(each.is_won, each.is_closed) for each in second.opportunities] == [(True, True)]
    assert second.people.verdict == "accepted"
    assert second.people.verdict_us == first.people.verdict_us
    assert second.expected == {}


def test_a_day_to_come_back_stands_until_the_next_verdict() -> None:
    first, second, third = steps(
        HEAD
        + "    as_of: 2026-03-02T12:00\n"
        + "    people: {verdict: rejected, not_before: 2026-04-01}\n"
        + "    then:\n      - after: 1d\n      - {after: 1d, people: {verdict: rejected}}\n"
    )
    assert first.people.not_before_day == second.people.not_before_day == 20544
    assert third.people.not_before_day is None


def test_moments_that_are_expected_are_local_and_equal_for_equal_instants() -> None:
    written = ("2026-03-03T12:00", "2026-03-03T11:00Z", "2026-03-03T06:00-05:00")
    head = HEAD + "    as_of: 2026-03-02T12:00\n    time_zone: Europe/Paris\n"
    told_as = {
        str(steps(head.replace("score: 0", f"due: {each}"))[0].expected["due"]) for each in written
    }
    assert told_as == {"2026-03-03T12:00:00+01:00"}


OF_DEALS = """\
version: 1
rules: [{id: demo, activity: x, points: 1}]
opportunities:
  rules: [{id: large, where: {amount: 5, region: nord}, points: 10}]
"""


def test_mistakes_with_opportunities_are_told() -> None:
    rules, _ = check_rules(parse_document("rules.yaml", OF_DEALS))
    assert rules is not None
    text = (
        "version: 1\ncases:\n  - name: a\n"
        "    opportunities: [{id: deal, age: 1d, regoin: x, region: 5}]\n"
        "    expect:\n"
        "      opportunities: {del: {score: 1}, deal: {reasons: {lrge: 1, bound opportunity: 1}}}\n"
    )
    assert told(text, known(rules, compile_rules(rules), None)) == [
        "4:41: no rule asks for the field of opportunities «regoin»; did you mean «region»?",
        "4:60: «region» holds text, and the number 5 is none; put it in quotes, for example"
        ' "75001"',
        "6:23: no opportunity of the case has the id «del»; did you mean «deal»?",
        "6:57: the rules have no reason «lrge»; did you mean «large»?",
    ]
    without = HEAD + "    opportunities: [{id: a, age: 1d}]\n"
    without = without.replace("{score: 0}", "{opportunities: {a: {score: 0}}}")
    assert told(without) == ["4:14: the rules have no section «opportunities», so none has a score"]

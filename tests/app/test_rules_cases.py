"""An admin's own cases, held against rules by the engine and by `leadripe rules test`."""

import re
from pathlib import Path

import pytest

from connector.app.rules_cases import run_cases
from connector.config.starter import shipped
from connector.errors import ConfigError, UsageError
from connector.report.cases import CasesReport
from connector.report.cases import cases as cases_told
from tests.leadripe_process import leadripe

NO_SETTINGS = Path("/nowhere/leadripe.yaml")
RULES = shipped() / "rules.yaml"
DOCS = Path(__file__).parents[2] / "docs" / "rules.md"


def run(folder: Path, text: str, rules: Path = RULES) -> CasesReport:
    file = folder / "cases.yaml"
    file.write_text(text, encoding="utf-8")
    return run_cases(NO_SETTINGS, rules, [file])


def differences(report: CasesReport) -> list[tuple[str, str, str]]:
    return [
        (one.what, one.expected, one.found)
        for case in report.cases
        for step in case.steps
        for one in step.differences
    ]


def test_the_examples_that_are_shipped_hold() -> None:
    report = run_cases(NO_SETTINGS, RULES, [])  # those beside the rules
    assert len(report.cases) >= 8
    assert differences(report) == []


def test_the_examples_of_the_documentation_hold(tmp_path: Path) -> None:
    chapter = DOCS.read_text(encoding="utf-8").partition("\n## Test and compare rules\n")[2]
    texts = re.findall(r"^```yaml\n(.*?)^```", chapter, re.DOTALL | re.MULTILINE)
    assert texts
    for text in texts:
        assert differences(run(tmp_path, text)) == []


EVERYTHING = """
version: 1
contact: {first_name: Ana, email: ana@example.org}
cases:
  - name: everything
    activities:
      - {type: content_download, age: 10d, asset_kind: guide, asset: One}
    expect:
      score: 99
      points: 98.5
      stage: client
      temperature: hot
      grade: A
      persona: it_lead
      need: true
      hand_off: need
      blocker: student
      gates: {reachable: false, points: false}
      reasons: {white_paper: 7, demo_request: 20, page: 0}
"""


SEVERAL = """
version: 1
scores: {engagement: {}, risk: {highest: 10}}
rules:
  - {id: visit, activity: page_view, points: 2}
  - {id: missed, activity: meeting_missed, points: 15, score: risk}
"""


def test_several_scores_are_compared_by_their_names(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(SEVERAL, encoding="utf-8")
    case = """
version: 1
cases:
  - name: several
    activities: [{type: page_view, age: 1d}, {type: meeting_missed, age: 1d}]
    expect:
      scores: {engagement: 2, risk: 11}
      reasons: {visit: 2, missed: 15, bound risk: -5}
"""
    assert differences(run(tmp_path, case, rules)) == [("scores.risk", "11", "10")]
    with pytest.raises(ConfigError, match=r"7:16: the rules have no score «rsk»; did you mean"):
        run(tmp_path, case.replace("risk: 11", "rsk: 1").replace("engagement: 2, ", ""), rules)


OF_ACCOUNTS = """
version: 1
account: {by: company}
rules: [{id: page, activity: page_view, points: 2}]
contact_rules: [{id: two, where: {account_people: {gte: 2}}, points: 10}]
"""


def test_a_case_states_what_is_known_of_the_account(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(OF_ACCOUNTS, encoding="utf-8")
    case = """
version: 1
cases:
  - name: two engaged
    contact: {company: Acme, account_people: 2}
    activities: [{type: page_view, age: 1d}]
    expect: {points: 12, reasons: {page: 2, two: 10}}
  - name: one engaged
    contact: {company: Acme, account_people: 1}
    expect: {points: 1}
"""
    assert differences(run(tmp_path, case, rules)) == [("points", "1", "0")]


OF_TOPICS = """
version: 1
rules:
  - {id: page, activity: page_view, points: 2}
  - {id: ticket, activity: ticket, points: 9, score: risk}
scores: {engagement: {}, risk: {}}
interests: {top: 2, topics: [{id: security, label: {en: Safety, fr: Sécurité}, where: {page: /s}}]}
"""
ABOUT_TOPICS = """
version: 1
cases:
  - name: in order
    activities:
      - {type: page_view, age: 0d, topic: Cloud}
      - {type: page_view, age: 0d, topic: cloud;ERP}
      - {type: page_view, age: 0d, topic: erp}
      - {type: page_view, age: 0d, page: /s}
      - {type: page_view, age: 0d, topic: sécurité}
      - {type: page_view, age: 0d, topic: Safety}
      - {type: ticket, age: 0d, topic: Trouble}
    expect: {interests: EXPECTED}
"""


@pytest.mark.parametrize(
    "expected", ["[security, Cloud]", "[SAFETY, CLOUD]", "{Sécurité: 6, cloud: 4}"]
)
def test_interests_are_met_in_their_order_however_they_are_spelled(
    tmp_path: Path, expected: str
) -> None:
    assert differences(run_on(tmp_path, ABOUT_TOPICS, expected)) == []


def run_on(folder: Path, text: str, expected: str, rules: str = OF_TOPICS) -> CasesReport:
    file = folder / "rules.yaml"
    file.write_text(rules, encoding="utf-8")
    return run(folder, text.replace("EXPECTED", expected), file)


@pytest.mark.parametrize(
    ("expected", "told", "found"),
    [
        ("[cloud, security]", "[cloud, security]", "[security, Cloud]"),
        ("[security]", "[security]", "[security, Cloud]"),
        ("{security: 6.5, cloud: 4}", "{security: 6.5, cloud: 4}", "{security: 6, Cloud: 4}"),
        ("none", "none", "[security, Cloud]"),
    ],
)
def test_other_interests_are_told_as_a_case_would_write_them(
    tmp_path: Path, expected: str, told: str, found: str
) -> None:
    report = run_on(tmp_path, ABOUT_TOPICS, expected)
    assert differences(report) == [("interests", told, found)]
    (step,) = report.cases[0].steps
    assert step.interests == {"security": "6", "Cloud": "4"}


CLICKS = """
version: 1
rules: [{id: click, activity: email_click, points: 1}]
quarantine: {hidden_link: {urls: [/trap]}}
"""
ABOUT_ROBOTS = """
version: 1
as_of: 2026-03-02T12:00
contact: {email: ana@Acme.example}
cases:
  - name: signs
    activities:
      - {type: email_click, at: 2026-03-01T08:00:01, id: a, campaign: m, url: /1}
      - {type: email_click, at: 2026-03-01T08:00:02, id: 2, campaign: m, url: /2}
      - {type: email_click, at: 2026-03-01T08:00:09, campaign: m, url: /trap}
      - {type: email_click, at: 2026-03-01T09:00, id: person, campaign: m, url: /1}
    expect: {quarantine: EXPECTED}
    then:
      - after: 1d
        whole_domain: [m]
        activities: [{type: email_click, age: 1h, id: later, campaign: other, url: /1}]
        expect: {points: 1}
  - name: another contact of the same domain, of whom nothing is said
    activities: [{type: email_click, at: 2026-03-01T09:00, campaign: m, url: /1}]
    expect: {quarantine: none, points: 1}
    then: [{after: 1d, expect: {quarantine: none}}]
"""


def test_what_is_in_quarantine_is_told_with_its_signs(tmp_path: Path) -> None:
    report = run_on(
        tmp_path, ABOUT_ROBOTS, "{a: many_links, 2: gateway, person: [at_once]}", CLICKS
    )
    assert differences(report) == [
        ("quarantine.2", "gateway", "many_links"),
        ("quarantine.email_click (activity 3)", "none", "[many_links, hidden_link]"),
        ("quarantine.person", "at_once", "none"),
    ]
    first, second = report.cases[0].steps
    assert first.quarantine == {
        "a": ["many_links"],
        "2": ["many_links"],
        "email_click (activity 3)": ["many_links", "hidden_link"],
    }
    # Of a mail that the whole domain clicked every click is a robot's; other mails are not.
    assert second.quarantine["person"] == ["whole_domain"]
    assert "later" not in second.quarantine
    assert first.interests == {}


def test_what_differs_is_told_and_what_agrees_is_not(tmp_path: Path) -> None:
    assert differences(run(tmp_path, EVERYTHING)) == [
        ("score", "99", "4"),
        ("stage", "client", "lead"),
        ("temperature", "hot", "cold"),
        ("grade", "A", "U"),
        ("need", "true", "false"),
        ("hand_off", "need", "false"),
        ("persona", "it_lead", "none"),
        ("blocker", "student", "none"),
        ("points", "98.5", "4.454495"),
        ("gates.reachable", "false", "true"),
        ("reasons.white_paper", "7", "4.454495"),
        ("reasons.demo_request", "20", "0"),
    ]


MANY = """
version: 1
contact: {first_name: Ana, email: ana@example.org}
cases:
  - name: remembered
    activities: [{type: demo_request, age: 0d}]
    expect: {hand_off: need}
    then:
      - after: 1d
        expect: {hand_off: false, gates: {free: false}}
      - after: 1d
        people: {task_done: true}
        expect: {hand_off: false, gates: {free: true}}
  - name: not mixed up with others of the same moment
    expect: {stage: suspect, score: 0, reasons: {demo_request: 0}}
  - name: set by a person
    people: {stage: client}
    expect: {stage: client, temperature: none}
  - name: elsewhere another day
    time_zone: Pacific/Auckland
    as_of: 2026-03-02T00:30
    activities: [{type: page_view, at: 2026-03-01T23:30}, {type: page_view, at: 2026-03-02T00:10}]
    expect: {reasons: {page: 1.951695}}
"""


OF_SALES = """
version: 1
rules: [{id: demo, activity: demo_request, points: 8, need: true}]
hand_off:
  due: {need: 2h}
  working_hours: {hours: ["09:00-12:30", "13:30-18:00"], holidays: [2026-03-30]}
pressure:
  touches: [email_sent, open_task]
  budget: [{touches: [email_sent], at_most: 1, within: 7d}]
interests: {top: 1}
nurture:
  tracks:
    - {id: welcome, stages: [lead]}
    - {id: wake_up, stages: [recycled]}
  content:
    - {id: basics, label: {en: The basics, fr: Les bases}}
    - {id: erp_guide, topics: [ERP], tracks: [welcome]}
"""
ABOUT_SALES = """
version: 1
as_of: 2026-03-27T17:30
time_zone: Europe/Paris
contact: {first_name: Ana, email: ana@example.org}
cases:
  - name: over a weekend, a change of the clocks and a holiday
    activities: [{type: demo_request, age: 0d, topic: ERP}]
    expect: {hand_off: need, sla: running, due: 2026-03-31T10:30, touches_7d: 1, track: paused,
             next_content: none, do_not_press_until: none}
    then:
      - at: 2026-03-31T10:00
        expect: {sla: warned, due: 2026-03-31T08:30Z}
      - at: 2026-03-31T10:30
        expect: {sla: breached}
      - at: 2026-03-31T12:30
        expect: {sla: escalated}
      - at: 2026-03-31T14:00
        activities: [{type: email_sent, at: 2026-03-31T10:29, outbound: true}]
        expect: {sla: met, touches_7d: 1, touches_30d: 1, do_not_press_until: 2026-04-07}
      - at: 2026-03-31T15:00
        people: {verdict: rejected, not_before: 2026-04-08}
        expect: {stage: recycled, track: wake_up, next_content: basics}
      - at: 2026-04-07T23:59
        expect: {stage: recycled, touches_7d: 0, touches_30d: 1, do_not_press_until: none}
      - at: 2026-04-08T00:00
        expect: {stage: lead, track: welcome, next_content: erp_guide}
"""


def test_the_clock_the_pressure_and_the_next_content_of_a_case(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(OF_SALES, encoding="utf-8")
    assert differences(run(tmp_path, ABOUT_SALES, rules)) == []


def test_another_clock_pressure_or_content_is_told_as_a_case_would_write_it(
    tmp_path: Path,
) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(OF_SALES, encoding="utf-8")
    case = """
version: 1
as_of: 2026-03-27T17:30
time_zone: Europe/Paris
contact: {first_name: Ana, email: ana@example.org}
cases:
  - name: other
    activities: [{type: demo_request, age: 0d}, {type: email_sent, age: 2d, outbound: true}]
    expect: {sla: met, due: none, track: welcome, next_content: basics, touches_7d: 0,
             touches_30d: 9, do_not_press_until: 2026-04-02}
"""
    assert differences(run(tmp_path, case, rules)) == [
        ("sla", "met", "running"),
        ("track", "welcome", "paused"),
        ("next_content", "basics", "none"),
        ("touches_7d", "0", "2"),
        ("touches_30d", "9", "2"),
        ("due", "none", "2026-03-31T10:30:00+02:00"),
        ("do_not_press_until", "2026-04-02", "2026-04-01"),
    ]


def test_cases_are_told_apart_and_remember_their_own_steps(tmp_path: Path) -> None:
    assert differences(run(tmp_path, MANY)) == []


def test_without_cases_the_message_says_where_they_belong(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(UsageError, match="there are no cases in"):
        run_cases(NO_SETTINGS, rules, [])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    assert leadripe("init", str(tmp_path), cwd=tmp_path).code == 0
    return tmp_path


def test_exit_codes_and_output_of_the_command(project: Path) -> None:
    held = leadripe("rules", "test", cwd=project)
    assert held.code == 0, held.err
    assert held.out.endswith("8 cases: all hold.\n")

    rules = project / "mappings" / "rules.yaml"
    text = rules.read_text(encoding="utf-8")
    (project / "other.yaml").write_text(text.replace("points: 5\n", "points: 6\n"), "utf-8")
    failed = leadripe("rules", "test", "--rules", "other.yaml", "mappings/cases/examples.yaml",
                      cwd=project)  # fmt: skip
    assert failed.code == 3
    assert "✗ A white paper makes a cold lead, and no more  (mappings/cases/examples" in failed.out
    assert "    score: expected 5, found 6\n    because of: white_paper 6\n" in failed.out
    assert failed.out.endswith("8 cases: 5 hold, 3 do not.\n")

    plain = leadripe("rules", "test", "--rules", "other.yaml", "mappings/cases/examples.yaml",
                     "--json", cwd=project)  # fmt: skip
    assert plain.code == 3
    found = plain.json()
    assert (found["cases"], found["failed"]) == (8, 3)
    (step,) = found["results"][0]["steps"]
    assert step["differences"] == [{"what": "score", "expected": "5", "found": "6"}]
    assert step["reasons"] == {"white_paper": "6"}


def test_the_steps_to_change_a_rule_can_be_followed(project: Path) -> None:
    steps = (
        DOCS.read_text(encoding="utf-8").partition("**To change a rule**")[2].partition("\n## ")[0]
    )
    copied, into = re.findall(r"`(mappings/\w+\.yaml)`", steps)[:2]
    text = (project / copied).read_text(encoding="utf-8")
    (project / into).write_text(text.replace("points: 10\n", "points: 11\n"), encoding="utf-8")
    commands = re.findall(r"`leadripe (rules [^`]+)`", steps)
    assert [command.split()[1] for command in commands] == ["check", "show", "test", "diff"]
    for command in commands[:3]:
        told = leadripe(*command.split(), cwd=project)
        assert told.code == (3 if " test " in command else 0), told.err
    told = leadripe(*commands[3].split(), cwd=project)
    assert "nothing was read from the CRM yet" in told.err  # as for everything on what was pulled


def test_mistakes_in_cases_are_a_matter_of_configuration(project: Path) -> None:
    cases = project / "mappings" / "cases" / "mine.yaml"
    cases.write_text("version: 1\ncases:\n  - name: a\n    expct: {score: 1}\n", "utf-8")
    told = leadripe("rules", "test", cwd=project)
    assert told.code == 4
    assert "mine.yaml:4:5: unknown key «expct»; did you mean «expect»?" in told.err


def test_help_teaches_how_to_write_a_case(tmp_path: Path) -> None:
    told = leadripe("rules", "test", "--help", cwd=tmp_path)
    assert told.code == 0
    assert "expect: {need: true, hand_off: need}" in told.out
    assert "Exit code 3" in told.out


DEALS = """
version: 1
rules: [{id: demo, activity: demo_request, points: 30}]
opportunities:
  groups: {people: {cap: 5}}
  rules:
    - {id: large, where: {amount: {gte: 10000}, region: nord}, points: 10}
    - {id: boss, contact: {job_title: CEO}, points: 20, group: people}
    - {id: engaged, share: {of: best, percent: 50%}}
"""
OF_DEALS = """
version: 1
as_of: 2026-03-02T12:00
cases:
  - name: A deal of a boss
    contact: {job_title: CEO}
    activities: [{type: demo_request, age: 0d}]
    opportunities:
      - {id: deal, age: 9d, amount: 12000, region: Nord}
      - {id: lost, age: 9d, closed: true}
    expect:
      opportunities:
        deal: {score: 30, points: 30, reasons: {large: 10, boss: 20, cap people: -15, engaged: 15}}
        lost: none
    then:
      - after: 1d
        opportunities: [{id: deal, age: 10d, won: true}]
        expect: {opportunities: {deal: none}}
  - name: Another deal of the same name
    opportunities: [{id: deal, age: 9d}]
    expect: {opportunities: {deal: {score: 0, points: 0, reasons: {engaged: 0}}}}
"""


def test_opportunities_are_held_against_what_is_expected(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(DEALS, encoding="utf-8")
    report = run(tmp_path, OF_DEALS, rules)
    assert differences(report) == []
    first, won = report.cases[0].steps
    assert first.opportunities == {
        "deal": {"boss": "20", "engaged": "15", "large": "10", "cap people": "-15"}
    }
    assert won.opportunities == {}


def test_what_differs_of_opportunities_is_told(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(DEALS, encoding="utf-8")
    wrong = OF_DEALS.replace("{score: 30, points: 30, reasons: {large: 10,", "{score: 31, ")
    wrong = wrong.replace("boss: 20,", "points: 30.5, reasons: {boss: 2.5,")
    wrong = wrong.replace("lost: none", "lost: {score: 0}").replace(
        "{deal: none}", "{deal: {reasons: {boss: 1}}}"
    )
    wrong = wrong.replace("{score: 0, points: 0, reasons: {engaged: 0}}", "none")
    report = run(tmp_path, wrong, rules)
    assert differences(report) == [
        ("opportunities.deal.score", "31", "30"),
        ("opportunities.deal.points", "30.5", "30"),
        ("opportunities.deal.reasons.boss", "2.5", "20"),
        ("opportunities.lost.score", "0", "none"),
        ("opportunities.deal.reasons.boss", "1", "0"),
        ("opportunities.deal", "none", "a score"),
    ]
    page = cases_told(report)
    assert "opportunities.deal because of: boss 20, engaged 15, large 10, cap people -15" in str(
        page
    )
    assert report.as_json()["failed"] == 2

"""`leadripe explain --opportunity`: from a real store to lines, people and what the CRM shows."""

from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from connector.app.account import open_account
from connector.app.explain_opportunity import chosen, explained
from connector.config.starter import write_starter
from connector.domain.contact import Activity, Contact, Opportunity
from connector.domain.ids import ActivityId, ContactId, OpportunityId
from connector.domain.moment import micros
from connector.errors import UsageError
from connector.ports import (
    Account,
    OpportunityWrite,
    Outcome,
    Page,
    PlannedOpportunityWrite,
    Showing,
    Verdict,
)
from connector.report.opportunity import OpportunityExplanation, explanation
from tests.fakes.clock import MONDAY, FakeClock
from tests.leadripe_process import leadripe

D, CLOSED = OpportunityId("512"), OpportunityId("513")
HOUR = timedelta(hours=1)
TODAY = MONDAY + 3 * HOUR
RULES = """
opportunities:
  rules:
    - {id: large, label: A large amount, where: {amount: {gte: 1000}}, points: 12.5}
    - {id: decides, label: Decides, contact: {job_title: {contains: head}}, points: 20}
    - {id: whole_company, label: The company, contact: {account_people: {gte: 1}}, points: 1}
    - {id: engaged, label: Engagement, share: {of: sum, percent: 10%}}
account: {by: company, engaged_from: 1}
"""
WRITE = "opportunities:\n  write: {score: deal_score, reasons: deal_reasons}\n"


def deal(
    id_: OpportunityId, *contacts: str, changed: datetime = MONDAY, **rest: object
) -> Opportunity:
    return Opportunity(
        id_,
        tuple(map(ContactId, contacts)),
        created_us=micros(MONDAY - timedelta(days=3)),
        changed_us=micros(changed),
        amount=2_000_000_000,
        **rest,  # type: ignore[arg-type]  # each test names attributes of a deal
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder whose store holds an open deal of two people, with a score that somebody changed."""
    write_starter(tmp_path, "hubspot", None)
    rules, mapping = tmp_path / "mappings/rules.yaml", tmp_path / "mappings/hubspot.yaml"
    rules.write_text(rules.read_text(encoding="utf-8") + RULES, encoding="utf-8")
    text = mapping.read_text(encoding="utf-8")
    mapping.write_text(text.replace("opportunities:\n", WRITE, 1), encoding="utf-8")
    people = [
        Contact(ContactId("7"), MONDAY, {"job_title": "Head of IT", "company": "Acme"}),
        Contact(ContactId("8"), MONDAY, {"company": "Acme"}),
    ]
    seen = micros(MONDAY - timedelta(hours=2))
    deeds = [Activity(ActivityId(f"d{each.id}"), "demo_request", seen, each.id) for each in people]
    clock = FakeClock()
    with (
        open_account(tmp_path / "leadripe.yaml", clock).store(read_only=False) as store,
        store.lease(),
    ):
        store.bind("hubspot", Account("1", "Europe/Paris"), "Europe/Paris")
        store.save_page("contacts", Page("c", contacts=people, activities=deeds))
        deals = [deal(D, "7", "8"), deal(CLOSED, "7")]
        store.save_page("opportunities", Page("o", opportunities=deals))
        store.settle_activities()
        run = store.start_run("sync", MONDAY, "")
        write = OpportunityWrite(D, {"deal_score": "38", "deal_reasons": "why"})
        store.stage_opportunities(run, [Showing(D, "38/x", 0)], [PlannedOpportunityWrite(write)])
        store.accept_plan(run, "")
        (entry,) = store.load_waiting("opportunity", 10)
        store.settle([(entry, Outcome(Verdict.ACCEPTED))], run)
        edited = {"deal_score": "99", "deal_reasons": "why"}
        later = deal(D, "7", "8", changed=MONDAY + HOUR, written=edited)
        closed = deal(CLOSED, "7", changed=MONDAY + HOUR, is_closed=True)
        store.save_page("opportunities", Page("p", opportunities=[later, closed]))
    return tmp_path


def of(project: Path, id_: str = D, as_of: datetime = TODAY) -> OpportunityExplanation:
    return explained(project / "leadripe.yaml", id_, as_of)


def shown(told: OpportunityExplanation) -> str:
    console = Console(width=120, file=StringIO())
    with console.capture() as captured:
        console.print(explanation(told))
    return captured.get()


def test_its_lines_sum_to_its_score_and_its_people_are_named(project: Path) -> None:
    told = of(project)
    assert [(each.rule, each.points, each.when) for each in told.reasons] == [
        ("decides", "20", "1 person"),
        ("large", "12.5", ""),
        ("engaged", "4", "2 people"),
        ("whole_company", "1", "2 people"),
    ]
    assert sum(Decimal(each.points) for each in told.reasons) == Decimal(told.points)
    assert (told.score, told.points, told.most) == (38, "37.5", 100)
    assert [(each.contact, each.score, each.temperature) for each in told.people] == [
        ("7", 20, "cold"),  # a prospect: a persona matches, and there is a need
        ("8", 20, "hot"),
    ]


def test_what_a_person_set_in_the_crm_is_told(project: Path) -> None:
    told = of(project)
    assert told.found == {"deal_score": "99", "deal_reasons": "why"}
    assert told.kept == ["deal_score"]
    assert [each.values["deal_score"] for each in told.written] == ["38"]
    text = shown(told)
    assert "Score 38 of 100 (37.5 points)" in text
    assert "The CRM showed 99 in «deal_score» when it was read last." in text
    assert "«deal_score» holds what a person set there" in text
    assert "A large amount" in text


def test_one_without_people_says_so(project: Path) -> None:
    with open_account(project / "leadripe.yaml").store(read_only=False) as store:
        store.save_page("opportunities", Page("q", opportunities=[deal(OpportunityId("9"))]))
    told = of(project, "9")
    assert (told.points, told.people) == ("12.5", [])
    assert "Nobody takes part in it" in shown(told)


def test_a_closed_one_is_explained_as_of_when_it_was_open(project: Path) -> None:
    with pytest.raises(UsageError, match="is not open at that instant"):
        of(project, CLOSED)
    assert of(project, CLOSED, MONDAY + HOUR / 2).score > 0


def test_an_unknown_one_is_told_as_such(project: Path) -> None:
    with pytest.raises(UsageError, match="there is no opportunity 77 in the store"):
        of(project, "77")


def test_rules_without_scores_of_opportunities_are_told_as_such(tmp_path: Path) -> None:
    write_starter(tmp_path, "hubspot", None)
    with pytest.raises(UsageError, match="the rules give opportunities no score"):
        of(tmp_path)


def test_either_a_contact_or_an_opportunity_is_explained() -> None:
    assert chosen("7", None, history=True, html=None) == "7"
    assert chosen(None, "512", history=False, html=None) is None
    with pytest.raises(UsageError, match="nobody is named"):
        chosen(None, None, history=False, html=None)
    for contact, history, html in (
        ("7", False, None),
        (None, True, None),
        (None, False, Path("x")),
    ):
        with pytest.raises(UsageError, match="do not go together"):
            chosen(contact, "512", history=history, html=html)


def test_the_command_prints_it(project: Path) -> None:
    told = leadripe("explain", "--opportunity", D, "--as-of", TODAY.isoformat(), cwd=project)
    assert told.code == 0, told.err
    assert "Opportunity 512 as of 2026-03-02T13:00:00+01:00" in told.out
    wrong = leadripe("explain", "7", "--opportunity", D, cwd=project)
    assert wrong.code == 2, wrong.err

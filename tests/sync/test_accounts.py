"""A colleague's activities move a contact's score, and reach the CRM with the next sync."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from connector.domain.ids import RuleId
from connector.domain.numbers import MILLION
from connector.rules.compile import compile_rules
from connector.rules.conditions import Kind, Test
from connector.rules.model import Account, ContactRule
from connector.rules.operators import Op
from tests.fakes.people import activity, ana, bob
from tests.sync.office import RULES, Office

OF_ACCOUNTS = replace(
    RULES,
    account=Account("job_title", engaged_from=10 * MILLION),
    contact_rules=(
        ContactRule(
            RuleId("two"),
            {"en": "Two engaged", "fr": "Deux engagés"},
            7 * MILLION,
            Test("account_people", Kind.NUMBER, Op.GTE, (2 * MILLION,)),
        ),
    ),
)


def test_a_colleague_who_engages_lifts_the_other(tmp_path: Path) -> None:
    people = [
        replace(ana(), fields={**ana().fields, "job_title": "Énergie Nord"}),
        replace(bob(), fields={**bob().fields, "job_title": "energie nord"}),
    ]
    office = Office(tmp_path, people)
    office.settings = replace(
        office.settings, rules=OF_ACCOUNTS, compiled=compile_rules(OF_ACCOUNTS)
    )
    office.desk.add(activity("1", "page_view", ana()))
    office.sync()
    assert office.says(ana(), "score") == "10"
    office.clock.turn(timedelta(hours=1))
    office.desk.add(activity("2", "page_view", bob(), office.clock.now()))
    office.sync()
    assert (office.says(ana(), "score"), office.says(bob(), "score")) == ("17", "17")
    assert "+7 Two engaged" in (office.says(ana(), "reasons") or "")
    report = office.sync()
    assert report.plan is not None
    assert report.plan.is_empty

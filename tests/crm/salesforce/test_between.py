"""What people do to leads and contacts between our reading and our writing: never lost, never
doubled, and named in the run's report."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connector.domain.ids import ContactId
from connector.ports import Verdict
from connector.results import KeptEdit, RunReport
from tests.crm.salesforce.office import PULLED, PUSHED, SCORE, STAGE, SalesforceOffice

Moment = Callable[[SalesforceOffice, Callable[[], object]], RunReport]


def _before_the_last_look(office: SalesforceOffice, act: Callable[[], object]) -> RunReport:
    """Something happens after the plan: the look before the push sees it."""
    office.run(PULLED)
    act()
    return office.run(PUSHED)


def _behind_the_last_look(office: SalesforceOffice, act: Callable[[], object]) -> RunReport:
    """Something happens while the first write is on its way."""
    office.run(PULLED)
    return office.run(PUSHED, before_write=act)


def _in_a_file(office: SalesforceOffice, act: Callable[[], object]) -> RunReport:
    """The same, with everything written as files."""
    office.run(PULLED)
    return office.run(PUSHED, before_write=act, file_from=1)


MOMENTS = [_before_the_last_look, _behind_the_last_look, _in_a_file]
whenever = pytest.mark.parametrize("moment", MOMENTS)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[SalesforceOffice]:
    with SalesforceOffice(tmp_path) as office:
        office.account.add_lead("Zoe")  # so that the first run has somebody
        office.begin()
        yield office


@pytest.fixture
def ana(office: SalesforceOffice) -> ContactId:
    """A lead who asked for a demo; nothing of it has been read."""
    ana = office.account.add_lead("Ana", Title="Operations director")
    office.asks_for_demo(ana)
    return ana


def _is_quiet(office: SalesforceOffice) -> bool:
    """Tell whether two more runs write nothing and make no task."""
    office.account.settle()
    office.run()
    report = office.run()
    return report.plan is not None and report.plan.is_empty


@whenever
def test_a_converted_lead_is_scored_and_handed_over_once_as_the_contact(
    office: SalesforceOffice, ana: ContactId, moment: Moment
) -> None:
    made: list[ContactId] = []
    report = moment(office, lambda: made.append(office.account.convert(ana)))
    contact = made[0]
    assert report.push is not None
    assert (ana, contact) in report.push.moved
    office.account.settle()
    office.run()
    assert office.account.shows(contact, SCORE) == "20"
    assert office.account.shows(ana, SCORE) in (None, "20")
    assert len(office.account.tasks()) == 1
    assert len(office.tasks_of(contact)) == 1
    assert office.contacts() == 2
    assert _is_quiet(office)


@whenever
def test_two_leads_that_become_one_contact_are_handed_over_once(
    office: SalesforceOffice, ana: ContactId, moment: Moment
) -> None:
    ben = office.account.add_lead("Ben")
    office.asks_for_demo(ben)
    made: list[ContactId] = []

    def convert() -> None:
        made.append(office.account.convert(ana))
        office.account.convert(ben, into=made[0])

    moment(office, convert)
    office.account.settle()
    office.run()
    assert len(office.tasks_of(made[0])) == len(office.account.tasks()) == 1
    assert office.account.shows(made[0], SCORE) == "20"
    assert office.contacts() == 2
    assert _is_quiet(office)


@whenever
def test_a_merged_lead_is_written_as_its_survivor(
    office: SalesforceOffice, ana: ContactId, moment: Moment
) -> None:
    ben = office.account.add_lead("Ben", Title="Head of finance")
    report = moment(office, lambda: office.account.merge(ana, into=ben))
    assert report.push is not None
    assert (ana, ben) in report.push.moved
    office.account.settle()
    office.run()
    assert office.account.shows(ben, SCORE) == "20"
    assert len(office.account.tasks()) == 1
    assert len(office.tasks_of(ben)) == 1
    assert office.contacts() == 2
    assert _is_quiet(office)


@whenever
def test_a_survivor_s_own_score_is_not_written_over(
    office: SalesforceOffice, ana: ContactId, moment: Moment
) -> None:
    ben = office.account.add_lead("Ben")
    office.asks_for_demo(ben)
    office.asks_for_demo(ben, "White paper: automation")
    moment(office, lambda: office.account.merge(ana, into=ben))
    office.account.settle()
    office.run()
    assert office.account.shows(ben, SCORE) == "25"
    assert len(office.tasks_of(ben)) == len(office.account.tasks()) == 1
    assert _is_quiet(office)


@whenever
def test_a_deleted_lead_gets_nothing_and_is_named(
    office: SalesforceOffice, ana: ContactId, moment: Moment
) -> None:
    report = moment(office, lambda: office.account.delete(ana))
    assert report.push is not None
    assert ana in report.push.deleted
    assert report.outcome == "done"
    assert office.account.tasks() == {}
    assert office.contacts() == 1
    assert _is_quiet(office)


@whenever
def test_a_lead_that_is_locked_for_a_moment_is_written(
    office: SalesforceOffice, ana: ContactId, moment: Moment
) -> None:
    def lock() -> None:
        office.account.org.locked[ana] = 2

    report = moment(office, lock)
    assert report.outcome == "done"
    assert office.account.shows(ana, SCORE) == "20"
    assert _is_quiet(office)


@whenever
def test_a_lead_that_stays_locked_waits_and_is_named(
    office: SalesforceOffice, ana: ContactId, moment: Moment
) -> None:
    def lock() -> None:
        office.account.org.locked[ana] = 1_000

    report = moment(office, lock)
    assert report.push is not None
    assert report.outcome == "partial"
    assert report.push.of(Verdict.UNAVAILABLE, "contact") == 1
    assert any("UNABLE_TO_LOCK_ROW" in why for _, why in report.push.waiting)
    assert office.account.shows(ana, SCORE) is None
    office.account.org.locked.clear()
    assert office.run(PUSHED).outcome == "done"
    assert office.account.shows(ana, SCORE) == "20"
    assert _is_quiet(office)


def test_what_a_person_set_since_the_pull_is_theirs(
    office: SalesforceOffice, ana: ContactId
) -> None:
    def edit() -> None:
        office.account.edit(ana, **{STAGE: "client"})

    report = _before_the_last_look(office, edit)
    assert report.push is not None
    assert report.push.kept == [KeptEdit(ana, STAGE)]
    assert office.account.shows(ana, STAGE) == "client"
    assert office.account.shows(ana, SCORE) is None, "the whole write-back is planned anew"
    office.account.settle()
    office.run()
    assert office.account.shows(ana, STAGE) == "client"
    assert office.account.shows(ana, SCORE) == "20"
    assert _is_quiet(office)


@pytest.mark.parametrize("moment", [_behind_the_last_look, _in_a_file])
def test_what_a_person_changes_of_a_lead_meanwhile_is_read_next_time(
    office: SalesforceOffice, ana: ContactId, moment: Moment
) -> None:
    report = moment(office, lambda: office.account.edit(ana, Title="Student"))
    assert report.outcome == "done"
    assert office.account.shows(ana, SCORE) == "20"
    office.account.settle()
    office.run()
    known = office.known(ana)
    assert known is not None
    assert known.fields["job_title"] == "Student"


def test_history_goes_along_with_a_conversion(office: SalesforceOffice, ana: ContactId) -> None:
    office.run()
    handed = office.account.shows(ana, "Leadripe_Handed_Off_At__c")
    before = [move.to_stage for move in office.moves(ana)]
    assert handed is not None
    office.account.settle()
    contact = office.account.convert(ana)
    office.account.settle()
    office.run()
    assert office.account.shows(contact, "Leadripe_Handed_Off_At__c") == handed
    known, former = office.known(contact), office.known(ana)
    assert known is not None
    assert former is not None
    assert known.no == former.no, "one contact, by either id"
    assert [move.to_stage for move in office.moves(contact)][: len(before)] == before
    assert len(office.account.tasks()) == 1
    assert _is_quiet(office)


def test_a_person_s_choice_goes_along_with_a_conversion(
    office: SalesforceOffice, ana: ContactId
) -> None:
    office.run()
    office.account.edit(ana, **{STAGE: "disqualified"})
    contact = office.account.convert(ana)
    office.account.settle()
    office.run()
    assert office.account.shows(contact, STAGE) == "disqualified"
    assert _is_quiet(office)

"""Write-backs that go out as files: what becomes of each row, and of a run that ends midway."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.domain.ids import ContactId
from connector.errors import CrmUnavailableError
from connector.ports import FileJob, Verdict
from connector.sandbox.salesforce.keeping import BulkJob
from tests.crm.salesforce.office import PULLED, PUSHED, SCORE, SalesforceOffice

PEOPLE = 12
IN_FILES: dict[str, Any] = {"file_from": 5}


class CutError(Exception):
    """The process ends here."""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[SalesforceOffice]:
    with SalesforceOffice(tmp_path) as office:
        yield office


@pytest.fixture
def leads(office: SalesforceOffice) -> list[ContactId]:
    """Leads of whom everything is planned and nothing written."""
    leads = [office.account.add_lead(f"P{number}") for number in range(PEOPLE)]
    for lead in leads[:3]:
        office.asks_for_demo(lead)
    office.run(PULLED)
    return leads


def _scores(office: SalesforceOffice, leads: list[ContactId]) -> list[str | None]:
    return [office.account.shows(lead, SCORE) for lead in leads]


def _jobs(office: SalesforceOffice) -> list[BulkJob]:
    return [job for job in office.account.org.jobs.values() if not job.is_query]


def _remembered(office: SalesforceOffice) -> list[FileJob]:
    with office.opened.store(read_only=True) as store:
        return list(store.load_file_jobs())


WANTED = ["20"] * 3 + ["0"] * (PEOPLE - 3)


def test_many_writes_to_one_object_go_as_one_file(
    office: SalesforceOffice, leads: list[ContactId]
) -> None:
    report = office.run(PUSHED, **IN_FILES)
    assert report.push is not None
    assert report.push.of(Verdict.ACCEPTED, "contact") == PEOPLE
    assert _scores(office, leads) == WANTED
    assert [(job.sobject, job.operation) for job in _jobs(office)] == [("Lead", "update")]
    assert _remembered(office) == []
    assert office.account.row(leads[0])["Leadripe_Reasons__c"] is not None
    office.account.settle()
    again = office.run(**IN_FILES)
    assert again.plan is not None
    assert again.plan.is_empty


def test_a_plan_says_what_the_files_cost(office: SalesforceOffice, leads: list[ContactId]) -> None:
    office.run(PUSHED, **IN_FILES)
    for lead in leads[3:]:
        office.asks_for_demo(lead)
    office.account.settle()
    report = office.run(**IN_FILES)
    assert report.plan is not None
    assert report.plan.estimate.contacts == 6
    # How often one has to look whether it is done depends on the org.
    assert abs(report.plan.estimate.total - report.counts["write_calls"]) <= 1


def test_few_writes_go_by_themselves(office: SalesforceOffice, leads: list[ContactId]) -> None:
    office.run(PUSHED, file_from=PEOPLE + 1)
    assert _jobs(office) == []
    assert _scores(office, leads) == WANTED


def test_a_row_that_is_refused_is_told_in_the_crm_s_words(
    office: SalesforceOffice, leads: list[ContactId]
) -> None:
    office.account.org.in_approval.add(leads[1])
    report = office.run(PUSHED, **IN_FILES)
    assert report.push is not None
    assert report.outcome == "partial"
    assert report.push.of(Verdict.ACCEPTED, "contact") == PEOPLE - 1
    assert report.push.refusals[0][1].startswith("ENTITY_IS_LOCKED: ")
    assert office.account.shows(leads[1], SCORE) is None


def test_a_job_that_fails_half_way_leaves_the_rest_to_single_writes(
    office: SalesforceOffice, leads: list[ContactId]
) -> None:
    office.account.org.bulk_stops_after = 4
    report = office.run(PUSHED, **IN_FILES)
    assert report.push is not None
    assert report.push.of(Verdict.ACCEPTED, "contact") == PEOPLE
    assert _scores(office, leads) == WANTED


@pytest.mark.parametrize("step", ["open", "send", "begin", "look"])
def test_a_run_that_ends_midway_is_taken_up(
    office: SalesforceOffice,
    leads: list[ContactId],
    step: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _cut_after(step, monkeypatch)
    with pytest.raises(CutError):
        office.run(PUSHED, **IN_FILES)
    monkeypatch.undo()
    assert len(_remembered(office)) == (0 if step == "open" else 1)
    report = office.run(PUSHED, **IN_FILES)
    assert report.push is not None
    assert report.push.of(Verdict.ACCEPTED, "contact") == PEOPLE
    assert _scores(office, leads) == WANTED
    assert _remembered(office) == []
    with office.opened.store(read_only=True) as store:
        known = store.find_contact(leads[0])
        assert known is not None
        assert len(store.load_ledger(known.no)) == 1, "written once, and put down once"


def test_a_job_that_the_org_no_longer_knows_is_sent_again(
    office: SalesforceOffice, leads: list[ContactId], monkeypatch: pytest.MonkeyPatch
) -> None:
    _cut_after("send", monkeypatch)
    with pytest.raises(CutError):
        office.run(PUSHED, **IN_FILES)
    monkeypatch.undo()
    office.account.org.jobs.clear()
    office.run(PUSHED, **IN_FILES)
    assert _scores(office, leads) == WANTED
    assert _remembered(office) == []


def test_a_newer_wish_goes_on_waiting_when_an_older_file_is_put_down(
    office: SalesforceOffice, leads: list[ContactId], monkeypatch: pytest.MonkeyPatch
) -> None:
    _cut_after("begin", monkeypatch)
    with pytest.raises(CutError):
        office.run(PUSHED, **IN_FILES)
    monkeypatch.undo()
    office.asks_for_demo(leads[5])
    office.account.settle()
    report = office.run(**IN_FILES)
    assert report.outcome == "done"
    assert office.account.shows(leads[5], SCORE) == "20"
    office.account.settle()
    again = office.run(**IN_FILES)
    assert again.plan is not None
    assert again.plan.is_empty


def test_a_file_that_does_not_arrive_changes_nothing_and_waits(
    office: SalesforceOffice, leads: list[ContactId], monkeypatch: pytest.MonkeyPatch
) -> None:
    from connector.crm.salesforce.client import Client

    def lost(*_args: object, **_options: object) -> None:
        raise CrmUnavailableError(what="the line is dead")

    monkeypatch.setattr(Client, "upload", lost)
    with pytest.raises(CrmUnavailableError):
        office.run(PUSHED, **IN_FILES)
    monkeypatch.undo()
    assert [job.state for job in _jobs(office)] == ["Aborted"]
    office.run(PUSHED, **IN_FILES)
    assert _scores(office, leads) == WANTED


def _cut_after(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process end right after a step of a file: kill -9 as seen from inside."""
    from connector.crm.salesforce.bulk import Jobs
    from connector.crm.salesforce.client import Client

    owner, name = {
        "open": (Jobs, "create"),
        "send": (Client, "upload"),
        "begin": (Jobs, "change"),
        "look": (Jobs, "look"),
    }[step]
    real = getattr(owner, name)

    def cut(*args: Any, **options: Any) -> None:
        real(*args, **options)
        raise CutError

    monkeypatch.setattr(owner, name, cut)

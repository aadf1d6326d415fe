"""Where a CRM shows changes at once, a push looks once more before it writes."""

from pathlib import Path

import pytest

from connector.domain.contact import Contact
from connector.results import KeptEdit, RunReport
from connector.sync.run import Stages
from tests.fakes.people import activity, ana, bob
from tests.sync.office import Office

PLANNED = Stages(pushes=False)
PUSHED = Stages(pulls=False, plans=False)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Return an account in which Ana earned points that are planned and not written yet."""
    office = Office(tmp_path, [ana(), bob()])
    office.crm.sees_at_once = True
    office.desk.add(activity("1", "page_view", ana(), office.clock.now()))
    office.run("sync", PLANNED)
    return office


def _shown(office: Office, contact: Contact) -> tuple[str | None, str | None]:
    return office.says(contact, "score"), office.says(contact, "stage")


def _push(office: Office) -> RunReport:
    report = office.run("push", PUSHED)
    assert report.push is not None
    return report


def test_nothing_new_costs_one_call(office: Office) -> None:
    before = office.crm.calls["read"]
    report = _push(office)
    assert report.outcome == "done"
    assert office.crm.calls["read"] == before + 1
    assert _shown(office, ana()) == ("10", "lead")


def test_nothing_to_write_needs_no_look(office: Office) -> None:
    _push(office)
    before = office.crm.calls["read"]
    _push(office)
    assert office.crm.calls["read"] == before


def test_what_a_person_set_meanwhile_is_theirs_from_then_on(office: Office) -> None:
    office.desk.edit(ana(), leadripe_score="77")
    report = _push(office)
    assert report.push is not None
    assert report.push.kept == [KeptEdit(ana().id, "leadripe_score")]
    assert _shown(office, ana()) == ("77", None)
    assert office.says(bob(), "score") == "0", "others are written as planned"
    office.sync()
    assert _shown(office, ana()) == ("77", "lead")
    assert office.plan().kept == [KeptEdit(ana().id, "leadripe_score")]


def test_the_very_value_that_we_would_write_is_no_edit(office: Office) -> None:
    office.desk.edit(ana(), leadripe_score="10.0")
    report = _push(office)
    assert report.push is not None
    assert report.push.kept == []
    assert _shown(office, ana())[1] == "lead"


def test_a_field_of_theirs_that_changes_holds_nothing_back(office: Office) -> None:
    office.desk.learn(ana(), job_title="operations")
    assert _push(office).outcome == "done"
    assert _shown(office, ana()) == ("10", "lead")


def test_a_contact_that_was_deleted_meanwhile_is_named(office: Office) -> None:
    office.desk.delete(ana())
    report = _push(office)
    assert report.push is not None
    assert report.push.deleted == [ana().id]
    assert report.outcome == "done"


def test_a_contact_that_was_merged_meanwhile_is_named_and_not_written(office: Office) -> None:
    office.desk.merge(ana(), into=bob())
    report = _push(office)
    assert report.push is not None
    assert report.push.moved == [(ana().id, bob().id)]
    office.sync()
    assert office.says(bob(), "score") == "10"


def test_a_pull_says_first_from_where_it_will_read(office: Office) -> None:
    streams = office.crm.streams()
    assert set(office.crm.expected) == set(streams)
    assert set(office.crm.expected.values()) == {None}
    office.sync()
    assert office.crm.expected[streams[0]] is not None

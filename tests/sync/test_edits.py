"""What people change in the CRM while we are at work is theirs."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from connector.domain.contact import Contact
from connector.domain.ids import ContactId
from connector.results import KeptEdit, RunReport
from tests.fakes.clock import FakeClock
from tests.fakes.crm import FakeCrm
from tests.fakes.desk import Desk
from tests.fakes.people import activity, ana, bob, deal, person
from tests.sync.office import DAY, Office

HOUR = timedelta(hours=1)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Return an account in which Ana stands at 20 points, everything read and written."""
    office = Office(tmp_path, [ana(), bob()])
    now = office.clock.now()
    office.desk.add(activity("1", "page_view", ana(), now), activity("2", "page_view", ana(), now))
    office.begin()
    office.sync()  # reads the echoes: from now on no contact is fresh by itself
    return office


def looks_again(office: Office, id_: str = "3") -> None:
    """Let Ana earn ten more points."""
    office.clock.turn(HOUR)
    office.desk.add(activity(id_, "page_view", ana(), office.clock.now()))


def test_a_person_s_value_is_kept_and_the_rest_written(office: Office) -> None:
    office.desk.edit(ana(), leadripe_score="99")
    looks_again(office)
    office.sync()
    assert office.says(ana(), "score") == "99"
    assert "3 times" in (office.says(ana(), "reasons") or "")


def test_a_kept_value_is_reported_in_every_plan(office: Office) -> None:
    office.desk.edit(ana(), leadripe_score="99")
    for _ in range(3):
        plan = office.plan()
        assert plan.kept == [KeptEdit(ana().id, "leadripe_score")]
        assert plan.is_empty
        assert office.sync().outcome == "done"


def test_a_kept_value_costs_no_call(office: Office) -> None:
    office.desk.edit(ana(), leadripe_score="99")
    office.sync()
    before = office.crm.calls
    report = office.sync()
    assert report.plan is not None
    assert report.plan.verified == 0
    assert {name: count - before[name] for name, count in office.crm.calls.items()} == {
        "read": 4,
        "write": 0,
    }


def test_clearing_a_value_gives_it_back(office: Office) -> None:
    office.desk.edit(ana(), leadripe_score="99")
    office.sync()
    office.desk.edit(ana(), leadripe_score=None)
    office.sync()
    assert office.says(ana(), "score") == "20"
    assert office.plan().kept == []


def test_another_spelling_of_our_value_is_no_edit(office: Office) -> None:
    office.desk.edit(ana(), leadripe_score="20.0")
    looks_again(office)
    report = office.sync()
    assert office.says(ana(), "score") == "30"
    assert report.plan is not None
    assert report.plan.kept == []


def test_a_value_set_where_we_had_none_is_a_person_s_too(office: Office) -> None:
    office.desk.edit(bob(), leadripe_persona="Somebody")
    office.desk.add(activity("9", "page_view", bob(), office.clock.now()))
    office.sync()
    assert office.says(bob(), "score") == "10"
    assert office.says(bob(), "persona") == "Somebody"


def test_what_stood_there_before_we_first_wrote_is_replaced(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana()])
    office.desk.edit(ana(), leadripe_score="77", leadripe_stage="client")
    office.sync()
    assert (office.says(ana(), "score"), office.says(ana(), "stage")) == ("0", "suspect")


def test_a_lost_store_is_rebuilt_without_a_second_task(tmp_path: Path) -> None:
    office = Office(tmp_path / "first", [ana()])
    office.desk.add(activity("1", "demo_request", ana(), office.clock.now()))
    office.sync(create_tasks=True)
    office.clock.turn(DAY)
    again = Office(tmp_path / "second", crm=office.crm, clock=office.clock)
    again.sync(create_tasks=True)
    assert len(office.desk.tasks) == 1


def test_a_stage_that_a_person_set_is_evidence(office: Office) -> None:
    office.desk.edit(ana(), leadripe_stage="disqualified")
    office.desk.add(deal("1", ana(), at=office.clock.now()))
    office.sync()
    assert office.says(ana(), "stage") == "disqualified"
    assert office.says(ana(), "temperature") is None
    known = office.known(ana())
    with office.store() as store:
        (move,) = [m for m in store.load_moves(known.no) if m.reason == "person"]
    assert (move.from_stage, move.to_stage) == ("lead", "disqualified")


def test_evaluation_goes_on_from_a_stage_that_the_person_gave_back(office: Office) -> None:
    office.desk.edit(ana(), leadripe_stage="prospect")
    office.sync()
    office.desk.edit(ana(), leadripe_stage=None)
    office.sync()
    assert office.says(ana(), "stage") == "prospect"


class Behind(FakeCrm):
    """People do something after everything was read, just before our second look."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock, [ana(), bob()])
        self.happening: Callable[[Desk], object] = lambda _: None

    def fetch_contacts(self, ids: Sequence[ContactId]) -> Sequence[Contact]:
        """Let people be faster than us."""
        self.happening(self.desk)
        return super().fetch_contacts(ids)


def synced_while(folder: Path, happening: Callable[[Desk], object]) -> tuple[Office, RunReport]:
    """Return what becomes of Ana's next points if something happens between pull and plan."""
    clock = FakeClock()
    crm = Behind(clock)
    office = Office(folder, crm=crm, clock=clock)
    office.begin()
    office.sync()
    looks_again(office)
    crm.happening = happening
    report = office.sync()
    assert report.plan is not None
    assert report.plan.verified == 1
    return office, report


def test_an_edit_made_after_the_pull_is_seen_before_it_is_overwritten(tmp_path: Path) -> None:
    office, report = synced_while(tmp_path, lambda desk: desk.edit(ana(), leadripe_score="99"))
    assert office.says(ana(), "score") == "99"
    assert office.says(ana(), "stage") == "lead"
    assert report.plan is not None
    assert report.plan.kept == [KeptEdit(ana().id, "leadripe_score")]


def test_a_contact_deleted_after_the_pull_is_left_alone(tmp_path: Path) -> None:
    office, report = synced_while(tmp_path, lambda desk: desk.delete(ana()))
    assert report.outcome == "done"
    assert office.counted()["contacts"] == 1
    assert office.counted()["waiting"] == 0


def test_a_contact_merged_after_the_pull_is_the_survivor_s_business(tmp_path: Path) -> None:
    office, report = synced_while(tmp_path, lambda desk: desk.merge(ana(), into=bob()))
    assert report.outcome == "done"
    office.sync()
    assert office.says(bob(), "score") == "10"
    assert office.counted()["contacts"] == 1
    assert office.plan().is_empty


def test_what_was_read_in_this_run_is_not_read_twice(office: Office) -> None:
    looks_again(office)
    office.desk.learn(ana(), first_name="Anna")
    report = office.sync()
    assert report.plan is not None
    assert report.plan.verified == 0


def test_beyond_five_hundred_contacts_nobody_is_read_twice(tmp_path: Path) -> None:
    people = [person(str(id_)) for id_ in range(600)]
    office = Office(tmp_path, people)
    office.begin()
    office.sync()
    now = office.clock.now()
    office.desk.add(*(activity(each.id, "page_view", each, now) for each in people))
    report = office.sync(accept=True)
    assert report.plan is not None
    assert (report.plan.writes, report.plan.verified) == (600, 0)
    assert {office.says(each, "score") for each in people} == {"10"}


def test_an_edit_made_while_a_write_waited_is_not_overwritten(office: Office) -> None:
    looks_again(office)
    office.desk.silence(ana())
    office.sync()
    office.desk.edit(ana(), leadripe_score="99")
    report = office.sync()
    assert office.says(ana(), "score") == "99"
    assert office.says(ana(), "reasons") == "+30 Looked at a page (3 times, last on 2026-03-02)"
    assert report.plan is not None
    assert report.plan.kept == [KeptEdit(ana().id, "leadripe_score")]
    assert office.counted()["waiting"] == 0


def test_when_a_person_set_all_that_waited_nothing_waits_any_more(office: Office) -> None:
    looks_again(office)
    office.desk.silence(ana())
    office.sync()
    with office.store() as store:
        (entry,) = store.load_waiting("contact", 10)
    assert entry.write_back is not None
    office.desk.edit(ana(), **dict.fromkeys(entry.write_back.values, "7"))
    office.sync()
    assert office.says(ana(), "score") == "7"
    assert office.counted()["waiting"] == 0


def test_a_wish_that_was_taken_back_before_it_was_sent_is_not_sent(office: Office) -> None:
    office.desk.learn(ana(), job_title=None)
    office.desk.silence(ana())
    office.sync()
    office.desk.learn(ana(), job_title="Head of operations")
    office.sync()
    assert office.says(ana(), "grade") == "A"
    assert office.counted()["waiting"] == 0
    assert office.plan().is_empty


def test_a_deleted_contact_stays_deleted(office: Office) -> None:
    office.desk.delete(ana())
    report = office.sync()
    assert report.plan is not None
    assert (report.plan.contacts, report.plan.is_empty) == (1, True)
    assert office.counted()["contacts"] == 1


def test_a_contact_deleted_between_pull_and_push_is_done_with(tmp_path: Path) -> None:
    clock = FakeClock()
    crm = DeletesBeforeWriting(clock, [ana(), bob()])
    office = Office(tmp_path, crm=crm, clock=clock)
    office.desk.add(activity("1", "demo_request", ana(), clock.now()))
    report = office.sync(create_tasks=True)
    assert report.outcome == "done"
    assert report.counts["contacts_gone"] == 1
    assert office.desk.tasks == {}
    assert office.counted()["waiting"] == 0
    assert office.sync().outcome == "done"


class DeletesBeforeWriting(FakeCrm):
    """A person deletes Ana when everything is planned."""

    @property
    def batch_size(self) -> int:
        """Be asked for the size of batches: sending begins."""
        if self.desk.find(ana().id) is not None:
            self.desk.delete(ana())
        return super().batch_size


def test_merged_contacts_are_one_and_nothing_counts_twice(office: Office) -> None:
    office.desk.add(activity("9", "page_view", bob(), office.clock.now()))
    office.sync()
    office.desk.merge(bob(), into=ana())
    office.sync()
    office.sync()
    assert office.says(ana(), "score") == "30"
    assert office.counted()["contacts"] == 1
    assert office.plan().is_empty


def test_a_merged_contact_s_open_task_is_not_made_twice(office: Office) -> None:
    office.desk.add(activity("9", "demo_request", bob(), office.clock.now()))
    office.sync()
    office.clock.turn(HOUR)
    office.desk.merge(bob(), into=ana())
    office.sync()
    office.clock.turn(DAY)
    office.sync()
    assert len(office.desk.tasks) == 1


def test_a_task_of_a_merged_contact_is_completed_when_the_rep_acted(office: Office) -> None:
    stranger = person("5")
    office.desk.add(stranger)
    office.desk.add(activity("9", "demo_request", bob(), office.clock.now()))
    office.sync()
    office.clock.turn(HOUR)
    office.desk.merge(bob(), into=stranger)
    office.sync()
    office.clock.turn(HOUR)
    office.desk.add(activity("1", "call", stranger, office.clock.now(), is_outbound=True))
    office.sync()
    assert office.desk.open_tasks() == []

"""Refused and unanswered writes: none is lost, none is sent for ever, none holds back another."""

from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from connector.ports import Verdict
from connector.sync.run import Stages
from tests.fakes.crm import OURS, FakeCrm
from tests.fakes.people import activity, ana, bob, person
from tests.sync.office import Office

HOUR = timedelta(hours=1)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path, [ana(), bob()])


def test_a_refused_contact_does_not_hold_back_the_batch(office: Office) -> None:
    office.desk.refuse(ana(), "score is out of range")
    report = office.sync()
    assert office.says(bob(), "score") == "0"
    assert report.refused == 1
    assert report.push is not None
    assert report.push.refusals == [("contact", "score is out of range")]
    with office.store() as store:
        (entry,) = store.load_outbox("refused")
    assert entry.reason == "score is out of range"
    assert entry.write_back is not None
    assert entry.write_back.contact == ana().id


def test_a_refusal_of_many_is_told_once(office: Office) -> None:
    office.desk.refuse(ana(), "score is out of range")
    office.desk.refuse(bob(), "score is out of range")
    with capture_logs() as logged:
        report = office.sync()
    assert report.refused == 2
    assert report.push is not None
    assert report.push.refusals == [("contact", "score is out of range")]
    refused = [line["contact"] for line in logged if line["event"] == "write_back.refused"]
    assert refused == [ana().id, bob().id]


def test_a_refused_write_is_not_sent_again_by_itself(office: Office) -> None:
    office.desk.refuse(ana())
    office.sync()
    calls = office.crm.calls["write"]
    for _ in range(3):
        office.clock.turn(HOUR)
        office.sync()
    assert office.crm.calls["write"] == calls
    assert office.counted()["refused"] == 1


def test_a_refused_write_is_no_news_in_the_next_plan(office: Office) -> None:
    office.desk.refuse(ana())
    office.sync()
    assert office.plan().is_empty


def test_a_refused_write_is_sent_when_an_admin_retries_it(office: Office) -> None:
    office.desk.refuse(ana())
    office.sync()
    office.desk.relent(ana())
    with office.store() as store, store.lease():
        assert store.retry_refused() == 1
    office.sync()
    assert office.says(ana(), "score") == "0"
    assert office.counted()["refused"] == 0
    assert office.plan().is_empty


def test_a_refused_write_is_replaced_once_something_else_is_wanted(office: Office) -> None:
    office.desk.refuse(ana())
    office.sync()
    office.desk.relent(ana())
    office.clock.turn(HOUR)
    office.desk.add(activity("1", "page_view", ana(), office.clock.now()))
    office.sync()
    assert office.says(ana(), "score") == "10"
    assert office.counted()["refused"] == 0


def test_a_dropped_write_is_planned_again(office: Office) -> None:
    office.desk.refuse(ana())
    office.sync()
    office.desk.relent(ana())
    with office.store() as store, store.lease():
        store.drop_outbox([entry.id for entry in store.load_outbox()])
    office.sync()
    assert office.says(ana(), "score") == "0"


def test_a_property_that_is_missing_is_refused_for_each_contact(tmp_path: Path) -> None:
    clock = Office(tmp_path / "unused").clock
    lacking = [name for name in OURS if name != "leadripe_fit"]
    crm = FakeCrm(clock, [ana(), person("3", job_title="Intern")], properties=lacking)
    report = Office(tmp_path, crm=crm, clock=clock).sync()
    assert report.push is not None
    assert report.push.of(Verdict.REFUSED) == 2
    assert report.push.refusals[0] == ("contact", "property leadripe_fit does not exist")


def test_a_write_without_an_answer_waits_for_the_next_run(office: Office) -> None:
    office.desk.silence(ana())
    office.sync()
    assert office.says(ana(), "score") is None
    assert office.counted()["waiting"] == 1
    office.sync()
    assert office.says(ana(), "score") == "0"
    assert office.counted()["waiting"] == 0


def test_a_write_without_an_answer_is_tried_once_in_a_run(office: Office) -> None:
    office.desk.silence(ana(), times=2)
    office.sync()
    assert office.crm.calls["write"] == 1


def test_a_newer_wish_takes_the_place_of_one_that_waits(office: Office) -> None:
    office.desk.silence(ana())
    office.sync()
    office.clock.turn(HOUR)
    office.desk.add(activity("1", "page_view", ana(), office.clock.now()))
    office.sync()
    assert office.says(ana(), "score") == "10"
    assert office.desk.writes[ana().id] == 1
    assert office.counted()["waiting"] == 0


def test_what_waits_is_part_of_the_next_plan_and_its_price(office: Office) -> None:
    office.desk.silence(ana())
    office.sync()
    plan = office.plan()
    assert plan.writes == 1
    assert plan.estimate.contacts == 1


def test_the_ledger_knows_what_was_written_and_what_stood_there(office: Office) -> None:
    office.sync()
    office.clock.turn(HOUR)
    office.desk.add(activity("1", "page_view", ana(), office.clock.now()))
    office.sync()
    known = office.known(ana())
    with office.store() as store:
        first, second = store.load_ledger(known.no)
    assert first.values["leadripe_score"] == "0"
    assert first.before["leadripe_score"] is None
    assert second.values["leadripe_score"] == "10"
    assert second.before["leadripe_score"] == "0"


def test_a_limited_run_sends_so_many_and_the_next_one_the_rest(tmp_path: Path) -> None:
    people = [person(f"p{number}") for number in range(7)]
    office = Office(tmp_path, people)
    report = office.run("sync", Stages(limit=3))
    assert report.push is not None
    assert report.push.of(Verdict.ACCEPTED) == 3
    assert report.counts["waiting"] == 4
    assert sum(office.says(each, "score") is not None for each in people) == 3
    assert office.sync().counts["contacts_accepted"] == 4
    assert all(office.says(each, "score") == "0" for each in people)
    assert office.plan().is_empty

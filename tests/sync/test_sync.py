"""What one run after another does to a CRM."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.fakes.clock import MONDAY
from tests.fakes.crm import FakeCrm
from tests.fakes.people import activity, ana, bob, deal, person
from tests.sync.office import DAY, Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Return an account with Ana, who looked at pages and clicked, and Bob, who did nothing."""
    office = Office(tmp_path, [ana(), bob()])
    office.desk.add(
        activity("1", "page_view", ana()),
        activity("2", "page_view", ana()),
        activity("1", "email_click", ana(), MONDAY - DAY),
    )
    return office


def test_a_sync_writes_what_the_rules_say(office: Office) -> None:
    office.sync()
    assert office.desk.get(ana()).written == {
        "leadripe_score": "21",
        "leadripe_fit": "100",
        "leadripe_grade": "A",
        "leadripe_persona": "Operations",
        "leadripe_stage": "lead",
        "leadripe_temperature": "warm",
        "leadripe_reasons": "+20 Looked at a page (2 times, last on 2026-03-02)\n"
        "+1 Clicked in a mail (on 2026-03-01)",
        "leadripe_need_at": None,
        "leadripe_handed_off_at": None,
        "leadripe_question": None,
        "leadripe_interests": None,
        "leadripe_due_at": None,
        "leadripe_sla": None,
        "leadripe_segment": "lead.warm.ops",
        "leadripe_grid": "A2",
        "leadripe_track": None,
        "leadripe_next_content": None,
        "leadripe_next_content_url": None,
        "leadripe_do_not_press_until": None,
        "leadripe_touches_7d": None,
        "leadripe_touches_30d": None,
        "leadripe_verdict": None,
        "leadripe_not_before": None,
    }
    assert office.says(bob(), "score") == "0"
    assert office.says(bob(), "stage") == "suspect"
    assert office.says(bob(), "question") == "What is the person’s role?"


def test_interests_are_written_and_follow_what_the_contact_does(office: Office) -> None:
    office.desk.add(activity("3", "page_view", ana(), page="erp;Cloud"))
    office.sync()
    assert office.says(ana(), "interests") == "Cloud, ERP systems"  # of equals the first by name
    office.desk.add(activity("2", "email_click", ana(), page="ERP"))
    office.sync()
    assert office.says(ana(), "interests") == "ERP systems, Cloud"
    assert office.desk.get(bob()).written.get("leadripe_interests") is None


def test_reasons_and_texts_speak_the_account_s_language(tmp_path: Path) -> None:
    office = Office(tmp_path, [bob()], language="fr")
    office.sync()
    assert office.says(bob(), "reasons") == "Aucune activité notée pour l’instant"


def test_a_second_sync_writes_nothing_and_makes_no_write_call(office: Office) -> None:
    office.sync()
    before = office.crm.calls
    report = office.sync()
    assert report.plan is not None
    assert report.plan.is_empty
    assert office.crm.calls["write"] == before["write"]
    assert office.crm.calls.get("task") == before.get("task")


def test_a_second_sync_costs_a_call_for_each_stream(office: Office) -> None:
    office.sync()
    office.sync()  # reads the echo of what was written
    before = office.crm.calls["read"]
    office.sync()
    assert office.crm.calls["read"] - before == 4


def test_only_the_contact_that_did_something_is_written_again(office: Office) -> None:
    office.sync()
    office.clock.turn(timedelta(hours=1))
    office.desk.add(activity("9", "page_view", bob(), office.clock.now()))
    office.sync()
    assert office.says(bob(), "score") == "10"
    assert office.desk.writes == {ana().id: 1, bob().id: 2}


def test_decay_is_written_once_it_shows(office: Office) -> None:
    office.sync()
    written = []
    for _ in range(8):
        office.clock.turn(DAY)
        office.sync()
        written.append(office.says(ana(), "score"))
    assert written == ["21", "21", "21", "21", "21", "18", "18", "18"]


def test_activities_known_by_address_count_once_the_contact_is_known(office: Office) -> None:
    office.desk.add(activity("5", "page_view", "p3@example.com"))
    office.sync()
    office.desk.add(person("3"))
    office.sync()
    assert office.says(person("3"), "score") == "10"


def test_a_deal_moves_the_stage(office: Office) -> None:
    office.sync()
    office.clock.turn(DAY)
    office.desk.add(deal("1", ana(), at=office.clock.now()))
    report = office.sync()
    assert office.says(ana(), "stage") == "prospect"
    assert report.plan is not None
    assert report.plan.moves == {("lead", "prospect"): 1}
    assert report.plan.stage_changes == 1


def test_a_contact_that_climbs_two_stages_changed_stage_once(office: Office) -> None:
    office.sync()
    office.clock.turn(DAY)
    office.desk.add(deal("1", bob(), at=office.clock.now()))
    report = office.sync()
    assert report.plan is not None
    assert report.plan.stage_changes == 1
    assert sum(report.plan.moves.values()) == 2


def test_new_contacts_are_placed_not_changed(office: Office) -> None:
    office.sync()
    for id_ in range(10, 60):
        someone = person(str(id_))
        office.desk.add(someone, activity(str(id_), "page_view", someone))
    report = office.sync()
    assert report.outcome == "done"
    assert report.plan is not None
    assert report.plan.stage_changes == 0


def test_the_estimate_is_what_is_spent(tmp_path: Path) -> None:
    people = [person(str(id_), job_title="Head of operations") for id_ in range(25)]
    crm = FakeCrm(office_clock := Office(tmp_path / "unused").clock, people, batch_size=10)
    office = Office(tmp_path, crm=crm, clock=office_clock)
    office.desk.add(*(activity(each.id, "demo_request", each) for each in people))
    report = office.sync(create_tasks=True)
    assert report.plan is not None
    assert report.plan.estimate.contacts == crm.calls["write"] == 3
    assert report.plan.estimate.tasks == crm.calls["task"] == 3


def test_a_plan_leaves_no_trace(office: Office) -> None:
    first, second = office.plan(), office.plan()
    assert (first.writes, first.hand_offs) == (2, 0)
    assert second == first
    assert set(office.crm.calls) == {"read"}
    with office.store() as store:
        assert store.funnel() == {}
        assert store.load_outbox() == []
        assert not store.has_accepted_plan()
        assert store.load_moves(office.known(ana()).no) == []


def test_a_plan_says_what_a_sync_then_does(office: Office) -> None:
    planned = office.plan()
    report = office.sync()
    assert report.plan == planned
    assert report.push is not None
    assert sum(report.push.verdicts.values()) == planned.writes


def test_nothing_is_planned_after_a_sync(office: Office) -> None:
    office.sync()
    assert office.plan().is_empty


def test_an_account_without_contacts_is_synced(tmp_path: Path) -> None:
    report = Office(tmp_path).sync()
    assert report.outcome == "done"
    assert report.plan is not None
    assert report.plan.is_empty

"""The one task of a hand-off: when it is created, for whom, what it says, when it is completed."""

from datetime import timedelta
from pathlib import Path

import pytest

from connector.ports import TaskWish
from tests.fakes.clock import MONDAY
from tests.fakes.people import TOM, activity, ana, bob, deal, person
from tests.sync.office import DAY, Office

HOUR = timedelta(hours=1)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Return an account whose first run is behind it."""
    office = Office(tmp_path, [ana(), bob()])
    office.begin()
    return office


def asks_for_a_demo(office: Office, id_: str = "1") -> None:
    """Let Ana express a need."""
    office.desk.add(activity(id_, "demo_request", ana(), office.clock.now()))


def the_task(office: Office) -> TaskWish:
    (task,) = office.tasks_of(ana())
    return task


def test_the_first_run_hands_over_without_tasks_and_says_so(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana()])
    asks_for_a_demo(office)
    report = office.sync()
    assert office.desk.tasks == {}
    assert report.plan is not None
    assert (report.plan.hand_offs, report.plan.withheld, report.plan.tasks) == (1, 1, 0)
    assert office.says(ana(), "handed_off_at") == "2026-03-02T09:00:00Z"


def test_a_hand_off_of_the_first_run_gets_no_task_later(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana()])
    asks_for_a_demo(office)
    office.sync()
    office.clock.turn(DAY)
    office.sync()
    assert office.desk.tasks == {}


def test_a_later_need_is_heard_though_the_first_run_told_nobody(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana()])
    asks_for_a_demo(office)
    office.sync()
    office.clock.turn(DAY)
    asks_for_a_demo(office, "2")
    office.sync()
    assert len(office.tasks_of(ana())) == 1


def test_the_first_run_creates_tasks_when_asked(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana()])
    asks_for_a_demo(office)
    report = office.sync(create_tasks=True)
    assert report.plan is not None
    assert (report.plan.hand_offs, report.plan.withheld, report.plan.tasks) == (1, 0, 1)
    assert len(office.tasks_of(ana())) == 1


def test_a_need_gets_one_task_for_the_owner_due_in_a_working_hour(office: Office) -> None:
    asks_for_a_demo(office)
    office.sync()
    task = the_task(office)
    assert task.owner == "7"
    assert task.is_urgent
    assert task.due_at == office.clock.now() + HOUR
    assert task.subject == "Call back: explicit need (Asked for a demo)"
    assert "Score 30 of 100, Fit A, persona Operations" in task.body
    assert "- Asked for a demo, on 2026-03-02 (+30)" in task.body


def test_ripe_points_get_a_task_due_in_a_day(office: Office) -> None:
    now = office.clock.now()
    office.desk.add(*(activity(str(n), "page_view", ana(), now) for n in range(5)))
    office.desk.add(activity("1", "email_click", ana(), now))
    office.sync()
    task = the_task(office)
    assert task.due_at == now + DAY
    assert not task.is_urgent
    assert task.subject == "Ripe lead: 51 points, get in touch"


def test_a_task_speaks_the_account_s_language(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana()], language="fr", feedback="Verdict commercial")
    asks_for_a_demo(office)
    office.sync(create_tasks=True)
    task = the_task(office)
    assert task.subject == "À rappeler : besoin exprimé (A demandé une démo)"
    assert "- A demandé une démo, le 2026-03-02 (+30)" in task.body
    assert "« Verdict commercial »" in task.body


def test_a_task_is_created_once_per_episode(office: Office) -> None:
    asks_for_a_demo(office)
    for _ in range(5):
        office.sync()
        office.clock.turn(6 * HOUR)
    assert len(office.tasks_of(ana())) == 1


def test_a_store_that_was_lost_makes_no_second_task_of_an_open_one(tmp_path: Path) -> None:
    office = Office(tmp_path / "first", [ana()])
    office.begin()
    for number, days in enumerate(range(6)):
        at = office.clock.now() - days * DAY
        office.desk.add(activity(str(number), "page_view", ana(), at))
        office.desk.add(activity(f"c{number}", "email_click", ana(), at))
    office.sync(create_tasks=True)
    assert the_task(office).subject.startswith("Ripe lead")
    office.clock.turn(DAY)
    anew = Office(tmp_path / "second", crm=office.crm, clock=office.clock)
    report = anew.sync(create_tasks=True, accept=True)
    assert len(office.tasks_of(ana())) == 1
    assert report.plan is not None
    assert (report.plan.hand_offs, report.plan.tasks, report.plan.withheld) == (1, 0, 0)
    anew.clock.turn(HOUR)
    anew.desk.add(activity("call", "call", ana(), anew.clock.now(), is_outbound=True))
    anew.sync()
    assert anew.desk.open_tasks() == []


def test_a_later_need_gets_a_task_of_its_own_once_the_first_is_done(office: Office) -> None:
    asks_for_a_demo(office)
    office.sync()
    office.clock.turn(DAY)
    office.desk.complete(the_task(office).key)
    asks_for_a_demo(office, "2")
    office.sync()
    office.sync()
    assert len(office.tasks_of(ana())) == 2
    assert len(office.desk.open_tasks()) == 1


def test_a_later_need_waits_while_a_hand_off_is_open(office: Office) -> None:
    asks_for_a_demo(office)
    office.sync()
    office.clock.turn(DAY)
    asks_for_a_demo(office, "2")
    office.sync()
    assert len(office.tasks_of(ana())) == 1


def test_a_deactivated_owner_gets_no_task_nobody_does(office: Office) -> None:
    office.desk.assign(ana(), TOM)
    asks_for_a_demo(office)
    report = office.sync()
    assert the_task(office).owner is None
    assert report.plan is not None
    assert report.plan.ownerless == 1
    assert report.plan.tasks_by_owner == {None: 1}


def test_a_contact_of_nobody_gets_a_task_of_nobody(office: Office) -> None:
    office.desk.assign(ana(), None)
    asks_for_a_demo(office)
    office.sync()
    assert the_task(office).owner is None


@pytest.mark.parametrize("touch", ["call", "email_sent", "meeting"])
def test_the_task_is_completed_when_the_rep_acted(office: Office, touch: str) -> None:
    asks_for_a_demo(office)
    office.sync()
    office.clock.turn(HOUR)
    office.desk.add(activity("1", touch, ana(), office.clock.now(), is_outbound=True))
    report = office.sync()
    assert office.desk.open_tasks() == []
    assert report.plan is not None
    assert (report.plan.tasks, report.plan.tasks_closed) == (0, 1)


def test_the_task_is_completed_when_the_rep_said_what_it_was_worth(office: Office) -> None:
    asks_for_a_demo(office)
    office.sync()
    office.clock.turn(HOUR)
    office.desk.edit(ana(), leadripe_verdict="rejected: no budget")
    office.sync()
    assert office.desk.open_tasks() == []


def test_the_task_is_completed_when_there_is_a_deal(office: Office) -> None:
    asks_for_a_demo(office)
    office.sync()
    office.clock.turn(HOUR)
    office.desk.add(deal("1", ana(), at=office.clock.now()))
    office.sync()
    assert office.desk.open_tasks() == []


def test_a_task_that_the_rep_completed_is_not_written_again(office: Office) -> None:
    asks_for_a_demo(office)
    office.sync()
    office.clock.turn(HOUR)
    office.desk.complete(the_task(office).key)
    report = office.sync()
    assert report.plan is not None
    assert (report.plan.tasks, report.plan.tasks_closed) == (0, 0)
    assert len(office.desk.tasks) == 1


def test_without_task_support_hand_offs_are_only_shown(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana()], has_tasks=False)
    asks_for_a_demo(office)
    report = office.sync(create_tasks=True)
    assert office.desk.tasks == {}
    assert report.plan is not None
    assert (report.plan.hand_offs, report.plan.withheld) == (1, 0)


def test_a_task_that_the_crm_did_not_take_is_sent_again(office: Office) -> None:
    asks_for_a_demo(office)
    office.desk.silence(ana(), times=2)  # once for the properties, once for the task
    assert office.sync().outcome == "partial"
    assert office.desk.tasks == {}
    assert office.sync().outcome == "done"
    assert len(office.tasks_of(ana())) == 1


def test_a_hand_off_that_closes_before_its_task_was_sent_creates_none(office: Office) -> None:
    asks_for_a_demo(office)
    office.desk.silence(ana(), times=2)
    office.sync()
    office.clock.turn(HOUR)
    office.desk.add(activity("1", "call", ana(), office.clock.now(), is_outbound=True))
    assert office.sync().outcome == "done"
    assert office.desk.tasks == {}
    assert office.counted()["waiting"] == 0


def test_a_need_and_ripe_points_on_one_day_make_one_open_task(office: Office) -> None:
    now = office.clock.now()
    asks_for_a_demo(office)
    office.desk.add(*(activity(str(n), "page_view", ana(), now) for n in range(5)))
    office.sync()
    office.sync()
    assert len(office.desk.open_tasks()) == 1


def test_an_unknown_person_without_a_need_is_not_handed_over(office: Office) -> None:
    stranger = person("9")
    office.desk.add(stranger, *(activity(f"9{n}", "page_view", stranger) for n in range(9)))
    office.desk.add(activity("9", "email_click", stranger, MONDAY))
    report = office.sync()
    assert report.plan is not None
    assert report.plan.hand_offs == 0

"""The clock of a hand-off in the CRM: due, late, escalated, stopped by whoever acts."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from connector.domain.ids import OwnerId
from connector.rules.compile import compile_rules
from connector.rules.model import Route, Sla, WorkingHours
from tests.fakes.clock import MONDAY
from tests.fakes.people import LEA, activity, ana, bob
from tests.sync.office import DAY, RULES, Office

HOUR = timedelta(hours=1)
EVE = replace(LEA, id=OwnerId("9"), email="eve@example.com", name="Eve")


def on_the_clock(folder: Path, *managers: str, hours: WorkingHours | None = None) -> Office:
    """Return an account whose first run is behind it: Monday, 11:00 in Paris."""
    office = Office(folder, [ana(), bob()])
    office.desk.owners = [LEA, EVE]
    sla = Sla(need=60, escalate_to=managers)
    hand_off = replace(RULES.hand_off, sla=sla, working=hours or WorkingHours())
    rules = replace(RULES, hand_off=hand_off)
    office.settings = replace(office.settings, rules=rules, compiled=compile_rules(rules))
    office.begin()
    return office


def hand_over(office: Office) -> None:
    """Let Ana ask for a demo now, and hand her over."""
    office.desk.add(activity("1", "demo_request", ana(), office.clock.now()))
    office.sync()


def state_after(office: Office, time: timedelta) -> str | None:
    office.clock.turn(time)
    office.sync()
    return office.says(ana(), "sla")


def test_the_clock_goes_on_in_the_crm_until_somebody_acts(tmp_path: Path) -> None:
    office = on_the_clock(tmp_path)
    hand_over(office)
    assert office.says(ana(), "sla") == "running"
    assert office.says(ana(), "due_at") == "2026-03-02T11:00:00Z"
    assert state_after(office, timedelta(minutes=44)) == "running"
    assert state_after(office, timedelta(minutes=1)) == "warned"
    assert state_after(office, timedelta(minutes=15)) == "breached"
    assert state_after(office, timedelta(minutes=59)) == "breached"
    assert state_after(office, timedelta(minutes=1)) == "escalated"
    office.desk.add(activity("2", "call", ana(), office.clock.now() + HOUR, is_outbound=True))
    assert state_after(office, 2 * HOUR) == "late"
    assert state_after(office, DAY) == "late"
    assert office.sync().plan is not None
    plan = office.plan()
    assert (plan.writes, plan.sla) == (0, {"late": 1})


def test_whoever_acts_in_time_has_kept_the_promise(tmp_path: Path) -> None:
    office = on_the_clock(tmp_path)
    hand_over(office)
    call = office.clock.now() + timedelta(minutes=59)
    office.desk.add(activity("2", "call", ana(), call, is_outbound=True))
    office.desk.add(activity("3", "call", ana(), call + 3 * HOUR, is_outbound=True))
    assert state_after(office, DAY) == "met", "the first touch counts, not the latest"


def test_a_word_from_sales_is_an_answer_too(tmp_path: Path) -> None:
    office = on_the_clock(tmp_path)
    hand_over(office)
    office.clock.turn(timedelta(minutes=10))
    office.desk.edit(ana(), leadripe_verdict="rejected_no_need")
    assert state_after(office, DAY) == "met"


@pytest.mark.parametrize(
    ("hours", "due"),
    [
        (WorkingHours(), "2026-03-02T11:00:00Z"),
        (WorkingHours(spans=((540, 690), (780, 1080))), "2026-03-02T12:30:00Z"),
        (WorkingHours(weekdays=frozenset({2})), "2026-03-03T09:00:00Z"),
        (
            WorkingHours(holidays=frozenset({(MONDAY.date() - date(1970, 1, 1)).days})),
            "2026-03-03T09:00:00Z",
        ),
        (WorkingHours(zone="America/New_York"), "2026-03-02T15:00:00Z"),
        (WorkingHours(frozenset(range(1, 8)), ((0, 1440),)), "2026-03-02T11:00:00Z"),
    ],
)
def test_the_task_is_due_in_the_hours_in_which_sales_works(
    tmp_path: Path, hours: WorkingHours, due: str
) -> None:
    office = on_the_clock(tmp_path, hours=hours)
    hand_over(office)
    assert office.says(ana(), "due_at") == due
    (task,) = office.tasks_of(ana())
    assert task.due_at.isoformat().replace("+00:00", "Z") == due


def test_a_manager_is_told_once_and_the_task_goes_with_the_hand_off(tmp_path: Path) -> None:
    office = on_the_clock(tmp_path, "gone@example.com", "EVE@example.com")
    hand_over(office)
    office.clock.turn(2 * HOUR)
    report = office.sync()
    assert report.plan is not None
    assert (report.plan.tasks, report.plan.escalations) == (1, 1)
    assert list(report.plan.unknown_owners) == ["gone@example.com"]
    own, escalation = sorted(office.tasks_of(ana()), key=lambda each: each.due_at)
    assert (own.owner, escalation.owner) == (LEA.id, EVE.id)
    assert escalation.subject == "Overdue: nobody has acted on a lead that was handed over"
    assert f"Handed to {LEA.name} on 2026-03-02 11:00, to be acted on by 2026-03-02 12:00." in (
        escalation.body
    )
    for _ in range(3):
        assert state_after(office, DAY) == "escalated"
    assert len(office.tasks_of(ana())) == 2

    office.desk.add(activity("2", "call", ana(), office.clock.now(), is_outbound=True))
    report = office.sync()
    assert report.plan is not None
    assert report.plan.tasks_closed == 2
    assert all(office.desk.tasks[each.key].is_done for each in office.tasks_of(ana()))


def test_the_manager_s_task_does_not_close_the_hand_off(tmp_path: Path) -> None:
    office = on_the_clock(tmp_path, EVE.email)
    hand_over(office)
    office.clock.turn(2 * HOUR)
    office.sync()
    (escalation,) = (each for each in office.tasks_of(ana()) if each.owner == EVE.id)
    office.desk.complete(escalation.key)
    assert state_after(office, HOUR) == "escalated"
    plan = office.plan()
    assert (plan.tasks, plan.tasks_closed) == (0, 0)


def test_nobody_is_told_without_a_name(tmp_path: Path) -> None:
    office = on_the_clock(tmp_path)
    hand_over(office)
    assert state_after(office, DAY) == "escalated"
    assert len(office.tasks_of(ana())) == 1


def test_a_hand_off_of_which_nobody_was_told_has_no_clock(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana()])
    office.desk.add(activity("1", "demo_request", ana(), office.clock.now()))
    office.sync()
    assert (office.says(ana(), "sla"), office.says(ana(), "due_at")) == (None, None)
    again = office.sync()
    assert again.plan is not None
    assert again.plan.writes == 0


def test_a_rejected_contact_rests_until_the_day_that_sales_named(tmp_path: Path) -> None:
    office = on_the_clock(tmp_path)
    hand_over(office)
    office.clock.turn(HOUR)
    office.desk.edit(ana(), leadripe_verdict="rejected_not_now", leadripe_not_before="2026-06-01")
    office.sync()
    assert office.says(ana(), "stage") == "recycled"
    office.clock.turn(timedelta(days=80))  # more than the 60 days of other rejections
    office.sync()
    assert office.says(ana(), "stage") == "recycled"
    office.clock.turn(timedelta(days=10))  # 31 May in the morning
    office.sync()
    assert office.says(ana(), "stage") == "recycled"
    office.clock.turn(DAY)
    office.sync()
    assert office.says(ana(), "stage") == "lead"


def test_the_manager_is_told_who_was_to_act(tmp_path: Path) -> None:
    office = on_the_clock(tmp_path, EVE.email)
    rules = office.settings.rules
    hand_off = replace(rules.hand_off, routes=(Route((LEA.email,)),))
    rules = replace(rules, hand_off=hand_off)
    office.settings = replace(office.settings, rules=rules, compiled=compile_rules(rules))
    office.desk.assign(ana(), None)
    hand_over(office)
    office.clock.turn(2 * HOUR)
    office.sync()
    (escalation,) = (each for each in office.tasks_of(ana()) if each.owner == EVE.id)
    assert f"Handed to {LEA.name} on" in escalation.body

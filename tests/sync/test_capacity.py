"""The weekly limit of an owner: who is handed over, who waits, and for how long."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connector.domain.contact import Contact
from connector.domain.ids import OwnerId
from connector.rules.compile import compile_rules
from connector.rules.conditions import Kind, Test
from connector.rules.model import Route
from connector.rules.operators import Op
from tests.fakes.people import LEA, TOM, activity, person
from tests.sync.office import DAY, RULES, Office

PEOPLE = [person(str(no), job_title="Head of operations") for no in range(1, 8)]
LIMIT = 2
IDA = replace(LEA, id=OwnerId("9"), email="ida@example.com", name="Ida")
BY_NAME = Test("first_name", Kind.TEXT, Op.IN, ("p1", "p2", "p5"))


def limited(
    folder: Path,
    limit: int | None = LIMIT,
    people: Sequence[Contact] = PEOPLE,
    routes: tuple[Route, ...] = (),
) -> Office:
    """Return an account in which an owner is given so many contacts in a week."""
    office = Office(folder, people)
    hand_off = replace(RULES.hand_off, weekly_limit=limit, routes=routes)
    rules = replace(RULES, hand_off=hand_off)
    office.settings = replace(office.settings, rules=rules, compiled=compile_rules(rules))
    return office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = limited(tmp_path)
    office.begin()
    return office


def ask(office: Office, *contacts: Contact) -> None:
    """Let contacts ask for a demo now."""
    for each in contacts:
        id_ = f"{each.id}-{office.clock.now().isoformat()}"
        office.desk.add(activity(id_, "demo_request", each, office.clock.now()))


def with_tasks(office: Office, *people: Contact) -> list[str]:
    return [each.id for each in people or PEOPLE if office.tasks_of(each)]


def test_who_is_beyond_the_limit_waits_and_comes_when_the_week_is_over(office: Office) -> None:
    ask(office, *PEOPLE[:5])
    report = office.sync()
    assert report.plan is not None
    assert (report.plan.hand_offs, report.plan.tasks, report.plan.queued) == (2, 2, 3)
    assert report.plan.contacts == len(PEOPLE)
    assert len(with_tasks(office)) == LIMIT
    waiting = [each for each in PEOPLE[:5] if not office.tasks_of(each)]
    assert {office.says(each, "handed_off_at") for each in waiting} == {None}
    assert {office.says(each, "stage") for each in PEOPLE[:5]} == {"prospect"}, "all else is told"

    again = office.sync()
    assert again.plan is not None
    assert (again.plan.hand_offs, again.plan.queued, again.plan.writes) == (0, 3, 0)

    office.clock.turn(6 * DAY)
    assert office.plan().queued == 3
    office.clock.turn(DAY + timedelta(hours=1))
    report = office.sync()
    assert report.plan is not None
    assert (report.plan.hand_offs, report.plan.queued) == (2, 1)
    office.clock.turn(8 * DAY)
    office.sync()
    assert with_tasks(office) == [each.id for each in PEOPLE[:5]]
    assert all(len(office.tasks_of(each)) == 1 for each in PEOPLE[:5])


def test_who_was_given_earlier_in_the_week_counts(office: Office) -> None:
    ask(office, PEOPLE[0])
    office.sync()
    office.clock.turn(3 * DAY)
    ask(office, *PEOPLE[1:3])
    report = office.sync()
    assert report.plan is not None
    assert (report.plan.hand_offs, report.plan.queued) == (1, 1)
    office.clock.turn(4 * DAY + timedelta(hours=1))  # the first is a week ago, the second is not
    report = office.sync()
    assert report.plan is not None
    assert (report.plan.hand_offs, report.plan.queued) == (1, 0)


def test_needs_go_before_points_and_more_points_before_fewer(office: Office) -> None:
    few, many, needy = PEOPLE[:3]
    now = office.clock.now()
    for each, count in ((few, 5), (many, 9)):
        for no in range(count):
            office.desk.add(activity(f"{each.id}-{no}", "page_view", each, now))
        office.desk.add(activity(f"{each.id}-c", "email_click", each, now))
    ask(office, needy)
    report = office.sync()
    assert report.plan is not None
    assert report.plan.queued == 1
    assert with_tasks(office) == [many.id, needy.id]


def test_everybody_has_a_week_of_his_own_and_nobody_s_contacts_do_not_wait(tmp_path: Path) -> None:
    people = [
        *(person(str(no), LEA, job_title="Head of operations") for no in range(1, 4)),
        *(person(str(no), IDA, job_title="Head of operations") for no in range(4, 7)),
        *(person(str(no), None, job_title="Head of operations") for no in range(7, 10)),
        *(person(str(no), TOM, job_title="Head of operations") for no in range(10, 13)),
    ]
    office = limited(tmp_path, people=people)
    office.desk.owners = [LEA, IDA, TOM]
    office.begin()
    ask(office, *people)
    report = office.sync()
    assert report.plan is not None
    assert (report.plan.hand_offs, report.plan.queued) == (2 + 2 + 3 + 3, 2)
    assert [len(with_tasks(office, *people[at : at + 3])) for at in range(0, 12, 3)] == [2, 2, 3, 3]


def test_a_first_run_that_creates_tasks_is_limited_too(tmp_path: Path) -> None:
    office = limited(tmp_path)
    ask(office, *PEOPLE)
    report = office.sync(create_tasks=True)
    assert report.plan is not None
    assert (report.plan.hand_offs, report.plan.queued, report.plan.withheld) == (2, 5, 0)
    office.clock.turn(8 * DAY)
    office.sync()
    assert len(with_tasks(office)) == 4


def test_what_a_first_run_without_tasks_told_nobody_fills_no_week(tmp_path: Path) -> None:
    office = limited(tmp_path)
    ask(office, *PEOPLE[:4])
    report = office.sync()
    assert report.plan is not None
    assert (report.plan.withheld, report.plan.queued) == (4, 0)
    office.clock.turn(DAY)
    ask(office, *PEOPLE[4:6])
    report = office.sync()
    assert report.plan is not None
    assert (report.plan.hand_offs, report.plan.queued) == (2, 0)


def test_without_a_limit_nobody_waits(tmp_path: Path) -> None:
    office = limited(tmp_path, limit=None)
    office.begin()
    ask(office, *PEOPLE)
    report = office.sync()
    assert report.plan is not None
    assert (report.plan.hand_offs, report.plan.queued) == (len(PEOPLE), 0)


def test_a_second_need_waits_with_the_first_hand_off_remembered(office: Office) -> None:
    first = PEOPLE[0]
    ask(office, first)
    office.sync()
    handed = office.says(first, "handed_off_at")
    office.clock.turn(2 * DAY)
    office.desk.add(activity("c", "call", first, office.clock.now(), is_outbound=True))
    ask(office, *PEOPLE[1:3])
    office.sync()
    office.clock.turn(DAY)
    ask(office, first)
    report = office.sync()
    assert report.plan is not None
    assert report.plan.queued == 2
    assert office.says(first, "handed_off_at") == handed
    assert len(office.tasks_of(first)) == 1
    office.clock.turn(5 * DAY)
    office.sync()
    assert len(office.tasks_of(first)) == 2


def unowned(count: int) -> list[Contact]:
    return [person(str(no), None, job_title="Head of operations") for no in range(1, count + 1)]


def owners_of(office: Office, *people: Contact) -> list[str | None]:
    return [office.tasks_of(each)[0].owner for each in people]


def test_who_has_no_owner_goes_to_whoever_of_the_route_was_given_the_fewest(tmp_path: Path) -> None:
    people = [*unowned(5), person("6", LEA, job_title="Head of operations")]
    office = limited(tmp_path, None, people, (Route(("LEA@example.com", "ida@example.com")),))
    office.desk.owners = [LEA, IDA, TOM]
    office.begin()
    ask(office, people[5])
    office.sync()
    office.clock.turn(timedelta(hours=1))
    ask(office, *people[:5])
    report = office.sync()
    assert report.plan is not None
    assert (report.plan.tasks, report.plan.ownerless, report.plan.unknown_owners) == (5, 0, [])
    assert owners_of(office, *people[:5]) == ["9", "7", "9", "7", "9"], "Léa has one already"
    assert office.desk.get(people[0]).owner is None, "the contact itself stays as it is"


def test_the_first_route_that_fits_and_has_somebody_counts(tmp_path: Path) -> None:
    people = [*unowned(4), person("5", TOM, job_title="Head of operations")]
    routes = (
        Route(("tom@example.com", "nobody@example.com"), BY_NAME),
        Route(("ida@example.com",), BY_NAME),
    )
    office = limited(tmp_path, None, people, routes)
    office.desk.owners = [LEA, IDA, TOM]
    office.begin()
    ask(office, *people)
    report = office.sync()
    assert report.plan is not None
    assert report.plan.unknown_owners == ["tom@example.com", "nobody@example.com"]
    assert owners_of(office, *people) == ["9", "9", None, None, "9"], "Tom is not active any more"
    assert report.plan.ownerless == 2


def test_a_route_is_held_to_the_limit_also_after_its_tasks_are_done(tmp_path: Path) -> None:
    people = unowned(5)
    office = limited(tmp_path, 2, people, (Route(("ida@example.com",)),))
    office.desk.owners = [LEA, IDA]
    office.begin()
    ask(office, *people)
    report = office.sync()
    assert report.plan is not None
    assert (report.plan.tasks, report.plan.queued) == (2, 3)
    office.clock.turn(DAY)
    for each in people[:2]:
        office.desk.add(activity(f"c{each.id}", "call", each, office.clock.now(), is_outbound=True))
    report = office.sync()
    assert report.plan is not None
    assert (report.plan.tasks_closed, report.plan.tasks, report.plan.queued) == (2, 0, 3)
    report = office.sync()
    assert report.plan is not None
    assert (report.plan.tasks, report.plan.queued) == (0, 3), "done is given all the same"
    office.clock.turn(7 * DAY)
    report = office.sync()
    assert report.plan is not None
    assert (report.plan.tasks, report.plan.queued) == (2, 1)

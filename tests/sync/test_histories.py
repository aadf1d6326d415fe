"""Asking the CRM for its own history of fields: once, within its estimate, cut off anywhere."""

import itertools
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connector.errors import CrmUnavailableError
from connector.results import HistorySummary
from connector.sync.run import Stages
from tests.fakes.clock import FakeClock
from tests.fakes.crm import FakeCrm
from tests.fakes.faults import FailsAt, Faultless
from tests.fakes.people import person
from tests.sync.office import Office, compiled

HOUR = timedelta(hours=1)
PULL = Stages(plans=False, pushes=False, history=True)
PEOPLE = 7


def storied(folder: Path) -> Office:
    """Return an account whose people had two titles each before anybody read them."""
    clock = FakeClock()
    people = [person(str(number)) for number in range(PEOPLE)]
    office = Office(folder, crm=FakeCrm(clock, people, batch_size=3), clock=clock)
    for title in ("Junior", "Senior"):
        clock.turn(HOUR)
        for each in people:
            office.desk.learn(each, job_title=title)
    clock.turn(HOUR)
    return office


def forked(office: Office, folder: Path) -> Office:
    fork = office.fork(folder)
    fork.crm = FakeCrm(fork.clock, batch_size=3)
    fork.crm.desk = fork.desk
    return fork


def asked(office: Office, stages: Stages = PULL) -> HistorySummary:
    history = office.run("pull", stages).history
    assert history is not None
    return history


def titles(office: Office, at: datetime) -> set[object]:
    with office.store() as store:
        facts = [store.load_facts(bucket, compiled(), at) for bucket in store.buckets()]
    return {title for each in facts for title in each.contact["f_job_title"].to_pylist()}


def test_the_past_is_asked_for_once_and_costs_what_was_foreseen(tmp_path: Path) -> None:
    office = storied(tmp_path / "store")
    began = office.clock.now() - 3 * HOUR
    told = asked(office)
    assert (told.contacts, told.values, told.estimate, told.calls) == (PEOPLE, 2 * PEOPLE, 3, 3)
    now = [titles(office, began + hours * HOUR) for hours in (1, 2)]
    assert now == [{"Junior"}, {"Senior"}]
    again = asked(office)
    assert (again.contacts, again.estimate, again.calls) == (0, 0, 0)
    office.desk.add(person("new"))
    assert asked(office).contacts == 1


def test_one_contact_is_asked_about_alone_and_anew_each_time(tmp_path: Path) -> None:
    office = storied(tmp_path / "store")
    office.run("pull", replace(PULL, history=False))
    no = office.known(person("3")).no
    runs = []
    for _ in range(2):
        with office.store() as store:
            runs.append(office.runner(store).ask_history(no).history)
    assert [(each.contacts, each.calls) for each in runs if each] == [(1, 1), (1, 1)]
    assert asked(office).contacts == PEOPLE - 1


def test_nobody_is_asked_unless_one_says_so(tmp_path: Path) -> None:
    office = storied(tmp_path / "store")
    report = office.run("pull", replace(PULL, history=False))
    assert report.history is None
    assert titles(office, office.clock.now() - 2 * HOUR) == {"Senior"}


def test_reading_everything_again_asks_everybody_again(tmp_path: Path) -> None:
    office = storied(tmp_path / "store")
    asked(office)
    assert asked(office, replace(PULL, full=True)).contacts == PEOPLE
    office.run("pull", replace(PULL, full=True, history=False))
    assert asked(office).contacts == 0


def test_fields_of_which_the_crm_keeps_nothing_are_counted_and_not_asked_again(
    tmp_path: Path,
) -> None:
    office = storied(tmp_path / "store")
    office.desk.untracked = {"first_name"}
    assert asked(office).unkept == {"first_name": PEOPLE}
    assert asked(office).contacts == 0


def test_a_field_that_the_rules_name_later_is_asked_for_then(tmp_path: Path) -> None:
    office = storied(tmp_path / "store")
    settings = office.settings
    office.settings = replace(settings, fields=("first_name",))
    asked(office)
    office.settings = settings
    assert asked(office).contacts == PEOPLE


def test_a_sync_writes_before_it_asks(tmp_path: Path) -> None:
    office = storied(tmp_path / "store")
    office.run("pull", replace(PULL, history=False))
    plain = forked(office, tmp_path / "plain").sync()
    office.crm.faults = FailsAt(sum(plain.calls.values()) + 3)
    with pytest.raises(CrmUnavailableError):
        office.run("sync", Stages(history=True))
    assert len(office.desk.writes) == PEOPLE
    with office.store() as store:
        counts = store.load_runs(1)[0].counts
    asked_for = ("histories_read", "history_calls", "planned_history_calls")
    assert [counts[name] for name in asked_for] == [6, 3, 3]


@pytest.mark.parametrize("loses_answer", [False, True], ids=["before", "after"])
def test_asking_that_is_cut_off_anywhere_goes_on_with_the_rest(
    tmp_path: Path, loses_answer: bool
) -> None:
    office = storied(tmp_path / "store")
    began = office.clock.now() - 3 * HOUR
    office.run("pull", replace(PULL, history=False))
    for call in itertools.count(1):
        fork = forked(office, tmp_path / str(call))
        fork.crm.faults = faults = FailsAt(call, loses_answer=loses_answer)
        done = 0
        with suppress(CrmUnavailableError):
            done = asked(fork).contacts
        fork.crm.faults = Faultless()
        with fork.store() as store:
            left = store.count_unasked(fork.settings.fields)
        assert asked(fork).contacts == left
        assert titles(fork, began + HOUR) == {"Junior"}
        if not faults.was_reached:
            assert done == PEOPLE
            assert call > 3, "each batch was cut once"
            return

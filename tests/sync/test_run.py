"""What is recorded of a run, and what stops one."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connector.errors import ConfigError, CrmUnavailableError, GuardError
from connector.ports import RunRecord
from connector.sync.guard import Guards
from connector.sync.run import Stages, check_account, zone_of
from tests.fakes.crm import ACCOUNT, FakeCrm
from tests.fakes.faults import FailsAt
from tests.fakes.people import activity, ana, bob, person
from tests.sync.office import Office


def runs(office: Office) -> list[RunRecord]:
    """Return the runs, newest first."""
    with office.store() as store:
        return list(store.load_runs())


def outcomes(office: Office) -> list[str]:
    return [run.outcome for run in runs(office)]


def crowd(size: int) -> list[int]:
    return list(range(100, 100 + size))


def test_a_run_records_when_it_was_what_it_did_and_how_it_ended(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana()])
    began = office.clock.now()
    report = office.sync()
    (run,) = runs(office)
    assert (run.command, run.outcome, run.message) == ("sync", "done", "")
    assert (run.started_at, run.ended_at) == (began, began)
    assert run.rules_hash == office.settings.compiled.hash
    assert run.counts == report.counts
    assert run.counts["contacts_read"] == 1
    assert run.counts["planned_writes"] == run.counts["contacts_accepted"] == 1
    assert run.counts["calls"] == sum(office.crm.calls.values())


def test_a_run_with_refusals_is_partial(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana()])
    office.desk.refuse(ana())
    assert office.sync().outcome == "partial"
    assert runs(office)[0].counts["contacts_refused"] == 1


def test_a_run_with_writes_that_got_no_answer_is_partial(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana()])
    office.desk.silence(ana())
    assert office.sync().outcome == "partial"
    assert office.sync().outcome == "done"


def test_a_run_that_the_crm_stopped_failed_and_says_why(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana()])
    office.crm.faults = FailsAt(1)
    with pytest.raises(CrmUnavailableError):
        office.sync()
    (run,) = runs(office)
    assert run.outcome == "failed"
    assert run.message == "the line was cut (crm.unavailable)"
    assert run.ended_at is not None


def test_a_bug_of_ours_is_recorded_too(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana()])
    office.crm.faults = FailsAt(1, error=ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        office.sync()
    assert runs(office)[0].message == "a bug of ours; see the log"


def test_a_run_that_a_person_interrupts_is_recorded_as_such(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana()])
    office.crm.faults = FailsAt(5, error=KeyboardInterrupt)  # four for reading; then it is written
    with pytest.raises(KeyboardInterrupt):
        office.sync()
    assert outcomes(office) == ["interrupted"]
    assert office.sync().outcome == "done"
    assert office.says(ana(), "stage") == "suspect"


def test_a_failed_plan_leaves_no_trace(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana()])
    office.begin()
    office.desk.add(activity("1", "demo_request", ana(), office.clock.now()))
    calls = sum(office.crm.calls.values())
    office.crm.faults = FailsAt(5)  # four for reading; then the owners are asked for
    with pytest.raises(CrmUnavailableError):
        office.sync()
    assert sum(office.crm.calls.values()) - calls == 5
    with office.store() as store:
        assert store.load_outbox() == []
        assert store.funnel() == {("suspect", ""): 1}


def test_many_stage_changes_stop_a_run_before_it_writes(tmp_path: Path) -> None:
    people = [person(str(id_)) for id_ in crowd(30)]
    office = Office(tmp_path, people)
    office.begin()
    writes = office.crm.calls["write"]
    for each in people[:10]:
        office.desk.add(activity(each.id, "page_view", each, office.clock.now()))
    with pytest.raises(GuardError, match="10 of 30 contacts would change stage"):
        office.sync()
    assert office.crm.calls["write"] == writes
    assert outcomes(office)[0] == "failed"
    assert office.sync(accept=True).outcome == "done"
    assert office.says(people[0], "stage") == "lead"


def test_a_flood_of_tasks_stops_a_run_before_it_writes(tmp_path: Path) -> None:
    people = [person(str(id_)) for id_ in crowd(3)]
    office = Office(tmp_path, people, guards=Guards(tasks_per_owner=2))
    office.desk.add(*(activity(each.id, "demo_request", each) for each in people))
    with pytest.raises(GuardError, match="owner 7 would get 3 tasks"):
        office.sync(create_tasks=True)
    assert office.desk.tasks == {}
    office.sync(create_tasks=True, accept=True)
    assert len(office.desk.tasks) == 3


def test_an_emptied_account_stays_stopped_however_often_it_is_run(tmp_path: Path) -> None:
    people = [person(str(id_)) for id_ in crowd(30)]
    office = Office(tmp_path, people)
    office.begin()
    for each in people[:10]:
        office.desk.delete(each)
    for _ in range(12):
        with pytest.raises(GuardError, match="shows 20 contacts, the last run saw 30"):
            office.sync()
        office.clock.turn(timedelta(minutes=5))
    assert office.sync(accept=True).outcome == "done"
    assert office.sync().outcome == "done"


def test_a_plan_does_not_make_a_shrunken_account_acceptable(tmp_path: Path) -> None:
    people = [person(str(id_)) for id_ in crowd(30)]
    office = Office(tmp_path, people)
    office.begin()
    for each in people[:10]:
        office.desk.delete(each)
    office.run("plan", Stages(dry_run=True, accept_large_change=True))
    office.run("push", Stages(pulls=False, plans=False))
    with pytest.raises(GuardError, match="shows 20 contacts"):
        office.sync()


def test_another_account_s_credentials_are_refused() -> None:
    check_account(ACCOUNT, None, where="leadripe.yaml")
    check_account(ACCOUNT, "4711", where="leadripe.yaml")
    with pytest.raises(ConfigError, match="open account 4711, the configuration names 815"):
        check_account(ACCOUNT, "815", where="leadripe.yaml, account")


def test_days_are_counted_in_the_configured_zone_or_the_account_s() -> None:
    assert zone_of(ACCOUNT, None) == ZoneInfo("Europe/Paris")
    assert zone_of(ACCOUNT, "Europe/Lisbon") == ZoneInfo("Europe/Lisbon")


def test_the_stages_of_a_sync_can_be_run_one_by_one(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana(), bob()])
    office.run("pull", Stages(plans=False, pushes=False))
    assert set(office.crm.calls) == {"read"}
    office.run("score", Stages(pulls=False, pushes=False))
    assert office.counted()["waiting"] == 2
    office.run("push", Stages(pulls=False, plans=False))
    assert office.says(bob(), "score") == "0"
    assert office.plan().is_empty


def test_a_full_run_reads_everything_again_and_writes_nothing(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana(), bob()])
    office.desk.add(activity("1", "page_view", ana()))
    office.sync()
    report = office.run("sync", Stages(full=True))
    assert report.counts["contacts_read"] == 2
    assert report.counts["activities_read"] == 1
    assert report.plan is not None
    assert report.plan.is_empty


def test_what_was_written_is_told_to_the_adapter_as_ours(tmp_path: Path) -> None:
    crm = FakeCrm((office := Office(tmp_path / "unused")).clock, [ana()])
    Office(tmp_path, crm=crm, clock=office.clock).sync()
    assert crm.echoes == [(office.clock.now(), office.clock.now())]

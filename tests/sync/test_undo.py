"""Undoing a run restores what stood in the CRM before it, and nothing that is a person's."""

import itertools
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from connector.domain.ids import RunId
from connector.errors import CrmUnavailableError, UsageError
from connector.ports import Store
from connector.results import KeptEdit, KeptValue, KeptWhy, RunReport, UndoSummary
from connector.sync.progress import Silent
from connector.sync.run import Parts, Runner, Stages
from tests.fakes.faults import FailsAt, Faultless
from tests.fakes.people import activity, ana, bob, person
from tests.sync.office import PROPERTIES, Office, engine
from tests.sync.test_cut_off import Dying, Killed

HOUR = timedelta(hours=1)
Shown = dict[str, dict[str, str | None]]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Return an account in which Ana and Bob were written twice: at 10 and at 20 points."""
    office = Office(tmp_path / "office", [ana(), bob()])
    earn(office, "1")
    office.begin()
    earn(office, "2")
    return office


def earn(office: Office, id_: str) -> None:
    """Let Ana and Bob each earn ten points."""
    now = office.clock.now()
    office.desk.add(
        *(activity(f"{id_}{each.id}", "page_view", each, now) for each in (ana(), bob()))
    )


def undo(office: Office, run: RunId, *, dry_run: bool = False) -> RunReport:
    with office.store() as store:
        return undo_on(office, store, run, dry_run=dry_run)


def undo_on(office: Office, store: Store, run: RunId, *, dry_run: bool = False) -> RunReport:
    runner = Runner(
        Parts(office.crm, store, engine(), office.clock), office.settings, office.guards
    )
    return runner.undo(run, Silent(), dry_run=dry_run)


def summary(report: RunReport) -> UndoSummary:
    assert report.undo is not None
    return report.undo


def shown(office: Office) -> Shown:
    """Return what the CRM shows of ours: an empty property is none."""
    return {
        str(each.id): {name: each.written[name] or None for name in PROPERTIES.values()}
        for each in office.desk.living()
    }


def synced(office: Office) -> RunId:
    """Sync, and return the run."""
    report = office.sync()
    office.clock.turn(HOUR)
    return report.run


def test_a_run_is_taken_back_and_the_earlier_one_s_values_are_ours(office: Office) -> None:
    before = shown(office)
    run = synced(office)
    assert office.says(ana(), "score") == "20"
    report = undo(office, run)
    assert shown(office) == before
    assert (report.outcome, report.command) == ("done", "undo")
    assert summary(report).restores == summary(report).contacts == 2
    plan = office.plan()
    assert plan.kept == []
    assert plan.writes == 2, "the next sync would write them again, and says so"
    office.sync()
    assert office.says(ana(), "score") == "20"


def test_undoing_again_writes_nothing(office: Office) -> None:
    run = synced(office)
    undo(office, run)
    now, writes = shown(office), office.crm.calls["write"]
    report = undo(office, run)
    assert (shown(office), office.crm.calls["write"]) == (now, writes)
    assert (summary(report).restores, summary(report).contacts) == (0, 2)
    assert summary(report).undone > 0


def test_runs_are_taken_back_one_after_the_other_down_to_nothing(office: Office) -> None:
    with office.store() as store:
        first = store.load_runs()[-1].id
    second = synced(office)
    refused = summary(undo(office, first))
    assert refused.restores == 2, "what only the first run wrote comes back"
    assert set(refused.later_runs) == {second}
    assert refused.kept[KeptWhy.LATER_RUN] == refused.later_runs[second] > 0
    assert office.says(ana(), "score") == "20"
    undo(office, second)
    assert office.says(ana(), "score") == "10"
    undo(office, first)
    assert all(value is None for values in shown(office).values() for value in values.values())


def test_what_a_person_changed_is_kept_and_reported_and_the_rest_restored(office: Office) -> None:
    run = synced(office)
    office.desk.edit(ana(), leadripe_score="99")
    report = undo(office, run)
    assert office.says(ana(), "score") == "99"
    assert "once" not in (office.says(ana(), "reasons") or "")
    assert office.says(bob(), "score") == "10"
    assert summary(report).kept_values == [
        KeptValue(ana().id, "leadripe_score", KeptWhy.PERSON, None)
    ]
    assert office.plan().kept == [KeptEdit(ana().id, "leadripe_score")]


def test_a_person_s_value_that_the_run_replaced_is_theirs_again(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana(), bob()])
    office.desk.edit(ana(), leadripe_score="77")
    run = synced(office)
    assert office.says(ana(), "score") == "0"
    report = undo(office, run)
    assert office.says(ana(), "score") == "77"
    assert summary(report).returned == 1
    for _ in range(2):
        report = office.sync()
        assert office.says(ana(), "score") == "77"
        assert office.says(ana(), "stage") == "suspect", "what was empty is ours again"
        assert report.plan is not None
        assert report.plan.kept == [KeptEdit(ana().id, "leadripe_score")]


def test_looking_changes_nothing_and_counts_the_same(office: Office) -> None:
    run = synced(office)
    now, before = shown(office), office.crm.calls
    looked = undo(office, run, dry_run=True)
    assert shown(office) == now
    assert office.crm.calls == {**before, "read": before["read"] + 1}
    assert office.counted()["waiting"] == 0
    done = undo(office, run)
    assert summary(looked).properties == summary(done).properties
    assert summary(looked).sample == summary(done).sample
    assert looked.counts["planned_calls"] == done.counts["planned_calls"] == 1
    assert (looked.counts["write_calls"], done.counts["write_calls"]) == (0, 1)
    assert (summary(looked).reads, summary(done).reads) == (1, 1)


def test_deleted_and_merged_contacts_are_left_out(tmp_path: Path) -> None:
    people = [person(str(id_)) for id_ in range(1, 5)]
    office = Office(tmp_path, people)
    run = synced(office)
    office.desk.delete(people[0])
    office.desk.merge(people[1], into=people[2])
    report = undo(office, run)
    told = summary(report)
    assert (told.contacts, told.restores, told.deleted, told.merged) == (4, 2, 1, 1)
    assert report.outcome == "done"
    assert all(value is None for values in shown(office).values() for value in values.values())


def test_tasks_stay_and_are_counted(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana(), bob()])
    office.begin()
    office.desk.add(activity("1", "demo_request", ana(), office.clock.now()))
    run = synced(office)
    (task,) = office.desk.open_tasks()
    assert summary(undo(office, run)).tasks.still_open == 1
    assert office.desk.open_tasks() == [task]
    office.sync()
    assert len(office.tasks_of(ana())) == 1, "no second task for the same hand-off"
    office.desk.complete(task.key)
    office.sync()
    assert summary(undo(office, run)).tasks.still_open == 0


def test_what_else_waits_is_not_sent(tmp_path: Path) -> None:
    people = [person(str(id_)) for id_ in range(10)]
    office = Office(tmp_path, people)
    report = office.run("sync", Stages(limit=4))
    office.clock.turn(HOUR)
    undone = undo(office, report.run)
    assert summary(undone).contacts == 4
    assert all(value is None for values in shown(office).values() for value in values.values())
    assert office.counted()["waiting"] == 6


def test_a_refused_restore_is_told_and_tried_again(office: Office) -> None:
    before, run = shown(office), synced(office)
    office.desk.refuse(ana())
    report = undo(office, run)
    assert (report.outcome, report.refused) == ("partial", 1)
    assert shown(office)[bob().id] == before[bob().id]
    office.desk.relent_all()
    assert summary(undo(office, run)).restores == 1
    assert shown(office) == before
    assert office.counted()["refused"] == 0


def test_a_restore_without_an_answer_waits_for_the_next_undo(office: Office) -> None:
    before, run = shown(office), synced(office)
    office.desk.silence(ana())
    assert undo(office, run).outcome == "partial"
    assert office.counted()["waiting"] == 1
    assert summary(undo(office, run)).restores == 1
    assert shown(office) == before
    assert office.counted()["waiting"] == 0


def test_a_sync_takes_back_what_an_undo_left_waiting(office: Office) -> None:
    run = synced(office)
    now = shown(office)
    office.desk.silence(ana())
    undo(office, run)
    office.sync()
    assert shown(office) == now
    assert office.counted()["waiting"] == 0


def test_a_person_s_value_is_theirs_even_if_the_answer_was_lost(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana()])
    office.desk.edit(ana(), leadripe_score="77")
    run = synced(office)
    office.crm.faults = FailsAt(2, loses_answer=True)  # one to read, one to write
    with pytest.raises(CrmUnavailableError):
        undo(office, run)
    office.crm.faults = Faultless()
    office.clock.turn(HOUR)
    office.sync()
    assert office.says(ana(), "score") == "77"


def test_runs_that_cannot_be_undone_are_refused_before_anything(office: Office) -> None:
    run = undo(office, synced(office)).run
    calls = office.crm.calls
    for asked, why in ((run, "itself an undo"), (RunId("99"), "no run"), (RunId("x"), "no run")):
        with pytest.raises(UsageError, match=why):
            undo(office, asked)
    assert office.crm.calls == calls
    with office.store() as store:
        assert store.load_runs(1)[0].id == run


def test_a_run_that_wrote_nothing_is_nothing_to_undo(office: Office) -> None:
    pulled = office.run("pull", Stages(plans=False, pushes=False)).run
    calls = office.crm.calls
    report = undo(office, pulled)
    assert (report.outcome, summary(report).contacts) == ("done", 0)
    assert office.crm.calls == calls


def test_more_contacts_than_a_wave_holds(tmp_path: Path) -> None:
    people = [person(str(id_)) for id_ in range(950)]
    office = Office(tmp_path, people)
    run = synced(office)
    looked, done = undo(office, run, dry_run=True), undo(office, run)
    assert summary(done).restores == 950
    assert summary(looked).estimate == summary(done).estimate
    assert done.counts["write_calls"] == done.counts["planned_calls"] == 10
    assert summary(done).reads == 10
    assert all(value is None for values in shown(office).values() for value in values.values())


def test_our_restores_are_known_as_ours_to_the_next_run(office: Office) -> None:
    run = synced(office)
    began = len(office.crm.echoes)
    report = undo(office, run)
    assert len(office.crm.echoes) == began + 1
    assert {"wrote_from_us", "wrote_until_us", "undone_run"} <= set(report.counts)


def start_of(folder: Path) -> Office:
    """Return an account whose next sync writes to three people, over a person's value for one."""
    office = Office(folder, [ana(), bob()])
    earn(office, "1")
    office.begin()
    office.desk.add(late := person("3"))
    office.desk.edit(late, leadripe_score="77")
    earn(office, "2")
    return office


@pytest.mark.parametrize("loses_answer", [False, True], ids=["before", "after"])
def test_an_undo_cut_off_at_any_call_goes_on_when_started_again(
    tmp_path: Path, *, loses_answer: bool
) -> None:
    start = start_of(tmp_path / "start")
    before = shown(start)
    run = synced(start)
    for call in itertools.count(1):
        office = start.fork(tmp_path / str(call))
        office.crm.faults = faults = FailsAt(call, loses_answer=loses_answer)
        with suppress(CrmUnavailableError):
            undo(office, run)
        office.crm.faults = Faultless()
        assert_undone(office, run, before)
        if not faults.was_reached:
            break
    assert call > 2


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
def test_an_undo_killed_at_any_step_of_the_store_goes_on_when_started_again(
    tmp_path: Path, *, is_done: bool
) -> None:
    start = start_of(tmp_path / "start")
    before = shown(start)
    run = synced(start)
    for step in itertools.count(1):
        office = start.fork(tmp_path / str(step))
        with office.store() as store:
            try:
                undo_on(office, cast(Store, Dying(store, step, is_done=is_done)), run)
            except Killed:
                was_reached = True
            else:
                was_reached = False
        assert_undone(office, run, before)
        if not was_reached:
            break
    assert step > 4


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
def test_a_sync_killed_at_any_step_can_be_undone(tmp_path: Path, *, is_done: bool) -> None:
    start = start_of(tmp_path / "start")
    before = shown(start)
    for step in itertools.count(1):
        office = start.fork(tmp_path / str(step))
        with office.store() as store:
            try:
                office.run_on(cast(Store, Dying(store, step, is_done=is_done)), "sync", Stages())
            except Killed:
                was_reached = True
            else:
                was_reached = False
            runs = store.load_runs(1)
        if runs and runs[0].command == "sync" and step > 1:
            office.clock.turn(HOUR)
            assert_undone(office, runs[0].id, before)
        if not was_reached:
            break
    assert step > 8


def assert_undone(office: Office, run: RunId, before: Shown) -> None:
    """Assert that undoing makes the CRM as it was, and that our values stay ours."""
    office.clock.turn(HOUR)
    undo(office, run)
    assert shown(office) == before
    with office.store() as store:
        assert [entry for entry in store.load_outbox() if is_an_undo_s(store, entry.run)] == []
    office.clock.turn(HOUR)
    plan = office.run("plan", Stages(dry_run=True)).plan
    assert plan is not None
    assert [edit for edit in plan.kept if edit.contact != "3"] == []


def is_an_undo_s(store: Store, run: RunId | None) -> bool:
    record = store.load_run(run) if run else None
    return record is not None and record.command == "undo"

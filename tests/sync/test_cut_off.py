"""Runs that are cut off anywhere are made good by the next."""

import itertools
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from connector.errors import CrmUnavailableError, StoreError
from connector.ports import Store
from connector.sync.run import Stages
from tests.fakes.faults import FailsAt, Faultless
from tests.fakes.people import activity, ana, bob, person
from tests.sync.office import PROPERTIES, Office

HOUR = timedelta(hours=1)

WRITING = (
    "save_page",
    "settle_activities",
    "stage_plan",
    "accept_plan",
    "discard_plan",
    "journal_undo",
    "settle",
    "start_run",
    "end_run",
)
"""What a run asks of the store to keep."""


def eventful(folder: Path) -> Office:
    """Return an account where much has happened since its first run.

    Ana asks for a demo, Bob's waiting write was never answered, Cleo's task is to be completed.
    """
    cleo = person("3")
    office = Office(folder, [ana(), bob(), cleo])
    office.begin()
    office.desk.add(activity("c", "demo_request", cleo, office.clock.now()))
    office.sync()
    office.clock.turn(HOUR)
    now = office.clock.now()
    office.desk.add(activity("1", "page_view", bob(), now))
    office.desk.silence(bob())
    office.sync()
    office.clock.turn(HOUR)
    now = office.clock.now()
    office.desk.add(
        activity("1", "demo_request", ana(), now),
        activity("2", "page_view", bob(), now),
        activity("1", "call", cleo, now, is_outbound=True),
    )
    return office


def assert_made_good(office: Office, wanted: dict[str, dict[str, str | None]]) -> None:
    """Assert that the CRM is as after an undisturbed run, and that nothing is left to do."""
    assert {each.id: each.written for each in office.desk.living()} == wanted
    assert len(office.tasks_of(ana())) == 1
    assert [each.contact for each in office.desk.open_tasks()] == [ana().id]
    assert office.counted()["waiting"] == 0
    plan = office.plan()
    assert plan.is_empty
    assert plan.kept == []


def cut_off_everywhere(
    folder: Path, cut: Callable[[Office, int], bool], repair: Callable[[Office], object]
) -> int:
    """Cut a run off at its first step, its second, and so on; return how many steps there were."""
    start = eventful(folder / "start")
    undisturbed = start.fork(folder / "undisturbed")
    undisturbed.sync()
    wanted = {str(each.id): dict(each.written) for each in undisturbed.desk.living()}
    for step in itertools.count(1):
        office = start.fork(folder / str(step))
        if not cut(office, step):
            return step - 1
        office.clock.turn(HOUR / 60)
        repair(office)
        assert_made_good(office, without_instants(wanted, office))
    raise AssertionError


def without_instants(
    wanted: dict[str, dict[str, str | None]], office: Office
) -> dict[str, dict[str, str | None]]:
    """Let the instants of the hand-off be those of whichever run came to it."""
    at, due = office.says(ana(), "handed_off_at"), office.says(ana(), "due_at")
    assert (at, due) in {
        ("2026-03-02T12:00:00Z", "2026-03-02T13:00:00Z"),
        ("2026-03-02T12:01:00Z", "2026-03-02T13:01:00Z"),
    }
    instants = {PROPERTIES["handed_off_at"]: at, PROPERTIES["due_at"]: due}
    return {**wanted, ana().id: {**wanted[ana().id], **instants}}


@pytest.mark.parametrize("loses_answer", [False, True], ids=["before", "after"])
def test_a_run_cut_off_at_any_call_is_made_good_by_the_next(
    tmp_path: Path, loses_answer: bool
) -> None:
    def cut(office: Office, call: int) -> bool:
        office.crm.faults = faults = FailsAt(call, loses_answer=loses_answer)
        with suppress(CrmUnavailableError):
            office.sync()
        office.crm.faults = Faultless()
        return faults.was_reached

    steps = cut_off_everywhere(tmp_path, cut, Office.sync)
    assert steps >= 7, "four streams, owners, writes and tasks"


def test_a_run_interrupted_at_any_call_is_made_good_by_the_next(tmp_path: Path) -> None:
    def cut(office: Office, call: int) -> bool:
        faults = FailsAt(call, loses_answer=True, error=KeyboardInterrupt)
        office.crm.faults = faults
        try:
            office.sync()
        except KeyboardInterrupt:
            with office.store() as store:
                assert store.load_runs()[0].outcome == "interrupted"
        office.crm.faults = Faultless()
        return faults.was_reached

    cut_off_everywhere(tmp_path, cut, Office.sync)


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
def test_a_run_killed_at_any_step_of_the_store_is_made_good_by_the_next(
    tmp_path: Path, is_done: bool
) -> None:
    def cut(office: Office, step: int) -> bool:
        with office.store() as store:
            dying = cast(Store, Dying(store, step, is_done=is_done))
            try:
                office.run_on(dying, "sync", Stages())
            except Killed:
                return True
        return False

    assert cut_off_everywhere(tmp_path, cut, Office.sync) >= 10


def test_a_disk_that_fails_once_loses_nothing(tmp_path: Path) -> None:
    def cut(office: Office, step: int) -> bool:
        with office.store() as store:
            full = StoreError("the disk is full")
            dying = cast(Store, Dying(store, step, is_done=False, error=full))
            try:
                office.run_on(dying, "sync", Stages())
            except StoreError:
                return True
        return False

    assert cut_off_everywhere(tmp_path, cut, Office.sync) >= 10


def test_a_lost_answer_is_no_person_s_edit_even_if_more_is_wanted_by_then(tmp_path: Path) -> None:
    office = Office(tmp_path, [ana()])
    office.begin()
    office.sync()
    office.desk.add(activity("1", "page_view", ana(), office.clock.now()))
    office.crm.faults = FailsAt(6, loses_answer=True)  # four to read, one to verify, then a write
    with pytest.raises(CrmUnavailableError):
        office.sync()
    office.crm.faults = Faultless()
    assert office.says(ana(), "stage") == "lead", "it arrived"
    office.clock.turn(HOUR)
    office.desk.add(activity("2", "page_view", ana(), office.clock.now()))
    report = office.sync()
    assert office.says(ana(), "score") == "20"
    assert report.plan is not None
    assert report.plan.kept == []
    known = office.known(ana())
    with office.store() as store:
        assert [move.reason for move in store.load_moves(known.no) if move.reason == "person"] == []
        (_, second) = store.load_ledger(known.no)
    assert second.before["leadripe_score"] == "0", "what stood there before our lost write"


class Killed(BaseException):
    """The process is gone: nothing of ours runs any more."""


class Dying:
    """A store whose process dies at a step, before the step is done or right after it.

    From then on nothing is kept any more: a killed process cannot tidy up. An error is different:
    it is raised once, and what comes after works.
    """

    def __init__(
        self, store: Store, step: int, *, is_done: bool, error: BaseException | None = None
    ) -> None:
        self._store = store
        self._step = step
        self._is_done = is_done
        self._error = error
        self._seen = 0

    def __getattr__(self, name: str) -> object:
        method = getattr(self._store, name)
        return self._dying(method) if name in WRITING else method

    def _dying(self, method: Callable[..., object]) -> Callable[..., object]:
        def step(*args: object, **kwargs: object) -> object:
            self._seen += 1
            if self._seen < self._step or (self._error and self._seen > self._step):
                return method(*args, **kwargs)
            if self._is_done and self._seen == self._step:
                method(*args, **kwargs)
            raise self._error or Killed

        return step

from threading import Thread

from connector.columns import table_of
from connector.domain.ids import ContactId, TaskId
from connector.ports import SHOWN, Outcome, Verdict
from connector.rules.tables import MEMORY
from connector.store import EmbeddedStore
from tests.fakes.clock import MONDAY
from tests.store.shelf import (
    NO_MOVE,
    accept,
    answer,
    contact,
    memory,
    no_rows,
    page,
    shown,
    states,
    task,
    write,
)


def fill(store: EmbeddedStore, *ids: str) -> None:
    store.save_page("contacts", page(contacts=[contact(id_) for id_ in ids]))


def test_a_staged_plan_counts_once_it_is_accepted(store: EmbeddedStore) -> None:
    fill(store, "1")
    run = store.start_run("sync", MONDAY, "rules")
    move = table_of(NO_MOVE.schema, [[1, 1, "suspect", "", "lead", "cold", "first_activity"]])
    for _ in range(2):  # staging again takes its own place
        store.stage_plan(
            run,
            score=memory(1),
            move=move,
            shown=shown(1),
            writes=[write(1, "1", {"lr_score": None}, lr_score="40")],
            tasks=[task(1, "1", "k")],
        )
    assert not store.has_accepted_plan()
    assert store.load_outbox() == []
    assert states(store) == []
    store.accept_plan(run, "rules")
    assert store.has_accepted_plan()
    assert [(e.kind, e.state, e.run) for e in store.load_outbox()] == [
        ("contact", "waiting", run),
        ("task", "waiting", run),
    ]
    assert [(s["stage"], s["shown_score"]) for s in states(store)] == [("lead", 40)]
    assert [(m.to_stage, m.reason) for m in store.load_moves(1)] == [("lead", "first_activity")]
    assert store.funnel() == {("lead", "cold"): 1}
    store.accept_plan(run, "rules")
    assert len(store.load_moves(1)) == 1


def test_a_discarded_plan_leaves_nothing(store: EmbeddedStore) -> None:
    fill(store, "1")
    run = store.start_run("plan", MONDAY, "rules")
    store.stage_plan(
        run, score=memory(1), move=None, shown=shown(1), writes=[write(1, "1", a="1")], tasks=[]
    )
    store.discard_plan(run)
    store.accept_plan(run, "rules")
    assert states(store) == []
    assert store.load_outbox() == []


def test_what_is_shown_can_be_staged_after_the_scores(store: EmbeddedStore) -> None:
    fill(store, "1")
    run = store.start_run("sync", MONDAY, "rules")
    none = no_rows(SHOWN)
    store.stage_plan(run, score=memory(1), move=NO_MOVE, shown=none, writes=[], tasks=[])
    store.stage_plan(run, score=None, move=None, shown=shown(1), writes=[], tasks=[])
    store.accept_plan(run, "rules")
    assert [state["shown_score"] for state in states(store)] == [40]
    assert set(MEMORY) <= set(states(store)[0])


def test_an_accepted_write_is_in_the_ledger_and_known(store: EmbeddedStore) -> None:
    fill(store, "1")
    accept(store, writes=[write(1, "1", {"lr_score": "3"}, lr_score="40", lr_stage="lead")])
    answer(store, Verdict.ACCEPTED, lr_score="40.0")
    (record,) = store.load_ledger(1)
    assert record.values == {"lr_score": "40.0", "lr_stage": "lead"}
    assert record.before == {"lr_score": "3"}
    known = store.load_contacts([1])[1]
    assert known.wrote == known.found == {"lr_score": "40.0", "lr_stage": "lead"}
    assert store.load_waiting("contact", 9) == []


def test_the_same_answer_twice_is_recorded_once(store: EmbeddedStore) -> None:
    fill(store, "1")
    run = accept(store, writes=[write(1, "1", a="1")])
    answers = [(store.load_waiting("contact", 9)[0], Outcome(Verdict.ACCEPTED))] * 2
    store.settle(answers, run)
    store.settle(answers, run)
    assert len(store.load_ledger(1)) == 1


def test_a_plan_without_values_takes_back_what_waits(store: EmbeddedStore) -> None:
    fill(store, "1")
    accept(store, writes=[write(1, "1", a="1")])
    assert store.load_contacts([1])[1].waiting == {"a": "1"}
    accept(store, writes=[write(1, "1")])
    assert store.load_outbox() == []
    assert store.load_contacts([1])[1].waiting == {}


def test_a_newer_wish_takes_the_place_of_one_that_waits(store: EmbeddedStore) -> None:
    fill(store, "1")
    accept(store, writes=[write(1, "1", {"a": "0"}, a="1", b="1")])
    (old,) = store.load_waiting("contact", 9)
    run = accept(store, writes=[write(1, "1", {"a": "1"}, a="2", c="2")])
    (new,) = store.load_waiting("contact", 9)
    assert (new.id, new.revision) == (old.id, old.revision + 1)
    assert new.write_back is not None
    assert new.write_back.values == {"a": "2", "c": "2"}, "planning brings all that is wanted"
    store.settle([(old, Outcome(Verdict.REFUSED))], run)
    assert store.load_waiting("contact", 9) == [new], "an answer to the older one settles nothing"
    store.settle([(old, Outcome(Verdict.ACCEPTED))], run)
    assert store.load_waiting("contact", 9) == [new]
    assert store.load_contacts([1])[1].wrote == {"a": "1", "b": "1"}, "it stands in the CRM"
    store.settle([(new, Outcome(Verdict.ACCEPTED))], run)
    assert store.load_waiting("contact", 9) == []
    assert store.load_ledger(1)[-1].before == {"a": "0"}


def test_an_unavailable_write_waits(store: EmbeddedStore) -> None:
    fill(store, "1")
    accept(store, writes=[write(1, "1", a="1")])
    answer(store, Verdict.UNAVAILABLE)
    assert [entry.state for entry in store.load_outbox()] == ["waiting"]


def test_a_refused_write_is_looked_at_again_and_sent_again_only_if_it_differs(
    store: EmbeddedStore,
) -> None:
    fill(store, "1")
    wish = [write(1, "1", a="1")]
    accept(store, score=memory(1), shows=shown(1), writes=wish)
    answer(store, Verdict.REFUSED)
    assert [(e.state, e.reason) for e in store.load_outbox("refused")] == [("refused", "a reason")]
    assert [state["shown_score"] for state in states(store)] == [None]
    accept(store, shows=shown(1), writes=wish)
    assert store.load_waiting("contact", 9) == []
    assert [state["shown_score"] for state in states(store)] == [None]
    accept(store, shows=shown(1), writes=[write(1, "1", a="2")])
    assert [entry.write_back.values for entry in store.load_outbox() if entry.write_back] == [
        {"a": "2"}
    ]
    assert store.count()["waiting"] == 1


def test_refused_writes_wait_again_when_told_to(store: EmbeddedStore) -> None:
    fill(store, "1", "2")
    accept(store, writes=[write(1, "1", a="1"), write(2, "2", a="1")])
    answer(store, Verdict.REFUSED)
    assert store.retry_refused() == 2
    assert store.count()["waiting"] == 2
    assert store.retry_refused() == 0


def test_a_dropped_write_is_forgotten_and_looked_at_again(store: EmbeddedStore) -> None:
    fill(store, "1")
    accept(store, score=memory(1), shows=shown(1), writes=[write(1, "1", a="1")])
    (entry,) = store.load_outbox()
    assert store.drop_outbox([entry.id, 999]) == 1
    assert store.load_outbox() == []
    assert [state["shown_score"] for state in states(store)] == [None]


def test_a_write_to_a_deleted_contact_ends_the_matter(store: EmbeddedStore) -> None:
    fill(store, "1", "2")
    accept(store, score=memory(1), writes=[write(1, "1", a="1")], tasks=[task(1, "1", "k")])
    answer(store, Verdict.GONE)
    assert store.load_outbox() == []
    assert store.find_contact("1") is None
    accept(store, score=memory(1), writes=[write(1, "1", a="1")], tasks=[task(1, "1", "k2")])
    assert store.load_outbox() == [], "nothing is planned for a deleted contact"


def test_an_answer_with_another_id_tells_of_a_merge(store: EmbeddedStore) -> None:
    fill(store, "1", "2")
    run = accept(store, writes=[write(1, "1", a="1")])
    (entry,) = store.load_waiting("contact", 9)
    store.settle([(entry, Outcome(Verdict.ACCEPTED, contact=ContactId("2")))], run)
    survivor = store.find_contact("1")
    assert survivor is not None
    assert (survivor.id, survivor.wrote) == ("2", {"a": "1"})
    assert len(store.load_ledger(survivor.no)) == 1


def test_a_task_is_wished_for_once(store: EmbeddedStore) -> None:
    fill(store, "1")
    accept(store, score=memory(1), tasks=[task(1, "1", "k")])
    answer(store, Verdict.ACCEPTED, "task")
    accept(store, tasks=[task(1, "1", "k", body="Other words")])
    assert store.load_waiting("task", 9) == []
    run = accept(store, tasks=[task(1, "1", "k", is_done=True)])
    (done,) = store.load_waiting("task", 9)
    assert done.task is not None
    assert done.task.is_done
    store.settle([(done, Outcome(Verdict.ACCEPTED, task=TaskId("7")))], run)
    assert store.load_contacts([1])[1].open_tasks == ()
    accept(store, tasks=[task(1, "1", "k"), task(1, "1", "k2")])
    assert [e.task.key for e in store.load_waiting("task", 9) if e.task] == ["k2"]


def test_waiting_entries_come_in_portions(store: EmbeddedStore) -> None:
    ids = [str(n) for n in range(1, 8)]
    fill(store, *ids)
    accept(store, writes=[write(no, str(no), a="1") for no in range(1, 8)])
    first = store.load_waiting("contact", 4)
    rest = store.load_waiting("contact", 4, after=first[-1].id)
    assert [e.no for e in (*first, *rest)] == list(range(1, 8))


def test_several_threads_may_settle(store: EmbeddedStore) -> None:
    ids = [str(n) for n in range(1, 101)]
    fill(store, *ids)
    run = accept(store, writes=[write(no, str(no), a="1") for no in range(1, 101)])
    entries = store.load_waiting("contact", 100)
    threads = [
        Thread(target=store.settle, args=([(e, Outcome(Verdict.ACCEPTED)) for e in part], run))
        for part in (entries[start::4] for start in range(4))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.count()["waiting"] == 0
    assert sum(len(store.load_ledger(no)) for no in range(1, 101)) == 100

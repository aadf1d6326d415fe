"""What was true at a past instant: versions of fields, deals, memory and what people said."""

import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.ports import Shapes, Verdict
from connector.rules.conditions import Kind
from connector.store import EmbeddedStore, open_store
from tests.fakes.clock import MONDAY, FakeClock
from tests.store.shelf import (
    ACCOUNT,
    COMPILED,
    SHAPES,
    accept,
    answer,
    contact,
    deal,
    gone,
    known_task,
    memory,
    new_store,
    number,
    page,
    task,
    write,
)

DAY = 24 * 60


def at(minute: int) -> datetime:
    return MONDAY + timedelta(minutes=minute)


def us(minute: int) -> int:
    return (at(minute) - datetime.fromisoformat("1970-01-01T00:00Z")) // timedelta(microseconds=1)


def title(store: EmbeddedStore, no: int, minute: int | None) -> object:
    then = None if minute is None else at(minute)
    return store.load_facts_of(no, COMPILED, then).contact["f_job_title"].to_pylist()[0]


def state(store: EmbeddedStore, no: int, minute: int, *columns: str) -> list[object] | None:
    rows = store.load_facts_of(no, COMPILED, at(minute)).state.to_pylist()
    return [rows[0][name] for name in columns] if rows else None


def versions(folder: Path, table: str) -> int:
    with sqlite3.connect(folder / "state.db") as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    connection.close()
    return int(count)


def test_a_field_is_what_it_was(store: EmbeddedStore) -> None:
    for minute, name in ((0, "Intern"), (10, "Head of Ops"), (30, "COO")):
        store.save_page("c", page(contacts=[contact("1", minute=minute, title=name)]))
    no = number(store, "1")
    found = {minute: title(store, no, minute) for minute in (-5, 0, 9, 10, 29, 30, 99, None)}
    assert found == {
        -5: "Intern",  # before the first reading the first known value stands in
        0: "Intern",
        9: "Intern",
        10: "Head of Ops",
        29: "Head of Ops",
        30: "COO",
        99: "COO",
        None: "COO",
    }
    whole = store.load_facts(no % 64, COMPILED, at(12)).contact.to_pylist()
    assert [row["f_job_title_folded"] for row in whole] == ["head of ops"]


def test_an_unknown_value_becomes_known(store: EmbeddedStore) -> None:
    before = replace(contact("1"), fields={"job_title": None, "employees": None})
    store.save_page("c", page(contacts=[before]))
    store.save_page("c", page(contacts=[contact("1", minute=5)]))
    assert title(store, number(store, "1"), 4) is None
    assert title(store, number(store, "1"), 5) == "Head of Ops"


def test_only_what_changes_takes_room(store: EmbeddedStore, folder: Path) -> None:
    people = [contact(str(n)) for n in range(50)]
    store.save_page("c", page(contacts=people))
    store.save_page("c", page(contacts=people))
    store.save_page("c", page(contacts=[contact(str(n), f"{n}@x.example") for n in range(50)]))
    assert versions(folder, "contact_former") == 0
    store.save_page("c", page(contacts=[contact("7", minute=1, title="COO")]))
    assert versions(folder, "contact_former") == 1


def test_a_field_that_the_mapping_reads_from_now_on_is_no_change(folder: Path) -> None:
    narrow = Shapes({"job_title": Kind.TEXT}, SHAPES.attributes, SHAPES.watched)
    with open_store(folder, narrow, FakeClock()) as store:
        store.bind("hubspot", ACCOUNT, "Europe/Paris")
        one = replace(contact("1"), fields={"job_title": "COO"})
        store.save_page("c", page(contacts=[one]))
    with new_store(folder) as store:
        store.save_page("c", page(contacts=[contact("1", minute=5, title="COO")]))
        assert versions(folder, "contact_former") == 0
        no = number(store, "1")
        then = store.load_facts_of(no, COMPILED, at(1)).contact.to_pylist()
        assert then[0]["f_employees"] == 250_000_000


def test_a_deal_is_what_it_was(store: EmbeddedStore, folder: Path) -> None:
    store.save_page("c", page(contacts=[contact("1")]))
    for changed, amount, is_won in ((0, 500, False), (20, 900, False), (40, 900, True)):
        one = deal("d", "1", changed=us(changed), amount=amount)
        one = replace(one, is_closed=is_won, is_won=is_won, probability=300_000)
        store.save_page("d", page(opportunities=[one, one]))
    no = number(store, "1")

    def then(minute: int) -> tuple[object, ...]:
        (row,) = store.load_facts_of(no, COMPILED, at(minute)).opportunity.to_pylist()
        return row["amount"], row["is_won"], row["changed_us"]

    assert then(19) == (500, False, us(0))
    assert then(20) == then(39) == (900, False, us(20))
    assert then(40) == (900, True, us(40))
    assert versions(folder, "opportunity_former") == 2


def test_memory_is_what_was_remembered(folder: Path) -> None:
    clock = FakeClock()
    with new_store(folder, clock) as store:
        store.save_page("c", page(contacts=[contact("1")]))
        no = number(store, "1")
        columns = ("stage", "temperature", "handed_off_us", "hand_off_open")
        moments = (
            memory(no),
            memory(no),
            memory(no, temperature="hot", handed_off_us=us(2 * DAY), hand_off_open=True),
            memory(no, stage="prospect", temperature="cold", handed_off_us=us(2 * DAY)),
        )
        for score in moments:
            accept(store, score=score)
            clock.turn(timedelta(days=1))
        assert state(store, no, -1, *columns) is None  # nobody had evaluated it yet
        assert state(store, no, DAY, *columns) == ["lead", "cold", None, False]
        assert state(store, no, 2 * DAY - 1, *columns) == ["lead", "cold", None, False]
        assert state(store, no, 2 * DAY, *columns) == ["lead", "hot", us(2 * DAY), True]
        assert state(store, no, 3 * DAY, *columns) == ["prospect", "cold", us(2 * DAY), False]
        assert versions(folder, "state_former") == 2


def test_what_was_remembered_before_versions_were_kept_stands_in(folder: Path) -> None:
    clock = FakeClock()
    with new_store(folder, clock) as store:
        store.save_page("c", page(contacts=[contact("1")]))
        no = number(store, "1")
        accept(store, score=memory(no))
    with sqlite3.connect(folder / "state.db") as connection:
        connection.execute("UPDATE state SET since_us = NULL")  # as an older leadripe left it
    connection.close()
    with new_store(folder, clock) as store:
        assert state(store, no, -DAY, "stage", "temperature") == ["lead", "cold"]
        clock.turn(timedelta(days=1))
        accept(store, score=memory(no, temperature="warm"))
        assert state(store, no, -DAY, "temperature") == ["cold"]
        assert state(store, no, DAY, "temperature") == ["warm"]


def test_a_task_was_done_only_once_it_was(folder: Path) -> None:
    clock = FakeClock()
    with new_store(folder, clock) as store:
        store.save_page("c", page(contacts=[contact("1")]))
        no = number(store, "1")
        open_ = memory(no, temperature="hot", handed_off_us=us(0), hand_off_open=True)
        accept(store, score=open_, tasks=[task(no, "1", "k")])
        answer(store, Verdict.ACCEPTED, "task")
        store.save_page("t", page(tasks=[known_task("k", "1", is_done=True, changed=us(DAY))]))
        assert state(store, no, DAY - 1, "task_done") == [False]
        assert state(store, no, DAY, "task_done") == [True]
        clock.turn(timedelta(days=2))
        accept(store, score=memory(no, temperature="hot", handed_off_us=us(0)))
        assert state(store, no, DAY - 1, "hand_off_open", "task_done") == [True, False]
        assert state(store, no, DAY, "hand_off_open", "task_done") == [True, True]


def test_what_people_said_counts_from_when_they_said_it(store: EmbeddedStore) -> None:
    wrote = {"lr_stage": "lead", "lr_feedback": None}
    store.save_page("c", page(contacts=[contact("1")]))
    no = number(store, "1")
    accept(store, score=memory(no), writes=[write(no, "1", lr_stage="lead")])
    answer(store, Verdict.ACCEPTED, lr_stage="lead")
    store.save_page("c", page(contacts=[contact("1", minute=5, written=wrote)]))
    said = {"lr_stage": "client", "lr_feedback": "accepted"}
    store.save_page("c", page(contacts=[contact("1", minute=10, written=said)]))
    said = {"lr_stage": "lead", "lr_feedback": "rejected_no_need"}
    store.save_page("c", page(contacts=[contact("1", minute=20, written=said)]))
    columns = ("human_stage", "verdict", "verdict_us")
    assert state(store, no, 9, *columns) == [None, None, None]
    assert state(store, no, 10, *columns) == ["client", "accepted", us(10)]
    assert state(store, no, 19, *columns) == ["client", "accepted", us(10)]
    assert state(store, no, 20, *columns) == [None, "rejected", us(20)]
    told = [(each.until, each.human_stage, each.verdict) for each in store.load_versions(no)]
    assert told == [(at(10), None, None), (at(20), "client", "accepted")]


def test_a_verdict_that_was_there_at_the_first_reading_counts_from_its_stamp(
    store: EmbeddedStore,
) -> None:
    said = {"lr_feedback": "accepted"}
    store.save_page("c", page(contacts=[contact("1", minute=10, written=said)]))
    no = number(store, "1")
    accept(store, score=memory(no))
    assert state(store, no, 10, "verdict") == ["accepted"]
    assert state(store, no, 9, "verdict") == [None]


def test_what_is_deleted_or_merged_leaves_no_version(store: EmbeddedStore, folder: Path) -> None:
    for id_ in ("1", "2", "3"):
        store.save_page("c", page(contacts=[contact(id_), contact(id_, minute=1, title="COO")]))
        store.save_page("c", page(contacts=[contact(id_, minute=2, title="CFO")]))
    assert versions(folder, "contact_former") == 3
    store.save_page("c", page(gone=[gone("1"), gone("2", into="3")]))
    assert versions(folder, "contact_former") == 1


def test_versions_are_kept_since_the_first_run(folder: Path) -> None:
    clock = FakeClock()
    with new_store(folder, clock) as store:
        assert store.kept_since() is None
        store.start_run("pull", clock.now(), "rules")
        clock.turn(timedelta(days=3))
        store.start_run("pull", clock.now(), "rules")
        assert store.kept_since() == MONDAY


@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.sampled_from(["a", "b", "c", None])),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=40, deadline=None)
def test_any_order_of_readings_gives_the_latest_stamp_its_due(
    tmp_path_factory: pytest.TempPathFactory, readings: list[tuple[int, str | None]]
) -> None:
    """Readings that come late are older than what is stored, and change nothing."""
    folder = tmp_path_factory.mktemp("store")
    held: list[tuple[int, str | None]] = []
    with new_store(folder) as store:
        for minute, name in readings:
            one = replace(contact("1", minute=minute), fields={"job_title": name})
            store.save_page("c", page(contacts=[one]))
            if not held or minute >= held[-1][0]:
                held.append((minute, name))
        no = number(store, "1")
        for minute in range(-1, 14):
            known = [name for stamp, name in held if stamp <= minute]
            assert title(store, no, minute) == (known[-1] if known else held[0][1])

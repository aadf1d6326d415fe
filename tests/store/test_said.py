"""What people say by the CRM's own fields."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.ports import Native, Shapes, Verdict, Watched
from connector.store import EmbeddedStore, open_store
from tests.fakes.clock import FakeClock
from tests.store.shelf import (
    ACCOUNT,
    COMPILED,
    SHAPES,
    accept,
    answer,
    contact,
    memory,
    number,
    page,
    write,
)

CYCLE = Native("cycle", read={"customer": "client", "sql": "accepted", "dead": "rejected"})
WATCHED = Watched(stage="lr_stage", verdict="lr_feedback", native=(CYCLE,))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    shapes = Shapes(SHAPES.fields, SHAPES.attributes, WATCHED)
    with open_store(tmp_path / "store", shapes, FakeClock()) as opened:
        opened.bind("hubspot", ACCOUNT, "Europe/Paris")
        opened.save_page("c", page(contacts=[contact("1")]))
        accept(opened, score=memory(number(opened, "1")))
        yield opened


def shows(store: EmbeddedStore, minute: int, **found: str | None) -> tuple[object, object]:
    """Read what the CRM shows, and return what it says: (stage of a person, verdict)."""
    store.save_page("c", page(contacts=[contact("1", minute=minute, written=found)]))
    return said(store)


def said(store: EmbeddedStore) -> tuple[object, object]:
    (row,) = store.load_facts_of(number(store, "1"), COMPILED).state.to_pylist()
    return row["human_stage"], row["verdict"]


def test_an_option_that_we_did_not_set_speaks(store: EmbeddedStore) -> None:
    assert shows(store, 1, cycle="lead") == (None, None)
    assert shows(store, 2, cycle="customer") == ("client", None)
    assert shows(store, 3, cycle="sql") == (None, "accepted")
    assert shows(store, 4, cycle="dead") == (None, "rejected")
    assert shows(store, 5, cycle="lead") == (None, None)


def test_our_own_value_says_nothing(store: EmbeddedStore) -> None:
    no = number(store, "1")
    accept(store, writes=[write(no, "1", cycle="customer")])
    assert shows(store, 1, cycle="customer") == (None, None)  # it waits: it may be ours
    answer(store, Verdict.ACCEPTED, cycle="customer")
    assert said(store) == (None, None)
    assert shows(store, 2, cycle="sql") == (None, "accepted")


def test_a_verdict_stands_when_we_move_the_field_on(store: EmbeddedStore) -> None:
    assert shows(store, 1, cycle="sql") == (None, "accepted")
    accept(store, writes=[write(number(store, "1"), "1", cycle="opportunity")])
    answer(store, Verdict.ACCEPTED, cycle="opportunity")
    assert said(store) == (None, "accepted")
    assert shows(store, 2, cycle="opportunity") == (None, "accepted")
    assert shows(store, 3, cycle="lead") == (None, None)  # a person took it back


def test_our_own_properties_come_first(store: EmbeddedStore) -> None:
    accept(store, writes=[write(number(store, "1"), "1", lr_stage="lead")])
    answer(store, Verdict.ACCEPTED, lr_stage="lead")
    found = {"lr_stage": "prospect", "lr_feedback": "rejected_no_need"}
    assert shows(store, 1, cycle="customer", **found) == ("prospect", "rejected")
    assert shows(store, 2, cycle="sql", lr_feedback="rejected_no_need") == (None, "rejected")


def test_a_past_instant_knows_what_was_said_then(store: EmbeddedStore) -> None:
    shows(store, 1, cycle="customer")
    shows(store, 2, cycle="lead")
    told = [(each.human_stage, each.verdict) for each in store.load_versions(number(store, "1"))]
    assert told == [(None, None), ("client", None)]

"""The CRM's own history of fields: what it tells of the time before our own record, and no more."""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connector.domain.contact import Value
from connector.domain.ids import ContactId
from connector.ports import Basis, ContactHistory, FieldHistory, FormerFields, FormerValue, Shapes
from connector.rules.conditions import Kind
from connector.store import EmbeddedStore, open_store
from connector.store.encoding import to_us
from tests.fakes.clock import MONDAY, FakeClock
from tests.store.shelf import ACCOUNT, COMPILED, SHAPES, contact, gone, new_store, number, page

FIELDS = ("employees", "job_title")
WHOLE = FieldHistory()


def at(minute: int) -> datetime:
    return MONDAY + timedelta(minutes=minute)


def us(minute: int) -> int:
    return to_us(at(minute))


def history(until: Mapping[int, Value], since: int | None = None) -> FieldHistory:
    """Return a field's history: {minute until which it held: value}."""
    former = [FormerValue(us(minute), value) for minute, value in until.items()]
    return FieldHistory(former, None if since is None else us(since))


def keep(store: EmbeddedStore, id_: str, **fields: FieldHistory) -> None:
    store.save_histories(FIELDS, {number(store, id_): ContactHistory(ContactId(id_), fields)})


def title(store: EmbeddedStore, id_: str, minute: int | None) -> object:
    then = None if minute is None else at(minute)
    facts = store.load_facts_of(number(store, id_), COMPILED, then)
    return facts.contact["f_job_title"].to_pylist()[0]


@pytest.fixture
def store(folder: Path, clock: FakeClock) -> object:
    """Yield a store that read one contact at 9:10, and a later version of it at 9:30."""
    with new_store(folder, clock) as opened:
        clock.turn(timedelta(minutes=10))
        opened.save_page("c", page(contacts=[contact("1", minute=5, title="Head of Ops")]))
        clock.turn(timedelta(minutes=20))
        opened.save_page("c", page(contacts=[contact("1", minute=30, title="COO")]))
        yield opened


def test_before_our_own_record_the_crm_tells_what_stood_there(store: EmbeddedStore) -> None:
    keep(store, "1", job_title=history({-90: None, -30: "Intern", 5: "Junior", 30: "Head of Ops"}))
    found = {minute: title(store, "1", minute) for minute in (-99, -90, -31, -30, 4, 5, 29, 30)}
    assert found == {
        -99: None,
        -90: "Intern",
        -31: "Intern",
        -30: "Junior",
        4: "Junior",
        5: "Head of Ops",
        29: "Head of Ops",
        30: "COO",
    }
    assert title(store, "1", None) == "COO"


def test_what_we_saw_ourselves_is_not_contradicted(store: EmbeddedStore) -> None:
    keep(store, "1", job_title=history({2: "Junior", 20: "Astronaut", 30: "Pilot"}))
    assert title(store, "1", 1) == "Junior"
    assert title(store, "1", 11) == "Head of Ops"  # read at minute 10
    assert title(store, "1", 29) == "Head of Ops"


def test_what_changed_before_our_own_record_is_told_apart(store: EmbeddedStore) -> None:
    keep(store, "1", job_title=history({-90: None, 2: "Junior", 20: "Astronaut", 30: "Pilot"}))
    told = store.load_former_values(number(store, "1"))
    assert told == [
        FormerFields(at(-90), {"job_title": None}),
        FormerFields(at(2), {"job_title": "Junior"}),
        FormerFields(at(20), {"job_title": "Astronaut"}, is_before_ours=False),
        FormerFields(at(30), {"job_title": "Pilot"}, is_before_ours=False),
    ]
    versions = store.load_versions(number(store, "1"))
    assert [(each.until, each.was) for each in versions] == [(at(30), {"job_title": "Head of Ops"})]


def test_who_made_a_change_is_kept_and_one_contact_may_be_asked_again(
    store: EmbeddedStore,
) -> None:
    by_lea = FormerValue(us(2), "Junior", by="user:7")
    keep(store, "1", job_title=FieldHistory([by_lea]), employees=WHOLE)
    no = number(store, "1")
    assert [each.by for each in store.load_former_values(no)] == ["user:7"]
    assert store.count_unasked(FIELDS) == 0
    store.forget_histories(no)
    assert store.count_unasked(FIELDS) == 1
    assert [each.by for each in store.load_former_values(no)] == ["user:7"], "until it is replaced"


def test_a_field_that_is_named_later_is_the_crms_to_tell_until_then(
    folder: Path, clock: FakeClock
) -> None:
    narrow = Shapes({"job_title": Kind.TEXT}, SHAPES.attributes, SHAPES.watched)
    with open_store(folder, narrow, clock) as store:
        store.bind("hubspot", ACCOUNT, "Europe/Paris")
        one = replace(contact("1"), fields={"job_title": "Head of Ops"})
        store.save_page("c", page(contacts=[one]))
    clock.turn(timedelta(minutes=60))
    with new_store(folder, clock) as store:
        store.save_page("c", page(contacts=[contact("1")]))
        keep(store, "1", employees=history({20: 7_000_000}), job_title=history({20: "Astronaut"}))
        rows = store.load_facts_of(number(store, "1"), COMPILED, at(10)).contact.to_pylist()
        assert (rows[0]["f_employees"], rows[0]["f_job_title"]) == (7_000_000, "Head of Ops")
        bases = store.load_bases(FIELDS, at(10))
        assert bases == {"employees": Basis(told=1), "job_title": Basis(seen=1)}
        assert store.load_bases(["employees"], at(61)) == {"employees": Basis(seen=1)}


def test_whoever_was_asked_is_not_asked_again(store: EmbeddedStore) -> None:
    store.save_page("c", page(contacts=[contact("2"), contact("3")]))
    waiting = store.load_unasked(FIELDS, 2)
    assert [each.id for each in waiting] == ["1", "2"]
    assert [each.id for each in store.load_unasked(FIELDS, 2, waiting[-1].no)] == ["3"]
    keep(store, "1", job_title=WHOLE)
    keep(store, "3")
    assert [each.id for each in store.load_unasked(FIELDS, 9)] == ["2"]
    assert store.count_unasked(FIELDS) == 1
    assert store.count_unasked(["job_title"]) == 1, "fewer fields were asked for, too"
    assert store.count_unasked([*FIELDS, "country"]) == 3, "another field was not"
    store.forget_histories()
    assert store.count_unasked(FIELDS) == 3


def test_asked_again_takes_the_place_of_what_was_told(store: EmbeddedStore) -> None:
    keep(store, "1", job_title=history({-30: "Intern", 5: "Junior"}))
    keep(store, "1", job_title=history({5: "Trainee"}))
    assert title(store, "1", -40) == "Trainee"


def test_a_look_says_on_what_each_field_rests(store: EmbeddedStore, clock: FakeClock) -> None:
    store.save_page("c", page(contacts=[contact(id_) for id_ in "2345"]))
    keep(store, "1", job_title=WHOLE, employees=WHOLE)
    keep(store, "2", job_title=history({-30: "Intern"}, since=-600))
    keep(store, "3", job_title=history({-30: "Intern"}, since=-60))
    bases = store.load_bases(FIELDS, at(-120))
    assert bases["job_title"] == Basis(told=2, cut=1, unasked=2, told_since=at(-600))
    assert bases["employees"] == Basis(told=1, unkept=2, unasked=2)
    assert bases["job_title"].total == 5
    assert store.load_bases(FIELDS, at(11))["job_title"] == Basis(
        seen=1, told=2, unasked=2, told_since=at(-60)
    )
    assert store.load_bases(FIELDS, at(31))["employees"] == Basis(seen=5)
    one = store.load_bases(["job_title"], at(-120), number(store, "3"))
    assert one == {"job_title": Basis(cut=1)}


def test_what_was_told_of_a_person_goes_with_the_person(store: EmbeddedStore, folder: Path) -> None:
    store.save_page("c", page(contacts=[contact("2"), contact("3")]))
    for id_ in "123":
        keep(store, id_, job_title=history({-30: "Intern"}))
    store.save_page("c", page(gone=[gone("1"), gone("2", into="3")]))
    with sqlite3.connect(folder / "state.db") as connection:
        rows = connection.execute("SELECT no FROM field_former").fetchall()
    connection.close()
    assert rows == [(number(store, "3"),)]
    waiting = store.load_unasked(FIELDS, 9)
    assert [(each.id, each.former) for each in waiting] == [("3", ("2",))], "its past may be more"


def test_of_a_store_of_before_our_record_begins_with_the_versions(folder: Path) -> None:
    clock = FakeClock()
    with new_store(folder, clock) as store:
        store.save_page("c", page(contacts=[contact("1", minute=-60)]))
        store.start_run("pull", clock.now(), "rules")
    with sqlite3.connect(folder / "state.db") as connection:
        connection.execute("UPDATE contact SET first_us = NULL")  # as an older leadripe left it
    connection.close()
    with new_store(folder, clock) as store:
        keep(store, "1", job_title=history({-30: "Intern", 20: "Astronaut"}))
        assert title(store, "1", -31) == "Intern"
        assert title(store, "1", 1) == "Head of Ops"
        assert store.load_bases(["job_title"], at(1)) == {"job_title": Basis(seen=1)}

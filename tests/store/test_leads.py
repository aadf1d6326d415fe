"""Leads in the store: the one that is open, what it shows, what became of what was written."""

from datetime import timedelta
from pathlib import Path

import pytest

from connector.domain.contact import Lead
from connector.domain.ids import ContactId, LeadId
from connector.ports import KnownLead, Outcome, PlannedRestore, PlannedWrite, Verdict, WriteBack
from connector.store import EmbeddedStore
from connector.store.database import migrations, open_database
from tests.fakes.clock import MONDAY, FakeClock
from tests.store.shelf import accept, answer, contact, gone, new_store, number, page

HOT = {"leads/L/label": "HOT"}


def lead(
    id_: str = "L",
    of: str | None = "1",
    label: str | None = None,
    *,
    is_open: bool = True,
    created: int = 0,
    changed: int = 0,
) -> Lead:
    contact_id = ContactId(of) if of else None
    return Lead(LeadId(id_), contact_id, {"label": label}, is_open, created, changed)


def save(store: EmbeddedStore, *leads: Lead) -> None:
    store.save_page("leads", page(leads=leads))


def known(store: EmbeddedStore, id_: str = "1") -> KnownLead | None:
    found = store.find_contact(id_)
    assert found is not None
    return found.lead


def shown(store: EmbeddedStore) -> dict[int, str | None]:
    rows = [row for each in store.buckets() for row in store.load_leads(each, "label").to_pylist()]
    return {row["contact"]: row["label"] for row in rows}


def to_lead(
    store: EmbeddedStore, *, before: str | None = None, **values: str | None
) -> PlannedWrite:
    named = {f"leads/L/{name}": value for name, value in values.items()}
    write_back = WriteBack(ContactId("1"), named)
    return PlannedWrite(number(store, "1"), write_back, {"leads/L/label": before}, "lead")


@pytest.fixture
def store(store: EmbeddedStore) -> EmbeddedStore:
    store.save_page("contacts", page(contacts=[contact("1"), contact("2")]))
    return store


def test_the_open_lead_made_last_is_the_contact_s(store: EmbeddedStore) -> None:
    save(
        store,
        lead("A", label="COLD", created=1),
        lead("C", label="HOT", created=3, is_open=False),
        lead("B", label="WARM", created=2),
    )
    found = known(store)
    assert found is not None
    assert (found.id, found.found, found.wrote) == ("B", {"leads/B/label": "WARM"}, {})
    assert shown(store) == {number(store, "1"): "WARM"}
    save(store, lead("B", label="WARM", created=2, changed=1, is_open=False))
    found = known(store)
    assert found is not None
    assert found.id == "A"
    save(store, lead("A", is_open=False, changed=1))
    assert known(store) is None
    assert shown(store) == {}


def test_an_older_reading_brings_nothing_back(store: EmbeddedStore) -> None:
    save(store, lead(label="HOT", changed=5))
    save(store, lead(label="COLD", changed=4, is_open=False))
    assert shown(store) == {number(store, "1"): "HOT"}


def test_a_lead_read_without_its_contact_keeps_it(store: EmbeddedStore) -> None:
    save(store, lead(label="COLD"))
    save(store, lead(of=None, label="HOT", changed=1))
    assert shown(store) == {number(store, "1"): "HOT"}


def test_a_lead_is_fresh_until_the_next_run(store: EmbeddedStore) -> None:
    store.start_run("sync", MONDAY, "rules")
    save(store, lead())
    found = known(store)
    assert found is not None
    assert found.is_fresh
    store.start_run("sync", MONDAY, "rules")
    found = known(store)
    assert found is not None
    assert not found.is_fresh


def test_what_a_lead_accepted_is_ours_and_in_the_ledger(store: EmbeddedStore) -> None:
    save(store, lead(label="COLD"))
    accept(store, writes=[to_lead(store, before="COLD", label="HOT")])
    found = store.find_contact("1")
    assert found is not None
    assert (found.lead_waiting, found.waiting) == (HOT, {})
    assert store.load_edited(number(store, "1") % 64) == [number(store, "1")]
    answer(store, Verdict.ACCEPTED, "lead")
    found = store.find_contact("1")
    assert found is not None
    assert found.lead is not None
    assert (found.lead.found, found.lead.wrote, found.lead_waiting) == (HOT, HOT, {})
    assert (found.found, found.wrote) == ({}, {}), "the contact itself was not written to"
    (record,) = store.load_ledger(found.no)
    assert (record.values, record.before) == (HOT, {"leads/L/label": "COLD"})


def test_our_own_write_is_newer_than_what_the_index_still_shows(store: EmbeddedStore) -> None:
    save(store, lead(label="COLD"))
    accept(store, writes=[to_lead(store, label="HOT")])
    (entry,) = store.load_waiting("lead", 10)
    at = MONDAY + timedelta(hours=1)
    store.settle([(entry, Outcome(Verdict.ACCEPTED, changed_at=at))], store.load_runs(1)[0].id)
    save(store, lead(label="COLD", changed=1))
    assert shown(store) == {number(store, "1"): "HOT"}


def test_contact_and_lead_are_settled_apart(store: EmbeddedStore) -> None:
    save(store, lead())
    no = number(store, "1")
    to_contact = PlannedWrite(no, WriteBack(ContactId("1"), {"score": "1"}), {})
    accept(store, writes=[to_contact, to_lead(store, label="HOT")])
    answer(store, Verdict.ACCEPTED)
    answer(store, Verdict.REFUSED, "lead")
    found = store.find_contact("1")
    assert found is not None
    assert (found.wrote, found.refused) == ({"score": "1"}, {})
    assert found.lead_refused == HOT
    assert store.count()["refused"] == 1
    assert store.retry_refused() == 1
    assert [entry.kind for entry in store.load_waiting("lead", 10)] == ["lead"]
    assert store.load_waiting_of([ContactId("1")]) == {}, "what waits is not the contact's"


def test_a_plan_that_wants_nothing_takes_a_lead_s_write_back(store: EmbeddedStore) -> None:
    save(store, lead())
    no = number(store, "1")
    to_contact = PlannedWrite(no, WriteBack(ContactId("1"), {"score": "1"}), {})
    accept(store, writes=[to_contact, to_lead(store, label="HOT")])
    nothing = PlannedWrite(no, WriteBack(ContactId("1"), {}), {}, "lead")
    accept(store, writes=[nothing])
    assert [entry.kind for entry in store.load_outbox()] == ["contact"]


def test_a_newer_wish_remembers_what_stood_there_first(store: EmbeddedStore) -> None:
    save(store, lead(label="COLD"))
    accept(store, writes=[to_lead(store, before="COLD", label="WARM")])
    accept(store, writes=[to_lead(store, before="WARM", label="HOT")])
    answer(store, Verdict.ACCEPTED, "lead")
    (record,) = store.load_ledger(number(store, "1"))
    assert record.before == {"leads/L/label": "COLD"}


def test_a_deleted_lead_goes_alone_and_a_deleted_contact_takes_its_lead(
    store: EmbeddedStore,
) -> None:
    save(store, lead(), lead("M", of="2"))
    accept(store, writes=[to_lead(store, label="HOT")])
    answer(store, Verdict.GONE, "lead")
    assert known(store) is None
    assert store.load_outbox() == []
    store.save_page("contacts", page("c2", gone=[gone("2")]))
    assert shown(store) == {}


def test_a_merge_gives_the_lead_to_the_survivor(store: EmbeddedStore) -> None:
    save(store, lead(label="COLD"))
    accept(store, writes=[to_lead(store, label="HOT")])
    store.save_page("contacts", page("c2", gone=[gone("1", into="2")]))
    assert shown(store) == {number(store, "2"): "COLD"}
    assert store.load_outbox() == [], "the survivor's next plan decides"


def test_an_undo_sends_its_own_restores_alone(store: EmbeddedStore) -> None:
    save(store, lead())
    accept(store, writes=[to_lead(store, label="HOT")])
    run = store.start_run("undo", MONDAY, "rules")
    no = number(store, "1")
    restore = PlannedRestore(no, WriteBack(ContactId("1"), {"score": None}), {"score": "1"})
    (entry,) = store.journal_undo(run, "rules", [restore])
    assert (entry.kind, entry.run) == ("contact", run)
    assert [each.kind for each in store.load_written([no])[no].waiting] == ["lead", "contact"]
    again = PlannedRestore(no, WriteBack(ContactId("1"), HOT), {}, ["leads/L/label"], "lead")
    entry, _ = store.journal_undo(run, "rules", [again])
    assert (entry.kind, entry.revision) == ("lead", 2)
    found = store.find_contact("1")
    assert found is not None
    assert found.returning == ["leads/L/label"]
    store.settle([(entry, Outcome(Verdict.ACCEPTED))], run)
    kept = known(store)
    assert kept is not None
    assert (kept.found, kept.wrote) == (HOT, {}), "the value is a person's"


def test_a_store_of_before_keeps_its_outbox_and_never_gives_a_number_twice(
    tmp_path: Path, clock: FakeClock
) -> None:
    old = open_database(tmp_path, read_only=False, versions=migrations()[:8])
    old.run(
        "INSERT INTO run (command, started_us, outcome, rules_hash) VALUES ('s', 0, 'done', '')"
    )
    old.run("INSERT INTO contact (no, id, bucket) VALUES (1, 'c1', 1)")
    old.run("INSERT INTO identity (id, no) VALUES ('c1', 1)")
    entry = "INSERT INTO outbox (id, kind, subject, no, wish, run, rules_hash) VALUES "
    old.run(entry + "(7, 'contact', '1', 1, '{\"score\":\"1\"}', 1, 'r')")
    old.run(entry + "(9, 'task', 'k', 1, '{}', 1, 'r')")
    old.run("DELETE FROM outbox WHERE id = 9")
    old.close()
    with new_store(tmp_path, clock) as store:
        (kept,) = store.load_outbox()
        assert (kept.id, kept.kind, kept.revision) == (7, "contact", 1)
        store.save_page("contacts", page(contacts=[contact("c1")]))
        accept(store, writes=[PlannedWrite(1, WriteBack(ContactId("c1"), HOT), {}, "lead")])
        assert [each.id for each in store.load_outbox()] == [7, 10]

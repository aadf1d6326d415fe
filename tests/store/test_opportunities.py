"""Opportunities in the store: what they are scored from, their echoes, what became of writes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connector.domain.contact import Opportunity
from connector.domain.ids import OpportunityId, RunId
from connector.domain.moment import micros
from connector.ports import (
    KnownOpportunity,
    OpportunityWrite,
    Outcome,
    PlannedOpportunityWrite,
    Showing,
    Verdict,
)
from connector.rules.conditions import Kind
from connector.store import EmbeddedStore
from connector.store.database import migrations, open_database
from tests.fakes.clock import MONDAY, FakeClock
from tests.store.shelf import COMPILED, contact, gone, new_store, number, page

FIELDS = {"amount": Kind.NUMBER, "closes": Kind.MOMENT, "type": Kind.TEXT}
D = OpportunityId("D")


def deal(
    id_: str = "D",
    *contacts: str,
    changed: int = 0,
    score: str | None = None,
    kind: str = "New business",
    **rest: object,
) -> Opportunity:
    """Return an open deal that changed some minutes after Monday nine o'clock."""
    whole = Opportunity(
        OpportunityId(id_),
        contacts=tuple(contact(each).id for each in contacts),
        created_us=micros(MONDAY),
        changed_us=micros(MONDAY + timedelta(minutes=changed)),
        amount=5_000_000_000,
        fields={"type": kind},
        written={"score": score},
    )
    return replace(whole, **rest)  # type: ignore[arg-type]  # each test names attributes of a deal


def save(store: EmbeddedStore, *deals: Opportunity) -> None:
    store.save_page("opportunities", page(opportunities=deals))


def known(store: EmbeddedStore, id_: str = "D") -> KnownOpportunity | None:
    return store.load_known_opportunities([OpportunityId(id_)]).get(OpportunityId(id_))


def before(store: EmbeddedStore, id_: str = "D") -> dict[str, object]:
    """Return what a deal showed last."""
    at = MONDAY + timedelta(days=1)
    facts = store.load_opportunities({}, at, limit=1, ids=[OpportunityId(id_)])
    (row,) = facts.before.to_pylist()
    return dict(row)


def values(store: EmbeddedStore, at: int = 1000, *, is_past: bool = False) -> list[object]:
    """Return type and amount of the open deals, as of some minutes after Monday nine o'clock."""
    then = MONDAY + timedelta(minutes=at)
    facts = store.load_opportunities(FIELDS, then, is_past=is_past, limit=10)
    rows = facts.opportunity.to_pylist()
    return [(row["opportunity"], row["f_type_folded"], row["f_amount"]) for row in rows]


def touched(store: EmbeddedStore, id_: str = "1") -> int:
    """Return when the deal of a contact was touched last, in minutes after Monday nine."""
    facts = store.load_facts_of(number(store, id_), COMPILED)
    (row,) = facts.opportunity.to_pylist()
    return int((row["changed_us"] - micros(MONDAY)) // 60_000_000)


def plan(
    store: EmbeddedStore,
    wish: Mapping[str, str | None],
    stood: Mapping[str, str | None] | None = None,
) -> RunId:
    """Stage and accept a write to the deal in a run of its own."""
    run = store.start_run("sync", MONDAY, "rules")
    write = PlannedOpportunityWrite(OpportunityWrite(D, wish), stood or {})
    store.stage_opportunities(run, [Showing(D, "40/form", 7)], [write])
    store.accept_plan(run, "rules")
    return run


def answer(store: EmbeddedStore, verdict: Verdict, **shown: str) -> None:
    run = store.load_runs(1)[0].id
    outcome = Outcome(verdict, reason="a reason", values=shown)
    store.settle([(each, outcome) for each in store.load_waiting("opportunity", 10)], run)


@pytest.fixture
def store(store: EmbeddedStore) -> EmbeddedStore:
    store.save_page("contacts", page(contacts=[contact("1"), contact("2")]))
    return store


# ---------------------------------------------------------------------- reading


def test_open_opportunities_come_by_id_with_their_fields(store: EmbeddedStore) -> None:
    save(store, deal("B", "1"), deal("A", kind="Étude"), deal("C", is_closed=True))
    assert values(store) == [
        ("A", "etude", 5_000_000_000),
        ("B", "new business", 5_000_000_000),
    ]


def test_a_page_of_them_goes_on_after_the_last_one(store: EmbeddedStore) -> None:
    save(store, *(deal(f"D{n}") for n in range(5)))
    at = MONDAY + timedelta(days=1)
    first = store.load_opportunities({}, at, limit=2).opportunity["opportunity"].to_pylist()
    rest = store.load_opportunities({}, at, after=first[-1], limit=10).opportunity
    assert [*first, *rest["opportunity"].to_pylist()] == ["D0", "D1", "D2", "D3", "D4"]


def test_one_that_was_created_later_is_not_there_yet(store: EmbeddedStore) -> None:
    save(store, deal(created_us=micros(MONDAY + timedelta(hours=2))))
    assert values(store, at=60) == []
    assert values(store, at=180) == [("D", "new business", 5_000_000_000)]


def test_a_past_instant_sees_what_was_true_then(store: EmbeddedStore) -> None:
    save(store, deal("D", "1"))
    save(store, deal("D", "1", changed=60, kind="Renewal", amount=9_000_000_000))
    save(store, deal("D", "1", changed=120, kind="Renewal", is_closed=True))
    assert values(store, at=30, is_past=True) == [("D", "new business", 5_000_000_000)]
    assert values(store, at=90, is_past=True) == [("D", "renewal", 9_000_000_000)]
    assert values(store, at=150, is_past=True) == []
    assert values(store) == []


def test_an_older_reading_changes_nothing(store: EmbeddedStore) -> None:
    save(store, deal("D", "1", changed=60, kind="Renewal"))
    save(store, deal("D", "2", changed=30, kind="Old"))
    assert values(store) == [("D", "renewal", 5_000_000_000)]
    assert store.load_people_of(D) == [number(store, "1")]


def test_one_that_counts_no_more_is_forgotten(store: EmbeddedStore) -> None:
    save(store, deal("D", "1"))
    plan(store, {"score": "40"})
    save(store, deal("D", "1", changed=30, counts=False))
    assert known(store) is None
    assert not store.load_waiting("opportunity", 10)
    assert not store.load_facts_of(number(store, "1"), COMPILED).opportunity.num_rows


def test_several_readings_in_one_page_are_taken_in_turn(store: EmbeddedStore) -> None:
    save(store, deal("D", "1"), deal("D", "2", changed=60, kind="Renewal"))
    assert values(store, at=30, is_past=True) == [("D", "new business", 5_000_000_000)]
    assert store.load_people_of(D) == [number(store, "2")]


def test_people_are_those_who_live(store: EmbeddedStore) -> None:
    save(store, deal("D", "1", "2"))
    store.save_page("contacts", page(gone=[gone("1")]))
    assert store.load_people_of(D) == [number(store, "2")]


def test_a_reading_without_people_leaves_them(store: EmbeddedStore) -> None:
    save(store, deal("D", "1"))
    store.save_opportunities([deal(changed=10, kind="Renewal", contacts=None)])
    assert store.load_people_of(D) == [number(store, "1")]
    assert values(store) == [("D", "renewal", 5_000_000_000)]


def test_what_was_read_in_this_run_is_fresh(store: EmbeddedStore) -> None:
    save(store, deal())
    first = known(store)
    store.start_run("plan", MONDAY, "rules")
    later = known(store)
    assert first is not None
    assert later is not None
    assert (first.is_fresh, later.is_fresh) == (True, False)


# ---------------------------------------------------------------------- echoes


@pytest.fixture
def written(store: EmbeddedStore) -> EmbeddedStore:
    """A deal to which we wrote at minute ten."""
    save(store, deal("D", "1"))
    plan(store, {"score": "40"})
    answer(store, Verdict.ACCEPTED)
    return store


def test_our_own_write_read_back_is_nobody_s_touch(written: EmbeddedStore) -> None:
    save(written, deal("D", "1", changed=10, score="40"))
    assert touched(written) == 0


def test_nor_is_it_when_it_is_read_again(written: EmbeddedStore) -> None:
    for _ in range(3):
        save(written, deal("D", "1", changed=10, score="40"))
    assert touched(written) == 0


def test_an_index_that_lags_does_not_use_the_echo_up(written: EmbeddedStore) -> None:
    save(written, deal("D", "1"))
    save(written, deal("D", "1", changed=10, score="40"))
    assert touched(written) == 0


def test_a_change_after_the_echo_is_a_touch(written: EmbeddedStore) -> None:
    save(written, deal("D", "1", changed=10, score="40"))
    save(written, deal("D", "1", changed=20, score="40"))
    assert touched(written) == 20


def test_a_change_beside_the_echo_is_a_touch(written: EmbeddedStore) -> None:
    save(written, deal("D", "1", changed=10, score="40", kind="Renewal"))
    assert touched(written) == 10


def test_another_s_value_in_our_property_is_a_touch(written: EmbeddedStore) -> None:
    save(written, deal("D", "1", changed=10, score="99"))
    assert touched(written) == 10


def test_new_people_are_a_touch(written: EmbeddedStore) -> None:
    save(written, deal("D", "1", "2", changed=10, score="40"))
    assert touched(written) == 10


def test_a_field_that_is_read_only_now_makes_no_touch_of_the_echo(written: EmbeddedStore) -> None:
    save(written, deal("D", "1", changed=10, score="40"))
    more = {"type": "New business", "step": "Offer"}
    save(written, deal("D", "1", changed=10, score="40", fields=more))
    assert touched(written) == 0


# ---------------------------------------------------------------------- writing


def test_a_planned_write_waits_and_is_known(store: EmbeddedStore) -> None:
    save(store, deal("D", "1", score="3"))
    plan(store, {"score": "40"}, {"score": "3"})
    (entry,) = store.load_waiting("opportunity", 10)
    assert entry.opportunity == OpportunityWrite(D, {"score": "40"})
    assert (entry.no, entry.write_back, entry.task) == (0, None, None)
    found = known(store)
    assert found is not None
    assert found.waiting == {"score": "40"}
    assert before(store) == {"shown": "40/form", "shown_at_us": 7, "is_odd": True}
    assert store.count()["waiting_opportunities"] == 1


def test_an_accepted_write_is_what_the_crm_shows(written: EmbeddedStore) -> None:
    found = known(written)
    assert found is not None
    assert (found.found, found.wrote, found.waiting) == ({"score": "40"}, {"score": "40"}, {})
    assert before(written) == {"shown": "40/form", "shown_at_us": 7, "is_odd": False}
    assert not written.load_waiting("opportunity", 10)


def test_a_refused_write_waits_for_an_admin_and_shows_nothing(store: EmbeddedStore) -> None:
    save(store, deal())
    plan(store, {"score": "40"})
    answer(store, Verdict.REFUSED)
    (entry,) = store.load_outbox("refused")
    assert entry.reason == "a reason"
    found = known(store)
    assert found is not None
    assert (found.refused, before(store)["shown"]) == ({"score": "40"}, None)
    assert before(store)["is_odd"]
    assert store.retry_refused() == 1
    assert len(store.load_waiting("opportunity", 10)) == 1


def test_a_dropped_write_is_looked_at_again(store: EmbeddedStore) -> None:
    save(store, deal())
    plan(store, {"score": "40"})
    (entry,) = store.load_waiting("opportunity", 10)
    assert store.drop_outbox([entry.id]) == 1
    found = known(store)
    assert found is not None
    assert (found.waiting, before(store)["shown"]) == ({}, None)


def test_one_that_the_crm_has_no_more_is_forgotten(store: EmbeddedStore) -> None:
    save(store, deal("D", "1"))
    plan(store, {"score": "40"})
    answer(store, Verdict.GONE)
    assert known(store) is None
    assert not store.load_outbox()


def test_a_newer_wish_takes_the_place_of_one_that_waits(store: EmbeddedStore) -> None:
    save(store, deal(score="3"))
    plan(store, {"score": "40"}, {"score": "3"})
    (first,) = store.load_waiting("opportunity", 10)
    run = plan(store, {"score": "50"}, {"score": "40"})
    (entry,) = store.load_waiting("opportunity", 10)
    assert (entry.id, entry.revision) == (first.id, first.revision + 1)
    answer(store, Verdict.ACCEPTED)
    (one,) = store.load_written_opportunities(run, after="", limit=10)
    assert [record.before for record in one.ledger] == [{"score": "3"}]


def test_a_wish_without_values_takes_one_back(store: EmbeddedStore) -> None:
    save(store, deal())
    plan(store, {"score": "40"})
    plan(store, {})
    assert not store.load_outbox()


def test_an_answer_to_an_older_wish_settles_nothing(store: EmbeddedStore) -> None:
    save(store, deal())
    run = plan(store, {"score": "40"})
    (older,) = store.load_waiting("opportunity", 10)
    plan(store, {"score": "50"})
    store.settle([(older, Outcome(Verdict.ACCEPTED))], run)
    (entry,) = store.load_waiting("opportunity", 10)
    assert entry.opportunity == OpportunityWrite(D, {"score": "50"})
    found = known(store)
    assert found is not None
    assert found.wrote == {"score": "40"}


# ---------------------------------------------------------------------- undoing


def test_what_a_run_wrote_is_found_and_restored(store: EmbeddedStore) -> None:
    save(store, deal(score="3"))
    run = plan(store, {"score": "40"}, {"score": "3"})
    answer(store, Verdict.ACCEPTED)
    (one,) = store.load_written_opportunities(run, after="", limit=10)
    assert (one.id, one.is_there, one.waiting) == (D, True, None)
    assert [(each.values, each.before) for each in one.ledger] == [
        ({"score": "40"}, {"score": "3"})
    ]
    undo = store.start_run("undo", MONDAY, "rules")
    restore = PlannedOpportunityWrite(
        OpportunityWrite(D, {"score": "3"}), {"score": "40"}, ["score"]
    )
    (entry,) = store.journal_opportunity_undo(undo, "rules", [restore])
    assert entry.opportunity == OpportunityWrite(D, {"score": "3"})
    found = known(store)
    assert found is not None
    assert (found.returning, before(store)["shown"]) == (["score"], None)
    answer(store, Verdict.ACCEPTED)
    found = known(store)
    assert found is not None
    assert (found.found, found.wrote) == ({"score": "3"}, {"score": "40"})  # the 3 is a person's


def test_a_run_that_was_cut_off_may_have_written_what_waits(store: EmbeddedStore) -> None:
    save(store, deal())
    run = plan(store, {"score": "40"})
    (one,) = store.load_written_opportunities(run, after="", limit=10)
    assert one.waiting is not None
    assert not one.ledger
    store.end_run(run, MONDAY, "done", {})
    assert not store.load_written_opportunities(run, after="", limit=10)


# ---------------------------------------------------------------------- older stores


def test_an_older_store_goes_on_with_its_outbox(tmp_path: Path) -> None:
    folder = tmp_path / "old"
    with_leads = open_database(folder, read_only=False, versions=migrations()[:13])
    with with_leads.writing():
        with_leads.run(
            "INSERT INTO run (command, started_us, outcome, rules_hash)"
            " VALUES ('sync', 0, 'done', '')"
        )
        with_leads.run("INSERT INTO contact (no, id, bucket, status) VALUES (5, '1', 5, 'living')")
        with_leads.run("INSERT INTO identity (id, no) VALUES ('1', 5)")
        with_leads.run(
            "INSERT INTO outbox (id, kind, subject, no, wish, run, rules_hash)"
            " VALUES (41, 'contact', '5', 5, '{\"score\": \"1\"}', 1, '')"
        )
        with_leads.run(
            "INSERT INTO opportunity (id, created_us, changed_us, is_closed, is_won)"
            " VALUES ('D', 0, 0, 0, 0)"
        )
    with_leads.close()
    store = new_store(folder, FakeClock())
    try:
        (entry,) = store.load_waiting("contact", 10)
        assert entry.id == 41
        found = known(store)
        assert found is not None
        assert (found.found, found.wrote) == ({}, {})
        plan(store, {"score": "40"})
        (entry,) = store.load_waiting("opportunity", 10)
        assert entry.id > 41
    finally:
        store.close()

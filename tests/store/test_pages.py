from connector.domain.contact import Owner
from connector.domain.ids import OwnerId, RunId
from connector.ports import Verdict
from connector.store import EmbeddedStore
from tests.fakes.clock import MONDAY
from tests.store.shelf import (
    COMPILED,
    accept,
    answer,
    contact,
    deal,
    gone,
    known_task,
    memory,
    number,
    page,
    read,
    seen,
    shown,
    states,
    task,
    visit,
    write,
)


def test_a_page_comes_with_its_checkpoint(store: EmbeddedStore) -> None:
    assert store.load_checkpoint("contacts") is None
    store.save_page("contacts", page("c7", contacts=[contact("1")]))
    store.save_page("calls", page("x"))
    assert store.load_checkpoint("contacts") == "c7"
    store.forget_checkpoints()
    assert store.load_checkpoint("calls") is None
    assert store.count()["contacts"] == 1


def test_facts_have_the_columns_that_the_plan_needs(store: EmbeddedStore) -> None:
    store.save_page("contacts", page(contacts=[contact("1", title="Étude")]))
    no = number(store, "1")
    facts = store.load_facts(no % 64, COMPILED)
    assert facts.contact.to_pylist() == [
        {
            "contact": no,
            "f_job_title": "Étude",
            "f_job_title_folded": "etude",
            "f_employees": 250_000_000,
        }
    ]
    assert read(facts.activity).num_rows == 0


def test_one_contacts_facts_are_those_of_its_bucket(store: EmbeddedStore) -> None:
    people = [contact(str(n)) for n in range(130)]
    visits = [visit(str(n), str(n % 130), minute=n) for n in range(400)]
    deals = [deal("d", "7", "8")]
    store.save_page("all", page(contacts=people, activities=visits, opportunities=deals))
    store.settle_activities()
    no = number(store, "7")
    accept(store, score=memory(no))
    one, bucket = store.load_facts_of(no, COMPILED), store.load_facts(no % 64, COMPILED)
    assert one.contact.num_rows == 1
    assert bucket.contact.num_rows > 1
    for name in ("contact", "opportunity", "state"):
        of_bucket = getattr(bucket, name)
        mine = of_bucket.filter(of_bucket["contact"].is_valid()).to_pylist()
        assert getattr(one, name).to_pylist() == [row for row in mine if row["contact"] == no]
    rows = [row for row in read(bucket.activity).to_pylist() if row["contact"] == no]
    assert sorted(map(str, read(one.activity).to_pylist())) == sorted(map(str, rows))
    assert len(rows) == 4


def test_activities_wait_for_the_contact_with_their_address(store: EmbeddedStore) -> None:
    store.save_page(
        "forms", page(activities=[visit("1", "Ana@x.example"), visit("2", "bo@x.example")])
    )
    assert store.count()["unclaimed_activities"] == 2
    store.save_page("contacts", page(contacts=[contact("1", "ana@X.example")]))
    assert seen(store) == {"1": ["forms:1"]}
    assert store.count()["unclaimed_activities"] == 1


def test_activities_that_come_before_their_contact_are_kept(store: EmbeddedStore) -> None:
    store.save_page("calls", page(activities=[visit("1", "1")], opportunities=[deal("d", "1")]))
    assert store.buckets() == []
    assert store.find_contact("1") is None
    store.save_page("contacts", page(contacts=[contact("1")]))
    assert seen(store) == {"1": ["forms:1"]}


def test_an_older_reading_does_not_bring_an_old_value_back(store: EmbeddedStore) -> None:
    store.save_page("contacts", page(contacts=[contact("1", minute=5, title="CEO")]))
    store.save_page("contacts", page(contacts=[contact("1", minute=1, title="Intern")]))
    known = store.load_contacts([number(store, "1")])
    assert [contact.fields["job_title"] for contact in known.values()] == ["CEO"]
    newer, older = deal("d", "1", changed=5, amount=7), deal("d", "2", changed=4, amount=1)
    store.save_page("deals", page(opportunities=[newer, older]))
    facts = store.load_facts_of(number(store, "1"), COMPILED)
    assert facts.opportunity["amount"].to_pylist() == [7]


def test_a_contact_is_fresh_in_the_run_that_read_it(store: EmbeddedStore) -> None:
    store.save_page("contacts", page(contacts=[contact("1"), contact("2")]))
    store.start_run("sync", MONDAY, "rules")
    store.save_page("contacts", page(contacts=[contact("1")]))
    fresh = {c.id: c.is_fresh for c in store.load_contacts([1, 2]).values()}
    assert fresh == {"1": True, "2": False}


def test_a_contact_is_found_by_id_former_id_and_address(store: EmbeddedStore) -> None:
    store.save_page("contacts", page(contacts=[contact("9", "ana@x.example")]))
    survivor = contact("1", "a@x.example", former=["9", "8"])
    store.save_page("contacts", page(contacts=[survivor]))
    for name in ("1", "9", "8", " Ana@x.example ", "a@x.example"):
        found = store.find_contact(name)
        assert found is not None, name
        assert found.id == "1"
    assert store.find_contact("7") is None


def test_an_address_leads_to_the_contact_that_has_it_now(store: EmbeddedStore) -> None:
    store.save_page("contacts", page(contacts=[contact("1", "a@x.example")]))
    store.save_page(
        "contacts", page(contacts=[contact("1", minute=1), contact("2", "a@x.example")])
    )
    store.save_page("forms", page(activities=[visit("1", "a@x.example")]))
    assert seen(store) == {"2": ["forms:1"]}


def test_a_merged_contact_gives_all_it_has_to_the_survivor(store: EmbeddedStore) -> None:
    people = [contact("1", "a@x.example"), contact("2", "b@x.example")]
    visits = [visit("1", "1"), visit("2", "2"), visit("both", "1"), visit("both", "2")]
    store.save_page(
        "all", page(contacts=people, activities=visits, opportunities=[deal("d", "1", "2")])
    )
    store.settle_activities()
    one = number(store, "1")
    open_ = memory(one, hand_off_open=True, handed_off_us=5, hand_off_reason="need")
    accept(store, score=open_, writes=[write(one, "1", lr_score="40")], tasks=[task(one, "1", "k")])
    answer(store, Verdict.ACCEPTED)
    accept(store, writes=[write(one, "1", lr_score="50")])

    store.save_page("contacts", page(gone=[gone("1", "2")]))
    store.save_page("late", page(contacts=[contact("1", minute=9)], activities=[visit("3", "1")]))

    survivor = number(store, "1")
    assert seen(store) == {"2": ["forms:1", "forms:2", "forms:3", "forms:both"]}
    facts = store.load_facts_of(survivor, COMPILED)
    assert facts.opportunity["opportunity"].to_pylist() == ["d"]
    assert [record.values for record in store.load_ledger(survivor)] == [{"lr_score": "40"}]
    assert [(s["hand_off_open"], s["handed_off_us"]) for s in states(store)] == [(True, 5)]
    assert [entry.task.contact for entry in store.load_waiting("task", 9) if entry.task] == ["2"]
    assert store.load_waiting("contact", 9) == []
    store.save_page("forms", page(activities=[visit("4", "a@x.example")]))
    assert "forms:4" in seen(store)["2"]


def test_merges_in_a_row_lead_to_the_last_survivor(store: EmbeddedStore) -> None:
    store.save_page("all", page(contacts=[contact(n) for n in "123"], activities=[visit("1", "1")]))
    store.save_page("all", page(gone=[gone("1", "2")]))
    store.save_page("all", page(gone=[gone("2", "3"), gone("2", "3"), gone("1", "2"), gone("1")]))
    assert seen(store) == {"3": ["forms:1"]}
    assert store.count()["contacts"] == 1


def test_a_merge_into_a_contact_not_read_yet_is_kept(store: EmbeddedStore) -> None:
    store.save_page("all", page(contacts=[contact("1")], activities=[visit("1", "1")]))
    store.save_page("all", page(gone=[gone("1", "2")]))
    store.settle_activities()
    assert store.count()["contacts"] == 0
    store.save_page("all", page(contacts=[contact("2")]))
    assert seen(store) == {"2": ["forms:1"]}


def test_a_deleted_contact_leaves_facts_outbox_and_files(store: EmbeddedStore) -> None:
    people = [contact("1", "a@x.example"), contact("2")]
    store.save_page("all", page(contacts=people, activities=[visit("1", "1"), visit("2", "2")]))
    store.settle_activities()
    one = number(store, "1")
    accept(store, score=memory(one), shows=shown(one), writes=[write(one, "1", lr_score="4")])
    store.save_page("contacts", page(gone=[gone("1")]))
    assert seen(store) == {"2": ["forms:2"]}
    assert store.find_contact("a@x.example") is None
    assert store.load_contacts([one]) == {}
    assert store.load_outbox() == []
    assert store.funnel() == {}
    bucket = read(store.load_facts(number(store, "2") % 64, COMPILED).activity)
    assert bucket["activity"].to_pylist() == ["forms:2"]
    assert store.count()["activities"] == 1


def test_a_restored_contact_is_back_and_keeps_what_comes_after(store: EmbeddedStore) -> None:
    store.save_page("all", page(contacts=[contact("1")], activities=[visit("1", "1")]))
    store.settle_activities()
    store.save_page("contacts", page(gone=[gone("1")]))
    store.save_page("all", page(contacts=[contact("1")], activities=[visit("2", "1")]))
    assert seen(store) == {"1": ["forms:1", "forms:2"]}


def test_a_verdict_counts_from_when_it_was_first_seen(store: EmbeddedStore) -> None:
    for minute, value in (
        (1, None),
        (2, "rejected_no_need"),
        (3, "rejected_no_need"),
        (4, "maybe"),
    ):
        store.save_page(
            "c", page(contacts=[contact("1", minute=minute, written={"lr_feedback": value})])
        )
        if minute == 1:
            accept(store, score=memory(1))
        if minute in {2, 3}:
            (state,) = states(store)
            since = MONDAY.replace(minute=2).timestamp() * 1_000_000
            assert (state["verdict"], state["verdict_us"]) == ("rejected", since)
    (state,) = states(store)
    assert (state["verdict"], state["verdict_us"]) == (None, None)


def test_a_stage_that_a_person_set_is_seen(store: EmbeddedStore) -> None:
    store.save_page("c", page(contacts=[contact("1", written={"lr_stage": None})]))
    accept(store, score=memory(1), writes=[write(1, "1", lr_stage="lead")])
    answer(store, Verdict.ACCEPTED)
    assert store.load_edited(1) == []
    for minute, value, human in ((1, "client", "client"), (2, "boss", None), (3, "lead", None)):
        store.save_page(
            "c", page(contacts=[contact("1", minute=minute, written={"lr_stage": value})])
        )
        assert [state["human_stage"] for state in states(store)] == [human]
        assert store.load_edited(1) == ([] if value == "lead" else [1])


def test_an_open_hand_offs_task_is_known_to_be_done(store: EmbeddedStore) -> None:
    store.save_page("c", page(contacts=[contact("1")]))
    accept(store, score=memory(1, hand_off_open=True, handed_off_us=3), tasks=[task(1, "1", "k")])
    assert store.load_contacts([1])[1].open_tasks == ("k",)
    answer(store, Verdict.ACCEPTED, "task")
    assert [state["task_done"] for state in states(store)] == [False]
    store.save_page("t", page(tasks=[known_task("k", "1", is_done=True, changed=5)]))
    assert [state["task_done"] for state in states(store)] == [True]
    assert store.load_contacts([1])[1].open_tasks == ()
    accept(store, score=memory(1, hand_off_open=True, handed_off_us=9))
    assert [state["task_done"] for state in states(store)] == [False]


def test_owners_are_replaced(store: EmbeddedStore) -> None:
    ana = Owner(OwnerId("1"), "ana@x.example", "Ana", user="77")
    store.save_owners([ana, Owner(OwnerId("2"), "bo@x.example", "Bo", is_active=False)])
    store.save_owners([ana])
    assert store.load_owners() == [ana]


def test_runs_are_kept_newest_first(store: EmbeddedStore) -> None:
    with store.lease():
        first = store.start_run("sync", MONDAY, "rules")
        second = store.start_run("sync", MONDAY, "rules")
        store.end_run(second, MONDAY, "done", {"writes": 3}, "fine")
    runs = store.load_runs()
    assert [(r.id, r.outcome) for r in runs] == [(second, "done"), (first, "interrupted")]
    assert runs[0].counts == {"writes": 3}
    assert runs[0].id == RunId("2")

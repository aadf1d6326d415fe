"""Pages in any order, split in any way and repeated, come to the same facts."""

import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.domain.contact import Activity, Contact, Gone, Opportunity
from connector.ports import Page
from connector.store import EmbeddedStore
from tests.store.shelf import (
    COMPILED,
    Rows,
    activities,
    contact,
    deal,
    gone,
    new_store,
    page,
    visit,
)

Record = Contact | Activity | Opportunity | Gone

# What an account has to show. 1 was merged into 2 and is still shown by a slow index; 3 was merged
# into 4, as only 4 tells.
RECORDS: Sequence[Record] = (
    contact("1", "one@x.example"),
    contact("2", "two@x.example", title="Old title"),
    contact("2", "two@x.example", "one@x.example", minute=5, title="New title"),
    contact("3", "three@x.example"),
    contact("4", "four@x.example", "three@x.example", minute=7, former=["3"]),
    contact("5", "five@x.example"),
    gone("1", "2"),
    visit("1", "1"),
    visit("1", "2"),
    visit("2", "one@x.example", minute=-9_000),
    visit("3", "3", minutes=4),
    visit("4", "three@x.example", asset=None),
    visit("5", "five@x.example"),
    visit("6", "nobody@x.example"),
    visit("7", "6"),
    deal("a", "1", "3", amount=5),
    deal("b", "2", changed=1),
    deal("b", "5", changed=2),
)


def pages(records: Sequence[Record]) -> Page:
    def of(kind: type) -> list[Record]:
        return [record for record in records if isinstance(record, kind)]

    return page(
        contacts=of(Contact), activities=of(Activity), opportunities=of(Opportunity), gone=of(Gone)
    )


def facts(store: EmbeddedStore) -> list[tuple[str, Rows]]:
    """Return what evaluation would read of each contact, by its id instead of its number."""
    store.settle_activities()
    found = []
    rows = activities(store)
    for bucket in store.buckets():
        tables = store.load_facts(bucket, COMPILED)
        rows += tables.contact.to_pylist() + tables.opportunity.to_pylist()
    for no in {row["contact"] for row in rows}:
        assert isinstance(no, int)
        known = store.load_contacts([no])[no]
        mine = [{**row, "contact": None} for row in rows if row["contact"] == no]
        found.append((str(known.id), sorted(mine, key=str)))
    return sorted(found)


@cache
def wanted() -> list[tuple[str, Rows]]:
    with tempfile.TemporaryDirectory() as folder, new_store(Path(folder)) as store:
        for record in RECORDS:
            store.save_page("all", pages([record]))
        return facts(store)


def test_what_is_wanted_is_what_it_should_be() -> None:
    ids = {
        id_: [row.get("activity") for row in rows if row.get("activity")] for id_, rows in wanted()
    }
    assert {id_: sorted(map(str, names)) for id_, names in ids.items()} == {
        "2": ["forms:1", "forms:2"],
        "4": ["forms:3", "forms:4"],
        "5": ["forms:5"],
    }
    deals = {
        id_: [row["opportunity"] for row in rows if "opportunity" in row] for id_, rows in wanted()
    }
    assert deals == {"2": ["a"], "4": ["a"], "5": ["b"]}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.permutations([*RECORDS]),
    st.lists(st.sampled_from(RECORDS), max_size=8),
    st.lists(st.integers(1, 6), min_size=3, max_size=30),
    st.integers(0, 9),
)
def test_pages_come_to_the_same_in_any_order(
    order: list[Record], again: list[Record], sizes: list[int], settled_after: int
) -> None:
    records = [*order, *again]
    with tempfile.TemporaryDirectory() as folder, new_store(Path(folder)) as store:
        for turn, size in enumerate([*sizes, len(records)]):
            part, records = records[:size], records[size:]
            store.save_page("all", pages(part))
            if turn == settled_after:
                store.settle_activities()
        assert facts(store) == wanted()

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from connector.domain.contact import RETRACTED, Activity
from connector.errors import StoreError
from connector.ports import Shapes
from connector.rules.conditions import Kind
from connector.store import EmbeddedStore, open_store
from connector.store.segments import GRACE
from connector.store.settling import MOST_SEGMENTS, Settling
from tests.fakes.clock import FakeClock
from tests.store.shelf import (
    COMPILED,
    SHAPES,
    activities,
    contact,
    gone,
    new_store,
    number,
    page,
    read,
    seen,
    visit,
)


class CutError(Exception):
    """The process ends here."""


def files(folder: Path) -> set[Path]:
    return set(folder.glob("activities/*/*"))


def live(store: EmbeddedStore, id_: str = "1") -> list[Path]:
    activity = store.load_facts(number(store, id_) % 64, COMPILED).activity
    assert isinstance(activity, list)
    return activity


def test_an_activity_read_again_is_there_once(store: EmbeddedStore) -> None:
    first = page(contacts=[contact("1")], activities=[visit("1", "1"), visit("1", "1")])
    for _ in range(3):
        store.save_page("forms", first)
        assert seen(store) == {"1": ["forms:1"]}
    assert len(live(store)) == 1, "nothing new, no new file"


def test_of_two_versions_of_an_activity_the_later_stays(store: EmbeddedStore) -> None:
    store.save_page("forms", page(contacts=[contact("1")], activities=[visit("1", "1", minutes=1)]))
    store.settle_activities()
    for minutes in (2, 3):
        store.save_page("forms", page(activities=[visit("1", "1", minutes=minutes)]))
    store.save_page("forms", page(activities=[visit("2", "1")]))
    store.settle_activities()
    assert [(r["activity"], r["a_minutes"]) for r in activities(store)] == [
        ("forms:1", 3),
        ("forms:2", None),
    ]


def test_an_activity_that_is_taken_back_is_gone_until_it_comes_again(store: EmbeddedStore) -> None:
    both = [visit("1", "1"), visit("2", "1")]
    store.save_page("forms", page(contacts=[contact("1")], activities=both))
    store.settle_activities()
    back = [replace(each, type=RETRACTED) for each in (visit("1", "1"), visit("3", "1"))]
    store.save_page("forms", page(activities=back))
    store.settle_activities()
    assert seen(store) == {"1": ["forms:2"]}
    store.save_page("forms", page(activities=[visit("1", "1")]))
    store.settle_activities()
    assert seen(store) == {"1": ["forms:1", "forms:2"]}


def test_an_attribute_that_became_unknown_is_a_change_too(store: EmbeddedStore) -> None:
    store.save_page("forms", page(contacts=[contact("1")], activities=[visit("1", "1")]))
    store.settle_activities()
    store.save_page("forms", page(activities=[visit("1", "1", asset=None)]))
    store.settle_activities()
    assert [row["a_asset"] for row in activities(store)] == [None]


def test_small_files_are_made_one(store: EmbeddedStore) -> None:
    store.save_page("contacts", page(contacts=[contact("1")]))
    for n in range(3 * MOST_SEGMENTS):
        store.save_page("forms", page(activities=[visit(f"{n:02}", "1", minute=-n)]))
        store.settle_activities()
        assert len(live(store)) <= MOST_SEGMENTS
    assert len(activities(store)) == 3 * MOST_SEGMENTS
    instants = [pq.ParquetFile(path).read()["occurred_us"].to_pylist() for path in live(store)]
    assert all(rows == sorted(rows) for rows in instants)


def test_days_are_those_of_the_accounts_time_zone(store: EmbeddedStore) -> None:
    late = visit("1", "1", minute=14 * 60 + 30)  # 23:30 in London is the next day in Paris
    store.save_page("forms", page(contacts=[contact("1")], activities=[late]))
    store.settle_activities()
    assert [row["day"] for row in activities(store)] == [20_515]


def test_settling_needs_to_know_the_time_zone(tmp_path: Path, clock: FakeClock) -> None:
    with (
        open_store(tmp_path, SHAPES, clock) as store,
        pytest.raises(StoreError, match="time zone"),
    ):
        store.settle_activities()


def other_shapes(**attributes: Kind) -> Shapes:
    return Shapes(SHAPES.fields, attributes)


def test_new_attributes_are_unknown_of_what_was_read_before(folder: Path, clock: FakeClock) -> None:
    with new_store(folder, clock) as store:
        people = [contact("1"), contact("2")]
        store.save_page("forms", page(contacts=people, activities=[visit("1", "1")]))
        store.settle_activities()
        store.save_page("forms", page(activities=[visit("2", "2")]))  # lands, and is not settled
    shapes = other_shapes(asset=Kind.TEXT, minutes=Kind.TEXT, page=Kind.TEXT)
    with open_store(folder, shapes, clock) as store:
        store.save_page("forms", page(activities=[visit("3", "1")]))
        before = store.load_facts(number(store, "1") % 64, COMPILED).activity
        assert not isinstance(before, list), "old files do not have the columns"
        assert read(before)["a_page_folded"].to_pylist() == [None]
        store.settle_activities()
        rows = activities(store)
        assert isinstance(store.load_facts(number(store, "1") % 64, COMPILED).activity, list)
    assert [row["activity"] for row in rows] == ["forms:1", "forms:3", "forms:2"]
    assert {row["a_asset_folded"] for row in rows} == {"etude"}
    assert {row["a_minutes_folded"] for row in rows} == {None}


def stories() -> tuple[list[Activity], list[Activity]]:
    before = [
        visit("1", "1"),
        visit("2", "2"),
        visit("3", "3"),
        visit("both", "1"),
        visit("both", "2"),
    ]
    after = [visit("1", "1", minutes=9), visit("4", "2"), visit("5", "3")]
    return before, after


def test_settling_cut_off_at_any_step_is_made_good_by_the_next(
    tmp_path: Path, clock: FakeClock
) -> None:
    wanted = {"2": ["forms:1", "forms:2", "forms:4", "forms:both"]}
    for cut in count(1):
        folder = tmp_path / str(cut)
        with new_store(folder, clock) as store:
            was_cut = _settle_and_cut(store, cut)
        with new_store(folder, clock) as store:
            assert seen(store) == wanted
            assert store.count()["activities"] == 4
            assert [r["a_minutes"] for r in activities(store)] == [9, None, None, None]
        clock.turn(GRACE + timedelta(minutes=1))
        with new_store(folder, clock) as store:
            assert files(folder) == set(live(store, "2")), "what no longer counts is swept"
        if not was_cut:
            return


def _settle_and_cut(store: EmbeddedStore, at: int) -> bool:
    before, after = stories()
    store.save_page("all", page(contacts=[contact(n) for n in "123"], activities=before))
    store.settle_activities()
    store.save_page("all", page(activities=after, gone=[gone("1", "2"), gone("3")]))
    store._settling = Settling(store._database, store._segments, buckets=64, at_step=_cut_at(at))
    try:
        store.settle_activities()
    except CutError:
        return True
    return False


def _cut_at(at: int) -> Callable[[str], None]:
    steps = count(1)

    def step(_: str) -> None:
        if next(steps) == at:
            raise CutError

    return step


def test_replaced_files_stay_a_while_for_readers(
    store: EmbeddedStore, folder: Path, clock: FakeClock
) -> None:
    store.save_page("forms", page(contacts=[contact("1")], activities=[visit("1", "1")]))
    store.settle_activities()
    with open_store(folder, SHAPES, clock, read_only=True) as reader:
        held = live(reader)
        store.save_page("forms", page(activities=[visit("1", "1", minutes=5)]))
        store.settle_activities()
        new_store(folder, clock).close()
        assert pq.ParquetFile(held[0]).read()["a_minutes"].to_pylist() == [None]
        assert [row["a_minutes"] for row in activities(reader)] == [5]


def test_files_that_nobody_names_are_swept(folder: Path, clock: FakeClock) -> None:
    with new_store(folder, clock) as store:
        store.save_page("forms", page(contacts=[contact("1")], activities=[visit("1", "1")]))
        store.settle_activities()
        kept = live(store)
    orphan = kept[0].with_name("0123.parquet")
    orphan.write_bytes(b"half a file")
    with new_store(folder, clock) as store:
        assert files(folder) == set(kept)
        assert seen(store) == {"1": ["forms:1"]}

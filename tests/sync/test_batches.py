from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from connector.domain.moment import Moment
from connector.ports import Store
from connector.sync.batches import Batch, batches
from connector.sync.run import Stages
from tests.fakes.clock import MONDAY
from tests.fakes.people import activity, person
from tests.sync.office import PARIS, Office, compiled, engine


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return a store with a hundred contacts, one or two in a bucket; half of them active."""
    people = [person(str(no)) for no in range(100)]
    office = Office(tmp_path, people)
    office.desk.add(*(activity(each.id, "page_view", each) for each in people[::2]))
    office.run("pull", Stages(plans=False, pushes=False))
    with office.store() as opened:
        yield opened


def scores(found: Batch) -> dict[int, int]:
    now = MONDAY
    evaluation = engine().evaluate(compiled(), found.facts, at=Moment.at(now, PARIS))
    return {row["contact"]: row["points"] for row in evaluation.score.to_pylist()}


def test_a_small_account_is_evaluated_at_once(store: Store) -> None:
    found = list(batches(store, compiled()))
    assert len(found) <= 2, "buckets with activities, and those without"
    assert sorted(no for batch in found for no in batch.buckets) == list(store.buckets())


@pytest.mark.parametrize("most", [30, 1000])
def test_every_contact_is_in_one_batch_and_scores_the_same(store: Store, most: int) -> None:
    found = list(batches(store, compiled(), most=most))
    contacts = pa.concat_tables([batch.facts.contact for batch in found])["contact"]
    assert sorted(contacts.to_pylist()) == list(range(1, 101))
    assert all(len(each.buckets) == 1 or len(each.facts.contact) <= most for each in found)
    points = {no: of for batch in found for no, of in scores(batch).items()}
    assert sorted(points.values()) == [0] * 50 + [10_000_000] * 50

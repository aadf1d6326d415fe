"""What holds whatever the account looks like and however it is read."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.contact import Activity, Contact
from tests.fakes.clock import MONDAY, FakeClock
from tests.fakes.crm import FakeCrm
from tests.fakes.people import LEA, activity, person
from tests.sync.office import Office

TYPES = ("demo_request", "page_view", "email_click", "call")

FEW = settings(max_examples=max(4, settings().max_examples // 5))  # each runs whole syncs


@dataclass(frozen=True)
class Account:
    """Contacts and what they did."""

    contacts: Sequence[Contact]
    activities: Sequence[Activity]


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """Draw a small account with everything in it that the rules look at."""
    titles = draw(st.lists(st.sampled_from(["Head of operations", "Intern", None]), max_size=5))
    contacts = [
        person(str(no), owner=LEA if no % 2 else None, job_title=title)
        for no, title in enumerate(titles)
    ]
    deeds = st.tuples(
        st.sampled_from(TYPES),
        st.integers(0, max(len(contacts) - 1, 0)),
        st.integers(0, 90 * 24),
    )
    done = draw(st.lists(deeds, max_size=25)) if contacts else []
    return Account(
        contacts,
        [
            activity(str(n), type_, contacts[who], MONDAY - timedelta(hours=age))
            for n, (type_, who, age) in enumerate(done)
        ],
    )


@contextmanager
def offices(account: Account, **ways: int) -> Iterator[Office]:
    """Open an office on an account that is read and written in some way."""
    clock = FakeClock()
    crm = FakeCrm(clock, account.contacts, **ways)  # type: ignore[arg-type]  # sizes by name
    crm.desk.add(*account.activities)
    with tempfile.TemporaryDirectory() as folder:
        yield Office(Path(folder), crm=crm, clock=clock)


def outcome(account: Account, **ways: int) -> tuple[object, ...]:
    """Return what a sync makes of an account: properties and tasks."""
    with offices(account, **ways) as office:
        office.sync(create_tasks=True, accept=True)
        return shown(office), dict(sorted(office.desk.wishes.items()))


def shown(office: Office) -> Mapping[str, Mapping[str, str | None]]:
    return {each.id: each.written for each in sorted(office.desk.living(), key=lambda c: c.id)}


@FEW
@given(
    account=accounts(),
    order=st.randoms(use_true_random=False),
    page=st.integers(1, 7),
    batch=st.integers(1, 7),
    overlap=st.integers(0, 5),
)
def test_the_outcome_does_not_depend_on_how_an_account_is_read(
    account: Account, order: Random, page: int, batch: int, overlap: int
) -> None:
    shuffled = Account(
        order.sample(list(account.contacts), len(account.contacts)),
        order.sample(list(account.activities), len(account.activities)),
    )
    ways = {"page_size": page, "batch_size": batch, "overlap": overlap}
    assert outcome(shuffled, **ways) == outcome(account)


@FEW
@given(account=accounts(), pause=st.integers(0, 44))  # from 45 on, its clock warns of a hand-off
def test_a_second_sync_writes_nothing(account: Account, pause: int) -> None:
    with offices(account, overlap=2) as office:
        office.sync(create_tasks=True, accept=True)
        office.clock.turn(timedelta(minutes=pause))
        before = office.crm.calls
        report = office.sync()
        assert report.plan is not None
        assert report.plan.is_empty
        assert office.crm.calls.get("write") == before.get("write")
        assert office.crm.calls.get("task") == before.get("task")


@FEW
@given(account=accounts(), parts=st.integers(1, 4))
def test_an_account_read_in_parts_ends_where_one_read_at_once_does(
    account: Account, parts: int
) -> None:
    with offices(Account(account.contacts, [])) as office:
        for part in range(parts):
            office.desk.add(*account.activities[part::parts])
            office.sync(accept=True)
        with offices(account) as other:
            other.sync(accept=True)
            for name in ("leadripe_score", "leadripe_grade", "leadripe_need_at"):
                assert {i: v[name] for i, v in shown(office).items()} == {
                    i: v[name] for i, v in shown(other).items()
                }


@FEW
@given(account=accounts(), batch=st.integers(1, 4))
def test_the_estimate_is_what_is_spent(account: Account, batch: int) -> None:
    with offices(account, batch_size=batch) as office:
        report = office.sync(create_tasks=True, accept=True)
        assert report.plan is not None
        estimate = report.plan.estimate
        assert estimate.contacts == office.crm.calls.get("write", 0)
        assert estimate.tasks == office.crm.calls.get("task", 0)

"""A CRM in memory, behind the port: stricter than a real one, edited by people, cut off at will."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import TypeVar

from connector.domain.contact import Activity, Contact, Gone, KnownTask, Opportunity, Owner
from connector.domain.ids import ContactId, OpportunityId, OwnerId, TaskId, TaskKey
from connector.domain.moment import micros
from connector.ports import (
    Account,
    CallEstimate,
    Clock,
    ContactHistory,
    FieldHistory,
    Finding,
    OpportunityWrite,
    Outcome,
    Page,
    PastOf,
    Provision,
    Severity,
    Stream,
    TaskWish,
    Verdict,
    WriteBack,
)
from tests.fakes.desk import Desk, Row
from tests.fakes.faults import Faultless
from tests.fakes.people import LEA, TOM

Answer = TypeVar("Answer")

OURS = (
    "leadripe_score",
    "leadripe_fit",
    "leadripe_grade",
    "leadripe_persona",
    "leadripe_stage",
    "leadripe_temperature",
    "leadripe_reasons",
    "leadripe_need_at",
    "leadripe_handed_off_at",
    "leadripe_question",
    "leadripe_interests",
    "leadripe_due_at",
    "leadripe_sla",
    "leadripe_segment",
    "leadripe_grid",
    "leadripe_track",
    "leadripe_next_content",
    "leadripe_next_content_url",
    "leadripe_do_not_press_until",
    "leadripe_touches_7d",
    "leadripe_touches_30d",
    "leadripe_verdict",
    "leadripe_not_before",
)

OF_OPPORTUNITIES = ("deal_score", "deal_reasons")
"""Our properties of opportunities."""

ACCOUNT = Account(id="4711", time_zone="Europe/Paris", currency="EUR", kind="standard")

STREAMS = tuple(Stream(name, name) for name in ("contacts", "activities", "opportunities", "tasks"))


class FakeCrm:
    """An account held in memory.

    What our code may do goes through the port, and misuse of it is an AssertionError. What people
    do in the meantime is `desk`. `calls` counts; `faults` cuts the line. With `overlap`, each
    reading starts that many rows before its checkpoint, as adapters of lagging CRMs do.
    """

    def __init__(
        self,
        clock: Clock,
        contacts: Sequence[Contact] = (),
        *,
        page_size: int = 100,
        batch_size: int = 100,
        overlap: int = 0,
        properties: Sequence[str] = OURS,
    ) -> None:
        self.faults = Faultless()
        self.desk = Desk(clock, dict.fromkeys(properties), owners=(LEA, TOM))
        for contact in contacts:
            self.desk.add(contact)
        self.echoes: list[tuple[datetime, datetime]] = []
        self.expected: dict[Stream, str | None] = {}
        self.sees_at_once = False
        self._clock = clock
        self._page_size = page_size
        self._batch_size = batch_size
        self._overlap = overlap
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    # -- the port

    @property
    def batch_size(self) -> int:
        """The most rows in one call."""
        return self._batch_size

    @property
    def calls(self) -> Mapping[str, int]:
        """Calls so far: `read`, `write` and `task`."""
        return dict(self._calls)

    def account(self) -> Account:
        """Return the account."""
        return self._call("read", lambda: ACCOUNT)

    def streams(self) -> Sequence[Stream]:
        """Return the four streams."""
        return STREAMS

    def expect(self, checkpoints: Mapping[Stream, str | None]) -> None:
        """Keep them in `expected`."""
        self.expected = dict(checkpoints)

    def pages(self, stream: Stream, checkpoint: str | None) -> Iterator[Page]:
        """Yield the rows changed since the checkpoint, oldest change first, a call for each page.

        An account without news answers one call, with nothing to store.
        """
        at = self._position(stream, checkpoint)
        start = max(0, at - self._overlap) if checkpoint is not None else 0
        while True:
            rows = self._call("read", lambda since=start: self._rows(stream, since))  # type: ignore[misc]  # mypy loses the type of a default
            if rows:
                start = rows[-1].change
                yield self._page(stream, rows, max(at, start))
            if len(rows) < self._page_size:
                return

    def owners(self) -> Sequence[Owner]:
        """Return all owners."""
        return self._call("read", lambda: self.desk.owners)

    def fetch_contacts(self, ids: Sequence[ContactId]) -> Sequence[Contact]:
        """Return those that live, merged ones under their new id, each once."""
        self._check_batch(ids)
        return self._call("read", lambda: self.desk.look_up(ids))

    @property
    def history_size(self) -> int:
        """The most contacts in one call."""
        return self._batch_size

    def fetch_histories(
        self, contacts: Sequence[PastOf], fields: Collection[str]
    ) -> Sequence[ContactHistory]:
        """Return what is known of those that live; of fields in `desk.untracked` nothing is."""
        self._check_batch([each.id for each in contacts])
        return self._call("read", lambda: [self._past(each, fields) for each in contacts])

    def estimate_histories(self, contacts: int) -> int:
        """Return the number of full and started batches."""
        return -(-contacts // self._batch_size)

    def write(self, batch: Sequence[WriteBack]) -> Sequence[Outcome]:
        """Set properties row by row."""
        self._check_batch([each.contact for each in batch])
        assert all(each.values for each in batch), "a write-back without values"
        return self._call("write", lambda: [self._write(each) for each in batch])

    def write_tasks(self, batch: Sequence[TaskWish]) -> Sequence[Outcome]:
        """Create or complete tasks one by one."""
        self._check_batch([each.key for each in batch])
        return self._call("task", lambda: [self._write_task(each) for each in batch])

    def fetch_opportunities(self, ids: Sequence[OpportunityId]) -> Sequence[Opportunity]:
        """Return those that are there, without their contacts."""
        self._check_batch(ids)
        found = self._call("read", lambda: [self.desk.opportunity(each) for each in ids])
        return [replace(each, contacts=None) for each in found if each is not None]

    def write_opportunities(self, batch: Sequence[OpportunityWrite]) -> Sequence[Outcome]:
        """Set properties of opportunities one by one."""
        self._check_batch([each.opportunity for each in batch])
        assert all(each.values for each in batch), "a write without values"
        return self._call("opportunity", lambda: [self._write_opportunity(each) for each in batch])

    def estimate(
        self,
        *,
        contacts: int,
        tasks: int,
        done: int = 0,
        leads: int = 0,
        opportunities: int = 0,
        parts: Mapping[str, int] | None = None,
    ) -> CallEstimate:
        """Return the number of full and started batches."""
        size = self._batch_size
        batches = -(-tasks // size) - (-done // size)
        return CallEstimate(
            -(-contacts // size),
            batches,
            leads=-(-leads // size),
            opportunities=-(-opportunities // size),
        )

    def wrote(self, *, since: datetime, until: datetime) -> None:
        """Keep the span in `echoes`; every echo is read again nevertheless."""
        assert since <= until, "a span that ends before it begins"
        self.echoes.append((since, until))

    def check(self) -> Sequence[Finding]:
        """Find everything in order."""
        return self._call("read", lambda: [Finding(Severity.OK, "everything")])

    def provision(self, *, dry_run: bool) -> Sequence[Provision]:
        """Create our properties."""
        parts = [
            Provision(f"property {name}", is_present=name in self.desk.properties) for name in OURS
        ]
        if not dry_run:
            self._call("write", lambda: self.desk.properties.update(dict.fromkeys(OURS)))
        return parts

    # -- inside

    def _call(self, kind: str, effect: Callable[[], Answer]) -> Answer:
        with self._lock:
            self._calls[kind] += 1
            return self.faults.carry(effect)

    def _check_batch(self, subjects: Sequence[str]) -> None:
        assert subjects, "a call without rows"
        assert len(subjects) <= self._batch_size, "more rows than a call takes"
        assert len(set(subjects)) == len(subjects), "one subject twice in a batch"

    def _position(self, stream: Stream, checkpoint: str | None) -> int:
        if checkpoint is None:
            return 0
        name, _, change = checkpoint.rpartition("@")
        assert name == stream.name, f"a checkpoint of {name} was handed to {stream.name}"
        return int(change)

    def _rows(self, stream: Stream, since: int) -> list[Row]:
        return list(islice(self.desk.changed(stream.name, since), self._page_size))

    def _page(self, stream: Stream, rows: Sequence[Row], change: int) -> Page:
        values = [row.value for row in rows]
        return Page(
            checkpoint=f"{stream.name}@{change}",
            contacts=[each for each in values if isinstance(each, Contact)],
            activities=[each for each in values if isinstance(each, Activity)],
            opportunities=[each for each in values if isinstance(each, Opportunity)],
            tasks=[each for each in values if isinstance(each, KnownTask)],
            gone=[each for each in values if isinstance(each, Gone)],
        )

    def _past(self, of: PastOf, fields: Collection[str]) -> ContactHistory:
        told = {
            name: FieldHistory(self.desk.former.get((of.id, name), []))
            for name in fields
            if name not in self.desk.untracked
        }
        return ContactHistory(of.id, told)

    def _write(self, wish: WriteBack) -> Outcome:
        desk = self.desk
        contact = desk.find(wish.contact)
        if contact is None:
            return Outcome(Verdict.GONE)
        trouble = desk.trouble(contact.id)
        if trouble is not None:
            return trouble
        unknown = sorted(set(wish.values) - set(desk.properties))
        if unknown:
            return Outcome(Verdict.REFUSED, reason=f"property {unknown[0]} does not exist")
        values = {name: value or None for name, value in wish.values.items()}
        written = desk.put(replace(contact, written={**contact.written, **values}))
        moved = written.id if written.id != wish.contact else None
        return Outcome(
            Verdict.ACCEPTED, values=values, contact=moved, changed_at=written.updated_at
        )

    def _write_opportunity(self, wish: OpportunityWrite) -> Outcome:
        desk, id_ = self.desk, wish.opportunity
        if desk.opportunity(id_) is None:
            return Outcome(Verdict.GONE)
        trouble = desk.trouble(id_)
        if trouble is not None:
            return trouble
        unknown = sorted(set(wish.values) - set(OF_OPPORTUNITIES))
        if unknown:
            return Outcome(Verdict.REFUSED, reason=f"property {unknown[0]} does not exist")
        desk.opportunity_writes[id_] += 1
        changed = desk.write_on_opportunity(id_, **wish.values)
        values = {name: changed.written[name] for name in wish.values}
        return Outcome(Verdict.ACCEPTED, values=values, changed_at=self._clock.now())

    def _write_task(self, wish: TaskWish) -> Outcome:
        desk = self.desk
        assert wish.due_at.tzinfo is not None, "a task that is due at no instant"
        if wish.key in desk.tasks:
            if wish.is_done:
                desk.complete(wish.key)
            return Outcome(Verdict.ACCEPTED, task=desk.tasks[wish.key].id)
        contact = desk.find(wish.contact)
        if contact is None or wish.is_done:
            return Outcome(Verdict.GONE)
        trouble = desk.trouble(contact.id)
        if trouble is not None:
            return trouble
        return self._create(wish, contact.id)

    def _create(self, wish: TaskWish, contact: ContactId) -> Outcome:
        assert wish.subject, "a task without a subject"
        if wish.owner is not None and wish.owner not in self._active_owners():
            return Outcome(Verdict.REFUSED, reason="the owner is deactivated")
        id_ = TaskId(f"t{len(self.desk.tasks) + 1}")
        task = KnownTask(id_, wish.key, contact, is_done=False, changed_us=self._now_us())
        self.desk.keep_task(task, wish)
        return Outcome(Verdict.ACCEPTED, task=id_)

    def _active_owners(self) -> set[OwnerId]:
        return {each.id for each in self.desk.owners if each.is_active}

    def _now_us(self) -> int:
        return micros(self._clock.now())


def task_keys(crm: FakeCrm) -> list[TaskKey]:
    """Return the keys of all tasks, in the order of their creation."""
    return list(crm.desk.tasks)

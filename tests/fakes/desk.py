"""The inside of the fake CRM: its records, and what people do to them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from connector.domain.contact import (
    Activity,
    Contact,
    Gone,
    KnownTask,
    Lead,
    Opportunity,
    Owner,
    Value,
)
from connector.domain.ids import ContactId, LeadId, OpportunityId, TaskKey
from connector.domain.moment import micros
from connector.ports import Clock, FormerValue, Outcome, TaskWish, Verdict

Record = Contact | Gone | Activity | Opportunity | KnownTask | Lead


@dataclass(frozen=True, slots=True)
class Row:
    """A record as it was last changed. `change` counts every change of the account."""

    change: int
    value: Record


_STREAMS = {Activity: "activities", Opportunity: "opportunities", Lead: "leads"}


class Desk:
    """What the account holds. Everything here is a person's doing: it costs us no call."""

    def __init__(self, clock: Clock, properties: dict[str, None], owners: Sequence[Owner]) -> None:
        self.properties = properties
        self.owners = list(owners)
        self.tasks: dict[TaskKey, KnownTask] = {}
        self.wishes: dict[TaskKey, TaskWish] = {}
        self.former: dict[tuple[ContactId, str], list[FormerValue]] = {}
        self.untracked: set[str] = set()
        self.writes: Counter[ContactId] = Counter()
        self.opportunity_writes: Counter[OpportunityId] = Counter()
        self._clock = clock
        self._change = 0
        self._rows: dict[str, dict[str, Row]] = {
            name: {} for name in ("contacts", "activities", "opportunities", "tasks", "leads")
        }
        self._survivors: dict[ContactId, ContactId] = {}
        self._refused: dict[str, str] = {}
        self._silent: Counter[str] = Counter()

    # -- what people do

    def add(self, *records: Contact | Activity | Opportunity | Lead) -> None:
        """Create records."""
        for record in records:
            if isinstance(record, Contact):
                self._keep("contacts", replace(record, written=self._blank(record)))
            else:
                self._keep(_STREAMS[type(record)], record)

    def edit(self, contact: Contact, **values: str | None) -> None:
        """Set properties that are ours by hand; None clears."""
        now = self.get(contact)
        self._touch(replace(now, written={**now.written, **values}))

    def learn(self, contact: Contact, **fields: Value) -> None:
        """Set fields that are not ours; what stood there before is told in their history."""
        now, until_us = self.get(contact), micros(self._clock.now())
        for name, value in fields.items():
            if now.fields.get(name) != value:
                former = FormerValue(until_us, now.fields.get(name), by="Somebody")
                self.former.setdefault((now.id, name), []).append(former)
        self._touch(replace(now, fields={**now.fields, **fields}))

    def assign(self, contact: Contact, owner: Owner | None) -> None:
        """Give a contact to someone else."""
        self._touch(replace(self.get(contact), owner=owner.id if owner else None))

    def delete(self, contact: Contact) -> None:
        """Delete a contact."""
        id_ = self.get(contact).id
        self._keep("contacts", Gone(id_))

    def merge(self, loser: Contact, *, into: Contact) -> None:
        """Merge one contact into another: its addresses and all that was linked to it go along."""
        lost, kept = self.get(loser), self.get(into)
        assert lost.id != kept.id, "a contact cannot be merged into itself"
        self._survivors[lost.id] = kept.id
        former = (*kept.former_ids, lost.id, *lost.former_ids)
        emails = (*kept.emails, *lost.emails)
        self._keep("contacts", Gone(lost.id, into=kept.id))
        self._touch(replace(kept, former_ids=former, emails=emails))

    def complete(self, key: TaskKey) -> None:
        """Mark a task as done."""
        task = replace(self.tasks[key], is_done=True, changed_us=micros(self._clock.now()))
        self.tasks[key] = task
        self._keep("tasks", task)

    def change_lead(self, id_: LeadId, *, is_open: bool = True, **values: str | None) -> Lead:
        """Set properties of a lead, and whether it is open."""
        lead, now = self.lead(id_), micros(self._clock.now())
        assert lead is not None, f"lead {id_} is deleted"
        written = {**lead.written, **values}
        changed = replace(lead, written=written, is_open=is_open, changed_us=now)
        self._keep("leads", changed)
        return changed

    def delete_lead(self, id_: LeadId) -> None:
        """Delete a lead: no stream tells of it."""
        del self._rows["leads"][id_]

    def change_opportunity(self, id_: OpportunityId, **values: object) -> Opportunity:
        """Change what an opportunity is: its amount, its fields, who takes part."""
        now = micros(self._clock.now())
        changed: Opportunity = replace(self._there(id_), **values, changed_us=now)  # type: ignore[arg-type]  # each test names attributes of an opportunity
        self._keep("opportunities", changed)
        return changed

    def write_on_opportunity(self, id_: OpportunityId, **values: str | None) -> Opportunity:
        """Set properties of an opportunity that are ours, by hand or by a write; None clears."""
        written = {**self._there(id_).written, **{k: v or None for k, v in values.items()}}
        return self.change_opportunity(id_, written=written)

    def delete_opportunity(self, id_: OpportunityId) -> None:
        """Delete an opportunity: no stream tells of it."""
        del self._rows["opportunities"][id_]

    def _there(self, id_: OpportunityId) -> Opportunity:
        found = self.opportunity(id_)
        assert found is not None, f"opportunity {id_} is deleted"
        return found

    # -- what goes wrong

    def refuse(
        self, contact: Contact | Opportunity, reason: str = "a value is not allowed"
    ) -> None:
        """Refuse every write to a contact from now on."""
        self._refused[contact.id] = reason

    def relent(self, contact: Contact | Opportunity) -> None:
        """Refuse no longer."""
        del self._refused[contact.id]

    def relent_all(self) -> None:
        """Refuse nothing any longer, and answer again."""
        self._refused.clear()
        self._silent.clear()

    def silence(self, contact: Contact | Opportunity, times: int = 1) -> None:
        """Leave the next writes to a contact without an answer."""
        self._silent[contact.id] = times

    # -- what it looks like

    def get(self, contact: Contact) -> Contact:
        """Return a contact, or its survivor, as it is now."""
        found = self.find(contact.id)
        assert found is not None, f"contact {contact.id} is deleted"
        return found

    def shows(self, contact: Contact, property_: str) -> str | None:
        """Return what a property of a contact holds."""
        return self.get(contact).written[property_]

    def living(self) -> list[Contact]:
        """Return every contact that is not deleted or merged."""
        rows = self._rows["contacts"].values()
        return [row.value for row in rows if isinstance(row.value, Contact)]

    def open_tasks(self) -> list[TaskWish]:
        """Return the tasks that are not done, as they were wished for."""
        return [self.wishes[key] for key, task in self.tasks.items() if not task.is_done]

    # -- what the port needs

    def changed(self, stream: str, since: int) -> Iterator[Row]:
        """Yield rows changed after a change, oldest first."""
        rows = sorted(self._rows[stream].values(), key=lambda row: row.change)
        return (row for row in rows if row.change > since)

    def find(self, id_: ContactId) -> Contact | None:
        """Return a living contact by any id it ever had."""
        while id_ in self._survivors:
            id_ = self._survivors[id_]
        row = self._rows["contacts"].get(id_)
        return row.value if row and isinstance(row.value, Contact) else None

    def lead(self, id_: LeadId) -> Lead | None:
        """Return a lead as it is now."""
        row = self._rows["leads"].get(id_)
        return row.value if row and isinstance(row.value, Lead) else None

    def opportunity(self, id_: OpportunityId) -> Opportunity | None:
        """Return an opportunity as it is now."""
        row = self._rows["opportunities"].get(id_)
        return row.value if row and isinstance(row.value, Opportunity) else None

    def look_up(self, ids: Sequence[ContactId]) -> list[Contact]:
        """Return the living ones of some contacts, each once."""
        found = {each.id: each for each in map(self.find, ids) if each is not None}
        return list(found.values())

    def trouble(self, id_: str) -> Outcome | None:
        """Return the answer to a write that was told to fail."""
        if self._silent[id_]:
            self._silent[id_] -= 1
            return Outcome(Verdict.UNAVAILABLE)
        if id_ in self._refused:
            return Outcome(Verdict.REFUSED, reason=self._refused[id_])
        return None

    def put(self, contact: Contact) -> Contact:
        """Keep a contact as a write of ours left it."""
        self.writes[contact.id] += 1
        return self._touch(contact)

    def keep_task(self, task: KnownTask, wish: TaskWish) -> None:
        """Keep a new task."""
        assert task.key not in self.tasks, "a task was created twice"
        self.tasks[task.key] = task
        self.wishes[task.key] = wish
        self._keep("tasks", task)

    def _touch(self, contact: Contact) -> Contact:
        touched = replace(contact, updated_at=self._clock.now())
        self._keep("contacts", touched)
        return touched

    def _keep(self, stream: str, record: Record) -> None:
        self._change += 1
        key = record.key if isinstance(record, KnownTask) else record.id
        self._rows[stream][key] = Row(self._change, record)

    def _blank(self, contact: Contact) -> dict[str, str | None]:
        return {**dict.fromkeys(self.properties), **contact.written}

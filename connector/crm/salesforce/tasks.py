"""Our tasks: inserted once by their unique key, completed by it.

An insert, not an upsert: an upsert would write over what a rep has made of the task.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo

from connector.config.salesforce_mapping import SalesforceTasks
from connector.crm.salesforce.client import Client
from connector.crm.salesforce.collections import Answers, Collections, record
from connector.crm.salesforce.lookup import Lookup
from connector.crm.salesforce.people import People, whole_id
from connector.crm.salesforce.refusal import Json, Refusal
from connector.crm.salesforce.rows import Row
from connector.crm.salesforce.writing import FAILED, refused
from connector.domain.ids import ContactId, OwnerId, TaskId, TaskKey
from connector.ports import Outcome, TaskWish, Verdict

_SUBJECT = 255
_DESCRIPTION = 32_000
_TASK_ID = re.compile(r"\b00T[0-9A-Za-z]{12}(?:[0-9A-Za-z]{3})?\b")
_GONE = Outcome(Verdict.GONE, "the task is deleted")
_NOBODY = Outcome(Verdict.GONE, "the lead or contact is deleted")


@dataclass(frozen=True, slots=True)
class TaskWriter:
    """Writes tasks. `owner`: who gets those that nobody else can; None: the integration user."""

    client: Client
    mapping: SalesforceTasks
    people: Mapping[str, People]
    zone: tzinfo
    owner: OwnerId | None = None

    def write(self, batch: Sequence[TaskWish]) -> list[Outcome]:
        """Return one outcome for each wish, in order."""
        outcome: dict[int, Outcome] = {}
        for is_done, send in ((False, self._create), (True, self._complete)):
            numbers = [n for n, wish in enumerate(batch) if wish.is_done is is_done]
            if numbers:
                sent = send([batch[number] for number in numbers])
                outcome.update(zip(numbers, sent, strict=True))
        return [outcome[number] for number in range(len(batch))]

    def _create(self, batch: Sequence[TaskWish]) -> list[Outcome]:
        sent = self._insert(dict(enumerate(batch)))
        wishes = dict(enumerate(batch))
        outcomes: dict[int, Outcome] = {}
        unowned = {
            n: self._unowned(wishes[n]) for n, why in sent.refusals.items() if why.is_of_owner
        }
        with _told_as_unknown(unowned, outcomes):
            self._again(unowned, sent)
        moved = {n: wishes[n] for n, why in sent.refusals.items() if _is_of_contact(why)}
        if moved:
            with _told_as_unknown(moved, outcomes):
                self._again(self._followed(moved, outcomes), sent)
        doubled = {n: wishes[n].key for n, why in sent.refusals.items() if why.is_doubled}
        with _told_as_unknown(doubled, outcomes):
            outcomes.update(self._known(doubled, sent))
        return [
            outcomes[number] if number in outcomes else _outcome(number, sent)
            for number in range(len(batch))
        ]

    def _insert(self, wishes: Mapping[int, TaskWish]) -> Answers:
        numbers = list(wishes)
        sent = Collections(self.client, "POST").send([self._record(wishes[n]) for n in numbers])
        return Answers(
            {numbers[place]: id_ for place, id_ in sent.ids.items()},
            {numbers[place]: why for place, why in sent.refusals.items()},
        )

    def _again(self, wishes: Mapping[int, TaskWish], sent: Answers) -> None:
        if not wishes:
            return
        again = self._insert(wishes)
        for number in wishes:
            sent.refusals.pop(number, None)
        sent.ids.update(again.ids)
        sent.refusals.update(again.refusals)

    def _unowned(self, wish: TaskWish) -> TaskWish:
        return replace(wish, owner=self.owner if wish.owner != self.owner else None)

    def _followed(
        self, wishes: Mapping[int, TaskWish], outcomes: dict[int, Outcome]
    ) -> Mapping[int, TaskWish]:
        """Return the wishes for who each one is now; those who are nobody any more are gone."""
        ids = [wish.contact for wish in wishes.values()]
        living = Lookup(self.client).living(ids, self.people)
        moved = {n: now for n, w in wishes.items() if (now := living.get(w.contact))}
        tasks = self._open_of(dict.fromkeys(now.id for now in moved.values()))
        found: dict[int, TaskWish] = {}
        taken: set[ContactId] = set()
        for number, wish in wishes.items():
            now = moved.get(number)
            # Whoever it is now may have been handed over already: one task is enough.
            if now is None:
                outcomes[number] = _NOBODY
            elif now.id in tasks:
                outcomes[number] = _accepted(tasks[now.id])
            elif now.id in taken:
                told = f"it is {now.id} now, who gets a task of its own"
                outcomes[number] = Outcome(Verdict.GONE, told, contact=now.id)
            elif now.id != wish.contact:
                found[number] = replace(wish, contact=now.id)
                taken.add(now.id)
        return found

    def _open_of(self, contacts: Iterable[ContactId]) -> dict[str, str | None]:
        """Return {lead or contact: an open task of ours} of those that have one."""
        columns = ("Id", "WhoId", self.mapping.key, "IsClosed", "IsDeleted")
        rows = Lookup(self.client).rows("Task", columns, list(contacts), by="WhoId")
        return {
            row["WhoId"] or "": row["Id"]
            for row in rows
            if row[self.mapping.key] and "true" not in (row["IsClosed"], row["IsDeleted"])
        }

    def _record(self, wish: TaskWish) -> Json:
        due = wish.due_at.astimezone(self.zone)
        owner = wish.owner or self.owner
        values: dict[str, object] = {
            self.mapping.key: wish.key,
            "WhoId": wish.contact,
            "Subject": wish.subject[:_SUBJECT],
            "Description": wish.body[:_DESCRIPTION],
            "TaskSubtype": self.mapping.subtype,
            "Status": self.mapping.status,
            "Priority": self.mapping.priority_urgent if wish.is_urgent else self.mapping.priority,
            # A task is due on a day; the hour of it is in the reminder.
            "ActivityDate": due.date().isoformat(),
            "IsReminderSet": True,
            "ReminderDateTime": wish.due_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        if owner:
            values["OwnerId"] = owner
        return record("Task", values)

    def _known(self, keys: Mapping[int, TaskKey], sent: Answers) -> dict[int, Outcome]:
        """Return that tasks which were there already are done: the wish had arrived before.

        Another unique field of the org's may be what is doubled: then there is no such task.
        """
        own = {n for n in keys if self.mapping.key.lower() in sent.refusals[n].full.lower()}
        named = {n: _TASK_ID.search(sent.refusals[n].full) for n in own}
        unnamed = [key for n, key in keys.items() if named.get(n) is None]
        by_key = self._by_key(unnamed) if unnamed else {}
        found: dict[int, Outcome] = {}
        for number, key in keys.items():
            match, row = named.get(number), by_key.get(key.lower())
            id_ = whole_id(match[0]) if match else (row or {}).get("Id")
            if id_ or number in own:
                found[number] = _accepted(id_)
        return found

    def _by_key(self, keys: Sequence[TaskKey]) -> dict[str, Row]:
        columns = ("Id", self.mapping.key, "IsClosed", "IsDeleted")
        rows = Lookup(self.client).rows("Task", columns, keys, by=self.mapping.key)
        return {
            (row[self.mapping.key] or "").lower(): row for row in rows if row["IsDeleted"] != "true"
        }

    def _complete(self, batch: Sequence[TaskWish]) -> list[Outcome]:
        rows = self._by_key([wish.key for wish in batch])
        there = {n: rows[w.key.lower()] for n, w in enumerate(batch) if w.key.lower() in rows}
        open_ = [number for number, row in there.items() if row.get("IsClosed") != "true"]
        values = {"Status": self.mapping.status_done}
        records = [record("Task", values, there[number]["Id"] or "") for number in open_]
        sent = Collections(self.client, "PATCH").send(records) if records else Answers()
        outcomes = {number: _accepted(row["Id"]) for number, row in there.items()}
        for place, number in enumerate(open_):
            outcomes[number] = _outcome(place, sent)
        return [outcomes.get(number, _GONE) for number in range(len(batch))]


@contextmanager
def _told_as_unknown(wishes: Iterable[int], outcomes: dict[int, Outcome]) -> Iterator[None]:
    """Let a failure leave these wishes unknown: what became of the others has to be told."""
    try:
        yield
    except FAILED as failed:
        for number in wishes:
            outcomes.setdefault(number, Outcome(Verdict.UNAVAILABLE, failed.what))


def _is_of_contact(why: Refusal) -> bool:
    return why.is_converted or (why.is_gone and not why.is_of_owner)


def _accepted(id_: str | None) -> Outcome:
    return Outcome(Verdict.ACCEPTED, task=TaskId(id_) if id_ else None)


def _outcome(number: int, sent: Answers) -> Outcome:
    if number in sent.ids:
        return _accepted(sent.ids[number])
    why = sent.refusals.get(number)
    if why is None:
        return Outcome(Verdict.UNAVAILABLE, "Salesforce's answer does not mention this task")
    if why.is_gone:
        return Outcome(Verdict.GONE, why.says)
    return refused(why)

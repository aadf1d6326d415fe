"""Our tasks: read by their key, created once by it, completed by id."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from connector.config.mapping import Tasks
from connector.crm.hubspot import paths, wire
from connector.crm.hubspot import place as places
from connector.crm.hubspot.batch import (
    Answers,
    Batch,
    Wish,
    changed_at,
    outcomes,
    refused,
)
from connector.crm.hubspot.client import Client
from connector.crm.hubspot.follow import Follower, Lag
from connector.crm.hubspot.judging import Limit
from connector.crm.hubspot.objects import Filter, ObjectReader, where
from connector.crm.hubspot.place import Echo
from connector.crm.hubspot.refusal import Refusal, parse_entry
from connector.crm.hubspot.wire import Row
from connector.crm.values import micros, millis
from connector.domain.contact import KnownTask
from connector.domain.ids import ContactId, TaskId, TaskKey
from connector.ports import Outcome, Page, TaskWish, Verdict

_STATUS = "hs_task_status"
_DONE = "COMPLETED"
_OPEN = "NOT_STARTED"


@dataclass(frozen=True, slots=True)
class TaskStream:
    """Reads the tasks that carry our key. Tasks that we just created are not read back."""

    client: Client
    mapping: Tasks
    lag: Lag
    echoes: Callable[[], Sequence[Echo]]

    def pages(self, checkpoint: str | None) -> Iterator[Page]:
        """Yield pages as `Crm.pages` promises."""
        place = places.load(checkpoint)
        reader = task_reader(self.client, self.mapping)
        follower = Follower(
            self.client,
            reader,
            self.lag,
            always=[where(self.mapping.key, "HAS_PROPERTY")],
            foreign=_touched,
            searched=True,
            echoes=self.echoes,
        )
        for found in follower.pages(place):
            contacts = reader.contacts_of(found.rows, inline=False)
            tasks = [_known(row, self.mapping.key, contacts.get(row["id"])) for row in found.rows]
            yield Page(place.dump(), tasks=tasks)


def task_reader(client: Client, mapping: Tasks) -> ObjectReader:
    """Return what reads tasks with what we need of them."""
    return ObjectReader(client, "tasks", [mapping.key, _STATUS])


def _touched(_echo: Echo) -> Sequence[Sequence[Filter]]:
    """Return the filter by which a task in an echo is not just one that we created: its status."""
    return ([where(_STATUS, "NEQ", _OPEN)],)


def _known(row: Row, key: str, contacts: Sequence[ContactId] | None) -> KnownTask:
    properties = row["properties"]
    return KnownTask(
        TaskId(row["id"]),
        TaskKey(properties.get(key) or ""),
        contacts[0] if contacts else None,
        properties.get(_STATUS) == _DONE,
        micros(datetime.fromisoformat(row["updatedAt"])),
    )


@dataclass(frozen=True, slots=True)
class TaskWriter:
    """Creates tasks by upsert on the unique key, then links them; both can be repeated at will."""

    client: Client
    mapping: Tasks

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
        wishes = [self._wish(each) for each in batch]
        answers = Batch(self.client, paths.objects("tasks", "batch/upsert")).send(wishes)
        unlinked = self._link(batch, answers) if answers.rows else {}

        def accept(number: int, row: Row) -> Outcome:
            why = unlinked.get(number)
            return _accepted(row) if why is None else refused(why)

        return outcomes(answers, wishes, accept)

    def _wish(self, wish: TaskWish) -> Wish:
        # No status: a new task starts open by itself, and a repeated wish must not reopen one.
        values = {
            self.mapping.key: str(wish.key),
            "hs_timestamp": str(millis(wish.due_at)),
            "hs_task_subject": wish.subject,
            "hs_task_body": html(wish.body),
            "hs_task_priority": "HIGH" if wish.is_urgent else "MEDIUM",
            "hs_task_type": self.mapping.type,
        }
        if wish.owner:
            values["hubspot_owner_id"] = wish.owner
        return Wish(wish.key, values, self.mapping.key)

    def _link(self, batch: Sequence[TaskWish], answers: Answers) -> Mapping[int, Refusal]:
        """Link each task with its contact; return why not, by number, where it failed."""
        numbers = list(answers.rows)
        inputs = [
            {"from": {"id": answers.rows[number]["id"]}, "to": {"id": batch[number].contact}}
            for number in numbers
        ]
        path = paths.associations("tasks", "contacts", "associate/default")
        reply = self.client.post(path, {"inputs": inputs}, limit=Limit.ASSOCIATIONS)
        linked = set(_ends(reply.get("results")))
        whys = [parse_entry(entry) for entry in wire.objects(reply.get("errors"))]
        failed = [number for number in numbers if answers.rows[number]["id"] not in linked]
        refusals = {number: _why(batch[number].contact, whys) for number in failed}
        self._remove([answers.rows[number] for number in failed if refusals[number].is_gone])
        return refusals

    def _remove(self, rows: Sequence[Row]) -> None:
        """Take back tasks whose contact turned out to be deleted: nobody would find them."""
        if rows:
            path = paths.objects("tasks", "batch/archive")
            inputs = wire.inputs([row["id"] for row in rows])
            self.client.post(path, {"inputs": inputs}, needs="")

    def _complete(self, batch: Sequence[TaskWish]) -> list[Outcome]:
        reader = task_reader(self.client, self.mapping)
        key = self.mapping.key
        rows = reader.read([wish.key for wish in batch], by=key)
        by_key = {row["properties"].get(key): row for row in rows}
        there = [by_key[wish.key] for wish in batch if wish.key in by_key]
        open_ = [row for row in there if row["properties"].get(_STATUS) != _DONE]
        wishes = [Wish(row["id"], {_STATUS: _DONE}) for row in open_]
        answers = Batch(self.client, paths.objects("tasks", "batch/update")).send(wishes)
        sent = outcomes(answers, wishes, lambda _number, row: _accepted(row))
        by_id = {row["id"]: _accepted(row) for row in there}
        by_id.update((row["id"], outcome) for row, outcome in zip(open_, sent, strict=True))
        gone = Outcome(Verdict.GONE, "the task is deleted")
        return [by_id[by_key[wish.key]["id"]] if wish.key in by_key else gone for wish in batch]


def html(text: str) -> str:
    """Return plain text as the HTML that a task's body is."""
    return escape(text).replace("\n", "<br>")


def _accepted(row: Row) -> Outcome:
    return Outcome(Verdict.ACCEPTED, task=TaskId(row["id"]), changed_at=changed_at(row))


def _ends(results: object) -> Iterator[str]:
    for result in wire.objects(results):
        source = result.get("from")
        if isinstance(source, dict):
            yield str(source.get("id"))
        elif "fromObjectId" in result:
            yield str(result["fromObjectId"])


def _why(contact: str, whys: Sequence[Refusal]) -> Refusal:
    """Return the refusal that names a contact; without one the link's fate is unknown."""
    named = (
        why for why in whys if contact in {each for ids in why.context.values() for each in ids}
    )
    unknown = Refusal(503, "HubSpot's answer does not mention this task's contact")
    return next(named, unknown)

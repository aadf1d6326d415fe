"""Write-backs: our fields on leads, contacts and opportunities, a thousand to a call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from connector.crm.salesforce.client import Client
from connector.crm.salesforce.collections import Answers, Collections, record
from connector.crm.salesforce.lookup import Lookup, Now
from connector.crm.salesforce.people import NUMERIC, People, object_of
from connector.crm.salesforce.refusal import Refusal
from connector.crm.salesforce.schema import FieldInfo, Schema
from connector.domain.ids import ContactId
from connector.errors import CredentialsError, CrmRefusedError, CrmUnavailableError
from connector.ports import Outcome, Verdict, WriteBack

FAILED = (CrmUnavailableError, CrmRefusedError, CredentialsError)
"""What a call may end in."""
DELETED = Outcome(Verdict.GONE, "the record is deleted")
_LARGEST = Decimal(10) ** 18


class UnfitError(Exception):
    """A value cannot go into its field; the message is for an admin."""


@dataclass(frozen=True, slots=True)
class Change:
    """Fields to set on one record: {field: text as `WriteBack` has it}."""

    source: str
    record: str
    values: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class RecordWriter:
    """Writes fields of records, as their types take them."""

    client: Client
    schema: Schema

    def send(self, changes: Mapping[int, Change], outcomes: dict[int, Outcome]) -> Answers:
        """Send what can be sent; what cannot has its outcome at once."""
        ready: dict[int, Mapping[str, object]] = {}
        for number, change in changes.items():
            try:
                values = self.values(change.source, change.values)
            except UnfitError as unfit:
                outcomes[number] = Outcome(Verdict.REFUSED, str(unfit))
            else:
                ready[number] = record(change.source, values, change.record)
        # One sort after the other: a change of sort begins a new part on the platform's side.
        numbers = sorted(ready, key=lambda number: str(ready[number]["attributes"]))
        if not numbers:
            return Answers()
        sent = Collections(self.client, "PATCH").send([ready[number] for number in numbers])
        return Answers(
            {numbers[place]: id_ for place, id_ in sent.ids.items()},
            {numbers[place]: why for place, why in sent.refusals.items()},
        )

    def values(self, source: str, values: Mapping[str, str | None]) -> Mapping[str, object]:
        """Return values as the fields take them. Raises UnfitError if one cannot be written."""
        found: dict[str, object] = {}
        for name, text in values.items():
            info = self.schema.field(source, name)
            if info is None:
                raise UnfitError(
                    f"field {name} of {source} does not exist, or is hidden from the integration "
                    "user: run `leadripe provision`, and assign its permission set"
                )
            if not info.is_updateable:
                raise UnfitError(f"field {name} of {source} is read-only for the integration user")
            found[info.name] = typed(info, text)
        return found


@dataclass(frozen=True, slots=True)
class ContactWriter:
    """Writes fields, and goes on where a record went.

    That is to the contact of a converted lead, and to the survivor of a merge.
    """

    client: Client
    schema: Schema
    people: Mapping[str, People]

    def write(self, batch: Sequence[WriteBack]) -> list[Outcome]:
        """Return one outcome for each write-back, in order."""
        outcomes: dict[int, Outcome] = {}
        wishes: dict[int, WriteBack] = dict(enumerate(batch))
        sent = self._send(wishes, outcomes)
        moved = [number for number, why in sent.refusals.items() if why.is_converted or why.is_gone]
        if moved:
            self._follow({number: wishes[number] for number in moved}, outcomes)
        return [
            outcomes[number] if number in outcomes else outcome_of(number, each.values, sent)
            for number, each in enumerate(batch)
        ]

    def _follow(self, wishes: Mapping[int, WriteBack], outcomes: dict[int, Outcome]) -> None:
        """Write to who each one is now, and say so; those who are nobody any more are gone."""
        ids = [each.contact for each in wishes.values()]
        try:
            living = Lookup(self.client).living(ids, self.people)
        except FAILED as failed:
            # What became of the rest of the batch is known, and has to be told.
            outcomes.update(dict.fromkeys(wishes, Outcome(Verdict.UNAVAILABLE, failed.what)))
            return
        again = self._moved(wishes, living, outcomes)
        if not again:
            return
        sent = self._send(again, outcomes)
        for number, wish in again.items():
            if number not in outcomes:
                outcomes[number] = outcome_of(number, wish.values, sent, into=wish.contact)

    def _moved(
        self,
        wishes: Mapping[int, WriteBack],
        living: Mapping[str, Now],
        outcomes: dict[int, Outcome],
    ) -> Mapping[int, WriteBack]:
        """Return the wishes for records that took the place of others, one for each."""
        again: dict[int, WriteBack] = {}
        taken: set[ContactId] = set()
        for number, wish in wishes.items():
            now = living.get(wish.contact)
            if now is None:
                outcomes[number] = DELETED
            elif now.id in taken or now.holds_own(wish.values):
                told = f"it is {now.id} now, which has values of its own"
                outcomes[number] = Outcome(Verdict.GONE, told, contact=now.id)
            elif now.id != wish.contact:
                taken.add(now.id)
                again[number] = WriteBack(now.id, wish.values)
        return again

    def _send(self, wishes: Mapping[int, WriteBack], outcomes: dict[int, Outcome]) -> Answers:
        changes: dict[int, Change] = {}
        for number, wish in wishes.items():
            source = object_of(wish.contact)
            if source is None or source not in self.people:
                told = f"{wish.contact} is no lead or contact that the mapping writes"
                outcomes[number] = Outcome(Verdict.REFUSED, told)
            else:
                changes[number] = Change(source, wish.contact, wish.values)
        return RecordWriter(self.client, self.schema).send(changes, outcomes)


def typed(info: FieldInfo, text: str | None) -> object:
    """Return a text as JSON for a field: numbers bare, truth values as such, the rest as it is."""
    if text is None or text == "":
        return False if info.type == "boolean" else None
    if info.type in NUMERIC:
        return _number(info.name, text)
    if info.type == "boolean":
        return text.lower() == "true"
    return text


def _number(name: str, text: str) -> int | float:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise UnfitError(f"{name} takes numbers only") from None
    # JSON has no word for what is no number: it would be written as nothing.
    if not value.is_finite() or abs(value) >= _LARGEST:
        raise UnfitError(f"{name} takes numbers of up to 18 digits only")
    return int(value) if value == value.to_integral_value() else float(value)


def outcome_of(
    number: int,
    values: Mapping[str, str | None],
    sent: Answers,
    *,
    into: ContactId | None = None,
) -> Outcome:
    """Return what became of a write by its number."""
    if number in sent.ids:
        return Outcome(Verdict.ACCEPTED, values=dict(values), contact=into)
    why = sent.refusals.get(number)
    if why is None:
        return Outcome(Verdict.UNAVAILABLE, "Salesforce's answer does not mention this record")
    return refused(why)


def refused(why: Refusal) -> Outcome:
    """Return the outcome that a refusal of one row means."""
    if why.is_passing:
        return Outcome(Verdict.UNAVAILABLE, why.says)
    return Outcome(Verdict.REFUSED, why.says)

"""Write-backs: our fields on leads and contacts, a thousand to a call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.crm.salesforce.client import Client
from connector.crm.salesforce.collections import Answers, Collections, record
from connector.crm.salesforce.lookup import Lookup
from connector.crm.salesforce.people import NUMERIC, People, object_of
from connector.crm.salesforce.refusal import Refusal
from connector.crm.salesforce.schema import FieldInfo, Schema
from connector.domain.ids import ContactId
from connector.ports import Outcome, Verdict, WriteBack


class UnfitError(Exception):
    """A value cannot go into its field; the message is for an admin."""


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
            outcomes[number] if number in outcomes else _outcome(number, each, sent)
            for number, each in enumerate(batch)
        ]

    def _follow(self, wishes: Mapping[int, WriteBack], outcomes: dict[int, Outcome]) -> None:
        """Write to who each one is now, and say so; those who are nobody any more are gone."""
        lookup = Lookup(self.client)
        living = lookup.living([each.contact for each in wishes.values()], self.people)
        again: dict[int, WriteBack] = {}
        for number, wish in wishes.items():
            now = living.get(wish.contact)
            if now is None:
                outcomes[number] = Outcome(Verdict.GONE, "the record is deleted")
            elif now.id == wish.contact:
                continue
            elif now.holds_own(wish.values):
                told = f"it is {now.id} now, which has values of its own"
                outcomes[number] = Outcome(Verdict.GONE, told, contact=now.id)
            else:
                again[number] = WriteBack(now.id, wish.values)
        if not again:
            return
        sent = self._send(again, outcomes)
        for number, wish in again.items():
            if number not in outcomes:
                outcomes[number] = _outcome(number, wish, sent, into=wish.contact)

    def _send(self, wishes: Mapping[int, WriteBack], outcomes: dict[int, Outcome]) -> Answers:
        """Send what can be sent; what cannot has its outcome at once."""
        ready: dict[int, Mapping[str, object]] = {}
        for number, wish in wishes.items():
            try:
                source, values = self._typed(wish)
            except UnfitError as unfit:
                outcomes[number] = Outcome(Verdict.REFUSED, str(unfit))
            else:
                ready[number] = record(source, values, wish.contact)
        # One sort after the other: a change of sort begins a new part on the platform's side.
        numbers = sorted(ready, key=lambda number: str(ready[number]["attributes"]))
        if not numbers:
            return Answers()
        sent = Collections(self.client, "PATCH").send([ready[number] for number in numbers])
        return Answers(
            {numbers[place]: id_ for place, id_ in sent.ids.items()},
            {numbers[place]: why for place, why in sent.refusals.items()},
        )

    def _typed(self, wish: WriteBack) -> tuple[str, Mapping[str, object]]:
        source = object_of(wish.contact)
        if source is None or source not in self.people:
            raise UnfitError(f"{wish.contact} is no lead or contact that the mapping writes")
        return source, self.values(source, wish.values)

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


def typed(info: FieldInfo, text: str | None) -> object:
    """Return a text as JSON for a field: numbers bare, truth values as such, the rest as it is."""
    if text is None or text == "":
        return False if info.type == "boolean" else None
    if info.type in NUMERIC:
        try:
            value = float(text)
        except ValueError:
            raise UnfitError(f"{info.name} takes numbers only") from None
        return int(value) if value.is_integer() else value
    if info.type == "boolean":
        return text.lower() == "true"
    return text


def _outcome(
    number: int, wish: WriteBack, sent: Answers, *, into: ContactId | None = None
) -> Outcome:
    if number in sent.ids:
        return Outcome(Verdict.ACCEPTED, values=dict(wish.values), contact=into)
    why = sent.refusals.get(number)
    if why is None:
        return Outcome(Verdict.UNAVAILABLE, "Salesforce's answer does not mention this record")
    return refused(why)


def refused(why: Refusal) -> Outcome:
    """Return the outcome that a refusal of one row means."""
    if why.is_passing:
        return Outcome(Verdict.UNAVAILABLE, why.says)
    return Outcome(Verdict.REFUSED, why.says)

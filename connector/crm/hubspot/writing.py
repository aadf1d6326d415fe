"""Write-backs: properties of contacts, a hundred to a call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.crm.hubspot import paths
from connector.crm.hubspot.batch import Answers, Batch, Wish, changed_at, new_id, outcomes
from connector.crm.hubspot.client import Client
from connector.crm.hubspot.contacts import WROTE_AT
from connector.crm.hubspot.wire import Row
from connector.crm.values import millis
from connector.ports import Outcome, Verdict, WriteBack

_FORWARD_ONLY = ("lifecyclestage",)
"""Fields that HubSpot only ever moves forward: https://knowledge.hubspot.com/contacts/use-lifecycle-stages"""

_LATER = Outcome(Verdict.UNAVAILABLE, "the rest of its batch was not sent")


@dataclass(slots=True)
class ContactWriter:
    """Writes properties, and beside them the moment of writing, by which our changes are known.

    `marks`: whether the account has the property for that moment; seen at the first refusal.
    """

    client: Client
    marks: bool = True

    def write(self, batch: Sequence[WriteBack]) -> list[Outcome]:
        """Return one outcome for each write-back, in order."""
        wishes = [self._wish(each) for each in batch]
        answers = self._batch().send(wishes)
        if self.marks and _lacks_mark(answers):
            self.marks = False
            return self.write(batch)
        self._step_back(answers, wishes, batch)
        return outcomes(answers, wishes, lambda number, row: _accepted(batch[number], row))

    def _step_back(
        self, answers: Answers, wishes: Sequence[Wish], batch: Sequence[WriteBack]
    ) -> None:
        """Restore again what HubSpot ignored without a word: a lower lifecycle stage.

        Such a field has to be cleared first. Cut off in between it is empty, and the write-back
        waits: the next run sets it.
        """
        again = {
            number: Wish(wishes[number].id, {name: wishes[number].properties[name]})
            for number, row in answers.rows.items()
            for name in _FORWARD_ONLY
            if batch[number].takes_back
            and _was_ignored(wishes[number].properties.get(name), row["properties"].get(name))
        }
        if not again:
            return
        cleared = [Wish(each.id, dict.fromkeys(each.properties, "")) for each in again.values()]
        self._batch().send(cleared)
        numbers = list(again)
        for place, row in self._batch().send(list(again.values())).rows.items():
            number = numbers[place]
            shown = {**answers.rows[number]["properties"], **row["properties"]}
            answers.rows[number] = {**row, "properties": shown}

    def _batch(self) -> Batch:
        return Batch(self.client, paths.objects("contacts", "batch/update"))

    def _wish(self, each: WriteBack) -> Wish:
        # An empty text is HubSpot's way to clear a property.
        values = {name: value or "" for name, value in each.values.items()}
        if self.marks:
            values[WROTE_AT] = str(millis(self.client.now()))
        return Wish(each.contact, values)


def _was_ignored(asked: str | None, shown: str | None) -> bool:
    return bool(asked) and bool(shown) and shown != asked


def _lacks_mark(answers: Answers) -> bool:
    whys = answers.refusals.values()
    return not answers.rows and any(WROTE_AT in why.full for why in whys)


def _accepted(asked: WriteBack, row: Row) -> Outcome:
    return Outcome(
        Verdict.ACCEPTED,
        values=_values(row["properties"], asked.values),
        contact=new_id(row, asked.contact),
        changed_at=changed_at(row),
    )


def _values(
    answered: Mapping[str, str | None], asked: Mapping[str, str | None]
) -> dict[str, str | None]:
    return {name: answered[name] or None for name in asked if name in answered}

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
        return outcomes(answers, wishes, lambda number, row: _accepted(batch[number], row))

    def _batch(self) -> Batch:
        return Batch(self.client, paths.objects("contacts", "batch/update"))

    def _wish(self, each: WriteBack) -> Wish:
        # An empty text is HubSpot's way to clear a property.
        values = {name: value or "" for name, value in each.values.items()}
        if self.marks:
            values[WROTE_AT] = str(millis(self.client.now()))
        return Wish(each.contact, values)


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

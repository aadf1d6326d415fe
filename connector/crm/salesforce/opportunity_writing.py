"""Write-backs of scores: our fields on opportunities, a thousand to a call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.crm.salesforce.client import Client
from connector.crm.salesforce.lookup import Lookup
from connector.crm.salesforce.opportunities import OPPORTUNITY, is_deleted
from connector.crm.salesforce.schema import Schema
from connector.crm.salesforce.writing import DELETED, FAILED, Change, RecordWriter, outcome_of
from connector.ports import OpportunityWrite, Outcome, Verdict

_PREFIX = "006"
_LOOKED_AT = ("Id", "IsDeleted")


@dataclass(frozen=True, slots=True)
class OpportunityWriter:
    """Writes fields. An opportunity that is deleted is gone: no other takes its place."""

    client: Client
    schema: Schema

    def write(self, batch: Sequence[OpportunityWrite]) -> list[Outcome]:
        """Return one outcome for each write, in order."""
        outcomes: dict[int, Outcome] = {}
        changes: dict[int, Change] = {}
        for number, each in enumerate(batch):
            if each.opportunity.startswith(_PREFIX):
                changes[number] = Change(OPPORTUNITY, each.opportunity, each.values)
            else:
                outcomes[number] = Outcome(Verdict.REFUSED, f"{each.opportunity} is no opportunity")
        sent = RecordWriter(self.client, self.schema).send(changes, outcomes)
        missed = [number for number, why in sent.refusals.items() if why.is_gone]
        if missed:
            self._look({number: changes[number] for number in missed}, outcomes)
        return [
            outcomes[number] if number in outcomes else outcome_of(number, each.values, sent)
            for number, each in enumerate(batch)
        ]

    def _look(self, changes: Mapping[int, Change], outcomes: dict[int, Outcome]) -> None:
        """Say who is gone. An automation's own mistake may sound alike: such are there still."""
        ids = [each.record for each in changes.values()]
        try:
            rows = Lookup(self.client).rows(OPPORTUNITY, _LOOKED_AT, ids)
        except FAILED as failed:
            # What became of the rest of the batch is known, and has to be told.
            outcomes.update(dict.fromkeys(changes, Outcome(Verdict.UNAVAILABLE, failed.what)))
            return
        living = {row["Id"] for row in rows if not is_deleted(row)}
        for number, each in changes.items():
            if each.record not in living:
                outcomes[number] = DELETED

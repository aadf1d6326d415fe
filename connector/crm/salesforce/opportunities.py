"""Opportunities, with the contacts in their roles."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from connector.config.salesforce_mapping import SalesforceOpportunities
from connector.crm.salesforce import soql
from connector.crm.salesforce.feeds import Batch
from connector.crm.salesforce.lookup import Lookup
from connector.crm.salesforce.rows import Row
from connector.crm.salesforce.schema import Schema
from connector.crm.salesforce.windows import Feed
from connector.crm.values import moment, moment_in, number
from connector.domain.contact import Opportunity
from connector.domain.ids import ContactId, OpportunityId
from connector.ports import Page

OPPORTUNITY = "Opportunity"
ROLE = "OpportunityContactRole"
_RECORD_TYPE = "RecordType.DeveloperName"
_ALWAYS = (
    "Id",
    "SystemModstamp",
    "IsDeleted",
    "CreatedDate",
    "Probability",
    "CloseDate",
    "IsClosed",
    "IsWon",
)
_OF_ROLES = ("Id", "SystemModstamp", "IsDeleted", "OpportunityId")


@dataclass(frozen=True, slots=True)
class OpportunityStream:
    """Reads opportunities that changed, and those of which somebody's role did."""

    mapping: SalesforceOpportunities
    lookup: Lookup
    columns: tuple[str, ...]
    zone: tzinfo

    @property
    def feeds(self) -> Sequence[Feed]:
        """Opportunities, then roles; at first the roles come with their opportunities alone."""
        living = soql.says("IsDeleted", value=False)
        return [
            Feed(OPPORTUNITY, OPPORTUNITY, self.columns, at_first=(living,)),
            Feed(ROLE, ROLE, _OF_ROLES, at_first=(soql.NOTHING,)),
        ]

    def page(self, batch: Batch, checkpoint: str) -> Page:
        """Return the opportunities, each with every contact that takes part."""
        rows = batch.rows
        if batch.feed.name == ROLE:
            ids = dict.fromkeys(row["OpportunityId"] or "" for row in rows)
            rows = self.lookup.rows(OPPORTUNITY, self.columns, list(ids))
        counted = [row for row in rows if self._counts(row)]
        contacts = self._contacts([row["Id"] or "" for row in counted])
        found = [self._opportunity(row, contacts.get(row["Id"] or "", ())) for row in counted]
        return Page(checkpoint, opportunities=found)

    def _counts(self, row: Row) -> bool:
        wanted = self.mapping.record_types
        return wanted == "all" or row.get(_RECORD_TYPE) in wanted

    def _contacts(self, ids: Sequence[str]) -> dict[str, tuple[ContactId, ...]]:
        found: dict[str, dict[ContactId, None]] = defaultdict(dict)
        columns = ("OpportunityId", "ContactId", "IsDeleted")
        for row in self.lookup.rows(ROLE, columns, ids, by="OpportunityId"):
            if row["ContactId"] and row["IsDeleted"] != "true":
                found[row["OpportunityId"] or ""][ContactId(row["ContactId"])] = None
        return {of: tuple(contacts) for of, contacts in found.items()}

    def _opportunity(self, row: Row, contacts: tuple[ContactId, ...]) -> Opportunity:
        changed = moment(row["SystemModstamp"] or "") or 0
        created, close = row.get("CreatedDate"), row.get("CloseDate")
        amount, percent = row.get(self.mapping.amount), row.get("Probability")
        probability = number(percent) if percent else None
        close_us = moment_in(self.zone)(close) if close else None
        return Opportunity(
            OpportunityId(row["Id"] or ""),
            () if row["IsDeleted"] == "true" else contacts,
            created_us=(moment(created) if created else None) or changed,
            changed_us=changed,
            amount=number(amount) if amount else None,
            probability=None if probability is None else probability // 100,
            close_us=close_us if isinstance(close_us, int) else None,
            is_closed=row.get("IsClosed") == "true",
            is_won=row.get("IsWon") == "true",
        )


def columns_of(mapping: SalesforceOpportunities, schema: Schema) -> tuple[str, ...]:
    """Return what to select of opportunities."""
    typed = () if mapping.record_types == "all" else (_RECORD_TYPE,)
    return tuple(schema.readable(OPPORTUNITY, [*_ALWAYS, mapping.amount, *typed]))

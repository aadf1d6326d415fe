"""Opportunities: rows as opportunities, with the contacts in their roles."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from connector.config.salesforce_mapping import SalesforceOpportunities
from connector.crm.reading import Reading, Unreadable, read_all, reading
from connector.crm.salesforce import soql
from connector.crm.salesforce.feeds import Batch
from connector.crm.salesforce.lookup import Lookup
from connector.crm.salesforce.people import numeric
from connector.crm.salesforce.rows import Row
from connector.crm.salesforce.schema import Schema
from connector.crm.salesforce.windows import Feed
from connector.crm.values import moment, moment_in, number
from connector.domain.contact import Opportunity
from connector.domain.ids import ContactId, OpportunityId
from connector.ports import Page

OPPORTUNITY = "Opportunity"
ROLE = "OpportunityContactRole"
RECORD_TYPE = "RecordType"
RECORD_TYPE_NAME = f"{RECORD_TYPE}.DeveloperName"
_DELETED = "IsDeleted"
_ALWAYS = (
    "Id",
    "SystemModstamp",
    _DELETED,
    "CreatedDate",
    "Probability",
    "CloseDate",
    "IsClosed",
    "IsWon",
)
_OF_ROLES = ("Id", "SystemModstamp", _DELETED, "OpportunityId")


@dataclass(frozen=True, slots=True)
class Opportunities:
    """How opportunities are read in this org, and what their rows mean.

    `columns`: those that the org has of what the mapping names; `written`: those of ours.
    """

    mapping: SalesforceOpportunities
    columns: tuple[str, ...]
    readings: tuple[Reading, ...]
    written: tuple[str, ...]
    zone: tzinfo
    unreadable: Unreadable
    numbers: frozenset[str] = field(default_factory=frozenset)

    @property
    def feed(self) -> Feed:
        """How changes of them are read."""
        return Feed(
            OPPORTUNITY,
            OPPORTUNITY,
            self.columns,
            at_first=(soql.says(_DELETED, value=False),),
            numbers=self.numbers,
        )

    def counts(self, row: Row) -> bool:
        """Tell whether it is there, and of a record type that counts."""
        wanted = self.mapping.record_types
        return not is_deleted(row) and (wanted == "all" or row.get(RECORD_TYPE_NAME) in wanted)

    def opportunity(self, row: Row, contacts: tuple[ContactId, ...] | None) -> Opportunity:
        """Return the opportunity that a row is."""
        changed = moment(row.get("SystemModstamp") or "") or 0
        created, close = row.get("CreatedDate"), row.get("CloseDate")
        amount, percent = row.get(self.mapping.amount), row.get("Probability")
        probability = number(percent) if percent else None
        close_us = moment_in(self.zone)(close) if close else None
        return Opportunity(
            OpportunityId(row["Id"] or ""),
            contacts,
            created_us=(moment(created) if created else None) or changed,
            changed_us=changed,
            amount=number(amount) if amount else None,
            probability=None if probability is None else probability // 100,
            close_us=close_us if isinstance(close_us, int) else None,
            is_closed=row.get("IsClosed") == "true",
            is_won=row.get("IsWon") == "true",
            fields=read_all(self.readings, row, self.unreadable),
            written={name: row.get(name) for name in self.written},
            counts=self.counts(row),
        )


def is_deleted(row: Row) -> bool:
    """Tell whether a row is in the recycle bin."""
    return row.get(_DELETED) == "true"


def opportunities(
    mapping: SalesforceOpportunities, schema: Schema, zone: tzinfo, unreadable: Unreadable
) -> Opportunities:
    """Return how opportunities are read in this org."""
    typed = () if mapping.record_types == "all" else (RECORD_TYPE_NAME,)
    written = tuple(mapping.write.properties.values())
    named = [read.name for read in mapping.fields.values()]
    columns = schema.readable(OPPORTUNITY, [*_ALWAYS, mapping.amount, *typed, *named, *written])
    readings = tuple(
        reading(name, read.name, read.kind, read.divide_by, zone)
        for name, read in mapping.fields.items()
    )
    numbers = numeric(schema, OPPORTUNITY, columns)
    return Opportunities(mapping, tuple(columns), readings, written, zone, unreadable, numbers)


@dataclass(frozen=True, slots=True)
class OpportunityStream:
    """Reads opportunities that changed, and those of which somebody's role did."""

    reader: Opportunities
    lookup: Lookup

    @property
    def feeds(self) -> Sequence[Feed]:
        """Opportunities, then roles; at first the roles come with their opportunities alone."""
        return [self.reader.feed, Feed(ROLE, ROLE, _OF_ROLES, at_first=(soql.NOTHING,))]

    def page(self, batch: Batch, checkpoint: str) -> Page:
        """Return the opportunities, each with every contact that takes part.

        Those that do not count, deleted ones among them, come too, without contacts.
        """
        rows = batch.rows
        if batch.feed.name == ROLE:
            ids = dict.fromkeys(row["OpportunityId"] or "" for row in rows)
            rows = self.lookup.rows(OPPORTUNITY, self.reader.columns, list(ids))
        contacts = self._contacts([row["Id"] or "" for row in rows if self.reader.counts(row)])
        found = [self.reader.opportunity(row, contacts.get(row["Id"] or "", ())) for row in rows]
        return Page(checkpoint, opportunities=found)

    def _contacts(self, ids: Sequence[str]) -> dict[str, tuple[ContactId, ...]]:
        found: dict[str, dict[ContactId, None]] = defaultdict(dict)
        columns = ("OpportunityId", "ContactId", _DELETED)
        for row in self.lookup.rows(ROLE, columns, ids, by="OpportunityId"):
            if row["ContactId"] and not is_deleted(row):
                found[row["OpportunityId"] or ""][ContactId(row["ContactId"])] = None
        return {of: tuple(contacts) for of, contacts in found.items()}

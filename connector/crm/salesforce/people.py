"""Leads and contacts: rows as contacts, and what became of those that are no longer there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from connector.config.salesforce_mapping import PersonObject, SalesforceMapping
from connector.crm.reading import Reading, Unreadable, read_all, reading
from connector.crm.salesforce import soql
from connector.crm.salesforce.judging import unavailable
from connector.crm.salesforce.rows import Row
from connector.crm.salesforce.schema import Schema
from connector.crm.salesforce.sources import OwnDates, own_dates
from connector.crm.salesforce.windows import Feed
from connector.domain.contact import Activity, Contact, Gone
from connector.domain.ids import ContactId, OwnerId

PREFIXES: Mapping[str, PersonObject] = {"00Q": "Lead", "003": "Contact"}
"""The first letters of a record's id say which object it is in."""
NUMERIC = frozenset({"double", "currency", "percent", "int"})
_SHORT = 15
_CASES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ALWAYS = ("Id", "SystemModstamp", "IsDeleted", "MasterRecordId", "Email", "OwnerId")
_OF_LEADS = ("IsConverted", "ConvertedContactId")


def object_of(id_: str) -> PersonObject | None:
    """Return the object that an id belongs to; None if it is no person's."""
    return PREFIXES.get(id_[:3])


def whole_id(id_: str) -> str:
    """Return an id with its last three letters, which tell the case of the others."""
    if len(id_) != _SHORT:
        return id_
    parts = (id_[start : start + 5] for start in range(0, _SHORT, 5))
    bits = (sum(letter.isupper() << place for place, letter in enumerate(part)) for part in parts)
    return id_ + "".join(_CASES[each] for each in bits)


@dataclass(frozen=True, slots=True)
class People:
    """One object of people: how it is read, and what its rows mean.

    `columns`: those that the org has of what the mapping names; `written`: those of ours.
    """

    source: PersonObject
    columns: tuple[str, ...]
    readings: tuple[Reading, ...]
    written: tuple[str, ...]
    dates: OwnDates
    unreadable: Unreadable
    numbers: frozenset[str] = field(default_factory=frozenset)

    @property
    def feed(self) -> Feed:
        """How changes of it are read. Converted leads come too: they say who they are now."""
        return Feed(
            name=self.source,
            source=self.source,
            columns=self.columns,
            at_first=(soql.says("IsDeleted", value=False),),
            tells_deletions=True,
            numbers=self.numbers,
        )

    def gone(self, row: Row) -> Gone | None:
        """Return that a row tells of somebody who is no longer there, or is somebody else now."""
        id_ = ContactId(row["Id"] or "")
        if row.get("IsDeleted") == "true":
            into = row.get("MasterRecordId")
            return Gone(id_, ContactId(into) if into else None)
        if row.get("IsConverted") == "true" and row.get("ConvertedContactId"):
            return Gone(id_, ContactId(row["ConvertedContactId"] or ""))
        return None

    def contact(self, row: Row, *, former: Sequence[Row] = ()) -> Contact:
        """Return the contact that a row is. `former`: rows of those that were merged into it."""
        email, owner = row.get("Email"), row.get("OwnerId")
        fields = read_all(self.readings, row, self.unreadable)
        fields["email"] = email
        emails = [row.get("Email"), *(each.get("Email") for each in former)]
        return Contact(
            ContactId(row["Id"] or ""),
            _stamped(row),
            fields,
            {name: row.get(name) for name in self.written},
            OwnerId(owner) if owner else None,
            tuple(dict.fromkeys(each.lower() for each in emails if each)),
            tuple(ContactId(each["Id"] or "") for each in former),
        )

    def activities(self, row: Row) -> Iterator[Activity]:
        """Yield what the dates on a person tell."""
        return self.dates.activities(ContactId(row["Id"] or ""), row)


def _stamped(row: Row) -> datetime:
    try:
        return datetime.fromisoformat(row["SystemModstamp"] or "")
    except ValueError as error:
        raise unavailable("a lead or contact came without the time of its change") from error


def people(
    mapping: SalesforceMapping,
    source: PersonObject,
    schema: Schema,
    zone: tzinfo,
    unreadable: Unreadable,
) -> People:
    """Return how an object of people is read in this org."""
    named = {name: read.in_object(source) for name, read in mapping.contact.fields.items()}
    dates = own_dates(mapping, zone, unreadable)
    own = [each.name for each in mapping.natives if schema.field(source, each.name)]
    ours = tuple(dict.fromkeys(name for name in (*mapping.results.values(), *own) if name))
    wanted = [
        *_ALWAYS,
        *(_OF_LEADS if source == "Lead" else ()),
        *(column for column in named.values() if column),
        *ours,
        *dates.columns,
    ]
    columns = tuple(schema.readable(source, wanted))
    readings = tuple(
        reading(name, column, read.kind, read.divide_by, zone)
        for name, read in mapping.contact.fields.items()
        if (column := named[name])
    )
    return People(
        source, columns, readings, ours, dates, unreadable, numeric(schema, source, columns)
    )


def numeric(schema: Schema, source: str, columns: Sequence[str]) -> frozenset[str]:
    """Return the columns that hold numbers."""
    kinds = {column: schema.field(source, column) for column in columns}
    return frozenset(name for name, found in kinds.items() if found and found.type in NUMERIC)

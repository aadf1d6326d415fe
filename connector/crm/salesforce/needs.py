"""What a mapping needs to see of an org: objects, their columns, and what has to be granted."""

from collections.abc import Mapping
from typing import Final

from connector.config.salesforce_mapping import SalesforceMapping
from connector.crm.salesforce.schema import Schema
from connector.crm.salesforce.sources import DEFAULT_AT
from connector.crm.salesforce.streams import MAIL, RELATION
from connector.rules.conditions import Kind

Columns = Mapping[str, Kind]
"""{column, perhaps of a parent as `Campaign.Name`: the kind that it is read as}."""

ON_PEOPLE: Final = "contact"
"""The source whose activities are dates on the lead or contact itself."""
_PARENTS = ("Account", "Campaign")
_GRANTS = "FieldPermissions"
"""The object whose field `Field` offers every field that a permission set can grant."""
_OPPORTUNITY: Columns = {
    "Probability": Kind.NUMBER,
    "IsClosed": Kind.BOOLEAN,
    "IsWon": Kind.BOOLEAN,
    "CloseDate": Kind.MOMENT,
}
# To read what stands behind a relation, its object has to be readable too; contacts and accounts
# can only be read together.
_ALONG: Mapping[str, tuple[str, ...]] = {
    "Contact": ("Account",),
    "Opportunity": ("Account", "Contact"),
    "CampaignMember": ("Campaign",),
}


def needs(mapping: SalesforceMapping) -> Mapping[str, Columns]:
    """Return {object: its columns} of everything that the mapping reads."""
    found = {str(person): _of_people(mapping, person) for person in mapping.contact.objects}
    for source in mapping.sources:
        if source != ON_PEOPLE:
            found[source] = _of_source(mapping, source)
    if MAIL in found:
        found[RELATION] = {}
    if mapping.opportunities:
        named = {read.name: read.kind for read in mapping.opportunities.fields.values()}
        amount = {mapping.opportunities.amount: Kind.NUMBER}
        found["Opportunity"] = {**named, **amount, **_OPPORTUNITY}
        found["OpportunityContactRole"] = {}
    return found


def _of_people(mapping: SalesforceMapping, person: str) -> Columns:
    columns: dict[str, Kind] = {"Email": Kind.TEXT}
    for read in mapping.contact.fields.values():
        name = read.name or (read.lead if person == "Lead" else read.contact)
        if name is not None:
            columns[name] = read.kind
    for entry in mapping.entries(ON_PEOPLE):
        columns.update(entry.properties)
    return columns


def _of_source(mapping: SalesforceMapping, source: str) -> Columns:
    columns: dict[str, Kind] = {}
    for entry in mapping.activities:
        if entry.source == source:
            columns.update(entry.properties)
    columns.update((name, Kind.MOMENT) for name in DEFAULT_AT.get(source, ()))
    return columns


def optional(mapping: SalesforceMapping) -> frozenset[str]:
    """Return the columns of people that may be absent without a loss: those of other products."""
    return frozenset(
        name for entry in mapping.entries(ON_PEOPLE) for name in entry.properties if "__" in name
    )


def readable_objects(mapping: SalesforceMapping) -> set[str]:
    """Return the objects that our user has to be allowed to read.

    Relations that fields are read through come by their names, which mostly are the objects'.
    """
    wanted = needs(mapping)
    relations = {
        relation
        for columns in wanted.values()
        for column in columns
        for relation in column.split(".")[:-1]
    }
    return relations.union(wanted, *(_ALONG.get(name, ()) for name in wanted))


def grants(mapping: SalesforceMapping, schema: Schema) -> list[str]:
    """Return the fields that our user has to be granted to see, as `Lead.Title`, in order.

    A field that is hidden now is granted all the same, as far as the org tells that it can be.
    """
    wanted = needs(mapping)
    schema.load([*wanted, *_PARENTS, _GRANTS])
    offered = schema.field(_GRANTS, "Field")
    hidden = frozenset(offered.values) if offered else frozenset[str]()
    found = {
        grant
        for name, columns in wanted.items()
        for column in columns
        for grant in [_grant(schema, name, column, hidden)]
        if grant
    }
    return sorted(found)


def _grant(schema: Schema, name: str, column: str, hidden: frozenset[str]) -> str:
    source, own = schema.place(name, column)
    if schema.find(source) is None:
        return ""
    seen = schema.field(source, own)
    if seen is None:
        return f"{source}.{own}" if f"{source}.{own}" in hidden else ""
    # Parts of an address are granted with the whole; parts of a name are seen by everybody.
    whole = seen.whole if seen.whole not in ("", "Name") else seen.name
    return f"{source}.{whole}" if seen.is_grantable else ""

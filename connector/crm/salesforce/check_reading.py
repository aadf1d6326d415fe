"""What a checkup says of reading: objects, fields, and the words that the mapping compares with."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from connector.config.salesforce_mapping import SalesforceMapping
from connector.crm.salesforce.client import Client, objects
from connector.crm.salesforce.findings import MAPPING, PROVISION, Findings, listed
from connector.crm.salesforce.hiding import Hiding
from connector.crm.salesforce.needs import Columns, needs, optional
from connector.crm.salesforce.schema import FieldInfo, Schema
from connector.domain.text import fold
from connector.rules.conditions import All, AnyOf, Condition, Kind, Not, Test
from connector.rules.operators import Op

_SUITABLE: Mapping[Kind, frozenset[str]] = {
    Kind.NUMBER: frozenset({"double", "currency", "percent", "int"}),
    Kind.BOOLEAN: frozenset({"boolean", "picklist"}),
    Kind.MOMENT: frozenset({"date", "datetime"}),
}
_CHOICES = frozenset({"picklist", "combobox", "multipicklist"})
_EXACT = frozenset({Op.EQUALS, Op.IN, Op.NOT_IN})
_EMAIL = "Email"
_MEMBER: Final = "CampaignMember"
_STATUSES = "SELECT Label, COUNT(Id) FROM CampaignMemberStatus GROUP BY Label"


def check(mapping: SalesforceMapping, schema: Schema, hiding: Hiding, told: Findings) -> None:
    """Say of each object that the mapping reads what is not as it should be."""
    unseen: dict[str, dict[str, str]] = {}
    readable = []
    for name, columns in needs(mapping).items():
        if schema.find(name) is None:
            told.error(
                f"{name} cannot be read: the org does not have it, or hides it from our user",
                f"Give our user the right to read it ({PROVISION[:-1]}), or take it out of the "
                "mapping.",
            )
            continue
        for column in columns:
            if not schema.has(name, column):
                source, own = schema.place(name, column)
                unseen.setdefault(source, {})[own] = column
        _check_kinds(name, columns, schema, told)
        readable.append(name)
    if readable:
        told.ok(f"readable: {listed(readable)}")
    _tell_unseen(unseen, optional(mapping), schema, hiding, told)
    _check_words(mapping, schema, told)
    _check_record_types(mapping, schema, told)


def _check_kinds(name: str, columns: Columns, schema: Schema, told: Findings) -> None:
    for column, kind in columns.items():
        found = schema.field(name, column)
        if found is not None and found.type not in _SUITABLE.get(kind, {found.type}):
            told.warn(
                f"{MAPPING}: «{column}» of {name} is of type {found.type} in Salesforce, read as "
                f"{kind}",
                "Values that are none are read as unknown; correct `type` if it is a mistake.",
            )


def _tell_unseen(
    unseen: Mapping[str, Mapping[str, str]],
    spare: frozenset[str],
    schema: Schema,
    hiding: Hiding,
    told: Findings,
) -> None:
    if not unseen:
        return
    hidden = hiding.hidden(unseen)
    without = []
    for source, names in unseen.items():
        for name in names:
            if f"{source}.{name}" in hidden:
                _tell_hidden(source, name, told)
            elif name in spare:
                without.append(f"{source}.{name}")
            else:
                _tell_missing(source, name, schema, told)
    if without:
        told.ok(f"fields of other products that the org does not have: {listed(without)}")


def _tell_hidden(source: str, name: str, told: Findings) -> None:
    say = told.error if name == _EMAIL else told.warn
    say(
        f"{source}.{name} is hidden from our user by field-level security; it is read as unknown",
        f"{PROVISION} It grants what the mapping reads.",
    )


def _tell_missing(source: str, name: str, schema: Schema, told: Findings) -> None:
    found = schema.find(source)
    known = [each.name for each in found.fields.values()] if found else []
    like = get_close_matches(name, known, n=1)
    hint = f"Did you mean {like[0]}? " if like else ""
    say = told.error if name == _EMAIL else told.warn
    say(
        f"{MAPPING}: {source} has no field «{name}», or hides it; it is read as unknown",
        f"{hint}Salesforce lists API names under Setup, Object Manager, {source}, Fields.",
    )


def _check_words(mapping: SalesforceMapping, schema: Schema, told: Findings) -> None:
    """Name words of the mapping that no record can have, since no list offers them."""
    seen = set()
    for entry in mapping.activities:
        for test in _tests(entry.condition):
            for source in mapping.contact.objects if entry.source == "contact" else [entry.source]:
                column = f"{source}.{test.name}"
                found = schema.field(source, test.name)
                unknown = [] if found is None else _unknown(test, found)
                # The statuses of members are each campaign's own: the list tells the usual ones.
                if unknown and column != f"{_MEMBER}.Status" and column not in seen:
                    seen.add(column)
                    told.warn(
                        f"{MAPPING}: {column} is compared with {listed(unknown)}, which its list "
                        "does not offer",
                        f"It has {listed(found.values if found else ())}. Correct the mapping.",
                    )


def _unknown(test: Test, found: FieldInfo) -> list[str]:
    if found.type not in _CHOICES or not found.values or test.op not in _EXACT:
        return []
    offered = {fold(value) for value in found.values}
    return [f"«{each}»" for each in test.values if fold(str(each)) not in offered]


def _tests(condition: Condition) -> Iterator[Test]:
    match condition:
        case Test():
            yield condition
        case All(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from _tests(part)
        case Not(part=part):
            yield from _tests(part)


def check_members(mapping: SalesforceMapping, client: Client, told: Findings) -> None:
    """Name statuses of campaign members that no campaign has: each has its own."""
    words = [
        str(value)
        for entry in mapping.entries(_MEMBER)
        for test in _tests(entry.condition)
        if test.name == "Status" and test.op in _EXACT
        for value in test.values
    ]
    if not words:
        return
    rows = objects(client.get("/query", {"q": _STATUSES}), "records")
    there = {fold(str(row.get("Label"))): str(row.get("Label")) for row in rows}
    unknown = [f"«{word}»" for word in dict.fromkeys(words) if fold(word) not in there]
    if unknown:
        told.warn(
            f"{MAPPING}: no campaign has members of the status {listed(unknown)}",
            f"Campaigns have {listed(sorted(there.values()))}. Correct the mapping.",
        )


def _check_record_types(mapping: SalesforceMapping, schema: Schema, told: Findings) -> None:
    found = schema.find("Opportunity")
    if mapping.opportunities is None or mapping.opportunities.record_types == "all" or not found:
        return
    there = f"Use one of {listed(found.record_types)}, or `all`."
    for name in mapping.opportunities.record_types:
        if name not in found.record_types:
            told.error(
                f"{MAPPING}: opportunities have no record type «{name}»",
                there if found.record_types else "The org has none: use `all`.",
            )

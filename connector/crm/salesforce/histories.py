"""What Salesforce keeps of the past of leads and contacts: values of the fields that it tracks."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from connector.config.salesforce_mapping import PersonObject, SalesforceMapping
from connector.crm.reading import Reading, Unreadable, reading
from connector.crm.salesforce import soql
from connector.crm.salesforce.client import Client, Sub, SubReply, objects
from connector.crm.salesforce.judging import ConflictError, unavailable
from connector.crm.salesforce.lookup import Asking, Lookup, parts
from connector.crm.salesforce.people import People, object_of
from connector.crm.salesforce.refusal import parse_entry
from connector.crm.salesforce.rows import Row
from connector.crm.salesforce.schema import FieldInfo, Schema, describe
from connector.crm.values import micros
from connector.domain.contact import Value
from connector.domain.ids import ContactId
from connector.errors import CrmRefusedError
from connector.ports import ContactHistory, FieldHistory, FormerValue, PastOf
from connector.rules.conditions import Kind

HISTORY_SIZE = 1_600
"""Contacts to a call: four queries for 400 each, and one more where leads and contacts mix."""
KEPT_FOR = timedelta(days=548)
"""Eighteen months are promised; what is older may be there, and is taken, but not relied on."""

_EMAIL = reading("email", "Email", Kind.TEXT, None)
_DEFINITION = ("QualifiedApiName", "IsFieldHistoryTracked")
_WITHOUT_VALUES = frozenset({"multipicklist", "encryptedstring", "base64"})
_LONG_TEXT = 255

Tracked = Mapping[str, Sequence[Reading]]
"""{field of an object whose values are kept: how ours read it}."""


@dataclass(frozen=True)
class Histories:
    """Reads the past of leads and contacts. `people`: how each object of them is read."""

    client: Client
    mapping: SalesforceMapping
    schema: Schema
    people: Mapping[str, People]
    unreadable: Unreadable

    def fetch(
        self, contacts: Sequence[PastOf], fields: Collection[str]
    ) -> Iterator[ContactHistory]:
        """Yield the past of contacts, what they were as leads included."""
        tracked = {
            source: _of_fields(readings, fields) for source, readings in self._tracked.items()
        }
        rows, began = self._rows(contacts, tracked)
        for contact in contacts:
            known = self._known(contact, tracked) & set(fields)
            yield self._history(contact, known, tracked, rows, began)

    @cached_property
    def _tracked(self) -> Mapping[PersonObject, Tracked]:
        """What the org tracks of what the mapping reads: one call, once."""
        sources = [found.source for found in self.people.values()]
        answers = self.client.composite(
            [*map(_definitions, sources), *(describe(_history_of(source)) for source in sources)]
        )
        told, there = answers[: len(sources)], answers[len(sources) :]
        return {
            source: self._of_object(source, definitions) if _is_there(history) else {}
            for source, definitions, history in zip(sources, told, there, strict=True)
        }

    def _of_object(self, source: PersonObject, definitions: SubReply) -> Tracked:
        names = self._names(definitions)
        found: dict[str, list[Reading]] = defaultdict(list)
        for each in (_EMAIL, *self.people[source].readings):
            info = None if "." in each.property else self.schema.field(source, each.property)
            if info is not None and info.name in names and _has_values(info):
                found[info.name].append(each)
        return found

    def _names(self, definitions: SubReply) -> set[str]:
        try:
            rows = list(
                Lookup(self.client).all_of(_DEFINITION, definitions.status, definitions.body)
            )
        except ConflictError as refused:
            raise CrmRefusedError(
                what=f"Salesforce does not tell which fields it tracks: {refused.why.says}",
                where="FieldDefinition",
                do="Give the integration user the right «View Setup and Configuration», or leave "
                "out --history. What was read so far is kept.",
                status=refused.status,
            ) from refused
        return {row["QualifiedApiName"] or "" for row in rows if row[_DEFINITION[1]] == "true"}

    def _rows(
        self, contacts: Sequence[PastOf], tracked: Mapping[PersonObject, Tracked]
    ) -> tuple[Mapping[str, Sequence[Row]], Mapping[str, int]]:
        """Fetch {record: its changes, oldest first}, and when contacts that were leads began."""
        ids = [id_ for each in contacts for id_ in _records(each)]
        wanted = [
            Asking(
                _history_of(source),
                (f"{source}Id", "Id", "CreatedDate", "CreatedBy.Name", "Field", "OldValue"),
                some,
                f"{source}Id",
                [soql.one_of("Field", sorted(names))],
            )
            for source, names in tracked.items()
            if names
            for some in parts([id_ for id_ in ids if object_of(id_) == source])
        ]
        were_leads = [each.id for each in contacts if len(_records(each)) > 1]
        wanted += [Asking("Contact", ("Id", "CreatedDate"), some) for some in parts(were_leads)]
        changes: dict[str, list[Row]] = defaultdict(list)
        began: dict[str, int] = {}
        for row in Lookup(self.client).asked(wanted):
            if "Field" in row:
                changes[row.get("LeadId") or row.get("ContactId") or ""].append(row)
            else:
                began[row["Id"] or ""] = _at_us(row)
        for rows in changes.values():
            rows.sort(key=lambda row: (_at_us(row), row["Id"]))
        return changes, began

    def _known(self, contact: PastOf, tracked: Mapping[PersonObject, Tracked]) -> set[str]:
        """Return the fields of ours whose past is known in everything that a contact is and was.

        One that the mapping does not fill there was always empty.
        """
        fields = self.mapping.contact.fields
        named = []
        for source in {object_of(id_) or "Lead" for id_ in _records(contact)}:
            empty = {name for name, read in fields.items() if read.in_object(source) is None}
            readings = (each for some in tracked.get(source, {}).values() for each in some)
            named.append(empty | {each.name for each in readings})
        return set.intersection(*named)

    def _history(
        self,
        contact: PastOf,
        known: Collection[str],
        tracked: Mapping[PersonObject, Tracked],
        rows: Mapping[str, Sequence[Row]],
        began: Mapping[str, int],
    ) -> ContactHistory:
        former: dict[str, dict[int, FormerValue]] = {name: {} for name in known}
        for row in _changes(contact, rows, began):
            source: PersonObject = "Lead" if "LeadId" in row else "Contact"
            for each in tracked[source].get(row["Field"] or "", ()):
                if each.name in former:
                    # Of two changes in one second the first tells what stood there until then.
                    until_us, by = _at_us(row), row.get("CreatedBy.Name")
                    told = FormerValue(until_us, self._value(row, each), by or None)
                    former[each.name].setdefault(until_us, told)
        since_us = micros(_day(self.client.now() - KEPT_FOR))
        return ContactHistory(
            contact.id,
            {name: FieldHistory(_in_order(values), since_us) for name, values in former.items()},
        )

    def _value(self, row: Row, how: Reading) -> Value:
        text = row["OldValue"]
        value = how.convert(text) if text else None
        if text and value is None:
            self.unreadable[how.property] += 1
        return value


def _history_of(source: str) -> str:
    return f"{source}History"


def _definitions(source: str) -> Sub:
    # One object for each query: this one takes no alternatives.
    where = soql.compared("EntityDefinition.QualifiedApiName", "=", source)
    return Sub("GET", "/query", {"q": soql.select(_DEFINITION, "FieldDefinition", [where])})


def _is_there(described: SubReply) -> bool:
    if described.is_done:
        return True
    why = parse_entry(next(iter(objects(described.body)), {}), described.status)
    if described.status in (400, 403, 404) and not why.is_passing:
        return False
    raise unavailable(f"Salesforce does not describe an object: {why.says}")


def _has_values(info: FieldInfo) -> bool:
    """Tell whether rows hold what stood there, and not only that it changed; ids come as names."""
    is_long = info.type == "textarea" and info.length > _LONG_TEXT
    return not (is_long or info.type in _WITHOUT_VALUES or info.type == "reference")


def _of_fields(tracked: Tracked, fields: Collection[str]) -> Tracked:
    named = {
        column: [each for each in readings if each.name in fields]
        for column, readings in tracked.items()
    }
    return {column: readings for column, readings in named.items() if readings}


def _records(contact: PastOf) -> list[ContactId]:
    """Return the records that a contact is and was: a lead before it was converted."""
    source = object_of(contact.id)
    leads = [id_ for id_ in contact.former if object_of(id_) == "Lead"]
    return [contact.id, *(leads if source == "Contact" else [])]


def _changes(
    contact: PastOf, rows: Mapping[str, Sequence[Row]], began: Mapping[str, int]
) -> Iterator[Row]:
    """Yield the changes of a contact; of the lead that it was those until there was a contact.

    A lead may have been converted into a contact that had been there before, as somebody else.
    """
    yield from rows.get(contact.id, ())
    until_us = began.get(contact.id, 0)
    for id_ in _records(contact)[1:]:
        yield from (row for row in rows.get(id_, ()) if _at_us(row) <= until_us)


def _at_us(row: Row) -> int:
    try:
        return micros(datetime.fromisoformat(row["CreatedDate"] or ""))
    except ValueError as error:
        raise unavailable("a row of history came without its time") from error


def _day(at: datetime) -> datetime:
    """Return the beginning of a day, so that contacts asked for on one day reach as far back."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _in_order(values: Mapping[int, FormerValue]) -> list[FormerValue]:
    return [values[until_us] for until_us in sorted(values)]

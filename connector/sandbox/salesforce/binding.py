"""Finds what a query names: the field of an object, or of a parent, and how to read it."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

from connector.sandbox.salesforce.fields import Field, SObject
from connector.sandbox.salesforce.notation import field_of
from connector.sandbox.salesforce.org import Access, Org
from connector.sandbox.salesforce.refusals import Refusal, no_field
from connector.sandbox.salesforce.soql_tree import Path
from connector.sandbox.salesforce.table import Record

Reader = Callable[[Record], object]

MOST_LEVELS = 5
SYSTEM: dict[str, Reader] = {
    "Id": attrgetter("id"),
    "IsDeleted": attrgetter("is_deleted"),
    "CreatedDate": attrgetter("created_s"),
    "CreatedById": attrgetter("created_by"),
    "LastModifiedDate": attrgetter("modified_s"),
    "LastModifiedById": attrgetter("modified_by"),
    "SystemModstamp": attrgetter("stamp_s"),
}
# What a query may ask of a parent that can be of several objects.
NAME = SObject("Name", "", "Name", "Names")
NAME.add(
    field_of(line)
    for line in (
        "Id id",
        "Name string(255)",
        "FirstName string(40)",
        "LastName string(80)",
        "Email email",
        "Phone phone",
        "Title string(128)",
        "Username string(80)",
        "Alias string(8)",
        "IsActive boolean",
        "Type string(40)",
    )
)


@dataclass(frozen=True, slots=True)
class Bound:
    """A field that was found, with the way from a record to its value."""

    field: Field
    read: Reader


def reader_of(one: Field) -> Reader:
    """Return how a field of a record is read."""
    if one.name in SYSTEM:
        return SYSTEM[one.name]
    if one.formula is not None:
        return one.formula
    name = one.name
    if one.type == "boolean":
        return lambda record: record.values.get(name, False)
    return lambda record: record.values.get(name)


@dataclass(frozen=True, slots=True)
class Binder:
    """Binds names for one user."""

    org: Org
    access: Access

    def field(self, sobject: SObject, path: Path, *, alias: str = "") -> Bound:
        """Return the field of a path, or refuse it: absent and hidden look the same."""
        parts = path.parts
        if len(parts) > 1 and parts[0].lower() in {sobject.name.lower(), alias.lower()}:
            is_relation = sobject.parent(parts[0]) is not None
            parts = parts if is_relation else parts[1:]
        if len(parts) > MOST_LEVELS + 1:
            raise Refusal(400, "INVALID_FIELD", f"{path}: more than {MOST_LEVELS} levels")
        return self._walk(sobject, parts)

    def parent(self, sobject: SObject, relation: str) -> tuple[Field, SObject]:
        """Return the reference behind a relation's name, and the object that it leads to."""
        one = sobject.parent(relation)
        if one is None or not self.access.sees(sobject, one):
            told = f"Didn't understand relationship '{relation}' in field path. "
            told += "If you are attempting to use a custom relationship, be sure to append the "
            told += "'__r' after the custom relationship name."
            raise Refusal(400, "INVALID_FIELD", told)
        if len(one.refers_to) > 1:
            return one, NAME
        return one, self.org.objects[one.refers_to[0]]

    def name_reader(self, one: Field) -> Reader:
        """Return how a field of a parent of any object is read."""
        if one.name == "Type":
            return lambda record: _type_of(self.org, record)
        if one.name == "Id":
            return SYSTEM["Id"]
        return reader_of(one)

    def _walk(self, sobject: SObject, parts: tuple[str, ...]) -> Bound:
        if len(parts) == 1:
            one = sobject.find(parts[0])
            if one is None or not self.access.sees(sobject, one):
                raise no_field(parts[0], sobject.name)
            return Bound(one, self.name_reader(one) if sobject is NAME else reader_of(one))
        reference, target = self.parent(sobject, parts[0])
        inner = self._walk(target, parts[1:])
        follow, find, read = reader_of(reference), self.org.record, inner.read

        def through(record: Record) -> object:
            key = follow(record)
            found = find(key) if isinstance(key, str) else None
            return None if found is None else read(found)

        return Bound(inner.field, through)


def _type_of(org: Org, record: Record) -> str:
    kind = org.kind_of(record.id)
    return "Queue" if kind == "Group" and record.values.get("Type") == "Queue" else kind

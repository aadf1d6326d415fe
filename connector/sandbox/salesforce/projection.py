"""Turns records into what an answer shows of them: fields, parents, children."""

from collections.abc import Callable
from dataclasses import dataclass, field

from connector.sandbox.salesforce.binding import NAME, Binder, Reader, reader_of
from connector.sandbox.salesforce.fields import Field, SObject
from connector.sandbox.salesforce.moments import rest_moment
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.refusals import Json, Refusal, malformed, no_field
from connector.sandbox.salesforce.soql_tree import Path, TypeOf
from connector.sandbox.salesforce.table import Record

Children = Callable[[Record], Json | None]


@dataclass(slots=True)
class Projection:
    """What an answer shows of a record, in the order in which it was asked for."""

    org: Org
    sobject: SObject
    url: str  # the path of this version's resources
    entries: dict[str, "Column | Parent | Typed | Children"] = field(default_factory=dict)

    def show(self, record: Record) -> Json:
        """Return a record as JSON."""
        kind = self.org.kind_of(record.id)
        path = "/tooling" if self.sobject.is_tooling else ""
        shown: Json = {
            "attributes": {
                "type": self.sobject.name,
                "url": f"{self.url}{path}/sobjects/{kind}/{record.id}",
            }
        }
        for name, entry in self.entries.items():
            if isinstance(entry, Column):
                value = entry.read(record)
                shown[name] = (
                    rest_moment(value) if entry.is_moment and isinstance(value, int) else value
                )
            elif isinstance(entry, Parent | Typed):
                shown[name] = entry.show(self.org, record)
            else:
                shown[name] = entry(record)
        return shown

    def children_of(self, shown: Json) -> int:
        """Return how many records of child queries a record that was shown has with it."""
        count = 0
        for name, entry in self.entries.items():
            if not isinstance(entry, Column | Parent | Typed):
                found = shown[name]
                count += len(found["records"]) if isinstance(found, dict) else 0
        return count

    def add_type_of(self, binder: Binder, item: TypeOf) -> None:
        """Show of a parent what belongs to its object."""
        if len(item.path.parts) != 1:
            raise malformed("TYPEOF takes a relationship of the object itself")
        reference, _ = binder.parent(self.sobject, item.path.parts[0])
        typed = Typed(reader_of(reference), {}, None)
        for kind, paths in item.branches:
            target = self.org.queried(kind)
            if target.name not in reference.refers_to:
                told = f"{kind} is no object that {reference.relation} can be"
                raise Refusal(400, "INVALID_FIELD", told)
            typed.inner[target.name] = self._inner(binder, target, paths)
        if item.otherwise:
            typed.otherwise = self._inner(binder, NAME, item.otherwise)
        self.entries[reference.relation] = typed

    def _inner(self, binder: Binder, target: SObject, paths: tuple[Path, ...]) -> "Projection":
        inner = Projection(self.org, target, self.url)
        for path in paths:
            inner.add(binder, path.parts)
        return inner

    def add(self, binder: Binder, parts: tuple[str, ...]) -> None:
        """Show one more field, by its name or by a path through parents."""
        if len(parts) == 1:
            one = _seen(binder, self.sobject, parts[0])
            read = binder.name_reader(one) if self.sobject is NAME else reader_of(one)
            self.entries[one.name] = Column(one.type == "datetime", read)
            return
        reference, target = binder.parent(self.sobject, parts[0])
        entry = self.entries.get(reference.relation)
        if not isinstance(entry, Parent):
            inner = Projection(self.org, target, self.url)
            entry = self.entries[reference.relation] = Parent(reader_of(reference), inner)
        entry.inner.add(binder, parts[1:])


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a record."""

    is_moment: bool
    read: Reader


@dataclass(frozen=True, slots=True)
class Parent:
    """What is shown of the record that a reference leads to."""

    follow: Reader
    inner: Projection

    def show(self, org: Org, record: Record) -> Json | None:
        """Return the parent as JSON, None if there is none."""
        key = self.follow(record)
        found = org.record(key) if isinstance(key, str) else None
        return None if found is None else self.inner.show(found)


@dataclass(slots=True)
class Typed:
    """What is shown of a parent by its object; nothing of one that no branch names."""

    follow: Reader
    inner: dict[str, Projection]
    otherwise: Projection | None

    def show(self, org: Org, record: Record) -> Json | None:
        """Return the parent as JSON, None if there is none or none of its fields is wanted."""
        key = self.follow(record)
        found = org.record(key) if isinstance(key, str) else None
        if found is None:
            return None
        inner = self.inner.get(org.kind_of(found.id), self.otherwise)
        return None if inner is None else inner.show(found)


def _seen(binder: Binder, sobject: SObject, name: str) -> Field:
    one = sobject.find(name)
    if one is None or not binder.access.sees(sobject, one):
        raise no_field(name, sobject.name)
    return one

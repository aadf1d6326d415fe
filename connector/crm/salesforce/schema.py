"""Which objects and fields an org has, as far as our user sees them: asked once for each run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from connector.crm.salesforce.client import (
    MOST_SUBREQUESTS,
    Client,
    Sub,
    SubReply,
    as_object,
    objects,
)
from connector.crm.salesforce.judging import unavailable
from connector.crm.salesforce.refusal import Json, parse_entry
from connector.domain.parts import in_parts

_ANY = frozenset({"Type", "Name"})
"""What can be read behind a field that leads to several objects."""


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One field that our user sees. `length` in characters, 0 for what is no text."""

    name: str
    type: str
    length: int = 0
    is_updateable: bool = False
    is_createable: bool = False
    is_filterable: bool = True
    is_unique: bool = False
    is_external_id: bool = False
    is_required: bool = False
    relation: str = ""
    refers_to: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    label: str = ""
    is_grantable: bool = False
    """Whether permission sets can name it."""
    is_restricted: bool = False
    """Whether a choice takes no other values than `values`."""
    whole: str = ""
    """The field it is a part of: `Address` for the country."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One object. `fields` by their names in lower case: Salesforce's own have no case either."""

    name: str
    fields: Mapping[str, FieldInfo] = field(default_factory=dict)
    is_updateable: bool = False
    is_createable: bool = False
    record_types: tuple[str, ...] = ()
    """Developer names of those in use; what a record without one is of has none."""

    def find(self, name: str) -> FieldInfo | None:
        """Return a field by its name in any case."""
        return self.fields.get(name.lower())

    def behind(self, relation: str) -> FieldInfo | None:
        """Return the reference that a query follows by this name."""
        wanted = relation.lower()
        return next((one for one in self.fields.values() if one.relation.lower() == wanted), None)


class Schema:
    """What the org has, fetched when it is first asked for. Safe to use from several threads."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._objects: dict[str, ObjectInfo | None] = {}
        self._lock = Lock()

    def load(self, names: Iterable[str], *, beside: Sub | None = None) -> SubReply:
        """Fetch several objects at once: up to 25 are one call.

        `beside`: another request that goes along with the first of them; its answer is returned.
        """
        with self._lock:
            lacking = [name for name in dict.fromkeys(names) if name not in self._objects]
            subs = [*([beside] if beside else []), *map(describe, lacking)]
            answers: list[SubReply] = []
            for some in in_parts(subs, MOST_SUBREQUESTS):
                answers += self._client.composite(some)
            told = answers.pop(0) if beside else SubReply(0, None)
            for name, answer in zip(lacking, answers, strict=True):
                self._objects[name] = _found(answer)
            return told

    def find(self, name: str) -> ObjectInfo | None:
        """Return an object; None if the org lacks it, or hides it from our user."""
        if name not in self._objects:
            self.load([name])
        return self._objects[name]

    def has(self, source: str, column: str) -> bool:
        """Tell whether a column can be read, perhaps of a parent: `Account.Industry`."""
        return self.field(source, column) is not None

    def field(self, source: str, column: str) -> FieldInfo | None:
        """Return the field that a column is; None if the org lacks it, or hides it."""
        found = self.find(source)
        *relations, name = column.split(".")
        for relation in relations:
            step = found.behind(relation) if found else None
            if step is None or not step.refers_to:
                return None
            if len(step.refers_to) > 1:
                return FieldInfo(name, "string") if name in _ANY else None
            found = self.find(step.refers_to[0])
        return found.find(name) if found else None

    def place(self, source: str, column: str) -> tuple[str, str]:
        """Return the object and the field that a column means: `Account`, `Industry`.

        Relations that are not seen are followed by their names, which mostly are the objects'.
        """
        *relations, name = column.split(".")
        for relation in relations:
            found = self.find(source)
            step = found.behind(relation) if found else None
            source = step.refers_to[0] if step and len(step.refers_to) == 1 else relation
        return source, name

    def readable(self, source: str, columns: Iterable[str]) -> list[str]:
        """Return those columns that can be read, each once."""
        return [column for column in dict.fromkeys(columns) if self.has(source, column)]


def _found(answer: SubReply) -> ObjectInfo | None:
    if answer.is_done:
        found = parse(answer.body)
        if found.find("Id") is None:
            raise unavailable("Salesforce describes an object without an id")
        return found
    why = parse_entry(next(iter(objects(answer.body)), {}), answer.status)
    if answer.status in (400, 403, 404) and not why.is_passing:
        return None  # the org lacks it, or hides it
    raise unavailable(f"Salesforce does not describe an object: {why.says}")


def describe(name: str) -> Sub:
    """Return the request for an object's description."""
    return Sub("GET", f"/sobjects/{name}/describe")


def parse(body: object) -> ObjectInfo:
    """Return an object out of its description."""
    found = as_object(body)
    fields = [_field(each) for each in objects(found, "fields")]
    return ObjectInfo(
        str(found.get("name")),
        {one.name.lower(): one for one in fields},
        found.get("updateable") is True,
        found.get("createable") is True,
        tuple(
            str(one.get("developerName"))
            for one in objects(found, "recordTypeInfos")
            if one.get("active") is not False and one.get("master") is not True
        ),
    )


def _field(each: Json) -> FieldInfo:
    length = each.get("length")
    refers_to = each.get("referenceTo")
    return FieldInfo(
        name=str(each.get("name")),
        type=str(each.get("type")),
        length=length if isinstance(length, int) else 0,
        is_updateable=each.get("updateable") is True,
        is_createable=each.get("createable") is True,
        is_filterable=each.get("filterable") is True,
        is_unique=each.get("unique") is True,
        is_external_id=each.get("externalId") is True,
        is_required=each.get("nillable") is False and each.get("defaultedOnCreate") is not True,
        relation=str(each.get("relationshipName") or ""),
        refers_to=_texts(refers_to),
        values=tuple(
            str(one.get("value"))
            for one in objects(each, "picklistValues")
            if one.get("active") is not False
        ),
        label=str(each.get("label") or ""),
        is_grantable=each.get("permissionable") is True,
        is_restricted=each.get("restrictedPicklist") is True,
        whole=str(each.get("compoundFieldName") or ""),
    )


def _texts(value: object) -> tuple[str, ...]:
    return (
        tuple(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else ()
    )

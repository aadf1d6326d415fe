"""Segments («lists»): manual ones keep their members, dynamic ones are worked out when read."""

from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from connector.sandbox.hubspot.call import Answer, Call, record_id_of, text_of
from connector.sandbox.hubspot.filters import Predicate, compiled
from connector.sandbox.hubspot.keeping import Segment
from connector.sandbox.hubspot.kinds import Kind, kind_of
from connector.sandbox.hubspot.moments import iso
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.refusals import Json, Refusal, invalid, not_found, unreadable

MEMBERS_PAGE, MEMBERS_MOST = 100, 250
ADD_LIMIT = 100_000
PROCESSING = frozenset({"DYNAMIC", "MANUAL", "SNAPSHOT"})
OPERATORS = {  # a segment's operator: the search's
    "IS_EQUAL_TO": "EQ",
    "IS": "EQ",
    "IS_NOT_EQUAL_TO": "NEQ",
    "IS_ANY_OF": "IN",
    "IS_NONE_OF": "NOT_IN",
    "CONTAINS": "CONTAINS_TOKEN",
    "DOES_NOT_CONTAIN": "NOT_CONTAINS_TOKEN",
    "IS_GREATER_THAN": "GT",
    "IS_GREATER_THAN_OR_EQUAL_TO": "GTE",
    "IS_LESS_THAN": "LT",
    "IS_LESS_THAN_OR_EQUAL_TO": "LTE",
    "IS_KNOWN": "HAS_PROPERTY",
    "IS_UNKNOWN": "NOT_HAS_PROPERTY",
}


@dataclass(slots=True)
class Segments:
    """All segments of an account."""

    portal: Portal

    def create(self, call: Call) -> Answer:
        """Create a segment; its name has to be new to the account."""
        body = call.json()
        name = text_of(body, "name", needed=True)
        kind = kind_of(text_of(body, "objectTypeId", needed=True))
        processing = text_of(body, "processingType", needed=True)
        if processing not in PROCESSING:
            raise invalid(f"{processing} is not a processing type")
        self._refuse_name(name)
        branch = _branch(body, is_wanted=processing != "MANUAL")
        now = self.portal.now_ms()
        segment = Segment(
            len(self.portal.segments) + 1, name, kind.name, processing, branch, now, now
        )
        if branch is not None:
            found = self._evaluated(segment)
            segment.joined = dict.fromkeys(found, now) if processing == "SNAPSHOT" else {}
        self.portal.segments[segment.id] = segment
        self.portal.changes += 1
        return Answer(body={"list": self.shown(segment)})

    def read(self, call: Call) -> Answer:
        """Serve one segment, with its filters only when asked for."""
        segment = self.found(call.params[0])
        return Answer(body={"list": self.shown(segment, with_filters=call.flag("includeFilters"))})

    def read_by_name(self, call: Call) -> Answer:
        """Serve the segment of a name."""
        kind = kind_of(call.params[0])
        for segment in self.portal.segments.values():
            is_same = segment.name.lower() == call.params[1].lower()
            if is_same and segment.kind == kind.name and segment.deleted_ms is None:
                with_filters = call.flag("includeFilters")
                return Answer(body={"list": self.shown(segment, with_filters=with_filters)})
        raise not_found(f"List does not exist with name {call.params[1]}")

    def change_filters(self, call: Call) -> Answer:
        """Replace the filters of a dynamic segment."""
        segment = self.found(call.params[0])
        if segment.processing != "DYNAMIC":
            raise invalid("Only a dynamic segment has filters that can be changed")
        segment.branch = _branch(call.json(), is_wanted=True)
        self._evaluated(segment)
        segment.updated_ms = self.portal.now_ms()
        self.portal.changes += 1
        return Answer(body={"updatedList": self.shown(segment)})

    def rename(self, call: Call) -> Answer:
        """Give a segment another name."""
        segment, name = self.found(call.params[0]), call.text("listName")
        if name.lower() != segment.name.lower():
            self._refuse_name(name)
        segment.name, segment.updated_ms = name, self.portal.now_ms()
        self.portal.changes += 1
        return Answer(body={"updatedList": self.shown(segment)})

    def delete(self, call: Call) -> Answer:
        """Delete a segment, until it is restored."""
        self.found(call.params[0]).deleted_ms = self.portal.now_ms()
        self.portal.changes += 1
        return Answer(204)

    def restore(self, call: Call) -> Answer:
        """Bring a deleted segment back."""
        segment = self.portal.segments.get(record_id_of(call.params[0]))
        if segment is None:
            raise not_found()
        segment.deleted_ms = None
        self.portal.changes += 1
        return Answer(204)

    def members(self, call: Call) -> Answer:
        """Serve a page of member ids, ascending."""
        segment = self.found(call.params[0])
        limit, after = call.limit(MEMBERS_PAGE, MEMBERS_MOST), call.number("after", 0)
        ids = [record_id for record_id in self.members_of(segment) if record_id >= after]
        stamp = iso(segment.updated_ms)
        body: Json = {
            "total": len(self.members_of(segment)),
            "results": [
                {
                    "recordId": str(i),
                    "membershipTimestamp": iso(segment.joined[i]) if segment.joined else stamp,
                }
                for i in ids[:limit]
            ],
        }
        if len(ids) > limit:
            body["paging"] = {"next": {"after": str(ids[limit]), "link": ""}}
        return Answer(body=body)

    def add(self, call: Call) -> Answer:
        """Put records into a manual segment."""
        return self._change_members(call, _ids(call), [])

    def remove(self, call: Call) -> Answer:
        """Take records out of a manual segment."""
        return self._change_members(call, [], _ids(call))

    def add_and_remove(self, call: Call) -> Answer:
        """Do both at once."""
        body = call.json()
        added, removed = body.get("recordIdsToAdd") or [], body.get("recordIdsToRemove") or []
        if not isinstance(added, list) or not isinstance(removed, list):
            raise unreadable("lists of record ids are wanted")
        return self._change_members(
            call, [record_id_of(i) for i in added], [record_id_of(i) for i in removed]
        )

    def _change_members(self, call: Call, added: list[int], removed: list[int]) -> Answer:
        segment = self.changeable(call.params[0])
        if len(added) > ADD_LIMIT:
            raise invalid(f"No more than {ADD_LIMIT} records can be added at once")
        table, now = self.portal.table(kind_of(segment.kind)), self.portal.now_ms()
        known = {i for i in added if table.find(i) is not None}
        fresh = [table.heir(i) for i in added if i in known and table.heir(i) not in segment.joined]
        gone = [i for i in removed if i in segment.joined]
        segment.joined |= dict.fromkeys(fresh, now)
        for record_id in gone:
            del segment.joined[record_id]
        self.portal.changes += 1
        return Answer(
            body={
                "recordsIdsAdded": [str(i) for i in fresh],
                "recordIdsRemoved": [str(i) for i in gone],
                "recordIdsMissing": [str(i) for i in added if i not in known],
            }
        )

    def changeable(self, key: str) -> Segment:
        """Return a segment whose members are put in by hand, or refuse."""
        segment = self.found(key)
        if segment.processing == "DYNAMIC":
            raise invalid("The members of a dynamic segment follow its filters")
        return segment

    def found(self, key: str) -> Segment:
        """Return the segment of an id, or refuse."""
        segment = self.portal.segments.get(record_id_of(key))
        if segment is None or segment.deleted_ms is not None:
            raise not_found(f"List does not exist with ID {key}")
        return segment

    def _refuse_name(self, name: str) -> None:
        for segment in self.portal.segments.values():
            if segment.deleted_ms is None and segment.name.lower() == name.lower():
                raise Refusal(
                    400,
                    f"A list named '{name}' already exists",
                    sub_category="ILS.DUPLICATE_LIST_NAMES",
                )

    def members_of(self, segment: Segment) -> list[int]:
        """Return the ids of a segment's members, ascending."""
        if segment.processing == "DYNAMIC":
            return self._evaluated(segment)
        table = self.portal.table(kind_of(segment.kind))
        return sorted(i for i in segment.joined if table.find(i) is not None)

    def _evaluated(self, segment: Segment) -> list[int]:
        kind = kind_of(segment.kind)
        groups = [list(_tests(self.portal, kind, group)) for group in _groups(segment.branch)]
        table = self.portal.table(kind)
        return [
            record_id
            for record_id in table.live
            if any(all(test(table.rows[record_id]) for test in group) for group in groups)
        ]

    def shown(self, segment: Segment, *, with_filters: bool = True) -> Json:
        """Return a segment as the API shows it."""
        shown: Json = {
            "listId": str(segment.id),
            "listVersion": 1,
            "name": segment.name,
            "objectTypeId": kind_of(segment.kind).type_id,
            "processingType": segment.processing,
            "processingStatus": "COMPLETE",
            "size": len(self.members_of(segment)),
            "createdAt": iso(segment.created_ms),
            "updatedAt": iso(segment.updated_ms),
            "filtersUpdatedAt": iso(segment.updated_ms),
            "createdById": "0",
            "updatedById": "0",
        }
        if with_filters and segment.branch is not None:
            shown["filterBranch"] = segment.branch
        return shown


def _ids(call: Call) -> list[int]:
    try:
        ids = orjson.loads(call.content)
    except orjson.JSONDecodeError as error:
        raise unreadable("the body is not JSON") from error
    if not isinstance(ids, list):
        raise unreadable("a list of record ids is wanted")
    return [record_id_of(record_id) for record_id in ids]


def _branch(body: Json, *, is_wanted: bool) -> Json | None:
    branch = body.get("filterBranch")
    if branch is None and not is_wanted:
        return None
    if not isinstance(branch, dict) or branch.get("filterBranchType") != "OR":
        raise invalid("filterBranch must be an OR branch that holds AND branches")
    return branch


def _groups(branch: Json | None) -> Iterable[list[Json]]:
    for inner in _list(branch or {}, "filterBranches"):
        if inner.get("filterBranchType") != "AND" or inner.get("filterBranches"):
            raise invalid("An OR branch holds AND branches, and these hold filters")
        yield _list(inner, "filters")


def _list(body: Json, name: str) -> list[Json]:
    found = body.get(name)
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise invalid(f"{name} must be a list of objects")
    return found


def _tests(portal: Portal, kind: Kind, group: list[Json]) -> Iterable[Predicate]:
    for entry in group:
        operation = entry.get("operation")
        if entry.get("filterType") != "PROPERTY" or not isinstance(operation, dict):
            raise invalid("Only filters of type PROPERTY are supported here")
        yield compiled(portal, kind, _condition(text_of(entry, "property"), operation))


def _condition(name: str, operation: Json) -> Json:
    operator = OPERATORS.get(str(operation.get("operator")))
    if operator is None:
        raise invalid(f"Operator {operation.get('operator')} is not supported here")
    values = operation.get("values")
    if isinstance(values, list) and operator in {"EQ", "NEQ"}:
        operator = "IN" if operator == "EQ" else "NOT_IN"
    if isinstance(values, list) and operator in {"IN", "NOT_IN"}:
        # Unlike a search, a segment does not mind capitals.
        folded = [str(value).lower() for value in values]
        return {"propertyName": name, "operator": operator, "values": [*values, *folded]}
    if isinstance(values, list) and values:
        operation = operation | {"value": values[0]}
    value = operation.get("value")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return {"propertyName": name, "operator": operator, "value": text}

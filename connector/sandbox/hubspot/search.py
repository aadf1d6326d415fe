"""Search: filters as predicates, narrowed by whatever index fits, remembered until a write."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

import orjson

from connector.sandbox.hubspot.call import Answer, Call, is_whole, names_of, objects_of, text_of
from connector.sandbox.hubspot.filters import compiled, getter, tokens_of
from connector.sandbox.hubspot.kinds import Kind, kind_of
from connector.sandbox.hubspot.moments import parse_datetime
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.reads import rower
from connector.sandbox.hubspot.refusals import Json, invalid
from connector.sandbox.hubspot.table import Record, Table

PAGE_LIMIT = 200
RESULT_CAP = 10_000
BODY_LIMIT = 3_000
GROUPS, FILTERS_IN_GROUP, FILTERS = 5, 6, 18
FOREVER = 1 << 62
REMEMBERED = 32


def search(portal: Portal, call: Call) -> Answer:
    """Serve one page of a search."""
    kind = kind_of(call.params[0])
    if len(call.content) > BODY_LIMIT:
        raise invalid(f"The request body is longer than {BODY_LIMIT} characters")
    body = call.json()
    limit, after = _paging(body)
    table = portal.table(kind)
    ids = found_ids(portal, kind, body)
    row = rower(portal, kind, names_of(body, "properties"))
    found = (table.rows.get(record_id) for record_id in ids[after : after + limit])
    # Rows come from the records themselves, so they can be newer than the filter that found them.
    shown: Json = {
        "total": len(ids),
        "results": [row(record) for record in found if record and record.archived_ms is None],
    }
    if after + limit < len(ids):
        following = str(after + limit)
        shown["paging"] = {"next": {"after": following, "link": f"?after={following}"}}
    return Answer(body=shown)


def _paging(body: Json) -> tuple[int, int]:
    limit, after = body.get("limit", 10), str(body.get("after") or 0)
    if not isinstance(limit, int) or not 1 <= limit <= PAGE_LIMIT:
        raise invalid(f"limit must be between 1 and {PAGE_LIMIT}")
    if not is_whole(after):
        raise invalid("after must be a whole number")
    if int(after) + limit > RESULT_CAP:
        raise invalid(f"The paging parameter must not lead beyond {RESULT_CAP} results")
    return limit, int(after)


def found_ids(portal: Portal, kind: Kind, body: Json) -> Sequence[int]:
    """Return the ids of all records that a search finds, in its order."""
    table = portal.table(kind)
    table.settle(portal.now_ms())
    groups = _groups(body)
    order = _order(portal, kind, body)
    query = text_of(body, "query").lower()
    bound = 0
    if order == ("hs_object_id", 1) and len(groups) == 1:
        # A walk by id asks the same question again and again with a rising bound: answer it once.
        groups, bound = [_without_bound(groups[0])], _bound(groups[0])
    answers = table.answers()
    key = orjson.dumps([groups, query, order])
    if key not in answers:
        if len(answers) >= REMEMBERED:
            answers.clear()
        answers[key] = _matching(portal, kind, table, groups, query, order)
    ids = answers[key]
    return ids[bisect_left(ids, bound) :] if bound else ids


def _groups(body: Json) -> list[list[Json]]:
    given = body.get("filterGroups")
    if given is None or given == []:
        flat = body.get("filters")
        groups = [objects_of(body, "filters", FILTERS_IN_GROUP)] if flat else []
    else:
        groups = [
            objects_of(group, "filters", FILTERS_IN_GROUP)
            for group in objects_of(body, "filterGroups", GROUPS)
        ]
    if sum(len(group) for group in groups) > FILTERS:
        raise invalid(f"No more than {FILTERS} filters are supported")
    return groups


def _order(portal: Portal, kind: Kind, body: Json) -> tuple[str, int]:
    sorts = body.get("sorts") or []
    if not isinstance(sorts, list) or len(sorts) > 1:
        raise invalid("Only one sort is supported")
    if not sorts:
        return "hs_object_id", 1
    sort = sorts[0]
    if isinstance(sort, str):
        sort = {
            "propertyName": sort.removeprefix("-"),
            "direction": "DESCENDING" if sort.startswith("-") else "ASCENDING",
        }
    name, direction = text_of(sort, "propertyName", needed=True), sort.get("direction", "ASCENDING")
    if portal.schema(kind).live(name) is None:
        raise invalid(f"Property '{name}' does not exist", "PROPERTY_DOESNT_EXIST")
    if direction not in {"ASCENDING", "DESCENDING"}:
        raise invalid(f"{direction} is not a sort direction")
    return name, 1 if direction == "ASCENDING" else -1


def _matching(
    portal: Portal,
    kind: Kind,
    table: Table,
    groups: list[list[Json]],
    query: str,
    order: tuple[str, int],
) -> list[int]:
    matched: dict[int, Record] = {}
    for group in groups or [[]]:
        tests = [compiled(portal, kind, condition) for condition in group]
        for record in table.indexed(_candidates(portal, kind, table, group)):
            if all(test(record) for test in tests):
                matched[record.id] = record
    if query:
        matched = {i: r for i, r in matched.items() if _holds_query(kind, r, query)}
    if order[0] == "hs_object_id":
        return sorted(matched, reverse=order[1] < 0)
    value = getter(portal, kind, order[0])
    ranked = sorted(
        ((value(r), i) for i, r in matched.items() if value(r) is not None),
        key=lambda pair: (pair[0], pair[1]),
        reverse=order[1] < 0,
    )
    return [i for _, i in ranked] + sorted(i for i, r in matched.items() if value(r) is None)


def _candidates(portal: Portal, kind: Kind, table: Table, group: list[Json]) -> Iterable[int]:
    """Return ids among which all hits of a group are: the narrowest set that an index offers."""
    for condition in group:
        name, operator = str(condition.get("propertyName")), condition.get("operator")
        if operator == "EQ" and name.startswith("associations."):
            other = kind_of(name.partition(".")[2])
            ids = portal.links.to(other, _whole(condition.get("value")), kind)
            return [i for i in ids if i in table.rows and table.rows[i].archived_ms is None]
        if operator == "EQ" and name in table.unique:
            held = table.unique[name].get(str(condition.get("value", "")).lower())
            if held is not None:
                return {held, *table.pending}
    low, high = _window(kind, group)
    if table.log_size(low, high) >= len(table.live):
        return list(table.live)
    changed = table.changed_between(low, high) | table.pending.keys()
    rows = table.rows
    return [i for i in changed if i in rows and rows[i].archived_ms is None]


def _window(kind: Kind, group: list[Json]) -> tuple[int, int]:
    low, high = 0, FOREVER
    for condition in group:
        if condition.get("propertyName") not in kind.modified:
            continue
        value = parse_datetime(str(condition.get("value"))) or 0
        operator = condition.get("operator")
        if operator in {"GT", "GTE", "EQ", "BETWEEN"}:
            low = max(low, value)
        if operator in {"LT", "LTE", "EQ"}:
            high = min(high, value)
        if operator == "BETWEEN":
            high = min(high, parse_datetime(str(condition.get("highValue"))) or FOREVER)
    return low, high


def _bound(group: list[Json]) -> int:
    bounds = [
        _whole(condition.get("value")) + (condition.get("operator") == "GT")
        for condition in group
        if _is_bound(condition)
    ]
    return max(bounds, default=0)


def _without_bound(group: list[Json]) -> list[Json]:
    return [condition for condition in group if not _is_bound(condition)]


def _is_bound(condition: Json) -> bool:
    is_lower = condition.get("operator") in {"GT", "GTE"}
    return is_lower and condition.get("propertyName") == "hs_object_id"


def _whole(value: object) -> int:
    text = str(value)
    if not is_whole(text):
        raise invalid(f"{text} is not a record id")
    return int(text)


def _holds_query(kind: Kind, record: Record, query: str) -> bool:
    held = " ".join(record.props.get(name, "") for name in kind.queried)
    words = tokens_of(held)
    return all(any(word.startswith(part) for word in words) for part in tokens_of(query))

"""Reading records: list, single, batch. Rows are plain dictionaries, since pages are large."""

from collections.abc import Callable, Iterable

from connector.sandbox.hubspot.call import (
    Answer,
    Call,
    names_of,
    record_id_of,
    refuse_repeats,
    text_of,
)
from connector.sandbox.hubspot.kinds import Kind, kept_kinds_of, kind_of
from connector.sandbox.hubspot.links import NAMES, TYPES
from connector.sandbox.hubspot.moments import iso
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.refusals import Json, Refusal, invalid, not_found
from connector.sandbox.hubspot.table import Record, Version

LIST_LIMIT = 100
HISTORY_LIMIT = 50
BATCH_LIMIT = 100
INLINE_LINKS = 100

Row = Callable[[Record], Json]


def rower(
    portal: Portal,
    kind: Kind,
    names: Iterable[str],
    history: Iterable[str] = (),
    *,
    associations: Iterable[Kind] = (),
    path: str = "",
) -> Row:
    """Return the function that turns a record into its JSON for one set of wanted properties."""
    known = portal.schema(kind).live
    wanted = [name for name in dict.fromkeys(names or kind.defaults) if known(name)]
    versioned = [name for name in history if known(name)]
    linked = list(associations)
    stamps = [name for name in kind.modified if name in wanted or name == kind.modified[0]]
    stamped: tuple[str, ...] = ("createdate", "hs_createdate")
    created = [n for n in stamped if n in wanted or n == kind.created]
    stored = [name for name in wanted if name not in {*stamps, *created, "hs_object_id"}]

    def row(record: Record) -> Json:
        get = record.props.get
        props: dict[str, str | None] = {name: get(name) for name in stored}
        made, changed = iso(record.created_ms), iso(record.updated_ms)
        for name in created:
            props[name] = made
        for name in stamps:
            props[name] = changed
        props["hs_object_id"] = text = str(record.id)
        shown: Json = {
            "id": text,
            "properties": props,
            "createdAt": made,
            "updatedAt": changed,
            "archived": record.archived_ms is not None,
        }
        if record.archived_ms is not None:
            shown["archivedAt"] = iso(record.archived_ms)
        if versioned:
            shown["propertiesWithHistory"] = {n: _versions(record, n) for n in versioned}
        if linked:
            shown["associations"] = _inline(portal, kind, record, linked, path)
        return shown

    return row


def list_page(portal: Portal, call: Call) -> Answer:
    """Serve one page of a list; `after` is the id of the next page's first record."""
    kind = kind_of(call.params[0])
    history = call.texts("propertiesWithHistory")
    limit = call.limit(10, HISTORY_LIMIT if history else LIST_LIMIT)
    after = call.number("after", 0)
    table = portal.table(kind)
    records, following = table.page(after, limit, archived=call.flag("archived"))
    row = _rower_of(portal, kind, call)
    body: Json = {"results": [row(record) for record in records]}
    if following is not None:
        link = f"{call.base_url}{call.path}?limit={limit}&after={following}"
        body["paging"] = {"next": {"after": str(following), "link": link}}
    return Answer(body=body)


def read_one(portal: Portal, call: Call) -> Answer:
    """Serve one record by id, or by a unique property."""
    kind = kind_of(call.params[0])
    id_property = call.text("idProperty")
    if call.flag("archived"):
        record = _archived(portal, kind, call.params[1])
    else:
        record = located(portal, kind, call.params[1], id_property)
    if record is None:
        raise not_found()
    return Answer(body=_rower_of(portal, kind, call)(record))


def read_batch(portal: Portal, call: Call) -> Answer:
    """Serve up to 100 records (50 with history) by id; those not found make it a 207."""
    kind = kind_of(call.params[0])
    body = call.json()
    history = names_of(body, "propertiesWithHistory")
    inputs = call.inputs(BATCH_LIMIT)
    if history and len(inputs) > HISTORY_LIMIT:
        raise invalid(
            "The maximum number of inputs supported in a batch request for property histories is "
            f"{HISTORY_LIMIT}. Please reduce the number of items and try again"
        )
    refuse_repeats([f"id={entry.get('id')}" for entry in inputs])
    id_property = text_of(body, "idProperty")
    row = rower(portal, kind, names_of(body, "properties"), history)
    results: dict[int, Json] = {}
    missing: list[str] = []
    find = _archived if call.flag("archived") else _finder(id_property)
    for entry in inputs:
        key = str(entry.get("id", ""))
        record = find(portal, kind, key)
        if record is None:
            missing.append(key)
        elif record.id not in results:
            results[record.id] = row(record)
    return many(portal, list(results.values()), _missing(kind, missing))


def many(portal: Portal, results: list[Json], errors: list[Json], good: int = 200) -> Answer:
    """Return the answer of a batch: 207 if anything went wrong in it."""
    now = iso(portal.now_ms())
    body: Json = {
        "status": "COMPLETE",
        "results": results,
        "startedAt": now,
        "completedAt": now,
    }
    if not errors:
        return Answer(good, body)
    return Answer(207, body | {"numErrors": len(errors), "errors": errors})


def located(portal: Portal, kind: Kind, key: str, id_property: str = "") -> Record | None:
    """Return a live record by id or by a unique property's value."""
    table = portal.table(kind)
    if not id_property or id_property == "hs_object_id":
        return table.find(record_id_of(key))
    prop = portal.schema(kind).live(id_property)
    if prop is None or not prop.is_unique:
        raise invalid(f"Property '{id_property}' is not a unique property of {kind.name}")
    return table.holder(id_property, key.strip().lower() if id_property == "email" else key)


def _finder(id_property: str) -> Callable[[Portal, Kind, str], Record | None]:
    return lambda portal, kind, key: located(portal, kind, key, id_property)


def _archived(portal: Portal, kind: Kind, key: str) -> Record | None:
    record = portal.table(kind).rows.get(record_id_of(key))
    return record if record is not None and record.archived_ms is not None else None


def _missing(kind: Kind, ids: list[str]) -> list[Json]:
    if not ids:
        return []
    told = (
        f"Could not get some {kind.singular.upper()} objects, they may be deleted or not exist. "
        "Check that ids are valid."
    )
    return [Refusal(404, told, "OBJECT_NOT_FOUND", context={"ids": ids}).row()]


def _rower_of(portal: Portal, kind: Kind, call: Call) -> Row:
    return rower(
        portal,
        kind,
        call.texts("properties"),
        call.texts("propertiesWithHistory"),
        associations=kept_kinds_of(call.texts("associations")),
        path=f"{call.base_url}{call.path}",
    )


def _versions(record: Record, name: str) -> list[Json]:
    versions = (record.history or {}).get(name)
    if versions is None:
        value = record.props.get(name)
        versions = [Version(value, record.created_ms, "IMPORT")] if value else []
    return [_shown(version) for version in reversed(versions)]


def _shown(version: Version) -> Json:
    user = version.user
    return {
        "value": version.value,
        "timestamp": iso(version.at_ms),
        "sourceType": version.source if user is None else "CRM_UI",
        "sourceId": "sandbox" if user is None else f"userId:{user}",
        **({} if user is None else {"updatedByUserId": user}),
    }


def _inline(portal: Portal, kind: Kind, record: Record, linked: list[Kind], path: str) -> Json:
    shown: Json = {}
    for other in linked:
        ids = portal.links.to(kind, record.id, other)
        if not ids or (kind.name, other.name) not in TYPES:
            continue
        listed: Json = {"results": _typed(portal, kind, record, other, ids[:INLINE_LINKS])}
        if len(ids) > INLINE_LINKS:
            after = str(ids[INLINE_LINKS])
            link = f"{path}/{record.id}/associations/{other.name}?after={after}"
            listed["paging"] = {"next": {"after": after, "link": link}}
        shown[other.name] = listed
    return shown


def _typed(
    portal: Portal, kind: Kind, record: Record, other: Kind, ids: Iterable[int]
) -> list[Json]:
    typed: list[Json] = []
    for other_id in ids:
        for type_id in portal.links.types(kind, record.id, other, other_id):
            name = NAMES.get(type_id, f"{kind.singular}_to_{other.singular}")
            is_default = type_id == TYPES[kind.name, other.name][0]
            has_labels = len(TYPES[kind.name, other.name]) > 1 and type_id not in NAMES
            unlabelled = f"{name}_unlabeled" if has_labels else name
            typed.append({"id": str(other_id), "type": unlabelled if is_default else name})
    return typed

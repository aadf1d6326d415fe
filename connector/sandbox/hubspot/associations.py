"""Associations through the API: batches by pair of types, and single pairs."""

from connector.sandbox.hubspot import changes
from connector.sandbox.hubspot.call import Answer, Call, objects_of, record_id_of
from connector.sandbox.hubspot.kinds import Kind, kind_of
from connector.sandbox.hubspot.links import LABELS, TYPES
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.reads import many
from connector.sandbox.hubspot.refusals import Json, Refusal, invalid, not_found

READ_LIMIT, CREATE_LIMIT, ARCHIVE_LIMIT = 1_000, 2_000, 100
OLD_PAGE = 100


def read_batch(portal: Portal, call: Call) -> Answer:
    """Serve what up to 1,000 records are linked with, a page for each of them."""
    kind, other = _pair(call)
    results: list[Json] = []
    errors: list[Json] = []
    for entry in call.inputs(READ_LIMIT):
        record_id = record_id_of(entry.get("id"))
        record = portal.table(kind).find(record_id)
        ids = portal.links.to(kind, record.id, other) if record else ()
        if not ids:
            errors.append(_no_links(kind, other, record_id))
            continue
        after = entry.get("after")
        if call.version == "v3":
            after = None  # the old endpoint ignores it: a caller that waits for the end never stops
        results.append(_linked(portal, call, kind, record_id, other, after))
    return many(portal, results, errors)


def create_batch(portal: Portal, call: Call) -> Answer:
    """Link up to 2,000 pairs as the types say."""
    kind, other = _pair(call)
    pairs = []
    for entry in call.inputs(CREATE_LIMIT):
        types = objects_of(entry, "types", 10)
        pairs.append(
            (*_ends(portal, kind, other, entry), [_type_id(kind, other, t) for t in types])
        )
    results: list[Json] = []
    for from_id, to_id, type_ids in pairs:
        for type_id in type_ids:
            _connect(portal, kind, from_id, other, to_id, type_id)
        results.append(_labels(kind, from_id, other, to_id, type_ids))
    return many(portal, results, [], good=201)


def create_default_batch(portal: Portal, call: Call) -> Answer:
    """Link up to 2,000 pairs in the default way; linking again changes nothing."""
    kind, other = _pair(call)
    results: list[Json] = []
    errors: list[Json] = []
    for entry in call.inputs(CREATE_LIMIT):
        try:
            from_id, to_id = _ends(portal, kind, other, entry)
        except Refusal as refusal:
            errors.append(refusal.row())
            continue
        _connect(portal, kind, from_id, other, to_id)
        results += _default_pair(kind, from_id, other, to_id)
    return many(portal, results, errors)


def archive_batch(portal: Portal, call: Call) -> Answer:
    """Unlink: each `from` from each of its `to`."""
    kind, other = _pair(call)
    for entry in call.inputs(ARCHIVE_LIMIT):
        from_id = _end(entry, "from")
        for to in objects_of(entry, "to", 1_000):
            portal.links.remove(kind, from_id, other, record_id_of(to.get("id")))
    portal.changes += 1
    portal.table(kind).version += 1
    portal.table(other).version += 1
    return Answer(204)


def archive_labels(portal: Portal, call: Call) -> Answer:
    """Take labels off pairs; taking off the default type unlinks the pair."""
    kind, other = _pair(call)
    for entry in call.inputs(ARCHIVE_LIMIT):
        from_id, to_id = _end(entry, "from"), _end(entry, "to")
        for spec in objects_of(entry, "types", 10):
            type_id = _type_id(kind, other, spec)
            if type_id in LABELS:
                portal.links.take_label(kind, from_id, other, to_id, type_id)
            else:
                portal.links.remove(kind, from_id, other, to_id)
    portal.changes += 1
    portal.table(kind).version += 1
    portal.table(other).version += 1
    return Answer(204)


def list_labels(_: Portal, call: Call) -> Answer:
    """Serve the association types of a pair of object types."""
    kind, other = _pair(call)
    return Answer(body={"results": [_type(type_id) for type_id in TYPES[kind.name, other.name]]})


def read_one(portal: Portal, call: Call) -> Answer:
    """Serve what one record is linked with; the newest path has no such call."""
    kind, other = kind_of(call.params[0]), kind_of(call.params[2])
    record = portal.table(kind).find(record_id_of(call.params[1]))
    if record is None:
        raise not_found()
    limit, after = call.limit(500, 500), call.number("after", 0)
    ids = [i for i in portal.links.to(kind, record.id, other) if i >= after]
    body: Json = {"results": [_to(portal, call, kind, record.id, other, i) for i in ids[:limit]]}
    if len(ids) > limit:
        body["paging"] = {"next": {"after": str(ids[limit]), "link": ""}}
    return Answer(body=body)


def put_pair(portal: Portal, call: Call) -> Answer:
    """Link one pair as the types in the body say."""
    kind, from_id, other, to_id = _path_pair(portal, call)
    types = objects_of({"types": _body_list(call)}, "types", 10)
    type_ids = [_type_id(kind, other, entry) for entry in types]
    for type_id in type_ids:
        _connect(portal, kind, from_id, other, to_id, type_id)
    return Answer(201, _labels(kind, from_id, other, to_id, type_ids))


def put_default_pair(portal: Portal, call: Call) -> Answer:
    """Link one pair in the default way."""
    kind, from_id, other, to_id = _path_pair(portal, call)
    _connect(portal, kind, from_id, other, to_id)
    return many(portal, _default_pair(kind, from_id, other, to_id), [])


def delete_pair(portal: Portal, call: Call) -> Answer:
    """Unlink one pair."""
    kind, other = kind_of(call.params[0]), kind_of(call.params[2])
    from_id, to_id = record_id_of(call.params[1]), record_id_of(call.params[3])
    portal.links.remove(kind, from_id, other, to_id)
    portal.changes += 1
    return Answer(204)


def _body_list(call: Call) -> object:
    wrapped = Call(call.method, call.path, "", call.headers, b'{"types":' + call.content + b"}", [])
    return wrapped.json()["types"]


def _pair(call: Call) -> tuple[Kind, Kind]:
    kind, other = kind_of(call.params[0]), kind_of(call.params[1])
    if (kind.name, other.name) not in TYPES:
        raise invalid(f"{kind.name} cannot be associated with {other.name}")
    return kind, other


def _path_pair(portal: Portal, call: Call) -> tuple[Kind, int, Kind, int]:
    kind, other = kind_of(call.params[0]), kind_of(call.params[2])
    if (kind.name, other.name) not in TYPES:
        raise invalid(f"{kind.name} cannot be associated with {other.name}")
    from_id, to_id = record_id_of(call.params[1]), record_id_of(call.params[3])
    _refuse_unknown(portal, kind, from_id)
    _refuse_unknown(portal, other, to_id)
    return kind, from_id, other, to_id


def _refuse_unknown(portal: Portal, kind: Kind, record_id: int) -> None:
    if portal.table(kind).find(record_id) is None:
        raise not_found(f"{kind.singular} {record_id} does not exist", ids=str(record_id))


def _end(entry: Json, name: str) -> int:
    end = entry.get(name)
    if not isinstance(end, dict):
        raise invalid(f"Some required fields were not set: [{name}]")
    return record_id_of(end.get("id"))


def _ends(portal: Portal, kind: Kind, other: Kind, entry: Json) -> tuple[int, int]:
    from_id, to_id = _end(entry, "from"), _end(entry, "to")
    _refuse_unknown(portal, kind, from_id)
    _refuse_unknown(portal, other, to_id)
    return from_id, to_id


def _type_id(kind: Kind, other: Kind, entry: Json) -> int:
    type_id = entry.get("associationTypeId")
    if entry.get("associationCategory") != "HUBSPOT_DEFINED":
        raise invalid("associationCategory must be HUBSPOT_DEFINED here")
    if not isinstance(type_id, int) or type_id not in TYPES[kind.name, other.name]:
        raise invalid(f"associationTypeId {type_id} does not link {kind.name} to {other.name}")
    return type_id


def _connect(
    portal: Portal, kind: Kind, from_id: int, other: Kind, to_id: int, type_id: int = 0
) -> None:
    record = portal.table(kind).find(from_id)
    if record is not None:
        changes.connect(portal, kind, record, other, to_id, type_id)


def _linked(
    portal: Portal, call: Call, kind: Kind, record_id: int, other: Kind, after: object
) -> Json:
    heir = portal.table(kind).heir(record_id)
    start = 0 if after is None else record_id_of(after)
    ids = [i for i in portal.links.to(kind, heir, other) if i >= start]
    page = OLD_PAGE if call.version == "v3" else portal.options.association_page
    shown: Json = {
        "from": {"id": str(record_id)},
        "to": [_to(portal, call, kind, heir, other, i) for i in ids[:page]],
    }
    if len(ids) > page:
        shown["paging"] = {"next": {"after": str(ids[page])}}
    return shown


def _to(portal: Portal, call: Call, kind: Kind, record_id: int, other: Kind, other_id: int) -> Json:
    if call.version == "v3":
        return {"id": str(other_id), "type": f"{kind.singular}_to_{other.singular}"}
    types = portal.links.types(kind, record_id, other, other_id)
    # The dated paths give the id as text, the older ones as a number.
    shown = str(other_id) if call.is_dated else other_id
    return {"toObjectId": shown, "associationTypes": [_type(type_id) for type_id in types]}


def _type(type_id: int) -> Json:
    return {"category": "HUBSPOT_DEFINED", "typeId": type_id, "label": LABELS.get(type_id)}


def _labels(kind: Kind, from_id: int, other: Kind, to_id: int, type_ids: list[int]) -> Json:
    return {
        "fromObjectTypeId": kind.type_id,
        "fromObjectId": from_id,
        "toObjectTypeId": other.type_id,
        "toObjectId": to_id,
        "labels": [LABELS[type_id] for type_id in type_ids if type_id in LABELS],
    }


def _default_pair(kind: Kind, from_id: int, other: Kind, to_id: int) -> list[Json]:
    ways = ((kind, from_id, other, to_id), (other, to_id, kind, from_id))
    return [
        {
            "from": {"id": str(a_id)},
            "to": {"id": str(b_id)},
            "associationSpec": {
                "associationCategory": "HUBSPOT_DEFINED",
                "associationTypeId": TYPES[a.name, b.name][0],
            },
        }
        for a, a_id, b, b_id in ways
    ]


def _no_links(kind: Kind, other: Kind, record_id: int) -> Json:
    told = f"No {other.singular} is associated with {kind.singular} {record_id}."
    return Refusal(
        404,
        told,
        "OBJECT_NOT_FOUND",
        context={"fromObjectId": [str(record_id)]},
        sub_category="crm.associations.NO_ASSOCIATIONS_FOUND",
    ).row()

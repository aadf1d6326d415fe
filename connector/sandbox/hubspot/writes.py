"""Writing records: what a create, an update and an upsert check, and what each does to a batch."""

from collections.abc import Callable
from dataclasses import dataclass, field

from connector.sandbox.hubspot import changes
from connector.sandbox.hubspot.call import (
    Answer,
    Call,
    is_whole,
    record_id_of,
    refuse_repeats,
    text_of,
)
from connector.sandbox.hubspot.changes import Draft
from connector.sandbox.hubspot.kinds import CONTACTS, Kind, kind_of
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.reads import BATCH_LIMIT, located, many, rower
from connector.sandbox.hubspot.refusals import Json, Refusal, invalid, not_found
from connector.sandbox.hubspot.table import Record


@dataclass(slots=True)
class Outcome:
    """What became of a batch so far."""

    results: list[Json] = field(default_factory=list)
    errors: list[Json] = field(default_factory=list)


def create_one(portal: Portal, call: Call) -> Answer:
    """Create one record, with its links."""
    kind = kind_of(call.params[0])
    draft = changes.new(portal, kind, call.json())
    record = changes.insert(portal, kind, draft)
    return Answer(201, _shown(portal, kind, record, draft))


def update_one(portal: Portal, call: Call) -> Answer:
    """Change one record, named by id or by a unique property."""
    kind = kind_of(call.params[0])
    record = located(portal, kind, call.params[1], call.text("idProperty"))
    if record is None:
        raise not_found()
    draft = changes.change(portal, kind, record, call.json())
    changes.apply(portal, kind, record, draft)
    return Answer(200, _shown(portal, kind, record, draft))


def archive_one(portal: Portal, call: Call) -> Answer:
    """Put one record into the recycle bin; doing so twice is no error."""
    kind = kind_of(call.params[0])
    changes.archive(portal, kind, record_id_of(call.params[1]))
    return Answer(204)


def archive_batch(portal: Portal, call: Call) -> Answer:
    """Put up to 100 records into the recycle bin."""
    kind = kind_of(call.params[0])
    ids = [record_id_of(entry.get("id")) for entry in call.inputs(BATCH_LIMIT)]
    refuse_repeats([f"id={record_id}" for record_id in ids])
    for record_id in ids:
        changes.archive(portal, kind, record_id)
    return Answer(204)


def create_batch(portal: Portal, call: Call) -> Answer:
    """Create up to 100 records.

    Each row has an outcome of its own only if every row carries a trace id; else the first thing
    wrong refuses the whole batch, and nothing is created.
    """
    kind = kind_of(call.params[0])
    inputs = call.inputs(BATCH_LIMIT)
    is_traced = _is_traced(inputs)

    def prepare(entry: Json) -> Draft:
        return changes.new(portal, kind, entry)

    drafts, errors = _prepared(inputs, prepare, forgiving=lambda _: is_traced)
    _refuse_twins(portal, kind, drafts, errors, forgiving=is_traced)
    results = [
        _shown(portal, kind, changes.insert(portal, kind, draft), draft) for _, draft in drafts
    ]
    return many(portal, results, errors, good=201)


def update_batch(portal: Portal, call: Call) -> Answer:
    """Change up to 100 records, each named once."""
    kind = kind_of(call.params[0])
    inputs = call.inputs(BATCH_LIMIT)
    is_traced = _is_traced(inputs)
    _refuse_repeated_ids(portal, kind, inputs)

    def prepare(entry: Json) -> Draft:
        record = _to_update(portal, kind, entry)
        if record is None:
            key = str(entry.get("id"))
            raise Refusal(
                404, f"{kind.singular} {key} not found", "OBJECT_NOT_FOUND", context={"ids": [key]}
            )
        draft = changes.change(portal, kind, record, entry)
        draft.record = record
        return draft

    def forgiving(refusal: Refusal) -> bool:
        return refusal.status == 404 or _is_forgiven(portal, refusal, is_traced=is_traced)

    drafts, errors = _prepared(inputs, prepare, forgiving)
    _refuse_twins(portal, kind, drafts, errors, forgiving=is_traced)
    return many(portal, [_carry_out(portal, kind, draft) for _, draft in drafts], errors)


def upsert_batch(portal: Portal, call: Call) -> Answer:
    """Create or change up to 100 records by a unique property; by `email`, all or nothing."""
    kind = kind_of(call.params[0])
    inputs = call.inputs(BATCH_LIMIT)
    is_traced = _is_traced(inputs)
    by_email = any(entry.get("idProperty") == "email" for entry in inputs)
    keys = [(text_of(entry, "idProperty", needed=True), str(entry.get("id"))) for entry in inputs]
    refuse_repeats([f"{name}={value.lower()}" for name, value in keys])

    def prepare(entry: Json) -> Draft:
        return _to_upsert(portal, kind, entry)

    def forgiving(refusal: Refusal) -> bool:
        return not by_email and _is_forgiven(portal, refusal, is_traced=is_traced)

    drafts, errors = _prepared(inputs, prepare, forgiving)
    _refuse_twins(portal, kind, drafts, errors, forgiving=is_traced and not by_email)
    results = [
        _carry_out(portal, kind, draft) | {"new": is_new}
        for is_new, draft in [(draft.record is None, draft) for _, draft in drafts]
    ]
    return many(portal, results, errors)


def _prepared(
    inputs: list[Json], prepare: Callable[[Json], Draft], forgiving: Callable[[Refusal], bool]
) -> tuple[list[tuple[Json, Draft]], list[Json]]:
    drafts: list[tuple[Json, Draft]] = []
    errors: list[Json] = []
    for entry in inputs:
        try:
            drafts.append((entry, prepare(entry)))
        except Refusal as refusal:
            if not forgiving(refusal):
                raise
            errors.append(_row(refusal, entry))
    return drafts, errors


def _refuse_twins(
    portal: Portal,
    kind: Kind,
    drafts: list[tuple[Json, Draft]],
    errors: list[Json],
    *,
    forgiving: bool,
) -> None:
    """Refuse rows of one batch that want the same unique value."""
    seen: set[tuple[str, str]] = set()
    names = portal.schema(kind).unique_names()
    for pair in list(drafts):
        entry, draft = pair
        held = {(n, draft.values[n]) for n in names if draft.values.get(n)}
        if not held & seen:
            seen |= held
            continue
        name, value = min(held & seen)
        refusal = Refusal(409, f"Two rows want {name} = {value}", "CONFLICT")
        if not forgiving:
            raise refusal
        errors.append(_row(refusal, entry))
        drafts.remove(pair)


def _carry_out(portal: Portal, kind: Kind, draft: Draft) -> Json:
    if draft.record is None:
        return _shown(portal, kind, changes.insert(portal, kind, draft), draft)
    changes.apply(portal, kind, draft.record, draft)
    return _shown(portal, kind, draft.record, draft)


def _to_update(portal: Portal, kind: Kind, entry: Json) -> Record | None:
    id_property = text_of(entry, "idProperty")
    if id_property in {"email", "hs_object_id"}:
        raise invalid(f"idProperty '{id_property}' is not a unique property for batch update")
    return located(portal, kind, str(entry.get("id", "")), id_property)


def _to_upsert(portal: Portal, kind: Kind, entry: Json) -> Draft:
    name = text_of(entry, "idProperty", needed=True)
    key = text_of(entry, "id", needed=True)
    if name == "hs_object_id" or (name == "email" and kind is not CONTACTS):
        raise invalid(f"idProperty '{name}' is not a unique property")
    if "associations" in entry:
        raise invalid("associations are not supported in a batch upsert")
    prop = portal.schema(kind).live(name)
    if prop is not None and prop.is_read_only:
        raise invalid(f"'{name}' is a read only property", "READ_ONLY_VALUE", propertyName=name)
    record = located(portal, kind, key, name)
    if record is not None:
        draft = changes.change(portal, kind, record, entry)
        draft.record = record
        return draft
    given = entry.get("properties")
    if not isinstance(given, dict):
        raise invalid("Some required fields were not set: [properties]")
    return changes.new(portal, kind, entry | {"properties": given | {name: given.get(name, key)}})


def _is_traced(inputs: list[Json]) -> bool:
    traces = [text_of(entry, "objectWriteTraceId") for entry in inputs]
    return all(traces) and len(set(traces)) == len(traces)


def _is_forgiven(portal: Portal, refusal: Refusal, *, is_traced: bool) -> bool:
    if refusal.status == 409:
        return is_traced
    return portal.options.partial_updates == "207"


def _refuse_repeated_ids(portal: Portal, kind: Kind, inputs: list[Json]) -> None:
    heir = portal.table(kind).heir
    keys = []
    for entry in inputs:
        key = str(entry.get("id", ""))
        plain = not entry.get("idProperty") and is_whole(key)
        keys.append(f"id={heir(int(key))}" if plain else f"{entry.get('idProperty')}={key}")
    refuse_repeats(keys)


def _row(refusal: Refusal, entry: Json) -> Json:
    trace = text_of(entry, "objectWriteTraceId")
    key = entry.get("id")
    ids = "" if key is None else str(key)
    return refusal.row(objectWriteTraceId=trace, ids=ids)


def _shown(portal: Portal, kind: Kind, record: Record, draft: Draft) -> Json:
    # Unlike a read, an answer to a write leaves out what has no value, unless it was just cleared.
    held = [name for name in kind.defaults if name in record.props]
    shown = rower(portal, kind, [*held, *draft.values, "hs_object_id"])(record)
    if draft.trace:
        shown["objectWriteTraceId"] = draft.trace
    return shown

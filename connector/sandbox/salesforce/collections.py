"""sObject Collections: up to 200 records in a call, each with its own outcome, in order."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby

from connector.sandbox.salesforce.binding import Binder
from connector.sandbox.salesforce.call import Answer, Call, rows_of
from connector.sandbox.salesforce.fields import Field, SObject
from connector.sandbox.salesforce.ids import full_id
from connector.sandbox.salesforce.incoming import Incoming
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.projection import Projection
from connector.sandbox.salesforce.records import external_id, upsert_row, writer_of
from connector.sandbox.salesforce.refusals import Json, Refusal, row_error, unreadable
from connector.sandbox.salesforce.table import Values
from connector.sandbox.salesforce.writer import Writer

MOST_ROWS = 200
MOST_READ = 2_000
MOST_CHUNKS = 10

Step = Callable[[], Json]


def create(org: Org, call: Call) -> Answer:
    """Create records of one or more objects."""
    rows, all_or_none = _rows(call)
    desk = _Desk(org, call)
    return _carried_out([desk.creation(row) for row in rows], desk, all_or_none=all_or_none)


def update(org: Org, call: Call) -> Answer:
    """Change records of one or more objects."""
    rows, all_or_none = _rows(call)
    desk = _Desk(org, call)
    return _carried_out([desk.change(row) for row in rows], desk, all_or_none=all_or_none)


def upsert(org: Org, call: Call) -> Answer:
    """Change or create records of one object, matched by an external id."""
    rows, all_or_none = _rows(call)
    sobject = org.sobject(call.params[0])
    one = external_id(sobject, call.params[1])
    desk = _Desk(org, call)
    writer = desk.writer(sobject)
    incoming = Incoming(org, writer.access, sobject)
    bodies = []
    for row in rows:
        if _type_of(org, row).name != sobject.name:
            raise unreadable(f"every record must be of the type {sobject.name}")
        bodies.append(_values(incoming, row))
    keys = Counter(_key(values, one) for values in bodies if not isinstance(values, Refusal))
    steps = [
        _upsertion(org, writer, sobject, one, values, repeats=keys[_key(values, one)] > 1)
        for values in bodies
    ]
    return _carried_out(steps, desk, all_or_none=all_or_none)


def delete(org: Org, call: Call) -> Answer:
    """Put records into the recycle bin."""
    ids = [text for text in call.needed("ids").split(",") if text]
    _limit(len(ids))
    desk = _Desk(org, call)
    steps = [desk.removal(text) for text in ids]
    return _carried_out(steps, desk, all_or_none=call.flag("allOrNone"))


def read(org: Org, call: Call) -> Answer:
    """Show records of one object; null for each that is not there."""
    if call.method == "POST":
        body = call.json()
        ids, names = body.get("ids"), body.get("fields")
    else:
        ids, names = call.needed("ids").split(","), call.needed("fields").split(",")
    if not isinstance(ids, list) or not isinstance(names, list) or not names:
        raise unreadable("ids and fields must be lists")
    if len(ids) > MOST_READ:
        raise _too_many(MOST_READ)
    sobject = org.sobject(call.params[0])
    binder, projection = (
        Binder(org, org.access(call.user)),
        Projection(org, sobject, call.data_path),
    )
    for name in names:
        projection.add(binder, (str(name),))
    rows = org.table(sobject.name).rows
    found = (rows.get(full_id(str(text)) or "") for text in ids)
    return Answer(
        body=[projection.show(r) if r is not None and not r.is_deleted else None for r in found]
    )


def _rows(call: Call) -> tuple[list[Json], bool]:
    body = call.json()
    rows = rows_of(body, "records")
    _limit(len(rows))
    chunks = sum(1 for _ in groupby(rows, key=lambda row: str(row.get("attributes"))))
    if chunks > MOST_CHUNKS:
        told = f"the records change their type more than {MOST_CHUNKS} times"
        raise Refusal(400, "EXCEEDED_MAX_TYPES_LIMIT", told)
    all_or_none = body.get("allOrNone", False)
    if not isinstance(all_or_none, bool):
        raise unreadable("allOrNone must be a boolean")
    return rows, all_or_none


def _limit(count: int) -> None:
    if count > MOST_ROWS:
        raise _too_many(MOST_ROWS)
    if not count:
        raise Refusal(400, "INVALID_INPUT", "at least one record is needed")


def _too_many(most: int) -> Refusal:
    told = f"record limit reached. cannot submit more than {most} records in this request"
    return Refusal(400, "EXCEEDED_ID_LIMIT", told)


def _type_of(org: Org, row: Json) -> SObject:
    attributes = row.get("attributes")
    kind = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(kind, str):
        raise Refusal(400, "INVALID_INPUT", "every record needs attributes with a type")
    return org.sobject(kind)


def _values(incoming: Incoming, row: Json) -> Values | Refusal:
    # A column that does not exist refuses the request; a value that does not fit, its row alone.
    try:
        return incoming.body(row)
    except Refusal as refusal:
        if refusal.fields is None:
            raise
        return refusal


@dataclass(slots=True)
class _Desk:
    """Prepares the rows of one call; it has one writer for each object."""

    org: Org
    call: Call
    writers: dict[str, Writer] = field(default_factory=dict)

    def writer(self, sobject: SObject) -> Writer:
        if sobject.name not in self.writers:
            self.writers[sobject.name] = writer_of(self.org, self.call, sobject)
        return self.writers[sobject.name]

    def creation(self, row: Json) -> Step:
        sobject, writer, values = self._read(row)

        def step() -> Json:
            if isinstance(values, Refusal):
                raise values
            return _done(writer.insert(sobject, values).id)

        return step

    def change(self, row: Json) -> Step:
        sobject, writer, values = self._read(row)
        text = next((value for name, value in row.items() if name.lower() == "id"), None)

        def step() -> Json:
            if isinstance(values, Refusal):
                raise values
            return _done(writer.update(sobject, _id(text), values).id)

        return step

    def removal(self, text: str) -> Step:
        def step() -> Json:
            record_id = _id(text)
            kind = self.org.kind_of(record_id)
            if not kind:
                raise row_error("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
            sobject = self.org.objects[kind]
            self.writer(sobject).delete(sobject, record_id)
            return _done(record_id)

        return step

    def _read(self, row: Json) -> tuple[SObject, Writer, Values | Refusal]:
        sobject = _type_of(self.org, row)
        writer = self.writer(sobject)
        return sobject, writer, _values(Incoming(self.org, writer.access, sobject), row)


def _upsertion(
    org: Org,
    writer: Writer,
    sobject: SObject,
    one: Field,
    values: Values | Refusal,
    *,
    repeats: bool,
) -> Step:
    def step() -> Json:
        if isinstance(values, Refusal):
            raise values
        if repeats:
            told = f"Duplicate external id specified: {values[one.name]}"
            raise row_error("DUPLICATE_VALUE", told, one.name)
        record, created = upsert_row(org, writer, sobject, one, values)
        return _done(record.id) | {"created": created}

    return step


def _carried_out(steps: list[Step], desk: _Desk, *, all_or_none: bool) -> Answer:
    results: list[Json] = []
    for step in steps:
        try:
            results.append(step())
        except Refusal as refusal:
            results.append({"success": False, "errors": [refusal.row()]})
    if all_or_none and not all(row["success"] for row in results):
        for writer in desk.writers.values():
            writer.roll_back()
        results = [_rolled_back() if row["success"] else row for row in results]
    return Answer(body=results)


def _rolled_back() -> Json:
    told = "Record rolled back because not all records were valid and the request was using "
    told += "AllOrNone header"
    return {
        "success": False,
        "errors": [row_error("ALL_OR_NONE_OPERATION_ROLLED_BACK", told).row()],
    }


def _done(record_id: str) -> Json:
    return {"id": record_id, "success": True, "errors": []}


def _id(text: object) -> str:
    found = full_id(text) if isinstance(text, str) else None
    if found is None:
        if not text:
            raise row_error("MISSING_ARGUMENT", "Id not specified in an update call", "Id")
        raise row_error("MALFORMED_ID", f"malformed id {str(text)[:60]}", "Id")
    return found


def _key(values: Values | Refusal, one: Field) -> object:
    if isinstance(values, Refusal):
        return None
    key = values.get(one.name)
    return key.casefold() if isinstance(key, str) and not one.case_sensitive else key

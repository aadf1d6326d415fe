"""Single records: read, create, change, delete; by id or by an external id."""

from email.utils import parsedate_to_datetime

from connector.sandbox.salesforce.binding import Binder
from connector.sandbox.salesforce.call import Answer, Call
from connector.sandbox.salesforce.fields import Field, SObject
from connector.sandbox.salesforce.ids import full_id
from connector.sandbox.salesforce.incoming import Incoming
from connector.sandbox.salesforce.moments import to_s
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.projection import Projection
from connector.sandbox.salesforce.refusals import Json, Refusal, no_field, not_found, row_error
from connector.sandbox.salesforce.table import Record, Values
from connector.sandbox.salesforce.writer import ASSIGNED, Writer

TELLS_CREATED = 46.0


def writer_of(org: Org, call: Call, sobject: SObject) -> Writer:
    """Return what writes for a call, by its headers: assignment rules run unless they say not."""
    assign = call.headers.get("sforce-auto-assign", "TRUE").strip().upper() != "FALSE"
    allow = call.headers.get("sforce-duplicate-rule-header", "").replace(" ", "").lower()
    writer = Writer(
        org,
        org.access(call.user),
        auto_assign=assign and sobject.name in ASSIGNED,
        allow_duplicates="allowsave=true" in allow,
    )
    if org.transaction is not None:
        org.transaction.append(writer.roll_back)
    return writer


def create(org: Org, call: Call) -> Answer:
    """Create a record."""
    sobject = org.sobject(call.params[0])
    values = Incoming(org, org.access(call.user), sobject).body(call.json())
    record = writer_of(org, call, sobject).insert(sobject, values)
    return Answer(201, {"id": record.id, "success": True, "errors": []})


def read(org: Org, call: Call) -> Answer:
    """Show a record, all of its fields or those that are asked for."""
    sobject = org.sobject(call.params[0])
    return Answer(body=_shown(org, call, sobject, _existing(org, sobject, call.params[1])))


def update(org: Org, call: Call) -> Answer:
    """Change a record."""
    sobject = org.sobject(call.params[0])
    record = _existing(org, sobject, call.params[1])
    body = call.json()
    if any(name.lower() == "id" for name in body):
        raise Refusal(
            400, "INVALID_FIELD", "The Id field should not be specified in the sobject data."
        )
    since = call.headers.get("if-unmodified-since")
    if since and _is_newer(record, since):
        raise Refusal(412, "PRECONDITION_FAILED", "The record has been modified since")
    values = Incoming(org, org.access(call.user), sobject).body(body)
    writer_of(org, call, sobject).update(sobject, record.id, values)
    return Answer(204)


def delete(org: Org, call: Call) -> Answer:
    """Put a record into the recycle bin."""
    sobject = org.sobject(call.params[0])
    record = _existing(org, sobject, call.params[1])
    writer_of(org, call, sobject).delete(sobject, record.id)
    return Answer(204)


def read_by_key(org: Org, call: Call) -> Answer:
    """Show the record that an external id stands for."""
    sobject, one, value = _key(org, call)
    found = matching(org, sobject, one, value)
    if not found:
        raise not_found("The requested resource does not exist")
    if len(found) > 1:
        return _choices(call, sobject, found)
    return Answer(body=_shown(org, call, sobject, found[0]))


def upsert(org: Org, call: Call) -> Answer:
    """Change the record that an external id stands for, or create it; 300 if there are several."""
    sobject, one, value = _key(org, call)
    body = call.json()
    if any(name.lower() in {"id", one.name.lower()} for name in body):
        told = f"The {one.name} field should not be specified in the sobject data."
        raise Refusal(400, "INVALID_FIELD", told)
    values = Incoming(org, org.access(call.user), sobject).body(body)
    writer = writer_of(org, call, sobject)
    found = matching(org, sobject, one, value)
    if len(found) > 1:
        return _choices(call, sobject, found)
    if found:
        return _upserted(call, writer.update(sobject, found[0].id, values), created=False)
    if call.flag("updateOnly") or one.name == "Id":
        raise not_found("Provided external ID field does not exist or is not accessible")
    return _upserted(call, writer.insert(sobject, values | {one.name: value}), created=True)


def create_without_key(org: Org, call: Call) -> Answer:
    """Create a record at the address of its id, which is left out: an upsert that knows none."""
    if call.params[1].lower() != "id":
        told = "HTTP Method 'POST' not allowed. Allowed are DELETE, GET, PATCH"
        raise Refusal(405, "METHOD_NOT_ALLOWED", told)
    answer = create(org, call)
    record = org.record(str(answer.body["id"])) if isinstance(answer.body, dict) else None
    return answer if record is None else _upserted(call, record, created=True)


def _upserted(call: Call, record: Record, *, created: bool) -> Answer:
    """Tell of an upsert as its version does: before 46.0 nothing of a record that was there."""
    told: Json = {"id": record.id, "success": True, "errors": []}
    if float(call.version) >= TELLS_CREATED:
        return Answer(201 if created else 200, told | {"created": created})
    return Answer(201, told) if created else Answer(204)


def matching(org: Org, sobject: SObject, one: Field, value: str) -> list[Record]:
    """Return the live records with a value of an external id; case counts where the field says."""
    if one.name == "Id":
        found = org.record(full_id(value) or "")
        rows = [found] if found else []
    else:
        rows = org.table(sobject.name).having(one.name, value)
    return [
        row
        for row in rows
        if not row.is_deleted and not (one.case_sensitive and row.values.get(one.name) != value)
    ]


def upsert_row(
    org: Org, writer: Writer, sobject: SObject, one: Field, values: Values
) -> tuple[Record, bool]:
    """Upsert one row of many; return the record and whether it is new."""
    value = values.get(one.name)
    if not isinstance(value, str):
        told = f"{one.name} not specified"
        raise row_error("MISSING_ARGUMENT", told, one.name)
    found = matching(org, sobject, one, value)
    if len(found) > 1:
        told = f"{one.name}: more than one record found for external id field: "
        ids = ", ".join(row.id for row in found)
        raise row_error("DUPLICATE_EXTERNAL_ID", f"{told}[{ids}]", one.name)
    rest = {name: v for name, v in values.items() if name != one.name}
    if found:
        return writer.update(sobject, found[0].id, rest), False
    return writer.insert(sobject, values), True


def external_id(sobject: SObject, name: str) -> Field:
    """Return the field by which an upsert matches, or refuse it."""
    one = sobject.find(name)
    if one is None or not (one.external_id or one.name == "Id"):
        raise _no_key(name)
    return one


def _no_key(name: str) -> Refusal:
    return not_found("Provided external ID field does not exist or is not accessible: " + name)


def _key(org: Org, call: Call) -> tuple[SObject, Field, str]:
    sobject = org.sobject(call.params[0])
    one = external_id(sobject, call.params[1])
    if not org.access(call.user).sees(sobject, one):
        raise _no_key(one.name)
    return sobject, one, call.params[2]


def _existing(org: Org, sobject: SObject, text: str) -> Record:
    record = org.table(sobject.name).rows.get(full_id(text) or "")
    if f"{sobject.name}.read" in org.denied or record is None or org.purged(record):
        raise not_found("Provided external ID field does not exist or is not accessible")
    now = org.now_s()
    shown = org.table(sobject.name).visible(record, now)
    if shown is None:
        raise not_found()
    if record.is_deleted:
        raise Refusal(404, "ENTITY_IS_DELETED", "entity is deleted", [])
    return shown


def _shown(org: Org, call: Call, sobject: SObject, record: Record) -> Json:
    binder = Binder(org, org.access(call.user))
    names = [name for name in call.text("fields").split(",") if name]
    for name in names:
        one = sobject.find(name)
        if one is None or not binder.access.sees(sobject, one):
            raise no_field(name, sobject.name)
    projection = Projection(org, sobject, call.data_path)
    for name in names or [
        one.name for one in sobject.fields.values() if binder.access.sees(sobject, one)
    ]:
        projection.add(binder, (name,))
    return projection.show(record) | {"Id": record.id}


def _choices(call: Call, sobject: SObject, found: list[Record]) -> Answer:
    return Answer(300, [f"{call.data_path}/sobjects/{sobject.name}/{row.id}" for row in found])


def _is_newer(record: Record, since: str) -> bool:
    try:
        return record.modified_s > to_s(parsedate_to_datetime(since))
    except (TypeError, ValueError):
        return False

"""The CSV side of exports and imports."""

import csv
import io
from collections.abc import Sequence
from email import message_from_bytes

import orjson

from connector.sandbox.hubspot import changes
from connector.sandbox.hubspot.call import Call, is_whole, names_of, objects_of, text_of
from connector.sandbox.hubspot.keeping import Export, Import
from connector.sandbox.hubspot.kinds import Kind, kind_of
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.reads import rower
from connector.sandbox.hubspot.refusals import Json, Refusal, invalid, unreadable
from connector.sandbox.hubspot.search import found_ids
from connector.sandbox.hubspot.segments import Segments
from connector.sandbox.hubspot.table import Record

ROWS_MOST = 1_048_576
BYTES_MOST = 512 * 1024 * 1024
LINKS_PER_ROW = 1_000
OPERATIONS = frozenset({"CREATE", "UPDATE", "UPSERT"})
ERROR_TYPES = {
    "INVALID_OPTION": "INVALID_ENUMERATION_OPTION",
    "INVALID_NUMBER": "COULD_NOT_PARSE_NUMBER",
}


def written(portal: Portal, job: Export) -> bytes:
    """Return the file of an export: labels, unless names and values were asked for."""
    kind = kind_of(job.kind)
    names = names_of(job.wish, "objectProperties")
    internal = set(names_of(job.wish, "exportInternalValuesOptions"))
    schema = portal.schema(kind)
    known = [name for name in names if schema.live(name)]
    others = [kind_of(name) for name in names_of(job.wish, "associatedObjectType")]
    head = known if "NAMES" in internal else [schema.properties[n].label for n in known]
    text = io.StringIO()
    sheet = csv.writer(text)
    sheet.writerow(["Record ID", *head, *(f"Associated {other.name} IDs" for other in others)])
    table, row = portal.table(kind), rower(portal, kind, known)
    labels = {
        name: {option.value: option.label for option in schema.properties[name].options}
        for name in known
        if "VALUES" not in internal
    }
    for record_id in exported_ids(portal, kind, job.wish):
        record = table.rows[record_id]
        values = row(record)["properties"]
        cells = [str(values.get(n) or "") for n in known] if isinstance(values, dict) else []
        shown = [labels.get(n, {}).get(cell, cell) for n, cell in zip(known, cells, strict=True)]
        linked = [
            ";".join(str(i) for i in portal.links.to(kind, record_id, other)[:LINKS_PER_ROW])
            for other in others
        ]
        sheet.writerow([record_id, *shown, *linked])
    return text.getvalue().encode()


def exported_ids(portal: Portal, kind: Kind, wish: Json) -> Sequence[int]:
    """Return the ids that an export asks for, or refuse what it asks for."""
    if wish.get("exportType") == "LIST":
        segments = Segments(portal)
        return segments.members_of(segments.found(text_of(wish, "listId", needed=True)))
    request = wish.get("publicCrmSearchRequest")
    if request is None:
        return portal.table(kind).live
    if not isinstance(request, dict):
        raise invalid("publicCrmSearchRequest must be an object")
    return [i for i in found_ids(portal, kind, _as_search(request)) if i in portal.table(kind).rows]


def _as_search(request: Json) -> Json:
    """Return the body of a search; a filter here may say `property` for `propertyName`."""
    flat = request.get("filters") or []
    if not isinstance(flat, list):
        raise invalid("filters must be a list")
    named = [
        {"propertyName": entry.get("property"), **entry} if isinstance(entry, dict) else entry
        for entry in flat
    ]
    return request | {"filters": named}


def read_import(call: Call, job_id: int, now_ms: int) -> Import:
    """Return the import that a multipart request asks for, or refuse it."""
    if len(call.content) > BYTES_MOST:
        raise Refusal(429, "The file is larger than 512 MB", "RATE_LIMITS")
    wish, sheet = _parts(call)
    files = objects_of(wish, "files", 1)
    page = files[0].get("fileImportPage")
    if not isinstance(page, dict) or files[0].get("fileFormat") != "CSV":
        raise invalid("files need fileFormat CSV and a fileImportPage")
    columns = objects_of(page, "columnMappings", 1_000)
    operations = wish.get("importOperations")
    if not isinstance(operations, dict) or len(operations) != 1:
        raise invalid("importOperations must name one object type")
    type_id, operation = next(iter(operations.items()))
    if operation not in OPERATIONS:
        raise invalid(f"{operation} is not an import operation")
    rows = list(csv.reader(io.StringIO(sheet.decode("utf-8-sig"))))
    if len(rows) > ROWS_MOST:
        raise Refusal(429, f"The file has more than {ROWS_MOST} rows", "RATE_LIMITS")
    _refuse_columns(columns, rows[0] if rows else [])
    kind = kind_of(str(type_id))
    name = text_of(wish, "name", needed=True)
    body = rows[1:] if page.get("hasHeader") is True else rows
    return Import(job_id, name, kind.name, operation, columns, body, now_ms)


def carry_out(portal: Portal, job: Import) -> None:
    """Write every row; a refused one becomes an error of the import."""
    kind = kind_of(job.kind)
    counters = {"TOTAL_ROWS": len(job.rows), "UPDATED_OBJECTS": 0, "CREATED_OBJECTS": 0}
    for number, cells in enumerate(job.rows, 1):
        try:
            counters[_write(portal, kind, job, cells)] += 1
        except Refusal as refusal:
            job.errors.append(_error(kind, job, number, cells, refusal))
    job.counters = counters | {"ERRORS": len(job.errors)}


def _parts(call: Call) -> tuple[Json, bytes]:
    kind = call.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        raise invalid("Unsupported Media Type: multipart/form-data is wanted")
    message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + call.content)
    wish: Json | None = None
    sheet: bytes | None = None
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if name == "importRequest" and isinstance(payload, bytes):
            wish = _wish(payload)
        elif name == "files" and isinstance(payload, bytes):
            sheet = payload
    if wish is None or sheet is None:
        raise invalid("The parts importRequest and files are wanted")
    return wish, sheet


def _wish(payload: bytes) -> Json:
    try:
        wish = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise unreadable("importRequest is not JSON") from error
    if not isinstance(wish, dict):
        raise unreadable("importRequest is not an object")
    return wish


def _refuse_columns(columns: list[Json], head: list[str]) -> None:
    if len(columns) != len(head):
        raise invalid("every column of the file has to be mapped, in the order of the file")
    for column in columns:
        text_of(column, "columnName", needed=True)
        text_of(column, "columnObjectTypeId", needed=True)


def _write(portal: Portal, kind: Kind, job: Import, cells: list[str]) -> str:
    if len(cells) != len(job.columns):
        raise invalid("wrong number of columns", "INCORRECT_NUMBER_OF_COLUMNS")
    record, is_named, values = _named(portal, kind, job, cells)
    email = str(values.get("email", "")).lower()
    if email in portal.blocked_emails:
        raise invalid("this address was erased", "GDPR_BLACKLISTED_EMAIL")
    entry: Json = {"properties": values}
    if record is not None and job.operation != "CREATE":
        changes.apply(portal, kind, record, changes.change(portal, kind, record, entry))
        return "UPDATED_OBJECTS"
    if job.operation == "UPDATE" or is_named:
        raise invalid("no such record", "UPDATE_ONLY_IMPORT")
    changes.insert(portal, kind, changes.new(portal, kind, entry))
    return "CREATED_OBJECTS"


def _named(
    portal: Portal, kind: Kind, job: Import, cells: list[str]
) -> tuple[Record | None, bool, Json]:
    """Return the record that a row names, whether it names one by id, and the row's values."""
    record: Record | None = None
    is_named = False
    values: Json = {}
    for column, cell in zip(job.columns, cells, strict=True):
        if column.get("columnType") == "HUBSPOT_OBJECT_ID":
            record = portal.table(kind).find(int(cell)) if is_whole(cell) else None
            is_named = True
            continue
        name = text_of(column, "propertyName")
        if column.get("columnType") == "HUBSPOT_ALTERNATE_ID":
            record = record or portal.table(kind).holder(name, cell.lower())
        if cell and name:
            values[name] = cell
    return record, is_named, values


def _error(kind: Kind, job: Import, number: int, cells: list[str], refusal: Refusal) -> Json:
    code = str(refusal.errors[0].get("code")) if refusal.errors else "UNKNOWN_ERROR"
    if refusal.status == 409:
        code = "DUPLICATE_UNIQUE_PROPERTY_VALUE"
    return {
        "id": str(len(job.errors) + 1),
        "createdAt": job.at_ms,
        "errorType": ERROR_TYPES.get(code, code),
        "errorMessage": refusal.message,
        "objectType": kind.singular.upper(),
        "objectTypeId": kind.type_id,
        "sourceData": {
            "fileId": job.id,
            "lineNumber": number + 1,
            "rowData": cells,
            "containsEncryptedProperties": False,
            "pageName": "",
        },
    }

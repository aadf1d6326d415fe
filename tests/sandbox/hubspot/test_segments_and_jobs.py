from datetime import timedelta
from typing import Any

import orjson
import pytest

from tests.sandbox.hubspot.conftest import Opener
from tests.sandbox.hubspot.desk import CONTACTS, Desk, Reply

LISTS = "/crm/lists/2026-09"
EXPORT = "/crm/exports/2026-09/export/async"
IMPORTS = "/crm/imports/2026-09"


def branch(name: str, operator: str, **rest: object) -> dict[str, Any]:
    operation = {"operationType": "STRING", "operator": operator, **rest}
    one = {"filterType": "PROPERTY", "property": name, "operation": operation}
    inner = {"filterBranchType": "AND", "filterBranches": [], "filters": [one]}
    return {"filterBranchType": "OR", "filterBranches": [inner], "filters": []}


def segment(desk: Desk, name: str, kind: str, **rest: object) -> Reply:
    return desk.post(LISTS, {"name": name, "objectTypeId": "0-1", "processingType": kind, **rest})


def members(desk: Desk, list_id: str) -> list[str]:
    rows = desk.get(f"{LISTS}/{list_id}/memberships").json["results"]
    return [row["recordId"] for row in rows]


def test_a_dynamic_segment_follows_its_filters(desk: Desk) -> None:
    ana = desk.contact("ana@example.org", firstname="Ana")
    ben = desk.contact("ben@example.org", firstname="Ben")
    where = branch("firstname", "IS_ANY_OF", values=["Ana"])
    made = segment(desk, "As", "DYNAMIC", filterBranch=where).json["list"]
    assert (made["size"], made["processingStatus"]) == (1, "COMPLETE")
    assert members(desk, made["listId"]) == [ana]
    desk.call("PATCH", f"{CONTACTS}/{ben}", {"properties": {"firstname": "Ana"}})
    assert members(desk, made["listId"]) == [ana, ben]
    other = {"filterBranch": branch("firstname", "IS_UNKNOWN")}
    path = f"{LISTS}/{made['listId']}"
    assert desk.call("PUT", f"{path}/update-list-filters", other).status == 200
    assert members(desk, made["listId"]) == []
    assert desk.call("PUT", f"{path}/memberships/add", [ana]).status == 400


def test_a_manual_segment_keeps_its_members_in_the_order_of_ids(desk: Desk) -> None:
    ids = desk.contacts(3)
    made = segment(desk, "Hand-picked", "MANUAL").json["list"]
    path = f"{LISTS}/{made['listId']}/memberships"
    added = desk.call("PUT", f"{path}/add", [ids[2], ids[0], "999"]).json
    assert added["recordIdsMissing"] == ["999"]
    assert members(desk, made["listId"]) == [ids[0], ids[2]]
    page = desk.get(f"{path}?limit=1").json
    assert page["paging"]["next"]["after"] == ids[2]
    desk.call("PUT", f"{path}/remove", [ids[0]])
    both = {"recordIdsToAdd": [ids[1]], "recordIdsToRemove": [ids[2]]}
    desk.call("PUT", f"{path}/add-and-remove", both)
    assert members(desk, made["listId"]) == [ids[1]]


def test_a_segments_name_is_its_own_and_finds_it(desk: Desk) -> None:
    made = segment(desk, "Ripe", "MANUAL").json["list"]
    twin = segment(desk, "ripe", "MANUAL")
    assert (twin.status, twin.json["subCategory"]) == (400, "ILS.DUPLICATE_LIST_NAMES")
    path = f"{LISTS}/object-type-id/0-1/name/Ripe"
    assert desk.get(path).json["list"]["listId"] == made["listId"]
    assert desk.call("DELETE", f"{LISTS}/{made['listId']}").status == 204
    assert desk.get(path).status == 404
    assert segment(desk, "Odd", "DYNAMIC").status == 400


WISH = {
    "exportType": "VIEW",
    "format": "CSV",
    "exportName": "all",
    "language": "EN",
    "objectType": "CONTACT",
    "objectProperties": ["email", "lifecyclestage"],
}


def test_an_export_takes_its_time_and_gives_a_file(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    task = desk.post(EXPORT, {**WISH, "exportInternalValuesOptions": ["NAMES", "VALUES"]})
    assert task.status == 202
    path = f"{EXPORT}/tasks/{task.json['id']}/status"
    assert desk.get(path).json["status"] == "PENDING"
    desk.clock.advance(timedelta(seconds=1))
    assert desk.get(path).json["status"] == "PROCESSING"
    desk.clock.advance(timedelta(seconds=1))
    done = desk.get(path).json
    link = done["result"].removeprefix(desk.sandbox.url)
    lines = desk.get(link).raw.decode().split()
    assert lines == ["Record", "ID,email,lifecyclestage", f"{contact},ana@example.org,lead"]
    desk.clock.advance(timedelta(minutes=6))
    assert desk.get(link).status == 403


def test_an_export_shows_labels_unless_asked_otherwise(desk: Desk) -> None:
    desk.contact("ana@example.org")
    desk.post(EXPORT, WISH)
    path = f"{EXPORT}/tasks/1/status"
    done = [desk.get(path).json for _ in range(4)][-1]  # polling gets it done as well
    assert done["status"] == "COMPLETE"
    text = desk.get(done["result"].removeprefix(desk.sandbox.url)).raw.decode()
    assert "Lifecyclestage" in text
    assert ",Lead" in text


def test_thirty_exports_a_day_are_the_limit(desk: Desk) -> None:
    assert [desk.post(EXPORT, WISH).status for _ in range(31)] == [202] * 30 + [429]
    too_many = {**WISH, "associatedObjectType": ["DEAL"] * 5}
    desk.clock.advance(timedelta(days=1))
    assert desk.post(EXPORT, too_many).status == 400


def upload(desk: Desk, text: str, operation: str = "UPDATE", *columns: dict[str, str]) -> Reply:
    mapped = [
        {"columnObjectTypeId": "0-1", "columnName": "Id", "columnType": "HUBSPOT_OBJECT_ID"},
        {"columnObjectTypeId": "0-1", "columnName": "Phone", "propertyName": "phone"},
        {"columnObjectTypeId": "0-1", "columnName": "Stage", "propertyName": "lifecyclestage"},
    ]
    page = {"hasHeader": True, "columnMappings": [*columns] or mapped}
    wish = {
        "name": "scores",
        "importOperations": {"0-1": operation},
        "files": [{"fileName": "a.csv", "fileFormat": "CSV", "fileImportPage": page}],
    }
    fields: dict[str, str | bytes | tuple[str, str | bytes] | tuple[str, str | bytes, str]] = {
        "importRequest": orjson.dumps(wish).decode(),
        "files": ("a.csv", text, "text/csv"),
    }
    headers = {"Authorization": "Bearer pat-sandbox"}
    url = desk.sandbox.url + IMPORTS
    reply = desk.pool.request("POST", url, fields=fields, headers=headers)
    return Reply(reply.status, reply.data, {})


def test_an_import_writes_rows_and_keeps_what_it_refused(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    text = f"Id,Phone,Stage\n{contact},77,\n{contact},78,Boss\n999,79,\n"
    job = upload(desk, text)
    assert (job.status, job.json["state"]) == (200, "STARTED")
    path = f"{IMPORTS}/{job.json['id']}"
    desk.clock.advance(timedelta(seconds=1))
    assert desk.get(path).json["state"] == "PROCESSING"
    desk.clock.advance(timedelta(seconds=1))
    done = desk.get(path).json
    assert (done["state"], done["metadata"]["counters"]["UPDATED_OBJECTS"]) == ("DONE", 1)
    shown = desk.get(f"{CONTACTS}/{contact}?properties=phone").json["properties"]
    assert shown["phone"] == "77"
    errors = desk.get(f"{path}/errors?includeErrorMessage=true").json["results"]
    assert [(row["errorType"], row["sourceData"]["lineNumber"]) for row in errors] == [
        ("INVALID_ENUMERATION_OPTION", 3),
        ("UPDATE_ONLY_IMPORT", 4),
    ]


def test_three_imports_run_at_once(desk: Desk) -> None:
    states = [upload(desk, "Id,Phone,Stage\n").json["state"] for _ in range(4)]
    assert states == ["STARTED"] * 3 + ["DEFERRED"]
    desk.clock.advance(timedelta(seconds=2))
    assert desk.get(f"{IMPORTS}/4").json["state"] == "STARTED"


def test_every_column_has_to_be_mapped(desk: Desk) -> None:
    assert upload(desk, "Id,Phone\n1,2\n").status == 400


def test_an_erased_address_cannot_be_imported(open_desk: Opener) -> None:
    desk = open_desk()
    desk.contact("ana@example.org")
    erase = {"objectId": "ana@example.org", "idProperty": "email"}
    desk.post(f"{CONTACTS}/gdpr-delete", erase)
    column = {"columnObjectTypeId": "0-1", "columnName": "Mail", "propertyName": "email"}
    upload(desk, "Mail\nana@example.org\nben@example.org\n", "CREATE", column)
    desk.clock.advance(timedelta(seconds=2))
    [error] = desk.get(f"{IMPORTS}/1/errors").json["results"]
    assert error["errorType"] == "GDPR_BLACKLISTED_EMAIL"
    assert len(desk.get(CONTACTS).json["results"]) == 1


@pytest.mark.parametrize("body", [{**WISH, "format": "XLSX"}, {**WISH, "objectProperties": []}])
def test_an_export_that_cannot_be_served_is_refused(desk: Desk, body: dict[str, object]) -> None:
    assert desk.post(EXPORT, body).status == 400


def exported(desk: Desk, **rest: object) -> list[str]:
    job = desk.post(EXPORT, {**WISH, **rest}).json["id"]
    desk.clock.advance(timedelta(seconds=2))
    done = desk.get(f"{EXPORT}/tasks/{job}/status").json
    lines = desk.get(done["result"].removeprefix(desk.sandbox.url)).raw.decode().splitlines()
    return [line.partition(",")[0] for line in lines[1:]]


def test_an_export_holds_what_its_filter_or_list_says(desk: Desk) -> None:
    ids = desk.contacts(3)
    for name in ("property", "propertyName"):
        only = {"filters": [{name: "firstname", "operator": "EQ", "value": "P1"}]}
        assert exported(desk, publicCrmSearchRequest=only) == [ids[1]]
    listed = segment(desk, "Two", "MANUAL").json["list"]["listId"]
    desk.call("PUT", f"{LISTS}/{listed}/memberships/add", [ids[2], ids[0]])
    assert exported(desk, exportType="LIST", listId=listed) == [ids[0], ids[2]]
    assert desk.post(EXPORT, {**WISH, "exportType": "LIST"}).status == 400
    odd = {"filters": [{"propertyName": "nope", "operator": "EQ", "value": "1"}]}
    assert desk.post(EXPORT, {**WISH, "publicCrmSearchRequest": odd}).status == 400


def test_an_import_does_not_wait_for_an_export(desk: Desk) -> None:
    upload(desk, "Id,Phone,Stage\n")
    desk.clock.advance(timedelta(seconds=2))
    desk.post(EXPORT, WISH)
    assert desk.get(f"{IMPORTS}/1").json["state"] == "DONE"

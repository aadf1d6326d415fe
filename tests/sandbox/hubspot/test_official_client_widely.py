"""Each area's typed models of the vendor's own client can hold what the sandbox answers."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hubspot import HubSpot

from tests.sandbox.hubspot.desk import Desk
from tests.sandbox.hubspot.test_segments_and_jobs import branch

AT = "1795000000000"
ACTIVITIES = {
    "calls": (194, {"hs_timestamp": AT, "hs_call_status": "COMPLETED", "hs_call_duration": "9000"}),
    "emails": (198, {"hs_timestamp": AT, "hs_email_direction": "EMAIL"}),
    "meetings": (200, {"hs_timestamp": AT, "hs_meeting_outcome": "COMPLETED"}),
    "notes": (202, {"hs_timestamp": AT, "hs_note_body": "n"}),
    "tasks": (204, {"hs_timestamp": AT, "hs_task_subject": "t", "hs_task_priority": "HIGH"}),
}


@pytest.fixture
def client(desk: Desk) -> Any:
    url = desk.sandbox.url
    return HubSpot(access_token=desk.sandbox.token, host=url, base_url=url, retry=False)


def refused(call: Callable[[], object]) -> tuple[int, str]:
    """Return the status and the category of a refusal whose body is complete."""
    with pytest.raises(Exception, match="Reason") as caught:
        call()
    body = orjson.loads(getattr(caught.value, "body", b""))
    assert body["status"] == "error"
    assert body["message"]
    assert body["correlationId"]
    return getattr(caught.value, "status", 0), body["category"]


def test_contacts_are_read_by_id_address_and_history(client: Any) -> None:
    basic = client.crm.contacts.basic_api
    made = basic.create({"properties": {"email": "Ana@Example.org", "firstname": "Ana"}})
    basic.update(made.id, {"properties": {"firstname": "Anna"}})
    read = basic.get_by_id(
        "ana@example.org", id_property="email", properties_with_history=["firstname"]
    )
    versions = [version.value for version in read.properties_with_history["firstname"]]
    assert (read.id, versions) == (made.id, ["Anna", "Ana"])
    basic.archive(made.id)
    assert basic.get_by_id(made.id, archived=True).archived_at is not None
    assert refused(lambda: basic.get_by_id(made.id)) == (404, "OBJECT_NOT_FOUND")
    assert refused(lambda: basic.get_page(limit=101)) == (400, "VALIDATION_ERROR")
    basic.create({"properties": {"email": "ben@example.org"}})
    twin = {"properties": {"email": "ben@example.org"}}
    assert refused(lambda: basic.create(twin)) == (409, "CONFLICT")


def test_contacts_are_merged_and_erased(client: Any) -> None:
    basic = client.crm.contacts.basic_api
    first, second = (
        basic.create({"properties": {"email": f"{name}@example.org"}}) for name in ("ana", "ben")
    )
    merged = basic.merge({"primaryObjectId": first.id, "objectIdToMerge": second.id})
    assert merged.id not in {first.id, second.id}
    assert basic.get_by_id(second.id).id == merged.id
    basic.purge({"objectId": "ana@example.org", "idProperty": "email"})
    assert refused(lambda: basic.get_by_id(first.id)) == (404, "OBJECT_NOT_FOUND")


@pytest.mark.parametrize("kind", ACTIVITIES)
def test_activities_are_written_read_and_searched(client: Any, kind: str) -> None:
    type_id, values = ACTIVITIES[kind]
    contact = client.crm.contacts.basic_api.create({"properties": {}}).id
    link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}
    links = [{"to": {"id": contact}, "types": [link]}]
    api = getattr(client.crm.objects, kind)
    made = api.basic_api.create({"properties": values, "associations": links})
    read = api.basic_api.get_by_id(made.id, properties=list(values), associations=["contacts"])
    assert read.associations["contacts"].results[0].id == contact
    shown = {name: read.properties[name] for name in values}
    assert shown == values | {"hs_timestamp": "2026-11-18T11:06:40.000Z"}
    of_contact = {"propertyName": "associations.contact", "operator": "EQ", "value": contact}
    found = api.search_api.do_search({"filterGroups": [{"filters": [of_contact]}]})
    assert set(found.results[0].properties) == {
        "hs_createdate",
        "hs_lastmodifieddate",
        "hs_object_id",
    }
    assert api.batch_api.read({"inputs": [{"id": made.id}], "properties": []}).results[0].id
    assert [row.id for row in api.basic_api.get_page().results] == [made.id]
    assert refused(lambda: api.basic_api.create({"properties": {}})) == (400, "VALIDATION_ERROR")


def test_properties_and_groups_live_and_die(client: Any) -> None:
    core, groups = client.crm.properties.core_api, client.crm.properties.groups_api
    assert groups.create("contacts", {"name": "g", "label": "G", "displayOrder": 3}).display_order
    wish = {"name": "p", "label": "P", "type": "number", "fieldType": "number", "groupName": "g"}
    assert core.create("contacts", wish).modification_metadata.archivable is True
    assert refused(lambda: core.create("contacts", wish)) == (409, "OBJECT_ALREADY_EXISTS")
    assert refused(lambda: groups.archive("contacts", "g"))[0] == 400
    core.archive("contacts", "p")
    assert core.get_by_name("contacts", "p", archived=True).archived is True
    batch = {"archived": True, "inputs": [{"name": "p"}, {"name": "q"}]}
    assert client.crm.properties.batch_api.read("contacts", batch).num_errors == 1


def test_deals_and_stages(client: Any) -> None:
    deals, stages = client.crm.deals, client.crm.pipelines.pipeline_stages_api
    made = deals.basic_api.create({"properties": {"dealname": "D", "dealstage": "contractsent"}})
    deals.basic_api.update(made.id, {"properties": {"dealstage": "closedwon"}})
    wanted = ["hs_is_closed_won", "hs_v2_date_entered_closedwon"]
    [won] = deals.get_all(properties=wanted)
    assert won.properties["hs_is_closed_won"] == "true"
    assert won.properties["hs_v2_date_entered_closedwon"] is not None
    assert stages.get_by_id("deals", "default", "closedwon").metadata["probability"] == "1.0"
    assert refused(lambda: stages.get_by_id("deals", "default", "no"))[0] == 404


def test_pairs_are_linked_and_unlinked(client: Any) -> None:
    v4 = client.crm.associations.v4
    contact = client.crm.contacts.basic_api.create({"properties": {}}).id
    company = client.crm.companies.basic_api.create({"properties": {"name": "A"}}).id
    v4.basic_api.create_default("contacts", contact, "companies", company)
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    assert v4.basic_api.create("contacts", contact, "companies", company, spec).labels
    [row] = v4.basic_api.get_page("contacts", contact, "companies").results
    assert [one.type_id for one in row.association_types] == [1, 279]
    ends = {"from": {"id": contact}, "to": {"id": company}}
    v4.batch_api.archive_labels("contacts", "companies", {"inputs": [ends | {"types": spec}]})
    v4.basic_api.archive("contacts", contact, "companies", company)
    told = v4.batch_api.get_page("contacts", "companies", {"inputs": [{"id": contact}]})
    assert (told.results, told.num_errors) == ([], 1)
    labels = v4.schema.definitions_api.get_all("contacts", "companies").results
    assert {one.type_id: one.label for one in labels} == {279: None, 1: "Primary"}


def test_lists_and_their_members(client: Any) -> None:
    lists, members = client.crm.lists.lists_api, client.crm.lists.memberships_api
    contact = client.crm.contacts.basic_api.create({"properties": {"firstname": "Ana"}}).id
    wish = {"name": "As", "objectTypeId": "0-1", "processingType": "DYNAMIC"}
    where = branch("firstname", "IS_KNOWN")
    made = lists.create(wish | {"filterBranch": where}).list.list_id
    assert lists.get_by_id(made).list.filter_branch is None
    assert lists.get_by_id(made, include_filters=True).list.filter_branch is not None
    assert [row.record_id for row in members.get_page(made).results] == [contact]
    assert [row.list_id for row in members.get_lists("0-1", contact).results] == [made]
    assert lists.do_search({"query": "a"}).total == 1
    assert [row.name for row in lists.get_all(list_ids=[made]).lists] == ["As"]
    assert refused(lambda: lists.create(wish)) == (400, "VALIDATION_ERROR")


def test_an_import_is_sent_and_watched(client: Any, tmp_path: Path) -> None:
    contact = client.crm.contacts.basic_api.create({"properties": {}}).id
    sheet = tmp_path / "rows.csv"
    with sheet.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["Id", "Stage"], [contact, "Boss"], [contact, "customer"]])
    columns = [
        {"columnObjectTypeId": "0-1", "columnName": "Id", "columnType": "HUBSPOT_OBJECT_ID"},
        {"columnObjectTypeId": "0-1", "columnName": "Stage", "propertyName": "lifecyclestage"},
    ]
    page = {"hasHeader": True, "columnMappings": columns}
    files = [{"fileName": sheet.name, "fileFormat": "CSV", "fileImportPage": page}]
    wish = {"name": "i", "importOperations": {"0-1": "UPDATE"}, "files": files}
    api = client.crm.imports.core_api
    job = api.create(import_request=orjson.dumps(wish).decode(), files=[str(sheet)]).id
    states = [api.get_by_id(job).state for _ in range(4)]
    assert states == ["STARTED", "PROCESSING", "PROCESSING", "DONE"]
    [error] = client.crm.imports.public_imports_api.get_errors(job).results
    assert error.error_type == "INVALID_ENUMERATION_OPTION"
    read = client.crm.contacts.basic_api.get_by_id(contact, properties=["lifecyclestage"])
    assert read.properties["lifecyclestage"] == "customer"


def test_an_export_is_started_and_watched(client: Any) -> None:
    api = client.crm.exports.public_exports_api
    wish = {
        "exportType": "VIEW",
        "format": "CSV",
        "exportName": "e",
        "language": "EN",
        "objectType": "CONTACT",
        "objectProperties": ["email"],
    }
    job = api.start(wish).id
    states = [api.get_status(job).status for _ in range(4)]
    assert states == ["PENDING", "PROCESSING", "PROCESSING", "COMPLETE"]


def test_tokens_are_issued_and_explained(client: Any, desk: Desk) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh"}
    secret = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    token = client.oauth.tokens_api.create(**form, **secret).access_token
    told = client.oauth.access_tokens_api.get(token)
    assert (told.hub_id, told.expires_in) == (desk.portal.options.portal_id, 1_800)
    assert client.oauth.refresh_tokens_api.get("sandbox-refresh").client_id == "sandbox-client"
    account = client.api_request({"path": "/account-info/v3/details"}).json()
    assert account["portalId"] == told.hub_id

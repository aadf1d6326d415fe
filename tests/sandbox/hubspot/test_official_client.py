"""The vendor's own client understands what the sandbox says."""

from typing import Any

import pytest
from hubspot import HubSpot

from tests.sandbox.hubspot.conftest import Opener
from tests.sandbox.hubspot.desk import Desk


@pytest.fixture
def client(desk: Desk) -> Any:
    url = desk.sandbox.url
    return HubSpot(access_token=desk.sandbox.token, host=url, base_url=url, retry=False)


def test_it_writes_reads_and_searches_contacts(client: Any) -> None:
    batch = client.crm.contacts.batch_api
    inputs = [{"properties": {"email": f"p{n}@example.org"}} for n in range(3)]
    made = batch.create({"inputs": inputs})
    ids = [row.id for row in made.results]
    changed = batch.update({"inputs": [{"id": ids[0], "properties": {"phone": "1"}}]})
    assert changed.results[0].properties["phone"] == "1"
    rows = [{"id": "p1@example.org", "idProperty": "email", "properties": {"phone": "2"}}]
    assert batch.upsert({"inputs": rows}).results[0].new is False
    page = client.crm.contacts.basic_api.get_page(limit=2, properties=["phone"])
    assert [row.properties["phone"] for row in page.results] == ["1", "2"]
    assert page.paging.next.after == ids[2]
    found = client.crm.contacts.search_api.do_search({"query": "p2", "limit": 5})
    assert [row.id for row in found.results] == ids[2:]
    read = batch.read({"inputs": [{"id": ids[0]}, {"id": "9"}], "properties": ["phone"]})
    assert (read.num_errors, read.errors[0].context) == (1, {"ids": ["9"]})
    client.crm.contacts.basic_api.archive(ids[0])
    assert len(client.crm.contacts.get_all()) == 2


def test_it_makes_properties_tasks_and_links(client: Any) -> None:
    core = client.crm.properties.core_api
    key = {"name": "our_key", "label": "Key", "type": "string", "fieldType": "text"}
    made = core.create("tasks", {**key, "groupName": "task", "hasUniqueValue": True})
    assert made.has_unique_value is True
    assert client.crm.properties.groups_api.get_all("tasks").results[0].name == "task"
    contact = client.crm.contacts.basic_api.create({"properties": {"email": "a@example.org"}})
    link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}
    values = {"hs_timestamp": "1795000000000", "hs_task_subject": "Call", "our_key": "k1"}
    task = client.crm.objects.basic_api.create(
        "tasks",
        {"properties": values, "associations": [{"to": {"id": contact.id}, "types": [link]}]},
    )
    linked = client.crm.associations.v4.batch_api.get_page(
        "contacts", "tasks", {"inputs": [{"id": contact.id}]}
    )
    assert linked.results[0].to[0].association_types[0].type_id == 203
    assert int(linked.results[0].to[0].to_object_id) == int(task.id)


def test_it_reads_owners_pipelines_and_events(client: Any) -> None:
    assert client.crm.owners.owners_api.get_page().results == []
    [pipeline] = client.crm.pipelines.pipelines_api.get_all("deals").results
    assert pipeline.stages[-1].metadata == {"isClosed": "true", "probability": "0.0"}
    assert client.marketing.events.basic_api.get_all().results == []
    assert client.marketing.forms.forms_api.get_page().results == []


def test_refusals_reach_it_with_status_and_body(client: Any, open_desk: Opener) -> None:
    with pytest.raises(Exception, match="PROPERTY_DOESNT_EXIST") as caught:
        client.crm.contacts.basic_api.create({"properties": {"nope": "1"}})
    assert getattr(caught.value, "status", None) == 400
    desk = open_desk(faults="429@1")
    url = desk.sandbox.url
    fresh = HubSpot(access_token=desk.sandbox.token, host=url, base_url=url, retry=False)
    with pytest.raises(Exception, match="TEN_SECONDLY_ROLLING") as caught:
        fresh.crm.contacts.basic_api.get_page()
    assert getattr(caught.value, "status", None) == 429


def test_it_makes_segments(client: Any) -> None:
    wish = {"name": "Ripe", "objectTypeId": "0-1", "processingType": "MANUAL"}
    made = client.crm.lists.lists_api.create(wish)
    found = client.crm.lists.lists_api.get_by_name(list_name="Ripe", object_type_id="0-1")
    assert found.list.list_id == made.list.list_id

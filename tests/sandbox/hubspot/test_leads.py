"""Leads beside contacts, asked for with the vendor's own client."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hubspot import HubSpot

from connector.sandbox.generate import generate
from connector.sandbox.hubspot.fill import fill
from connector.sandbox.hubspot.portal import Options, Portal
from tests.sandbox.hubspot.conftest import Opener
from tests.sandbox.hubspot.desk import Desk

PRIMARY = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 578}


@pytest.fixture
def desk(open_desk: Opener) -> Desk:
    return open_desk(leads=True)


@pytest.fixture
def client(desk: Desk) -> Any:
    url = desk.sandbox.url
    return HubSpot(access_token=desk.sandbox.token, host=url, base_url=url, retry=False)


def wish(contact: str, **properties: str) -> dict[str, object]:
    associations = [{"to": {"id": contact}, "types": [PRIMARY]}]
    return {"properties": {"hs_lead_name": "Ana", **properties}, "associations": associations}


def refused(call: Callable[[], object]) -> dict[str, Any]:
    with pytest.raises(Exception, match="Reason") as caught:
        call()
    return dict(orjson.loads(getattr(caught.value, "body", b"")))


def test_a_lead_is_made_for_a_contact_and_begins_open(client: Any, desk: Desk) -> None:
    ana = desk.contact("ana@example.org")
    made = client.crm.objects.leads.basic_api.create(wish(ana, hs_lead_label="WARM"))
    names = ["hs_lead_name", "hs_lead_label", "hs_pipeline_stage", "hs_lead_is_open"]
    read = client.crm.objects.leads.basic_api.get_by_id(
        made.id, properties=names, associations=["contacts"]
    )
    assert [read.properties[name] for name in names] == ["Ana", "WARM", "new-stage-id", "true"]
    assert {link.id for link in read.associations["contacts"].results} == {ana}
    links = client.crm.associations.v4.batch_api.get_page(
        "contacts", "leads", {"inputs": [{"id": ana}]}
    )
    assert [str(to.to_object_id) for to in links.results[0].to] == [made.id]
    dated = client.crm.contacts.basic_api.get_by_id(ana, properties=["hs_latest_open_lead_date"])
    assert dated.properties["hs_latest_open_lead_date"]


def test_a_lead_needs_a_name_and_a_contact(client: Any, desk: Desk) -> None:
    ana = desk.contact("ana@example.org")
    create = client.crm.objects.leads.basic_api.create
    alone = {"properties": {"hs_lead_name": "Ana"}}
    assert "primary contact" in refused(lambda: create(alone))["message"]
    nameless = wish(ana) | {"properties": {"hs_lead_label": "HOT"}}
    assert "hs_lead_name" in refused(lambda: create(nameless))["message"]
    assert "BOILING" in refused(lambda: create(wish(ana, hs_lead_label="BOILING")))["message"]


def test_a_qualified_or_disqualified_lead_is_no_longer_open(client: Any, desk: Desk) -> None:
    leads = client.crm.objects.leads
    ids = [
        leads.basic_api.create(wish(desk.contact(f"{name}@example.org"))).id for name in ("a", "b")
    ]
    stages = ("connected-stage-id", "unqualified-stage-id")
    inputs = [
        {"id": id_, "properties": {"hs_pipeline_stage": stage}}
        for id_, stage in zip(ids, stages, strict=True)
    ]
    leads.batch_api.update({"inputs": inputs})
    reason = {"properties": {"hs_lead_disqualification_reason": "NO_NEED"}}
    leads.basic_api.update(ids[1], reason)
    asked = {"inputs": [{"id": id_} for id_ in ids], "properties": ["hs_lead_is_open"]}
    read = leads.batch_api.read(asked | {"propertiesWithHistory": []})
    assert {row.id: row.properties["hs_lead_is_open"] for row in read.results} == {
        ids[0]: "true",
        ids[1]: "false",
    }
    open_ones = {"propertyName": "hs_lead_is_open", "operator": "EQ", "value": "true"}
    found = leads.search_api.do_search({"filterGroups": [{"filters": [open_ones]}]})
    assert [row.id for row in found.results] == [ids[0]]
    pipelines = client.crm.pipelines.pipelines_api.get_all("leads").results
    assert [(each.id, each.stages[-1].metadata["isClosed"]) for each in pipelines] == [
        ("lead-pipeline-id", "true")
    ]


def test_an_account_without_leads_refuses_them_for_their_scopes(open_desk: Opener) -> None:
    desk = open_desk()
    url = desk.sandbox.url
    client = HubSpot(access_token=desk.sandbox.token, host=url, base_url=url, retry=False)
    leads = client.crm.objects.leads
    told = refused(leads.basic_api.get_page)
    assert told["category"] == "MISSING_SCOPES"
    assert told["errors"][0]["context"]["requiredScopes"] == ["crm.objects.leads.read"]
    ana = desk.contact("ana@example.org")
    assert refused(lambda: leads.basic_api.create(wish(ana)))["category"] == "MISSING_SCOPES"


def test_sales_has_leads_of_those_for_whom_it_works() -> None:
    world = generate(people=300, seed=3, ends_at=datetime(2026, 11, 20, 12, tzinfo=UTC))
    portal, without = (Portal(Options(leads=leads)) for leads in (True, False))
    fill(portal, world)
    fill(without, world)
    assert not without.tables["leads"].rows
    rows = list(portal.tables["leads"].rows.values())
    called = {one.person for one in world.happenings if one.deed in {"call", "meeting"}}
    assert len(rows) == len(called) > 30
    assert {row.props["hs_lead_is_open"] for row in rows} == {"true", "false"}
    assert {row.props.get("hs_lead_label") for row in rows} == {None, "COLD", "WARM", "HOT"}
    reasons = {row.props.get("hs_lead_disqualification_reason") for row in rows}
    assert reasons == {None, "NO_NEED"}
    contacts = portal.tables["contacts"].rows
    assert set(without.tables["contacts"].rows) == set(contacts)

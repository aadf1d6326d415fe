"""The client that the vendor's users take for Python understands what the sandbox says."""

import csv
import time
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import quote

import pytest
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceOperationError,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from connector.sandbox.salesforce.notation import field_of
from tests.sandbox.salesforce.conftest import Opener
from tests.sandbox.salesforce.desk import Desk, plain_session


def code_of(error: Any) -> object:
    """Return the error code that an exception of the client carries."""
    return error.content[0]["errorCode"]


@pytest.fixture
def client(desk: Desk) -> Any:
    return desk.client()


def test_it_writes_and_reads_records(client: Any) -> None:
    made = client.Lead.create({"LastName": "Silva", "Company": "Acme"})
    assert made["success"] is True
    assert client.Lead.update(made["id"], {"Title": "CTO"}) == 204
    assert client.Lead.get(made["id"])["Title"] == "CTO"
    assert client.Lead.describe()["keyPrefix"] == "00Q"
    assert "Lead" in [one["name"] for one in client.describe()["sobjects"]]
    assert client.Lead.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound):
        client.Lead.get(made["id"])


def test_it_queries_through_all_pages(desk: Desk, client: Any) -> None:
    org = desk.org
    for number in range(2_300):
        org.add("Account", {"Name": f"A{number}", "OwnerId": org.main_user})
    found = client.query_all("SELECT Name, Owner.Name FROM Account")
    assert (found["totalSize"], len(found["records"])) == (2_300, 2_300)
    assert len(list(client.query_all_iter("SELECT Id FROM Account"))) == 2_300
    assert client.query("SELECT COUNT() FROM Account")["totalSize"] == 2_300
    with pytest.raises(SalesforceMalformedRequest) as caught:
        client.query("SELECT Nope FROM Account")
    assert "INVALID_FIELD" in str(caught.value)


def test_it_sends_composites_and_knows_the_limits(client: Any) -> None:
    body = {"records": [{"attributes": {"type": "Account"}, "Name": "A"}]}
    assert client.restful("composite/sobjects", method="POST", json=body)[0]["success"] is True
    assert client.limits()["DailyApiRequests"]["Max"] == 115_000
    assert client.api_usage["api-usage"].used == 2


def test_it_upserts_and_lists_what_changed_and_went(desk: Desk, client: Any) -> None:
    key = field_of("Ext__c string(40)")
    key.external_id = key.custom = True
    desk.org.objects["Lead"].add([key])
    odd = quote("a/bé", safe="")
    assert client.Lead.upsert(f"Ext__c/{odd}", {"LastName": "Silva", "Company": "Acme"}) == 201
    assert client.Lead.upsert(f"Ext__c/{odd}", {"FirstName": "Ana"}) == 200
    found = client.Lead.get_by_custom_id("Ext__c", "a/bé")
    assert found["Name"] == "Ana Silva"
    told = client.Lead.upsert(f"Ext__c/{odd}", {"Title": "CTO"}, raw_response=True).json()
    assert told == {"id": found["Id"], "success": True, "errors": [], "created": False}
    gone = client.Lead.create({"LastName": "Gone", "Company": "Acme"})["id"]
    client.Lead.delete(gone)
    window = (desk.org.clock.now() - timedelta(hours=1), desk.org.clock.now() + timedelta(hours=1))
    assert client.Lead.updated(*window)["ids"] == [found["Id"]]
    assert [row["id"] for row in client.Lead.deleted(*window)["deletedRecords"]] == [gone]
    assert client.query("SELECT Id FROM Lead", include_deleted=True)["totalSize"] == 2
    desk.lead("Other", Ext__c="A/BÉ")
    with pytest.raises(SalesforceMoreThanOneRecord):
        client.Lead.upsert(f"Ext__c/{odd}", {"Title": "CEO"})


def test_its_errors_tell_what_happened(desk: Desk, client: Any) -> None:
    with pytest.raises(SalesforceMalformedRequest) as caught:
        client.Lead.create({"LastName": "Silva"})
    assert code_of(caught.value) == "REQUIRED_FIELD_MISSING"
    with pytest.raises(SalesforceResourceNotFound):
        client.Nope.describe()
    lead = desk.lead()
    desk.org.denied.add("Lead.edit")
    with pytest.raises(SalesforceRefusedRequest) as refused:
        client.Lead.update(lead, {"Title": "CTO"})
    assert code_of(refused.value) == "INSUFFICIENT_ACCESS_OR_READONLY"
    desk.call("DELETE", "/_sandbox/sessions")
    with pytest.raises(SalesforceExpiredSession) as expired:
        client.query("SELECT Id FROM Lead")
    assert code_of(expired.value) == "INVALID_SESSION_ID"


def test_it_sends_collections_and_composites(desk: Desk, client: Any) -> None:
    rows = [
        {"attributes": {"type": "Lead"}, "id": desk.lead("A"), "Title": "CTO"},
        {"attributes": {"type": "Lead"}, "id": desk.lead("B"), "Title": "x" * 200},
    ]
    path, headers = "composite/sobjects", {"Sforce-Auto-Assign": "FALSE"}
    told = client.restful(path, method="PATCH", json={"records": rows}, headers=headers)
    assert [row["success"] for row in told] == [True, False]
    url = "/services/data/v68.0/query/?q=SELECT+Title+FROM+Lead+WHERE+Title+!=+null"
    asked = {"compositeRequest": [{"method": "GET", "url": url, "referenceId": "q"}]}
    [answer] = client.restful("composite", method="POST", json=asked)["compositeResponse"]
    assert [row["Title"] for row in answer["body"]["records"]] == ["CTO"]


def test_it_reads_by_bulk(open_desk: Opener) -> None:
    desk = open_desk()
    for name in ("Silva", 'O"Neil', "two\nlines", "Kay"):
        desk.lead(name)
    gone = desk.lead("Gone")
    desk.call("DELETE", f"/sobjects/Lead/{gone}")
    bulk = desk.client().bulk2.Lead
    pages = list(bulk.query("SELECT LastName FROM Lead", max_records=3, wait=0))
    names = [
        row["LastName"] for page in pages for row in csv.DictReader(StringIO(page, newline=""))
    ]
    assert (len(pages), names) == (2, ["Silva", 'O"Neil', "two\nlines", "Kay"])
    everything = "".join(bulk.query_all("SELECT IsDeleted FROM Lead", wait=0))
    assert everything.split() == ['"IsDeleted"', *['"false"'] * 4, '"true"']
    desk.org.bulk_query_fails = "InternalServerError : retried too often"
    with pytest.raises(SalesforceOperationError):
        list(bulk.query("SELECT Id FROM Lead", wait=0))


def test_it_writes_by_bulk(desk: Desk, client: Any) -> None:
    bulk = client.bulk2.Lead
    [made] = bulk.insert(records=[
        {"LastName": "Silva", "Company": "Acme"}, {"LastName": "", "Company": "Acme"}
    ], wait=0)  # fmt: skip
    assert (made["numberRecordsProcessed"], made["numberRecordsFailed"]) == (2, 1)
    assert "REQUIRED_FIELD_MISSING" in bulk.get_failed_records(made["job_id"])
    lead = desk.column("SELECT Id FROM Lead")[0]
    assert lead in bulk.get_successful_records(made["job_id"])
    [changed] = bulk.update(records=[{"Id": lead, "Title": "CTO"}], wait=0)
    assert changed["numberRecordsFailed"] == 0
    [merged] = bulk.upsert(
        records=[{"Id": lead, "Company": "Blue"}], external_id_field="Id", wait=0
    )
    assert merged["numberRecordsFailed"] == 0
    assert desk.rows("SELECT Title, Company FROM Lead") == [{"Title": "CTO", "Company": "Blue"}]
    desk.org.bulk_stops_after = 1
    with pytest.raises(SalesforceOperationError):
        bulk.update(records=[{"Id": lead, "Title": "A"}, {"Id": lead, "Title": "B"}], wait=0)
    assert desk.column("SELECT Title FROM Lead") == ["A"]
    desk.org.bulk_stops_after = None
    [gone] = bulk.delete(records=[{"Id": lead}], wait=0)
    assert gone["numberRecordsProcessed"] == 1
    assert desk.rows("SELECT Id FROM Lead") == []


def test_it_signs_in_with_a_key_or_a_secret(desk: Desk, private_key: str) -> None:
    # Its assertions end three minutes from the real present, so the org has to live in it.
    desk.clock.advance(timedelta(seconds=time.time() - desk.org.clock.now().timestamp()))
    signed = Salesforce(
        username=desk.sandbox.username, consumer_key=desk.sandbox.consumer_key,
        privatekey=private_key, instance_url="acme.my", domain="login", version="68.0",
        session=plain_session(desk),
    )  # fmt: skip
    assert signed.query("SELECT COUNT() FROM User")["totalSize"] == 1
    secret = Salesforce(
        consumer_key=desk.sandbox.consumer_key, consumer_secret=desk.sandbox.consumer_secret,
        domain="acme.my", version="68.0", session=plain_session(desk),
    )  # fmt: skip
    assert secret.query("SELECT COUNT() FROM User")["totalSize"] == 1

"""The client that the vendor's users take for Python understands what the sandbox says."""

import time
from datetime import timedelta
from typing import Any

import pytest
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound

from tests.sandbox.salesforce.desk import Desk, plain_session


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


def test_it_reads_by_bulk(desk: Desk, client: Any) -> None:
    desk.lead("Silva")
    bulk = client.bulk2.Lead
    bulk.DEFAULT_WAIT_TIMEOUT_SECONDS = 60
    job = bulk._client.create_job("query", query="SELECT Id, LastName FROM Lead")["id"]
    for _ in range(2):
        info = bulk._client.get_job(job, True)
    assert info["state"] == "JobComplete"
    page = bulk._client.get_query_results(job)
    assert (page["number_of_records"], page["locator"]) == (1, "")
    assert page["records"].splitlines()[0] == '"Id","LastName"'


def test_it_writes_by_bulk(desk: Desk, client: Any) -> None:
    wish = client.bulk2.Lead._client
    job = wish.create_job("insert")["id"]
    wish.upload_job_data(job, "LastName,Company\nSilva,Acme\n,Acme\n")
    wish.close_job(job)
    for _ in range(2):
        info = wish.get_job(job, False)
    assert (info["numberRecordsProcessed"], info["numberRecordsFailed"]) == (2, 1)
    assert "REQUIRED_FIELD_MISSING" in wish.get_ingest_results(job, "failedResults")
    assert desk.column("SELECT LastName FROM Lead") == ["Silva"]


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

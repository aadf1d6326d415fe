"""A client that shares no code with the official one understands what the sandbox says, too."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from aiosalesforce.auth import Auth, ClientCredentialsFlow, JwtBearerFlow
from aiosalesforce.bulk.v2.ingest import JobResult, OperationType
from aiosalesforce.client import Salesforce
from aiosalesforce.exceptions import NotFoundError, SalesforceError

from tests.sandbox.salesforce.desk import Desk

Work = Callable[[Salesforce], Awaitable[None]]


class Plain(httpx.AsyncHTTPTransport):
    """Sends whatever is meant for an org's own domain to the sandbox instead."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = httpx.URL(url)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = self._url.join(request.url.raw_path.decode())
        return await super().handle_async_request(request)


def work(desk: Desk, wish: Work, auth: Auth | None = None) -> None:
    """Let the client do something; it keeps to the form of an org's address."""
    secret = ClientCredentialsFlow(desk.sandbox.consumer_key, desk.sandbox.consumer_secret)

    async def all_of_it() -> None:
        async with httpx.AsyncClient(transport=Plain(desk.sandbox.url)) as http:
            url = "https://acme.my.salesforce.com"
            await wish(Salesforce(http, url, auth or secret, version="68.0"))

    asyncio.run(all_of_it())


def test_it_signs_in_with_a_key(desk: Desk, private_key: str, tmp_path: Path) -> None:
    desk.clock.advance(timedelta(seconds=time.time() - desk.org.clock.now().timestamp()))
    key = tmp_path / "server.key"
    key.write_text(private_key)

    async def wish(client: Salesforce) -> None:
        assert (await client.get_limits())["DailyApiRequests"]["Max"] == 115_000

    work(desk, wish, JwtBearerFlow(desk.sandbox.consumer_key, desk.sandbox.username, key))


def test_it_writes_and_reads_records(desk: Desk) -> None:
    async def wish(client: Salesforce) -> None:
        lead = await client.sobject.create("Lead", {"LastName": "Silva", "Company": "Acme"})
        await client.sobject.update("Lead", lead, {"Title": "CTO"})
        told = await client.sobject.upsert("Lead", lead, "Id", {"FirstName": "Ana"})
        assert (told.id, told.created) == (lead, False)
        assert (await client.sobject.get("Lead", lead, fields=["Name"]))["Name"] == "Ana Silva"
        with pytest.raises(SalesforceError) as refused:
            await client.sobject.create("Lead", {"LastName": "Silva"})
        assert refused.value.error_code == "REQUIRED_FIELD_MISSING"
        await client.sobject.delete("Lead", lead)
        with pytest.raises(NotFoundError):
            await client.sobject.get("Lead", lead)

    work(desk, wish)


def test_it_queries_through_all_pages_and_in_composites(desk: Desk) -> None:
    for number in range(2_300):
        desk.org.add("Account", {"Name": f"A{number}"})
    desk.call("DELETE", f"/sobjects/Account/{desk.make('Account', Name='Gone')}")

    async def wish(client: Salesforce) -> None:
        found = [row async for row in client.query("SELECT Id FROM Account")]
        everything = client.query("SELECT Id FROM Account", include_all_records=True)
        assert (len(found), len([row async for row in everything])) == (2_300, 2_301)
        async with client.composite() as composite:
            account = composite.sobject.create("Account", {"Name": "Acme"})
            parent = str(account.reference.id)
            contact = composite.sobject.create("Contact", {"LastName": "Kay", "AccountId": parent})
            read = composite.query("SELECT COUNT() FROM Account")
        assert read.response_body == {"totalSize": 2_301, "done": True, "records": []}
        assert (await client.sobject.get("Contact", contact.id))["AccountId"] == account.id
        async with client.composite.batch() as batch:
            counted = batch.query("SELECT Name FROM Account WHERE Name = 'Acme'")
        assert [row["Name"] for row in counted.records] == ["Acme"]

    work(desk, wish)


def test_it_writes_by_bulk(desk: Desk) -> None:
    async def wish(client: Salesforce) -> None:
        async def one(operation: OperationType, *rows: dict[str, str]) -> JobResult:
            ingest = client.bulk_v2.ingest
            jobs = ingest.perform_operation(operation, "Lead", rows, polling_interval=0.01)
            [job] = [job async for job in jobs]
            return job

        both = {"LastName": "Silva", "Company": "Acme"}, {"LastName": "Kay", "Company": ""}
        made = await one("insert", *both)
        [kept], [refused] = made.successful_results, made.failed_results
        assert (kept["LastName"], refused["LastName"]) == ("Silva", "Kay")
        assert refused["sf__Error"].startswith("REQUIRED_FIELD_MISSING")
        lead = kept["sf__Id"]
        changed = await one("update", {"Id": lead, "Title": "CTO"})
        assert [row["sf__Created"] for row in changed.successful_results] == ["false"]
        assert len([job async for job in client.bulk_v2.ingest.list_jobs()]) == 2
        await one("delete", {"Id": lead})

    work(desk, wish)
    rows = desk.rows("SELECT Title, IsDeleted FROM Lead", "queryAll")
    assert rows == [{"Title": "CTO", "IsDeleted": True}]

"""Answers of any shape: never a crash, never taken for success."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import islice

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.config.salesforce_mapping import SalesforceMapping
from connector.crm.salesforce.adapter import SalesforceCrm
from connector.crm.salesforce.credentials import SecretGrant
from connector.domain.contact import Contact
from connector.domain.ids import ContactId, JobId, OpportunityId, TaskKey
from connector.errors import ConnectorError
from connector.ports import FileJob, OpportunityWrite, TaskWish, Verdict, WriteBack
from tests.crm.salesforce.provisioned import shipped
from tests.crm.scripted import Said, ScriptedServer
from tests.fakes.clock import FakeClock

SIGNED_IN = Said(body={"access_token": "00D!token"})
ANA, BEN = ContactId("00Q5g0000000001EAA"), ContactId("00Q5g0000000002EAA")
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-1, 3)
    | st.sampled_from(["", "1", "x", "2026-03-02", "2026-03-02T09:00:00.000+0000", ANA, "Lead"])
)
KEYS = st.sampled_from(
    (
        *("id", "Id", "success", "errors", "statusCode", "errorCode", "message", "fields"),
        *("records", "totalSize", "done", "nextRecordsUrl", "latestDateCovered", "deletedRecords"),
        *("name", "type", "referenceTo", "relationshipName", "SystemModstamp", "IsDeleted"),
        *("state", "numberRecordsProcessed", "numberRecordsFailed", "errorMessage", "WhoId"),
        *(
            "OpportunityId",
            "MasterRecordId",
            "IsConverted",
            "ConvertedContactId",
            "Email",
            "picklistValues",
        ),
    )
)
SHAPES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)
DESCRIBED = {
    "name": "Lead",
    "updateable": True,
    "createable": True,
    "fields": [
        {"name": name, "type": type_, "updateable": True, "createable": True}
        for name, type_ in (
            *(("Id", "id"), ("SystemModstamp", "datetime"), ("IsDeleted", "boolean")),
            *(("MasterRecordId", "reference"), ("Email", "email"), ("OwnerId", "reference")),
            *(("WhoId", "reference"), ("Leadripe_Score__c", "double")),
            *(("OpportunityId", "reference"), ("ContactId", "reference")),
            *(("IsConverted", "boolean"), ("ConvertedContactId", "reference")),
        )
    ],
}


def _made(**values: object) -> dict[str, object]:
    return values


ROWS = st.lists(st.dictionaries(KEYS, SCALARS, max_size=5), max_size=3)
RESULTS = st.builds(_made, records=ROWS, totalSize=st.integers(0, 20_000))
ORG = {"records": [{"Id": "00D1", "TimeZoneSidKey": "UTC"}]}
PART = st.builds(
    _made,
    httpStatusCode=st.sampled_from([200, 200, 200, 200, 201, 400, 404, 500, None]),
    body=st.just(DESCRIBED) | RESULTS | RESULTS | ROWS | SHAPES,
)


def _composite(parts: list[dict[str, object]]) -> dict[str, object]:
    return {"compositeResponse": [{"referenceId": f"r{n}", **part} for n, part in enumerate(parts)]}


def _right(body: object) -> dict[str, object]:
    return {"httpStatusCode": 200, "body": body}


FIRST = Said(body=_composite([_right(ORG), *[_right(DESCRIBED)] * 20]))
"""What an org is and has, as it should be: the oddities come behind it."""
COMPOSITE = st.builds(_composite, st.lists(PART, max_size=14))
ANSWERS = st.builds(
    Said,
    status=st.sampled_from([200, 200, 200, 200, 201, 204, 300, 400, 403, 404, 409]),
    body=COMPOSITE | SHAPES | st.sampled_from(["", "a,b\n1", '"a","b"\n"1","2"\n', "<html>"]),
)
RELAXED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture(scope="module")
def mapping() -> SalesforceMapping:
    return shipped()


def connected(
    server: ScriptedServer, mapping: SalesforceMapping, *answers: Said
) -> tuple[SalesforceCrm, FakeClock]:
    server.heard.clear()
    server.answers = [SIGNED_IN, *answers]
    clock = FakeClock()
    grant = SecretGrant("key", "secret")
    return SalesforceCrm(grant, mapping, clock, base_url=server.url, bulk_from=10_000), clock


@RELAXED
@given(st.just([FIRST]) | st.just([]), st.lists(ANSWERS, min_size=1, max_size=3))
def test_reading_ends_or_says_why_not(
    server: ScriptedServer, mapping: SalesforceMapping, first: list[Said], answers: list[Said]
) -> None:
    crm, _ = connected(server, mapping, *first, *answers)
    for stream in crm.streams():
        with suppress(ConnectorError):
            pages = list(islice(crm.pages(stream, None), 3))
            # Whatever came back, reading can go on from every page, with rows of the right sort.
            assert all(orjson.loads(page.checkpoint) for page in pages)
            assert all(isinstance(row, Contact) for page in pages for row in page.contacts)


@RELAXED
@given(st.just(FIRST) | ANSWERS, ANSWERS)
def test_writing_never_succeeds_without_the_record_in_the_answer(
    server: ScriptedServer, mapping: SalesforceMapping, first: Said, answer: Said
) -> None:
    crm, _ = connected(server, mapping, first, answer)
    batch = [WriteBack(each, {"Leadripe_Score__c": "1"}) for each in (ANA, BEN)]
    with suppress(ConnectorError):
        outcomes = crm.write(batch)
        assert len(outcomes) == 2
        accepted = sum(each.verdict is Verdict.ACCEPTED for each in outcomes)
        assert accepted <= answer.content.count(b'"success": true')


@RELAXED
@given(st.just(FIRST) | ANSWERS, ANSWERS)
def test_an_opportunity_is_never_written_without_the_record_in_the_answer(
    server: ScriptedServer, mapping: SalesforceMapping, first: Said, answer: Said
) -> None:
    crm, _ = connected(server, mapping, first, answer)
    deals = [OpportunityId(f"0065g000000000{n}EAA") for n in (1, 2)]
    with suppress(ConnectorError):
        crm.account()
    with suppress(ConnectorError):
        outcomes = crm.write_opportunities(
            [OpportunityWrite(each, {"Leadripe_Score__c": "1"}) for each in deals]
        )
        assert len(outcomes) == 2
        accepted = sum(each.verdict is Verdict.ACCEPTED for each in outcomes)
        assert accepted <= answer.content.count(b'"success": true')


@RELAXED
@given(st.just(FIRST) | ANSWERS, ANSWERS)
def test_tasks_never_succeed_without_the_record_in_the_answer(
    server: ScriptedServer, mapping: SalesforceMapping, first: Said, answer: Said
) -> None:
    crm, clock = connected(server, mapping, first, answer)
    due_at = clock.now() + timedelta(hours=1)
    wishes = [
        TaskWish(TaskKey("a"), ANA, "Call", "", due_at),
        TaskWish(TaskKey("b"), BEN, "", "", due_at, is_done=True),
    ]
    with suppress(ConnectorError):
        assert len(crm.write_tasks(wishes)) == 2


@RELAXED
@given(st.lists(ANSWERS, min_size=1, max_size=4))
def test_a_file_ends_or_says_why_not(
    server: ScriptedServer, mapping: SalesforceMapping, answers: list[Said]
) -> None:
    crm, _ = connected(server, mapping, *answers)
    with suppress(ConnectorError):
        job = FileJob(JobId("7501"), "Lead")
        for row in islice(crm.finish_file(job), 5):
            assert row.write_back.contact is not None
        opened = FileJob(crm.open_file("Lead"), "Lead")
        crm.send_file(opened, [WriteBack(ANA, {"Leadripe_Score__c": "1"})])


@RELAXED
@given(st.lists(ANSWERS, min_size=1, max_size=3))
def test_looking_around_ends_or_says_why_not(
    server: ScriptedServer, mapping: SalesforceMapping, answers: list[Said]
) -> None:
    crm, _ = connected(server, mapping, *answers)
    for look in (
        crm.account,
        crm.owners,
        lambda: crm.fetch_contacts([ANA, BEN]),
        crm.check,
        lambda: crm.fetch_opportunities([OpportunityId("0065g0000000001EAA")]),
    ):
        with suppress(ConnectorError):
            look()

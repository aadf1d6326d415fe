"""Answers of any shape: never a crash, never taken for success."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import islice

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.config.mapping import HubSpotMapping
from connector.crm.hubspot.adapter import HubSpotCrm
from connector.crm.hubspot.client import UNPACED
from connector.domain.contact import Contact
from connector.domain.ids import ContactId, TaskKey
from connector.errors import ConnectorError
from connector.ports import TaskWish, Verdict, WriteBack
from tests.crm.scripted import Said, ScriptedServer
from tests.crm.shipped import shipped_for_hubspot
from tests.fakes.clock import FakeClock

SCALARS = st.none() | st.booleans() | st.integers() | st.sampled_from(["", "1", "x", "2026-03-02"])
KEYS = st.sampled_from(
    (
        *("id", "properties", "results", "errors", "context", "updatedAt", "paging", "next"),
        *("after", "associations", "contacts", "from", "to", "toObjectId", "total", "events"),
        *("offset", "hasMore", "portalId", "message", "status", "objectWriteTraceId"),
    )
)
SHAPES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
ANSWERS = st.builds(
    Said,
    status=st.sampled_from([200, 200, 200, 207, 400, 403, 404, 409]),
    body=st.dictionaries(st.sampled_from(["results", "errors", "events", "message"]), SHAPES)
    | SHAPES,
)
RELAXED = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture(scope="module")
def mapping() -> HubSpotMapping:
    return shipped_for_hubspot()


def _crm(server: ScriptedServer, mapping: HubSpotMapping, answer: Said) -> HubSpotCrm:
    server.answers = [answer]
    return HubSpotCrm(lambda: "t", mapping, FakeClock(), base_url=server.url, rates=UNPACED)


@RELAXED
@given(ANSWERS)
def test_reading_ends_or_says_why_not(
    server: ScriptedServer, mapping: HubSpotMapping, answer: Said
) -> None:
    crm = _crm(server, mapping, answer)
    for stream in crm.streams():
        with suppress(ConnectorError):
            pages = list(islice(crm.pages(stream, None), 3))
            # Whatever came back, reading can go on from every page, with rows of the right sort.
            assert all(orjson.loads(page.checkpoint) for page in pages)
            assert all(isinstance(row, Contact) for page in pages for row in page.contacts)


@RELAXED
@given(ANSWERS)
def test_writing_never_succeeds_without_the_record_in_the_answer(
    server: ScriptedServer, mapping: HubSpotMapping, answer: Said
) -> None:
    crm = _crm(server, mapping, answer)
    batch = [WriteBack(ContactId(each), {"leadripe_score": "1"}) for each in ("101", "102")]
    with suppress(ConnectorError):
        outcomes = crm.write(batch)
        assert len(outcomes) == 2
        accepted = sum(each.verdict is Verdict.ACCEPTED for each in outcomes)
        results = answer.body.get("results") if isinstance(answer.body, dict) else None
        assert accepted <= (len(results) if isinstance(results, list) else 0)


@RELAXED
@given(ANSWERS)
def test_tasks_never_succeed_without_the_record_in_the_answer(
    server: ScriptedServer, mapping: HubSpotMapping, answer: Said
) -> None:
    clock = FakeClock()
    crm = _crm(server, mapping, answer)
    due_at = clock.now() + timedelta(hours=1)
    wishes = [
        TaskWish(TaskKey("a"), ContactId("101"), "Call", "", due_at),
        TaskWish(TaskKey("b"), ContactId("102"), "", "", due_at, is_done=True),
    ]
    with suppress(ConnectorError):
        assert len(crm.write_tasks(wishes)) == 2

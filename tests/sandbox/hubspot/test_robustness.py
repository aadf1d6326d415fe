"""Whatever is sent, the sandbox answers as an API does: it never breaks."""

from datetime import timedelta

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.sandbox.clock import TurnedClock
from connector.sandbox.hubspot.call import Call
from connector.sandbox.hubspot.fill import fill
from connector.sandbox.hubspot.gate import Gate
from connector.sandbox.hubspot.kinds import CONTACTS, TASKS
from connector.sandbox.hubspot.links import Links
from connector.sandbox.hubspot.portal import Options, Portal
from tests.sandbox.hubspot.desk import NOON
from tests.sandbox.hubspot.test_filling import WORLD

HEADERS = {"authorization": "Bearer pat-sandbox", "content-type": "application/json"}
OBJECTS, LINKS, LISTS = "/crm/objects/2026-09", "/crm/associations/2026-09", "/crm/lists/2026-09"
POSTS = (
    f"{OBJECTS}/contacts",
    f"{OBJECTS}/tasks",
    f"{OBJECTS}/contacts/batch/create",
    f"{OBJECTS}/contacts/batch/read",
    f"{OBJECTS}/contacts/batch/update",
    f"{OBJECTS}/contacts/batch/upsert",
    f"{OBJECTS}/contacts/batch/archive",
    f"{OBJECTS}/contacts/search",
    f"{OBJECTS}/contacts/merge",
    f"{OBJECTS}/contacts/gdpr-delete",
    f"{LINKS}/contacts/tasks/batch/read",
    f"{LINKS}/contacts/tasks/batch/create",
    f"{LINKS}/contacts/tasks/batch/associate/default",
    f"{LINKS}/contacts/tasks/batch/archive",
    "/crm/properties/2026-09/contacts",
    "/crm/properties/2026-09/contacts/batch/create",
    "/crm/properties/2026-09/contacts/batch/read",
    "/crm/properties/2026-09/contacts/groups",
    LISTS,
    "/crm/exports/2026-09/export/async",
    "/crm/imports/2026-09",
)
CHANGES = (
    ("PATCH", f"{OBJECTS}/contacts/101"),
    ("PATCH", "/crm/properties/2026-09/contacts/lifecyclestage"),
    ("PUT", f"{LISTS}/1/memberships/add-and-remove"),
    ("PUT", f"{LISTS}/1/update-list-filters"),
    ("PUT", f"{OBJECTS}/contacts/101/associations/deals/12000000001"),
)


def _words(text: str) -> list[str]:
    return text.split()


KEYS = _words(
    "inputs id idProperty properties email firstname hs_timestamp hs_task_subject "
    "lifecyclestage associations to from types associationCategory associationTypeId "
    "objectWriteTraceId filterGroups filters propertyName operator value values highValue "
    "sorts query limit after direction name label type fieldType groupName options "
    "hasUniqueValue primaryObjectId objectIdToMerge objectId processingType objectTypeId "
    "filterBranch filterBranchType filterBranches property operation exportType "
    "objectProperties objectType format exportName language recordIdsToAdd "
    "recordIdsToRemove "
)
WORDS = _words(
    "101 102 999 0 -1 email hs_object_id world_key p1 GT EQ IN BETWEEN lastmodifieddate "
    "ASCENDING HUBSPOT_DEFINED DYNAMIC MANUAL 0-1 OR AND PROPERTY IS_EQUAL_TO VIEW CSV EN "
    "string text "
)
PARAMETERS = _words(
    "limit after properties associations archived idProperty "
    "offset startTimestamp propertiesWithHistory campaignId"
)
LEAVES = st.one_of(
    st.sampled_from([*WORDS, *KEYS]),
    st.none(),
    st.booleans(),
    st.integers(-5, 300),
    st.floats(allow_nan=False),
    st.text(max_size=5),
)
BODIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    ),
    max_leaves=25,
)


def _gate() -> Gate:
    portal = Portal(Options(limits=False, index_lag=timedelta(0)), TurnedClock(NOON))
    fill(portal, WORLD)
    gate = Gate(portal)
    manual = {"name": "Hand-picked", "objectTypeId": "0-1", "processingType": "MANUAL"}
    assert gate.answer(_call("POST", LISTS, manual)).status == 200
    return gate


def _call(method: str, path: str, body: object = None, query: str = "") -> Call:
    return Call(method, path, query, HEADERS, orjson.dumps(body), [])


@settings(max_examples=120, deadline=None)
@given(
    target=st.sampled_from([*(("POST", path) for path in POSTS), *CHANGES]),
    body=st.dictionaries(st.sampled_from(KEYS), BODIES, max_size=6),
)
def test_any_body_gets_an_answer(target: tuple[str, str], body: dict[str, object]) -> None:
    answer = _gate().answer(_call(*target, body))
    assert 200 <= answer.status < 500
    orjson.loads(answer.payload() or b"{}")


@settings(max_examples=80, deadline=None)
@given(
    path=st.sampled_from(
        [f"{OBJECTS}/contacts", f"{OBJECTS}/contacts/101", "/email/public/v1/events",
         "/marketing/marketing-events/2026-09", "/crm/owners/2026-09", f"{LISTS}/1/memberships",
         "/marketing/forms/2026-09-beta", "/crm/imports/2026-09"]
    ),
    query=st.lists(
        st.tuples(
            st.sampled_from(PARAMETERS),
            st.one_of(st.sampled_from(["1", "101", "true", "email", "²", "9" * 400]),
                      st.text("az09-_,", max_size=8)),
        ),
        max_size=4,
    ),
)  # fmt: skip
def test_any_query_gets_an_answer(path: str, query: list[tuple[str, str]]) -> None:
    answer = _gate().answer(_call("GET", path, query="&".join(f"{k}={v}" for k, v in query)))
    assert 200 <= answer.status < 500


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 4), st.integers(0, 4)), max_size=12
    )
)
def test_links_are_the_same_from_both_sides(rows: list[tuple[str, int, int]]) -> None:
    links, model = Links(), set()
    for action, contact, task in rows:
        if action == "a":
            links.add(CONTACTS, contact, TASKS, task)
            model.add((contact, task))
        else:
            links.remove(TASKS, task, CONTACTS, contact)
            model.discard((contact, task))
    seen = {(c, t) for c in range(5) for t in links.to(CONTACTS, c, TASKS)}
    back = {(c, t) for t in range(5) for c in links.to(TASKS, t, CONTACTS)}
    assert seen == back == model

"""Whatever is sent, an answer in the platform's shape comes back."""

from urllib.parse import quote, urlencode

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from connector.sandbox.clock import TurnedClock
from connector.sandbox.salesforce.call import Answer, Call
from connector.sandbox.salesforce.gate import Gate
from connector.sandbox.salesforce.org import Options, Org
from connector.sandbox.salesforce.routes import DATA
from connector.sandbox.salesforce.sessions import DEFAULT_TOKEN
from tests.sandbox.salesforce.desk import DATA as PREFIX
from tests.sandbox.salesforce.desk import NOON

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["records", "ids", "fields", "allOrNone", "compositeRequest", "attributes", "type", "id",
     "operation", "query", "object", "state", "LastName", "Company", "WhoId", "FullName",
     "Metadata", "referenceId", "url", "method", "body", "externalIdFieldName"]
)  # fmt: skip
BODIES = st.dictionaries(
    NAMES, JSON | st.lists(st.dictionaries(NAMES, JSON, max_size=4), max_size=2), max_size=5
)
WORDS = st.sampled_from(
    ["SELECT", "Id", "FROM", "Lead", "WHERE", "(", ")", "AND", "OR", "NOT", "=", "<", "LIKE",
     "IN", "'a%'", "5", "null", "TODAY", "LAST_N_DAYS:99999999", "LAST_N_MONTHS:99999", "LIMIT",
     "OFFSET", "ORDER", "BY", ",", "COUNT()", "Name", "Owner.Name", "Who.Type", "Task",
     "CreatedDate", "2026-01-01T00:00:00Z", "2026-13-01", "GROUP", "FIELDS(ALL)", "Tasks", "'\\u1'",
     "AnnualRevenue", "IsConverted", "true", "9999-12-31T23:59:59-14:00", "NULLS", "LAST"]
)  # fmt: skip
PIECES = st.sampled_from(
    ["Lead", "Task", "Activity", "Id", "x", "00Q5g0000000001", "é/%", "OwnerId"]
)
OPEN = "{}"


def gate() -> Gate:
    org = Org(Options(limits=False), TurnedClock(NOON))
    org.add("Lead", {"LastName": "Silva", "Company": "Acme", "OwnerId": org.main_user})
    return Gate(org)


def send(to: Gate, method: str, path: str, *, query: str = "", body: bytes = b"") -> Answer:
    headers = {"authorization": f"Bearer {DEFAULT_TOKEN}", "content-type": "application/json"}
    return to.answer(
        Call(method=method, path=path, query_string=query, headers=headers, content=body)
    )


def is_told(answer: Answer) -> bool:
    """Whether an answer is none, or says what is wrong in the shape of an error."""
    if answer.status < 400:
        return True
    body = orjson.loads(answer.payload())
    return isinstance(body, list) and {"message", "errorCode"} <= set(body[0])


@given(data=st.data(), body=BODIES | JSON, route=st.sampled_from(DATA))
def test_no_body_breaks_a_path(data: st.DataObject, body: object, route: tuple[str, ...]) -> None:
    method, path = route[0], route[1]
    while OPEN in path:
        path = path.replace(OPEN, quote(data.draw(PIECES), safe=""), 1)
    query = urlencode({name: data.draw(st.text(max_size=9)) for name in ("q", "ids", "start")})
    assert is_told(send(gate(), method, PREFIX + path, query=query, body=orjson.dumps(body)))


@given(st.lists(WORDS, max_size=14))
def test_no_query_breaks_the_parser(words: list[str]) -> None:
    soql = " ".join(["SELECT", "Id", "FROM", "Lead", "WHERE", *words])
    for text in (soql, " ".join(words)):
        assert is_told(send(gate(), "GET", f"{PREFIX}/query", query=urlencode({"q": text})))


@given(st.text())
def test_every_text_comes_through_a_literal_and_back(text: str) -> None:
    to = gate()
    record = next(iter(to.org.table("Lead").rows.values()))
    record.values["Title"] = text or None
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    soql = f"SELECT Title FROM Lead WHERE Title = '{escaped}'"  # noqa: S608 - what is tested
    answer = send(to, "GET", f"{PREFIX}/query", query=urlencode({"q": soql}))
    assert answer.status == 200
    assert isinstance(answer.body, dict)
    assert answer.body["records"][0]["Title"] == (text or None)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=80))
def test_every_text_comes_through_a_literal_of_escapes(text: str) -> None:
    to = gate()
    record = next(iter(to.org.table("Lead").rows.values()))
    record.values["Title"] = text
    units = text.encode("utf-16-be").hex()
    escaped = "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    soql = f"SELECT Title FROM Lead WHERE Title IN ('x', '{escaped}')"  # noqa: S608 - what is tested
    answer = send(to, "GET", f"{PREFIX}/queryAll", query=urlencode({"q": soql}))
    assert isinstance(answer.body, dict)
    assert [row["Title"] for row in answer.body["records"]] == [text]


@example("upsert", [["LastName", "Id"], ["Id"]])
@given(
    st.sampled_from(["insert", "update", "upsert", "delete"]),
    st.lists(st.lists(st.sampled_from(["Id", "LastName", "Who.X", "a", "", '"', "#N/A"]))),
)
def test_no_upload_breaks_a_job(operation: str, rows: list[list[str]]) -> None:
    to = gate()
    wish = {"object": "Lead", "operation": operation, "externalIdFieldName": "Id"}
    made = send(to, "POST", f"{PREFIX}/jobs/ingest", body=orjson.dumps(wish))
    assert isinstance(made.body, dict)
    path = f"{PREFIX}/jobs/ingest/{made.body['id']}"
    to.org.jobs[str(made.body["id"])].upload = "\n".join(",".join(row) for row in rows).encode()
    send(to, "PATCH", path, body=b'{"state":"UploadComplete"}')
    for _ in range(3):
        last = send(to, "GET", path)
    assert isinstance(last.body, dict)
    assert last.body["state"] in {"JobComplete", "Failed"}
    assert is_told(send(to, "GET", f"{path}/failedResults"))

"""Queries: every value quoted in one place, whatever characters it has."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import connector.crm.salesforce
from connector.crm.salesforce import soql
from connector.sandbox.salesforce.soql_parser import parse
from connector.sandbox.salesforce.soql_tokens import unescaped
from connector.sandbox.salesforce.soql_tree import Comparison, Junction
from tests.crm.salesforce.relay import Relay
from tests.crm.salesforce_account import SalesforceAccount

ROOM = Path(connector.crm.salesforce.__file__).parent
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
NASTY = (
    "it's",
    "\\",
    "\\'",
    "' OR Name != '",
    "a\nb\r\tc\b\f",
    'say "so"',
    "100%_\\%",
    "%41+&=#?/",
    "\u2028\u2029\u0085",
    "é\u0301 😀 \U0010ffff",
    "{!x} :y {0} %s @{r0.body}",
    "--; /* */ \x1b[0m\x7f",
    "NULL",
    "2026-03-02T09:00:00Z",
)


def values_of(query: str) -> list[str]:
    """Return the texts that a query compares with, as the sandbox's parser understands them."""
    where = parse(query).where
    assert isinstance(where, Comparison)
    assert isinstance(where.values, tuple)
    return [unescaped(value.text) for value in where.values]


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_any_text_reaches_the_parser_unchanged(text: str) -> None:
    query = soql.select(["Id"], "Lead", [soql.compared("Title", "=", text)])
    assert values_of(query) == [text.replace("\0", "")]


@settings(max_examples=100, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_any_texts_reach_the_parser_one_by_one(texts: list[str]) -> None:
    query = soql.select(["Id"], "Lead", [soql.one_of("Title", texts)])
    assert values_of(query) == [text.replace("\0", "") for text in texts]


@pytest.mark.parametrize("text", NASTY)
def test_a_text_stays_one_value(text: str) -> None:
    conditions = [soql.compared("Title", "=", text), soql.says("IsDeleted", value=False)]
    where = parse(soql.select(["Id"], "Lead", conditions)).where
    assert isinstance(where, Junction)
    first, second = where.parts
    assert isinstance(first, Comparison)
    assert isinstance(second, Comparison)
    assert [unescaped(value.text) for value in first.values] == [text]  # type: ignore[union-attr]  # values
    assert second.path.parts == ("IsDeleted",)


@pytest.fixture(scope="module")
def org() -> Iterator[SalesforceAccount]:
    account = SalesforceAccount()
    account.settle()
    yield account
    account.sandbox.begin_stop()


def test_any_text_finds_its_record_over_http(org: SalesforceAccount) -> None:
    texts = [text for text in NASTY if text.strip() == text]
    made = {text: org.org.add("Task", {"Leadripe_Key__c": text}).id for text in texts}
    org.org.add("Task", {"Leadripe_Key__c": "decoy"})
    crm = org.connect()
    crm.account()
    for text in texts:
        query = soql.select(["Id"], "Task", [soql.compared("Leadripe_Key__c", "=", text)])
        answer = crm._client.get("/query", {"q": query})
        assert isinstance(answer, dict)
        assert [row["Id"] for row in answer["records"]] == [made[text]]
    whole = soql.select(["Id"], "Task", [soql.one_of("Leadripe_Key__c", texts)])
    answer = crm._client.get("/queryAll", {"q": whole})
    assert isinstance(answer, dict)
    assert {row["Id"] for row in answer["records"]} == set(made.values())


def test_instants_are_whole_seconds_in_utc() -> None:
    at = datetime(2026, 3, 2, 9, 0, 0, 999_999, UTC)
    assert soql.moment(at) == "2026-03-02T09:00:00Z"
    east = at.astimezone(UTC).replace(tzinfo=None)
    assert soql.moment(east.replace(tzinfo=UTC) + timedelta(hours=1)) == "2026-03-02T10:00:00Z"
    assert soql.behind("SystemModstamp", at, "Id", "00Q'").text == (
        "(SystemModstamp > 2026-03-02T09:00:00Z OR "
        "(SystemModstamp = 2026-03-02T09:00:00Z AND Id > '00Q\\''))"
    )


def test_a_column_is_selected_once() -> None:
    assert soql.select(["Id", "Email", "EMAIL", "Id"], "Lead") == "SELECT Id, Email FROM Lead"


WORDS = ("SELECT ", "WHERE ", " FROM ", " IN (", "LIKE ", " = '", " AND ")


def _glued(node: ast.AST) -> bool:
    """Tell whether a piece of a query is put together with something else."""
    if isinstance(node, ast.JoinedStr | ast.BinOp):
        parts: list[ast.AST] = list(ast.walk(node))
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("format", "replace"):
        parts = list(ast.walk(node.func))
    else:
        return False
    texts = [part.value for part in parts if isinstance(part, ast.Constant)]
    return any(isinstance(text, str) and word in text for text in texts for word in WORDS)


def _made_of_more_than_words(node: ast.AST) -> bool:
    """Tell whether a condition is made of anything but a text that stands in the code."""
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    return name == "Condition" and not all(isinstance(arg, ast.Constant) for arg in node.args)


def test_no_other_module_puts_a_query_together() -> None:
    found = [
        f"{path.name}:{getattr(node, 'lineno', 0)}"
        for path in sorted(ROOM.glob("*.py"))
        if path.name != "soql.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if _glued(node) or _made_of_more_than_words(node)
    ]
    assert found == []


def test_every_query_of_a_sync_is_one_that_the_parser_takes(org: SalesforceAccount) -> None:
    org.add_lead("Ana")
    with Relay(org.sandbox.url) as relay:
        crm = org.connect(base_url=relay.url, bulk_from=0)
        checkpoints = {
            stream: list(crm.pages(stream, None))[-1].checkpoint for stream in crm.streams()
        }
        crm.expect(dict(checkpoints))
        for stream in crm.streams():
            list(crm.pages(stream, checkpoints[stream]))
        queries = {
            url.partition("?q=")[2] for heard in relay.heard for url in heard.urls if "?q=" in url
        }
    assert len(queries) > 15
    for query in queries:
        assert parse(query).source

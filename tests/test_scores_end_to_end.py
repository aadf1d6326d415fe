"""Several scores and the question, from the rules file to the CRM and back."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hubspot import HubSpot

from connector.sandbox.hubspot.portal import Options
from connector.sandbox.serve import RunningSandbox, start
from tests.leadripe_process import leadripe, prepare

CONTACTS = 120
OURS = ["leadripe_score", "our_interest", "our_interest_why", "leadripe_grade", "leadripe_question"]
SCORES = """
scores:
  engagement: {label: Engagement}
  product_interest: {label: {en: Interest, fr: Intérêt}, highest: 20}
"""
RULE = """
rules:
  - {id: any_page, activity: [page_view, key_page_view, email_click, content_download], points: 1.5,
     score: product_interest}
"""


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    options = Options(index_lag=timedelta(0))
    with start(contacts=CONTACTS, seed=5, options=options) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, sandbox: RunningSandbox) -> Path:
    return prepare(tmp_path, sandbox.url, account=str(sandbox.portal.options.portal_id))


def edit(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


def with_several_scores(project: Path) -> None:
    rules = project / "mappings" / "rules.yaml"
    text = rules.read_text(encoding="utf-8")
    start_, end = text.index("\nscore:"), text.index("\nrules:")
    rules.write_text(text[:start_] + SCORES + text[end:], encoding="utf-8")
    edit(rules, "\nrules:\n", RULE)
    edit(
        project / "mappings" / "hubspot.yaml",
        "write:\n",
        "write:\n  scores: {product_interest: {points: our_interest, reasons: our_interest_why}}\n",
    )


def test_scores_and_questions_reach_the_crm_once(project: Path, sandbox: RunningSandbox) -> None:
    client = HubSpot(access_token=sandbox.token, host=sandbox.url, base_url=sandbox.url)
    with_several_scores(project)
    assert leadripe("provision", cwd=project).code == 0
    made = client.crm.properties.core_api.get_by_name("contacts", "our_interest")
    assert (made.label, made.type) == ("Lead score: Product interest", "number")
    synced = leadripe("sync", "--accept-large-change", "--json", cwd=project)
    assert synced.code == 0, synced.err

    rows = [row.properties for row in client.crm.contacts.get_all(properties=[*OURS, "email"])]
    assert max(Decimal(row["our_interest"]) for row in rows) > 1
    assert any(row["our_interest"] != row["leadripe_score"] for row in rows)
    for row in rows:
        assert bool(row["leadripe_question"]) == (row["leadripe_grade"] == "U")
    told = leadripe(
        "explain", next(row["email"] for row in rows if row["email"]), "--json", cwd=project
    )
    (interest,) = told.json()["others"]
    points = Decimal(interest["points"])
    assert sum(Decimal(each["points"]) for each in interest["reasons"]) == points
    row = next(row for row in rows if row["email"])
    assert Decimal(row["our_interest"]) == points.quantize(Decimal(1), ROUND_HALF_UP)

    again = leadripe("sync", "--json", cwd=project).json()
    assert again["plan"]["is_empty"]


def test_a_mapping_that_writes_a_score_which_the_rules_lack_is_refused(project: Path) -> None:
    with_several_scores(project)
    edit(project / "mappings" / "hubspot.yaml", "{product_interest:", "{product_intrest:")
    told = leadripe("plan", cwd=project)
    assert told.code == 4
    assert "the mapping writes a score «product_intrest», which these rules do not have" in told.err
    assert "did you mean «product_interest»?" in told.err

"""Scores of opportunities in both CRMs, as an admin uses them: processes, public clients."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hubspot import HubSpot
from hubspot.crm.deals import SimplePublicObjectInput
from hubspot.utils.objects import fetch_all

from connector.app.demo_crm import write_files
from connector.sandbox.hubspot.portal import Options
from connector.sandbox.serve import start
from tests.leadripe_process import leadripe
from tests.sandbox.salesforce.desk import public_client

CONTACTS = 120
RULES = """
opportunities:
  groups: {people: {cap: 25}}
  rules:
    - {id: large, label: A large amount, where: {amount: {gte: 10000}}, points: 10}
    - {id: closes, where: {closes: {within_next: 60d}}, points: 5}
    - {id: new, where: {type: [newbusiness, New Business]}, points: 3}
    - {id: fits, label: People who fit, contact: {grade: [A, B]}, points: 20, group: people}
    - {id: engaged, label: Engagement, share: {of: best, percent: 50%}, group: people}
"""
MAPPED = {
    "hubspot": (
        "  pipelines: all ",
        "  fields: {type: dealtype}\n"
        "  write: {score: leadripe_score, reasons: leadripe_reasons}\n  pipelines: all ",
    ),
    "salesforce": (
        "  record_types: all ",
        "  fields: {type: Type}\n"
        "  write: {score: Leadripe_Opportunity_Score__c,"
        " reasons: Leadripe_Opportunity_Reasons__c}\n  record_types: all ",
    ),
}
Deal = Mapping[str, str | None]


@dataclass(frozen=True)
class Selling:
    """A folder with scores of opportunities, and what people see and do in the CRM.

    `deals` returns {id: score, reasons and is_open}.
    """

    folder: Path
    deals: Callable[[], Mapping[str, Deal]]
    edit: Callable[[str, str], object]


def in_hubspot(sandbox: Any, folder: Path) -> Selling:
    client = HubSpot(access_token=sandbox.token, host=sandbox.url, base_url=sandbox.url)
    names = ["leadripe_score", "leadripe_reasons", "hs_is_closed"]

    def deals() -> Mapping[str, Deal]:
        rows = fetch_all(client.crm.deals.basic_api, properties=names)
        return {
            row.id: {
                "score": row.properties["leadripe_score"],
                "reasons": row.properties["leadripe_reasons"],
                "is_open": "yes" if row.properties["hs_is_closed"] != "true" else None,
            }
            for row in rows
        }

    def edit(deal: str, score: str) -> object:
        values = SimplePublicObjectInput(properties={"leadripe_score": score})
        return client.crm.deals.basic_api.update(deal, values)

    return Selling(folder, deals, edit)


def in_salesforce(sandbox: Any, folder: Path) -> Selling:
    client = public_client(sandbox)
    fields = "Id, Leadripe_Opportunity_Score__c, Leadripe_Opportunity_Reasons__c, IsClosed"

    def deals() -> Mapping[str, Deal]:
        rows = client.query_all(f"SELECT {fields} FROM Opportunity")["records"]  # noqa: S608  constant
        return {
            row["Id"]: {
                "score": _whole(row["Leadripe_Opportunity_Score__c"]),
                "reasons": row["Leadripe_Opportunity_Reasons__c"],
                "is_open": None if row["IsClosed"] else "yes",
            }
            for row in rows
        }

    def edit(deal: str, score: str) -> object:
        return client.Opportunity.update(deal, {"Leadripe_Opportunity_Score__c": int(score)})

    return Selling(folder, deals, edit)


def _whole(number: float | None) -> str | None:
    return None if number is None else str(int(number))


@pytest.fixture(params=["hubspot", "salesforce"])
def selling(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Selling]:
    crm: str = request.param
    if crm == "hubspot":
        running: Any = start(contacts=CONTACTS, seed=5, options=Options(index_lag=timedelta(0)))
    else:
        running = start(crm="salesforce", contacts=CONTACTS, seed=5)
    with running as sandbox:
        write_files(tmp_path, crm, sandbox)
        mapping = tmp_path / "mappings" / f"{crm}.yaml"
        text = mapping.read_text(encoding="utf-8")
        before, after = MAPPED[crm]
        assert text.count(before) == 1
        mapping.write_text(text.replace(before, after), encoding="utf-8")
        rules = tmp_path / "mappings" / "rules.yaml"
        rules.write_text(rules.read_text(encoding="utf-8") + RULES, encoding="utf-8")
        yield (in_hubspot if crm == "hubspot" else in_salesforce)(sandbox, tmp_path)


def test_open_deals_show_their_score_people_s_values_stay_and_all_of_it_can_be_undone(
    selling: Selling,
) -> None:
    folder = selling.folder
    assert leadripe("provision", cwd=folder).code == 0
    checked = leadripe("check", cwd=folder)
    assert checked.code == 0, checked.out
    first = leadripe("sync", "--json", cwd=folder)
    assert first.code == 0, first.err
    plan = first.json()["plan"]
    deals = selling.deals()
    opened = {id_: deal for id_, deal in deals.items() if deal["is_open"]}
    assert plan["opportunities"] == plan["opportunity_writes"] == len(opened) > 1
    assert plan["calls"]["opportunities"] == 1
    assert all(deal["score"] is None for deal in deals.values() if not deal["is_open"])

    best = max(opened, key=lambda id_: int(opened[id_]["score"] or ""))
    told = leadripe("explain", "--opportunity", best, "--json", cwd=folder).json()
    points = Decimal(told["points"])
    assert sum(Decimal(each["points"]) for each in told["reasons"]) == points > 0
    assert opened[best]["score"] == str(told["score"])
    first_line = (opened[best]["reasons"] or "").splitlines()[0]
    assert told["reasons"][0]["label"] in first_line
    assert told["people"]

    again = leadripe("sync", "--json", cwd=folder).json()["plan"]
    assert again["is_empty"]
    assert again["opportunities"] == len(opened)

    scored = leadripe("score", "--opportunities-out", "deals.csv", cwd=folder)
    assert scored.code == 0, scored.err
    assert f"Opportunities: {len(opened)} open ones have a score" in scored.out
    with (folder / "deals.csv").open(encoding="utf-8-sig", newline="") as file:
        written = {row["id"]: row["score"] for row in csv.DictReader(file)}
    assert written == {id_: deal["score"] for id_, deal in opened.items()}
    rules = folder / "mappings" / "rules.yaml"
    new = rules.read_text(encoding="utf-8").replace("10000}}, points: 10", "1}}, points: 12")
    (folder / "mappings" / "new.yaml").write_text(new, encoding="utf-8")
    told = leadripe("rules", "diff", str(rules), "mappings/new.yaml", cwd=folder)
    assert told.code == 0, told.err
    assert "A large amount" in told.out

    selling.edit(best, "99")
    kept = leadripe("sync", "--json", cwd=folder).json()["plan"]
    assert [each["opportunity"] for each in kept["kept"]] == [best]
    assert selling.deals()[best]["score"] == "99"

    undone = leadripe("undo", first.json()["run"], "--json", cwd=folder)
    assert undone.code == 0, undone.err
    assert undone.json()["undo"]["opportunities"] == len(opened)
    after = selling.deals()
    assert {id_: deal["score"] for id_, deal in after.items() if deal["score"]} == {best: "99"}
    assert all(deal["reasons"] is None for deal in after.values())

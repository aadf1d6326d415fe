"""The clock of hand-offs, tracks and a day to come back, in both CRMs: processes, over HTTP."""

import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.app.account import open_account
from connector.app.demo_crm import write_files
from connector.domain.contact import Owner
from connector.sandbox.hubspot.portal import Options
from connector.sandbox.salesforce.people import People
from connector.sandbox.serve import start
from tests.leadripe_process import leadripe

CONTACTS = 150
DAY_US = 86_400_000_000
AROUND_THE_CLOCK = {
    "days: [mon, tue, wed, thu, fri]": "days: [mon, tue, wed, thu, fri, sat, sun]",
    'hours: ["09:00-18:00"]': 'hours: ["00:00-24:00"]',
}
ESCALATED = "escalated: 200%}"
LATER = (date.today() + timedelta(days=100)).isoformat()  # noqa: DTZ011  any day ahead


def started(crm: str) -> Any:
    if crm == "hubspot":
        return start(contacts=CONTACTS, seed=5, options=Options(index_lag=timedelta(0)))
    return start(crm="salesforce", contacts=CONTACTS, seed=5)


def editing(crm: str, sandbox: Any) -> Callable[..., None]:
    """Return what sets properties of a contact, by our names, as a rep does."""

    def in_hubspot(contact: str, **values: str) -> None:
        answer = requests.patch(
            f"{sandbox.url}/crm/v3/objects/contacts/{contact}",
            json={"properties": {f"leadripe_{name}": value for name, value in values.items()}},
            headers={"Authorization": f"Bearer {sandbox.token}"},
            timeout=10,
        )
        assert answer.status_code == 200, answer.text

    def in_salesforce(contact: str, **values: str) -> None:
        fields = {f"Leadripe_{name.title()}__c": value for name, value in values.items()}
        People(sandbox.org).edit(contact, **fields)

    return in_hubspot if crm == "hubspot" else in_salesforce


def a_day_passes(folder: Path) -> None:
    """Let everything that was handed over have been so a day earlier."""
    with sqlite3.connect(folder / ".leadripe" / "state.db") as database:
        database.execute(
            "UPDATE state SET handed_off_us = handed_off_us - ? WHERE hand_off_open", [DAY_US]
        )


def shown(folder: Path, contact: str) -> Mapping[str, str | None]:
    """Return what the CRM shows of our results of a contact, by our names, as last read."""
    opened = open_account(folder / "leadripe.yaml")
    with opened.store(read_only=True) as store:
        known = store.find_contact(contact)
    assert known is not None
    properties = opened.loaded.mapping.results
    return {name: known.found.get(of) for name, of in properties.items() if of}


def with_sales(folder: Path) -> list[str]:
    with sqlite3.connect(folder / ".leadripe" / "state.db") as database:
        rows = database.execute(
            "SELECT c.id FROM contact c JOIN state s ON s.no = c.no WHERE s.hand_off_open"
            " AND s.hand_off_reason = 'need' ORDER BY c.id"
        ).fetchall()
    return [id_ for (id_,) in rows]


def change(folder: Path, texts: Mapping[str, str]) -> None:
    """Replace texts of the rules file."""
    rules = folder / "mappings" / "rules.yaml"
    text = rules.read_text(encoding="utf-8")
    for before, after in texts.items():
        assert before in text
        text = text.replace(before, after, 1)
    rules.write_text(text, encoding="utf-8")


def a_manager(folder: Path) -> Owner:
    opened = open_account(folder / "leadripe.yaml")
    with opened.store(read_only=True) as store:
        return next(each for each in store.load_owners() if each.is_active)


@pytest.mark.parametrize("crm", ["hubspot", "salesforce"])
def test_sales_is_kept_to_its_word(tmp_path: Path, crm: str) -> None:
    with started(crm) as sandbox:
        write_files(tmp_path, crm, sandbox)
        edit = editing(crm, sandbox)
        assert leadripe("provision", cwd=tmp_path).code == 0
        change(tmp_path, AROUND_THE_CLOCK)

        first = leadripe("sync", "--create-tasks", "--json", cwd=tmp_path)
        assert first.code == 0, first.err
        handed = first.json()["plan"]["tasks"]
        assert first.json()["plan"]["sla"] == {"running": handed}
        again = leadripe("sync", "--json", cwd=tmp_path).json()["plan"]
        assert (again["writes"], again["tasks"]) == (0, 0)
        answered, refused, *others = with_sales(tmp_path)
        assert shown(tmp_path, answered)["sla"] == "running"
        assert shown(tmp_path, answered)["track"] == "paused"
        due = datetime.fromisoformat(str(shown(tmp_path, answered)["due_at"]))
        assert timedelta(minutes=50) < due - datetime.now(UTC) <= timedelta(minutes=60)

        edit(answered, feedback="accepted")
        edit(refused, feedback="rejected_not_now", not_before=LATER)
        assert leadripe("sync", cwd=tmp_path).code == 0
        assert shown(tmp_path, answered)["sla"] == "met"
        assert shown(tmp_path, answered)["track"] == "paused", "sales has it now"
        told = {name: shown(tmp_path, refused)[name] for name in ("sla", "stage", "track")}
        assert told == {"sla": "met", "stage": "recycled", "track": "wake_up"}

        manager = a_manager(tmp_path)
        named = f"escalated: 200%, escalate_to: [gone@example.org, {manager.email}]}}"
        change(tmp_path, {ESCALATED: named})
        a_day_passes(tmp_path)
        late = leadripe("sync", "--json", cwd=tmp_path)
        assert late.code == 0, late.err
        plan = late.json()["plan"]
        assert plan["sla"]["escalated"] >= len(others) > 0
        assert plan["escalations"] == plan["sla"]["escalated"]
        # Who was touched on that day, and asked again on it, is handed over anew.
        assert plan["tasks"] == plan["escalations"] + plan["hand_offs"]
        assert plan["tasks_by_owner"][manager.id] >= plan["escalations"]
        assert plan["unknown_owners"] == ["gone@example.org"]
        assert leadripe("sync", "--json", cwd=tmp_path).json()["plan"]["tasks"] == 0
        assert shown(tmp_path, others[0])["sla"] == "escalated"
        assert shown(tmp_path, refused)["not_before"] == LATER, "what reps say is not written over"

"""Undoing as an admin does it: processes of their own, a sandbox over HTTP, read back by the
official client."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from hubspot import HubSpot
from hubspot.crm.contacts import SimplePublicObjectInput

from connector.sandbox.hubspot.portal import Options
from connector.sandbox.serve import RunningSandbox, start
from tests.leadripe_process import leadripe, prepare

CONTACTS = 120
NO_LAG = Options(index_lag=timedelta(0))
OURS = ["leadripe_score", "leadripe_stage", "leadripe_temperature", "leadripe_reasons"]


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with start(contacts=CONTACTS, seed=11, options=NO_LAG) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, sandbox: RunningSandbox) -> Path:
    folder = prepare(tmp_path, sandbox.url, account=str(sandbox.portal.options.portal_id))
    assert leadripe("provision", cwd=folder).code == 0
    assert leadripe("sync", "--create-tasks", cwd=folder).code == 0
    return folder


@pytest.fixture
def client(sandbox: RunningSandbox) -> HubSpot:
    return HubSpot(access_token=sandbox.token, host=sandbox.url, base_url=sandbox.url)


def shown(client: HubSpot) -> dict[str, Mapping[str, str | None]]:
    """Return {contact: our properties} as the CRM holds them."""
    rows = client.crm.contacts.get_all(properties=OURS)
    return {row.id: {name: row.properties[name] for name in OURS} for row in rows}


def run_of_the_sync(project: Path) -> str:
    return str(
        next(
            run["id"]
            for run in leadripe("runs", "--json", cwd=project).json()
            if run["command"] == "sync"
        )
    )


def test_a_sync_is_taken_back_but_for_what_a_person_changed(project: Path, client: HubSpot) -> None:
    run, written = run_of_the_sync(project), shown(client)
    edited, deleted, *_ = written
    edit = SimplePublicObjectInput(properties={"leadripe_score": "99"})
    client.crm.contacts.basic_api.update(edited, edit)
    client.crm.contacts.basic_api.archive(deleted)

    looked = leadripe("undo", run, "--dry-run", "--json", cwd=project)
    assert looked.code == 0, looked.err
    told = looked.json()["undo"]
    assert (told["contacts"], told["restores"], told["deleted"]) == (CONTACTS, CONTACTS - 1, 1)
    kept = {"contact": edited, "opportunity": None, "property": "leadripe_score"}
    assert told["kept"] == [{**kept, "why": "person", "run": None}]
    assert told["tasks_open"] > 0
    assert told["calls"] == {"look": 2, "write": 2}
    assert shown(client)[edited] == {**written[edited], "leadripe_score": "99"}

    undone = leadripe("undo", run, "--json", cwd=project)
    assert undone.code == 0, undone.err
    report = undone.json()
    assert report["outcome"] == "done"
    assert report["counts"]["contacts_accepted"] == CONTACTS - 1
    assert report["counts"]["write_calls"] == report["counts"]["planned_calls"] == 2
    empty = dict.fromkeys(OURS)
    now = shown(client)
    assert {id_: {n: v or None for n, v in values.items()} for id_, values in now.items()} == {
        **dict.fromkeys(now, empty),
        edited: {**empty, "leadripe_score": "99"},
    }

    again = leadripe("undo", run, "--json", cwd=project).json()
    assert again["undo"]["restores"] == 0
    assert again["counts"].get("contacts_accepted", 0) == 0

    plan = leadripe("plan", "--json", cwd=project).json()["plan"]
    assert plan["writes"] == CONTACTS - 1
    assert plan["kept"] == [{"contact": edited, "opportunity": None, "property": "leadripe_score"}]
    assert plan["tasks"] == 0


def test_what_is_printed_says_what_was_restored_and_what_comes_next(project: Path) -> None:
    run = run_of_the_sync(project)
    looked = leadripe("undo", run, "--dry-run", cwd=project)
    assert looked.code == 0, looked.err
    assert f"Nothing was written. `leadripe undo {run}` restores them." in looked.out
    undone = leadripe("undo", run, cwd=project)
    assert undone.code == 0, undone.err
    for words in (
        f"Undo of run {run}",
        "contacts accepted",
        "tasks that it created are still open, and stay",
        "The next sync would write them again: correct the rules first.",
    ):
        assert words in undone.out
    listed = leadripe("runs", "--json", cwd=project).json()
    assert [(each["command"], each["message"]) for each in listed[:2]] == [
        ("undo", f"of run {run}"),
        ("undo", f"of run {run}, only looked"),
    ]


def test_a_run_that_cannot_be_undone_is_wrong_usage(project: Path) -> None:
    for asked in ("99", "yesterday"):
        told = leadripe("undo", asked, cwd=project)
        assert (told.code, told.out) == (2, "")
        assert f"there is no run {asked}" in told.err
        assert "leadripe runs" in told.err
    leadripe("undo", run_of_the_sync(project), "--dry-run", cwd=project)
    latest = leadripe("runs", "--json", cwd=project).json()[0]
    assert "is itself an undo" in leadripe("undo", latest["id"], cwd=project).err

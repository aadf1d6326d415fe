"""The label of HubSpot's leads, as an admin uses it: processes, a sandbox over HTTP."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hubspot import HubSpot
from hubspot.utils.objects import fetch_all

from connector.sandbox.hubspot.portal import Options
from connector.sandbox.hubspot.schema import Option
from connector.sandbox.serve import RunningSandbox, start
from tests.leadripe_process import leadripe, prepare

ACCOUNT = Options(leads=True, index_lag=timedelta(0))
NAMES = ["hs_lead_label", "hs_lead_is_open", "hs_lead_name", "hs_pipeline_stage"]
NEEDED = ["leadripe_stage", "leadripe_temperature"]
RANK = [None, "COLD", "WARM", "HOT"]
LABELS = {"cold": "COLD", "warm": "WARM", "hot": "HOT"}
Shown = dict[str, dict[str, str | None]]


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    # So many that leads of each temperature are there at any hour: the made-up stories end now.
    with start(contacts=400, seed=11, options=ACCOUNT) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, sandbox: RunningSandbox) -> Path:
    account = str(sandbox.portal.options.portal_id)
    folder = prepare(tmp_path, sandbox.url, account=account, mapped="\nleads: {}\n")
    assert leadripe("provision", cwd=folder).code == 0
    return folder


@pytest.fixture
def client(sandbox: RunningSandbox) -> HubSpot:
    return HubSpot(access_token=sandbox.token, host=sandbox.url, base_url=sandbox.url)


def shown(client: HubSpot) -> Shown:
    """Return {lead: its properties, and the stage and temperature of its contact}."""
    people = {
        row.id: row.properties
        for row in client.crm.contacts.get_all(properties=NEEDED, associations=["leads"])
    }
    found: Shown = {}
    for row in fetch_all(
        client.crm.objects.leads.basic_api, properties=NAMES, associations=["contacts"]
    ):
        contact = people[row.associations["contacts"].results[0].id]
        found[row.id] = {
            **{name: row.properties[name] or None for name in NAMES},
            "stage": contact["leadripe_stage"],
            "temperature": contact["leadripe_temperature"],
        }
    return found


def relabel(client: HubSpot, id_: str, label: str) -> None:
    client.crm.objects.leads.basic_api.update(id_, {"properties": {"hs_lead_label": label}})


def labels(rows: Shown) -> dict[str, str | None]:
    return {id_: row["hs_lead_label"] for id_, row in rows.items()}


def ours(before: Shown, after: Shown) -> list[str]:
    """Return the leads of which a run changed the label."""
    return [id_ for id_, label in labels(after).items() if label != before[id_]["hs_lead_label"]]


def test_open_leads_show_the_temperature_and_nothing_else_changes(
    project: Path, client: HubSpot
) -> None:
    checked = leadripe("check", cwd=project)
    assert checked.code == 0, checked.out
    assert "leads: hs_lead_label may be written" in checked.out
    before = shown(client)
    synced = leadripe("sync", "--json", cwd=project)
    assert synced.code == 0, synced.err
    after, report = shown(client), synced.json()
    assert before.keys() == after.keys(), "no lead is made"
    changed = ours(before, after)
    assert report["plan"]["leads"] == report["counts"]["leads_accepted"] == len(changed) > 5
    assert report["plan"]["properties"]["leads/hs_lead_label"] == len(changed)
    assert report["plan"]["calls"]["leads"] == 1
    assert report["counts"]["write_calls"] == report["plan"]["calls"]["total"]
    for id_, row in after.items():
        was, wanted = before[id_]["hs_lead_label"], LABELS.get(row["temperature"] or "")
        if row["hs_lead_is_open"] == "true" and row["stage"] == "lead":
            assert row["hs_lead_label"] == max(was, wanted, key=RANK.index)
        for name in ("hs_lead_is_open", "hs_lead_name", "hs_pipeline_stage"):
            assert row[name] == before[id_][name]
        if row["hs_lead_is_open"] == "false":
            assert row["hs_lead_label"] == was
    again = leadripe("sync", "--json", cwd=project).json()
    assert (again["plan"]["is_empty"], again["counts"]["write_calls"]) == (True, 0)


def open_lead(client: HubSpot, contact: str) -> str:
    link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 578}
    wish = {
        "properties": {"hs_lead_name": "New"},
        "associations": [{"to": {"id": contact}, "types": [link]}],
    }
    return str(client.crm.objects.leads.basic_api.create(wish).id)


def test_what_a_person_chooses_is_kept_and_a_new_lead_is_labelled(
    project: Path, client: HubSpot
) -> None:
    before = shown(client)
    assert leadripe("sync", cwd=project).code == 0
    after = shown(client)
    chosen, cleared = ours(before, after)[:2]
    other = "COLD" if after[chosen]["hs_lead_label"] == "HOT" else "HOT"
    relabel(client, chosen, other)
    relabel(client, cleared, "")
    people = client.crm.contacts.get_all(properties=NEEDED, associations=["leads"])
    rests = next(
        row
        for row in people
        if row.properties["leadripe_temperature"] == "warm" and not row.associations
    )
    new = open_lead(client, rests.id)
    report = leadripe("sync", "--json", cwd=project).json()
    assert (report["plan"]["writes"], report["plan"]["leads"]) == (0, 2)
    (kept,) = report["plan"]["kept"]
    assert kept["property"] == f"leads/{chosen}/hs_lead_label"
    now = labels(shown(client))
    assert now == labels(after) | {chosen: other, new: "WARM"}
    assert leadripe("sync", cwd=project).code == 0
    assert labels(shown(client)) == now


def test_undo_restores_every_label(project: Path, client: HubSpot) -> None:
    before = shown(client)
    assert leadripe("sync", cwd=project).code == 0
    after = shown(client)
    changed = ours(before, after)
    relabel(client, changed[0], "WARM" if after[changed[0]]["hs_lead_label"] != "WARM" else "COLD")
    runs = leadripe("runs", "--json", cwd=project).json()
    run = next(str(each["id"]) for each in runs if each["command"] == "sync")
    looked = leadripe("undo", run, "--dry-run", cwd=project)
    assert f"leads to restore {len(changed) - 1}" in " ".join(looked.out.split())
    undone = leadripe("undo", run, cwd=project)
    assert undone.code == 0, undone.err
    restored = labels(shown(client))
    assert restored.pop(changed[0]) != after[changed[0]]["hs_lead_label"]
    before_labels = labels(before)
    del before_labels[changed[0]]
    assert restored == before_labels


def test_a_refused_label_is_told_and_can_be_sent_again(
    project: Path, client: HubSpot, sandbox: RunningSandbox
) -> None:
    mapping = project / "mappings" / "hubspot.yaml"
    text = mapping.read_text(encoding="utf-8")
    write = "{lead_cold: FROSTY, lead_warm: WARM, lead_hot: HOT}"
    mapping.write_text(text.replace("leads: {}", f"leads: {{write: {write}}}"), encoding="utf-8")
    told = leadripe("check", "--json", cwd=project)
    assert told.code == 4
    assert any(
        "leads: hs_lead_label has no option «FROSTY»" in each["what"] for each in told.json()
    )
    synced = leadripe("sync", "--json", cwd=project)
    assert synced.code == 3
    counts = synced.json()["counts"]
    assert counts["leads_refused"] > 0
    assert counts["leads_accepted"] > 0
    assert counts["contacts_accepted"] == 400
    listed = leadripe("outbox", "list", cwd=project)
    assert "lead" in listed.out
    assert "FROSTY" in listed.out
    prop = sandbox.portal.schemas["leads"].properties["hs_lead_label"]
    prop.options.append(Option("Frosty", "FROSTY", 3))
    assert leadripe("outbox", "retry", cwd=project).code == 0
    pushed = leadripe("push", "--json", cwd=project).json()
    assert pushed["counts"]["leads_accepted"] == counts["leads_refused"]
    assert "FROSTY" in labels(shown(client)).values()


def test_an_account_without_leads_stops_before_anything_is_written(tmp_path: Path) -> None:
    with start(contacts=20, seed=1, options=Options(index_lag=timedelta(0))) as sandbox:
        folder = prepare(tmp_path, sandbox.url)
        assert leadripe("provision", cwd=folder).code == 0
        mapping = folder / "mappings" / "hubspot.yaml"
        mapping.write_text(mapping.read_text(encoding="utf-8") + "\nleads: {}\n", encoding="utf-8")
        checked = leadripe("check", cwd=folder)
        assert checked.code == 4
        assert "Sales Hub Professional" in " ".join(checked.out.split())
        before = sandbox.portal.changes
        synced = leadripe("sync", cwd=folder)
        assert synced.code == 3
        assert "crm.objects.leads.read" in synced.err
        assert sandbox.portal.changes == before

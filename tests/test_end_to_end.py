"""The whole loop as an admin runs it: processes of their own, a sandbox over HTTP, read back by the
official client."""

import json
import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hubspot import HubSpot
from hubspot.crm.contacts import SimplePublicObjectInput, SimplePublicObjectInputForCreate

from connector.sandbox.hubspot.portal import Options
from connector.sandbox.serve import RunningSandbox, start
from tests.leadripe_process import CLI, leadripe, prepare

CONTACTS = 250
NO_LAG = Options(index_lag=timedelta(0))


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with start(contacts=CONTACTS, seed=11, options=NO_LAG) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, sandbox: RunningSandbox) -> Path:
    return prepare(tmp_path, sandbox.url, account=str(sandbox.portal.options.portal_id))


@pytest.fixture
def client(sandbox: RunningSandbox) -> HubSpot:
    return HubSpot(access_token=sandbox.token, host=sandbox.url, base_url=sandbox.url)


OURS = ["leadripe_score", "leadripe_stage", "leadripe_temperature", "leadripe_reasons"]


def test_the_loop_from_an_empty_folder_to_scores_in_the_crm(project: Path, client: HubSpot) -> None:
    assert leadripe("provision", cwd=project).code == 0
    checked = leadripe("check", "--json", cwd=project)
    assert checked.code == 0, checked.out
    assert {finding["severity"] for finding in checked.json()} == {"ok"}

    planned = leadripe("plan", "--json", cwd=project).json()
    assert planned["plan"]["writes"] == CONTACTS
    assert planned["plan"]["withheld"] == planned["plan"]["hand_offs"] > 0
    untouched = client.crm.contacts.basic_api.get_page(limit=100, properties=OURS)
    assert all(row.properties["leadripe_score"] is None for row in untouched.results)

    synced = leadripe("sync", "--create-tasks", "--accept-large-change", "--json", cwd=project)
    assert synced.code == 0, synced.err
    report = synced.json()
    assert report["outcome"] == "done"
    assert report["counts"]["contacts_accepted"] == CONTACTS
    assert report["counts"]["tasks_accepted"] == report["plan"]["tasks"] > 0

    rows = client.crm.contacts.get_all(properties=OURS)
    assert len(rows) == CONTACTS
    assert all(0 <= int(row.properties["leadripe_score"]) <= 100 for row in rows)
    assert all(row.properties["leadripe_stage"] for row in rows)
    tasks = client.crm.objects.get_all("tasks", properties=["leadripe_key"])
    keys = [task.properties["leadripe_key"] for task in tasks if task.properties["leadripe_key"]]
    assert len(keys) == len(set(keys)) == report["plan"]["tasks"]

    again = leadripe("sync", "--json", cwd=project).json()
    assert again["plan"]["is_empty"]
    assert again["counts"].get("contacts_accepted", 0) == 0
    assert sum(again["calls"].values()) <= 10


def test_planned_calls_and_spent_calls_agree(project: Path) -> None:
    assert leadripe("provision", cwd=project).code == 0
    assert leadripe("pull", cwd=project).code == 0
    planned = leadripe("plan", "--no-pull", "--create-tasks", "--json", cwd=project).json()
    pushed = leadripe("push", "--create-tasks", "--accept-large-change", "--json", cwd=project)
    counts = pushed.json()["counts"]
    assert counts["write_calls"] == counts["planned_calls"] == planned["plan"]["calls"]["total"]
    reading = 3  # whose account it is, and the owners, active and archived, who may get tasks
    assert sum(pushed.json()["calls"].values()) == counts["write_calls"] + reading


def test_a_value_that_a_person_changed_is_kept_and_reported(project: Path, client: HubSpot) -> None:
    assert leadripe("provision", cwd=project).code == 0
    assert leadripe("sync", "--json", cwd=project).code == 0
    contact = client.crm.contacts.basic_api.get_page(limit=1, properties=OURS).results[0]
    edit = SimplePublicObjectInput(properties={"leadripe_score": "99"})
    client.crm.contacts.basic_api.update(contact.id, edit)

    report = leadripe("sync", "--json", cwd=project).json()
    kept = {"contact": contact.id, "opportunity": None, "property": "leadripe_score"}
    assert report["plan"]["kept"] == [kept]
    shown = client.crm.contacts.basic_api.get_by_id(contact.id, properties=OURS)
    assert shown.properties["leadripe_score"] == "99"

    clear = SimplePublicObjectInput(properties={"leadripe_score": ""})
    client.crm.contacts.basic_api.update(contact.id, clear)
    report = leadripe("sync", "--json", cwd=project).json()
    assert report["plan"]["kept"] == []
    shown = client.crm.contacts.basic_api.get_by_id(contact.id, properties=OURS)
    assert shown.properties["leadripe_score"] == contact.properties["leadripe_score"]


def test_explain_adds_up_for_a_contact_found_by_address(project: Path, client: HubSpot) -> None:
    assert leadripe("provision", cwd=project).code == 0
    assert leadripe("sync", cwd=project).code == 0
    scored = [
        row
        for row in client.crm.contacts.get_all(properties=[*OURS, "email"])
        if int(row.properties["leadripe_score"]) > 0 and row.properties["email"]
    ]
    for row in scored[:5]:
        told = leadripe("explain", row.properties["email"], "--json", cwd=project).json()
        assert told["contact"] == row.id
        parts = sum(Decimal(reason["points"]) for reason in told["reasons"])
        assert parts == Decimal(told["points"])
        assert told["stage"] == row.properties["leadripe_stage"]


README = Path(__file__).parent.parent / "README.md"


SECOND = "## Ten minutes to a first plan on your Salesforce"


def quoted_commands(*, salesforce: bool = False) -> list[str]:
    """Return the README's `leadripe …` lines for one CRM, comments cut, in order."""
    hubspot, _, rest = README.read_text(encoding="utf-8").partition(SECOND)
    section = rest.partition("\n## ")[0] if salesforce else hubspot + rest.partition("\n## ")[2]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [line.split("  #")[0].strip() for line in lines if line.startswith("leadripe ")]


def test_the_readme_s_commands_work_in_order(
    tmp_path: Path, sandbox: RunningSandbox, client: HubSpot
) -> None:
    ana = {"email": "ana@example.com", "firstname": "Ana", "jobtitle": "IT Director"}
    client.crm.contacts.basic_api.create(SimplePublicObjectInputForCreate(properties=ana))
    commands = quoted_commands()
    assert commands[0] == "leadripe init"
    assert {"leadripe check", "leadripe plan", "leadripe sync"} < set(commands)
    prepare(tmp_path, sandbox.url)
    for command in commands:
        told = leadripe(*shlex.split(command)[1:], cwd=tmp_path)
        expected = 4 if command == "leadripe check" else 0  # before provisioning it finds gaps
        assert told.code == expected, (command, told.err, told.out)


def test_the_readme_s_commands_work_on_salesforce_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = quoted_commands(salesforce=True)
    assert commands[0] == "leadripe init --crm salesforce"
    assert {"leadripe check", "leadripe plan", "leadripe sync"} < set(commands)
    with start(crm="salesforce", contacts=60, seed=11) as org:
        monkeypatch.setenv("SF_CLIENT_ID", org.consumer_key)
        (tmp_path / "server.key").write_text(org.private_key)
        for command in commands:
            told = leadripe(*shlex.split(command)[1:], cwd=tmp_path)
            expected = 4 if command == "leadripe check" else 0  # before provisioning it finds gaps
            assert told.code == expected, (command, told.err, told.out)
            if "init" in command:
                _point_at(tmp_path / "leadripe.yaml", org.url, org.username)
        scores = [
            row.values.get("Leadripe_Score__c") for row in org.org.table("Lead").rows.values()
        ]
        assert None not in scores


def _point_at(settings: Path, url: str, username: str) -> None:
    text = settings.read_text()
    text = text.replace("https://acme.my.salesforce.com", url)
    settings.write_text(text.replace("leadripe@acme.com", username))


def test_logs_for_machines_are_json_throughout_and_name_nobody(
    project: Path, sandbox: RunningSandbox, client: HubSpot
) -> None:
    assert leadripe("provision", cwd=project).code == 0
    told = leadripe("-v", "--log-format", "json", "sync", "--json", cwd=project)
    assert told.code == 0
    lines = [json.loads(line) for line in told.err.splitlines()]
    assert {"progress", "run.ended"} <= {line["event"] for line in lines}
    assert {line["run"] for line in lines} == {told.json()["run"]}
    people = client.crm.contacts.basic_api.get_page(limit=100, properties=["email"]).results
    addresses = [row.properties["email"] for row in people if row.properties["email"]]
    assert addresses
    assert not [each for each in addresses if each in told.err + told.out]
    assert sandbox.token not in told.err + told.out


def test_the_readme_names_only_files_that_exist() -> None:
    links = re.findall(r"\]\(((?:docs|mappings)/[^)#]+)\)", README.read_text(encoding="utf-8"))
    assert links
    missing = [link for link in links if not (README.parent / link).exists()]
    assert missing == []


def test_the_demo_runs_and_can_be_played_on_with(tmp_path: Path) -> None:
    began = datetime.now(UTC)
    shown = leadripe("demo", "--contacts", "120", cwd=tmp_path)
    assert shown.code == 0, shown.err
    assert datetime.now(UTC) - began < timedelta(minutes=2)
    assert shown.err.count("reading contacts: 0") <= 1  # the first sync's lines alone
    assert "syncing once more: 1 of 1" in shown.err
    for word in ("Funnel", "contacts accepted", "A second sync, right after: 0 writes", "Play on"):
        assert word in shown.out
    assert f"python {CLI} -c leadripe-demo/leadripe.yaml explain " in shown.out
    folder = tmp_path / "leadripe-demo"
    runs = leadripe("-c", str(folder / "leadripe.yaml"), "runs", "--json", cwd=tmp_path).json()
    assert [run["outcome"] for run in runs] == ["done", "done"]
    with start(state=folder / "sandbox.state", port=_port(folder)):
        plan = leadripe("-c", str(folder / "leadripe.yaml"), "plan", "--json", cwd=tmp_path)
    assert plan.json()["plan"]["is_empty"], plan.out


def _port(folder: Path) -> int:
    found = re.search(
        r"base_url: http://127.0.0.1:(\d+)", (folder / "leadripe.yaml").read_text(encoding="utf-8")
    )
    assert found
    return int(found[1])

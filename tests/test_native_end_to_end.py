"""The CRM's own stage fields, as an admin uses them: processes, a sandbox over HTTP."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from hubspot import HubSpot
from hubspot.crm.contacts import SimplePublicObjectInput

from connector.sandbox.hubspot.portal import Options
from connector.sandbox.serve import RunningSandbox, start
from tests.leadripe_process import leadripe, prepare

NO_LAG = Options(index_lag=timedelta(0))
NAMES = ["lifecyclestage", "hs_lead_status", "leadripe_stage", "leadripe_temperature"]
ORDER = [
    *("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity"),
    *("customer", "evangelist", "other"),
]
NATIVE = f"""
native:
  lifecyclestage:
    write:
      lead: lead
      handed_off: marketingqualifiedlead
      prospect: salesqualifiedlead
      open_deal: opportunity
      client: customer
    read: {{customer: client, evangelist: client}}
    order: [{", ".join(ORDER)}]
  hs_lead_status:
    write: {{handed_off: NEW, open_deal: OPEN_DEAL}}
    read: {{UNQUALIFIED: rejected}}
"""


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    # So many that each stage is there at any hour of the day: the made-up stories end now.
    with start(contacts=400, seed=11, options=NO_LAG) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, sandbox: RunningSandbox) -> Path:
    account = str(sandbox.portal.options.portal_id)
    folder = prepare(tmp_path, sandbox.url, account=account, mapped=NATIVE)
    assert leadripe("provision", cwd=folder).code == 0
    return folder


@pytest.fixture
def client(sandbox: RunningSandbox) -> HubSpot:
    return HubSpot(access_token=sandbox.token, host=sandbox.url, base_url=sandbox.url)


def shown(client: HubSpot) -> dict[str, Mapping[str, str | None]]:
    rows = client.crm.contacts.get_all(properties=NAMES)
    return {row.id: {name: row.properties[name] for name in NAMES} for row in rows}


def edit(client: HubSpot, id_: str, **properties: str) -> None:
    client.crm.contacts.basic_api.update(id_, SimplePublicObjectInput(properties=properties))


def rank(row: Mapping[str, str | None]) -> int:
    return ORDER.index(row["lifecyclestage"] or "subscriber")


def test_stages_go_to_the_crms_own_fields_and_never_down(project: Path, client: HubSpot) -> None:
    checked = leadripe("check", cwd=project)
    assert checked.code == 0, checked.out
    before = shown(client)
    synced = leadripe("sync", "--create-tasks", "--json", cwd=project)
    assert synced.code == 0, synced.err
    after = shown(client)
    assert all(rank(after[id_]) >= rank(row) for id_, row in before.items())
    raised = {id_ for id_, row in before.items() if rank(after[id_]) > rank(row)}
    assert raised
    said = {(row["leadripe_stage"], row["lifecyclestage"]) for row in after.values()}
    assert ("lead", "marketingqualifiedlead") in said
    assert ("client", "customer") in said
    with_sales = [
        row for row in after.values() if row["lifecyclestage"] == "marketingqualifiedlead"
    ]
    assert {row["hs_lead_status"] for row in with_sales} == {"NEW"}
    again = leadripe("sync", "--json", cwd=project).json()
    assert again["plan"]["writes"] == 0


def test_what_people_set_is_read_and_kept(project: Path, client: HubSpot) -> None:
    assert leadripe("sync", "--create-tasks", cwd=project).code == 0
    rows = shown(client)
    lead, refused = [
        id_ for id_, row in rows.items() if row["lifecyclestage"] == "marketingqualifiedlead"
    ][:2]
    edit(client, lead, lifecyclestage="evangelist")
    edit(client, refused, hs_lead_status="UNQUALIFIED")
    assert leadripe("sync", cwd=project).code == 0
    after = shown(client)
    assert after[lead]["leadripe_stage"] == "client"
    assert after[lead]["lifecyclestage"] == "evangelist"
    assert after[refused]["leadripe_stage"] == "recycled"
    assert after[refused]["hs_lead_status"] == "UNQUALIFIED"
    assert leadripe("sync", "--json", cwd=project).json()["plan"]["writes"] == 0


def test_undo_restores_the_lower_stage_that_stood_there(project: Path, client: HubSpot) -> None:
    before = {id_: row["lifecyclestage"] for id_, row in shown(client).items()}
    assert leadripe("sync", "--create-tasks", cwd=project).code == 0
    assert {id_: row["lifecyclestage"] for id_, row in shown(client).items()} != before
    runs = leadripe("runs", "--json", cwd=project).json()
    run = next(str(each["id"]) for each in runs if each["command"] == "sync")
    undone = leadripe("undo", run, "--json", cwd=project)
    assert undone.code == 0, undone.err
    assert {id_: row["lifecyclestage"] for id_, row in shown(client).items()} == before


def test_options_that_the_account_does_not_have_are_told(project: Path) -> None:
    mapping = project / "mappings" / "hubspot.yaml"
    text = mapping.read_text(encoding="utf-8")
    wrong = text.replace(
        "handed_off: marketingqualifiedlead", "handed_off: Marketing Qualified Lead"
    )
    mapping.write_text(wrong.replace("hs_lead_status:", "hs_lead_statuss:"), encoding="utf-8")
    told = leadripe("check", "--json", cwd=project)
    assert told.code == 4
    errors = {each["what"]: each["do"] for each in told.json() if each["severity"] == "error"}
    (option,) = [what for what in errors if "has no option «Marketing Qualified Lead»" in what]
    assert "Write its internal name, marketingqualifiedlead." in errors[option]
    assert any("no field «hs_lead_statuss»" in what for what in errors)

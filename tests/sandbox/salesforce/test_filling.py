from datetime import timedelta
from pathlib import Path
from subprocess import CalledProcessError

import pytest
import requests
import urllib3

from connector.errors import UsageError
from connector.sandbox.apart import salesforce_apart
from connector.sandbox.generate import generate
from connector.sandbox.salesforce.fill import fill
from connector.sandbox.salesforce.org import Options, Org
from connector.sandbox.serve import start
from tests.sandbox.hubspot.test_filling import WORLD
from tests.sandbox.salesforce.desk import DATA, NOON, Desk


@pytest.fixture
def filled(desk: Desk) -> Desk:
    fill(desk.org, WORLD)
    return desk


def test_who_has_a_deal_is_a_contact_with_an_account(filled: Desk) -> None:
    [ana] = filled.rows(
        "SELECT Name, Email, Title, Owner.Name, Account.Name, Fit_Score__c, tags__c, "
        "Language__c FROM Contact WHERE World_Key__c = 'p1'"
    )
    assert (ana["Name"], ana["Email"], ana["Title"]) == ("Ana Silva", "Ana@Acme.example", "CTO")
    assert (ana["Owner"]["Name"], ana["Account"]["Name"]) == ("Rita Roy", "Acme")
    assert (ana["Fit_Score__c"], ana["tags__c"], ana["Language__c"]) == (7.0, "a", "fr")
    assert filled.rows("SELECT LastName, Company FROM Lead") == [
        {"LastName": "Mail", "Company": "[not provided]"}
    ]
    deals = filled.rows(
        "SELECT Name, IsWon, StageName, (SELECT Contact.Name FROM OpportunityContactRoles) "
        "FROM Opportunity"
    )
    assert (deals[0]["IsWon"], deals[0]["StageName"]) == (True, "Closed Won")
    role = deals[0]["OpportunityContactRoles"]["records"][0]
    assert role["Contact"]["Name"] == "Ana Silva"


def test_what_happened_stands_in_the_objects_that_salesforce_has_for_it(filled: Desk) -> None:
    members = filled.rows(
        "SELECT Campaign.Name, Campaign.Type, Status, HasResponded, FirstRespondedDate "
        "FROM CampaignMember ORDER BY Id"
    )
    told = [(m["Campaign"]["Type"], m["Status"], m["HasResponded"]) for m in members]
    assert told == [
        ("Web", "Responded", True),
        ("Email", "Unsubscribed", True),
        ("Webinar", "Attended", True),
    ]
    assert members[0]["FirstRespondedDate"] == "2026-03-04"
    tasks = filled.rows("SELECT TaskSubtype, CallType, CallDisposition, Who.Type FROM Task")
    assert [task["TaskSubtype"] for task in tasks] == [
        "List Email", "Call", "Email", "LinkedIn", "Task",
    ]  # fmt: skip
    assert (tasks[1]["CallType"], tasks[1]["CallDisposition"]) == ("Outbound", "No answer")
    assert filled.rows("SELECT Subject, Outcome__c FROM Event") == [
        {"Subject": "Intro", "Outcome__c": "cancelled"}
    ]
    mails = filled.rows(
        "SELECT Incoming, IsOpened, Activity.TaskSubtype, (SELECT RelationType FROM "
        "EmailMessageRelations) FROM EmailMessage ORDER BY MessageDate"
    )
    assert [(m["Incoming"], m["IsOpened"], m["Activity"]["TaskSubtype"]) for m in mails] == [
        (False, True, "List Email"),
        (True, False, "Email"),
    ]
    [ana] = filled.rows("SELECT HasOptedOutOfEmail, pi__score__c, LastActivityDate FROM Contact")
    assert ana == {
        "HasOptedOutOfEmail": True, "pi__score__c": 3.0, "LastActivityDate": "2026-03-16"
    }  # fmt: skip


def test_the_same_world_gives_the_same_records() -> None:
    world = generate(people=30, seed=5, ends_at=NOON)
    first, second = Org(Options()), Org(Options())
    for org in (first, second):
        fill(org, world)
    for name, table in first.tables.items():
        rows = second.tables[name].rows
        assert {i: r.values for i, r in table.rows.items()} == {
            i: r.values for i, r in rows.items()
        }
    assert len(first.table("Lead").rows) + len(first.table("Contact").rows) == 30
    assert max(r.stamp_s for r in first.table("Lead").rows.values()) <= int(NOON.timestamp())


def test_a_sandbox_starts_filled_and_lets_its_keys_in() -> None:
    with start(crm="salesforce", contacts=20, seed=3, ends_at=NOON) as running:
        headers = {"Authorization": f"Bearer {running.token}"}
        url = f"{running.url}{DATA}/query?q=SELECT+COUNT()+FROM+User"
        assert urllib3.request("GET", url, headers=headers).json()["totalSize"] > 1
        assert running.private_key.startswith("-----BEGIN PRIVATE KEY")
    with pytest.raises(UsageError, match="teapot"):
        start(crm="salesforce", contacts=1, faults="teapot=1")


def test_an_org_comes_back_from_its_file(tmp_path: Path) -> None:
    state = tmp_path / "org.json"
    with start(crm="salesforce", contacts=10, seed=3, ends_at=NOON, state=state) as first:
        first.org.required.add("Lead.Title")
        kept = {name: list(table.rows.values()) for name, table in first.org.tables.items()}
    assert state.stat().st_mode & 0o077 == 0
    with start(crm="salesforce", state=state) as second:
        assert {n: list(t.rows.values()) for n, t in second.org.tables.items()} == kept
        assert second.private_key == first.private_key
        assert second.org.required == {"Lead.Title"}
        headers = {"Authorization": f"Bearer {second.token}"}
        url = f"{second.url}{DATA}/query?q=SELECT+World_Key__c+FROM+Lead"
        assert urllib3.request("GET", url, headers=headers).json()["totalSize"] > 0
    state.write_text("{}")
    with pytest.raises(UsageError, match=r"org\.json"):
        start(crm="salesforce", state=state)


def test_a_world_a_year_old_is_archived(filled: Desk) -> None:
    filled.clock.advance(timedelta(days=500))
    assert filled.rows("SELECT Id FROM Task") == []
    assert len(filled.rows("SELECT Id FROM Task", "queryAll")) == 5


def test_an_org_serves_from_a_process_of_its_own() -> None:
    with salesforce_apart(contacts=20, activities=3) as org:
        path = f"{org.url}/services/data/v68.0/query?q=SELECT+COUNT()+FROM+Lead"
        answer = requests.get(path, headers={"Authorization": f"Bearer {org.token}"}, timeout=30)
        assert 0 < answer.json()["totalSize"] < 20
        assert org.private_key.startswith("-----BEGIN PRIVATE KEY-----")
    with pytest.raises(requests.ConnectionError):
        requests.get(org.url, timeout=5)


def test_a_process_that_does_not_start_is_told() -> None:
    with pytest.raises(CalledProcessError), salesforce_apart(contacts=20, faults="nope=1"):
        pass


def test_leads_that_nobody_has_taken_wait_in_a_queue(filled: Desk) -> None:
    owners = filled.column("SELECT Owner.Name FROM Lead")
    assert {owner["Name"] for owner in owners} == {"New leads"}

"""Opportunities of the org: record types, and changes of fields that an admin added."""

from datetime import timedelta
from pathlib import Path

from connector.sandbox.salesforce.notation import field_of
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.record_types import define_record_type
from connector.sandbox.salesforce.state import restore, save
from tests.sandbox.salesforce.desk import QUIET, Desk

DEAL = {"Name": "Deal", "StageName": "Qualification", "CloseDate": "2026-12-01"}
TYPES = "SELECT Name, RecordType.DeveloperName FROM Opportunity"
ALL = "SELECT SystemModstamp, Probability, Amount, ExpectedRevenue, StageName FROM Opportunity"


def described(desk: Desk) -> dict[str, bool]:
    """Return {record type: whether it is the master}."""
    told = desk.get("/sobjects/Opportunity/describe").json["recordTypeInfos"]
    return {each["developerName"]: each["master"] for each in told}


def test_records_have_a_type_once_an_admin_makes_some(desk: Desk) -> None:
    assert described(desk) == {"Master": True}
    assert desk.query(TYPES).code == "INVALID_FIELD"
    made = define_record_type(desk.org, "Opportunity", "New_Business")
    assert described(desk) == {"New_Business": False, "Master": True}
    for name, values in (("A", {"RecordTypeId": made}), ("B", {})):
        desk.org.add("Opportunity", {**DEAL, "Name": name, **values})
    first, second = desk.rows(TYPES)
    assert first["RecordType"]["DeveloperName"] == "New_Business"
    assert second["RecordType"] is None


def test_record_types_survive_a_stop(tmp_path: Path) -> None:
    org, again = Org(), Org()
    define_record_type(org, "Opportunity", "New_Business")
    save(org, "key", tmp_path / "state.json")
    restore(again, tmp_path / "state.json")
    assert again.objects["Opportunity"].find("RecordTypeId") is not None
    assert again.objects["Lead"].find("RecordTypeId") is None


def test_a_change_moves_the_stamp_and_nothing_else(desk: Desk) -> None:
    desk.org.objects["Opportunity"].add([field_of("Score__c double(5,0)")])
    deal = desk.call("POST", "/sobjects/Opportunity", {**DEAL, "Amount": 10}).json["id"]
    [before] = desk.rows(ALL)
    desk.clock.advance(timedelta(minutes=1))
    row = {"attributes": {"type": "Opportunity"}, "id": deal, "Score__c": 42}
    body = {"allOrNone": False, "records": [row]}
    reply = desk.call("PATCH", "/composite/sobjects", body, **QUIET)
    assert reply.json == [{"id": deal, "success": True, "errors": []}]
    [after] = desk.rows(ALL)
    assert after.pop("SystemModstamp") > before.pop("SystemModstamp")
    assert after == before
    assert desk.column("SELECT Score__c FROM Opportunity") == [42.0]

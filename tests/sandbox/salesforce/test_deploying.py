import io
import zipfile
from typing import Any

import orjson

from connector.sandbox.salesforce.people import People
from tests.sandbox.salesforce.conftest import Opener
from tests.sandbox.salesforce.desk import Desk, Reply

HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
SPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
SCORE = (
    "<fields><fullName>Score__c</fullName><label>Score</label><type>Number</type>"
    "<precision>5</precision><scale>1</scale></fields>"
)
KEY = (
    "<fields><fullName>Key__c</fullName><label>Key</label><type>Text</type><length>40</length>"
    "<unique>true</unique><externalId>true</externalId></fields>"
)
VIEW = (
    "<listViews><fullName>Hot</fullName><label>Hot leads</label><columns>FULL_NAME</columns>"
    "<columns>Score__c</columns><filterScope>Everything</filterScope></listViews>"
)
GRANTS = (
    "<label>Score</label>"
    "<fieldPermissions><field>Lead.Score__c</field><readable>true</readable>"
    "<editable>true</editable></fieldPermissions>"
    "<fieldPermissions><field>Task.Key__c</field><readable>true</readable>"
    "<editable>true</editable></fieldPermissions>"
)
MAPPING = (
    "<objectMapping><inputObject>Lead</inputObject><outputObject>Contact</outputObject>"
    "<mappingFields><inputField>Score__c</inputField><outputField>Score__c</outputField>"
    "</mappingFields></objectMapping>"
)
FILES = {
    "objects/Lead.object": f"<CustomObject {SPACE}>{SCORE}{VIEW}</CustomObject>",
    "objects/Contact.object": f"<CustomObject {SPACE}>{SCORE}</CustomObject>",
    "objects/Activity.object": f"<CustomObject {SPACE}>{KEY}</CustomObject>",
    "permissionsets/Score.permissionset": f"<PermissionSet {SPACE}>{GRANTS}</PermissionSet>",
    "LeadConvertSettings/LeadConvertSettings.LeadConvertSetting": (
        f"<LeadConvertSettings {SPACE}>{MAPPING}</LeadConvertSettings>"
    ),
}
MEMBERS = {
    "CustomField": ["Lead.Score__c", "Contact.Score__c", "Activity.Key__c"],
    "ListView": ["Lead.Hot"],
    "PermissionSet": ["Score"],
    "LeadConvertSettings": ["LeadConvertSettings"],
}


def packed(files: dict[str, str], members: dict[str, list[str]]) -> bytes:
    types = "".join(
        "<types>" + "".join(f"<members>{name}</members>" for name in names)
        + f"<name>{kind}</name></types>"
        for kind, names in members.items()
    )  # fmt: skip
    manifest = f"<Package {SPACE}>{types}<version>68.0</version></Package>"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path, text in {"package.xml": manifest, **files}.items():
            archive.writestr(path, HEAD + text)
    return file.getvalue()


def deploy(
    desk: Desk, files: dict[str, str], members: dict[str, list[str]], **options: bool
) -> Any:
    wish = orjson.dumps({"deployOptions": {"singlePackage": True, **options}})
    parts = (("json", wish), ("file", packed(files, members)))
    body = b"".join(
        b'--B\r\nContent-Disposition: form-data; name="%s"; filename="x"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n%s\r\n" % (name.encode(), content)
        for name, content in parts
    )
    kind = "multipart/form-data; boundary=B"
    reply = desk.call("POST", "/metadata/deployRequest", body + b"--B--\r\n", Content_Type=kind)
    assert reply.status == 201, reply.raw
    path = f"/metadata/deployRequest/{reply.json['id']}?includeDetails=true"
    assert desk.get(path).json["deployResult"]["status"] == "InProgress"
    return desk.get(path).json["deployResult"]


def assign(desk: Desk) -> None:
    [found] = desk.column("SELECT Id FROM PermissionSet WHERE Name = 'Score'")
    desk.make("PermissionSetAssignment", PermissionSetId=found, AssigneeId=desk.org.main_user)


def test_fields_are_there_once_deployed_and_granted(desk: Desk) -> None:
    result = deploy(desk, FILES, MEMBERS)
    assert (result["status"], result["numberComponentsDeployed"]) == ("Succeeded", 6)
    assert all(one["created"] for one in result["details"]["componentSuccesses"][:3])
    assert desk.query("SELECT Score__c FROM Lead").code == "INVALID_FIELD"
    assign(desk)
    lead = desk.lead(Score__c=40.25)
    assert desk.column("SELECT Score__c FROM Lead") == [40.2]
    assert desk.change("Lead", lead, Score__c=12345).code == "NUMBER_OUTSIDE_VALID_RANGE"
    task = {"Subject": "Call", "Key__c": "k1"}
    assert desk.call("PATCH", "/sobjects/Task/Key__c/k1", {"Subject": "Call"}).status == 201
    assert desk.call("POST", "/sobjects/Task", task).code == "DUPLICATE_VALUE"
    views = desk.rows("SELECT Name, DeveloperName FROM ListView WHERE SobjectType = 'Lead'")
    assert views == [{"Name": "Hot leads", "DeveloperName": "Hot"}]
    fields = desk.column("SELECT TableEnumOrId FROM CustomField", "tooling/query")
    assert sorted(fields) == ["Activity", "Contact", "Lead"]
    People(desk.org).convert(lead)
    assert [r.values["Score__c"] for r in desk.org.table("Contact").live()] == [40.2]


def test_a_second_deploy_changes_nothing(desk: Desk) -> None:
    deploy(desk, FILES, MEMBERS)
    assign(desk)
    before = {name: len(table.rows) for name, table in desk.org.tables.items()}
    again = deploy(desk, FILES, MEMBERS)["details"]["componentSuccesses"]
    assert [(one["created"], one["changed"]) for one in again] == [(False, False)] * 6
    assert {name: len(table.rows) for name, table in desk.org.tables.items()} == before
    assert desk.query("SELECT Score__c FROM Lead").status == 200


def test_one_flaw_keeps_everything_out(desk: Desk) -> None:
    required = SCORE.replace("</fields>", "<required>true</required></fields>")
    files = FILES | {"objects/Lead.object": f"<CustomObject {SPACE}>{required}</CustomObject>"}
    result = deploy(desk, files, MEMBERS)
    assert (result["status"], result["success"]) == ("Failed", False)
    told = [one["problem"] for one in result["details"]["componentFailures"]]
    assert told == [
        "You cannot deploy to a required field: Lead.Score__c",
        "In package.xml but not in zipped directory",
    ]
    assert desk.org.objects["Contact"].find("Score__c") is None


def test_a_check_alone_leaves_no_trace(desk: Desk) -> None:
    assert deploy(desk, FILES, MEMBERS, checkOnly=True)["status"] == "Succeeded"
    assert desk.org.objects["Lead"].find("Score__c") is None


def test_the_manifest_and_the_definitions_are_held_to_their_rules(desk: Desk) -> None:
    wrong = {
        SCORE.replace("Score__c", "Sc__ore__c"): "API names",
        SCORE.replace("<precision>5", "<precision>19"): "Precision and scale",
        SCORE.replace("Number", "Nummer"): "Invalid field type",
        KEY.replace("<length>40", "<length>256"): "between 1 and 255",
        KEY.replace("Text", "Checkbox"): "can be no external id",
    }
    for text, told in wrong.items():
        files = {"objects/Lead.object": f"<CustomObject {SPACE}>{text}</CustomObject>"}
        result = deploy(desk, files, {"CustomField": ["*"]})
        assert told in result["details"]["componentFailures"][0]["problem"]
    alone = {"objects/Contact.object": FILES["objects/Contact.object"]}
    result = deploy(desk, alone, {"CustomField": ["Contact.Other__c"]})
    assert result["numberComponentErrors"] == 2


def test_the_tooling_makes_one_field(desk: Desk) -> None:
    described = {"type": "Text", "label": "Note", "length": 80}
    body = {"FullName": "Lead.Note__c", "Metadata": described}
    path = "/tooling/sobjects/CustomField"
    assert desk.call("POST", path, body).status == 201
    assert desk.call("POST", path, body).code == "DUPLICATE_DEVELOPER_NAME"
    assert desk.org.objects["Lead"].find("Note__c") is not None
    bad = {"FullName": "Lead.Long__c", "Metadata": described | {"length": 300}}
    assert desk.call("POST", path, bad).code == "FIELD_INTEGRITY_EXCEPTION"


def limit(desk: Desk, where: str) -> int:
    soql = f"SELECT Max, Remaining FROM EntityLimit WHERE {where} AND Type = 'CustomFields'"  # noqa: S608
    [row] = desk.rows(soql, "tooling/query")
    return int(row["Remaining"])


def test_the_tooling_tells_how_many_fields_are_left(open_desk: Opener) -> None:
    desk = open_desk(custom_fields_each=10)
    deploy(desk, FILES, MEMBERS)
    assert limit(desk, "EntityDefinition.QualifiedApiName = 'Lead'") == 9
    assert limit(desk, "EntityDefinitionId = 'Activity'") == 9
    assert limit(desk, "EntityDefinitionId = 'User'") == 10
    found = desk.rows(
        "SELECT DeveloperName, EntityDefinition.QualifiedApiName FROM CustomField "
        "WHERE EntityDefinition.QualifiedApiName = 'Activity'",
        "tooling/query",
    )
    assert [row["DeveloperName"] for row in found] == ["Key"]
    many = desk.query("SELECT FullName FROM CustomField", "tooling/query")
    assert (many.code, "Result size: 3" in many.json[0]["message"]) == ("MALFORMED_QUERY", True)
    one = "SELECT FullName FROM CustomField WHERE TableEnumOrId = 'Activity'"
    assert desk.column(one, "tooling/query") == ["Activity.Key__c"]
    assert desk.query("SELECT Id FROM EntityLimit").code == "INVALID_TYPE"


def test_a_permission_set_is_read_back_and_assigned_once(desk: Desk) -> None:
    deploy(desk, FILES, MEMBERS)
    assign(desk)
    [found] = desk.column("SELECT Id FROM PermissionSet WHERE Name = 'Score'")
    body = {"PermissionSetId": found, "AssigneeId": desk.org.main_user}
    assert desk.call("POST", "/sobjects/PermissionSetAssignment", body).code == "DUPLICATE_VALUE"
    soql = "SELECT Field, PermissionsEdit FROM FieldPermissions WHERE Parent.Name = 'Score'"
    assert desk.rows(soql) == [
        {"Field": "Lead.Score__c", "PermissionsEdit": True},
        {"Field": "Task.Key__c", "PermissionsEdit": True},
    ]
    soql = "SELECT (SELECT Assignee.Username FROM Assignments) FROM PermissionSet"
    [held] = desk.column(soql)
    assert held["records"][0]["Assignee"]["Username"] == desk.sandbox.username


def read_metadata(desk: Desk, kind: str, *names: str, session: str = "") -> Reply:
    wanted = "".join(f"<fullNames>{name}</fullNames>" for name in names)
    envelope = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns="http://soap.sforce.com/2006/04/metadata"><e:Header><SessionHeader>'
        f"<sessionId>{session or desk.sandbox.token}</sessionId></SessionHeader></e:Header><e:Body>"
        f"<readMetadata><type>{kind}</type>{wanted}</readMetadata></e:Body></e:Envelope>"
    )
    return desk.call("POST", "/services/Soap/m/68.0", envelope.encode(), Content_Type="text/xml")


def test_what_stands_there_is_read_before_a_deploy_takes_its_place(open_desk: Opener) -> None:
    desk = open_desk()
    desk.org.lead_mapping["Theirs__c"] = "Theirs__c"
    told = read_metadata(desk, "LeadConvertSettings", "LeadConvertSettings").raw
    assert b"<inputField>Theirs__c</inputField><outputField>Theirs__c</outputField>" in told
    deploy(desk, FILES, MEMBERS)
    assert desk.org.lead_mapping == {"Score__c": "Score__c"}
    view = read_metadata(desk, "ListView", "Lead.Hot", "Lead.None").raw
    assert b"<columns>FULL_NAME</columns><columns>Score__c</columns>" in view
    assert view.count(b'<records xsi:nil="true"/>') == 1
    stale = read_metadata(desk, "ListView", "Lead.Hot", session="x")
    assert (stale.status, b"sf:INVALID_SESSION_ID" in stale.raw) == (500, True)
    adding = open_desk(mapping_is_replaced=False)
    adding.org.lead_mapping["Theirs__c"] = "Theirs__c"
    deploy(adding, FILES, MEMBERS)
    assert adding.org.lead_mapping == {"Theirs__c": "Theirs__c", "Score__c": "Score__c"}


def test_a_hidden_field_is_seen_by_whom_a_permission_set_grants_it(desk: Desk) -> None:
    desk.org.hidden.add("Lead.Title")
    fields = {
        one["name"]: one for one in desk.get("/sobjects/FieldPermissions/describe").json["fields"]
    }
    offered = {value["value"] for value in fields["Field"]["picklistValues"]}
    assert "Lead.Title" in offered
    assert offered.isdisjoint({"Lead.LastName", "Lead.Status", "Task.Status"})
    grant = (
        "<label>Score</label><description>For the sync</description><fieldPermissions>"
        "<field>Lead.Title</field><readable>true</readable></fieldPermissions>"
    )
    file = {"permissionsets/Score.permissionset": f"<PermissionSet {SPACE}>{grant}</PermissionSet>"}
    deploy(desk, file, {"PermissionSet": ["Score"]})
    assert desk.query("SELECT Title FROM Lead").code == "INVALID_FIELD"
    assign(desk)
    lead = desk.lead()
    assert desk.column("SELECT Title FROM Lead") == [None]
    assert desk.change("Lead", lead, Title="CEO").code == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert desk.column("SELECT Description FROM PermissionSet") == ["For the sync"]


def test_fields_of_one_deploy_count_against_the_limit_together(open_desk: Opener) -> None:
    desk = open_desk(custom_fields_each=1)
    two = SCORE + SCORE.replace("Score__c", "Other__c")
    files = {"objects/Lead.object": f"<CustomObject {SPACE}>{two}</CustomObject>"}
    result = deploy(desk, files, {"CustomField": ["Lead.Score__c", "Lead.Other__c"]})
    [failure] = result["details"]["componentFailures"]
    assert (failure["fullName"], "maximum number" in failure["problem"]) == ("Lead.Other__c", True)


def test_the_values_of_a_choice_are_read_back(desk: Desk) -> None:
    grade = (
        "<fields><fullName>Grade__c</fullName><label>Grade</label><type>Picklist</type><valueSet>"
        "<valueSetDefinition><value><fullName>A</fullName><label>Best</label></value>"
        "</valueSetDefinition></valueSet></fields>"
    )
    files = {"objects/Lead.object": f"<CustomObject {SPACE}>{grade}</CustomObject>"}
    deploy(desk, files, {"CustomField": ["Lead.Grade__c"]})
    told = read_metadata(desk, "CustomField", "Lead.Grade__c").raw
    assert b"<value><fullName>A</fullName><label>Best</label></value>" in told

"""Record types: an object has none but the master until an admin makes some."""

from connector.sandbox.salesforce.notation import field_of
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.refusals import Json

NAME = "RecordType"
MASTER = "012000000000000AAA"
REFERENCE = "RecordTypeId reference(RecordType) as=RecordType"


def define_record_type(org: Org, kind: str, name: str) -> str:
    """Let records of an object be of a type, and return its id."""
    spoken = name.replace("_", " ")
    made = org.add(
        NAME, {"Name": spoken, "DeveloperName": name, "SobjectType": kind, "IsActive": True}
    )
    show_references(org)
    return made.id


def show_references(org: Org) -> None:
    """Give each object that has record types the field by which a record says its own."""
    for row in org.table(NAME).live():
        org.objects[str(row.values["SobjectType"])].add([field_of(REFERENCE)])


def infos(org: Org, kind: str) -> list[Json]:
    """Return what the description of an object says of its record types, the master last."""
    own = [row for row in org.table(NAME).live() if row.values["SobjectType"] == kind]
    told = [
        _info(
            row.id, str(row.values["DeveloperName"]), str(row.values["Name"]), is_first=place == 0
        )
        for place, row in enumerate(own)
    ]
    return [*told, _info(MASTER, "Master", "Master", is_first=not own) | {"master": True}]


def _info(id_: str, name: str, spoken: str, *, is_first: bool) -> Json:
    return {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": is_first,
        "developerName": name,
        "master": False,
        "name": spoken,
        "recordTypeId": id_,
    }

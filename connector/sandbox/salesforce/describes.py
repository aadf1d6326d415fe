"""What there is: versions, resources, objects and their fields."""

from connector.sandbox.salesforce.call import Answer, Call
from connector.sandbox.salesforce.identity import identity_url
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.record_types import infos
from connector.sandbox.salesforce.refusals import Json, not_found
from connector.sandbox.salesforce.tracking import is_off

LATEST = 68
SEASONS = ("Spring", "Summer", "Winter")


def versions(org: Org, call: Call) -> Answer:
    """List the versions; no session is wanted."""
    del call
    return Answer(
        body=[
            {
                "label": _label(number),
                "url": f"/services/data/v{number}.0",
                "version": f"{number}.0",
            }
            for number in range(org.options.oldest_version, LATEST + 1)
        ]
    )


def resources(org: Org, call: Call) -> Answer:
    """List what stands under a version."""
    names = (
        "sobjects", "query", "queryAll", "limits", "composite", "jobs", "tooling", "metadata"
    )  # fmt: skip
    listed = {name: f"{call.data_path}/{name}" for name in names}
    return Answer(body=listed | {"identity": identity_url(org, call, call.user)})


def describe_global(org: Org, call: Call) -> Answer:
    """List all objects."""
    return Answer(
        body={
            "encoding": "UTF-8",
            "maxBatchSize": 200,
            "sobjects": [
                one.listed() | {"urls": _urls(call, one.name)}
                for one in org.objects.values()
                if not one.is_tooling
                and f"{one.name}.read" not in org.denied
                and not is_off(org, one.name)
            ],
        }
    )


def basic(org: Org, call: Call) -> Answer:
    """Tell an object without its fields."""
    one = org.sobject(call.params[0])
    shown = one.listed() | {"urls": _urls(call, one.name)}
    return Answer(body={"objectDescribe": shown, "recentItems": []})


def describe(org: Org, call: Call) -> Answer:
    """Tell an object and those of its fields that the caller sees."""
    one = org.sobject(call.params[0])
    if f"{one.name}.read" in org.denied:
        raise not_found()
    access = org.access(call.user)
    fields: list[Json] = []
    for field in one.fields.values():
        if not access.sees(one, field):
            continue
        shown = field.described()
        if not access.edits(one, field):
            shown |= {"createable": False, "updateable": False}
        if f"{one.name}.{field.name}" in org.required:
            shown["nillable"] = False
        if (one.name, field.name) == ("FieldPermissions", "Field"):
            shown["picklistValues"] = [_choice(name) for name in _grantable(org)]
        fields.append(shown)
    children = [
        {
            "cascadeDelete": org.objects[child].fields[reference.lower()].cascades,
            "childSObject": child,
            "deprecatedAndHidden": False,
            "field": reference,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": org.objects[child].fields[reference.lower()].children,
            "restrictedDelete": False,
        }
        for child, reference in one.children.values()
    ]
    return Answer(
        body=one.listed()
        | _denied(org, one.name)
        | {
            "fields": fields,
            "childRelationships": children,
            "recordTypeInfos": infos(org, one.name),
            "supportedScopes": [{"label": "All records", "name": "everything"}],
            "urls": _urls(call, one.name),
        }
    )


def _denied(org: Org, name: str) -> Json:
    rights = {"create": "createable", "edit": "updateable", "delete": "deletable"}
    return {told: False for action, told in rights.items() if f"{name}.{action}" in org.denied}


def _grantable(org: Org) -> list[str]:
    """Return every field that a permission set can name, seen by the caller or not."""
    return [
        f"{one.name}.{field.name}"
        for one in org.objects.values()
        if not one.is_tooling
        for field in one.fields.values()
        if field.described()["permissionable"]
    ]


def _choice(value: str) -> Json:
    return {
        "active": True,
        "defaultValue": False,
        "label": value,
        "validFor": None,
        "value": value,
    }


def _urls(call: Call, name: str) -> Json:
    path = f"{call.data_path}/sobjects/{name}"
    return {"sobject": path, "describe": f"{path}/describe", "rowTemplate": path + "/{ID}"}


def _label(number: int) -> str:
    # Version 31 was Summer '14; there are three releases a year, and winter counts for the next.
    place = number - 30
    season = SEASONS[place % 3]
    year = 14 + place // 3 + (season == "Winter")
    return f"{season} '{year}"

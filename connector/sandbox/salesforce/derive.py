"""What the platform sets by itself when a record is written."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from connector.sandbox.salesforce.catalogue import CLOSED_TASK, FORECAST_LABELS, STAGES
from connector.sandbox.salesforce.moments import EPOCH, bulk_moment
from connector.sandbox.salesforce.org import Org
from connector.sandbox.salesforce.refusals import row_error
from connector.sandbox.salesforce.table import Values

Deriver = Callable[[Org, Values, int], Values]

MINUTE_S = 60


def derived(org: Org, kind: str, values: Values, now_s: int) -> Values:
    """Return what follows from a record's values, to be set along with them."""
    deriver = DERIVERS.get(kind)
    return deriver(org, values, now_s) if deriver else {}


def defaults(org: Org, kind: str, user: str) -> Values:
    """Return what a new record has where nothing is said."""
    values = dict(DEFAULTS.get(kind, {}))
    if "ownerid" in org.objects[kind].fields and kind != "Group":
        values["OwnerId"] = user
    return values


def _named(_: Org, values: Values, __: int) -> Values:
    parts = (values.get("FirstName"), values.get("LastName"))
    return {"Name": " ".join(str(part) for part in parts if part)}


def _task(org: Org, values: Values, now_s: int) -> Values:
    closed = values.get("Status") == CLOSED_TASK
    return _activity(org, values) | {
        "IsClosed": closed,
        "IsHighPriority": values.get("Priority") == "High",
        "CompletedDateTime": values.get("CompletedDateTime", now_s) if closed else None,
    }


def _event(org: Org, values: Values, _: int) -> Values:
    start = values.get("StartDateTime", values.get("ActivityDateTime"))
    minutes, end = values.get("DurationInMinutes"), values.get("EndDateTime")
    if not isinstance(start, int):
        told = "Required fields are missing: [DurationInMinutes, ActivityDateTime]"
        raise row_error("REQUIRED_FIELD_MISSING", told, "DurationInMinutes", "ActivityDateTime")
    if isinstance(end, int):
        minutes = (end - start) // MINUTE_S
    elif isinstance(minutes, int):
        end = start + minutes * MINUTE_S
    else:
        told = "Required fields are missing: [DurationInMinutes]"
        raise row_error("REQUIRED_FIELD_MISSING", told, "DurationInMinutes")
    if minutes < 0:
        told = "End date must be after start date"
        raise row_error("FIELD_INTEGRITY_EXCEPTION", told, "EndDateTime")
    return _activity(org, values) | {
        "StartDateTime": start,
        "ActivityDateTime": start,
        "EndDateTime": end,
        "DurationInMinutes": minutes,
        "ActivityDate": (EPOCH + timedelta(seconds=start)).date().isoformat(),
    }


def _activity(org: Org, values: Values) -> Values:
    who, what = values.get("WhoId"), values.get("WhatId")
    if isinstance(who, str) and what and org.kind_of(who) == "Lead":
        told = "An activity with a lead cannot be related to a further record"
        raise row_error("FIELD_INTEGRITY_EXCEPTION", told, "WhatId")
    return {
        "AccountId": _account(org, what) or _account(org, who),
        "WhoCount": 1 if who else 0,
        "WhatCount": 1 if what else 0,
    }


def _account(org: Org, key: object) -> object:
    if not isinstance(key, str):
        return None
    if org.kind_of(key) == "Account":
        return key
    found = org.record(key)
    return found.values.get("AccountId") if found else None


def _member(org: Org, values: Values, now_s: int) -> Values:
    person = values.get("ContactId") or values.get("LeadId")
    if not person:
        told = "Required fields are missing: [LeadId, ContactId]"
        raise row_error("REQUIRED_FIELD_MISSING", told, "LeadId", "ContactId")
    statuses = [
        row.values
        for row in org.table("CampaignMemberStatus").having(
            "CampaignId", str(values.get("CampaignId"))
        )
        if not row.is_deleted
    ]
    status = values.get("Status") or next(
        (row["Label"] for row in statuses if row.get("IsDefault")), "Sent"
    )
    responded = any(row["Label"] == status and row.get("HasResponded") for row in statuses)
    first = values.get("FirstRespondedDate") or bulk_moment(now_s)[:10]
    return {
        "Status": status,
        "HasResponded": responded,
        "FirstRespondedDate": first if responded else None,
        "Type": "Contact" if values.get("ContactId") else "Lead",
        "LeadOrContactId": person,
    }


def _opportunity(_: Org, values: Values, __: int) -> Values:
    stage = next((one for one in STAGES if one[0] == values.get("StageName")), None)
    name, chance, closed, won, forecast = stage or ("", 0, False, False, "Pipeline")
    probability = values.get("Probability")
    if not isinstance(probability, float) or values.get("$stage") != name:
        probability = float(chance)
    amount = values.get("Amount")
    expected = amount * probability / 100 if isinstance(amount, float) else None
    return {
        "Probability": probability,
        "IsClosed": closed,
        "IsWon": won,
        "ForecastCategory": forecast,
        "ForecastCategoryName": FORECAST_LABELS[forecast],
        "ExpectedRevenue": None if expected is None else round(expected, 2),
        "$stage": name,
    }


def _relation(org: Org, values: Values, _: int) -> Values:
    related = values.get("RelationId")
    return {"RelationObjectType": org.kind_of(related) if isinstance(related, str) else None}


DERIVERS: Mapping[str, Deriver] = {
    "Lead": _named,
    "Contact": _named,
    "User": _named,
    "Task": _task,
    "Event": _event,
    "CampaignMember": _member,
    "Opportunity": _opportunity,
    "EmailMessageRelation": _relation,
}
DEFAULTS: Mapping[str, Values] = {
    "Lead": {"Status": "Open - Not Contacted"},
    "Task": {"Status": "Not Started", "Priority": "Normal", "TaskSubtype": "Task"},
    "Event": {"EventSubtype": "Event", "ShowAs": "Busy"},
    "EmailMessage": {"Status": "0"},
    "PermissionSet": {"IsCustom": True},
    "PermissionSetAssignment": {"IsActive": True},
}

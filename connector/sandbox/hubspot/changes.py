"""One record's change: checked as a draft, then carried out. Nothing here knows of batches."""

from dataclasses import dataclass, field

from connector.sandbox.hubspot import pipelines
from connector.sandbox.hubspot.call import record_id_of, text_of
from connector.sandbox.hubspot.kinds import CONTACTS, DEALS, KINDS, LEADS, Kind
from connector.sandbox.hubspot.links import PRIMARY_CONTACT, TYPES
from connector.sandbox.hubspot.moments import iso
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.refusals import Json, conflict, invalid
from connector.sandbox.hubspot.stage_times import stage_times
from connector.sandbox.hubspot.table import Record
from connector.sandbox.hubspot.values import Fault, checked, refusal_of


@dataclass(frozen=True, slots=True)
class Link:
    """A link that a new record is to have."""

    other: Kind
    other_id: int
    type_id: int


@dataclass(slots=True)
class Draft:
    """A change that has passed every check."""

    values: dict[str, str]
    links: list[Link] = field(default_factory=list)
    trace: str = ""
    record: Record | None = None


def new(portal: Portal, kind: Kind, entry: Json) -> Draft:
    """Return the draft of a new record, or refuse it."""
    values, faults = checked(portal.schema(kind), entry.get("properties"), portal.accepted)
    faults += [
        Fault(name, "MISSING_REQUIRED_PROPERTY", f"Required property '{name}' is not set")
        for name in kind.required
        if not values.get(name) and not any(fault.name == name for fault in faults)
    ]
    if faults:
        raise refusal_of(faults)
    _refuse_taken(portal, kind, values, None)
    links = _links(portal, kind, entry.get("associations"))
    if kind is LEADS and all(link.type_id != PRIMARY_CONTACT for link in links):
        told = "A lead must be associated with a primary contact when it is created"
        raise invalid(told, "MISSING_REQUIRED_ASSOCIATION")
    return Draft(
        {k: v for k, v in values.items() if v}, links, text_of(entry, "objectWriteTraceId")
    )


def change(portal: Portal, kind: Kind, record: Record, entry: Json) -> Draft:
    """Return the draft of a change to a record, or refuse it."""
    values, faults = checked(portal.schema(kind), entry.get("properties"), portal.accepted)
    if faults:
        raise refusal_of(faults)
    _refuse_taken(portal, kind, values, record)
    return Draft(values, trace=text_of(entry, "objectWriteTraceId"))


def insert(portal: Portal, kind: Kind, draft: Draft) -> Record:
    """Create the record and its links."""
    now = portal.now_ms()
    values = dict(draft.values)
    if kind is CONTACTS:
        values.setdefault("lifecyclestage", "lead")
    if kind.name == "deals":
        values.setdefault("pipeline", pipelines.DEALS.id)
    if kind is LEADS:
        values.setdefault("hs_pipeline", pipelines.LEADS.id)
        values.setdefault("hs_pipeline_stage", pipelines.LEADS.stages[0].id)
    values |= _derived(kind, values, now) | stage_times(kind, {}, values, now)
    record = portal.table(kind).add({name: value for name, value in values.items() if value}, now)
    for link in draft.links:
        connect(portal, kind, record, link.other, link.other_id, link.type_id)
    portal.changes += 1
    return record


def apply(portal: Portal, kind: Kind, record: Record, draft: Draft) -> None:
    """Change the record. A step back of the lifecycle stage is ignored without a word."""
    now = portal.now_ms()
    values = dict(draft.values)
    if _is_step_back(portal, kind, record, values.get("lifecyclestage", "")):
        del values["lifecyclestage"]
    for name, value in values.items():
        prop = portal.schema(kind).live(name)
        if prop is not None and prop.field_type == "checkbox" and value.startswith(";"):
            values[name] = _appended(record.props.get(name, ""), value)
    values |= _derived(kind, values, now) | stage_times(kind, record.props, values, now)
    portal.table(kind).change(record, values, now)
    portal.changes += 1
    if kind is DEALS and "dealstage" in values:
        for contact_id in portal.links.to(DEALS, record.id, CONTACTS):
            _roll_up(portal, contact_id, record.id)


def archive(portal: Portal, kind: Kind, record_id: int) -> None:
    """Put a record into the recycle bin if it is not there yet."""
    table = portal.table(kind)
    record = table.find(record_id)
    if record is None:
        return
    table.archive(record, portal.now_ms())
    portal.links.drop(kind, record.id)  # nothing is linked with what lies in the bin
    for other in portal.tables.values():
        other.version += 1
    portal.changes += 1


def connect(
    portal: Portal, kind: Kind, record: Record, other: Kind, other_id: int, type_id: int = 0
) -> None:
    """Link two records; an activity logged on a contact stamps that contact."""
    other_id = portal.table(other).heir(other_id)
    fresh = portal.links.add(kind, record.id, other, other_id, type_id)
    portal.table(kind).version += 1
    portal.table(other).version += 1
    portal.changes += 1
    if not fresh:
        return
    if kind is LEADS and other is CONTACTS:
        _note_lead(portal, other_id)
    if {kind, other} == {CONTACTS, DEALS}:
        _roll_up(portal, *((record.id, other_id) if kind is CONTACTS else (other_id, record.id)))
    if kind.is_activity and other is CONTACTS:
        portal.touch_contacts(kind, record, [other_id])
    if other.is_activity and kind is CONTACTS:
        activity = portal.table(other).find(other_id)
        if activity is not None:
            portal.touch_contacts(other, activity, [record.id])


def _note_lead(portal: Portal, contact_id: int) -> None:
    contact, now = portal.table(CONTACTS).find(contact_id), portal.now_ms()
    if contact is not None:
        portal.table(CONTACTS).change(contact, {"hs_latest_open_lead_date": iso(now)}, now)


def _roll_up(portal: Portal, contact_id: int, deal_id: int) -> None:
    """Count a contact's deals and a deal's contacts; move the contact on as HubSpot itself does."""
    contact, deal = portal.table(CONTACTS).find(contact_id), portal.table(DEALS).find(deal_id)
    if contact is None or deal is None:
        return
    now = portal.now_ms()
    is_won = deal.props.get("hs_is_closed_won") == "true"
    stage = "customer" if is_won else "opportunity"
    values = {"num_associated_deals": str(len(portal.links.to(CONTACTS, contact_id, DEALS)))}
    if not _is_step_back(portal, CONTACTS, contact, stage):
        values["lifecyclestage"] = stage
    values |= stage_times(CONTACTS, contact.props, values, now)
    if values.items() - contact.props.items():
        portal.table(CONTACTS).change(contact, values, now)
    count = str(len(portal.links.to(DEALS, deal_id, CONTACTS)))
    if deal.props.get("num_associated_contacts") != count:
        portal.table(DEALS).change(deal, {"num_associated_contacts": count}, now)


def _refuse_taken(portal: Portal, kind: Kind, values: dict[str, str], own: Record | None) -> None:
    table = portal.table(kind)
    for name in portal.schema(kind).unique_names():
        holder = table.holder(name, values.get(name, "")) if values.get(name) else None
        if holder is None or holder is own:
            continue
        if name == "email":
            raise conflict(f"Contact already exists. Existing ID: {holder.id}")
        refusal = conflict(
            f"A {kind.singular} with the value {values[name]} of {name} exists. "
            f"Existing ID: {holder.id}"
        )
        refusal.context = {"propertyName": [name], "existingId": [str(holder.id)]}
        raise refusal


def _links(portal: Portal, kind: Kind, given: object) -> list[Link]:
    if given is None:
        return []
    if not isinstance(given, list):
        raise invalid("associations must be a list")
    return [_link(portal, kind, entry) for entry in given]


def _link(portal: Portal, kind: Kind, entry: object) -> Link:
    to = entry.get("to") if isinstance(entry, dict) else None
    types = entry.get("types") if isinstance(entry, dict) else None
    if not isinstance(to, dict) or not isinstance(types, list) or len(types) != 1:
        raise invalid("an association needs `to` and one entry in `types`")
    spec = types[0]
    if not isinstance(spec, dict) or spec.get("associationCategory") != "HUBSPOT_DEFINED":
        raise invalid("associationCategory must be HUBSPOT_DEFINED here")
    type_id = spec.get("associationTypeId")
    for other in KINDS:
        if type_id in TYPES.get((kind.name, other.name), ()):
            return _existing(portal, other, to.get("id"), int(str(type_id)))
    raise invalid(
        f"associationTypeId {type_id} is not valid for {kind.name}", "INVALID_ASSOCIATION_TYPE"
    )


def _existing(portal: Portal, other: Kind, key: object, type_id: int) -> Link:
    other_id = record_id_of(key)
    if portal.table(other).find(other_id) is None:
        raise invalid(f"{other.singular} {other_id} does not exist", "INVALID_ASSOCIATED_OBJECT")
    return Link(other, other_id, type_id)


def _is_step_back(portal: Portal, kind: Kind, record: Record, stage: str) -> bool:
    prop = portal.schema(kind).live("lifecyclestage")
    held = record.props.get("lifecyclestage", "")
    if prop is None or not stage or not held:
        return False
    return prop.order_of(stage) < prop.order_of(held)


def _appended(held: str, value: str) -> str:
    parts = [part for part in (*held.split(";"), *value.split(";")) if part]
    return ";".join(dict.fromkeys(parts))


def _derived(kind: Kind, values: dict[str, str], now_ms: int) -> dict[str, str]:
    """Return what HubSpot works out itself from the values of a change."""
    if kind.name == "tasks" and "hs_task_status" in values:
        done = values["hs_task_status"] == "COMPLETED"
        return {
            "hs_task_is_completed": str(int(done)),
            "hs_task_completion_date": iso(now_ms) if done else "",
        }
    if kind.name == "deals" and "dealstage" in values:
        return deal_state(values["dealstage"])
    if kind is LEADS and "hs_pipeline_stage" in values:
        return lead_state(values["hs_pipeline_stage"])
    if kind is CONTACTS and "email" in values:
        return {"hs_email_domain": values["email"].rpartition("@")[2]}
    if kind is CONTACTS and values.get("hubspot_owner_id"):
        return {"hubspot_owner_assigneddate": iso(now_ms)}
    return {}


def deal_state(stage_id: str) -> dict[str, str]:
    """Return the properties of a deal that follow from its stage."""
    stage = pipelines.DEALS.stage(stage_id)
    if stage is None:
        return {}
    return {
        "hs_is_closed": str(stage.is_closed).lower(),
        "hs_is_closed_won": str(stage.probability == "1.0").lower(),
        "hs_deal_stage_probability": stage.probability,
    }


def lead_state(stage_id: str) -> dict[str, str]:
    """Return the property of a lead that follows from its stage."""
    stage = pipelines.LEADS.stage(stage_id)
    return {"hs_lead_is_open": str(stage is not None and not stage.is_closed).lower()}

"""Merging two records into one, and erasing a person."""

from connector.sandbox.hubspot.call import Answer, Call, record_id_of, text_of
from connector.sandbox.hubspot.kinds import CONTACTS, KINDS, Kind, kind_of
from connector.sandbox.hubspot.moments import iso
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.reads import located, rower
from connector.sandbox.hubspot.refusals import Refusal, invalid, not_found
from connector.sandbox.hubspot.table import Record

IDENTITIES = 250


def merge(portal: Portal, call: Call) -> Answer:
    """Merge two records: the result has an id of its own, which both old ids lead to."""
    kind, body = kind_of(call.params[0]), call.json()
    table = portal.table(kind)
    kept = table.find(record_id_of(body.get("primaryObjectId")))
    lost = table.find(record_id_of(body.get("objectIdToMerge")))
    if kept is None or lost is None:
        raise not_found()
    if kept is lost:
        raise invalid("A record cannot be merged with itself")
    ids = [*_merged_ids(kept), *_merged_ids(lost), str(kept.id), str(lost.id)]
    if len(ids) > IDENTITIES:
        raise Refusal(414, f"The record would have more than {IDENTITIES} identities")
    heir = _inherit(portal, kind, kept, lost, ids)
    held = [name for name in kind.defaults if name in heir.props]
    return Answer(200, rower(portal, kind, [*held, "hs_object_id"])(heir))


def gdpr_delete(portal: Portal, call: Call) -> Answer:
    """Erase a contact for good, by id or e-mail; the address is blocked for imports."""
    if kind_of(call.params[0]) is not CONTACTS:
        raise invalid("Only contacts can be erased")
    body = call.json()
    key, id_property = str(body.get("objectId", "")), text_of(body, "idProperty")
    contact = located(portal, CONTACTS, key, id_property)
    if contact is None:
        if id_property == "email":
            portal.blocked_emails.add(key.lower())
            return Answer(204)
        raise not_found()
    if contact.props.get("email"):
        portal.blocked_emails.add(contact.props["email"])
    portal.links.drop(CONTACTS, contact.id)
    portal.table(CONTACTS).purge(contact)
    _forget_streams(portal, contact)
    portal.changes += 1
    return Answer(204)


def _inherit(portal: Portal, kind: Kind, kept: Record, lost: Record, ids: list[str]) -> Record:
    table, now = portal.table(kind), portal.now_ms()
    props = lost.props | kept.props
    props["hs_merged_object_ids"] = ";".join(ids)
    if kind is CONTACTS:
        # This one is known to miss the ids of earlier merges; hs_merged_object_ids is complete.
        props["hs_calculated_merged_vids"] = f"{kept.id}:{now};{lost.id}:{now}"
        _keep_furthest_stage(portal, kept, lost, props)
        _keep_other_emails(kept, lost, props)
    born = min(kept.created_ms, lost.created_ms)
    table.purge(kept)
    table.purge(lost)
    heir = table.add(props, now)
    heir.created_ms = born
    heir.history = kept.history
    for old in (kept, lost):
        table.merged[old.id] = heir.id
        portal.links.move(kind, old.id, heir.id)
        _move_streams(portal, old, heir)
    for other in KINDS:
        portal.table(other).version += 1
    portal.changes += 1
    return heir


def _keep_other_emails(kept: Record, lost: Record, props: dict[str, str]) -> None:
    others = [lost.props.get("email", "")]
    others += [record.props.get("hs_additional_emails", "") for record in (kept, lost)]
    known = dict.fromkeys(part for other in others for part in other.split(";") if part)
    known.pop(props.get("email", ""), None)
    if known:
        props["hs_additional_emails"] = ";".join(known)


def _keep_furthest_stage(portal: Portal, kept: Record, lost: Record, props: dict[str, str]) -> None:
    prop = portal.schema(CONTACTS).properties["lifecyclestage"]
    stages = [record.props.get("lifecyclestage", "") for record in (kept, lost)]
    props["lifecyclestage"] = max(stages, key=prop.order_of)
    props["hs_v2_date_entered_current_stage"] = iso(portal.now_ms())


def _merged_ids(record: Record) -> list[str]:
    return [part for part in record.props.get("hs_merged_object_ids", "").split(";") if part]


def _move_streams(portal: Portal, old: Record, heir: Record) -> None:
    rows = portal.streams.by_contact.pop(old.id, [])
    for row in rows:
        row.contact = heir.id
    if rows:
        portal.streams.by_contact.setdefault(heir.id, []).extend(rows)


def _forget_streams(portal: Portal, contact: Record) -> None:
    gone = portal.streams.by_contact.pop(contact.id, [])
    for row in gone:
        portal.streams.by_event[row.event].remove(row)
    email = contact.props.get("email")
    if email:
        portal.streams.mail[:] = [e for e in portal.streams.mail if e.recipient != email]
        for form in portal.streams.forms.values():
            form.submissions[:] = [s for s in form.submissions if s.values.get("email") != email]

"""Leads of a world: sales opens one for whom it works, and labels some of them."""

from collections import defaultdict
from collections.abc import Mapping
from zlib import crc32

from connector.sandbox.hubspot import pipelines
from connector.sandbox.hubspot.changes import lead_state
from connector.sandbox.hubspot.kinds import CONTACTS, LEADS
from connector.sandbox.hubspot.links import PRIMARY_CONTACT
from connector.sandbox.hubspot.moments import iso, to_ms
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.table import Record
from connector.sandbox.world import Deed, Happening, World

_WORK = frozenset({Deed.CALL, Deed.MEETING})
_LABELS = ("", "", "COLD", "WARM", "HOT")  # as reps have them: most leads wait for one
_NEW, _ATTEMPTING, _CONNECTED, _QUALIFIED, _DISQUALIFIED = (
    stage.id for stage in pipelines.LEADS.stages
)


def fill_leads(
    portal: Portal, world: World, owners: Mapping[str, int], contacts: Mapping[str, Record]
) -> None:
    """Create a lead for everyone whom sales called or met, linked with its contact."""
    work: dict[str, list[Happening]] = defaultdict(list)
    for happening in sorted(world.happenings, key=lambda one: (one.at, one.key)):
        if happening.deed in _WORK:
            work[happening.person].append(happening)
    sold = {deal.person for deal in world.deals}
    table = portal.table(LEADS)
    begun = sorted(work.items(), key=lambda item: (item[1][0].at, item[0]))
    records: list[Record] = []
    for record_id, (person, done) in enumerate(begun, table.next_id):
        contact = contacts[person]
        owner = owners.get(next((one.rep for one in done if one.rep), ""))
        props = _lead(person, done, contact, is_sold=person in sold)
        if owner:
            props["hubspot_owner_id"] = str(owner)
        first, last = to_ms(done[0].at), to_ms(done[-1].at)
        records.append(Record(record_id, props, first, last))
        portal.links.add(LEADS, record_id, CONTACTS, contact.id, PRIMARY_CONTACT)
        contact.props["hs_latest_open_lead_date"] = iso(first)
    table.load(records)


def _lead(person: str, done: list[Happening], contact: Record, *, is_sold: bool) -> dict[str, str]:
    chance = crc32(person.encode())
    names = (contact.props.get(name, "") for name in ("firstname", "lastname"))
    props = {
        "hs_lead_name": " ".join(filter(None, names)) or contact.props.get("email", "Lead"),
        "hs_pipeline": pipelines.LEADS.id,
        "hs_pipeline_stage": _stage(done, chance, is_sold=is_sold),
    }
    label = _LABELS[chance % len(_LABELS)]
    if label:
        props["hs_lead_label"] = label
    if props["hs_pipeline_stage"] == _DISQUALIFIED:
        props["hs_lead_disqualification_reason"] = "NO_NEED"
    return props | lead_state(props["hs_pipeline_stage"])


def _stage(done: list[Happening], chance: int, *, is_sold: bool) -> str:
    if is_sold:
        return _QUALIFIED
    if chance % 7 == 0:
        return _DISQUALIFIED
    outcomes = {one.details.get("outcome", "") for one in done}
    if outcomes & {"connected", "completed"}:
        return _CONNECTED
    return _NEW if outcomes == {"scheduled"} else _ATTEMPTING

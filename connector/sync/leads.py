"""What the label of a contact's open lead should show. Pure.

The label belongs to people as much as to us: an empty one is filled, one that a person chose before
we wrote any may be raised, and one that a person chose afterwards is theirs.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from connector.domain.text import same_value
from connector.ports import KnownContact, KnownLead, Native, on_lead
from connector.sync.native import places, target_of


def lagging(label: Native, leads: pa.Table, score: pa.Table, deals: pa.Array) -> pa.Array:
    """Return the contacts whose open lead shows another label than they stand for.

    `leads`: as from `Store.load_leads`. `deals`: the contacts that have an open deal.
    """
    rows = score.take(pc.index_in(leads["contact"], score["contact"]))
    standing = pa.table(
        {
            "stage": rows["stage"],
            "temperature": rows["temperature"],
            "hand_off_open": rows["hand_off_open"],
            "has_deal": pc.is_in(rows["contact"], value_set=deals),
        }
    )
    targets = _targets(label, standing)
    differs = pc.fill_null(pc.not_equal(targets, leads["label"]), fill_value=True)
    return leads["contact"].filter(pc.and_(pc.is_valid(targets), differs))


def _targets(label: Native, standing: pa.Table) -> pa.Array:
    """Return the option of each row; None where there is none."""
    # There are as many ways to stand as words, however many contacts.
    ways = standing.group_by(standing.column_names).aggregate([])
    options = [
        target_of(label, places(row, has_deal=bool(row["has_deal"]))) for row in ways.to_pylist()
    ]
    return pa.array(options, pa.string()).take(pc.index_in(_key(standing), _key(ways)))


def _key(standing: pa.Table) -> pa.Array:
    columns = [pc.cast(each, pa.string()) for each in standing.columns]
    return pc.binary_join_element_wise(*columns, "/").combine_chunks()


def label_values(
    label: Native, standing: Sequence[str], known: KnownContact
) -> tuple[dict[str, str], list[str]]:
    """Return what is to be set on the open lead, and the names of what a person holds there."""
    lead, target = known.lead, target_of(label, standing)
    if lead is None or target is None:
        return {}, []
    name = on_lead(lead.id, label.name)
    if name not in lead.found:
        return {}, []  # the mapping names another property now, which was not read of this lead yet
    found = lead.found[name]
    if same_value(found, target):
        # Until it is accepted, nobody knows that it is ours.
        return ({name: target} if name in known.lead_waiting else {}), []
    if not found or _is_ours(name, found, lead, known):
        return {name: target}, []
    if lead.wrote.get(name):
        return {}, [name]
    return ({name: target} if label.rises(found, target) else {}), []


def _is_ours(name: str, found: str, lead: KnownLead, known: KnownContact) -> bool:
    # A write that waits may have arrived, and only its answer was lost.
    waiting = None if name in known.returning else known.lead_waiting.get(name)
    return any(each and same_value(found, each) for each in (lead.wrote.get(name), waiting))

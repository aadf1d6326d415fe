"""What the CRM's own stage fields should show. Pure.

They belong to people as much as to us: an empty one is filled, one is moved up, and only what we
wrote ourselves may be moved down, where the mapping allows it.
"""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from connector.ports import KnownContact, Native
from connector.sync.wanted import Row


def open_deals(opportunity: pa.Table, as_of_us: int) -> pa.Array:
    """Return the contacts that have an open deal."""
    is_there = pc.less_equal(opportunity["created_us"], as_of_us)
    is_open = pc.and_(is_there, pc.invert(opportunity["is_closed"]))
    return pc.unique(opportunity["contact"].filter(is_open))


def places(row: Row, *, has_deal: bool) -> Sequence[str]:
    """Return where a contact stands, the narrowest first."""
    stage, temperature = str(row["stage"]), str(row["temperature"])
    narrow = []
    if stage == "lead" and row["hand_off_open"]:
        narrow.append("handed_off")
    if stage == "prospect" and has_deal:
        narrow.append("open_deal")
    if temperature:
        narrow.append(f"{stage}_{temperature}")
    return [*narrow, stage]


def native_values(
    natives: Sequence[Native], standing: Sequence[str], known: KnownContact
) -> dict[str, str]:
    """Return {field: option} of what is to be set on one contact.

    A field that the CRM does not have for it (`found` does not name it) is left out.
    """
    wanted = ((native, target_of(native, standing)) for native in natives)
    return {
        native.name: target
        for native, target in wanted
        if target is not None and native.name in known.found and _may_set(native, target, known)
    }


def target_of(native: Native, standing: Sequence[str]) -> str | None:
    """Return the option of the narrowest place that has one."""
    return next((native.write[place] for place in standing if place in native.write), None)


def _may_set(native: Native, target: str, known: KnownContact) -> bool:
    found, waiting = known.found[native.name], known.waiting.get(native.name)
    if found == target:
        return waiting is not None  # until it is accepted, nobody knows that it is ours
    if not found:
        return True
    is_ours = found in _ours(native.name, known)
    return native.rises(found, target) or (is_ours and native.may_fall)


def _ours(name: str, known: KnownContact) -> Iterator[str | None]:
    yield known.wrote.get(name)
    if name not in known.returning:
        yield known.waiting.get(name)


def standing_column(score: pa.Table, deals: pa.Array, natives: Sequence[Native]) -> pa.ChunkedArray:
    """Return a text for each contact that changes when its own fields may have to.

    Unknown throughout if the mapping names none, so that nothing differs.
    """
    if not natives:
        return pa.chunked_array([pa.nulls(len(score), pa.string())])
    has_deal = pc.is_in(score["contact"], value_set=deals)
    flags = (pc.cast(each, pa.string()) for each in (score["hand_off_open"], has_deal))
    return pc.binary_join_element_wise(score["stage"], score["temperature"], *flags, "/")

"""The contacts that two rule sets are compared on, part by part: exported files, or the store."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import chain
from zoneinfo import ZoneInfo

import pyarrow as pa

from connector.app.account import Opened, zone_of_store
from connector.app.diff_tables import IdsOf
from connector.app.robots import parts_of_files
from connector.app.then import sources_of
from connector.columns import opportunity_schema
from connector.config.mappings import AnyMapping
from connector.config.wording import listed
from connector.domain.moment import moment
from connector.engine.offline import Inputs, read_files
from connector.engine.offline_parts import Offline
from connector.ports import Facts
from connector.rules.accounts import FACTS
from connector.rules.model import RuleSet
from connector.rules.plan import CompiledRules, OpportunityPlan
from connector.store import EmbeddedStore
from connector.sync.batches import batches
from connector.sync.opportunities import open_opportunities
from connector.sync.robots import Parts, parts_of


@dataclass(frozen=True, slots=True)
class Part:
    """Some contacts, with what each of the two rule sets reads of them."""

    before: Facts
    after: Facts
    ids: IdsOf


@dataclass(frozen=True, slots=True)
class Data:
    """The contacts. `total`: how many there are; None if nobody counted. `notes`: in sentences.

    `beforehand`: yields the same parts, for what has to be known of everybody first.
    `crowds`: all of them, to be asked before; for the earlier rules first, for the later last.
    `opportunities`: likewise, what returns the open ones as of an instant; none if nobody can tell.
    """

    parts: Iterator[Part]
    beforehand: Callable[[], Iterator[Part]]
    zone: ZoneInfo
    total: int | None = None
    notes: Sequence[Sequence[str]] = field(default_factory=list)
    crowds: Sequence[Parts] = ()
    opportunities: Sequence[Callable[[int], pa.Table]] = ()


def merged(before: CompiledRules, after: CompiledRules) -> CompiledRules:
    """Return the earlier plan, asking for the fields and attributes of both."""
    return replace(
        before,
        fields={**after.fields, **before.fields},
        attributes={**after.attributes, **before.attributes},
        opportunities=_merged(before.opportunities, after.opportunities),
    )


def _merged(
    before: OpportunityPlan | None, after: OpportunityPlan | None
) -> OpportunityPlan | None:
    if before is None or after is None:
        return before or after
    return replace(before, fields={**after.fields, **before.fields})


def _is_of_one_kind(before: CompiledRules, after: CompiledRules) -> bool:
    """Tell whether both take every field and attribute for the same kind of value."""
    pairs = [(before.fields, after.fields), (before.attributes, after.attributes)]
    if before.opportunities and after.opportunities:
        pairs.append((before.opportunities.fields, after.opportunities.fields))
    return all(one[name] is other[name] for one, other in pairs for name in one.keys() & other)


@contextmanager
def of_files(
    before: CompiledRules,
    after: CompiledRules,
    inputs: Inputs,
    zone: str,
    told: Callable[[str], None],
) -> Iterator[Data]:
    """Read files once for both, unless the two read a column as different kinds of value."""
    with ExitStack() as stack:
        is_one = _is_of_one_kind(before, after)
        plans = [merged(before, after)] if is_one else [before, after]
        read = [
            stack.enter_context(read_files(plan, inputs, zone=zone, told=told)) for plan in plans
        ]
        notes = [offline.notes for offline in read]
        again = partial(_parts_of_files, read, again=True)
        crowds = [parts_of_files(offline) for offline in read]
        parts = _parts_of_files(read)
        deals = [offline.open_opportunities for offline in read]
        yield Data(parts, again, ZoneInfo(zone), read[0].contacts, notes, crowds, deals)


def _parts_of_files(read: Sequence[Offline], *, again: bool = False) -> Iterator[Part]:
    # Parts depend on the ids alone, so those of the two readings hold the same contacts.
    for parts in zip(*(offline.parts(again=again) for offline in read), strict=True):
        yield Part(parts[0].facts, parts[-1].facts, _keeps(parts[0].ids))


def _keeps(ids: pa.ChunkedArray) -> IdsOf:
    """Return what picks the ids of a part by mask."""
    return lambda mask, _numbers: ids.filter(mask)


def unread(
    mapping: AnyMapping, before: tuple[RuleSet, CompiledRules], after: tuple[RuleSet, CompiledRules]
) -> Iterator[str]:
    """Yield a sentence on what one rule set alone asks for and the mapping does not read.

    Of that nothing was pulled: the rules that ask for it change nobody here, and would later.
    """
    shapes = mapping.shapes()
    known = {
        "contact field": {*shapes.fields, *FACTS},
        "attribute of activities": {*shapes.attributes},
        "activity type": mapping.types,
        "field of opportunities": {*shapes.of_opportunities},
    }
    old, new = _asked(*before), _asked(*after)
    for what, read in known.items():
        names = (old[what] ^ new[what]) - read
        if names:
            yield (
                f"The mapping does not read the {what} {listed(sorted(names), 'and')}, which one "
                "of the two asks for: unknown of everybody, so that such rules change nobody here. "
                "Add it to the mapping and pull, then compare."
            )


def _asked(rules: RuleSet, compiled: CompiledRules) -> Mapping[str, frozenset[str]]:
    types = (rule.activities for rule in rules.rules)
    return {
        "contact field": frozenset(compiled.fields),
        "attribute of activities": frozenset(compiled.attributes),
        "activity type": frozenset(chain.from_iterable(types)),
        "field of opportunities": frozenset(compiled.opportunities.fields)
        if compiled.opportunities
        else frozenset(),
    }


@contextmanager
def of_store(
    opened: Opened, before: CompiledRules, after: CompiledRules, as_of: datetime | None
) -> Iterator[Data]:
    """Open what was pulled, with the facts of now or of a past instant; nothing is written."""
    with opened.store(read_only=True) as store:
        _, zone = zone_of_store(store)
        both = merged(before, after)
        read = both.fields.keys() & opened.loaded.mapping.shapes().fields.keys()
        told = sources_of(opened, store, as_of, language="en", fields=sorted(read))
        notes = [told.sentences] if told else []
        parts = partial(_parts_of_store, store, both, as_of)
        deals = partial(_opportunities_of_store, store, both.opportunities, as_of)
        yield Data(parts(), parts, zone, None, notes, [parts_of(store)], [deals])


def _opportunities_of_store(
    store: EmbeddedStore, plan: OpportunityPlan | None, as_of: datetime | None, at_us: int
) -> pa.Table:
    fields = plan.fields if plan else {}
    pages = open_opportunities(store, fields, moment(at_us), is_past=as_of is not None)
    schema = opportunity_schema(fields)
    return pa.concat_tables([schema.empty_table(), *(each.opportunity for each in pages)])


def _parts_of_store(
    store: EmbeddedStore, both: CompiledRules, as_of: datetime | None
) -> Iterator[Part]:
    # The mapping says what kind a field is. Of one that it does not name, nothing was ever read.
    def ids(_mask: pa.ChunkedArray, numbers: pa.ChunkedArray) -> pa.ChunkedArray:
        wanted = numbers.to_pylist()
        known = store.load_contacts(wanted)
        return pa.chunked_array([[known[number].id for number in wanted]], pa.string())

    for batch in batches(store, both, as_of=as_of):
        yield Part(batch.facts, batch.facts, ids)

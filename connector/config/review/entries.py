"""Entries of a mapping that no record ever reaches."""

from collections.abc import Hashable, Iterator, Sequence

from connector.config.mapping import Activity
from connector.config.mappings import AnyMapping
from connector.config.review.dead import contradiction
from connector.config.review.remark import Remark, Weight
from connector.config.salesforce_mapping import SalesforceActivity
from connector.rules.conditions import AnyOf, Condition
from connector.rules.satisfiable import follows, never_holds

_ON_PEOPLE = "contact"


def unreached_entries(mapping: AnyMapping) -> Iterator[Remark]:
    """Yield entries that contradict themselves, and those whose records others above them take."""
    entries: Sequence[Activity | SalesforceActivity] = mapping.activities
    above: dict[Hashable, list[Condition]] = {}
    for position, entry in enumerate(entries):
        path = ("activities", position)
        if never_holds(entry.condition):
            yield Remark(
                (*path, "where"),
                Weight.ERROR,
                "never_fires",
                f"this entry can never yield a «{entry.type}»: {contradiction(entry.condition)}",
                "Correct the condition, or take the entry out.",
            )
            continue
        # Dates of people stand for themselves. Salesforce tells several happenings of one record
        # apart by their moments; in HubSpot the first that matches names a record.
        shared = (entry.source, entry.moments if mapping.crm == "salesforce" else ())
        earlier = [] if entry.source == _ON_PEOPLE else above.setdefault(shared, [])
        if earlier and follows(entry.condition, AnyOf(tuple(earlier))):
            yield Remark(
                (*path, "type"),
                Weight.WARNING,
                "shadowed",
                f"this entry never yields a «{entry.type}»: the entries of {entry.source} above it "
                "take all of its records",
                "Put it above them, or narrow their conditions.",
            )
        earlier.append(entry.condition)

"""A mapping's activities, compiled: which records of an object are which activity of ours."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from connector.config.salesforce_mapping import SalesforceActivity, SalesforceMapping
from connector.config.salesforce_mapping import SalesforceSource as Source
from connector.crm.conditions import compiled
from connector.crm.reading import Naming, Unreadable, reading
from connector.crm.salesforce.rows import Row
from connector.crm.values import Convert, moment_in
from connector.domain.contact import RETRACTED, Activity
from connector.domain.ids import ActivityId, ContactId
from connector.rules.conditions import names

DEFAULT_AT: Mapping[str, tuple[str, ...]] = {
    "Task": ("CompletedDateTime", "ActivityDate"),
    "Event": ("EndDateTime", "ActivityDate"),
    "CampaignMember": ("FirstRespondedDate", "CreatedDate"),
    "EmailMessage": ("MessageDate",),
}
"""Where a source says when something happened, if the mapping does not."""

_MOST_KNOWN = 10_000


@dataclass(frozen=True, slots=True)
class Happening:
    """What a record tells of one of its dates: `at`, the first of them that is known.

    Of `namings` the first that accepts the record says what it is, by nothing but `looks_at`.
    `known`: the answers so far.
    """

    at: tuple[str, ...]
    namings: tuple[Naming, ...]
    moment: Convert
    looks_at: tuple[str, ...] = ()
    known: dict[tuple[str | None, ...], Naming | None] = field(default_factory=dict, compare=False)

    def activity(
        self, record: str, row: Row, contact: ContactId, unreadable: Unreadable
    ) -> Activity | None:
        """Return the activity that a record is at this date; None if it is none."""
        at = self._at(row, unreadable)
        if at is None:
            return None
        naming = self._naming(row)
        if naming is None:
            return None
        attributes = naming.attributes_of(row, unreadable)
        id_ = self.id_of(record)
        return Activity(id_, naming.type, at, contact, None, naming.is_outbound, attributes)

    def id_of(self, record: str) -> ActivityId:
        """Return the id of a record's activity at this date."""
        return ActivityId(f"{record}:{'+'.join(self.at)}")

    def _naming(self, row: Row) -> Naming | None:
        """Return what a record is. Few campaigns have many members: each sort is looked at once."""
        key = tuple(row.get(name) for name in self.looks_at)
        if key not in self.known:
            if len(self.known) >= _MOST_KNOWN:
                self.known.clear()
            self.known[key] = next((each for each in self.namings if each.accepts(row)), None)
        return self.known[key]

    def _at(self, row: Row, unreadable: Unreadable) -> int | None:
        for name in self.at:
            text = row.get(name)
            at = self.moment(text) if text else None
            if isinstance(at, int):
                return at
            if text:
                unreadable[name] += 1
        return None


@dataclass(frozen=True, slots=True)
class Records:
    """All entries of one source. `columns`: what of a record is needed; `prefix`: of ids."""

    prefix: str
    happenings: tuple[Happening, ...]
    columns: tuple[str, ...]
    unreadable: Unreadable

    def activities(
        self, record: str, row: Row, contact: ContactId, *, is_news: bool, is_deleted: bool
    ) -> Iterator[Activity]:
        """Yield what a record tells of a contact, one activity at most for each of its dates.

        What it no longer tells is taken back, if it may have been told before (`is_news`).
        """
        name = f"{self.prefix}:{record}"
        for happening in self.happenings:
            found = None
            if not is_deleted:
                found = happening.activity(name, row, contact, self.unreadable)
            if found is not None:
                yield found
            elif is_news:
                yield Activity(happening.id_of(name), RETRACTED, 0, contact)


@dataclass(frozen=True, slots=True)
class OwnDates:
    """The entries of the source `contact`: dates on the lead or contact itself.

    Each date of each entry is an activity of its own, so that those of a date that moves add up.
    """

    happenings: tuple[Happening, ...]
    columns: tuple[str, ...]
    unreadable: Unreadable

    def activities(self, contact: ContactId, row: Row) -> Iterator[Activity]:
        """Yield an activity for each entry whose date is known and whose condition holds."""
        for happening in self.happenings:
            found = happening.activity("contact", row, contact, self.unreadable)
            if found is not None:
                id_ = ActivityId(f"contact:{found.type}:{found.occurred_us // 1_000}")
                yield Activity(
                    id_,
                    found.type,
                    found.occurred_us,
                    contact,
                    None,
                    found.is_outbound,
                    found.attributes,
                )


def records(
    mapping: SalesforceMapping, source: Source, zone: tzinfo, unreadable: Unreadable
) -> Records:
    """Return a source's entries, compiled."""
    entries = mapping.entries(source)
    grouped: dict[tuple[str, ...], list[SalesforceActivity]] = {}
    for entry in entries:
        grouped.setdefault(_moments(entry), []).append(entry)
    happenings = tuple(_happening(at, group, zone) for at, group in grouped.items())
    return Records(source, happenings, _needed(entries), unreadable)


def own_dates(mapping: SalesforceMapping, zone: tzinfo, unreadable: Unreadable) -> OwnDates:
    """Return the entries of the source `contact`, compiled."""
    entries = mapping.entries("contact")
    happenings = tuple(_happening(_moments(entry), [entry], zone) for entry in entries)
    return OwnDates(happenings, _needed(entries), unreadable)


def _moments(entry: SalesforceActivity) -> tuple[str, ...]:
    return entry.moments or DEFAULT_AT.get(entry.source, ())


def _happening(
    at: tuple[str, ...], entries: Sequence[SalesforceActivity], zone: tzinfo
) -> Happening:
    namings = tuple(
        Naming(
            entry.type,
            entry.is_outbound,
            at[0],
            compiled(entry.condition, zone),
            tuple(
                reading(name, read.name, read.kind, read.divide_by, zone)
                for name, read in entry.attributes.items()
            ),
            entry.constants,
        )
        for entry in entries
    )
    looks_at = dict.fromkeys(name for entry in entries for name in dict(names(entry.condition)))
    return Happening(at, namings, moment_in(zone), tuple(looks_at))


def _needed(entries: Sequence[SalesforceActivity]) -> tuple[str, ...]:
    names = [name for entry in entries for name in (*entry.properties, *_moments(entry))]
    return tuple(dict.fromkeys(names))

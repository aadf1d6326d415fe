"""A mapping's activities, compiled: which records of a source are which activity of ours."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from connector.config.mapping import Activity as Entry
from connector.config.mapping import HubSpotMapping, Source
from connector.crm.conditions import Properties, compiled
from connector.crm.reading import Naming, Unreadable, reading
from connector.crm.values import moment
from connector.domain.contact import Activity
from connector.domain.ids import ActivityId, ContactId

OBJECTS = frozenset({"calls", "emails", "meetings", "notes", "tasks", "communications"})
"""Sources that are objects of HubSpot's: listed, searched and linked to contacts alike."""

_MOMENT: Mapping[str, str] = {
    "form_submissions": "submittedAt",
    "email_events": "created",
    "marketing_events": "occurredAt",
}
"""Where a source says when it happened; objects say it in `hs_timestamp`."""

_PREFIX: Mapping[str, str] = {"form_submissions": "forms"}


@dataclass(frozen=True, slots=True)
class Records:
    """All entries of one source. `properties`: what of a record is needed; `prefix`: of ids."""

    prefix: str
    namings: tuple[Naming, ...]
    properties: tuple[str, ...]
    unreadable: Unreadable

    def accepts(self, properties: Properties) -> bool:
        """Tell whether a record is any activity of ours."""
        return any(each.accepts(properties) for each in self.namings)

    def activities(
        self,
        record: str,
        properties: Properties,
        *,
        contacts: Sequence[ContactId] = (),
        email: str | None = None,
    ) -> Iterator[Activity]:
        """Yield the activity that a record is, once for each contact; none if no entry accepts it.

        `record`: its id, unique in the source.
        """
        naming = next((each for each in self.namings if each.accepts(properties)), None)
        at = self._at(naming, properties) if naming else None
        if naming is None or at is None:
            return
        attributes = naming.attributes_of(properties, self.unreadable)
        id_ = ActivityId(f"{self.prefix}:{record}")
        for contact in contacts or ((None,) if email else ()):
            yield Activity(id_, naming.type, at, contact, email, naming.is_outbound, attributes)

    def _at(self, naming: Naming, properties: Properties) -> int | None:
        text = properties.get(naming.at)
        at = moment(text) if text else None
        if at is None:
            self.unreadable[naming.at] += 1
        return at


@dataclass(frozen=True, slots=True)
class OwnDates:
    """The entries of the source `contact`: dates on the contact itself."""

    namings: tuple[Naming, ...]
    properties: tuple[str, ...]
    unreadable: Unreadable

    def activities(self, contact: ContactId, properties: Properties) -> Iterator[Activity]:
        """Yield an activity for each entry whose date is known and whose condition holds."""
        for naming in self.namings:
            text = properties.get(naming.at)
            at = moment(text) if text else None
            if at is None or not naming.accepts(properties):
                continue
            yield Activity(
                ActivityId(f"contact:{naming.type}:{at // 1_000}"),
                naming.type,
                at,
                contact,
                None,
                naming.is_outbound,
                naming.attributes_of(properties, self.unreadable),
            )


def records(mapping: HubSpotMapping, source: Source, unreadable: Unreadable) -> Records:
    """Return a source's entries, compiled."""
    entries = mapping.entries(source)
    prefix = _PREFIX.get(source, source)
    return Records(prefix, _namings(entries, source), _needed(entries, source), unreadable)


def own_dates(mapping: HubSpotMapping, unreadable: Unreadable) -> OwnDates:
    """Return the entries of the source `contact`, compiled."""
    entries = mapping.entries("contact")
    return OwnDates(_namings(entries, "contact"), _needed(entries, "contact"), unreadable)


def _default_at(source: str) -> str:
    return _MOMENT.get(source, "hs_timestamp")


def _namings(entries: Sequence[Entry], source: str) -> tuple[Naming, ...]:
    return tuple(
        Naming(
            entry.type,
            entry.is_outbound,
            entry.at or _default_at(source),
            compiled(entry.condition),
            tuple(
                reading(name, read.name, read.kind, read.divide_by)
                for name, read in entry.attributes.items()
            ),
            entry.constants,
        )
        for entry in entries
    )


def _needed(entries: Sequence[Entry], source: str) -> tuple[str, ...]:
    needed = dict.fromkeys(name for entry in entries for name in entry.properties)
    if source != "contact" and any(entry.at is None for entry in entries):
        needed[_default_at(source)] = None
    return tuple(needed)

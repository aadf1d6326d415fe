"""The stream of contacts: rows to contacts, deletions, merges, and the daily sweep."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

from connector.config.mapping import HubSpotMapping
from connector.crm.hubspot import place as places
from connector.crm.hubspot.client import Client
from connector.crm.hubspot.follow import Follower, Found, Lag, newly_deleted
from connector.crm.hubspot.objects import MERGED, Filter, ObjectReader, former_ids, where
from connector.crm.hubspot.place import Echo, Phase, Place
from connector.crm.hubspot.sources import OwnDates, own_dates
from connector.crm.hubspot.wire import Row
from connector.crm.reading import Unreadable, read_all, reading
from connector.crm.values import millis, moment
from connector.domain.contact import Activity, Contact, Gone, Value
from connector.domain.ids import ContactId, OwnerId
from connector.ports import Page
from connector.rules.conditions import Kind

MODIFIED = "lastmodifieddate"
CONVERTED = "recent_conversion_date"
WROTE_AT = "leadripe_wrote_at"
"""The property that holds when we last wrote to a contact; our own changes are told by it."""

_OTHER_EMAILS = "hs_additional_emails"
_OWNER = "hubspot_owner_id"
_ALWAYS = ("email", _OTHER_EMAILS, _OWNER, MERGED, CONVERTED)


class ContactRows:
    """Turns rows into contacts, for one mapping.

    This runs once for each contact of an account, so it prepares what it can and does little else.
    """

    def __init__(self, mapping: HubSpotMapping, unreadable: Unreadable) -> None:
        fields = mapping.contact.fields
        self._texts = [(name, read.name) for name, read in fields.items() if read.kind is Kind.TEXT]
        self._others = [
            reading(name, read.name, read.kind, read.divide_by)
            for name, read in fields.items()
            if read.kind is not Kind.TEXT
        ]
        self._written = written_properties(mapping)
        self._dates: OwnDates = own_dates(mapping, unreadable)
        self._unreadable = unreadable
        self.properties = (
            *_ALWAYS,
            *(read.name for read in fields.values()),
            *self._written,
            *self._dates.properties,
        )

    def contact(self, row: Row) -> Contact:
        """Return the contact that a row holds."""
        properties = row["properties"]
        get = properties.get
        fields: dict[str, Value] = {name: get(source) or None for name, source in self._texts}
        if self._others:
            fields.update(read_all(self._others, properties, self._unreadable))
        email = get("email")
        fields["email"] = email or None
        owner, merged = get(_OWNER), get(MERGED)
        return Contact(
            ContactId(row["id"]),
            datetime.fromisoformat(row["updatedAt"]),
            fields,
            {name: get(name) or None for name in self._written},
            OwnerId(owner) if owner else None,
            _emails(email, get(_OTHER_EMAILS)),
            _former(merged, row["id"]) if merged else (),
        )

    def activities(self, rows: Sequence[Row]) -> Iterator[Activity]:
        """Yield what the dates on contacts tell that they did."""
        if self._dates.namings:
            for row in rows:
                yield from self._dates.activities(ContactId(row["id"]), row["properties"])


def written_properties(mapping: HubSpotMapping) -> tuple[str, ...]:
    """Return the properties of ours whose values are kept as the CRM holds them."""
    return mapping.kept_properties


def _emails(email: str | None, others: str | None) -> tuple[str, ...]:
    if not others:
        return (email.lower(),) if email else ()
    known = [email or "", *others.split(";")]
    return tuple(dict.fromkeys(each.strip().lower() for each in known if each.strip()))


def _former(merged: str, id_: str) -> tuple[ContactId, ...]:
    return tuple(ContactId(each) for each in former_ids(merged, id_))


@dataclass(slots=True)
class ContactStream:
    """Reads contacts: list, changes, and once in `sweep_every` everything again.

    The sweep is for what search never shows: deletions, and whatever the index lost.
    `latest_form`: the latest form submission of any contact seen, in milliseconds.
    """

    client: Client
    rows: ContactRows
    lag: Lag
    sweep_every: timedelta
    echoes: Callable[[], Sequence[Echo]]
    latest_form: int | None = None

    @property
    def reader(self) -> ObjectReader:
        """Reads contacts with the properties that the mapping needs."""
        return ObjectReader(self.client, "contacts", self.rows.properties, modified=MODIFIED)

    def pages(self, checkpoint: str | None) -> Iterator[Page]:
        """Yield pages as `Crm.pages` promises."""
        place = places.load(checkpoint)
        self.latest_form = place.converted
        if self._is_sweep_due(place):
            self._begin_sweep(place)
        for found in self._follower().pages(place):
            yield self._page(found, place)

    def _is_sweep_due(self, place: Place) -> bool:
        age = millis(self.client.now()) - place.listed
        return place.phase is Phase.CHANGES and age >= self.sweep_every // _MS

    def _begin_sweep(self, place: Place) -> None:
        # Deletions first: a former id that stands in the bin is then taken over by its survivor.
        place.phase, place.after, place.began = Phase.ARCHIVED, "", 0
        place.todo = []

    def _follower(self) -> Follower:
        return Follower(self.client, self.reader, self.lag, foreign=_not_ours, echoes=self.echoes)

    def _page(self, found: Found, place: Place) -> Page:
        if found.deleted:
            # Whom a deleted contact had taken over is gone with it, and nobody else would tell.
            gone = [
                Gone(each)
                for row in newly_deleted(found.rows, place)
                for each in (
                    ContactId(row["id"]),
                    *_former(row["properties"].get(MERGED) or "", row["id"]),
                )
            ]
            return Page(place.dump(), gone=gone)
        contacts = [self.rows.contact(row) for row in found.rows]
        merged = filter(attrgetter("former_ids"), contacts)
        gone = [Gone(former, contact.id) for contact in merged for former in contact.former_ids]
        self._note_forms(found.rows, place)
        activities = list(self.rows.activities(found.rows))
        return Page(place.dump(), contacts, activities, gone=gone)

    def _note_forms(self, rows: Sequence[Row], place: Place) -> None:
        texts = (row["properties"].get(CONVERTED) for row in rows)
        latest = max(filter(None, texts), default="")
        converted = moment(latest) if latest else None
        if converted is not None:
            place.converted = max(place.converted, converted // 1_000)
        self.latest_form = place.converted


_MS = timedelta(milliseconds=1)


def _not_ours(echo: Echo) -> Sequence[Sequence[Filter]]:
    """Return filter groups, either of which makes a change in an echo somebody else's.

    We had not written to that contact by then, or never.
    """
    return (
        [where(WROTE_AT, "LT", str(echo.since))],
        [where(WROTE_AT, "NOT_HAS_PROPERTY")],
    )

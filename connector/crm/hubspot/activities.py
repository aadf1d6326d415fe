"""Activities that are objects of HubSpot's: calls, e-mails, meetings, notes, tasks, messages."""

from collections.abc import Iterator
from dataclasses import dataclass

from connector.crm.hubspot import place as places
from connector.crm.hubspot.client import Client
from connector.crm.hubspot.follow import Follower, Found, Lag
from connector.crm.hubspot.objects import ObjectReader
from connector.crm.hubspot.sources import Records
from connector.crm.hubspot.wire import Row
from connector.domain.contact import Activity
from connector.ports import Page


@dataclass(frozen=True, slots=True)
class ObjectStream:
    """Reads one such object. `own_key`: the property by which our own tasks are left out."""

    client: Client
    kind: str
    records: Records
    lag: Lag
    own_key: str = ""

    def pages(self, checkpoint: str | None) -> Iterator[Page]:
        """Yield pages as `Crm.pages` promises."""
        place = places.load(checkpoint)
        reader = self._reader()
        for found in Follower(self.client, reader, self.lag).pages(place):
            activities = list(self._activities(reader, found))
            yield Page(place.dump(), activities=activities)

    def _reader(self) -> ObjectReader:
        properties = [*self.records.properties, *filter(None, [self.own_key])]
        return ObjectReader(self.client, self.kind, properties, with_contacts=True)

    def _activities(self, reader: ObjectReader, found: Found) -> Iterator[Activity]:
        rows = [row for row in found.rows if self._counts(row)]
        contacts = reader.contacts_of(rows, inline=found.inline)
        for row in rows:
            of = contacts.get(row["id"], ())
            yield from self.records.activities(row["id"], row["properties"], contacts=of)

    def _counts(self, row: Row) -> bool:
        properties = row["properties"]
        is_own = bool(self.own_key and properties.get(self.own_key))
        return not is_own and self.records.accepts(properties)

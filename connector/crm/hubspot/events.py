"""Marketing events (webinars, fairs): who registered, came, or stayed away."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from connector.crm.hubspot import paths, wire
from connector.crm.hubspot.client import Client
from connector.crm.hubspot.cursor import EventCursor, dump, fields
from connector.crm.hubspot.judging import ConflictError
from connector.crm.hubspot.refusal import Json
from connector.crm.hubspot.sources import Records
from connector.domain.contact import Activity
from connector.domain.ids import ContactId
from connector.ports import Page

_PAGE = 100
_COUNTERS = ("registrants", "attendees", "cancellations", "noShows", "updatedAt")


@dataclass(frozen=True, slots=True)
class EventStream:
    """Reads the participants of the events whose counters moved since they were read last."""

    client: Client
    records: Records

    def pages(self, checkpoint: str | None) -> Iterator[Page]:
        """Yield pages as `Crm.pages` promises."""
        cursor = _load(checkpoint)
        events = fetch_events(self.client)
        counters = {id_: _counters(event) for id_, event in events.items()}
        changed = [id_ for id_ in events if cursor.seen.get(id_) != counters[id_]]
        half_read = cursor.todo[:1] if cursor.after else []
        cursor.todo = [id_ for id_ in dict.fromkeys([*half_read, *changed]) if id_ in events]
        if half_read != cursor.todo[:1]:
            cursor.after = ""
        while cursor.todo:
            yield self._page(cursor, events, counters)

    def _page(
        self, cursor: EventCursor, events: Mapping[str, Json], counters: Mapping[str, str]
    ) -> Page:
        event = cursor.todo[0]
        participations, cursor.after = self._fetch(event, cursor.after)
        if not cursor.after:
            cursor.seen[event] = counters[event]
            cursor.todo = cursor.todo[1:]
        activities = [
            found
            for each in participations
            for found in self._activities(event, events[event], each)
        ]
        return Page(dump(cursor), activities=activities)

    def _fetch(self, event: str, after: str) -> tuple[list[Json], str]:
        query = {"limit": str(_PAGE)} | ({"after": after} if after else {})
        try:
            reply = self.client.get(paths.participations(event), query, needs="results")
        except ConflictError as conflict:
            if conflict.status != 404:
                raise
            return [], ""  # deleted since it was listed
        return wire.objects(reply["results"]), wire.next_after(reply) or ""

    def _activities(self, id_: str, event: Json, participation: Json) -> Iterator[Activity]:
        told = _object(participation.get("properties"))
        contact = _object(_object(participation.get("associations")).get("contact"))
        contact_id = wire.text(contact.get("contactId"))
        email = wire.text(contact.get("email"))
        state = wire.text(told.get("attendanceState")) or ""
        properties = {
            "event_name": wire.text(event.get("eventName")),
            "event_type": wire.text(event.get("eventType")),
            "state": state,
            "occurredAt": wire.text(told.get("occurredAt")) or _created(participation),
            "attended_minutes": _minutes(told.get("attendanceDurationSeconds")),
            "attended_percentage": wire.text(told.get("attendancePercentage")),
        }
        who = contact_id or email
        if who:
            yield from self.records.activities(
                # With the state: who registered and then came did two things.
                f"{id_}:{who}:{state}",
                properties,
                contacts=[ContactId(contact_id)] if contact_id else (),
                email=None if contact_id or not email else email.lower(),
            )


def fetch_events(client: Client) -> Mapping[str, Json]:
    """Fetch {event id: the event} of every marketing event."""
    events: dict[str, Json] = {}
    after: str | None = ""
    while after is not None:
        query = {"limit": str(_PAGE)} | ({"after": after} if after else {})
        reply = client.get(paths.MARKETING_EVENTS, query, needs="results")
        for event in wire.objects(reply["results"]):
            id_ = wire.text(event.get("objectId"))
            if id_:
                events[id_] = event
        after = wire.next_after(reply)
    return events


def _load(checkpoint: str | None) -> EventCursor:
    try:
        return EventCursor(**fields(checkpoint))  # type: ignore[arg-type]  # as `dump` wrote them
    except TypeError:
        return EventCursor()


def _counters(event: Json) -> str:
    return "|".join(wire.text(event.get(name)) or "" for name in _COUNTERS)


def _created(participation: Json) -> str | None:
    return wire.text(participation.get("createdAt"))


def _minutes(seconds: object) -> str | None:
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return None
    return str(round(Decimal(seconds) / 60, 6))


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}

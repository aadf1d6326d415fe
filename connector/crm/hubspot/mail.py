"""Marketing mail: what became of each message, from the v1 event stream."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from connector.config.mapping import HubSpotMapping
from connector.crm.hubspot import paths, wire
from connector.crm.hubspot.client import Client
from connector.crm.hubspot.cursor import MailCursor, dump, fields
from connector.crm.hubspot.follow import Lag
from connector.crm.hubspot.refusal import Json
from connector.crm.hubspot.sources import Records
from connector.crm.values import millis
from connector.domain.contact import Activity
from connector.ports import Page
from connector.rules.conditions import All, AnyOf, Condition, Test
from connector.rules.operators import Op

_PAGE = 1_000
_TYPE = "event_type"
_MOST_TYPES = 4
_LONG = timedelta(days=1) // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class MailStream:
    """Reads mail events by time. `types`: the only ones that count, if the mapping says so."""

    client: Client
    records: Records
    types: frozenset[str]
    lag: Lag

    def pages(self, checkpoint: str | None) -> Iterator[Page]:
        """Yield pages as `Crm.pages` promises."""
        cursor = _load(checkpoint)
        if cursor.types:
            yield from self._window(cursor)
        self._open(cursor)
        yield from self._window(cursor)

    def _open(self, cursor: MailCursor) -> None:
        cursor.start = max(0, cursor.read - self.lag.millis)
        cursor.end = millis(self.client.now())
        cursor.offset = ""
        # One type at a time spares the many messages that were merely sent and delivered. A short
        # window holds few of them; there, one call for everything is the cheaper way.
        by_type = self.types and cursor.end - cursor.start > _LONG
        cursor.types = sorted(self.types) if by_type else [""]

    def _window(self, cursor: MailCursor) -> Iterator[Page]:
        while cursor.types:
            reply = self.client.get(paths.EMAIL_EVENTS, _query(cursor), needs="events")
            events = wire.objects(reply["events"])
            offset = wire.text(reply.get("offset")) or ""
            has_more = reply.get("hasMore") is True and bool(offset) and offset != cursor.offset
            cursor.offset = offset if has_more else ""
            if not has_more:
                cursor.types = cursor.types[1:]
            if not cursor.types:
                # Replies tell HubSpot's time: ours may have been ahead of it when we set the end.
                cursor.read = min(cursor.end, millis(self.client.now()))
            activities = [found for event in events for found in self._activities(event)]
            yield Page(dump(cursor), activities=activities)

    def _activities(self, event: Json) -> Iterator[Activity]:
        id_, recipient = wire.text(event.get("id")), wire.text(event.get("recipient"))
        if id_ and recipient:
            yield from self.records.activities(id_, _properties(event), email=recipient.lower())


def _load(checkpoint: str | None) -> MailCursor:
    try:
        return MailCursor(**fields(checkpoint))  # type: ignore[arg-type]  # as `dump` wrote them
    except TypeError:
        return MailCursor()


def _query(cursor: MailCursor) -> Mapping[str, str]:
    query = {"limit": str(_PAGE), "endTimestamp": str(cursor.end)}
    if cursor.start:
        query["startTimestamp"] = str(cursor.start)
    if cursor.types[0]:
        query["eventType"] = cursor.types[0]
    if cursor.offset:
        query["offset"] = cursor.offset
    return query


def _properties(event: Json) -> Mapping[str, str | None]:
    url = wire.text(event.get("url"))
    return {
        _TYPE: wire.text(event.get("type")),
        "created": wire.text(event.get("created")),
        "url": url,
        "path": urlsplit(url).path if url else None,
        "campaign_id": wire.text(event.get("emailCampaignId")),
        "user_agent": wire.text(event.get("userAgent")),
        "subscription_status": _subscription(event),
        "is_filtered": wire.text(event.get("filteredEvent")),
        "sent_at": _sent(event),
    }


def _sent(event: Json) -> str | None:
    """Return when the mail was sent that an event is about, in epoch milliseconds."""
    sent = event.get("sentBy")
    return wire.text(sent.get("created")) if isinstance(sent, dict) else None


def _subscription(event: Json) -> str | None:
    """Return what a STATUSCHANGE changed to: for the whole portal, or for one kind of mail."""
    status = wire.text(event.get("portalSubscriptionStatus"))
    each = (wire.text(entry.get("status")) for entry in wire.objects(event.get("subscriptions")))
    return status or next(filter(None, each), None)


def types_read(mapping: HubSpotMapping) -> frozenset[str]:
    """Return the event types that any entry can take; none if that may be any, or too many."""
    found: set[str] = set()
    for entry in mapping.entries("email_events"):
        types = _types(entry.condition)
        if types is None:
            return frozenset()
        found |= types
    return frozenset(found) if len(found) <= _MOST_TYPES else frozenset()


def _types(condition: Condition) -> frozenset[str] | None:
    """Return the event types for which a condition can hold; None if it does not say."""
    match condition:
        case Test(name=name, op=Op.EQUALS | Op.IN, values=values) if name == _TYPE:
            return frozenset(str(value).upper() for value in values)
        case All(parts=parts):
            known = [types for types in map(_types, parts) if types is not None]
            return frozenset.intersection(*known) if known else None
        case AnyOf(parts=parts):
            each = [_types(part) for part in parts]
            sure = [types for types in each if types is not None]
            return frozenset().union(*sure) if len(sure) == len(each) else None
        case _:
            return None

"""Forms, marketing mail and marketing events through the API."""

from bisect import bisect_left, bisect_right
from collections import Counter

from connector.sandbox.hubspot.call import Answer, Call, is_whole
from connector.sandbox.hubspot.kinds import CONTACTS
from connector.sandbox.hubspot.moments import iso
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.reads import located
from connector.sandbox.hubspot.refusals import Json, invalid, not_found
from connector.sandbox.hubspot.streams import Form, MailEvent, MarketingEvent, Participation
from connector.sandbox.hubspot.table import Record

SUBMISSIONS_LIMIT, MAIL_LIMIT, EVENTS_LIMIT = 50, 1_000, 100
APP_ID = 113
MAIL_TYPES = frozenset(
    [
        "SENT",
        "DELIVERED",
        "OPEN",
        "CLICK",
        "BOUNCE",
        "STATUSCHANGE",
        "DROPPED",
        "PROCESSED",
        "DEFERRED",
        "PRINT",
        "FORWARD",
        "SPAMREPORT",
        "SUPPRESSED",
    ]
)
STATES = frozenset({"REGISTERED", "CANCELLED", "ATTENDED", "NO_SHOW", "EMPTY"})


def list_forms(portal: Portal, call: Call) -> Answer:
    """Serve a page of form definitions."""
    limit, after = call.limit(20, 500), call.number("after", 0)
    forms = sorted(portal.streams.forms.values(), key=lambda form: (form.created_ms, form.guid))
    if call.flag("archived"):
        forms = []
    return Answer(body=_paged([_form(form) for form in forms], after, limit))


def read_form(portal: Portal, call: Call) -> Answer:
    """Serve one form definition."""
    form = portal.streams.forms.get(call.params[0])
    if form is None or call.flag("archived"):
        raise not_found(f"No form found with id {call.params[0]}")
    return Answer(body=_form(form))


def list_submissions(portal: Portal, call: Call) -> Answer:
    """Serve what was sent through one form, newest first. There is no way to ask for a time."""
    form = portal.streams.forms.get(call.params[0])
    if form is None:
        raise not_found(f"No form found with id {call.params[0]}")
    limit = call.limit(20, SUBMISSIONS_LIMIT)
    # The cursor counts what is older, so that new submissions do not shift a walk under way.
    older = min(call.number("after", len(form.submissions)), len(form.submissions))
    left = max(0, older - limit)
    results = [
        {
            "conversionId": one.id,
            "submittedAt": one.at_ms,
            "pageUrl": one.page_url,
            "values": [
                {"name": name, "value": value, "objectTypeId": "0-1"}
                for name, value in one.values.items()
            ],
        }
        for one in reversed(form.submissions[left:older])
    ]
    body: Json = {"results": results}
    if left:
        body["paging"] = {"next": {"after": str(left), "link": ""}}
    return Answer(body=body)


def list_mail_events(portal: Portal, call: Call) -> Answer:
    """Serve marketing mail events, newest first; both time bounds are inclusive."""
    mail = portal.streams.mail
    limit = call.limit(100, MAIL_LIMIT)
    first = bisect_left(mail, call.number("startTimestamp", 0), key=_at)
    last = bisect_right(mail, call.number("endTimestamp", 1 << 62), key=_at)
    wanted = _mail_filter(call)
    at = min(call.number("offset", last), last)
    found: list[MailEvent] = []
    while at > first and len(found) < limit:
        at -= 1
        if wanted(mail[at]):
            found.append(mail[at])
    more = any(wanted(mail[place]) for place in range(at - 1, first - 1, -1))
    events = [_mail_event(portal, event) for event in found]
    return Answer(body={"hasMore": more, "offset": str(at), "events": events})


def read_campaign(portal: Portal, call: Call) -> Answer:
    """Serve what is known of the mail that events name by `emailCampaignId`."""
    key = call.params[0]
    campaign = portal.streams.campaigns.get(int(key)) if is_whole(key) else None
    if campaign is None:
        raise not_found(f"No campaign {key}")
    return Answer(
        body={
            "id": campaign.id,
            "appId": APP_ID,
            "appName": "Batch",
            "name": campaign.name,
            "subject": campaign.subject,
            "type": "BATCH_EMAIL",
        }
    )


def list_marketing_events(portal: Portal, call: Call) -> Answer:
    """Serve a page of marketing events with their counters."""
    limit, after = call.limit(10, EVENTS_LIMIT), call.number("after", 0)
    ids = [event_id for event_id in sorted(portal.streams.events) if event_id >= after]
    body: Json = {"results": [_event(portal, portal.streams.events[i]) for i in ids[:limit]]}
    if len(ids) > limit:
        body["paging"] = {"next": {"after": str(ids[limit]), "link": ""}}
    return Answer(body=body)


def read_marketing_event(portal: Portal, call: Call) -> Answer:
    """Serve one marketing event."""
    return Answer(body=_event(portal, _known_event(portal, call.params[0])))


def read_counters(portal: Portal, call: Call) -> Answer:
    """Serve how many took part in one event, by state."""
    counted = _counted(portal, _known_event(portal, call.params[0]))
    return Answer(
        body={
            "registered": counted["REGISTERED"],
            "attended": counted["ATTENDED"],
            "cancelled": counted["CANCELLED"],
            "noShows": counted["NO_SHOW"],
        }
    )


def event_breakdown(portal: Portal, call: Call) -> Answer:
    """Serve who took part in one event."""
    event = _known_event(portal, call.params[0])
    rows = portal.streams.by_event.get(event.id, [])
    if call.text("contactIdentifier"):
        contact = _contact(portal, call.text("contactIdentifier"))
        rows = [row for row in rows if row.contact == contact.id]
    return _breakdown(portal, call, rows)


def contact_breakdown(portal: Portal, call: Call) -> Answer:
    """Serve what one contact, named by id or e-mail, took part in."""
    contact = _contact(portal, call.params[0])
    return _breakdown(portal, call, portal.streams.by_contact.get(contact.id, []))


def _contact(portal: Portal, key: str) -> Record:
    contact = located(portal, CONTACTS, key, "email" if "@" in key else "")
    if contact is None:
        raise not_found(f"No contact {key if is_whole(key) else 'with this address'}")
    return contact


def _paged(rows: list[Json], after: int, limit: int) -> Json:
    body: Json = {"results": rows[after : after + limit]}
    if after + limit < len(rows):
        body["paging"] = {"next": {"after": str(after + limit), "link": ""}}
    return body


def _form(form: Form) -> Json:
    return {
        "id": form.guid,
        "name": form.name,
        "formType": "hubspot",
        "createdAt": iso(form.created_ms),
        "updatedAt": iso(form.created_ms),
        "archived": False,
        "fieldGroups": [],
    }


def _at(event: MailEvent) -> int:
    return event.at_ms


class _mail_filter:  # noqa: N801 - called like a function that returns one
    """Tells whether a mail event is wanted."""

    def __init__(self, call: Call) -> None:
        self._type, self._recipient = call.text("eventType"), call.text("recipient").lower()
        self._campaign = call.number("campaignId", 0)
        if self._type and self._type not in MAIL_TYPES:
            raise invalid(f"{self._type} is not an event type")

    def __call__(self, event: MailEvent) -> bool:
        return (
            (not self._type or event.type == self._type)
            and (not self._recipient or event.recipient == self._recipient)
            and (not self._campaign or event.campaign == self._campaign)
        )


def _mail_event(portal: Portal, event: MailEvent) -> Json:
    shown: Json = {
        "id": event.id,
        "created": event.at_ms,
        "type": event.type,
        "recipient": event.recipient,
        "portalId": portal.options.portal_id,
        "appId": APP_ID,
        "appName": "Batch",
        "emailCampaignId": event.campaign,
    }
    return shown | event.details


def _known_event(portal: Portal, key: str) -> MarketingEvent:
    event = portal.streams.events.get(int(key)) if is_whole(key) else None
    if event is None:
        raise not_found(f"No marketing event {key}")
    return event


def _counted(portal: Portal, event: MarketingEvent) -> Counter[str]:
    return Counter(one.state for one in portal.streams.by_event.get(event.id, []))


def _event(portal: Portal, event: MarketingEvent) -> Json:
    counted = _counted(portal, event)
    is_over = event.end_ms <= portal.now_ms()
    return {
        "objectId": str(event.id),
        "externalEventId": f"sandbox-{event.id}",
        "eventName": event.name,
        "eventType": event.kind,
        "eventStatus": "PAST" if is_over else "UPCOMING",
        "startDateTime": iso(event.start_ms),
        "endDateTime": iso(event.end_ms),
        "eventOrganizer": "Sandbox",
        "eventDescription": "",
        "eventUrl": "",
        "eventCancelled": False,
        "eventCompleted": is_over,
        "registrants": counted["REGISTERED"],
        "attendees": counted["ATTENDED"],
        "cancellations": counted["CANCELLED"],
        "noShows": counted["NO_SHOW"],
        "customProperties": [{"name": n, "value": v} for n, v in sorted(event.custom.items())],
        "appInfo": {"id": "0", "name": "Sandbox"},
        "createdAt": iso(event.created_ms),
        "updatedAt": iso(event.updated_ms),
    }


def _breakdown(portal: Portal, call: Call, rows: list[Participation]) -> Answer:
    state = call.text("state")
    if state and state not in STATES:
        raise invalid(f"{state} is not a participation state")
    wanted = [row for row in rows if state in {"", row.state}]
    limit, after = call.limit(10, EVENTS_LIMIT), call.number("after", 0)
    page = [_participation(portal, row) for row in wanted[after : after + limit]]
    body: Json = {"total": len(wanted), "results": page}
    if after + limit < len(wanted):
        body["paging"] = {"next": {"after": str(after + limit), "link": ""}}
    return Answer(body=body)


def _participation(portal: Portal, row: Participation) -> Json:
    table = portal.table(CONTACTS)
    contact = table.rows.get(table.heir(row.contact))
    props = contact.props if contact is not None else {}
    event = portal.streams.events[row.event]
    seconds = None if row.minutes is None else row.minutes * 60
    length = max(1, (event.end_ms - event.start_ms) // 1_000)
    return {
        "id": row.id,
        "createdAt": iso(row.at_ms),
        "properties": {
            "occurredAt": row.at_ms,
            "attendanceState": row.state,
            "attendanceDurationSeconds": seconds,
            "attendancePercentage": None if seconds is None else str(min(1, seconds / length)),
        },
        "associations": {
            "contact": {
                "contactId": str(table.heir(row.contact)),
                "email": props.get("email"),
                "firstname": props.get("firstname"),
                "lastname": props.get("lastname"),
            },
            "marketingEvent": {
                "marketingEventId": str(event.id),
                "name": event.name,
                "externalEventId": f"sandbox-{event.id}",
                "externalAccountId": "sandbox",
            },
        },
    }

"""Web visits, forms, marketing mail and marketing events of a world."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, uuid5

from connector.sandbox.hubspot.fill_activities import MINUTE, add
from connector.sandbox.hubspot.moments import iso
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.streams import (
    Campaign,
    Form,
    MailEvent,
    MarketingEvent,
    Participation,
    Submission,
)
from connector.sandbox.hubspot.table import Record
from connector.sandbox.world import Deed, Happening

FIRST_CAMPAIGN, FIRST_EVENT = 330_000_001, 440_000_001
WEBINAR_MINUTES = 60


@dataclass(slots=True)
class Names:
    """What the world's names have become so far, and what has been met for the first time."""

    campaigns: dict[str, int] = field(default_factory=dict)
    sent: dict[tuple[int, int], dict[str, object]] = field(
        default_factory=dict
    )  # of whom, which mail
    events: dict[str, int] = field(default_factory=dict)
    forms: set[tuple[int, str]] = field(default_factory=set)
    attended: set[int] = field(default_factory=set)  # an event began when the first one came


def _visit(_: Portal, __: Names, contact: Record, happening: Happening, at_ms: int) -> None:
    props, at = contact.props, iso(at_ms)
    pages = int(happening.details.get("pages") or 1)
    for prefix in ("hs_analytics_num", "num"):
        add(props, f"{prefix}_visits")
        add(props, f"{prefix}_page_views", pages)
    views, visits = int(props["num_page_views"]), int(props["num_visits"])
    props["hs_analytics_average_page_views"] = str(round(views / visits))
    props.setdefault("hs_analytics_first_timestamp", at)
    props["hs_analytics_last_visit_timestamp"] = props["hs_analytics_last_timestamp"] = at
    props["hs_analytics_last_url"] = happening.details.get("url", "")


def _form(portal: Portal, names: Names, contact: Record, happening: Happening, at_ms: int) -> None:
    details, props, at = happening.details, contact.props, iso(at_ms)
    name = details.get("form", "Form")
    guid = str(uuid5(NAMESPACE_URL, f"sandbox:form:{name}"))
    form = portal.streams.forms.setdefault(guid, Form(guid, name, at_ms))
    given: dict[str, str] = {
        key: props[key] for key in ("email", "firstname", "lastname") if key in props
    }
    given |= {key: details[key] for key in ("asset", "asset_kind", "topic") if details.get(key)}
    form.submissions.append(
        Submission(
            str(uuid5(NAMESPACE_URL, f"sandbox:submission:{happening.key}")),
            at_ms,
            details.get("page_url", ""),
            given,
        )
    )
    add(props, "num_conversion_events")
    if (contact.id, guid) not in names.forms:
        names.forms.add((contact.id, guid))
        add(props, "num_unique_conversion_events")
    props["recent_conversion_date"] = at
    props["recent_conversion_event_name"] = name
    props.setdefault("first_conversion_date", at)
    props.setdefault("first_conversion_event_name", name)


MAIL_TYPES = {
    Deed.MAIL_SENT: "SENT",
    Deed.MAIL_DELIVERED: "DELIVERED",
    Deed.MAIL_OPENED: "OPEN",
    Deed.MAIL_CLICKED: "CLICK",
    Deed.MAIL_BOUNCED: "BOUNCE",
    Deed.UNSUBSCRIBED: "STATUSCHANGE",
}


def _mail(portal: Portal, names: Names, contact: Record, happening: Happening, at_ms: int) -> None:
    details = happening.details
    name = details.get("campaign", "Newsletter")
    campaign = names.campaigns.setdefault(name, FIRST_CAMPAIGN + len(names.campaigns))
    known = portal.streams.campaigns.setdefault(campaign, Campaign(campaign, name, name))
    known.subject = details.get("subject") or known.subject
    type_ = MAIL_TYPES[happening.deed]
    more: dict[str, object] = {}
    if details.get("url"):
        more["url"] = details["url"]
    if details.get("user_agent"):
        more["userAgent"] = details["user_agent"]
    id_ = str(uuid5(NAMESPACE_URL, f"sandbox:mail:{happening.key}"))
    if type_ == "SENT":
        names.sent[contact.id, campaign] = {"id": id_, "created": at_ms}
    elif (contact.id, campaign) in names.sent:
        more["sentBy"] = names.sent[contact.id, campaign]
    if type_ == "STATUSCHANGE":
        more |= {
            "source": "SOURCE_RECIPIENT",
            "portalSubscriptionStatus": "UNSUBSCRIBED",
            "subscriptions": [{"id": 1, "status": "UNSUBSCRIBED"}],
        }
    if type_ == "BOUNCE":
        more |= {"category": "UNKNOWN_USER", "status": "5.1.1"}
    portal.streams.mail.append(
        MailEvent(
            id_,
            at_ms,
            type_,
            contact.props.get("email", ""),
            campaign,
            more,
        )
    )
    _summarise_mail(contact.props, type_, name, iso(at_ms))


def _summarise_mail(props: dict[str, str], type_: str, campaign: str, at: str) -> None:
    if type_ == "STATUSCHANGE":
        props["hs_email_optout"] = "true"
        return
    if type_ == "SENT":
        props["hs_email_last_send_date"] = at
        props["hs_email_last_email_name"] = campaign
        add(props, "hs_email_sends_since_last_engagement")
        return
    name = {"DELIVERED": "delivered", "OPEN": "open", "CLICK": "click", "BOUNCE": "bounce"}[type_]
    add(props, f"hs_email_{name}")
    if type_ in {"OPEN", "CLICK"}:
        props[f"hs_email_last_{name}_date"] = at
        props["hs_email_sends_since_last_engagement"] = "0"
    if type_ == "BOUNCE":
        props["hs_email_hard_bounce_reason_enum"] = "UNKNOWN_USER"


STATES = {
    Deed.EVENT_REGISTERED: "REGISTERED",
    Deed.EVENT_ATTENDED: "ATTENDED",
    Deed.EVENT_CANCELLED: "CANCELLED",
}


def _event(portal: Portal, names: Names, contact: Record, happening: Happening, at_ms: int) -> None:
    event = _marketing_event(portal, names, happening, at_ms)
    state = STATES[happening.deed]
    if state == "ATTENDED" and event.id not in names.attended:
        names.attended.add(event.id)
        event.start_ms, event.end_ms = at_ms, at_ms + WEBINAR_MINUTES * MINUTE
    event.updated_ms = max(event.updated_ms, at_ms)
    minutes = happening.details.get("minutes")
    portal.streams.join(
        Participation(
            str(uuid5(NAMESPACE_URL, f"sandbox:participation:{happening.key}")),
            event.id,
            contact.id,
            state,
            at_ms,
            round(float(minutes)) if minutes else None,
        )
    )


def _marketing_event(
    portal: Portal, names: Names, happening: Happening, at_ms: int
) -> MarketingEvent:
    details = happening.details
    is_replay = details.get("replay") == "true"
    # HubSpot does not say how somebody attended: watching it later is an event of its own.
    name = details.get("event", "Event") + (" (replay)" if is_replay else "")
    event_id = names.events.setdefault(name, FIRST_EVENT + len(names.events))
    event = portal.streams.events.get(event_id)
    if event is None:
        end_ms = at_ms + WEBINAR_MINUTES * MINUTE
        event = MarketingEvent(event_id, name, "", at_ms, end_ms, at_ms, at_ms)
        portal.streams.events[event_id] = event
    event.kind = event.kind or details.get("event_kind", "")
    if details.get("topic"):
        event.custom.setdefault("topic", details["topic"])
    if is_replay:
        event.custom["replay"] = "true"
    return event


Stream = Callable[[Portal, Names, Record, Happening, int], None]

STREAMS: Mapping[Deed, Stream] = {
    Deed.PAGE_VISIT: _visit,
    Deed.FORM: _form,
    **dict.fromkeys(MAIL_TYPES, _mail),
    **dict.fromkeys(STATES, _event),
}

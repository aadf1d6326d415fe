"""Calls, mails, meetings, messages and notes of a world, and what they leave on a contact."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from connector.sandbox.hubspot.catalogue import (
    CALL_CONNECTED,
    CALL_LEFT_VOICEMAIL,
    CALL_NO_ANSWER,
)
from connector.sandbox.hubspot.moments import iso
from connector.sandbox.world import Deed, Happening

Props = dict[str, str]
Made = tuple[str, Props]  # the name of the object type, the record's properties

MINUTE = timedelta(minutes=1) // timedelta(milliseconds=1)
MEETING_MINUTES = 30
CALL_STATES = {
    "connected": ("COMPLETED", CALL_CONNECTED),
    "left_voicemail": ("COMPLETED", CALL_LEFT_VOICEMAIL),
    "no_answer": ("NO_ANSWER", CALL_NO_ANSWER),
}
CHANNELS = {"linkedin": "LINKEDIN_MESSAGE", "whatsapp": "WHATS_APP", "sms": "SMS"}


def add(props: Props, name: str, by: int = 1) -> None:
    """Raise a counter among a contact's properties."""
    props[name] = str(int(props.get(name, "0")) + by)


def _contacted(props: Props, at: str) -> None:
    add(props, "num_notes")
    add(props, "num_contacted_notes")
    props["notes_last_contacted"] = props["notes_last_updated"] = at
    props.setdefault("hs_first_outreach_date", at)


def _sales_activity(props: Props, at: str, kind: str) -> None:
    props["hs_last_sales_activity_timestamp"] = at
    props["hs_last_sales_activity_type"] = kind


def _call(props: Props, happening: Happening, at_ms: int) -> Made:
    details, at = happening.details, iso(at_ms)
    status, disposition = CALL_STATES.get(details.get("outcome", ""), ("COMPLETED", CALL_CONNECTED))
    _contacted(props, at)
    _sales_activity(props, at, "CALL")
    return "calls", {
        "hs_timestamp": at,
        "hs_call_direction": details.get("direction", "outbound").upper(),
        "hs_call_status": status,
        "hs_call_disposition": disposition,
        "hs_call_duration": str(round(_minutes(details) * MINUTE)),
    }


def _email(props: Props, happening: Happening, at_ms: int) -> Made:
    details, at = happening.details, iso(at_ms)
    is_inbound = details.get("direction") == "inbound"
    _contacted(props, at)
    if is_inbound:
        props["hs_sales_email_last_replied"] = at
    _sales_activity(props, at, "EMAIL_REPLY" if is_inbound else "EMAIL")
    return "emails", {
        "hs_timestamp": at,
        "hs_email_direction": "INCOMING_EMAIL" if is_inbound else "EMAIL",
        "hs_email_status": "SENT",
        "hs_email_subject": details.get("subject", ""),
    }


def _meeting(props: Props, happening: Happening, at_ms: int) -> Made:
    details, at = happening.details, iso(at_ms)
    outcome = details.get("outcome", "scheduled").upper()
    _contacted(props, at)
    _sales_activity(props, at, "MEETING_BOOKED")
    props["hs_latest_meeting_activity"] = props["engagements_last_meeting_booked"] = at
    return "meetings", {
        "hs_timestamp": at,
        "hs_meeting_title": details.get("title", ""),
        "hs_meeting_start_time": at,
        "hs_meeting_end_time": iso(at_ms + MEETING_MINUTES * MINUTE),
        "hs_meeting_outcome": "CANCELED" if outcome == "CANCELLED" else outcome,
    }


def _message(props: Props, happening: Happening, at_ms: int) -> Made:
    details, at = happening.details, iso(at_ms)
    channel = details.get("channel", "linkedin").lower()
    _contacted(props, at)
    return "communications", {
        "hs_timestamp": at,
        "hs_communication_channel_type": CHANNELS.get(channel, "CUSTOM_CHANNEL_CONVERSATION"),
        "hs_communication_logged_from": "CRM",
        # HubSpot has no property for who wrote: it stands in the text, as reps log it.
        "hs_communication_body": f"{details.get('direction', 'outbound')}: {channel} message",
    }


def _note(props: Props, happening: Happening, at_ms: int) -> Made:
    at = iso(at_ms)
    add(props, "num_notes")
    props["notes_last_updated"] = at
    return "notes", {"hs_timestamp": at, "hs_note_body": happening.details.get("body", "")}


def _minutes(details: Mapping[str, str]) -> float:
    return float(details.get("minutes") or 0)


ACTIVITIES: Mapping[Deed, Callable[[Props, Happening, int], Made]] = {
    Deed.CALL: _call,
    Deed.EMAIL: _email,
    Deed.MEETING: _meeting,
    Deed.MESSAGE: _message,
    Deed.NOTE: _note,
}

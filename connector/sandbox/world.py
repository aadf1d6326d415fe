"""A made-up market that a sandbox CRM is filled with: people, companies and what they did.

Neutral towards vendors: each sandbox maps a world onto its own objects. A world comes from the
seeded generator (`generate.py`) or from a folder of CSV files (`load.py`). No row describes a real
person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Deed(StrEnum):
    """What happened. `Happening.details` holds the keys named here, all of them text."""

    FORM = "form"  # form (its name), page_url, asset, asset_kind, topic
    MAIL_SENT = "mail_sent"  # campaign, subject
    MAIL_DELIVERED = "mail_delivered"  # campaign
    MAIL_OPENED = "mail_opened"  # campaign, user_agent
    MAIL_CLICKED = "mail_clicked"  # campaign, url, user_agent
    MAIL_BOUNCED = "mail_bounced"  # campaign
    UNSUBSCRIBED = "unsubscribed"  # campaign
    PAGE_VISIT = "page_visit"  # url, pages (number of page views)
    EVENT_REGISTERED = "event_registered"  # event (name), event_kind (webinar|trade_fair), topic
    EVENT_ATTENDED = (
        "event_attended"  # event, event_kind, topic, minutes, replay ("true" or absent)
    )
    EVENT_CANCELLED = "event_cancelled"  # event
    CALL = "call"  # direction (inbound|outbound), outcome (connected|no_answer|left_voicemail),
    # minutes
    EMAIL = "email"  # direction (inbound|outbound), subject
    MEETING = "meeting"  # outcome (scheduled|completed|no_show|cancelled), title
    MESSAGE = "message"  # direction, channel (linkedin): a note by the rep in CRMs without messages
    NOTE = "note"  # body


@dataclass(frozen=True, slots=True)
class Rep:
    """A sales rep who owns people; `key` is the world's own id."""

    key: str
    first_name: str
    last_name: str
    email: str


@dataclass(frozen=True, slots=True)
class Company:
    """An account that people work for."""

    key: str
    name: str
    domain: str
    industry: str = ""
    country: str = ""
    employees: int | None = None
    revenue: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Someone a CRM holds as a contact. An empty text means that the CRM does not know it."""

    key: str
    email: str
    first_name: str
    last_name: str
    job_title: str
    created_at: datetime
    company: str = ""  # Company.key
    rep: str = ""  # Rep.key
    country: str = ""
    language: str = "en"
    phone: str = ""
    source: str = ""
    seniority: str = ""
    role: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that a person did, or that was done towards them."""

    key: str
    person: str
    deed: Deed
    at: datetime
    details: Mapping[str, str] = field(default_factory=dict)
    rep: str = ""


# What a deal is worth in percent at each stage, in the order in which a deal passes through them.
DEAL_PROBABILITY: Mapping[str, int] = {
    "qualification": 20,
    "demo": 40,
    "proposal": 60,
    "negotiation": 80,
    "won": 100,
    "lost": 0,
}


@dataclass(frozen=True, slots=True)
class Deal:
    """An opportunity of one person. `probability` in percent; a closed deal is 0 or 100."""

    key: str
    person: str
    name: str
    stage: str  # qualification | demo | proposal | negotiation | won | lost
    amount: int | None
    probability: int
    created_at: datetime
    close_at: datetime | None
    rep: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """Everything that a sandbox is filled with. `ends_at`: the latest instant of any story."""

    reps: Sequence[Rep]
    companies: Sequence[Company]
    people: Sequence[Person]
    happenings: Sequence[Happening]
    deals: Sequence[Deal]
    ends_at: datetime

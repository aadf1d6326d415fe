"""What happened outside the records: forms, marketing mail and marketing events."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Submission:
    """One form filled in."""

    id: str
    at_ms: int
    page_url: str
    values: dict[str, str]


@dataclass(slots=True)
class Form:
    """A form and what was sent through it, oldest first."""

    guid: str
    name: str
    created_ms: int
    submissions: list[Submission] = field(default_factory=list)


@dataclass(slots=True)
class Campaign:
    """A marketing mail as the v1 event stream names it."""

    id: int
    name: str
    subject: str


@dataclass(slots=True)
class MailEvent:
    """One thing that happened to one marketing mail."""

    id: str
    at_ms: int
    type: str
    recipient: str
    campaign: int
    details: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class MarketingEvent:
    """A webinar or a fair."""

    id: int
    name: str
    kind: str
    start_ms: int
    end_ms: int
    created_ms: int
    updated_ms: int
    custom: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Participation:
    """One contact's last state at one marketing event."""

    id: str
    event: int
    contact: int
    state: str  # REGISTERED | CANCELLED | ATTENDED | NO_SHOW
    at_ms: int
    minutes: int | None = None


@dataclass(slots=True)
class Streams:
    """All of it."""

    forms: dict[str, Form] = field(default_factory=dict)
    campaigns: dict[int, Campaign] = field(default_factory=dict)
    mail: list[MailEvent] = field(default_factory=list)  # oldest first
    events: dict[int, MarketingEvent] = field(default_factory=dict)
    by_event: dict[int, list[Participation]] = field(default_factory=dict)
    by_contact: dict[int, list[Participation]] = field(default_factory=dict)

    def join(self, participation: Participation) -> None:
        """Record that a contact took part."""
        self.by_event.setdefault(participation.event, []).append(participation)
        self.by_contact.setdefault(participation.contact, []).append(participation)

"""Contacts, activities and opportunities: what is read from a CRM, in canonical terms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connector.domain.ids import (
    ActivityId,
    ContactId,
    LeadId,
    OpportunityId,
    OwnerId,
    TaskId,
    TaskKey,
)

Value = str | int | bool | None
"""A field or an attribute: text, fixed-point number, truth value, or unknown."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A person in either CRM.

    `fields`: {canonical name: value}; text is kept as the CRM gave it, an empty text is None, a
    number is fixed-point in millionths (see `connector.domain.numbers`), a moment is microseconds
    since 1970 UTC. `written`: {CRM property name: value as the CRM holds it, None if unset} of the
    properties that we may write, for compare-and-set. `emails`: every known address, lower case,
    the current one first. `former_ids`: ids that were merged into this one.
    """

    id: ContactId
    updated_at: datetime
    fields: Mapping[str, Value] = field(default_factory=dict)
    written: Mapping[str, str | None] = field(default_factory=dict)
    owner: OwnerId | None = None
    emails: tuple[str, ...] = ()
    former_ids: tuple[ContactId, ...] = ()


RETRACTED = ""
"""The type of an activity that turned out to be none: its record was deleted, or says otherwise."""


@dataclass(frozen=True, slots=True)
class Activity:
    """Something a contact did, or that we did towards them (`is_outbound`).

    With the type `RETRACTED` it takes back an activity of the same id and contact. Named by contact
    id where the CRM gives one, else by e-mail address (mail events, form submissions).
    `occurred_us`: microseconds since 1970 UTC. `attributes`: as in `Contact.fields`.
    """

    id: ActivityId
    type: str
    occurred_us: int
    contact: ContactId | None = None
    email: str | None = None
    is_outbound: bool = False
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A deal (HubSpot) or opportunity (Salesforce), with every contact that takes part.

    `contacts`: None where they were not asked for. `amount`: millionths of the account's currency.
    `probability`: millionths (600_000 is 60 %). Moments in microseconds since 1970 UTC. `fields`,
    `written`: as in `Contact`. `counts`: false of one that was deleted, or left the pipelines or
    record types of the mapping.
    """

    id: OpportunityId
    contacts: tuple[ContactId, ...] | None
    created_us: int
    changed_us: int
    amount: int | None = None
    probability: int | None = None
    close_us: int | None = None
    is_closed: bool = False
    is_won: bool = False
    fields: Mapping[str, Value] = field(default_factory=dict)
    written: Mapping[str, str | None] = field(default_factory=dict)
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Lead:
    """A record of its own by which sales works a contact, where the CRM has such: HubSpot's lead.

    Not to be confused with the stage of that name. `written`: as in `Contact.written`. `contact`:
    None if the answer does not tell. Moments in microseconds since 1970 UTC.
    """

    id: LeadId
    contact: ContactId | None
    written: Mapping[str, str | None]
    is_open: bool
    created_us: int
    changed_us: int


@dataclass(frozen=True, slots=True)
class KnownTask:
    """A task of ours as the CRM holds it now, recognised by its key."""

    id: TaskId
    key: TaskKey
    contact: ContactId | None
    is_done: bool
    changed_us: int


@dataclass(frozen=True, slots=True)
class Owner:
    """Someone who can own contacts and tasks.

    `is_active` is false for archived or deactivated ones. `user`: the number of the user that this
    is, where the CRM numbers users apart.
    """

    id: OwnerId
    email: str
    name: str
    is_active: bool = True
    user: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """A contact that the CRM no longer shows: deleted, or merged `into` another."""

    id: ContactId
    into: ContactId | None = None

"""One contact's story: what the readable evaluator reads. Plain values, no tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.domain.contact import Value

US_PER_MINUTE = 60_000_000
US_PER_HOUR = 60 * US_PER_MINUTE
US_PER_DAY = 24 * US_PER_HOUR


@dataclass(frozen=True, slots=True)
class Instant:
    """A moment, the calendar day it falls on in the account's time zone, and the name of that."""

    us: int
    day: int
    zone: str = "UTC"

    def days_since(self, earlier_us: int) -> int:
        """Return the whole days of 86,400 seconds since an instant that is not an activity's."""
        return max(0, self.us - earlier_us) // US_PER_DAY


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that happened, with its local day."""

    id: str
    type: str
    occurred_us: int
    day: int
    is_outbound: bool = False
    attributes: Mapping[str, Value] = field(default_factory=dict)

    @property
    def recency(self) -> tuple[int, str]:
        """Order in time; of two at the same instant the one with the greater id is later."""
        return self.occurred_us, self.id


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A deal in the contact's name. `fields`: what the mapping reads beside the rest."""

    id: str
    created_us: int
    changed_us: int
    amount: int | None = None
    probability: int | None = None
    close_us: int | None = None
    is_closed: bool = False
    is_won: bool = False
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """What was remembered, and what people said since. The defaults are a contact never seen."""

    stage: str | None = None
    temperature: str | None = None
    stage_since_us: int | None = None
    lower_since_us: int | None = None
    ripe_since_us: int | None = None
    handed_off_us: int | None = None
    hand_off_reason: str | None = None
    hand_off_open: bool | None = None
    answered_us: int | None = None
    escalated_us: int | None = None
    task_done: bool | None = None
    verdict: str | None = None
    verdict_us: int | None = None
    human_stage: str | None = None
    not_before_day: int | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is known of a contact. `state` is None for a contact never evaluated."""

    contact: int
    fields: Mapping[str, Value] = field(default_factory=dict)
    activities: tuple[Activity, ...] = ()
    opportunities: tuple[Opportunity, ...] = ()
    state: State | None = None

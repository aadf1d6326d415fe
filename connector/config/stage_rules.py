"""The part of a rules file that says when: stages, hand-off, the work of sales."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from connector.config.amounts import Days, Hours, Share
from connector.config.points import Label, Points
from connector.config.section import Name, Section, refuse
from connector.config.sla_rules import DueSection, SlaSection, WorkingHoursSection
from connector.config.where import Where


class BandSection(Section):
    """A temperature: entered at one score, left below a lower one, so that it does not flap."""

    enter: Points
    """From this score on."""
    leave: Points
    """Left below this score."""

    @model_validator(mode="after")
    def _leaves_below(self) -> Self:
        if self.leave > self.enter:
            raise refuse("band", "«leave» must not be above «enter»", "leave")
        return self


class ProbabilitySection(Section):
    """The probability of an opportunity that makes a prospect hot, and the one that cools it."""

    hot: Share = Decimal("0.5")
    """From here on hot."""
    cold: Share = Decimal("0.3")
    """Below this no longer."""

    @model_validator(mode="after")
    def _cools_below(self) -> Self:
        if self.cold > self.hot:
            raise refuse("band", "«cold» must not be above «hot»", "cold")
        return self


class StagesSection(Section):
    """When a contact enters and leaves a stage or temperature."""

    score: Name | None = None
    """Which score moves stages and hands off, if there are several; by default the first."""
    not_engaging: tuple[Name, ...] = ()
    """Activity types that make no lead of a suspect: ads, mails opened."""
    warm: BandSection = BandSection(enter=Decimal(20), leave=Decimal(15))
    """When a lead is warm."""
    hot: BandSection = BandSection(enter=Decimal(50), leave=Decimal(40))
    """When a lead is hot by its points."""
    fall_after: Hours = 24
    """How long a score must be lower before the temperature falls."""
    need_valid: Days = 90
    """How long an explicit need counts."""
    prospect_untouched: Days = 60
    """A prospect whom nothing touches for so long is a lead again."""
    probability: ProbabilitySection = ProbabilitySection()
    """Which opportunities make a prospect hot."""
    meeting_replaced_within: Days = 14
    """How long a cancelled meeting may go without a new one."""
    cooling_off: Days = 60
    """How long a rejected contact rests, unless it expresses a need."""

    @model_validator(mode="after")
    def _hot_is_above_warm(self) -> Self:
        if self.hot.enter < self.warm.enter:
            raise refuse("band", "«hot» must not begin below «warm»", "hot")
        return self


class FamiliesSection(Section):
    """How many families of signals a hand-off by points wants, within which time."""

    count: Annotated[int, Field(ge=0, le=20)] = 2
    """How many."""
    within: Days = 30
    """In how many days."""


class BlockerSection(Section):
    """Contacts that are not handed off, whatever their points."""

    id: Name
    """Stable; reports name it."""
    label: Label | None = None
    """What people read; by default the id."""
    where: Where
    """Conditions on the contact's fields."""
    unless_need: bool = False
    """true: an explicit need goes to sales all the same."""


class RouteSection(Section):
    """Who gets the tasks of some contacts that have no active owner."""

    where: Where | None = None
    """Conditions on the contact's fields; without them it is for all."""
    owners: Annotated[tuple[str, ...], Field(min_length=1)]
    """The e-mail addresses of owners in the CRM: whoever was given the fewest this week is next."""


class HandOffSection(Section):
    """When a contact is handed to sales, and by when sales should act."""

    threshold: Points = Decimal(50)
    """The points at which a contact is handed off."""
    families: FamiliesSection = FamiliesSection()
    """How varied the signals must be."""
    not_rejected_within: Days = 60
    """How long after a rejection there is no new hand-off, unless a need comes."""
    name_fields: tuple[Name, ...] = ("first_name", "last_name")
    """Contact fields of which one must be known."""
    reach_fields: tuple[Name, ...] = ("email", "phone")
    """Contact fields of which one must be known, to reach the person."""
    due: DueSection = DueSection()
    """By when sales acts, in working hours: then the task is due."""
    working_hours: WorkingHoursSection = WorkingHoursSection()
    """When sales works; without this section from Monday to Friday, 09:00-18:00."""
    sla: SlaSection = SlaSection()
    """What becomes of a hand-off on which nobody acts."""
    weekly_limit: Annotated[int, Field(ge=1)] | None = None
    """How many contacts one owner is given in seven days; the others wait, needs go first."""
    routing: tuple[RouteSection, ...] = ()
    """Who gets the task where the contact has no active owner; the first that fits."""
    blockers: tuple[BlockerSection, ...] = ()
    """Who is never handed off."""


class SalesSection(Section):
    """Activity types by which sales acts; they count as facts, whatever their points."""

    touch: tuple[Name, ...] = ("call", "email_sent", "meeting")
    """What a person of ours did towards the contact, or a conversation."""
    meeting_obtained: tuple[Name, ...] = ("meeting_booked", "meeting_held")
    """A meeting that was obtained: the contact is a hot prospect."""
    meeting_lost: tuple[Name, ...] = ("meeting_cancelled",)
    """A meeting that fell through."""

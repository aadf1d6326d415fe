"""An admin's own cases as written (`docs/rules.md`); `cases_file` says what they mean."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from connector.config.amounts import Share
from connector.config.case_values import (
    Age,
    DayOrNone,
    Due,
    Id,
    InQuarantine,
    Interests,
    Moment,
    Sum,
)
from connector.config.section import Name, NonEmpty, Number, Scalar, Section, refuse
from connector.config.settings import ZoneName
from connector.config.sla_rules import Day

StageName = Literal["suspect", "lead", "prospect", "client", "recycled", "disqualified"]
Values = dict[Name, Scalar | None]


class DeedSection(Section):
    """Something that a contact did, or that we did. All other keys are attributes."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Scalar | None]

    type: Name
    """The activity's type, as the mapping and the rules name it."""
    age: Age | None = None
    """How long before the moment of the step: `21d`."""
    at: Moment | None = None
    """When, instead of `age`."""
    id: Id | None = None
    """What `quarantine` of `expect` calls it; of two at the same instant the greater is later."""
    outbound: bool = False
    """true: ours towards the contact."""

    @model_validator(mode="after")
    def _happened_once(self) -> Self:
        if (self.age is None) == (self.at is None):
            raise refuse("when", "give either «age», for example `age: 21d`, or «at»")
        return self


class OpportunitySection(Section):
    """A deal or opportunity of the contact. All other keys are fields that the mapping reads."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Scalar | None]

    id: Id | None = None
    """A later step that gives the same id changes it."""
    age: Age | None = None
    """How long before the moment of the step it was created."""
    at: Moment | None = None
    """When it was created, instead of `age`."""
    changed: Age | None = None
    """How long before the moment of the step it last changed; by default when it was created."""
    amount: Number | None = None
    """The amount."""
    probability: Share | None = None
    """As `60%`."""
    closes: Moment | None = None
    """The day on which it is expected to close."""
    closed: bool = False
    """true: it is closed, won or lost."""
    won: bool = False
    """true: it is won."""

    @model_validator(mode="after")
    def _was_created_once(self) -> Self:
        if (self.age is None) == (self.at is None):
            raise refuse("when", "give either «age», for example `age: 10d`, or «at»")
        return self


class PeopleSection(Section):
    """What people did in the CRM, as seen from this step on."""

    verdict: Literal["accepted", "rejected"] | None = None
    """What a rep said of the lead."""
    not_before: Day | None = None
    """Until which day a rep who rejected the lead said not to come back."""
    task_done: bool | None = None
    """true: the task of the open hand-off is done."""
    stage: StageName | None = None
    """The stage that a person set."""

    @model_validator(mode="after")
    def _is_said_with_a_rejection(self) -> Self:
        if self.not_before is not None and self.verdict != "rejected":
            message = "a day to come back comes with a rejection: write `verdict: rejected` too"
            raise refuse("not_before", message, "not_before")
        return self


class GatesSection(Section):
    """The gates of the hand-off: true is open."""

    points: bool | None = None
    """The points reach the threshold, or there is a need."""
    fit: bool | None = None
    """The grade suffices."""
    families: bool | None = None
    """There are enough families of signals, or a need."""
    reachable: bool | None = None
    """A name and a way to reach the person are known."""
    free: bool | None = None
    """No open opportunity or hand-off, no client, not lately rejected."""
    unblocked: bool | None = None
    """No blocker holds."""


class ScoredSection(Section):
    """What must come out for an opportunity."""

    score: int | None = None
    """Its score as people see it."""
    points: Sum | None = None
    """Its points, exactly."""
    reasons: dict[str, Sum] | None = None
    """Points by rule id; a limit as `cap people`, `floor people`, `bound opportunity`."""


class ExpectSection(Section):
    """What must come out; only what is named is compared."""

    score: int | None = None
    """The score as people see it."""
    points: Sum | None = None
    """The score's points, exactly."""
    stage: StageName | None = None
    """The stage."""
    temperature: Literal["none", "cold", "warm", "hot"] | None = None
    """The temperature; `none` where the stage has none."""
    grade: Literal["A", "B", "C", "D", "U"] | None = None
    """The grade."""
    persona: Name | None = None
    """The persona's id, or `none`."""
    need: bool | None = None
    """Whether there is an explicit need."""
    hand_off: bool | Literal["need", "points"] | None = None
    """Whether the contact is handed to sales in this step; or why."""
    blocker: Name | None = None
    """The blocker's id, or `none`."""
    sla: Literal["none", "running", "warned", "breached", "escalated", "met", "late"] | None = None
    """Where the clock of the last hand-off stands; `none` where none runs or ran."""
    due: Due | None = None
    """By when sales has, or had, to act on the last hand-off, or `none`."""
    track: Name | None = None
    """The nurture track's id, `paused`, or `none`."""
    next_content: NonEmpty | None = None
    """The id of the content that comes next, or `none`."""
    touches_7d: Annotated[int, Field(ge=0)] | None = None
    """How many touches there were in seven days."""
    touches_30d: Annotated[int, Field(ge=0)] | None = None
    """How many touches there were in thirty days."""
    do_not_press_until: DayOrNone | None = None
    """The first day on which every budget has room again, or `none`."""
    gates: GatesSection | None = None
    """Which gates of the hand-off are open."""
    scores: dict[str, Sum] | None = None
    """The points of other scores by name, exactly, where the rules have several."""
    reasons: dict[str, Sum] | None = None
    """Points by rule id; a limit as `cap content`, `floor negative`, `bound engagement`."""
    interests: Interests | None = None
    """All interests in their order, the most first; with points: exactly so many."""
    quarantine: InQuarantine | None = None
    """Everything that is in quarantine: each activity by its id, with the signs that it shows."""
    opportunities: dict[Id, ScoredSection | Literal["none"]] | None = None
    """Opportunities by their ids; `none` for one without a score, since it is closed."""


class StepSection(Section):
    """The same contact later: what is new, and what must come out then."""

    after: Age | None = None
    """How long after the step before."""
    at: Moment | None = None
    """When, instead of `after`."""
    contact: Values = Field(default_factory=dict)
    """Fields that have changed."""
    activities: tuple[DeedSection, ...] = ()
    """New activities."""
    opportunities: tuple[OpportunitySection, ...] = ()
    """New or changed opportunities."""
    people: PeopleSection = PeopleSection()
    """What people did in the CRM."""
    whole_domain: tuple[NonEmpty, ...] = ()
    """Mails that all recipients of the contact's mail domain clicked like a robot."""
    expect: ExpectSection | None = None
    """What must come out."""

    @model_validator(mode="after")
    def _is_once(self) -> Self:
        if (self.after is None) == (self.at is None):
            raise refuse("when", "give either «after», for example `after: 2d`, or «at»")
        return self


class CaseSection(Section):
    """A contact's story, and what the rules must make of it."""

    name: NonEmpty
    """What the case shows, in a sentence."""
    as_of: Moment | None = None
    """The moment of the evaluation; by default the file's."""
    time_zone: ZoneName | None = None
    """Where days end; by default the file's."""
    contact: Values = Field(default_factory=dict)
    """Fields beside those that the file gives every contact; `null` for unknown."""
    activities: tuple[DeedSection, ...] = ()
    """What the contact did."""
    opportunities: tuple[OpportunitySection, ...] = ()
    """The contact's deals."""
    people: PeopleSection = PeopleSection()
    """What people did in the CRM."""
    whole_domain: tuple[NonEmpty, ...] = ()
    """Mails that all recipients of the contact's mail domain clicked like a robot."""
    expect: ExpectSection | None = None
    """What must come out."""
    then: tuple[StepSection, ...] = ()
    """Later moments, one after the other; stage, temperature and hand-off are remembered."""

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        expected = [self.expect, *(step.expect for step in self.then)]
        if not any(each is not None and each.model_fields_set for each in expected):
            raise refuse(
                "expect", "the case expects nothing; say what, for example `expect: {score: 20}`"
            )
        return self


class CasesDocument(Section):
    """Cases by which an admin holds the rules to what is meant."""

    version: Literal[1]
    """The version of this file's format."""
    as_of: Moment | None = None
    """The moment of all evaluations; by default 2026-03-02 at noon."""
    time_zone: ZoneName = "UTC"
    """Where days end and which clock `at` is read on, as Europe/Paris."""
    contact: Values = Field(default_factory=dict)
    """Fields that every contact has, unless its case says otherwise."""
    cases: Annotated[tuple[CaseSection, ...], Field(min_length=1)]
    """The cases."""

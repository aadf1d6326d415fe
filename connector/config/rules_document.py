"""The rules file as an admin writes it (`docs/rules.md`); `rules_file` says what it means."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from connector.config.amounts import Days, Hours, Share, whole_days
from connector.config.section import Name, NonEmpty, Number, Section, refuse
from connector.config.where import Compared, Where
from connector.config.wording import found
from connector.domain.numbers import MILLION
from connector.rules.decay import FOREVER

_MOST_POINTS = 1_000


def _exact(points: Decimal) -> Decimal:
    if not points.is_finite() or abs(points) > _MOST_POINTS:
        raise refuse(
            "points", f"must be from -{_MOST_POINTS} to {_MOST_POINTS}; {points} was found"
        )
    if points * MILLION % 1:
        raise refuse("points", f"must have at most six decimals; {points} was found")
    return points


Points = Annotated[Number, AfterValidator(_exact)]
"""Points, up to six decimals."""

Count = Annotated[int, Field(ge=1, le=100_000)]
"""How many, at least one."""


def micro(points: Decimal) -> int:
    """Return points as micro-points."""
    return int(points * MILLION)


# ---------------------------------------------------------------- labels


class LabelSection(Section):
    """A text in English and French; one of them is enough."""

    en: NonEmpty | None = None
    """In English."""
    fr: NonEmpty | None = None
    """In French."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.en is None and self.fr is None:
            raise refuse(
                "empty_label", "a text is missing, for example `en: White paper downloaded`"
            )
        return self

    @property
    def texts(self) -> Mapping[str, str]:
        """{language: text}, `en` always among them."""
        texts = {"en": self.en or self.fr or ""}
        return texts if self.fr is None else {**texts, "fr": self.fr}


def _label(value: object) -> object:
    return {"en": value} if isinstance(value, str) else value


Label = Annotated[
    LabelSection, BeforeValidator(_label, json_schema_input_type=NonEmpty | LabelSection)
]
"""A text for people: one for all languages, or `{en: …, fr: …}`."""


# ---------------------------------------------------------------- activity rules


class AtMostSection(Section):
    """`{count: 3, per: 7d}`: of each such period only the latest so many."""

    count: Count
    """How many."""
    per: Days | None = None
    """The period; without it, all time."""


class RepeatedSection(Section):
    """`{count: 3, within: 30d}`: only from the third on within thirty days."""

    count: Annotated[int, Field(ge=2, le=1_000)]
    """How many it must be."""
    within: Days
    """In how many days."""


def _at_most(value: object) -> object:
    return {"count": value} if isinstance(value, int) else value


AtMost = Annotated[
    AtMostSection, BeforeValidator(_at_most, json_schema_input_type=Count | AtMostSection)
]


def _expiry(value: object) -> object:
    days = None if value == "never" else whole_days(value)
    if value != "never" and (days is None or days > FOREVER):
        raise refuse(
            "expiry", f"must be whole days or never, for example 365d; {found(value)} was found"
        )
    return value


Expiry = Annotated[
    str,
    BeforeValidator(_expiry),
    WithJsonSchema({"type": "string", "pattern": "^(never|[0-9]+[dw])$", "examples": ["365d"]}),
]


class DecaySection(Section):
    """How points fade: one of `half_life`, `linear` and `steps`, or none of them."""

    half_life: Days | None = None
    """Half is left after this time, a quarter after twice this time."""
    linear: Days | None = None
    """On a straight line, to nothing after this time."""
    steps: dict[str, Share] | None = None
    """`{30d: 50%, 90d: 0%}`: what is left from an age on."""
    hold: Days | None = None
    """So long the points stay whole before they begin to fade."""
    expire_after: Expiry = "365d"
    """From this age on an activity is worth nothing; `never` for one that stays."""

    @model_validator(mode="after")
    def _one_curve(self) -> Self:
        given = [
            name for name in ("half_life", "linear", "steps") if getattr(self, name) is not None
        ]
        if len(given) > 1:
            raise refuse(
                "two_curves", f"«{given[0]}» and «{given[1]}» exclude each other", given[1]
            )
        if not given and self.hold is not None:
            raise refuse(
                "hold", "«hold» delays a half_life, linear or steps: none is given", "hold"
            )
        if self.steps is not None:
            _falling(self.steps)
        return self

    @property
    def ages(self) -> tuple[tuple[int, int], ...]:
        """The steps as (age in days, weight in millionths), ages rising."""
        steps = self.steps or {}
        return tuple(
            sorted((whole_days(age) or 0, int(share * MILLION)) for age, share in steps.items())
        )


def _falling(steps: Mapping[str, Decimal]) -> None:
    last = Decimal(1)
    if not steps:
        raise refuse("no_steps", "a step is missing, for example {30d: 50%, 90d: 0%}", "steps")
    bad = [age for age in steps if whole_days(age) is None]
    if bad:
        raise refuse("step_age", f"«{bad[0]}» is no age: write for example 30d: 50%", "steps")
    for age in sorted(steps, key=lambda age: whole_days(age) or 0):
        if steps[age] > last:
            raise refuse("rising_steps", f"points must not rise with age, but do at {age}", "steps")
        last = steps[age]


def _decay(value: object) -> object:
    if isinstance(value, str) and value != "none":
        example = "write `none` or for example `{half_life: 60d}`"
        raise refuse("decay", f"must say how points fade: {example}; {found(value)} was found")
    return {} if value == "none" else value


Decay = Annotated[
    DecaySection, BeforeValidator(_decay, json_schema_input_type=Literal["none"] | DecaySection)
]


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Types = Annotated[
    tuple[Name, ...],
    Field(min_length=1),
    BeforeValidator(_several, json_schema_input_type=Name | tuple[Name, ...]),
]

PERIODS: Mapping[str, int] = {"day": 1, "week": 7}
"""The words for periods, in days."""


def _bucket(value: str) -> str:
    if value[:1].isdigit() and whole_days(value) is None:
        raise refuse(
            "bucket",
            "must be each, day, week, ever, a period like 30d, or an attribute; "
            f"{found(value)} was found",
        )
    return value


OncePer = Annotated[
    str,
    Field(pattern=r"^([a-z][a-z0-9_]*|[0-9]+.*)$"),
    AfterValidator(_bucket),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^([a-z][a-z0-9_]*|[0-9]+[dw])$",
            "examples": ["each", "day", "week", "ever", "30d", "asset"],
        }
    ),
]


class RuleSection(Section):
    """Points for an activity."""

    id: Name
    """Stable: reasons, reports and tests refer to it."""
    label: Label | None = None
    """What a rep reads; by default the id."""
    activity: Types
    """The activity type, or several, as the mapping names them."""
    where: Where | None = None
    """Conditions on the activity's attributes."""
    points: Points
    """What one counted activity is worth; may be negative, or 0."""
    once_per: OncePer = "each"
    """Of which activities only the latest counts: each, day, week, ever, a period like 30d, or
    those with the same value of an attribute."""
    at_most: AtMost | None = None
    """Only the latest so many count: `5`, or `{count: 3, per: 7d}`."""
    repeated: RepeatedSection | None = None
    """Fires only when it happens often: `{count: 3, within: 30d}`."""
    replaced_by: Name | None = None
    """The id of a rule that takes this one's place where both count: attended for registered."""
    decay: Decay = DecaySection()
    """How the points fade; `none` for not at all within a year."""
    group: Name | None = None
    """The group whose cap it shares."""
    family: Name | None = None
    """The family of signals: a hand-off by points wants several."""
    need: bool = False
    """Whether this is an explicit need, such as a demo request."""


class GroupSection(Section):
    """Rules that share a cap, or a floor."""

    label: Label | None = None
    """What a rep reads; by default the group's name."""
    cap: Points | None = None
    """The most that the rules of the group add up to."""
    floor: Points | None = None
    """The least."""

    @model_validator(mode="after")
    def _floor_is_below(self) -> Self:
        if self.cap is not None and self.floor is not None and self.cap < self.floor:
            raise refuse("cap_below_floor", "«cap» must not be below «floor»", "cap")
        return self


# ---------------------------------------------------------------- fit


class CriterionSection(Section):
    """One thing that speaks for a persona."""

    field: Name
    """The contact field, as the mapping names it."""
    is_: Compared = Field(alias="is")
    """What it must be: a value, a list of values, or `{matches: …}`, `{gte: …}` and so on."""
    weight: Annotated[int, Field(ge=1, le=1_000)] = 1
    """How much it counts beside the others."""


class PersonaSection(Section):
    """A kind of buyer."""

    id: Name
    """Stable; written to the CRM."""
    label: Label | None = None
    """What people read; by default the id."""
    criteria: Annotated[tuple[CriterionSection, ...], Field(min_length=1)]
    """What speaks for it."""


class GradesSection(Section):
    """The lowest fit of each grade; below C it is D."""

    a: Points = Decimal(70)
    """From here on A."""
    b: Points = Decimal(50)
    """From here on B."""
    c: Points = Decimal(30)
    """From here on C."""

    @model_validator(mode="after")
    def _falls(self) -> Self:
        if not self.a > self.b > self.c:
            raise refuse("grades", "a must be above b, and b above c")
        return self


class FitSection(Section):
    """How the match with a persona becomes a grade."""

    grades: GradesSection = GradesSection()
    """The lowest fit of each grade."""
    known_enough: Share = Decimal("0.4")
    """The share of a persona's weight that must be known; with less the grade is U, for unknown."""

    @model_validator(mode="after")
    def _whole_percent(self) -> Self:
        if self.known_enough * 100 % 1:
            raise refuse("percent", "must be a whole percentage, for example 40%", "known_enough")
        return self


# ---------------------------------------------------------------- stages and hand-off


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


class DueSection(Section):
    """When the task of a hand-off is due."""

    need: Hours = 4
    """After an explicit need."""
    points: Hours = 24
    """After a hand-off by points."""


class BlockerSection(Section):
    """Contacts that are not handed off, whatever their points."""

    id: Name
    """Stable; reports name it."""
    label: Label | None = None
    """What people read; by default the id."""
    where: Where
    """Conditions on the contact's fields."""


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
    """When the task is due."""
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


class ScoreSection(Section):
    """The score's name and its bounds."""

    name: Name = "engagement"
    """What it is called."""
    label: Label | None = None
    """What people read; by default the name."""
    lowest: Points = Decimal(0)
    """The least it can be."""
    highest: Points = Decimal(100)
    """The most it can be."""

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.lowest >= self.highest:
            raise refuse("bounds", "«lowest» must be below «highest»", "lowest")
        return self


class RulesDocument(Section):
    """Everything that decides a score, a stage and a hand-off."""

    version: Literal[1]
    """The version of this file's format."""
    score: ScoreSection = ScoreSection()
    """The score's name and bounds."""
    rules: Annotated[tuple[RuleSection, ...], Field(min_length=1)]
    """Points for activities."""
    groups: dict[Name, GroupSection] = Field(default_factory=dict)
    """Groups of rules with a cap."""
    personas: tuple[PersonaSection, ...] = ()
    """The kinds of buyers."""
    fit: FitSection = FitSection()
    """How the match with a persona becomes a grade."""
    stages: StagesSection = StagesSection()
    """When a contact enters and leaves a stage."""
    hand_off: HandOffSection = HandOffSection()
    """When a contact is handed to sales."""
    sales: SalesSection = SalesSection()
    """By which activities sales acts."""

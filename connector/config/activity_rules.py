"""The part of a rules file that gives points: activity rules and groups."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    WithJsonSchema,
    create_model,
    model_validator,
)

from connector.config.amounts import Days, Share, whole_days
from connector.config.points import Count, Label, Points
from connector.config.section import Name, Section, refuse
from connector.config.where import Where
from connector.config.wording import found
from connector.domain.numbers import MILLION
from connector.rules.decay import FOREVER, IN_DAYS, Constant, Curve, CurveInDays, Steps


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


def _taken(kind: type[CurveInDays]) -> object:
    """Return what stands behind the key of a curve: its days, by name if there are several."""
    if len(kind.names()) == 1:
        return Days
    named: dict[str, Any] = dict.fromkeys(kind.names(), (Days, ...))
    return create_model(kind.__name__, __base__=Section, **named)


if TYPE_CHECKING:  # made from a list, which no type checker reads
    _InDays = Section
else:
    _InDays = create_model(
        "_InDays",
        __base__=Section,
        **{
            kind.key: (_taken(kind) | None, Field(None, description=kind.meaning))
            for kind in IN_DAYS
        },
    )


class DecaySection(_InDays):
    """How points fade: one of the curves, or none of them."""

    steps: dict[str, Share] | None = None
    """`{30d: 50%, 90d: 0%}`: what is left from an age on."""
    hold: Days | None = None
    """So long the points stay whole before they begin to fade."""
    expire_after: Expiry = "365d"
    """From this age on an activity is worth nothing; `never` for one that stays."""

    @model_validator(mode="after")
    def _one_curve(self) -> Self:
        names = [*(kind.key for kind in IN_DAYS), "steps"]
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) > 1:
            raise refuse(
                "two_curves", f"«{given[0]}» and «{given[1]}» exclude each other", given[1]
            )
        if not given and self.hold is not None:
            curves = f"{', '.join(names[:-1])} or {names[-1]}"
            raise refuse("hold", f"«hold» delays a {curves}: none is given", "hold")
        if self.steps is not None:
            _falling(self.steps)
        curve = self.curve
        problem = curve.refusal() if isinstance(curve, CurveInDays) else ""
        if problem:
            raise refuse("curve", problem, given[0])
        return self

    @property
    def curve(self) -> Curve:
        """The curve that is given."""
        for kind in IN_DAYS:
            days: int | Section | None = getattr(self, kind.key)
            if days is not None:
                spans = days.model_dump() if isinstance(days, Section) else {kind.names()[0]: days}
                return kind(**spans)
        return Constant() if self.steps is None else Steps(self._ages)

    @property
    def _ages(self) -> tuple[tuple[int, int], ...]:
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
    if value[:1].isdecimal() and whole_days(value) is None:
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
    contact: Where | None = None
    """Conditions on the contact, its `grade` and `persona` too: others have no such rule."""
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
    score: Name | None = None
    """The score that it gives points to; by default the first."""
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

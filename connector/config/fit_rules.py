"""The part of a rules file that says who fits: personas and grades."""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from connector.config.amounts import Share
from connector.config.points import Label, Points
from connector.config.section import Name, Section, refuse
from connector.config.where import Compared


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

    questions: dict[Name, Label] = Field(default_factory=dict)
    """By contact field, what to ask a person of whom it is unknown."""

    @model_validator(mode="after")
    def _whole_percent(self) -> Self:
        if self.known_enough * 100 % 1:
            raise refuse("percent", "must be a whole percentage, for example 40%", "known_enough")
        return self

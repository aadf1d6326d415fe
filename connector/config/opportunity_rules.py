"""The part of a rules file that gives points to opportunities, for themselves and their people."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from connector.config.activity_rules import GroupSection
from connector.config.amounts import WholePercent, percent
from connector.config.points import Count, Label, Points
from connector.config.section import Name, Section, refuse
from connector.config.where import Where

_PROBABILITY = "probability"
_COMBINING = ("all", "any", "not")


def _with_shares(where: object) -> object:
    """Return conditions with `60%` as 0.6 where they look at the probability."""
    if isinstance(where, tuple):
        return tuple(_with_shares(part) for part in where)
    if not isinstance(where, Mapping):
        return where
    return {
        key: _in_shares(value)
        if key == _PROBABILITY
        else _with_shares(value)
        if key in _COMBINING
        else value
        for key, value in where.items()
    }


def _in_shares(compared: object) -> object:
    if isinstance(compared, tuple):
        return tuple(_in_shares(part) for part in compared)
    if isinstance(compared, Mapping):
        return {key: _in_shares(part) for key, part in compared.items()}
    share = percent(compared)
    return compared if share is None else share


OpportunityWhere = Annotated[Where, BeforeValidator(_with_shares, json_schema_input_type=Where)]
"""Conditions on an opportunity; a probability may be written as 0.6 or 60%."""


class ShareSection(Section):
    """A part of the points that the people of an opportunity have."""

    of_: Literal["best", "sum"] = Field(alias="of")
    """`best`: of the one with the most points; `sum`: of all together."""
    percent: WholePercent
    """How large a part: `40%`."""
    score: Name | None = None
    """In which score; by default the leading one."""


class OpportunityRuleSection(Section):
    """Points for what an opportunity is, or for who takes part in it."""

    id: Name
    """Stable: reasons, reports and tests refer to it."""
    label: Label | None = None
    """What a rep reads; by default the id."""
    where: OpportunityWhere | None = None
    """Conditions on the opportunity: `amount`, `probability`, `created`, `closes`, and the fields
    that the mapping reads."""
    contact: Where | None = None
    """Conditions on the contacts who take part: their fields, and `grade`, `persona`, `stage`,
    `temperature`, `need`."""
    people: Count | None = None
    """How many contacts have to meet `contact`; by default one."""
    points: Points | None = None
    """What it is worth while the conditions hold; may be negative."""
    share: ShareSection | None = None
    """In place of `points`: a part of the points of the people."""
    group: Name | None = None
    """The group whose cap it shares."""

    @model_validator(mode="after")
    def _gives_one_thing(self) -> Self:
        if self.points is not None and self.share is not None:
            raise refuse("two_ways", "«points» and «share» exclude each other", "share")
        if self.points is None and self.share is None:
            raise refuse(
                "no_points",
                "the rule gives nothing: add `points: 10`, or a share of the people's points, for "
                "example `share: {of: best, percent: 40%}`",
            )
        return self

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.where is None and self.contact is None and self.share is None:
            raise refuse(
                "no_condition",
                "a condition is missing, for example `where: {amount: {gte: 10000}}` or "
                "`contact: {grade: [A, B]}`: every opportunity would get these points",
            )
        if self.people is not None and self.contact is None:
            raise refuse(
                "people", "«people» counts who meets «contact»: say who, or take it out", "people"
            )
        return self


class OpportunitiesSection(Section):
    """The score of open opportunities."""

    lowest: Points = Decimal(0)
    """The least it can be."""
    highest: Points = Decimal(100)
    """The most it can be."""
    groups: dict[Name, GroupSection] = Field(default_factory=dict)
    """Groups of these rules, with a cap or a floor."""
    rules: Annotated[tuple[OpportunityRuleSection, ...], Field(min_length=1)]
    """Points for opportunities."""

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.lowest >= self.highest:
            raise refuse("bounds", "«lowest» must be below «highest»", "lowest")
        return self

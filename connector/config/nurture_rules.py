"""The part of a rules file that says how marketing goes on: tracks, content, pressure."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from connector.config.amounts import Days
from connector.config.points import Count, Label
from connector.config.section import Name, NonEmpty, Section, refuse
from connector.config.where import Where
from connector.rules.nurture import PAUSED

Address = Annotated[str, StringConstraints(min_length=1, max_length=255)]
"""An address; a text field of Salesforce holds no longer one."""

_Stage = Literal["suspect", "lead", "prospect", "client", "recycled", "disqualified"]
_Temperature = Literal["cold", "warm", "hot"]


class TrackSection(Section):
    """A way of nurturing the contacts of some segments; a key that is left out leaves out none."""

    id: Name
    """Stable; written to the CRM."""
    label: Label | None = None
    """What people read; by default the id."""
    stages: tuple[_Stage, ...] = ()
    """For contacts in these stages."""
    temperatures: tuple[_Temperature, ...] = ()
    """For contacts of these temperatures."""
    personas: tuple[Name, ...] = ()
    """For contacts of these personas."""
    where: Where | None = None
    """Conditions on the contact's fields."""

    @model_validator(mode="after")
    def _is_not_reserved(self) -> Self:
        if self.id == PAUSED:
            raise refuse("reserved", f"«{PAUSED}» stands for contacts that are with sales", "id")
        return self


class ContentSection(Section):
    """Something to send to contacts of some tracks."""

    id: Name
    """Stable; written to the CRM."""
    label: Label | None = None
    """What people read; by default the id."""
    url: Address | None = None
    """Where it is."""
    topics: tuple[NonEmpty, ...] = ()
    """What it is about: contacts with such interests get it first."""
    tracks: tuple[Name, ...] = ()
    """For contacts on these tracks; by default for all."""
    seen: Where | None = None
    """The activities that show that a contact knows it; by default those that name it."""


class NurtureSection(Section):
    """Which track a contact is on, and what comes next."""

    where: Where | None = None
    """Conditions on the contact's fields: whom marketing may write to at all."""
    tracks: Annotated[tuple[TrackSection, ...], Field(min_length=1)]
    """The tracks; a contact is on the first that fits."""
    content: tuple[ContentSection, ...] = ()
    """What there is to send, the best first."""
    attribute: Name = "asset"
    """The attribute of activities that names what a contact has seen, by id or label."""


class BudgetSection(Section):
    """How often a contact may be touched."""

    touches: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    """The touches that count; by default all."""
    at_most: Count
    """So many."""
    within: Days
    """In so many days."""


class PressureSection(Section):
    """How much marketing and sales together press a contact."""

    touches: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Activity types that press, and `open_task`: the task of a hand-off."""
    budget: tuple[BudgetSection, ...] = ()
    """How many touches are enough; until there is room again, nobody should press."""

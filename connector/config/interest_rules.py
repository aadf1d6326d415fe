"""The part of a rules file that says what contacts are interested in."""

from typing import Annotated

from pydantic import Field

from connector.config.points import Label
from connector.config.section import Name, Section
from connector.config.where import Where


class TopicSection(Section):
    """A topic with a name of its own."""

    id: Name
    """Stable; the attribute may name the topic by it, or by its label."""
    label: Label | None = None
    """What people read; by default the id."""
    where: Where | None = None
    """Which activities are about it, whatever their attribute names."""


class InterestsSection(Section):
    """How the topics of activities become interests."""

    attribute: Name = "topic"
    """The attribute of activities that names their topics, `;` between them."""
    top: Annotated[int, Field(ge=1, le=20)] = 3
    """How many interests a contact has at the most."""
    topics: tuple[TopicSection, ...] = ()
    """Topics that are told by conditions, or have labels."""

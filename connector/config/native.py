"""The part of a mapping that ties our stages to the CRM's own fields: written, and read."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from connector.config.section import NonEmpty, Section, refuse
from connector.ports import Native

Place = Literal[
    "suspect",
    "lead",
    "lead_cold",
    "lead_warm",
    "lead_hot",
    "handed_off",
    "prospect",
    "prospect_cold",
    "prospect_hot",
    "open_deal",
    "client",
    "recycled",
    "disqualified",
]
"""Where a contact stands. `handed_off`: a lead that is with sales; `open_deal`: a prospect with an
open deal. The narrower one counts: handed_off before lead_hot before lead."""

Meaning = Literal["accepted", "rejected", "suspect", "lead", "prospect", "client", "disqualified"]
"""What an option says if a person chose it: a verdict of sales, or a stage."""


class NativeSection(Section):
    """One of the CRM's own fields that shows how far a contact is, such as HubSpot's lifecycle."""

    write: dict[Place, NonEmpty] = Field(default_factory=dict)
    """Where a contact stands: the option that is then set, by its internal name."""
    read: dict[NonEmpty, Meaning] = Field(default_factory=dict)
    """An option that we did not set: what it says."""
    order: Annotated[tuple[NonEmpty, ...], Field(min_length=1)] | None = None
    """Options from the lowest to the highest: the field is only moved up. Without it only an empty
    field is filled."""
    may_fall: bool = False
    """Whether a value of ours may be replaced by a lower one. A person's never is."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.write and not self.read:
            raise refuse("says_nothing", "needs «write» or «read», for example write: {lead: lead}")
        refuse_twice(self.order or ())
        return self

    def native(self, name: str) -> Native:
        """Return what this means for the field of a name."""
        write = {str(place): option for place, option in self.write.items()}
        read = {option: str(said) for option, said in self.read.items()}
        return Native(name, write, read, self.order or (), self.may_fall)


def refuse_twice(order: Sequence[str]) -> None:
    """Refuse an option that stands twice in an `order`."""
    for position, option in enumerate(order):
        if option in order[:position]:
            raise refuse("twice", f"«{option}» stands twice", "order", position)


def natives(sections: Mapping[str, NativeSection]) -> tuple[Native, ...]:
    """Return the fields of a mapping, in the order of the file."""
    return tuple(section.native(name) for name, section in sections.items())

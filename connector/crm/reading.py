"""How single values of a record become fields and attributes, and which activity a record is."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal

from connector.crm.conditions import Accepts, Properties
from connector.crm.values import Convert, converter
from connector.domain.contact import Value
from connector.rules.conditions import Kind


class Unreadable(Counter[str]):
    """{property: values that were none of the kind that the mapping declares, read as unknown}."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read one value: under which name of ours, from which property."""

    name: str
    property: str
    convert: Convert


def reading(
    name: str,
    property_: str,
    kind: Kind,
    divide_by: Decimal | float | None,
    zone: tzinfo | None = None,
) -> Reading:
    """Return how to read a property as a kind; a day alone begins at midnight in `zone`."""
    return Reading(name, property_, converter(kind, divide_by, zone))


def read_all(
    readings: Sequence[Reading], properties: Properties, unreadable: Unreadable
) -> dict[str, Value]:
    """Return {our name: value}; what cannot be read is unknown, and counted."""
    values: dict[str, Value] = {}
    for each in readings:
        text = properties.get(each.property)
        value = each.convert(text) if text else None
        if text and value is None:
            unreadable[each.property] += 1
        values[each.name] = value
    return values


@dataclass(frozen=True, slots=True)
class Naming:
    """One entry of the mapping: the records that it accepts are activities of its type."""

    type: str
    is_outbound: bool
    at: str
    accepts: Accepts
    attributes: tuple[Reading, ...]
    constants: Mapping[str, Value]

    def attributes_of(self, properties: Properties, unreadable: Unreadable) -> dict[str, Value]:
        """Return a record's attributes: what was read, and what the entry sets itself."""
        return {**read_all(self.attributes, properties, unreadable), **self.constants}

"""A mapping's `where`, as a function of a record's properties as the CRM sends them."""

from collections.abc import Callable, Mapping
from datetime import tzinfo

from connector.crm.values import converter
from connector.rules.conditions import ALWAYS, Condition, names
from connector.rules.predicate import predicate

Properties = Mapping[str, str | None]
Accepts = Callable[[Properties], bool]


def compiled(condition: Condition, zone: tzinfo | None = None) -> Accepts:
    """Return a function that tells whether the condition holds for a record.

    Only the properties that the condition looks at are read, each as the kind it is compared as; a
    day alone begins at midnight in `zone`, without one in UTC.
    """
    if condition == ALWAYS:
        return lambda _properties: True
    holds = predicate(condition)
    kinds = dict(names(condition))
    readers = tuple((name, converter(kind, zone=zone)) for name, kind in kinds.items())

    def accepts(properties: Properties) -> bool:
        texts = ((name, read, properties.get(name)) for name, read in readers)
        return holds({name: read(text) if text else None for name, read, text in texts})

    return accepts

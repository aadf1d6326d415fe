"""The form in which contacts are shown: beside their scores, what makes a value in the CRM another.

Which property holds which result, the language, and what the rules call things. When an admin
changes any of it, every contact is looked at again, though nobody did anything.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping

from connector.rules.explain import Words

_DIGITS = 12


def form_of(properties: Mapping[str, str], words: Words) -> str:
    """Return a digest of the form, the same on every machine. `properties`: {output: property}."""
    told = [sorted(properties.items()), words.language, list(_names(words.rules))]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:_DIGITS]


def _names(part: object) -> Iterator[str]:
    """Yield how rules call things, part by part in the order of the file, and addresses."""
    for name, value in _inside(part):
        if isinstance(value, str) and (name == "url" or isinstance(part, Mapping)):
            yield f"{name}: {value}"
        yield from _names(value)


def _inside(part: object) -> list[tuple[str, object]]:
    if dataclasses.is_dataclass(part):
        return [(field.name, getattr(part, field.name)) for field in dataclasses.fields(part)]
    if isinstance(part, Mapping):
        return list(part.items())
    return [("", each) for each in part] if isinstance(part, tuple | list) else []

"""The form in which records are shown: beside scores, what makes a value in the CRM another.

Which property holds which result, the language, and what the rules call things. When an admin
changes any of it, every one is looked at again, though nobody did anything.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from connector.rules.explain import Words

_DIGITS = 12


def form_of(properties: Mapping[str, str], words: Words) -> str:
    """Return a digest of the form of contacts. `properties`: {output: property}."""
    return _digest(properties, words.language, replace(words.rules, opportunities=None))


def form_of_opportunities(properties: Mapping[str, str], words: Words) -> str:
    """Return the same of opportunities."""
    return _digest(properties, words.language, words.rules.opportunities)


def _digest(properties: Mapping[str, str], language: str, rules: object) -> str:
    """Return a digest that is the same on every machine."""
    told = [sorted(properties.items()), language, list(_names(rules))]
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

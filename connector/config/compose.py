"""Builds plain values from YAML's events, and notes where each key and value stands.

Own composition, since three things matter here that a loader hides: the position of every key and
value, numbers exactly as written, and limits that a hostile or broken file meets before it costs
anything. `yes`, `no`, `on` and dates are texts, as YAML 1.2 has it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from connector.config.document import DataPath, Place, config_error
from connector.config.wording import quoted
from connector.errors import ConfigError, Problem

_MOST_VALUES = 50_000
_DEEPEST = 30
_LONGEST_NUMBER = 18  # digits of a whole number that fits 64 bits, whatever they are

_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?")


@dataclass
class Composer:
    """Builds values from events. Limits hold for the file with its aliases written out."""

    file: str
    keys: dict[DataPath, Place] = field(default_factory=dict)
    values: dict[DataPath, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _anchors: dict[str, object] = field(default_factory=dict)
    _count: int = 0

    def compose(self, events: Iterator[Event]) -> object:
        """Return the value of the one document; None if there is none.

        Raises ConfigError where reading on makes no sense; smaller mistakes go to `problems`.
        """
        value: object = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._stop(event, "a second document begins here: one file holds one")
            elif isinstance(event, NodeEvent):
                value = self._node(event, events, ())
        return value

    def _node(self, event: Event, events: Iterator[Event], path: DataPath) -> object:
        self.values[path] = _place(event)
        self._count_one(event)
        if len(path) > _DEEPEST:
            raise self._stop(event, f"nested more than {_DEEPEST} levels deep")
        if isinstance(event, AliasEvent):
            return self._alias(event)
        if isinstance(event, NodeEvent) and getattr(event, "tag", None) is not None:
            self._add(event, "tags like «!!str» are not understood: delete it, use quotes for text")
        value = self._content(event, events, path)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = value
        return value

    def _content(self, event: Event, events: Iterator[Event], path: DataPath) -> object:
        if isinstance(event, MappingStartEvent):
            return self._mapping(events, path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(events, path)
        assert isinstance(event, ScalarEvent)  # noqa: S101  the parser yields no other node
        return _scalar(event)

    def _mapping(self, events: Iterator[Event], path: DataPath) -> dict[str, object]:
        found: dict[str, object] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            key = self._key(event, events, path)
            first = self.keys.get((*path, key))
            if first:
                self._add(event, f"{quoted(key)} stands twice; the first is in line {first.line}")
                key = f"{key} (line {_place(event).line})"  # read on, and let go of it
                self._node(next(events), events, (*path, key))
                continue
            self.keys[(*path, key)] = _place(event)
            found[key] = self._node(next(events), events, (*path, key))
        return found

    def _key(self, event: Event, events: Iterator[Event], path: DataPath) -> str:
        if not isinstance(event, ScalarEvent):
            self._node(event, events, (*path, ""))
            raise self._stop(event, "a key must be a word, not a list, a mapping or an alias")
        key = str(event.value)
        if key == "<<":
            self._add(event, "«<<» is not understood: write the keys out")
        return key

    def _sequence(self, events: Iterator[Event], path: DataPath) -> tuple[object, ...]:
        found: list[object] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            found.append(self._node(event, events, (*path, len(found))))
        return tuple(found)

    def _alias(self, event: AliasEvent) -> object:
        # An anchor is known once its value is complete: a value cannot contain itself.
        if event.anchor not in self._anchors:
            self._add(event, f"«*{event.anchor}» stands for nothing above")
            return None
        value = self._anchors[event.anchor]
        self._count_parts(event, value)
        return value

    def _count_parts(self, event: Event, value: object) -> None:
        parts: Iterable[object] = ()
        if isinstance(value, dict):
            parts = value.values()
        elif isinstance(value, tuple):
            parts = value
        for part in parts:
            self._count_one(event)
            self._count_parts(event, part)

    def _count_one(self, event: Event) -> None:
        self._count += 1
        if self._count > _MOST_VALUES:
            raise self._stop(event, f"the file holds more than {_MOST_VALUES:,} values")

    def _add(self, event: Event, message: str) -> None:
        place = _place(event)
        self.problems.append(Problem(self.file, place.line, place.column, message))

    def _stop(self, event: Event, message: str) -> ConfigError:
        self._add(event, message)
        return config_error(self.problems)


def _place(event: Event) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _scalar(event: ScalarEvent) -> object:
    """Return a scalar by YAML 1.2's core schema, decimals exact; a quoted one is text."""
    text = str(event.value)
    if not event.implicit[0]:
        return text
    for pattern, value in ((_NULL, None), (_TRUE, True), (_FALSE, False)):
        if pattern.fullmatch(text):
            return value
    if _INT.fullmatch(text):
        return int(text) if len(text) <= _LONGEST_NUMBER else Decimal(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    return text

"""A file as read: plain values, and the place of each key and value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connector.errors import ConfigError, Problem

DataPath = tuple[str | int, ...]
"""The way to a value in a file: keys, and positions in lists from 0."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line and a column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """A file as read: its plain values, and the place of each key and value.

    Mappings are dicts with text keys, lists are tuples, numbers int or Decimal. `problems`: what
    is wrong with it as YAML although the rest can be read, such as a key that stands twice.
    """

    file: str
    value: object
    keys: Mapping[DataPath, Place] = field(default_factory=dict)
    values: Mapping[DataPath, Place] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def problem(self, path: DataPath, message: str, *, of_key: bool = False) -> Problem:
        """Return a mistake at a value, or at its key; at the nearest place known around it."""
        while path:
            # A value left empty stands nowhere; its key does.
            of_key = of_key or (path in self.values and self.at(path) is None)
            found = self.keys.get(path) if of_key else self.values.get(path)
            found = found or self.keys.get(path)
            if found:
                return Problem(self.file, found.line, found.column, message)
            path = path[:-1]
        place = self.values.get((), Place(1, 1))
        return Problem(self.file, place.line, place.column, message)

    def at(self, path: DataPath) -> object:
        """Return the value at a path; None if there is none."""
        value = self.value
        for step in path:
            value = child(value, step)
        return value


def child(value: object, step: str | int) -> object:
    """Return a part of a value; None if there is none."""
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step)
    if isinstance(value, tuple) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


def config_error(problems: Iterable[Problem]) -> ConfigError:
    """Return one error for all the mistakes, in the order in which they stand."""
    found = tuple(
        sorted(set(problems), key=lambda one: (one.file, one.line, one.column, one.message))
    )
    count = "1 mistake" if len(found) == 1 else f"{len(found)} mistakes"
    files = ", ".join(dict.fromkeys(one.file for one in found))
    return ConfigError(
        f"{count} in {files}",
        do="Correct the file and start again; nothing was sent.",
        problems=found,
    )

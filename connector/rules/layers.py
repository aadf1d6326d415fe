"""Columns that build on columns, like cells of a sheet: put into as few SELECTs as it takes."""

import re
from collections.abc import Collection, Mapping

Columns = Mapping[str, str]
"""{column: expression}; an expression may name other columns, whatever their order."""

_WORD = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\w+")
"""A name, or what is passed over whole: a text literal, a quoted name."""

_LONGER = 200
"""By how many characters a plan may grow to save a column, and perhaps a layer."""


def listed(columns: Columns) -> str:
    """Return `expression AS column, …`, a line each."""
    return ",\n    ".join(f"{expression} AS {name}" for name, expression in columns.items())


def layered(first: Columns, source: str, columns: Columns, wanted: Collection[str]) -> str:
    """Return a SELECT of `wanted`: columns of `first`, over `source`, and of `columns`, over those.

    A plan for one contact costs by the layer and by the column in it. So columns that nothing
    wanted builds on are left out, one that is named once stands where it is named, and a layer
    hands up what is still asked for above it.
    """
    asked = _asked({**first, **columns}, wanted)
    levels = _levels(_put_in_place(_only(columns, asked), wanted))
    reads = _only(first, asked)
    chain = [f"SELECT\n    {listed(reads)}\n{source}"]
    below = list(reads)
    for number, layer in enumerate(levels):
        above = {
            name
            for level in levels[number + 1 :]
            for text in level.values()
            for name in _names(text)
        }
        kept = [name for name in below if name in above or name in wanted]
        chain.append(f"SELECT {', '.join(kept)},\n    {listed(layer)}\nFROM layer_{number}")
        below = [*kept, *layer]
    lower = ",\n".join(f"layer_{number} AS (\n{text}\n)" for number, text in enumerate(chain[:-1]))
    return f"WITH {lower}\n{chain[-1]}" if lower else chain[-1]


def _names(expression: str) -> list[str]:
    """Return the names in an expression, as often as they stand there."""
    return [word for word in _WORD.findall(expression) if word[0] not in "'\""]


def _asked(columns: Columns, wanted: Collection[str]) -> set[str]:
    """Return the wanted columns and all that they build on."""
    asked: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name in columns and name not in asked:
            asked.add(name)
            waiting.extend(_names(columns[name]))
    return asked


def _put_in_place(columns: Columns, wanted: Collection[str]) -> Columns:
    """Return the columns without those that are named once, or short, which stand there instead."""
    left = dict(columns)
    for name in columns:
        users = [user for user, text in left.items() for each in _names(text) if each == name]
        longer = len(left[name]) * (len(users) - 1)
        if name not in wanted and name not in users and longer <= _LONGER:
            expression = f"({left.pop(name)})"
            left |= {user: _replaced(left[user], name, expression) for user in users}
    return left


def _replaced(expression: str, name: str, by: str) -> str:
    """Return an expression with another in place of a name."""
    return _WORD.sub(lambda word: by if word[0] == name else word[0], expression)


def _levels(columns: Columns) -> list[Columns]:
    """Return the columns in layers, each of which builds on those before it."""
    left = dict(columns)
    levels: list[Columns] = []
    while left:
        level = {
            name: expression
            for name, expression in left.items()
            if not left.keys() & set(_names(expression))
        }
        if not level:
            message = f"these columns build on each other in a circle: {sorted(left)}"
            raise ValueError(message)
        levels.append(level)
        left = {name: expression for name, expression in left.items() if name not in level}
    return levels


def _only(columns: Columns, names: Collection[str]) -> Columns:
    """Return the columns of these names, in their order."""
    return {name: expression for name, expression in columns.items() if name in names}

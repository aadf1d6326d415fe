"""Columns that build on columns, like cells of a sheet: put into as few SELECTs as it takes."""

import re
from collections.abc import Collection, Mapping

Columns = Mapping[str, str]
"""{column: expression}; an expression may name other columns, whatever their order."""

_WORD = re.compile(r"\w+")


def listed(columns: Columns) -> str:
    """Return `expression AS column, …`, a line each."""
    return ",\n    ".join(f"{expression} AS {name}" for name, expression in columns.items())


def layered(first: Columns, source: str, columns: Columns, wanted: Collection[str]) -> str:
    """Return a SELECT of `wanted`: columns of `first`, over `source`, and of `columns`, over those.

    Columns that nothing wanted builds on are left out: a plan for one contact costs by the column.
    """
    asked = _asked({**first, **columns}, wanted)
    chain = [f"SELECT\n    {listed(_only(first, asked))}\n{source}"]
    for number, layer in enumerate(_levels(_only(columns, asked))):
        chain.append(f"SELECT below.*,\n    {listed(layer)}\nFROM layer_{number} AS below")
    below = ",\n".join(f"layer_{number} AS (\n{text}\n)" for number, text in enumerate(chain[:-1]))
    return f"WITH {below}\n{chain[-1]}"


def _asked(columns: Columns, wanted: Collection[str]) -> set[str]:
    """Return the wanted columns and all that they build on."""
    asked: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name in columns and name not in asked:
            asked.add(name)
            waiting.extend(_WORD.findall(columns[name]))
    return asked


def _levels(columns: Columns) -> list[Columns]:
    """Return the columns in layers, each of which builds on those before it."""
    left = dict(columns)
    levels: list[Columns] = []
    while left:
        level = {
            name: expression
            for name, expression in left.items()
            if not left.keys() & set(_WORD.findall(expression))
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

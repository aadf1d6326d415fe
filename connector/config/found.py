"""Names that must agree: how a mistake with one is told, and which word was likely meant."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from connector.config.document import DataPath
from connector.config.where import Where
from connector.config.wording import likely, listed

_MOST_LISTED = 14


class Found(NamedTuple):
    """A mistake: the way to it, what it is, and whether the key is meant, not its value."""

    path: DataPath
    message: str
    of_key: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """Ids that stand in a file, also of what is faulty itself and therefore was left out.

    `has_interests`: whether there is such a section, be it faulty.
    """

    rules: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    opportunity_groups: frozenset[str] = frozenset()
    personas: frozenset[str] = frozenset()
    tracks: frozenset[str] = frozenset()
    has_interests: bool = False


def repeated(ids: Iterable[tuple[DataPath, str]]) -> Iterator[Found]:
    """Yield each id that stood before; ids come with the way to them."""
    seen: set[str] = set()
    for path, name in ids:
        if name in seen:
            message = f"the id «{name}» stands twice: give each its own"
            yield Found(path, message)
        seen.add(name)


def names_in(where: Where, path: DataPath) -> Iterator[tuple[DataPath, str]]:
    """Yield each name that a condition compares: the way to it from `path`, and the name."""
    for name in where.comparisons:
        yield (*path, name), name
    for key, parts in (("all", where.all_), ("any", where.any_)):
        for position, part in enumerate(parts or ()):
            yield from names_in(part, (*path, key, position))
    if where.not_ is not None:
        yield from names_in(where.not_, (*path, "not"))


def is_key(path: DataPath, name: str) -> bool:
    """Tell whether the name at the end of a path stands there as a key."""
    return path[-1] == name


def instead(name: str, known: Iterable[str]) -> str:
    """Return the likely word, or all of them if they are few."""
    words = sorted(known)
    guess = likely(name, words)
    if guess or not 0 < len(words) <= _MOST_LISTED:
        return guess
    return f"; there is {listed(words, 'and')}"

"""What is left of a file without its faulty parts, so that one mistake does not hide the next."""

from collections.abc import Collection
from dataclasses import dataclass, field

from connector.config.document import DataPath


@dataclass(frozen=True, slots=True)
class Salvaged:
    """The values that are left. Lists that lost an entry are shorter: `origin` leads back."""

    value: object
    kept: dict[DataPath, tuple[int, ...]] = field(default_factory=dict)

    def origin(self, path: DataPath) -> DataPath:
        """Return the way in the file to what stands at `path` in what is left."""
        origin: DataPath = ()
        for step in path:
            positions = self.kept.get(origin)
            is_entry = positions is not None and isinstance(step, int) and step < len(positions)
            origin = (*origin, positions[step] if is_entry else step)  # type: ignore[index]  # known by `is_entry`
        return origin


def salvage(value: object, faulty: Collection[DataPath]) -> Salvaged:
    """Return a file's values without its faulty parts.

    An entry of a list, a rule for example, goes as a whole: half a rule would mean something else.
    """
    left = Salvaged(value)
    parts = frozenset(_entry(path) for path in faulty)
    return Salvaged(_without(value, parts, (), left.kept), left.kept)


def _entry(path: DataPath) -> DataPath:
    """Return the way to the outermost list entry that a path leads through, or else all of it."""
    ends = (end for end, step in enumerate(path, start=1) if isinstance(step, int))
    return path[: next(ends, len(path))]


def _without(
    value: object,
    parts: frozenset[DataPath],
    path: DataPath,
    kept: dict[DataPath, tuple[int, ...]],
) -> object:
    if isinstance(value, dict):
        return {
            key: _without(part, parts, (*path, key), kept)
            for key, part in value.items()
            if (*path, key) not in parts
        }
    if isinstance(value, tuple):
        kept[path] = tuple(at for at in range(len(value)) if (*path, at) not in parts)
        return tuple(_without(value[at], parts, (*path, at), kept) for at in kept[path])
    return value

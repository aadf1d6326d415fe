"""What an account keeps of segments, exports and imports."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from connector.sandbox.hubspot.refusals import Json


@dataclass(slots=True)
class Segment:
    """One segment. `joined`: the members of one that is not dynamic, with the time they came."""

    id: int
    name: str
    kind: str
    processing: str
    branch: Json | None
    created_ms: int
    updated_ms: int
    joined: dict[int, int] = field(default_factory=dict)
    deleted_ms: int | None = None

    def property_names(self) -> set[str]:
        """Return the names of the properties that its filters go by."""
        return set(_properties(self.branch))


@dataclass(slots=True)
class Export:
    """One export and, once done, its file."""

    id: int
    kind: str
    wish: Json
    at_ms: int
    state: str = "PENDING"
    polls: int = 0
    link_ms: int = 0
    file: bytes = b""


@dataclass(slots=True)
class Import:
    """One import, its file and what it refused."""

    id: int
    name: str
    kind: str
    operation: str
    columns: list[Json]
    rows: list[list[str]]
    at_ms: int
    state: str = "STARTED"
    polls: int = 0
    updated_ms: int = 0
    counters: dict[str, int] = field(default_factory=dict)
    errors: list[Json] = field(default_factory=list)


def _properties(branch: object) -> Iterator[str]:
    if not isinstance(branch, dict):
        return
    for entry in branch.get("filters") or ():
        yield str(entry.get("property"))
    for inner in branch.get("filterBranches") or ():
        yield from _properties(inner)

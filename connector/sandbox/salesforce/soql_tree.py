"""What a query says, once it has been read."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Kind = Literal["string", "number", "boolean", "null", "date", "datetime", "range"]


@dataclass(frozen=True, slots=True)
class Value:
    """A literal. `text` is as written, of a string what stands between the quotes."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Path:
    """A field, perhaps of a parent: `Account.Owner.Name`."""

    parts: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`COUNT()` (no path), `COUNT(field)`, `MAX(field)` and their like; named in the answer."""

    function: str
    path: Path | None
    alias: str


@dataclass(frozen=True, slots=True)
class TypeOf:
    """`TYPEOF What WHEN Account THEN Name ELSE Id END`: fields by the object of a parent."""

    path: Path
    branches: tuple[tuple[str, tuple[Path, ...]], ...]
    otherwise: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Fields:
    """`FIELDS(ALL)`, `FIELDS(STANDARD)` or `FIELDS(CUSTOM)`."""

    which: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field, an operator and what it is held against."""

    path: Path
    operator: str
    values: "tuple[Value, ...] | Select"


@dataclass(frozen=True, slots=True)
class Junction:
    """Conditions joined by one word, AND or OR."""

    word: str
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Negation:
    """A condition that must not hold."""

    part: "Condition"


Condition: TypeAlias = Comparison | Junction | Negation


@dataclass(frozen=True, slots=True)
class Order:
    """One sort key."""

    path: Path
    descending: bool
    nulls_last: bool


@dataclass(slots=True)
class Select:
    """A whole query, or one within it."""

    items: "list[Path | Aggregate | Fields | TypeOf | Select]"
    source: str
    alias: str = ""
    where: Condition | None = None
    group_by: list[Path] = field(default_factory=list)
    order_by: list[Order] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0

    @property
    def is_bare_count(self) -> bool:
        """Whether it is `SELECT COUNT()`: answered by a number and no record."""
        return self.items == [Aggregate("COUNT", None, "")]

    @property
    def is_grouped(self) -> bool:
        """Whether its answer consists of aggregates."""
        return bool(self.group_by) or any(isinstance(item, Aggregate) for item in self.items)

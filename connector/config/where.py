"""The grammar of `where`: conditions as an admin writes them, and what they mean.

Used by mappings (on a source's properties) and rules (on attributes and contact fields) alike.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from keyword import iskeyword
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    create_model,
    model_validator,
)

from connector.config.amounts import Days
from connector.config.literals import (
    EXAMPLE,
    SEVERAL,
    SPOKEN,
    kind_of_literal,
    literal,
    spoken,
)
from connector.config.section import NonEmpty, Number, Scalar, Section, refuse
from connector.config.wording import listed
from connector.rules.conditions import (
    All,
    AnyOf,
    Condition,
    Kind,
    Literal,
    Not,
    Operator,
    Takes,
    Test,
)
from connector.rules.operators import OPERATORS

Path = tuple[str | int, ...]
KindOf = Callable[[str], Kind | None]
"""Tells the kind of a named value; None if nothing is declared, so that the literal decides."""
Report = Callable[[Path, str], None]
"""Takes a mistake: where it stands, counted from the condition, and what it is."""

Literals = Annotated[tuple[Scalar, ...], Field(min_length=1)]
_MOST_PATTERN = 1_000
_TAKEN: Mapping[Takes, object] = {
    Takes.VALUE: Scalar,
    Takes.VALUES: Literals,
    Takes.BOUND: Number | str,
    Takes.TEXT: NonEmpty,
    Takes.PATTERN: Annotated[str, StringConstraints(min_length=1, max_length=_MOST_PATTERN)],
    Takes.DAYS: Days,
    Takes.TRUTH: bool,
}


def _key(op: Operator) -> str:
    """Return an operator's word as Python can say it."""
    return f"{op.key}_" if iskeyword(op.key) else op.key


def _field(op: Operator) -> tuple[object, object]:
    """Return the type and the rest of an operator's field."""

    def check(value: object) -> object:
        problem = op.refusal(value)
        if problem:
            raise refuse("literal", problem)
        return value

    taken = Annotated[_TAKEN[op.takes], BeforeValidator(check)]  # type: ignore[valid-type,name-defined]  # made from a list
    return taken | None, Field(None, alias=op.key, description=op.__doc__)


if TYPE_CHECKING:  # made from a list, which no type checker reads
    _Operations = Section
else:
    _Operations = create_model(
        "_Operations", __base__=Section, **{_key(op): _field(op) for op in OPERATORS}
    )


class Comparison(_Operations):
    """Comparisons of one value, all of which must hold; `{gte: 10, lt: 60}`."""

    exact: bool = False
    """Texts compare letter for letter; by default case and accents make no difference."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(True for _ in self.operations()):
            raise refuse(
                "empty_comparison", "a comparison is missing, for example `equals: white_paper`"
            )
        return self

    def operations(self) -> Iterator[tuple[Operator, tuple[Scalar, ...]]]:
        """Yield each comparison with its literals."""
        for op in OPERATORS:
            value: Scalar | tuple[Scalar, ...] | None = getattr(self, _key(op))
            if value is not None:
                yield op, value if isinstance(value, tuple) else (value,)


def _long_form(value: object) -> object:
    """Return `white_paper` as `{equals: white_paper}` and `[a, b]` as `{in: [a, b]}`."""
    if value is None:
        raise refuse("no_value", "a value is missing, for example `white_paper` or `{gte: 10}`")
    if isinstance(value, tuple | list):
        return {"in": tuple(value)}
    if isinstance(value, str | int | Decimal):
        return {"equals": value}
    return value


Compared = Annotated[
    Comparison,
    BeforeValidator(_long_form, json_schema_input_type=Scalar | Literals | Comparison),
]


class Where(Section):
    """`{name: value, …}`: all must hold. `all`, `any` and `not` combine further conditions."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Compared]

    all_: Annotated[tuple["Where", ...], Field(min_length=1)] | None = Field(
        default=None, alias="all"
    )
    """Conditions that must all hold."""
    any_: Annotated[tuple["Where", ...], Field(min_length=1)] | None = Field(
        default=None, alias="any"
    )
    """Conditions of which at least one must hold."""
    not_: "Where | None" = Field(default=None, alias="not")
    """A condition that must not hold."""

    @property
    def comparisons(self) -> Mapping[str, Comparison]:
        """The comparisons, by the name of what is compared."""
        return self.__pydantic_extra__

    def comparisons_within(self) -> Iterator[tuple[str, Comparison]]:
        """Yield every comparison, those of the combined conditions too."""
        yield from self.comparisons.items()
        for part in (*(self.all_ or ()), *(self.any_ or ()), *filter(None, [self.not_])):
            yield from part.comparisons_within()

    def condition(
        self, kind_of: KindOf = lambda _name: None, report: Report = lambda _path, _text: None
    ) -> Condition:
        """Return what this means. Literals of a wrong kind are reported and left out."""
        parts: list[Condition] = []
        for name, comparison in self.comparisons.items():
            parts.extend(tests(name, comparison, kind_of(name), _under(report, name)))
        for position, part in enumerate(self.all_ or ()):
            parts.append(part.condition(kind_of, _under(report, "all", position)))
        if self.any_:
            parts.append(
                AnyOf(
                    tuple(
                        part.condition(kind_of, _under(report, "any", position))
                        for position, part in enumerate(self.any_)
                    )
                )
            )
        if self.not_ is not None:
            parts.append(Not(self.not_.condition(kind_of, _under(report, "not"))))
        return parts[0] if len(parts) == 1 else All(tuple(parts))


def relative_in(where: "Where", path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield each comparison with the day of asking: the way to it from `path`, and its word."""
    for name, comparison in where.comparisons.items():
        for op, _ in comparison.operations():
            if op.is_relative:
                yield (*path, name, op.key), op.key
    for key, parts in (("all", where.all_), ("any", where.any_)):
        for position, part in enumerate(parts or ()):
            yield from relative_in(part, (*path, key, position))
    if where.not_ is not None:
        yield from relative_in(where.not_, (*path, "not"))


def _under(report: Report, *steps: str | int) -> Report:
    return lambda path, text: report((*steps, *path), text)


def tests(name: str, comparison: Comparison, kind: Kind | None, report: Report) -> Iterator[Test]:
    """Yield the comparisons of one value as tests; literals that do not fit `kind` are reported."""
    for op, values in comparison.operations():
        wanted = kind or _kind_meant(op, values) or Kind.TEXT
        literals = [_read(op, value, wanted) for value in values]
        problem = _wrong_kind(name, op, kind, wanted, values) or _misfit(
            name, wanted, values, literals
        )
        if problem:
            report((op.key,), problem)
            continue
        found = tuple(one for one in literals if one is not None)
        yield Test(name, wanted, op, found, comparison.exact and op.takes.is_of_the_kind)


def _read(op: Operator, value: Scalar, kind: Kind) -> Literal | None:
    """Return a literal as a test holds it; None if it is not of the kind that it has to be."""
    if op.takes.is_of_the_kind:
        return literal(value, kind)
    return value if isinstance(value, bool) else int(value)


def _wrong_kind(
    name: str, op: Operator, declared: Kind | None, wanted: Kind, values: tuple[Scalar, ...]
) -> str:
    """Return that an operator is not for such values; empty if it is."""
    if wanted in op.kinds:
        return ""
    kinds = listed([SEVERAL[kind] for kind in Kind if kind in op.kinds], "and")
    if declared is None:
        return f"«{op.key}» is for {kinds}; {spoken(values[0])} is neither"
    return f"«{op.key}» is for {kinds}, but «{name}» holds {SPOKEN[declared]}"


def _misfit(
    name: str, kind: Kind, values: tuple[Scalar, ...], literals: Sequence[Literal | None]
) -> str:
    """Return what is wrong with comparing so; empty if nothing is."""
    if "" in values:
        return f"an empty text counts as unknown: write `{name}: {{exists: false}}`"
    for value, found in zip(values, literals, strict=True):
        if found is None and kind is Kind.NUMBER and not isinstance(value, str | bool):
            return f"{spoken(value)} is too large to compare with"
        if found is None:
            return f"«{name}» holds {SPOKEN[kind]}, and {spoken(value)} is none; {EXAMPLE[kind]}"
    return ""


def kinds_of(comparisons: Iterable[tuple[str, Comparison]]) -> Mapping[str, Kind]:
    """Return the kind of each name, as the first literal that it is compared with suggests."""
    kinds: dict[str, Kind] = {}
    for name, comparison in comparisons:
        for op, values in comparison.operations():
            kind = _kind_meant(op, values)
            if kind is not None and kind in op.kinds:
                kinds.setdefault(name, kind)
    return kinds


def _kind_meant(op: Operator, values: tuple[Scalar, ...]) -> Kind | None:
    """Return the kind that a comparison speaks of where none is declared; None: of any."""
    if len(op.kinds) == 1:
        return next(iter(op.kinds))
    return kind_of_literal(values[0]) if op.takes.is_of_the_kind else None

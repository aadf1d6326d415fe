"""The grammar of `where`: conditions as an admin writes them, and what they mean.

Used by mappings (on a source's properties) and rules (on attributes and contact fields) alike.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Annotated, ClassVar, Self

import re2
from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from connector.config.amounts import Days
from connector.config.literals import EXAMPLE, SPOKEN, kind_of_literal, literal, spoken
from connector.config.section import NonEmpty, Number, Scalar, Section, refuse
from connector.rules.conditions import (
    RELATIVE,
    All,
    AnyOf,
    Condition,
    Kind,
    Literal,
    Not,
    Op,
    Test,
)

Path = tuple[str | int, ...]
KindOf = Callable[[str], Kind | None]
"""Tells the kind of a named value; None if nothing is declared, so that the literal decides."""
Report = Callable[[Path, str], None]
"""Takes a mistake: where it stands, counted from the condition, and what it is."""

Bound = Number | str
Literals = Annotated[tuple[Scalar, ...], Field(min_length=1)]
_MOST_PATTERN = 1_000


def _check_pattern(pattern: object) -> object:
    if not isinstance(pattern, str):
        return pattern
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        raise refuse(
            "regex", f"«{pattern}» is not a regular expression of the RE2 kind: {_reason(error)}"
        ) from error
    return pattern


def _reason(error: Exception) -> str:
    """Return RE2's own words, which may come as bytes."""
    first = error.args[0] if error.args else ""
    return first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)


Pattern = Annotated[
    str,
    StringConstraints(min_length=1, max_length=_MOST_PATTERN),
    BeforeValidator(_check_pattern, json_schema_input_type=str),
]


class Comparison(Section):
    """Comparisons of one value, all of which must hold; `{gte: 10, lt: 60}`."""

    equals: Scalar | None = None
    """The value is this one."""
    in_: Literals | None = Field(default=None, alias="in")
    """The value is one of these."""
    not_in: Literals | None = None
    """The value is known and none of these."""
    contains: NonEmpty | None = None
    """The text contains this one."""
    matches: Pattern | None = None
    """The text contains what this regular expression (RE2 syntax) describes."""
    gte: Bound | None = None
    """At least."""
    gt: Bound | None = None
    """More than."""
    lte: Bound | None = None
    """At most."""
    lt: Bound | None = None
    """Less than."""
    within_last: Days | None = None
    """The date lies in the last so many days; of contacts only."""
    longer_ago: Days | None = None
    """The date is past by so many days or more; of contacts only."""
    within_next: Days | None = None
    """The date lies in the next so many days; of contacts only."""
    exists: bool | None = None
    """true: a value is known; false: none is."""
    exact: bool = False
    """Texts compare letter for letter; by default case and accents make no difference."""

    OPS: ClassVar[tuple[Op, ...]] = tuple(Op)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(True for _ in self.operations()):
            raise refuse(
                "empty_comparison", "a comparison is missing, for example `equals: white_paper`"
            )
        return self

    def operations(self) -> Iterator[tuple[Op, tuple[Scalar, ...]]]:
        """Yield each comparison with its literals."""
        for op in self.OPS:
            value: object = getattr(self, "in_" if op is Op.IN else op.value)
            if isinstance(value, tuple):
                yield op, value
            elif isinstance(value, str | int | Decimal):
                yield op, (value,)


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
            if op in RELATIVE:
                yield (*path, name, op.value), op.value
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
        if op is Op.EXISTS:
            yield Test(name, kind or Kind.TEXT, op, (values[0] is True,))
            continue
        wanted = kind or kind_of_literal(op, values[0])
        if op in RELATIVE and wanted is Kind.MOMENT:
            yield Test(name, wanted, op, (int(values[0]),))
            continue
        literals = [literal(value, wanted) for value in values]
        problem = _misfit(name, op, wanted, values, literals)
        if problem and kind is None and op in _ORDERED:
            problem = f"«{op}» is for numbers and dates; {spoken(values[0])} is neither"
        if problem:
            report((op.value,), problem)
            continue
        yield Test(
            name, wanted, op, tuple(one for one in literals if one is not None), comparison.exact
        )


_ORDERED = (Op.GTE, Op.GT, Op.LTE, Op.LT)


def _misfit(
    name: str, op: Op, kind: Kind, values: tuple[Scalar, ...], literals: list[Literal | None]
) -> str:
    """Return what is wrong with comparing so; empty if nothing is."""
    if op in (Op.CONTAINS, Op.MATCHES) and kind is not Kind.TEXT:
        return f"«{op}» is for text, but «{name}» holds {SPOKEN[kind]}"
    if op in RELATIVE:
        return f"«{op}» is for dates, but «{name}» holds {SPOKEN[kind]}"
    if op in _ORDERED and kind not in (Kind.NUMBER, Kind.MOMENT):
        return f"«{op}» is for numbers and dates, but «{name}» holds {SPOKEN[kind]}"
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
            kind = kind_of_literal(op, values[0])
            if op is not Op.EXISTS and not (op in _ORDERED and kind is Kind.TEXT):
                kinds.setdefault(name, kind)
    return kinds

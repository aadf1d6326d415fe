"""Conditions as SQL: true where they hold, false or NULL where they do not.

A comparison with NULL is NULL, which `WHERE` and `CASE WHEN` take for false; `AND` and `OR` of
such parts are true exactly when they are with false in its place. So only `NOT` has to say that
unknown means false.
"""

from collections.abc import Iterable, Mapping

from connector.rules import sql
from connector.rules.conditions import All, AnyOf, Condition, Kind, Not, Test, names
from connector.rules.tables import FOLDED


def condition_sql(condition: Condition, prefix: str) -> str:
    """Return the condition on columns that begin with `prefix` (`c.f_`, `a.a_`)."""
    match condition:
        case Test():
            return _test(condition, prefix)
        case All(parts=parts):
            return sql.all_of([condition_sql(part, prefix) for part in parts])
        case AnyOf(parts=parts):
            return sql.any_of([condition_sql(part, prefix) for part in parts])
        case Not(part=part):
            return f"(NOT COALESCE({condition_sql(part, prefix)}, FALSE))"


def known(name: str, kind: Kind, prefix: str) -> str:
    """Return whether a field or attribute has a value; never NULL."""
    raw = column(name, prefix)
    return f"({raw} IS NOT NULL AND {raw} <> '')" if kind is Kind.TEXT else f"({raw} IS NOT NULL)"


def unknown(name: str, kind: Kind, prefix: str) -> str:
    """Return whether a field or attribute has no value; never NULL."""
    raw = column(name, prefix)
    return f"({raw} IS NULL OR {raw} = '')" if kind is Kind.TEXT else f"({raw} IS NULL)"


def has_value(name: str, kind: Kind, prefix: str) -> str:
    """Return a shorter `known`, as a condition: NULL takes the place of false."""
    raw = column(name, prefix)
    return f"{raw} <> ''" if kind is Kind.TEXT else f"{raw} IS NOT NULL"


def column(name: str, prefix: str, *, folded: bool = False) -> str:
    """Return a field's or attribute's column: `c.f_` and `title` make `c."f_title"`."""
    table, _, start = prefix.rpartition(".")
    quoted = sql.identifier(start + name + (FOLDED if folded else ""))
    return f"{table}.{quoted}" if table else quoted


def kinds_of(conditions: Iterable[Condition]) -> Mapping[str, Kind]:
    """Return every name that the conditions look at, with its kind.

    Raises ValueError where two conditions take the same name for different kinds.
    """
    kinds: dict[str, Kind] = {}
    for condition in conditions:
        for name, kind in names(condition):
            add_kind(kinds, name, kind)
    return kinds


def add_kind(kinds: dict[str, Kind], name: str, kind: Kind) -> None:
    """Note a name's kind. Raises ValueError if it was another."""
    if kinds.setdefault(name, kind) is not kind:
        message = f"{name!r} is taken for {kinds[name]} and for {kind}"
        raise ValueError(message)


def _test(test: Test, prefix: str) -> str:
    """Return one comparison, of text folded on both sides unless `exact`."""
    is_folded = test.kind is Kind.TEXT and not test.exact
    seen = sql.Column(
        compared=column(test.name, prefix, folded=is_folded),
        known=has_value(test.name, test.kind, prefix),
        unknown=unknown(test.name, test.kind, prefix),
    )
    return test.op.sql(test, seen)

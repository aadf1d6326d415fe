"""Conditions as SQL: true where they hold, false or NULL where they do not.

A comparison with NULL is NULL, which `WHERE` and `CASE WHEN` take for false; `AND` and `OR` of
such parts are true exactly when they are with false in its place. So only `NOT` has to say that
unknown means false.
"""

from collections.abc import Iterable, Mapping

from connector.domain.text import fold
from connector.rules import sql
from connector.rules.conditions import (
    RELATIVE,
    All,
    AnyOf,
    Condition,
    Kind,
    Not,
    Op,
    Test,
    names,
)
from connector.rules.pattern import folded_pattern
from connector.rules.tables import FOLDED

_ORDER = {Op.GTE: ">=", Op.GT: ">", Op.LTE: "<=", Op.LT: "<"}


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
    """Return one comparison."""
    if test.op is Op.EXISTS:
        return (has_value if test.values[0] else unknown)(test.name, test.kind, prefix)
    is_known = has_value(test.name, test.kind, prefix)
    if test.kind is Kind.TEXT:
        return _text_test(test, prefix, is_known)
    col = column(test.name, prefix)
    values = [sql.literal(value) for value in test.values]
    if test.op in RELATIVE:
        return _relative(col, test.op, int(test.values[0]) * sql.DAY_US)
    if test.op in _ORDER:
        return f"{col} {_ORDER[test.op]} {values[0]}"
    return _equality(col, test.op, values, is_known if test.op is Op.NOT_IN else "TRUE")


def _relative(col: str, op: Op, span_us: int) -> str:
    """Return a comparison with the instant of evaluation, which stands beside contacts as `m`."""
    if op is Op.WITHIN_LAST:
        return f"({col} > m.as_of_us - {span_us} AND {col} <= m.as_of_us)"
    if op is Op.LONGER_AGO:
        return f"{col} <= m.as_of_us - {span_us}"
    return f"({col} > m.as_of_us AND {col} <= m.as_of_us + {span_us})"


def _text_test(test: Test, prefix: str, is_known: str) -> str:
    """Return a comparison of text, folded on both sides unless `exact`."""
    col = column(test.name, prefix, folded=not test.exact)
    plain = [str(value) for value in test.values]
    if test.op is Op.MATCHES:
        pattern = plain[0] if test.exact else folded_pattern(plain[0])
        return f"({is_known} AND {sql.matches(col, pattern)})"
    wanted = plain if test.exact else [fold(value) for value in plain]
    if test.op is Op.CONTAINS:
        return sql.contains(col, wanted[0]) if wanted[0] else is_known
    # What equals a text that is not empty is not empty: the raw column need not be read for it.
    certain = "TRUE" if all(wanted) and test.op is not Op.NOT_IN else is_known
    return _equality(col, test.op, [sql.text(value) for value in wanted], certain)


def _equality(col: str, op: Op, values: list[str], is_known: str) -> str:
    """Return `equals`, `in` or `not_in`."""
    if not values:
        return is_known if op is Op.NOT_IN else "FALSE"
    if op is Op.NOT_IN:
        return f"({is_known} AND {col} NOT IN ({', '.join(values)}))"
    same = f"{col} = {values[0]}" if len(values) == 1 else f"{col} IN ({', '.join(values)})"
    return same if is_known == "TRUE" else f"({is_known} AND {same})"

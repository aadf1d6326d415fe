"""The operators of conditions: what `where` can ask of a value. One class says all of one.

Its word in the files and what may stand behind it, the kinds of values it is for, its sentence, its
SQL, the same for one value at a time, and what the review of rules may conclude. Files, plan,
sentences and review know none by name but `exists`, which alone is true of an unknown value. To add
one: a class, and its line in `Op`.
"""

import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import ClassVar

import re2

from connector.rules import sql
from connector.rules.conditions import Kind, Literal, Operator, Takes, Test
from connector.rules.pattern import folded_pattern

Words = Mapping[str, str]

_REMEMBERED = 4_096
_NOW = "m.as_of_us"  # stands beside contacts
_INEQUALITIES = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}


class _Equals(Operator):
    """The value is this one."""

    key = "equals"
    takes = Takes.VALUE
    words: ClassVar[Words] = {"en": "is {values}", "fr": "est {values}"}
    turns_at_literals = True

    def sql(self, test: Test, column: sql.Column) -> str:
        found = [sql.literal(value) for value in test.wanted]
        if not found:
            return "FALSE"
        one_of = f"IN ({', '.join(found)})" if len(found) > 1 else f"= {found[0]}"
        same = f"{column.compared} {one_of}"
        # What equals a text that is not empty is not empty: the raw column need not be read for it.
        return f"({column.known} AND {same})" if "" in test.wanted else same

    def holds(self, test: Test) -> Callable[[Literal], bool]:
        return frozenset(test.wanted).__contains__

    def admits(self, test: Test, *, holds: bool) -> tuple[Literal, ...] | None:
        return test.values if holds else None


class _In(_Equals):
    """The value is one of these."""

    key = "in"
    takes = Takes.VALUES
    words: ClassVar[Words] = {"en": "is one of {values}", "fr": "est parmi {values}"}


class _NotIn(Operator):
    """The value is known and none of these."""

    key = "not_in"
    takes = Takes.VALUES
    words: ClassVar[Words] = {"en": "is none of {values}", "fr": "n’est pas parmi {values}"}
    turns_at_literals = True

    def sql(self, test: Test, column: sql.Column) -> str:
        found = [sql.literal(value) for value in test.wanted]
        if not found:
            return column.known
        return f"({column.known} AND {column.compared} NOT IN ({', '.join(found)}))"

    def holds(self, test: Test) -> Callable[[Literal], bool]:
        listed = frozenset(test.wanted)
        return lambda value: value not in listed

    def admits(self, test: Test, *, holds: bool) -> tuple[Literal, ...] | None:
        return None if holds else test.values


class _Contains(Operator):
    """The text contains this one."""

    key = "contains"
    takes = Takes.TEXT
    kinds = frozenset({Kind.TEXT})
    words: ClassVar[Words] = {"en": "contains {values}", "fr": "contient {values}"}

    def sql(self, test: Test, column: sql.Column) -> str:
        part = _text(test)  # which may fold to nothing
        return sql.contains(column.compared, part) if part else column.known

    def holds(self, test: Test) -> Callable[[Literal], bool]:
        part = _text(test)
        return lambda text: part in str(text)

    def implies(self, test: Test, other: Test) -> bool:
        return _text(other) in _text(test)


class _StartsWith(Operator):
    """The text starts with this one."""

    key = "starts_with"
    takes = Takes.TEXT
    kinds = frozenset({Kind.TEXT})
    words: ClassVar[Words] = {"en": "starts with {values}", "fr": "commence par {values}"}

    def sql(self, test: Test, column: sql.Column) -> str:
        part = _text(test)  # which may fold to nothing
        if not part:
            return column.known
        return f"substring({column.compared}, 1, {len(part)}) = {sql.text(part)}"

    def holds(self, test: Test) -> Callable[[Literal], bool]:
        part = _text(test)
        return lambda text: str(text).startswith(part)

    def implies(self, test: Test, other: Test) -> bool:
        return _text(test).startswith(_text(other))


class _EndsWith(Operator):
    """The text ends with this one."""

    key = "ends_with"
    takes = Takes.TEXT
    kinds = frozenset({Kind.TEXT})
    words: ClassVar[Words] = {"en": "ends with {values}", "fr": "se termine par {values}"}

    def sql(self, test: Test, column: sql.Column) -> str:
        part = _text(test)  # which may fold to nothing
        if not part:
            return column.known
        # Where the text is shorter, what is cut out of it is too, wherever engines begin to cut.
        start = f"length({column.compared}) - {len(part) - 1}"
        return f"substring({column.compared}, {start}, {len(part)}) = {sql.text(part)}"

    def holds(self, test: Test) -> Callable[[Literal], bool]:
        part = _text(test)
        return lambda text: str(text).endswith(part)

    def implies(self, test: Test, other: Test) -> bool:
        return _text(test).endswith(_text(other))


class _Matches(Operator):
    """The text contains what this regular expression (RE2 syntax) describes."""

    key = "matches"
    takes = Takes.PATTERN
    kinds = frozenset({Kind.TEXT})
    words: ClassVar[Words] = {"en": "matches {values}", "fr": "correspond à {values}"}

    def refusal(self, literal: object) -> str:
        if not isinstance(literal, str):
            return ""
        options = re2.Options()
        options.log_errors = False
        try:
            re2.compile(literal, options)
        except re2.error as error:
            return f"«{literal}» is not a regular expression of the RE2 kind: {_reason(error)}"
        return ""

    def sql(self, test: Test, column: sql.Column) -> str:
        return f"({column.known} AND {sql.matches(column.compared, _pattern(test))})"

    def holds(self, test: Test) -> Callable[[Literal], bool]:
        finds = re2.compile(_pattern(test)).search

        # The same addresses and names of forms come again and again.
        @lru_cache(maxsize=_REMEMBERED)
        def found(text: Literal) -> bool:
            return finds(text) is not None

        return found


class _Inequality(Operator):
    takes = Takes.BOUND
    kinds = frozenset({Kind.NUMBER, Kind.MOMENT})
    turns_at_literals = True
    sign: ClassVar[str]

    def sql(self, test: Test, column: sql.Column) -> str:
        return f"{column.compared} {self.sign} {sql.literal(test.values[0])}"

    def holds(self, test: Test) -> Callable[[Literal], bool]:
        is_met, limit = _INEQUALITIES[self.sign], test.values[0]
        return lambda value: bool(is_met(value, limit))


class _Gte(_Inequality):
    """At least."""

    key = "gte"
    words: ClassVar[Words] = {"en": "is at least {values}", "fr": "est au moins {values}"}
    sign = ">="


class _Gt(_Inequality):
    """More than."""

    key = "gt"
    words: ClassVar[Words] = {"en": "is more than {values}", "fr": "est plus que {values}"}
    sign = ">"


class _Lte(_Inequality):
    """At most."""

    key = "lte"
    words: ClassVar[Words] = {"en": "is at most {values}", "fr": "est au plus {values}"}
    sign = "<="


class _Lt(_Inequality):
    """Less than."""

    key = "lt"
    words: ClassVar[Words] = {"en": "is less than {values}", "fr": "est moins que {values}"}
    sign = "<"


class _Relative(Operator):
    """A comparison of a moment with the instant of evaluation, in days of 24 hours."""

    takes = Takes.DAYS
    kinds = frozenset({Kind.MOMENT})
    is_relative = True
    asks: ClassVar[str]

    def sql(self, test: Test, column: sql.Column) -> str:
        span_us = int(test.values[0]) * sql.DAY_US
        return self.asks.format(at=column.compared, now=_NOW, span=span_us)

    def holds(self, test: Test) -> Callable[[Literal], bool]:  # noqa: ARG002  whatever it asks
        raise ValueError("what is read from the CRM is not compared with the day of reading")


class _WithinLast(_Relative):
    """The date lies in the last so many days; of contacts only."""

    key = "within_last"
    words: ClassVar[Words] = {
        "en": "lies in the last {values} days",
        "fr": "date des {values} derniers jours",
    }
    asks = "({at} > {now} - {span} AND {at} <= {now})"


class _LongerAgo(_Relative):
    """The date is past by so many days or more; of contacts only."""

    key = "longer_ago"
    words: ClassVar[Words] = {
        "en": "is {values} days ago or more",
        "fr": "date d’il y a {values} jours ou plus",
    }
    asks = "{at} <= {now} - {span}"


class _WithinNext(_Relative):
    """The date lies in the next so many days; of contacts only."""

    key = "within_next"
    words: ClassVar[Words] = {
        "en": "lies in the next {values} days",
        "fr": "tombe dans les {values} prochains jours",
    }
    asks = "({at} > {now} AND {at} <= {now} + {span})"


class _Exists(Operator):
    """true: a value is known; false: none is."""

    key = "exists"
    takes = Takes.TRUTH
    words: ClassVar[Words] = {"en": "is known", "fr": "est connu"}

    def sentence(self, test: Test) -> Words:
        return self.words if test.values[0] else {"en": "is unknown", "fr": "est inconnu"}

    def sql(self, test: Test, column: sql.Column) -> str:
        return column.known if test.values[0] else column.unknown

    def holds(self, test: Test) -> Callable[[Literal], bool]:
        is_wanted = test.values[0] is True
        return lambda _value: is_wanted


class Op:
    """Every operator, in the order of the schema."""

    EQUALS = _Equals()
    IN = _In()
    NOT_IN = _NotIn()
    CONTAINS = _Contains()
    STARTS_WITH = _StartsWith()
    ENDS_WITH = _EndsWith()
    MATCHES = _Matches()
    GTE = _Gte()
    GT = _Gt()
    LTE = _Lte()
    LT = _Lt()
    WITHIN_LAST = _WithinLast()
    LONGER_AGO = _LongerAgo()
    WITHIN_NEXT = _WithinNext()
    EXISTS = _Exists()


OPERATORS: tuple[Operator, ...] = tuple(
    each for each in vars(Op).values() if isinstance(each, Operator)
)


def _text(test: Test) -> str:
    return str(test.wanted[0])


def _pattern(test: Test) -> str:
    pattern = str(test.values[0])
    return pattern if test.exact else folded_pattern(pattern)


def _reason(error: Exception) -> str:
    """Return RE2's own words, which may come as bytes."""
    first = error.args[0] if error.args else ""
    return first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)

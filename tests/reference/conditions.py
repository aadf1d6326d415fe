"""Does a condition hold? As `connector.rules.conditions` says it, told a second time.

`MEANINGS` is all that the tests know of an operator: what it means, how conditions with it are made
up, examples. The plan, the predicates and the review of rules are held against it.
"""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

import re2

from connector.domain.contact import Value
from connector.domain.text import fold
from connector.rules.conditions import All, AnyOf, Condition, Kind, Literal, Not, Test
from tests.reference.story import US_PER_DAY

Pool = tuple[Literal, ...]


@dataclass(frozen=True)
class Meaning:
    """What an operator means.

    `holds`: of a known value; a text comes as it is compared. The last literal of a relative
    operator is the instant of evaluation. `literals`: some that a test may have, made up at random
    out of the values that stories have. `examples`: conditions, a value, whether they hold.
    """

    kinds: frozenset[Kind]
    holds: Callable[[Test, Value], bool]
    literals: Callable[[Random, Pool], Pool]
    examples: tuple[tuple[str, Value, bool], ...]
    is_relative: bool = False


def is_known(value: Value) -> bool:
    """Tell whether there is a value: an empty text is none."""
    return value is not None and value != ""


def holds(condition: Condition, values: Mapping[str, Value]) -> bool:
    """Tell whether a condition holds for these attributes or fields."""
    match condition:
        case All(parts=parts):
            return all(holds(part, values) for part in parts)
        case AnyOf(parts=parts):
            return any(holds(part, values) for part in parts)
        case Not(part=part):
            return not holds(part, values)
        case Test():
            return _test_holds(condition, values.get(condition.name))


def comparable(value: Value, kind: Kind, *, exact: bool) -> Value:
    """Return what is compared in a value's place: folded text, unless `exact`."""
    return fold(value) if kind is Kind.TEXT and not exact and isinstance(value, str) else value


def _test_holds(test: Test, found: Value) -> bool:
    if test.op.key == "exists":
        return is_known(found) == test.values[0]
    value = comparable(found, test.kind, exact=test.exact)
    return is_known(found) and MEANINGS[test.op.key].holds(test, value)


def _wanted(test: Test) -> list[Value]:
    return [comparable(literal, test.kind, exact=test.exact) for literal in test.values]


def _text(test: Test) -> str:
    return str(_wanted(test)[0])


def _days(test: Test) -> int:
    return int(test.values[0]) * US_PER_DAY


def _now(test: Test) -> int:
    return int(test.values[1])


def _finds(test: Test, text: Value) -> bool:
    pattern = str(test.values[0])
    if not test.exact:
        pattern = re.sub(r"[^\x00-\x7f]+", lambda literals: fold(literals[0]), pattern)
    return _compiled(pattern, test.exact).search(str(text)) is not None


@functools.cache
def _compiled(pattern: str, case_sensitive: bool) -> "re2._Regexp[str]":
    options = re2.Options()
    options.case_sensitive = case_sensitive
    return re2.compile(pattern, options)


def _one(random: Random, pool: Pool) -> Pool:
    return (random.choice(pool),)


def _several(random: Random, pool: Pool) -> Pool:
    return tuple(random.sample(pool, min(len(pool), random.choice((0, 1, 2, 2, 3, 3)))))


def _part(random: Random, pool: Pool) -> Pool:
    parts = ("t", "É", "ss", "%", "'", "\\", "fi", "\u0301")
    return (random.choice(random.choice((parts, pool))),)


def _some_days(random: Random, pool: Pool) -> Pool:
    return (random.choice((1, 30, 365, 20_000)),)


def _pattern(random: Random, pool: Pool) -> Pool:
    return (random.choice(_PATTERNS),)


_PATTERNS = (
    *("^etu", "tude$", "[éè]t", "stra(ß|ss)e", "^.$", "É", "\\d+%$", "a.b", "^$", "fin|lead", "Ｌ"),
    *("(?s)new.line", "new.line", "\\bfin\\b", "_", "\\\\", "'", "\\pL{4}", "^\\S+$", "σ", "^lead"),
    "(?:)",
)
_MILLION = 1_000_000
_TEXT = frozenset({Kind.TEXT})
_ORDERED = frozenset({Kind.NUMBER, Kind.MOMENT})
_MOMENT = frozenset({Kind.MOMENT})
_EVERY = frozenset(Kind)

MEANINGS: dict[str, Meaning] = {
    "equals": Meaning(
        _EVERY,
        lambda test, value: value in _wanted(test),
        _one,
        (
            ("{text: etude}", "Étude", True),
            ("{text: ÉTUDE}", "e\u0301tude", True),
            ("{text: strasse}", "Straße", True),
            ("{text: fin}", "ﬁn", True),
            ("{text: oeuvre}", "Œuvre", False),  # «Œ» is a letter of its own
            ("{text: {equals: Étude, exact: true}}", "Étude", True),
            ("{text: {equals: Étude, exact: true}}", "étude", False),
            ("{text: {equals: Étude, exact: true}}", "E\u0301tude", False),  # exact is exact
            ("{text: etude}", "etude ", False),
            ('{text: "l\'été"}', "L'ETE", True),
            ("{text: 'back\\slash'}", "back\\slash", True),
            ("{number: 20}", 20 * _MILLION, True),
            ("{number: 0.000001}", 1, True),
            ("{flag: true}", True, True),
            ("{flag: true}", False, False),
            ("{flag: false}", False, True),
            ("{flag: false}", None, False),
        ),
    ),
    "in": Meaning(
        _EVERY,
        lambda test, value: value in _wanted(test),
        _several,
        (
            ("{text: [paper, guide]}", "GUIDE", True),
            ("{text: [paper, guide]}", None, False),
            ("{number: [1, 2]}", 2 * _MILLION, True),
        ),
    ),
    "not_in": Meaning(
        _EVERY,
        lambda test, value: value not in _wanted(test),
        _several,
        (
            ("{text: {not_in: [paper, guide]}}", "Guide", False),
            ("{text: {not_in: [paper, guide]}}", "study", True),
            ("{text: {not_in: [paper, guide]}}", None, False),
            ("{text: {not_in: [paper], exact: true}}", "Paper", True),
            ("{number: {not_in: [1, 2]}}", None, False),
        ),
    ),
    "contains": Meaning(
        _TEXT,
        lambda test, value: _text(test) in str(value),
        _part,
        (
            ("{text: {contains: tude}}", "ÉTUDES", True),
            ("{text: {contains: '%'}}", "100", False),
            ("{text: {contains: '_'}}", "a_b", True),
            ("{text: {contains: Tude, exact: true}}", "Étude", False),
        ),
    ),
    "starts_with": Meaning(
        _TEXT,
        lambda test, value: str(value).startswith(_text(test)),
        _part,
        (
            ("{text: {starts_with: etu}}", "Étude", True),
            ("{text: {starts_with: tude}}", "Étude", False),
            ("{text: {starts_with: étude de cas}}", "Étude", False),
            ("{text: {starts_with: '%'}}", "100%", False),
            ("{text: {starts_with: Etu, exact: true}}", "Étude", False),
            ("{text: {starts_with: É, exact: true}}", "Étude", True),
            ("{text: {starts_with: É, exact: true}}", "E\u0301tude", False),
            ("{text: {starts_with: x}}", None, False),
        ),
    ),
    "ends_with": Meaning(
        _TEXT,
        lambda test, value: str(value).endswith(_text(test)),
        _part,
        (
            ("{text: {ends_with: UDÉ}}", "Étude", True),
            ("{text: {ends_with: etud}}", "Étude", False),
            ("{text: {ends_with: une étude}}", "Étude", False),
            ("{text: {ends_with: '%'}}", "100%", True),
            ("{text: {ends_with: Ude, exact: true}}", "Étude", False),
            ("{text: {ends_with: é, exact: true}}", "Santé", True),
            ("{text: {ends_with: é, exact: true}}", "Sante\u0301", False),
            ("{text: {ends_with: x}}", None, False),
        ),
    ),
    "matches": Meaning(
        _TEXT,
        _finds,
        _pattern,
        (
            ("{text: {matches: '^/(pricing|tarifs?)'}}", "/TARIF/a", True),
            ("{text: {matches: 'é[tv]'}}", "ete", True),
            ("{text: {matches: 'É', exact: true}}", "été", False),
            ("{text: {matches: 'a.b'}}", "a\nb", False),
            ("{text: {matches: '^b'}}", "a\nb", False),
            ("{text: {matches: '[0-9]+%$'}}", "100%", True),
            ("{text: {matches: 'x*'}}", "y", True),
            ("{text: {matches: 'x*'}}", None, False),
        ),
    ),
    "gte": Meaning(
        _ORDERED,
        lambda test, value: int(value or 0) >= int(test.values[0]),
        _one,
        (
            ("{number: {gte: 20, lt: 60}}", 20 * _MILLION, True),
            ("{number: {gte: 20, lt: 60}}", 60 * _MILLION, False),
        ),
    ),
    "gt": Meaning(
        _ORDERED,
        lambda test, value: int(value or 0) > int(test.values[0]),
        _one,
        (("{number: {gt: 20}}", 20 * _MILLION, False),),
    ),
    "lte": Meaning(
        _ORDERED,
        lambda test, value: int(value or 0) <= int(test.values[0]),
        _one,
        (("{number: {lte: -1.5}}", -1_500_000, True),),
    ),
    "lt": Meaning(
        _ORDERED,
        lambda test, value: int(value or 0) < int(test.values[0]),
        _one,
        (
            ("{number: {lt: 0}}", None, False),
            ("{not: {number: {lt: 0}}}", None, True),
        ),
    ),
    "within_last": Meaning(
        _MOMENT,
        lambda test, value: _now(test) - _days(test) < int(value or 0) <= _now(test),
        _some_days,
        (
            ("{at: {within_last: 2d}}", 8 * US_PER_DAY, False),
            ("{at: {within_last: 2d}}", 8 * US_PER_DAY + 1, True),
            ("{at: {within_last: 2d}}", 10 * US_PER_DAY, True),
            ("{at: {within_last: 2d}}", 10 * US_PER_DAY + 1, False),
        ),
        is_relative=True,
    ),
    "longer_ago": Meaning(
        _MOMENT,
        lambda test, value: int(value or 0) <= _now(test) - _days(test),
        _some_days,
        (
            ("{at: {longer_ago: 2d}}", 8 * US_PER_DAY, True),
            ("{at: {longer_ago: 2d}}", 8 * US_PER_DAY + 1, False),
            ("{at: {longer_ago: 2d}}", None, False),
        ),
        is_relative=True,
    ),
    "within_next": Meaning(
        _MOMENT,
        lambda test, value: _now(test) < int(value or 0) <= _now(test) + _days(test),
        _some_days,
        (
            ("{at: {within_next: 2d}}", 10 * US_PER_DAY, False),
            ("{at: {within_next: 2d}}", 10 * US_PER_DAY + 1, True),
            ("{at: {within_next: 2d}}", 12 * US_PER_DAY, True),
            ("{at: {within_next: 2d}}", 12 * US_PER_DAY + 1, False),
        ),
        is_relative=True,
    ),
    "exists": Meaning(
        _EVERY,
        lambda test, value: is_known(value) == test.values[0],
        lambda random, pool: (random.choice((True, False)),),
        (
            ("{text: {exists: true}}", "x", True),
            ("{text: {exists: true}}", "", False),
            ("{text: {exists: false}}", "", True),
            ("{text: {exists: false}}", None, True),
        ),
    ),
}
"""By the word for it."""

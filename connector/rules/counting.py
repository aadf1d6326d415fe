# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""Which activities a rule counts, and what they are worth: `docs/semantics.md` section 2 as SQL.

Activities never stay single rows for long. All of a day weigh the same, so what is kept of a
bucket is how many there are, the latest day and the latest instant:

- `dated`: buckets by calendar period; a rule that counts each activity has one bucket a day,
- `keyed`: buckets by the value of an attribute,
- `repeated`: of rules with `repeated`, which have a bucket for each day in the steps before,
- `limited`: what `replaced_by` and `at_most` leave,
- `line`: one row for each contact and rule.

A rule without a feature passes none of the steps that serve it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from functools import cache

from connector.domain.numbers import MILLION
from connector.rules import sql
from connector.rules.condition_sql import column, condition_sql
from connector.rules.conditions import ALWAYS, Kind
from connector.rules.decay import Decay
from connector.rules.model import ActivityRule, Each, Ever, PerAttribute, PerDays, RuleSet
from connector.rules.plan import Constants, Step

_ALL_DAYS = 10_000_000
"""A reach in days beyond any activity."""


class Way(IntEnum):
    """The step that makes a rule's buckets."""

    DATED = 0
    KEYED = 1


@dataclass(frozen=True, slots=True)
class Numbered:
    """A rule that can have an effect, with its place in the file.

    `way`: the step that makes its buckets. `is_kept_by_id`: whether an activity is only ever in the
    same bucket with itself, seen by another rule. `reach`: the age in days from which its
    activities change nothing.
    """

    no: int
    rule: ActivityRule
    way: Way
    is_kept_by_id: bool
    reach: int

    @property
    def has_key(self) -> bool:
        """Whether its buckets have a text as key."""
        return self.is_kept_by_id or isinstance(self.rule.once_per, PerAttribute)

    @property
    def counts_each(self) -> bool:
        """Whether a bucket holds every activity of its day, not only the latest."""
        return isinstance(self.rule.once_per, Each)


def numbered(rules: RuleSet) -> list[Numbered]:
    """Return the rules that can have an effect.

    Raises ValueError for a repeated id, and for a `replaced_by` that makes no sense.
    """
    by_id = {rule.id: rule for rule in rules.rules}
    if len(by_id) != len(rules.rules):
        raise ValueError("two rules have the same id")
    replacing = {rule.replaced_by for rule in rules.rules if rule.replaced_by is not None}
    for rule in rules.rules:
        if rule.replaced_by is not None:
            _check_replacement(rule, by_id.get(rule.replaced_by))
    found = (
        _numbered(no, rule, rules, is_replacing=rule.id in replacing)
        for no, rule in enumerate(rules.rules)
    )
    return [each for each in found if each.reach > 0]


def _check_replacement(rule: ActivityRule, other: ActivityRule | None) -> None:
    """Raise ValueError unless both rules make the same buckets."""
    if other is None or other.once_per != rule.once_per:
        message = f"rule {rule.id!r} is replaced by {rule.replaced_by!r}, which has no such buckets"
        raise ValueError(message)


def _numbered(no: int, rule: ActivityRule, rules: RuleSet, *, is_replacing: bool) -> Numbered:
    """Return a rule with what the plan has to know of it."""
    by_id = isinstance(rule.once_per, Each) and (is_replacing or rule.replaced_by is not None)
    keyed = by_id or isinstance(rule.once_per, PerAttribute)
    way = Way.KEYED if keyed else Way.DATED
    return Numbered(no, rule, way, by_id, _reach(rule, rules, is_replacing=is_replacing))


def _reach(rule: ActivityRule, rules: RuleSet, *, is_replacing: bool) -> int:
    """Return the age from which activities are left out at once, since they change nothing."""
    if is_replacing:
        return _ALL_DAYS
    reach = len(worth(rule.points, rule.decay))
    if rule.family:
        reach = max(reach, rules.hand_off.families_within_days)
    if rule.is_need:
        reach = max(reach, rules.stages.need_valid_days)
    return reach + rule.repeated.within if reach and rule.repeated else reach


@cache
def worth(points: int, decay: Decay) -> tuple[int, ...]:
    """Return what an activity adds at each age, in micro-points, up to the last that adds any."""
    added = [round(Fraction(points * weight, MILLION)) for weight in decay.weights()]
    while added and added[-1] == 0:
        added.pop()
    return tuple(added)


# ------------------------------------------------------------------ constants


def constants(rules: list[Numbered]) -> Iterator[Constants]:
    """Yield the tables that the steps of this module join.

    `rule_type`: which rules look at an activity type. `rule`: how a rule counts; the worth of an
    activity stands in `worth` at `slot` + the lesser of age and `last_age`, before the age `ends`.
    """
    yield Constants(
        "rule_type",
        {"type": "VARCHAR", "rule_no": "INTEGER", "way": "INTEGER", "reach": "INTEGER"},
        tuple(
            (activity, each.no, int(each.way), each.reach)
            for each in rules
            for activity in sorted(set(each.rule.activities))
        ),
    )
    slots: dict[tuple[int, ...], int] = {}
    table: list[int] = []
    rows: list[tuple[object, ...]] = []
    for each in rules:
        added = worth(each.rule.points, each.rule.decay)
        stored = _without_level_end(added)
        if stored not in slots:
            slots[stored] = len(table)
            table.extend(stored)
        at_most = each.rule.at_most.count if each.rule.at_most else None
        rows.append(
            (each.no, slots[stored], len(stored) - 1, len(added), each.counts_each, at_most)
        )
    yield Constants(
        "rule",
        {
            "rule_no": "INTEGER",
            "slot": "INTEGER",
            "last_age": "INTEGER",
            "ends": "INTEGER",
            "counts_each": "BOOLEAN",
            "at_most": "BIGINT",
        },
        tuple(rows),
    )
    yield Constants("worth", {"slot": "INTEGER", "micro_points": "BIGINT"}, tuple(enumerate(table)))


def _without_level_end(added: tuple[int, ...]) -> tuple[int, ...]:
    """Return a table of at least one row, cut where all that follows is the same."""
    cut = list(added) or [0]
    while len(cut) > 1 and cut[-1] == cut[-2]:
        cut.pop()
    return tuple(cut)


# ---------------------------------------------------------------------- steps


Sources = list[tuple[str, list[Numbered]]]
"""Which step holds the buckets of which rules."""


def sources(rules: list[Numbered]) -> Sources:
    """Return the steps that hold buckets, each with its rules."""
    once = [each for each in rules if not each.rule.repeated]
    found = [
        ("dated", [each for each in once if each.way is Way.DATED]),
        ("keyed", [each for each in once if each.way is Way.KEYED]),
        ("repeated", [each for each in rules if each.rule.repeated]),
    ]
    return [(name, chosen) for name, chosen in found if chosen]


def steps(rules: list[Numbered]) -> Iterator[Step]:
    """Yield the steps from activities to `line`."""
    for way in Way:
        chosen = [each for each in rules if each.way is way]
        if chosen:
            yield Step(way.name.lower(), _bucket_sql(chosen, way))
    repeated = [each for each in rules if each.rule.repeated]
    if repeated:
        yield Step("repeated", "\nUNION ALL\n".join(_repeated_sql(each) for each in repeated))
    special = [each for each in rules if each.rule.at_most or each.rule.replaced_by]
    if special:
        limited = [_limited_rule(each, sources(rules)) for each in special]
        yield Step("limited", "\nUNION ALL\n".join(limited))
    yield Step("line", _line_sql(special, sources(rules)))


def _bucket_sql(rules: list[Numbered], way: Way) -> str:
    """Return the buckets of rules; those with `repeated` get one for each day and key."""
    key = f",\n         {_key(rules)} AS bucket_key" if way is Way.KEYED else ""
    keys = ", bucket_key" if way is Way.KEYED else ""
    where = "".join(f"\n      AND {part}" for part in _wheres(rules))
    return f"""SELECT contact, rule_no, bucket{keys},
       COUNT(*) AS n, MAX(day) AS day, MAX(occurred_us) AS occurred_us
FROM (
  SELECT a.contact, t.rule_no, a.day, a.occurred_us, {_bucket(rules)} AS bucket{key}
  FROM activity AS a
  JOIN (
    SELECT r.type, r.rule_no, m.as_of_us, m.as_of_day - r.reach AS after_day
    FROM rule_type AS r CROSS JOIN moment AS m
    WHERE r.way = {int(way)}
  ) AS t ON t.type = a.type
  WHERE NOT a.is_outbound AND a.occurred_us <= t.as_of_us AND a.day > t.after_day{where}
) AS hit
GROUP BY contact, rule_no, bucket{keys}"""


def _wheres(rules: list[Numbered]) -> Iterator[str]:
    """Yield the rules' own conditions, as one CASE."""
    cases = [
        f"WHEN {each.no} THEN {condition_sql(each.rule.where, 'a.a_')}"
        for each in rules
        if each.rule.where != ALWAYS
    ]
    if cases:
        yield f"CASE t.rule_no {' '.join(cases)} ELSE TRUE END"


def _bucket(rules: list[Numbered]) -> str:
    """Return the number of the bucket of an activity; the day itself for rules with `repeated`."""
    cases: dict[str, list[int]] = {}
    for each in rules:
        bucket = "a.day" if each.rule.repeated else bucket_of(each.rule, "a.day")
        cases.setdefault(bucket, []).append(each.no)
    if len(cases) == 1:
        return next(iter(cases))
    return _case_of_rule(cases)


def bucket_of(rule: ActivityRule, day: str) -> str:
    """Return the bucket of one rule, apart from its key."""
    match rule.once_per:
        case PerDays(days=days):
            return sql.period(day, days)
        case Each():
            return day
        case Ever() | PerAttribute():
            return "0"


def _key(rules: list[Numbered]) -> str:
    """Return the text that, with the bucket's number, makes the bucket."""
    cases: dict[str, list[int]] = {}
    for each in rules:
        cases.setdefault(key_of(each), []).append(each.no)
    return _case_of_rule(cases)


def key_of(each: Numbered) -> str:
    """Return the key of one rule."""
    bucket = each.rule.once_per
    if each.is_kept_by_id:
        return "a.activity"
    if not isinstance(bucket, PerAttribute):
        return "NULL"
    if bucket.kind is Kind.TEXT:
        return f"NULLIF({column(bucket.attribute, 'a.a_', folded=True)}, '')"
    return f"CAST({column(bucket.attribute, 'a.a_')} AS VARCHAR)"


def _case_of_rule(cases: dict[str, list[int]]) -> str:
    """Return the expression of an activity's rule."""
    whens = [
        f"WHEN t.rule_no IN ({sql.numbers(numbers)}) THEN {expression}"
        for expression, numbers in cases.items()
    ]
    return f"CASE {' '.join(whens)} END"


def _repeated_sql(each: Numbered) -> str:
    """Return the buckets of a rule with `repeated`: of the days on which it fired."""
    repeated = each.rule.repeated
    if repeated is None:
        raise TypeError("only rules with `repeated` come here")
    key = "bucket_key" if each.has_key else "CAST(NULL AS VARCHAR)"
    keys = ", bucket_key" if each.has_key else ""
    return f"""SELECT contact, rule_no, bucket, {key} AS bucket_key,
       CAST(SUM(n) AS BIGINT) AS n, MAX(day) AS day, MAX(occurred_us) AS occurred_us
FROM (
  SELECT contact, rule_no, n, day, occurred_us{keys}, {bucket_of(each.rule, "day")} AS bucket,
         SUM(n) OVER (
           PARTITION BY contact
           ORDER BY day RANGE BETWEEN {repeated.within - 1} PRECEDING AND CURRENT ROW
         ) AS seen
  FROM {each.way.name.lower()}
  WHERE rule_no = {each.no}
) AS day_seen
WHERE seen >= {repeated.count}
GROUP BY contact, rule_no, bucket{keys}"""


def source_of(no: int, sources: Sources) -> str:
    """Return the step that holds a rule's buckets."""
    return next(name for name, rules in sources for each in rules if each.no == no)


def _limited_rule(each: Numbered, sources: Sources) -> str:
    """Return one rule's buckets, without the replaced ones and those beyond `at_most`."""
    left = f"""SELECT b.contact, b.n, b.day, b.occurred_us
  FROM (SELECT * FROM {source_of(each.no, sources)} WHERE rule_no = {each.no}) AS b"""
    if each.rule.replaced_by:
        left += not_replaced(each, sources)
    if not each.rule.at_most:
        return f"SELECT contact, {each.no} AS rule_no, n, day, occurred_us FROM ({left}) AS kept"
    most = each.rule.at_most.count
    share = f", {sql.period('day', each.rule.at_most.per)}" if each.rule.at_most.per else ""
    window = f"PARTITION BY contact{share} ORDER BY occurred_us DESC"
    if not each.counts_each:
        # BETWEEN, since DuckDB turns `place <= n` into lists of n, at more than twice the cost.
        return f"""SELECT contact, {each.no} AS rule_no, n, day, occurred_us
FROM (SELECT kept.*, ROW_NUMBER() OVER ({window}) AS place FROM ({left}) AS kept) AS placed
WHERE place BETWEEN 1 AND {most}"""
    # A bucket holds all activities of a day, so the last one that counts may count in part.
    return f"""SELECT contact, {each.no} AS rule_no,
       CAST(CASE WHEN so_far > {most} THEN n - (so_far - {most}) ELSE n END AS BIGINT) AS n,
       day, occurred_us
FROM (
  SELECT kept.*, SUM(n) OVER (
    {window} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  ) AS so_far
  FROM ({left}) AS kept
) AS summed
WHERE so_far - n < {most}"""


def not_replaced(each: Numbered, sources: Sources) -> str:
    """Return the join that drops buckets `b` in which the other rule counts an activity."""
    other = next(
        other for _, rules in sources for other in rules if other.rule.id == each.rule.replaced_by
    )
    same_key = " AND r.bucket_key IS NOT DISTINCT FROM b.bucket_key" if each.has_key else ""
    return f"""
  LEFT JOIN {source_of(other.no, sources)} AS r ON r.contact = b.contact
    AND r.rule_no = {other.no} AND r.bucket = b.bucket{same_key}
  WHERE r.contact IS NULL"""


def _line_sql(special: list[Numbered], sources: Sources) -> str:
    """Return one row for each contact and rule."""
    parts = []
    for name, rules in sources:
        plain = [each.no for each in rules if each not in special]
        if plain:
            where = f"WHERE rule_no IN ({sql.numbers(plain)})"
            parts.append(f"  SELECT contact, rule_no, n, day, occurred_us FROM {name} {where}")
    if special:
        parts.append("  SELECT contact, rule_no, n, day, occurred_us FROM limited")
    if not parts:
        return _NO_LINE
    counted = "\n  UNION ALL\n".join(parts)
    return f"""SELECT contact, rule_no,
       CAST(SUM(n * micro_points) AS BIGINT) AS points,
       CAST(SUM(CASE WHEN micro_points <> 0 THEN n ELSE 0 END) AS BIGINT) AS activities,
       MAX(CASE WHEN micro_points <> 0 THEN occurred_us END) AS latest_us,
       MAX(occurred_us) AS counted_us,
       MAX(day) AS counted_day
FROM (
  SELECT aged.contact, aged.rule_no, aged.day, aged.occurred_us, aged.n,
         CASE WHEN aged.age < aged.ends THEN w.micro_points ELSE 0 END AS micro_points
  FROM (
    SELECT k.contact, k.rule_no, k.day, k.occurred_us,
           CASE WHEN r.counts_each THEN k.n ELSE 1 END AS n,
           r.slot, r.last_age, r.ends, {sql.age_of_day("k.day")} AS age
    FROM (
{counted}
    ) AS k
    JOIN rule AS r ON r.rule_no = k.rule_no
    CROSS JOIN moment AS m
  ) AS aged
  JOIN worth AS w
    ON w.slot = aged.slot + CASE WHEN aged.age < aged.last_age THEN aged.age ELSE aged.last_age END
) AS weighed
GROUP BY contact, rule_no"""


_NO_LINE = """SELECT contact, 0 AS rule_no, CAST(0 AS BIGINT) AS points,
       CAST(0 AS BIGINT) AS activities, CAST(NULL AS BIGINT) AS latest_us,
       CAST(NULL AS BIGINT) AS counted_us, 0 AS counted_day
FROM contact
WHERE FALSE"""

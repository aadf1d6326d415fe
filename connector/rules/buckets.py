# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""Which hits count, and what they are worth: `docs/semantics.md` section 2 as SQL.

All activities of a day weigh the same, so what is kept of a bucket is how many there are, the
latest day and the latest instant:

- `dated`: buckets by calendar period,
- `keyed`: buckets by the value of an attribute,
- `repeated`: of rules with `repeated`, which have a bucket for each day in the steps before,
- `line`: one row for each contact and rule, after what `replaced_by` and `at_most` leave.

A rule without a feature passes none of the steps that serve it.
"""

from collections.abc import Iterator

from connector.rules import sql
from connector.rules.counting import Numbered, Way, period, period_of
from connector.rules.plan import Step

Sources = list[tuple[str, list[Numbered]]]
"""Which step holds what the rules count, each with its rules."""


def sources(rules: list[Numbered]) -> Sources:
    """Return the steps that hold what the rules count, each with its rules."""
    once = [each for each in rules if not each.rule.repeated]
    found = [
        ("hit", [each for each in once if each.way is Way.SINGLE]),
        ("dated", [each for each in once if each.way is Way.DATED]),
        ("keyed", [each for each in once if each.way is Way.KEYED]),
        ("repeated", [each for each in rules if each.rule.repeated]),
    ]
    return [(name, chosen) for name, chosen in found if chosen]


def steps(rules: list[Numbered]) -> Iterator[Step]:
    """Yield the steps from `hit` to `line`."""
    for way in (Way.DATED, Way.KEYED):
        if any(each.way is way for each in rules):
            yield Step(way.name.lower(), _bucket_sql(way), needs=("hit",))
    repeated = [each for each in rules if each.rule.repeated]
    if repeated:
        every = "\nUNION ALL\n".join(_repeated_sql(each) for each in repeated)
        yield Step("repeated", every, needs=("hit",))
    yield Step("line", _line_sql(sources(rules)), needs=("hit",) if rules else ())


def _bucket_sql(way: Way) -> str:
    """Return the buckets of rules; those with `repeated` get one for each day and key."""
    keys = "bucket, bucket_key" if way is Way.KEYED else "bucket"
    return f"""SELECT contact, rule_no, {keys},
       COUNT(*) AS n, MAX(day) AS day, MAX(occurred_us) AS occurred_us
FROM hit
WHERE way = {int(way)}
GROUP BY contact, rule_no, {keys}"""


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
  SELECT contact, rule_no, n, day, occurred_us{keys}, {period_of("day", each.period)} AS bucket,
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
    """Return the step that holds what a rule counts."""
    return next(name for name, rules in sources for each in rules if each.no == no)


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


# ----------------------------------------------------------------------- line


def _line_sql(sources: Sources) -> str:
    """Return one row for each contact and rule."""
    counted = "\n  UNION ALL\n".join(_counted(sources))
    if not counted:
        return _NO_LINE
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
    SELECT k.contact, k.rule_no, k.n, k.day, k.occurred_us,
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


def _counted(sources: Sources) -> Iterator[str]:
    """Yield SELECTs that together hold what counts: contact, rule_no, n, day, occurred_us."""
    for name, rules in sources:
        special = [each for each in rules if each.rule.at_most or each.rule.replaced_by]
        # All activities of a bucket count only where the bucket is a day of a rule with `repeated`.
        in_days = [each.no for each in rules if each.counts_days]
        if len(special) < len(rules):
            n = _count(in_days) if in_days else "1"
            where = _others(name, [*special, *_waiting(name, sources)])
            yield f"  SELECT contact, rule_no, {n} AS n, day, occurred_us FROM {name}{where}"
        for each in special:
            yield _limited(each, sources)


def _count(in_days: list[int]) -> str:
    """Return how many activities of a bucket count."""
    return f"CASE WHEN {sql.is_among('rule_no', in_days)} THEN n ELSE 1 END"


def _waiting(name: str, sources: Sources) -> list[Numbered]:
    """Return the rules whose days stand in a step only to be looked through for repeats."""
    repeated = dict(sources).get("repeated", [])
    return [each for each in repeated if each.way.name.lower() == name]


def _others(name: str, left_out: list[Numbered]) -> str:
    """Return the condition that leaves out rules, and hits that are in buckets."""
    parts = [f"way = {int(Way.SINGLE)}"] if name == "hit" else []
    parts += [f"rule_no <> {each.no}" for each in left_out]
    return f" WHERE {' AND '.join(parts)}" if parts else ""


def _limited(each: Numbered, sources: Sources) -> str:
    """Return what one rule counts, without what is replaced and what is beyond `at_most`."""
    n = "b.n" if each.counts_days else "1"
    left = f"""SELECT b.contact, {n} AS n, b.day, b.occurred_us
  FROM (SELECT * FROM {source_of(each.no, sources)} WHERE rule_no = {each.no}) AS b"""
    if each.rule.replaced_by:
        left += not_replaced(each, sources)
    if not each.rule.at_most:
        return f"  SELECT contact, {each.no} AS rule_no, n, day, occurred_us FROM ({left}) AS kept"
    most, per = each.rule.at_most.count, each.rule.at_most.per
    share = f", {period_of('day', period(per))}" if per else ""
    window = f"PARTITION BY contact{share} ORDER BY occurred_us DESC"
    if not each.counts_days:
        # BETWEEN, since DuckDB turns `place <= n` into lists of n, at more than twice the cost.
        return f"""  SELECT contact, {each.no} AS rule_no, n, day, occurred_us
  FROM (SELECT kept.*, ROW_NUMBER() OVER ({window}) AS place FROM ({left}) AS kept) AS placed
  WHERE place BETWEEN 1 AND {most}"""
    # A bucket holds all activities of a day, so the last one that counts may count in part.
    return f"""  SELECT contact, {each.no} AS rule_no,
         CAST(CASE WHEN so_far > {most} THEN n - (so_far - {most}) ELSE n END AS BIGINT) AS n,
         day, occurred_us
  FROM (
    SELECT kept.*, SUM(n) OVER (
      {window} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS so_far
    FROM ({left}) AS kept
  ) AS summed
  WHERE so_far - n < {most}"""


_NO_LINE = """SELECT contact, 0 AS rule_no, CAST(0 AS BIGINT) AS points,
       CAST(0 AS BIGINT) AS activities, CAST(NULL AS BIGINT) AS latest_us,
       CAST(NULL AS BIGINT) AS counted_us, 0 AS counted_day
FROM contact
WHERE FALSE"""

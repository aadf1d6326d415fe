# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""The lines of a score in their order: `docs/semantics.md` section 3 as SQL."""

from collections.abc import Iterator

from connector.rules.facts import clamped
from connector.rules.gathered import bounded_groups
from connector.rules.model import RuleSet
from connector.rules.plan import Constants


def names(rules: RuleSet) -> Constants:
    """Return what each line is called; `line_no` is its place on a tie."""
    rows: list[tuple[object, ...]] = [
        (no, "rule", str(rule.id)) for no, rule in enumerate(rules.rules)
    ]
    for number, group in enumerate(rules.groups):
        cap = _cap_no(rules, number)
        rows += [(cap, "cap", group.id), (cap + 1, "floor", group.id)]
    rows.append((_bound_no(rules), "bound", rules.score))
    columns = {"line_no": "INTEGER", "kind": "VARCHAR", "rule": "VARCHAR"}
    return Constants("line_name", columns, tuple(rows))


def _cap_no(rules: RuleSet, group: int) -> int:
    """Return the place of a group's cap; its floor follows."""
    return len(rules.rules) + 2 * group


def _bound_no(rules: RuleSet) -> int:
    """Return the place of the bound."""
    return _cap_no(rules, len(rules.groups))


def _clamps(rules: RuleSet) -> Iterator[str]:
    """Yield, for each cap, floor and bound, the lines that it adds."""
    places = {group.id: _cap_no(rules, number) for number, group in enumerate(rules.groups)}
    for name, group in bounded_groups(rules).items():
        cap_no = places[group.id]
        if group.cap is not None:
            over = f"{group.cap} - {name}"
            yield _clamp(cap_no, over, f"{name} > {group.cap}")
        if group.floor is not None:
            is_under = f"{name} < {group.floor}"
            is_capped = "" if group.cap is None else f" AND NOT {name} > {group.cap}"
            yield _clamp(cap_no + 1, f"{group.floor} - {name}", is_under + is_capped)
    bounded = clamped("raw", rules.lowest, rules.highest)
    yield _clamp(_bound_no(rules), f"{bounded} - raw", f"{bounded} <> raw")


def _clamp(line_no: int, points: str, where: str) -> str:
    """Return the lines of one clamp."""
    return f"""  SELECT contact, {line_no} AS line_no, {points} AS points,
         CAST(NULL AS BIGINT) AS activities, CAST(NULL AS BIGINT) AS latest_us
  FROM outcome WHERE {where}"""


def reason_sql(rules: RuleSet) -> str:
    """Return the reasons, read from `line` and `outcome`."""
    clamps = "\n  UNION ALL\n".join(_clamps(rules))
    return f"""SELECT r.contact, n.kind, n.rule, r.points, r.activities AS count, r.latest_us,
       r.rank
FROM (
  SELECT lines.*,
         ROW_NUMBER() OVER (PARTITION BY contact ORDER BY points DESC, line_no) AS rank
  FROM (
  SELECT l.contact, l.rule_no AS line_no, l.points, l.activities, l.latest_us
  FROM line AS l JOIN contact AS c ON c.contact = l.contact
  WHERE l.points <> 0
  UNION ALL
{clamps}
  ) AS lines
) AS r
JOIN line_name AS n ON n.line_no = r.line_no
ORDER BY r.contact, r.rank"""

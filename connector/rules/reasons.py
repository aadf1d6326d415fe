# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""The lines of a score in their order: `docs/semantics.md` section 3 as SQL."""

from collections.abc import Iterator, Mapping

from connector.rules import contact_lines, sql
from connector.rules.facts import clamped
from connector.rules.gathered import bounded_groups
from connector.rules.model import RuleSet, Score
from connector.rules.plan import Constants


def names(rules: RuleSet) -> Constants:
    """Return what each line is called; `line_no` is its place on a tie."""
    rows: list[tuple[object, ...]] = [
        (no, "rule", str(rule.id)) for no, rule in enumerate(rules.giving)
    ]
    for number, group in enumerate(rules.groups):
        cap = _cap_no(rules, number)
        rows += [(cap, "cap", group.id), (cap + 1, "floor", group.id)]
    rows.append((_bound_no(rules), "bound", rules.score))
    rows += [(_bound_no(rules, score), "bound", score.id) for score in rules.further]
    columns = {"line_no": "INTEGER", "kind": "VARCHAR", "rule": "VARCHAR"}
    return Constants("line_name", columns, tuple(rows))


def _cap_no(rules: RuleSet, group: int) -> int:
    """Return the place of a group's cap; its floor follows."""
    return len(rules.giving) + 2 * group


def _bound_no(rules: RuleSet, score: Score | None = None) -> int:
    """Return the place of the bound of a score, by default the leading one."""
    first = _cap_no(rules, len(rules.groups))
    return first if score is None else first + 1 + rules.further.index(score)


def _clamps(rules: RuleSet, score: Score | None, source: str) -> Iterator[str]:
    """Yield, for each cap, floor and bound of a score, the lines that it adds."""
    places = {group.id: _cap_no(rules, number) for number, group in enumerate(rules.groups)}
    for name, group in bounded_groups(rules, score.id if score else None).items():
        cap_no = places[group.id]
        if group.cap is not None:
            over = f"{group.cap} - {name}"
            yield _clamp(cap_no, over, f"{source} WHERE {name} > {group.cap}")
        if group.floor is not None:
            is_under = f"{name} < {group.floor}"
            is_capped = "" if group.cap is None else f" AND NOT {name} > {group.cap}"
            yield _clamp(
                cap_no + 1, f"{group.floor} - {name}", f"{source} WHERE {is_under}{is_capped}"
            )
    bounds = score or rules
    bounded = clamped("raw", bounds.lowest, bounds.highest)
    yield _clamp(_bound_no(rules, score), f"{bounded} - raw", f"{source} WHERE {bounded} <> raw")


def _clamp(line_no: int, points: str, source: str) -> str:
    """Return the lines of one clamp."""
    return f"""  SELECT contact, {line_no} AS line_no, {points} AS points,
         CAST(NULL AS BIGINT) AS activities, CAST(NULL AS BIGINT) AS latest_us
  FROM {source}"""


def reason_sql(rules: RuleSet) -> str:
    """Return the reasons of the leading score, read from `line` and `outcome`."""
    return f"{_ranked(rules, None, 'outcome')}\nORDER BY r.contact, r.rank"


def other_reason_sql(rules: RuleSet, sources: Mapping[str, str]) -> str:
    """Return the reasons of the further scores.

    Read from `line` and, for each score, from the step in `sources` that holds its sums.
    """
    each = (_ranked(rules, score, sources[score.id]) for score in rules.further)
    return "\nUNION ALL\n".join(each) + "\nORDER BY contact, score, rank"


def _ranked(rules: RuleSet, score: Score | None, source: str) -> str:
    """Return the lines of one score with their names and ranks."""
    clamps = "\n  UNION ALL\n".join(_clamps(rules, score, source))
    named = f"{sql.text(score.id)} AS score, " if score else ""
    return f"""SELECT r.contact, {named}n.kind, n.rule, r.points, r.activities AS count,
       r.latest_us, r.rank
FROM (
  SELECT lines.*,
         ROW_NUMBER() OVER (PARTITION BY contact ORDER BY points DESC, line_no) AS rank
  FROM (
  SELECT l.contact, l.rule_no AS line_no, l.points, l.activities, l.latest_us
  FROM {contact_lines.source(rules)} AS l JOIN contact AS c ON c.contact = l.contact
  WHERE l.points <> 0{_is_of(rules, score)}
  UNION ALL
{clamps}
  ) AS lines
) AS r
JOIN line_name AS n ON n.line_no = r.line_no"""


def _is_of(rules: RuleSet, score: Score | None) -> str:
    """Return the condition that a line belongs to a score; none where there is but one."""
    if not rules.further:
        return ""
    id_ = score.id if score else None
    members = [no for no, rule in enumerate(rules.giving) if rule.score == id_]
    return f" AND l.rule_no IN ({sql.numbers(members)})"

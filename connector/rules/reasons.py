# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""The lines of a score in their order: `docs/semantics.md` section 3 as SQL."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connector.rules import contact_lines, sql
from connector.rules.facts import clamped
from connector.rules.gathered import bounded_groups
from connector.rules.model import Group, RuleSet, Score
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


@dataclass(frozen=True, slots=True)
class Clamp:
    """A line that a cap, a floor or a bound adds: its place, its points and when it is there."""

    line_no: int
    points: str
    condition: str


def clamps(
    groups: Mapping[str, tuple[int, Group]], bound_no: int, lowest: int, highest: int
) -> Iterator[Clamp]:
    """Yield what caps, floors and bounds add to the lines of a score.

    `groups`: by the column of their sum, with the place of the cap; the floor's follows.
    `bound_no`: the place of the bounds, which `raw` is brought between.
    """
    for name, (cap_no, group) in groups.items():
        if group.cap is not None:
            yield Clamp(cap_no, f"{group.cap} - {name}", f"{name} > {group.cap}")
        if group.floor is not None:
            is_capped = "" if group.cap is None else f" AND NOT {name} > {group.cap}"
            is_under = f"{name} < {group.floor}{is_capped}"
            yield Clamp(cap_no + 1, f"{group.floor} - {name}", is_under)
    bounded = clamped("raw", lowest, highest)
    yield Clamp(bound_no, f"{bounded} - raw", f"{bounded} <> raw")


def _clamps(rules: RuleSet, score: Score | None, source: str) -> Iterator[str]:
    """Yield, for each cap, floor and bound of a score, the lines that it adds."""
    places = {group.id: _cap_no(rules, number) for number, group in enumerate(rules.groups)}
    of_score = bounded_groups(rules, score.id if score else None)
    groups = {name: (places[group.id], group) for name, group in of_score.items()}
    bounds = score or rules
    for clamp in clamps(groups, _bound_no(rules, score), bounds.lowest, bounds.highest):
        yield _clamp(clamp.line_no, clamp.points, f"{source} WHERE {clamp.condition}")


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

# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""The score of an opportunity: `docs/semantics.md` section 13 as SQL.

Two turns, since the people of an opportunity may lie in different sets of contacts. While contacts
are evaluated, `taking_part` sums them up by opportunity and rule; the second turn (`plan`) reads
what came of all of them:

- `opportunity_asked`: which rules an opportunity's own fields let through,
- `opportunity_people`: who takes part, and what they give by a share,
- `opportunity_line`, `opportunity_sum`: the lines, and what they add up to,
- `opportunity_score`, `opportunity_reason`: the results.
"""

from collections.abc import Iterator, Mapping, Sequence

from connector.domain.contact import Opportunity, Value
from connector.rules import fit, reasons, sql
from connector.rules.condition_sql import add_kind, column, condition_sql, kinds_of
from connector.rules.conditions import Condition, Kind
from connector.rules.facts import clamped
from connector.rules.layers import layered, listed
from connector.rules.model import Group, Opportunities, OpportunityRule, RuleSet
from connector.rules.plan import Constants, OpportunityPlan, Step

OPPORTUNITY_FIELDS: Mapping[str, Kind] = {
    "amount": Kind.NUMBER,
    "probability": Kind.NUMBER,
    "created": Kind.MOMENT,
    "closes": Kind.MOMENT,
}
"""What is known of every opportunity. `probability`: from 0 to 1."""

RESULTS: Mapping[str, Kind] = {
    **fit.RESULTS,
    "stage": Kind.TEXT,
    "temperature": Kind.TEXT,
    "need": Kind.BOOLEAN,
}
"""What the rules made of a contact, which conditions on people may name beside its fields."""

BOUND = "opportunity"
"""What the line of the bounds is called."""

_HUNDRED = 100


def check(rules: RuleSet) -> None:
    """Raise ValueError for what no rules file can say of opportunities."""
    told = rules.opportunities
    if told is None:
        return
    ids = [str(rule.id) for rule in (*rules.giving, *told.rules)]
    if len(set(ids)) != len(ids):
        raise ValueError("two rules have the same id")
    scores = {None, rules.score, *(score.id for score in rules.further)}
    groups = {None, *(group.id for group in told.groups)}
    for rule in told.rules:
        if rule.group not in groups:
            message = f"rule {rule.id!r} is in a group that does not exist"
            raise ValueError(message)
        if rule.share is not None and rule.share.score not in scores:
            message = f"rule {rule.id!r} takes a share of a score that does not exist"
            raise ValueError(message)


def fields_of(opportunity: Opportunity) -> Mapping[str, Value]:
    """Return everything that rules may ask of an opportunity, by name."""
    return {
        **opportunity.fields,
        "amount": opportunity.amount,
        "probability": opportunity.probability,
        "created": opportunity.created_us,
        "closes": opportunity.close_us,
    }


def looks_at_people(rule: OpportunityRule) -> bool:
    """Return whether a rule asks who takes part."""
    return rule.contact is not None or rule.share is not None


def conditions(rules: RuleSet) -> list[Condition]:
    """Return the conditions on the people of opportunities; `RESULTS` are no fields of theirs."""
    told = rules.opportunities.rules if rules.opportunities else ()
    return [rule.contact for rule in told if rule.contact is not None]


def contact_fields(rules: RuleSet) -> Mapping[str, Kind]:
    """Return the contact fields that rules of opportunities look at."""
    kinds = dict(kinds_of(conditions(rules)))
    for name in RESULTS.keys() & kinds.keys():
        add_kind(kinds, name, RESULTS[name])
    return {name: kind for name, kind in sorted(kinds.items()) if name not in RESULTS}


# ------------------------------------------------------- while contacts are evaluated


def steps(rules: RuleSet) -> Iterator[Step]:
    """Yield the steps from `outcome` to `taking_part`; none if no rule looks at people."""
    told = rules.opportunities.rules if rules.opportunities else ()
    asking = [(no, rule) for no, rule in enumerate(told) if looks_at_people(rule)]
    if not asking:
        return
    yield Step("taker", _taker_sql(rules, asking), needs=("opportunity",))
    parts = [_taking_sql(rules, no, rule) for no, rule in asking]
    yield Step(
        "taking_part", "\nUNION ALL\n".join(parts) + "\nORDER BY opportunity, rule", ("taker",)
    )


def _taker_sql(rules: RuleSet, asking: Sequence[tuple[int, OpportunityRule]]) -> str:
    """Return a row for each open opportunity and contact: which rules it meets, and its points."""
    asked = kinds_of(conditions(rules)).keys() & RESULTS.keys()
    fields = contact_fields(rules)
    shares = [rule.share for _, rule in asking if rule.share]
    scores = sorted({_score_column(rules, share.score) for share in shares} | {"points"})
    sources = {name: _source_of(name) for name in scores}
    inner = {
        "opportunity": "o.opportunity",
        **{name: f"{source}.points" for name, source in sources.items()},
        **{
            column(name, "f_", folded=is_folded): column(name, "c.f_", folded=is_folded)
            for name, kind in fields.items()
            for is_folded in ((False, True) if kind is Kind.TEXT else (False,))
        },
        **_result_columns(rules, asked),
    }
    joins = ["JOIN outcome AS u ON u.contact = o.contact"]
    if fields:
        joins.append("JOIN contact AS c ON c.contact = o.contact")
    joins += [
        f"JOIN {name.removeprefix('points_')} AS {source} ON {source}.contact = o.contact"
        for name, source in sources.items()
        if name != "points"
    ]
    told = {
        "opportunity": "t.opportunity",
        **{name: f"t.{name}" for name in scores},
        **{
            f"meets_{no}": condition_sql(rule.contact, "t.f_")
            for no, rule in asking
            if rule.contact is not None
        },
    }
    joined = "\n  ".join(joins)
    return f"""SELECT
    {listed(told)}
FROM (
  SELECT
    {listed(inner)}
  FROM opportunity AS o
  {joined}
  CROSS JOIN moment AS n
  WHERE NOT COALESCE(o.is_closed, FALSE)
    AND (o.created_us IS NULL OR o.created_us <= n.as_of_us)
) AS t CROSS JOIN moment AS m"""


def _score_column(rules: RuleSet, score: str | None) -> str:
    """Return the column of a score's points: `points`, or `points_further_0` and its like."""
    if score is None or score == rules.score:
        return "points"
    number = [each.id for each in rules.further].index(score)
    return f"points_further_{number}"


def _source_of(column_of_score: str) -> str:
    return "u" if column_of_score == "points" else column_of_score.replace("points_further_", "x")


def _result_columns(rules: RuleSet, asked: set[str]) -> Mapping[str, str]:
    """Return what the rules made of a contact `u`, in columns as fields have them."""
    columns: dict[str, str] = {}
    for name in sorted(asked):
        raw = "u.need_us IS NOT NULL" if name == "need" else f"u.{name}"
        columns[column(name, "f_")] = raw
        if RESULTS[name] is Kind.TEXT:
            columns[column(name, "f_", folded=True)] = _folded(rules, name)
    return columns


def _folded(rules: RuleSet, name: str) -> str:
    """Return a result folded; stages and temperatures are so already."""
    return fit.folded(rules.fit, name, "u") if name in fit.RESULTS else f"u.{name}"


def _taking_sql(rules: RuleSet, no: int, rule: OpportunityRule) -> str:
    """Return the people of one rule, by opportunity."""
    points = _score_column(rules, rule.share.score if rule.share else None)
    where = "" if rule.contact is None else f"\nWHERE meets_{no}"
    return f"""SELECT opportunity, CAST({no} AS BIGINT) AS rule, CAST(COUNT(*) AS BIGINT) AS people,
       CAST(MAX({points}) AS BIGINT) AS best, CAST(SUM({points}) AS BIGINT) AS total
FROM taker{where}
GROUP BY opportunity"""


# ------------------------------------------------------- once all contacts are evaluated


def plan(rules: RuleSet) -> OpportunityPlan | None:
    """Return how opportunities are scored; None where they have no score."""
    told = rules.opportunities
    if told is None:
        return None
    fields = dict(kinds_of([rule.where for rule in told.rules]))
    for name in OPPORTUNITY_FIELDS.keys() & fields.keys():
        add_kind(fields, name, OPPORTUNITY_FIELDS[name])
    return OpportunityPlan(
        constants=(_rules(told), _names(told)),
        steps=tuple(_second_turn(told)),
        fields=dict(sorted(fields.items())),
    )


def _rules(told: Opportunities) -> Constants:
    """Return what each rule gives. `people`: how many it takes; 0 where it looks at nobody."""
    columns = {"rule": "BIGINT", "points": "BIGINT", "people": "BIGINT", "percent": "BIGINT"}
    rows = tuple(
        (
            no,
            rule.points,
            rule.people if looks_at_people(rule) else 0,
            rule.share.percent if rule.share else None,
        )
        for no, rule in enumerate(told.rules)
    )
    return Constants("opportunity_rule", columns, rows)


def _names(told: Opportunities) -> Constants:
    """Return what each line is called; `line_no` is its place on a tie."""
    rows: list[tuple[object, ...]] = [
        (no, "rule", str(rule.id)) for no, rule in enumerate(told.rules)
    ]
    for number, group in enumerate(told.groups):
        cap = _cap_no(told, number)
        rows += [(cap, "cap", group.id), (cap + 1, "floor", group.id)]
    rows.append((_cap_no(told, len(told.groups)), "bound", BOUND))
    columns = {"line_no": "BIGINT", "kind": "VARCHAR", "rule": "VARCHAR"}
    return Constants("opportunity_line_name", columns, tuple(rows))


def _cap_no(told: Opportunities, group: int) -> int:
    """Return the place of a group's cap; its floor follows."""
    return len(told.rules) + 2 * group


def _second_turn(told: Opportunities) -> Iterator[Step]:
    has_people = any(looks_at_people(rule) for rule in told.rules)
    yield Step("opportunity_asked", _asked_sql(told))
    if has_people:
        yield Step("opportunity_people", _people_sql(told))
    yield Step("opportunity_line", _WITH_PEOPLE if has_people else _WITHOUT_PEOPLE)
    yield Step("opportunity_sum", _sum_sql(told))
    yield Step("opportunity_score", _SCORE)
    yield Step("opportunity_reason", _reason_sql(told))


def _asked_sql(told: Opportunities) -> str:
    """Return opportunity and rule, where the opportunity's own fields let the rule through."""
    return "\nUNION ALL\n".join(
        f"""SELECT o.opportunity, CAST({no} AS BIGINT) AS rule
FROM opportunity AS o CROSS JOIN moment AS m
WHERE {condition_sql(rule.where, "o.f_")}"""
        for no, rule in enumerate(told.rules)
    )


def _people_sql(told: Opportunities) -> str:
    """Return how many people each rule found, and the points of a share of theirs.

    A share is rounded half to even, on the size of the number: `//` is for such alone. Hundreds are
    taken out first, so that no product comes near what 64 bits hold.
    """
    of_sum = [no for no, rule in enumerate(told.rules) if rule.share and rule.share.of_sum]
    return layered(
        {
            "opportunity": "t.opportunity",
            "rule": "t.rule",
            "people": "t.people",
            "percent": "r.percent",
            "given": f"CASE WHEN t.rule IN ({sql.numbers(of_sum)}) THEN t.total ELSE t.best END",
        },
        """FROM (
  SELECT opportunity, rule, CAST(SUM(people) AS BIGINT) AS people,
         CAST(MAX(best) AS BIGINT) AS best, CAST(SUM(total) AS BIGINT) AS total
  FROM taking_part
  GROUP BY opportunity, rule
) AS t JOIN opportunity_rule AS r ON r.rule = t.rule""",
        {
            "size": "CASE WHEN given < 0 THEN 0 - given ELSE given END",
            "hundreds": f"size // {_HUNDRED}",
            "parts": f"(size - hundreds * {_HUNDRED}) * percent",
            "below": f"hundreds * percent + (parts // {_HUNDRED})",
            "rest": f"parts - (parts // {_HUNDRED}) * {_HUNDRED}",
            "is_up": (
                f"rest * 2 > {_HUNDRED} OR (rest * 2 = {_HUNDRED} AND below <> (below // 2) * 2)"
            ),
            "whole": "below + CASE WHEN is_up THEN 1 ELSE 0 END",
            "share": "CAST(CASE WHEN given < 0 THEN 0 - whole ELSE whole END AS BIGINT)",
        },
        {"opportunity", "rule", "people", "share"},
    )


_WITHOUT_PEOPLE = """SELECT a.opportunity, a.rule AS line_no, r.points,
       CAST(NULL AS BIGINT) AS people
FROM opportunity_asked AS a JOIN opportunity_rule AS r ON r.rule = a.rule"""

_WITH_PEOPLE = """SELECT a.opportunity, a.rule AS line_no,
       CASE WHEN r.percent IS NULL THEN r.points ELSE p.share END AS points, p.people
FROM opportunity_asked AS a
JOIN opportunity_rule AS r ON r.rule = a.rule
LEFT JOIN opportunity_people AS p ON p.opportunity = a.opportunity AND p.rule = a.rule
WHERE r.people = 0 OR p.people >= r.people"""


def _bounded(told: Opportunities) -> Mapping[str, tuple[int, Group]]:
    """Return the groups with a cap or a floor, by the column of their sum; with the cap's place."""
    return {
        f"group_{number}": (_cap_no(told, number), group)
        for number, group in enumerate(told.groups)
        if group.cap is not None or group.floor is not None
    }


def _sum_sql(told: Opportunities) -> str:
    """Return the sums that the score is made of, `raw` and `points`."""
    groups = _bounded(told)
    bounded = {group.id for _, group in groups.values()}
    members = [(no, rule.group) for no, rule in enumerate(told.rules)]
    sums = {
        **{
            name: _sum_of([no for no, of in members if of == group.id])
            for name, (_, group) in groups.items()
        },
        "unbounded": _sum_of([no for no, of in members if of not in bounded]),
    }
    summed = [f"({clamped(name, each.floor, each.cap)})" for name, (_, each) in groups.items()]
    bounds = clamped("raw", told.lowest, told.highest)
    return layered(
        {"opportunity": "o.opportunity", **{name: f"COALESCE(t.{name}, 0)" for name in sums}},
        f"""FROM opportunity AS o
LEFT JOIN (
SELECT opportunity,
    {listed(sums)}
FROM opportunity_line
GROUP BY opportunity
) AS t ON t.opportunity = o.opportunity""",
        {
            "raw": f"CAST({' + '.join(['unbounded', *summed])} AS BIGINT)",
            "points": f"CAST({bounds} AS BIGINT)",
        },
        {"opportunity", "raw", "points", *groups},
    )


def _sum_of(members: Sequence[int]) -> str:
    """Return the sum of the lines of rules."""
    if not members:
        return "CAST(0 AS BIGINT)"
    is_of = f"line_no IN ({sql.numbers(list(members))})"
    return f"CAST(SUM(CASE WHEN {is_of} THEN points ELSE 0 END) AS BIGINT)"


_SCORE = "SELECT opportunity, raw, points FROM opportunity_sum ORDER BY opportunity"


def _reason_sql(told: Opportunities) -> str:
    """Return the lines with their names and ranks."""
    bound_no = _cap_no(told, len(told.groups))
    clamps = "".join(
        f"""
  UNION ALL
  SELECT opportunity, CAST({clamp.line_no} AS BIGINT) AS line_no, {clamp.points} AS points,
         CAST(NULL AS BIGINT) AS people
  FROM opportunity_sum WHERE {clamp.condition}"""
        for clamp in reasons.clamps(_bounded(told), bound_no, told.lowest, told.highest)
    )
    return f"""SELECT r.opportunity, n.kind, n.rule, CAST(r.points AS BIGINT) AS points,
       r.people AS count, r.rank
FROM (
  SELECT lines.*,
         ROW_NUMBER() OVER (PARTITION BY opportunity ORDER BY points DESC, line_no) AS rank
  FROM (
  SELECT opportunity, line_no, points, people FROM opportunity_line WHERE points <> 0{clamps}
  ) AS lines
) AS r
JOIN opportunity_line_name AS n ON n.line_no = r.line_no
ORDER BY r.opportunity, r.rank"""

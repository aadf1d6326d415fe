# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""What stands beside each contact: sums of its lines, its latest activities, opportunities, state.

`source` is the FROM clause of everything that is said of a contact: `c` is what the contact's own
fields say, `t` totals, `d` deeds of the contact and of sales, `o` opportunities, `s` the previous
state, `f` the first touch after an open hand-off.
"""

from collections.abc import Mapping

from connector.rules import contact_lines, sql
from connector.rules.counting import Numbered
from connector.rules.layers import Columns, listed
from connector.rules.model import ActivityRule, ContactRule, Group, RuleSet


def source(rules: RuleSet, counting: list[Numbered], own: Columns) -> str:
    """Return the FROM clause: a row for each contact, with the columns `own` of the contact."""
    # Fields become a few narrow columns before the joins, each of which hands on what it is given.
    return f"""FROM (
SELECT
    {listed(own)}
FROM contact AS c CROSS JOIN moment AS m
) AS c
LEFT JOIN (
{_total_sql(rules, counting)}
) AS t ON t.contact = c.contact
LEFT JOIN (
{_deeds_sql(rules)}
) AS d ON d.contact = c.contact
LEFT JOIN (
{_pipeline_sql(rules)}
) AS o ON o.contact = c.contact
LEFT JOIN state AS s ON s.contact = c.contact
LEFT JOIN first_touch AS f ON f.contact = c.contact"""


def bounded_groups(rules: RuleSet, score: str | None = None) -> Mapping[str, Group]:
    """Return the groups of a score that have a cap or a floor, by the column of their sum."""
    return {
        f"group_{number}": group
        for number, group in enumerate(rules.groups)
        if group.score == score and (group.cap is not None or group.floor is not None)
    }


def families(counting: list[Numbered]) -> Mapping[str, list[int]]:
    """Return the rules of each signal family, by the column that says whether it was heard of."""
    by_family: dict[str, list[int]] = {}
    for each in counting:
        if each.rule.family:
            by_family.setdefault(each.rule.family, []).append(each.no)
    return {f"family_{number}": rules for number, rules in enumerate(by_family.values())}


def totals(rules: RuleSet, counting: list[Numbered]) -> Columns:
    """Return the aggregates over a contact's lines."""
    needs = [each.no for each in counting if each.rule.is_need]
    is_recent = f"{sql.age_of_day('counted_day')} < {rules.hand_off.families_within_days}"
    return {
        **sums(rules, counting),
        **{
            column: sql.any_row(f"{_is_of(members)} AND {is_recent}")
            for column, members in families(counting).items()
        },
        "latest_need_us": f"MAX(CASE WHEN {_is_of(needs)} THEN counted_us END)",
        "latest_need_day": f"MAX(CASE WHEN {_is_of(needs)} THEN counted_day END)",
    }


def sums(rules: RuleSet, counting: list[Numbered], score: str | None = None) -> Columns:
    """Return the sums that a score is made of: of each group with bounds, and of the rest."""
    giving: list[tuple[int, ActivityRule | ContactRule]] = [
        *((each.no, each.rule) for each in counting),
        *contact_lines.numbered(rules),
    ]
    members = [(no, rule.group) for no, rule in giving if rule.score == score]
    groups = bounded_groups(rules, score)
    bounded = {group.id for group in groups.values()}
    return {
        **{
            column: _sum_of([no for no, of in members if of == group.id])
            for column, group in groups.items()
        },
        "unbounded": _sum_of([no for no, of in members if of not in bounded]),
    }


def _total_sql(rules: RuleSet, counting: list[Numbered]) -> str:
    """Return the sums of groups, the families and the latest need."""
    return f"""SELECT contact,
    {listed(totals(rules, counting))}
FROM {contact_lines.source(rules)} CROSS JOIN moment
GROUP BY contact"""


def _is_of(members: list[int]) -> str:
    """Return whether a line is of one of the rules."""
    return f"rule_no IN ({sql.numbers(members)})"


def _sum_of(members: list[int]) -> str:
    """Return the sum of the lines of rules."""
    if not members:
        return "CAST(0 AS BIGINT)"
    return f"CAST(SUM(CASE WHEN {_is_of(members)} THEN points ELSE 0 END) AS BIGINT)"


def _deeds_sql(rules: RuleSet) -> str:
    """Return the latest engagement, touch, meeting and lost meeting."""
    sales, not_engaging = rules.sales, rules.stages.not_engaging
    work = sales.touch | sales.meeting_obtained | sales.meeting_lost
    is_engaging = "NOT a.is_outbound"
    if not_engaging & work:
        is_engaging += f" AND a.type NOT IN ({sql.texts(not_engaging & work)})"
    touch, obtained, lost = (
        f"a.type IN ({sql.texts(types)})"
        for types in (sales.touch, sales.meeting_obtained, sales.meeting_lost)
    )
    latest = {
        "engaged_us": _latest("occurred_us", is_engaging),
        "engaged_day": _latest("day", is_engaging),
        "touch_us": _latest("occurred_us", touch),
        "touch_day": _latest("day", touch),
        "meeting_us": _latest("occurred_us", obtained),
        "lost_us": _latest("occurred_us", lost),
        "lost_day": _latest("day", lost),
    }
    # What says nothing of either is left out first: pages and mails opened are most of all rows.
    silent = not_engaging - work
    where = f"\n  AND a.type NOT IN ({sql.texts(silent)})" if silent else ""
    return f"""SELECT a.contact,
    {listed(latest)}
FROM activity AS a CROSS JOIN moment AS m
WHERE a.occurred_us <= m.as_of_us{where}
GROUP BY a.contact"""


def _latest(column: str, condition: str) -> str:
    """Return the greatest value of a column where a condition holds."""
    return f"MAX(CASE WHEN {condition} THEN a.{column} END)"


def _pipeline_sql(rules: RuleSet) -> str:
    """Return what the opportunities of a contact say together."""
    is_open = "NOT COALESCE(o.is_closed, FALSE)"
    hot = (
        f"{is_open} AND o.probability >= {rules.stages.hot_probability}"
        " AND o.amount IS NOT NULL AND o.close_us IS NOT NULL"
    )
    columns = {
        "has_open": sql.any_row(is_open),
        "has_won": sql.any_row("COALESCE(o.is_won, FALSE)"),
        "probability": f"MAX(CASE WHEN {is_open} THEN o.probability END)",
        "changed_us": "MAX(o.changed_us)",
        "has_forecast": sql.any_row(f"{is_open} AND o.probability > 0 AND o.amount IS NOT NULL"),
        "has_hot_deal": sql.any_row(hot),
    }
    return f"""SELECT o.contact,
    {listed(columns)}
FROM opportunity AS o CROSS JOIN moment AS m
WHERE o.created_us IS NULL OR o.created_us <= m.as_of_us
GROUP BY o.contact"""

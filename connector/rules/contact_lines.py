# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""Points for what a contact is, as lines beside those of its activities."""

from collections.abc import Iterator

from connector.rules.condition_sql import condition_sql
from connector.rules.model import ContactRule, RuleSet
from connector.rules.plan import Step


def numbered(rules: RuleSet) -> list[tuple[int, ContactRule]]:
    """Return the rules with their places on a tie: behind those of activities."""
    return list(enumerate(rules.contact_rules, start=len(rules.rules)))


def source(rules: RuleSet) -> str:
    """Return the step that holds all lines of a contact."""
    return "every_line" if rules.contact_rules else "line"


def steps(rules: RuleSet) -> Iterator[Step]:
    """Yield the step that puts all lines together; none if only activities give points."""
    if not rules.contact_rules:
        return
    parts = ["SELECT contact, rule_no, points, activities, latest_us, counted_us, counted_day"]
    parts[0] += "\nFROM line"
    parts += [_line_sql(no, rule) for no, rule in numbered(rules) if rule.points]
    yield Step(source(rules), "\nUNION ALL\n".join(parts))


def _line_sql(no: int, rule: ContactRule) -> str:
    """Return the lines of one rule: of the contacts of whom its condition holds."""
    return f"""SELECT c.contact, {no} AS rule_no, CAST({rule.points} AS BIGINT) AS points,
       CAST(NULL AS BIGINT) AS activities, CAST(NULL AS BIGINT) AS latest_us,
       CAST(NULL AS BIGINT) AS counted_us, CAST(NULL AS INTEGER) AS counted_day
FROM contact AS c CROSS JOIN moment AS m
WHERE {condition_sql(rule.where, "c.f_")}"""

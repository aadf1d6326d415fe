# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""The activities that rules look at: the one reading of all activities that counting needs.

A row of `hit` is an activity and a rule that it meets. Whatever comes later reads those rows: fewer
than the activities, in a few narrow columns.
"""

from collections.abc import Iterable, Iterator, Mapping

from connector.rules import fit, sql
from connector.rules.condition_sql import add_kind, column, condition_sql, kinds_of
from connector.rules.conditions import ALWAYS, Kind
from connector.rules.counting import Numbered, Way
from connector.rules.model import PerAttribute, RuleSet
from connector.rules.plan import Step


def hit_step(rules: list[Numbered]) -> Step:
    """Return the step that reads activities: contact, rule_no, way, bucket, day, occurred_us.

    And `bucket_key` if a rule has keys.
    """
    columns = [
        "a.contact",
        "t.rule_no",
        "t.way",
        "(a.day + t.shift) // t.days AS bucket",
    ]
    keyed = {each.no: key_column(each) for each in rules if each.way is Way.KEYED}
    if keyed:
        columns.append(f"{of_rule(keyed)} AS bucket_key")
    conditions = "".join(f"\n  AND {part}" for part in wheres(rules))
    listed = ",\n       ".join(columns)
    return Step(
        "hit",
        f"""SELECT {listed},
       a.day, a.occurred_us
FROM activity AS a
JOIN (
  SELECT r.type, r.rule_no, r.way, r.days, r.shift, m.as_of_us, m.as_of_day - r.reach AS after_day
  FROM rule_type AS r CROSS JOIN moment AS m
) AS t ON t.type = a.type
WHERE NOT a.is_outbound AND a.occurred_us <= t.as_of_us AND a.day > t.after_day{conditions}""",
    )


def key_column(each: Numbered) -> str:
    """Return the text that, with the bucket's number, makes the bucket."""
    bucket = each.rule.once_per
    if each.is_kept_by_id or not isinstance(bucket, PerAttribute):
        return "a.activity"
    if bucket.kind is Kind.TEXT:
        return f"NULLIF({column(bucket.attribute, 'a.a_', folded=True)}, '')"
    return f"CAST({column(bucket.attribute, 'a.a_')} AS VARCHAR)"


def of_rule(expressions: dict[int, str]) -> str:
    """Return {rule number: expression} as one expression, NULL for other rules."""
    rules: dict[str, list[int]] = {}
    for number, expression in expressions.items():
        rules.setdefault(expression, []).append(number)
    whens = [
        f"WHEN {sql.is_among('t.rule_no', numbers)} THEN {expression}"
        for expression, numbers in rules.items()
    ]
    return f"CASE {' '.join(whens)} END"


def wheres(rules: list[Numbered]) -> Iterator[str]:
    """Yield the rules' own conditions, as one CASE."""
    cases = [
        f"WHEN {each.no} THEN {condition_sql(each.rule.where, 'a.a_')}"
        for each in rules
        if each.rule.where != ALWAYS
    ]
    if cases:
        yield f"CASE t.rule_no {' '.join(cases)} ELSE TRUE END"
    gates: dict[int, list[int]] = {}
    for each in rules:
        if each.gate is not None:
            gates.setdefault(each.gate, []).append(each.no)
    if gates:
        whens = " ".join(
            f"WHEN {sql.is_among('t.rule_no', numbers)} THEN {gate}"
            for gate, numbers in gates.items()
        )
        yield (
            "NOT EXISTS (SELECT 1 FROM barred AS b"
            f" WHERE b.contact = a.contact AND b.gate = CASE {whens} END)"
        )


def barred_steps(rules: RuleSet, counted: list[Numbered]) -> Iterator[Step]:
    """Yield the steps that say which contacts do not meet which condition of rules on contacts."""
    gates = {each.gate: each.rule.contact for each in counted if each.gate is not None}
    if not gates:
        return
    source = "contact AS c"
    asked = sorted(kinds_of(gates.values()).keys() & fit.RESULTS.keys())
    if asked:
        yield Step("graded", fit.graded_sql(rules.fit))
        # A field of the mapping may have the same name: here the result is meant.
        own = contact_fields(counted)
        columns = [
            column(name, "k.f_", folded=is_folded)
            for name, kind in own.items()
            for is_folded in ((False, True) if kind is Kind.TEXT else (False,))
        ]
        for name in asked:
            columns.append(f"g.{name} AS {column(name, 'f_')}")
            folded = fit.folded(rules.fit, name, "g")
            columns.append(f"{folded} AS {column(name, 'f_', folded=True)}")
        source = f"""(
  SELECT k.contact, {", ".join(columns)}
  FROM contact AS k JOIN graded AS g ON g.contact = k.contact
) AS c"""
    parts = [
        f"""SELECT c.contact, CAST({gate} AS BIGINT) AS gate
FROM {source} CROSS JOIN moment AS m
WHERE NOT COALESCE({condition_sql(condition, "c.f_")}, FALSE)"""
        for gate, condition in gates.items()
    ]
    yield Step("barred", "\nUNION ALL\n".join(parts))


def contact_fields(rules: Iterable[Numbered]) -> Mapping[str, Kind]:
    """Return the contact fields that the conditions of rules on contacts look at."""
    kinds = dict(kinds_of(each.rule.contact for each in rules))
    for name in fit.RESULTS.keys() & kinds.keys():
        add_kind(kinds, name, fit.RESULTS[name])
    return {name: kind for name, kind in sorted(kinds.items()) if name not in fit.RESULTS}

# ruff: noqa: S608  only numbers are put into this SQL
"""What is known of a contact's account as a whole: `docs/semantics.md` section 8.

Two turns keep it free of circles. First each contact gets its own points, from its activities alone
(`own_rules`). These are put together by account (`SUMMARY`), and what comes of it stands beside the
contact's own fields (`FACTS`) when the whole rule set is evaluated.
"""

from collections.abc import Mapping
from dataclasses import replace

from connector.rules.conditions import Kind, names
from connector.rules.fit import RESULTS
from connector.rules.model import Account, Fit, RuleSet
from connector.rules.tables import FIELD, FOLDED

FACTS: Mapping[str, str] = {
    "account_best": "best",
    "account_sum": "total",
    "account_people": "people",
    "account_roles": "roles",
}
"""{name in conditions: column of the summary}. Numbers in millionths, as fields have them."""

OWN = {"account": "VARCHAR", "role": "VARCHAR", "points": "BIGINT"}
"""A row for each contact with an account: its account, role and own points."""

KINDS: Mapping[str, Kind] = dict.fromkeys(FACTS, Kind.NUMBER)


def asks_for_fit(rules: RuleSet) -> bool:
    """Tell whether it hangs on the fit of a contact what its activities give."""
    return any(name in RESULTS for rule in rules.rules for name, _ in names(rule.contact))


def own_rules(rules: RuleSet) -> RuleSet:
    """Return what gives contacts their own points."""
    return replace(
        rules,
        contact_rules=(),
        fit=rules.fit if asks_for_fit(rules) else Fit(),
        hand_off=replace(rules.hand_off, blockers=()),
        account=None,
        interests=None,
        pressure=None,
        nurture=None,
        opportunities=None,
    )


def summary_sql(account: Account) -> str:
    """Return one row for each account, read from `own`: see `FACTS`."""
    total = "CAST(SUM(total) AS BIGINT)"
    if account.sum_cap is not None:
        total = f"CASE WHEN {total} > {account.sum_cap} THEN {account.sum_cap} ELSE {total} END"
    return f"""SELECT account, MAX(best) AS best, {total} AS total,
       CAST(SUM(people) AS BIGINT) * 1000000 AS people,
       CAST(COUNT(role) AS BIGINT) * 1000000 AS roles
FROM (
  SELECT account, engaged_role AS role, MAX(points) AS best, SUM(points) AS total,
         SUM(is_engaged) AS people
  FROM (
    SELECT account, points, CASE WHEN points >= {account.engaged_from} THEN 1 ELSE 0 END
             AS is_engaged,
           CASE WHEN points >= {account.engaged_from} THEN role END AS engaged_role
    FROM own
  ) AS engaged
  GROUP BY account, engaged_role
) AS of_role
GROUP BY account
ORDER BY account"""


def key_column(name: str, kind: Kind) -> str:
    """Return the column of a contact that tells its account, or its role."""
    return FIELD + name + (FOLDED if kind is Kind.TEXT else "")

# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""The facts of a contact: `docs/semantics.md` sections 3 and 5 as SQL.

`activity_fact`, `opportunity_fact` and `total` gather one row for each contact that has any;
`person` has one for each contact, with its fit, its facts and its previous state.
"""

from collections.abc import Iterator, Mapping, Sequence

from connector.rules import fit, sql
from connector.rules.condition_sql import condition_sql, known
from connector.rules.conditions import Kind
from connector.rules.counting import Numbered
from connector.rules.model import Group, RuleSet
from connector.rules.plan import Step
from connector.rules.tables import MEMORY


def steps(rules: RuleSet, counting: list[Numbered], kinds: Mapping[str, Kind]) -> Iterator[Step]:
    """Yield the steps from `line` and the inputs to `person`."""
    yield Step("activity_fact", _activity_fact_sql(rules))
    yield Step("opportunity_fact", _opportunity_fact_sql(rules))
    yield Step("total", _total_sql(rules, counting))
    yield Step("person", _person_sql(rules, counting, kinds))


def layer(columns: Mapping[str, str]) -> str:
    """Return `expression AS name, …`."""
    return ",\n    ".join(f"{expression} AS {name}" for name, expression in columns.items())


def _activity_fact_sql(rules: RuleSet) -> str:
    """Return the latest activities of each sort that is a fact."""
    engaging = "NOT a.is_outbound"
    if rules.stages.not_engaging:
        engaging += f" AND a.type NOT IN ({sql.texts(rules.stages.not_engaging)})"
    touch = f"a.type IN ({sql.texts(rules.sales.touch)})"
    obtained = f"a.type IN ({sql.texts(rules.sales.meeting_obtained)})"
    lost = f"a.type IN ({sql.texts(rules.sales.meeting_lost)})"
    latest = {
        "engaged_us": _latest("occurred_us", engaging),
        "engaged_day": _latest("day", engaging),
        "touch_us": _latest("occurred_us", touch),
        "touch_day": _latest("day", touch),
        "meeting_us": _latest("occurred_us", obtained),
        "lost_us": _latest("occurred_us", lost),
        "lost_day": _latest("day", lost),
    }
    return f"""SELECT
    a.contact,
    {layer(latest)}
FROM activity AS a
CROSS JOIN moment AS m
WHERE a.occurred_us <= m.as_of_us
GROUP BY a.contact"""


def _latest(column: str, condition: str) -> str:
    """Return the greatest value of a column where a condition holds."""
    return f"MAX(CASE WHEN {condition} THEN a.{column} END)"


def _opportunity_fact_sql(rules: RuleSet) -> str:
    """Return what the opportunities of a contact say together."""
    is_open = "NOT COALESCE(o.is_closed, FALSE)"
    hot = (
        f"{is_open} AND o.probability >= {rules.stages.hot_probability}"
        " AND o.amount IS NOT NULL AND o.close_us IS NOT NULL"
    )
    columns = {
        "has_open": _any(is_open),
        "has_won": _any("COALESCE(o.is_won, FALSE)"),
        "probability": f"MAX(CASE WHEN {is_open} THEN o.probability END)",
        "changed_us": "MAX(o.changed_us)",
        "has_forecast": _any(f"{is_open} AND o.probability > 0 AND o.amount IS NOT NULL"),
        "has_hot_deal": _any(hot),
    }
    return f"""SELECT
    o.contact,
    {layer(columns)}
FROM opportunity AS o
CROSS JOIN moment AS m
WHERE o.created_us IS NULL OR o.created_us <= m.as_of_us
GROUP BY o.contact"""


def _any(condition: str) -> str:
    """Return 1 if a condition holds in any row, else 0."""
    return f"MAX(CASE WHEN {condition} THEN 1 ELSE 0 END)"


# --------------------------------------------------------------------- totals


def members(group: Group, counting: list[Numbered]) -> list[int]:
    """Return the numbers of a group's rules."""
    return [each.no for each in counting if each.rule.group == group.id]


def clamped(number: str, lowest: int | None, highest: int | None) -> str:
    """Return a number brought between two bounds, where there are any; the higher bound wins."""
    cases = [] if highest is None else [f"WHEN {number} > {highest} THEN {highest}"]
    cases += [] if lowest is None else [f"WHEN {number} < {lowest} THEN {lowest}"]
    return f"CASE {' '.join(cases)} ELSE {number} END" if cases else number


def _families(counting: list[Numbered]) -> Mapping[str, list[int]]:
    """Return the rules of each signal family, by number."""
    families: dict[str, list[int]] = {}
    for each in counting:
        if each.rule.family:
            families.setdefault(each.rule.family, []).append(each.no)
    return families


def _total_sql(rules: RuleSet, counting: list[Numbered]) -> str:
    """Return the sums of groups, the families and the latest need."""
    columns: dict[str, str] = {}
    for number, group in enumerate(rules.groups):
        columns[f"group_{number}"] = _sum_of(members(group, counting))
    names = {group.id for group in rules.groups}
    columns["ungrouped"] = _sum_of([each.no for each in counting if each.rule.group not in names])
    is_recent = f"{sql.age_of_day('counted_day')} < {rules.hand_off.families_within_days}"
    for number, numbers in enumerate(_families(counting).values()):
        columns[f"family_{number}"] = _any(f"{_is_of(numbers)} AND {is_recent}")
    needs = [each.no for each in counting if each.rule.is_need]
    columns["latest_need_us"] = f"MAX(CASE WHEN {_is_of(needs)} THEN counted_us END)"
    columns["latest_need_day"] = f"MAX(CASE WHEN {_is_of(needs)} THEN counted_day END)"
    return f"""SELECT
    contact,
    {layer(columns)}
FROM line
CROSS JOIN moment
GROUP BY contact"""


def _is_of(numbers: list[int]) -> str:
    """Return whether a line is of one of the rules."""
    return f"rule_no IN ({sql.numbers(numbers)})"


def _sum_of(numbers: list[int]) -> str:
    """Return the sum of the lines of rules."""
    if not numbers:
        return "CAST(0 AS BIGINT)"
    return f"CAST(SUM(CASE WHEN {_is_of(numbers)} THEN points ELSE 0 END) AS BIGINT)"


# --------------------------------------------------------------------- person


def _person_sql(rules: RuleSet, counting: list[Numbered], kinds: Mapping[str, Kind]) -> str:
    """Return one row for each contact, with all that stage and hand-off look at."""
    groups = [f"group_{number}" for number in range(len(rules.groups))]
    families = [f"family_{number}" for number in range(len(_families(counting)))]
    sums = [
        clamped(name, group.floor, group.cap)
        for name, group in zip(groups, rules.groups, strict=True)
    ]
    joined = {
        **fit.weighed(rules.fit),
        "is_reachable": _is_reachable(rules, kinds),
        "blocker": _blocker(rules),
        **{name: f"COALESCE(t.{name}, 0)" for name in [*groups, "ungrouped", *families]},
        "latest_need_us": "t.latest_need_us",
        "latest_need_day": "t.latest_need_day",
        **{name: f"a.{name}" for name in _FROM_ACTIVITIES},
        **_FROM_OPPORTUNITIES,
        **_FROM_STATE,
    }
    raw = " + ".join(["ungrouped", *(f"({each})" for each in sums)])
    layers: Sequence[Mapping[str, str]] = (
        {
            **fit.fits(rules.fit),
            "raw": f"CAST({raw} AS BIGINT)",
            "families": f"CAST({' + '.join(families) or '0'} AS BIGINT)",
            "rejected_us": "CASE WHEN verdict = 'rejected' THEN verdict_us END",
            **_sign_of_life(),
        },
        {
            **fit.best(rules.fit),
            "points": clamped("raw", rules.lowest, rules.highest),
            "need_us": _need(rules),
            "rejected_age": sql.age_of_instant("rejected_us"),
            "life_age": _life_age(),
            "lost_age": sql.age_of_day("lost_day"),
        },
        {
            **fit.grades(rules.fit),
            "is_alive": f"COALESCE(life_age < {rules.stages.untouched_prospect_days}, FALSE)",
        },
    )
    chain = f"""WITH layer_0 AS (
  SELECT
    c.contact, m.as_of_us, m.as_of_day,
    {layer(joined)}
  FROM contact AS c
  CROSS JOIN moment AS m
  LEFT JOIN total AS t ON t.contact = c.contact
  LEFT JOIN activity_fact AS a ON a.contact = c.contact
  LEFT JOIN opportunity_fact AS o ON o.contact = c.contact
  LEFT JOIN state AS s ON s.contact = c.contact
)"""
    return with_layers(chain, layers)


def with_layers(chain: str, layers: Sequence[Mapping[str, str]]) -> str:
    """Return a chain that begins with `layer_0` continued by layers of further columns."""
    for number, columns in enumerate(layers):
        chain += f""",
layer_{number + 1} AS (
  SELECT
    layer_{number}.*,
    {layer(columns)}
  FROM layer_{number}
)"""
    return f"{chain}\nSELECT * FROM layer_{len(layers)}"


_FROM_ACTIVITIES = (
    "engaged_us",
    "engaged_day",
    "touch_us",
    "touch_day",
    "meeting_us",
    "lost_us",
    "lost_day",
)

_FROM_OPPORTUNITIES = {
    "is_open": "COALESCE(o.has_open, 0) = 1",
    "is_won": "COALESCE(o.has_won, 0) = 1",
    "has_forecast": "COALESCE(o.has_forecast, 0) = 1",
    "has_hot_deal": "COALESCE(o.has_hot_deal, 0) = 1",
    "probability": "o.probability",
    "changed_us": "o.changed_us",
}

_FROM_STATE = {
    **{f"was_{name}": f"s.{name}" for name in MEMORY},
    "was_stage": "COALESCE(NULLIF(s.stage, ''), 'suspect')",
    "was_temperature": "COALESCE(s.temperature, '')",
    "was_hand_off_open": "COALESCE(s.hand_off_open, FALSE)",
    "is_task_done": "COALESCE(s.task_done, FALSE)",
    "verdict": "COALESCE(s.verdict, '')",
    "verdict_us": "s.verdict_us",
    "human_stage": "NULLIF(s.human_stage, '')",
}


def _is_reachable(rules: RuleSet, kinds: Mapping[str, Kind]) -> str:
    """Return whether a name and a way to reach the person are known."""
    named, reached = (
        sql.any_of([known(name, kinds[name], "c.f_") for name in names])
        for names in (rules.hand_off.name_fields, rules.hand_off.reach_fields)
    )
    return f"{named} AND {reached}"


def _blocker(rules: RuleSet) -> str:
    """Return the first blocker that holds."""
    whens = [
        f"WHEN {condition_sql(each.where, 'c.f_')} THEN {sql.text(each.id)}"
        for each in rules.hand_off.blockers
    ]
    return f"CASE {' '.join(whens)} END" if whens else "CAST(NULL AS VARCHAR)"


def _need(rules: RuleSet) -> str:
    """Return the need's instant, if it is valid."""
    is_valid = f"{sql.age_of_day('latest_need_day')} < {rules.stages.need_valid_days}"
    is_after = "(rejected_us IS NULL OR latest_need_us > rejected_us)"
    return f"CASE WHEN {is_valid} AND {is_after} THEN latest_need_us END"


def _sign_of_life() -> Mapping[str, str]:
    """Return the latest of engagement and touch, with its day."""
    is_touch = "touch_us IS NOT NULL AND (engaged_us IS NULL OR touch_us > engaged_us)"
    return {
        "seen_us": f"CASE WHEN {is_touch} THEN touch_us ELSE engaged_us END",
        "seen_day": f"CASE WHEN {is_touch} THEN touch_day ELSE engaged_day END",
    }


def _life_age() -> str:
    """Return the age in days of the sign of life, NULL without one."""
    is_change = "changed_us IS NOT NULL AND (seen_us IS NULL OR changed_us > seen_us)"
    return (
        f"CASE WHEN {is_change} THEN {sql.age_of_instant('changed_us')}"
        f" ELSE {sql.age_of_day('seen_day')} END"
    )

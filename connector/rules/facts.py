"""The facts of a contact: `docs/semantics.md` sections 3 and 5 as columns.

`own` stands over contacts, `read` over `connector.rules.gathered.source`, `facts` over that; see
`connector.rules.layers`.
"""

from collections.abc import Mapping

from connector.rules import fit, nurture, sql
from connector.rules.condition_sql import condition_sql, known
from connector.rules.conditions import Kind
from connector.rules.counting import Numbered
from connector.rules.gathered import bounded_groups, families
from connector.rules.layers import Columns
from connector.rules.model import RuleSet
from connector.rules.tables import MEMORY


def own(rules: RuleSet, kinds: Mapping[str, Kind]) -> Columns:
    """Return what the fields of a contact `c` say at the moment `m`."""
    return {
        "contact": "c.contact",
        "as_of_us": "m.as_of_us",
        "as_of_day": "m.as_of_day",
        **fit.weighed(rules.fit),
        "is_reachable": _is_reachable(rules, kinds),
        **_blocking(rules),
        **nurture.own(rules),
    }


def read(rules: RuleSet, counting: list[Numbered], kinds: Mapping[str, Kind]) -> Columns:
    """Return what is read from the contact and from what stands beside it."""
    sums = [*bounded_groups(rules), "unbounded", *families(counting)]
    return {
        **{name: f"c.{name}" for name in own(rules, kinds)},
        **{name: f"COALESCE(t.{name}, 0)" for name in sums},
        **{name: f"t.{name}" for name in ("latest_need_us", "latest_need_day")},
        **{name: f"d.{name}" for name in _FROM_DEEDS},
        **_FROM_PIPELINE,
        **_FROM_STATE,
        "first_touch_us": "f.first_touch_us",
    }


_FROM_DEEDS = (
    *("engaged_us", "engaged_day"),
    *("touch_us", "touch_day", "meeting_us", "lost_us", "lost_day"),
)

_FROM_PIPELINE = {
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
    "not_before_day": "s.not_before_day",
}


def facts(rules: RuleSet, counting: list[Numbered]) -> Columns:
    """Return what follows from sums and instants."""
    return {
        **fit.judged(rules.fit),
        "raw": raw(rules),
        "families": f"CAST({' + '.join(families(counting)) or '0'} AS BIGINT)",
        "rejected_us": "CASE WHEN verdict = 'rejected' THEN verdict_us END",
        **_sign_of_life(),
        "points": clamped("raw", rules.lowest, rules.highest),
        "need_us": _need(rules),
        "blocker": _blocker(rules),
        "rejected_age": sql.age_of_instant("rejected_us"),
        "back_on_day": _back_on_day(),
        "life_age": _life_age(),
        "lost_age": sql.age_of_day("lost_day"),
        "is_alive": f"COALESCE(life_age < {rules.stages.untouched_prospect_days}, FALSE)",
    }


def raw(rules: RuleSet, score: str | None = None) -> str:
    """Return the signed sum of a score: each group between its bounds, and the rest."""
    groups = bounded_groups(rules, score).items()
    summed = [f"({clamped(column, group.floor, group.cap)})" for column, group in groups]
    return f"CAST({' + '.join(['unbounded', *summed])} AS BIGINT)"


def clamped(number: str, lowest: int | None, highest: int | None) -> str:
    """Return a number brought between two bounds, where there are any; the higher bound wins."""
    cases = [] if highest is None else [f"WHEN {number} > {highest} THEN {highest}"]
    cases += [] if lowest is None else [f"WHEN {number} < {lowest} THEN {lowest}"]
    return f"CASE {' '.join(cases)} ELSE {number} END" if cases else number


def _is_reachable(rules: RuleSet, kinds: Mapping[str, Kind]) -> str:
    """Return whether a name and a way to reach the person are known."""
    named, reached = (
        sql.any_of([known(name, kinds[name], "c.f_") for name in names])
        for names in (rules.hand_off.name_fields, rules.hand_off.reach_fields)
    )
    return f"{named} AND {reached}"


def _blocking(rules: RuleSet) -> Columns:
    """Return of each blocker whether its condition holds."""
    return {
        f"blocks_{number}": condition_sql(each.where, "c.f_")
        for number, each in enumerate(rules.hand_off.blockers)
    }


def _back_on_day() -> str:
    """Return the day that sales named when it rejected the contact, if it lies after that."""
    rejected_day = f"as_of_day - {sql.age_of_instant('rejected_us')}"
    is_later = f"rejected_us IS NOT NULL AND not_before_day > {rejected_day}"
    return f"CASE WHEN {is_later} THEN not_before_day END"


def _blocker(rules: RuleSet) -> str:
    """Return the first blocker that holds."""
    whens = [
        f"WHEN blocks_{number}{' AND need_us IS NULL' if each.unless_need else ''}"
        f" THEN {sql.text(each.id)}"
        for number, each in enumerate(rules.hand_off.blockers)
    ]
    return f"CASE {' '.join(whens)} END" if whens else "CAST(NULL AS VARCHAR)"


def _need(rules: RuleSet) -> str:
    """Return the need's instant, if it is valid."""
    is_valid = f"{sql.age_of_day('latest_need_day')} < {rules.stages.need_valid_days}"
    is_after = "(rejected_us IS NULL OR latest_need_us > rejected_us)"
    return f"CASE WHEN {is_valid} AND {is_after} THEN latest_need_us END"


def _sign_of_life() -> Columns:
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

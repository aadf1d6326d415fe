# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""How much contacts are pressed: `docs/semantics.md` section 11, as tables and as SQL.

- `pressing`: each touch of the last days, once for each budget that it counts for,
- `pressure`: how many there are, and until when a budget has no room.
"""

from collections.abc import Iterator

from connector.rules.layers import Columns, listed
from connector.rules.model import OPEN_TASK, Pressure, RuleSet
from connector.rules.plan import Constants, Step

WEEK, MONTH = 7, 30
"""The windows in days of which the numbers of touches are told."""

_EVERY = 0
"""The number of what counts all touches; budgets are numbered from 1."""


def constants(rules: RuleSet) -> Iterator[Constants]:
    """Yield which activity types count for which budget, and what each budget allows."""
    if rules.pressure is None:
        return
    counted = [(_EVERY, rules.pressure.touches)]
    counted += [(no, each.touches) for no, each in enumerate(rules.pressure.budgets, start=1)]
    yield Constants(
        "touch_type",
        {"type": "VARCHAR", "budget_no": "INTEGER"},
        tuple((name, no) for no, names in counted for name in sorted(names)),
    )
    yield Constants(
        "budget",
        {"budget_no": "INTEGER", "most": "INTEGER", "within": "INTEGER"},
        (
            (_EVERY, 0, MONTH),
            *(
                (no, each.most, each.within)
                for no, each in enumerate(rules.pressure.budgets, start=1)
            ),
        ),
    )


def steps(rules: RuleSet) -> Iterator[Step]:
    """Yield the steps from `activity` to `pressure`."""
    if rules.pressure is None:
        return
    yield Step("pressing", _pressing_sql(rules.pressure))
    yield Step("pressure", _PRESSURE, needs=("pressing",))


def _pressing_sql(pressure: Pressure) -> str:
    """Return contact, budget_no and day of each touch; is_new: of a hand-off of this evaluation."""
    parts = [
        """SELECT a.contact, t.budget_no, a.day, 0 AS is_new
FROM activity AS a
JOIN (
  SELECT t.type, t.budget_no, m.as_of_us, m.as_of_day - b.within AS after_day
  FROM touch_type AS t JOIN budget AS b ON b.budget_no = t.budget_no CROSS JOIN moment AS m
) AS t ON t.type = a.type
JOIN contact AS c ON c.contact = a.contact
WHERE a.occurred_us <= t.as_of_us AND a.day > t.after_day"""
    ]
    if OPEN_TASK in pressure.touches.union(*(each.touches for each in pressure.budgets)):
        # It presses as long as it is open, not on the day on which it was made.
        parts.append(f"""SELECT o.contact, t.budget_no, m.as_of_day AS day,
       CASE WHEN o.handed_off THEN 1 ELSE 0 END AS is_new
FROM outcome AS o CROSS JOIN moment AS m CROSS JOIN touch_type AS t
WHERE o.hand_off_open AND t.type = '{OPEN_TASK}'""")
    return "\nUNION ALL\n".join(parts)


def _count(days: int, condition: str = "TRUE") -> str:
    """Return how many touches are younger than so many days."""
    is_one = f"budget_no = {_EVERY} AND day > as_of_day - {days} AND {condition}"
    return f"CAST(SUM(CASE WHEN {is_one} THEN 1 ELSE 0 END) AS BIGINT)"


def _of_told(expression: str) -> str:
    """Return an aggregate where a hand-off of this evaluation has a task."""
    return f"CASE WHEN MAX(has_new) = 1 THEN {expression} END"


_OTHERS_UNTIL = "MAX(CASE WHEN is_new = 0 AND place - has_new = most THEN day + within END)"
_COLUMNS: Columns = {
    "contact": "contact",
    "touches_7d": _count(WEEK),
    "touches_30d": _count(MONTH),
    "until_day": "CAST(MAX(CASE WHEN place = most THEN day + within END) AS BIGINT)",
    "untold_touches_7d": _of_told(_count(WEEK, "is_new = 0")),
    "untold_touches_30d": _of_told(_count(MONTH, "is_new = 0")),
    "untold_until_day": f"CAST({_of_told(_OTHERS_UNTIL)} AS BIGINT)",
}
_PRESSURE = f"""SELECT
    {listed(_COLUMNS)}
FROM (
  SELECT p.contact, p.budget_no, p.day, p.is_new, b.most, b.within, m.as_of_day,
         ROW_NUMBER() OVER (
           PARTITION BY p.contact, p.budget_no ORDER BY p.day DESC, p.is_new DESC
         ) AS place,
         MAX(p.is_new) OVER (PARTITION BY p.contact, p.budget_no) AS has_new
  FROM pressing AS p JOIN budget AS b ON b.budget_no = p.budget_no CROSS JOIN moment AS m
) AS placed
GROUP BY contact
ORDER BY contact"""

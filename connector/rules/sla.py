# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""The clock of a hand-off: `docs/semantics.md` section 7 as SQL.

- `open_hand_off`, `first_touch`: who of us touched those who were handed off, and when first,
- `clock`: from when to when each clock ran,
- `sla`: how much working time that is, and what it means.
"""

from collections.abc import Iterator

from connector.rules import sql
from connector.rules.layers import Columns, listed
from connector.rules.model import RuleSet
from connector.rules.plan import Step
from connector.rules.working import REMEMBERED_DAYS

_MINUTE_US = 60_000_000
_MILLION = 1_000_000

_IS_NEWS = "(s.sla = 'escalated' AND o.escalated_us IS NULL)"

FROM_CLOCK: Columns = {
    "due_us": "s.due_us",
    "sla": "s.sla",
    "escalates": f"COALESCE({_IS_NEWS}, FALSE)",
    "escalated_us": f"CASE WHEN {_IS_NEWS} THEN m.as_of_us ELSE o.escalated_us END",
    "untold_answered_us": "CASE WHEN o.handed_off THEN o.last_answered_us END",
    "untold_due_us": "f.due_us",
    "untold_sla": "f.sla",
}
"""What the score takes from the clocks, beside `outcome` as `o` and `moment` as `m`.

`s`: the clock of the last hand-off in `sla`; `f`: the one before, if one happens in this
evaluation.
"""

ASKED = frozenset({"was_handed_off_us", "was_hand_off_reason", "last_answered_us"})
"""What clocks read of `outcome` beside the score's columns."""

SOURCE = """FROM outcome AS o CROSS JOIN moment AS m
LEFT JOIN sla AS s ON s.contact = o.contact AND NOT s.is_former
LEFT JOIN sla AS f ON f.contact = o.contact AND f.is_former"""
"""What the score is read from."""

ONLY_FROM_CLOCK = FROM_CLOCK.keys() - {"escalated_us"}
"""Those of which `outcome` knows nothing."""


def touch_steps(rules: RuleSet) -> Iterator[Step]:
    """Yield the first touch after each open hand-off: what closes it remembers when."""
    yield Step(
        "open_hand_off",
        """SELECT s.contact, s.handed_off_us
FROM state AS s JOIN contact AS c ON c.contact = s.contact
WHERE s.hand_off_open""",
        needs=("state",),
    )
    yield Step(
        "first_touch",
        f"""SELECT a.contact, MIN(a.occurred_us) AS first_touch_us
FROM activity AS a JOIN open_hand_off AS h ON h.contact = a.contact CROSS JOIN moment AS m
WHERE a.type IN ({sql.texts(rules.sales.touch)})
  AND a.occurred_us > h.handed_off_us AND a.occurred_us <= m.as_of_us
GROUP BY a.contact""",
        needs=("open_hand_off",),
    )


def answered() -> str:
    """Return when sales acted on the last hand-off: first touch or verdict, else when we saw it."""
    verdict = "CASE WHEN verdict_us > was_handed_off_us THEN verdict_us END"
    return (
        "CASE WHEN hand_off_closed IS NULL THEN was_answered_us"
        f" WHEN first_touch_us IS NULL THEN COALESCE({verdict}, as_of_us)"
        f" WHEN ({verdict}) < first_touch_us THEN verdict_us ELSE first_touch_us END"
    )


def steps(rules: RuleSet) -> Iterator[Step]:
    """Yield the steps from `outcome` to `sla`."""
    yield Step("clock", _CLOCK)
    yield Step("sla", _sla_sql(rules), needs=("clock",))


_REMEMBERED_US = REMEMBERED_DAYS * sql.DAY_US
_CLOCK = f"""SELECT o.contact, FALSE AS is_former, o.handed_off_us,
       o.hand_off_reason = 'need' AS is_need, o.answered_us IS NULL AS is_running,
       COALESCE(o.answered_us, m.as_of_us) AS stopped_us
FROM outcome AS o CROSS JOIN moment AS m
WHERE (o.hand_off_open OR o.answered_us IS NOT NULL)
  AND o.handed_off_us > m.as_of_us - {_REMEMBERED_US}
UNION ALL
SELECT o.contact, TRUE AS is_former, o.was_handed_off_us AS handed_off_us,
       o.was_hand_off_reason = 'need' AS is_need, FALSE AS is_running,
       o.last_answered_us AS stopped_us
FROM outcome AS o CROSS JOIN moment AS m
WHERE o.handed_off AND o.last_answered_us IS NOT NULL
  AND o.was_handed_off_us > m.as_of_us - {_REMEMBERED_US}"""


def _sla_sql(rules: RuleSet) -> str:
    """Return the state of each clock, and by when sales has or had to act."""
    setting = rules.hand_off.sla
    limits = {
        name: f"CASE WHEN is_need THEN {_share(setting.need, share)}"
        f" ELSE {_share(setting.points, share)} END"
        for name, share in (
            ("warned_us", setting.warned),
            ("allowed_us", _MILLION),
            ("escalated_us", setting.escalated),
        )
    }
    state = (
        "CASE WHEN NOT is_running THEN CASE WHEN worked_us < allowed_us THEN 'met' ELSE 'late' END"
        " WHEN worked_us >= escalated_us THEN 'escalated'"
        " WHEN worked_us >= allowed_us THEN 'breached'"
        " WHEN worked_us >= warned_us THEN 'warned' ELSE 'running' END"
    )
    columns: Columns = {
        "contact": "k.contact",
        "is_former": "k.is_former",
        "due_us": "d.start_us + k.due_at_us - d.before_us",
        "sla": state,
    }
    return f"""SELECT
    {listed(columns)}
FROM (
  SELECT w.*, until_us - from_us AS worked_us, from_us + allowed_us AS due_at_us
  FROM (
    SELECT c.contact, c.is_former, c.is_running,
      {listed(limits)},
      {_worked("c.handed_off_us", "b")} AS from_us,
      {_worked("c.stopped_us", "e")} AS until_us
    FROM clock AS c
    JOIN working AS b ON b.start_us <= c.handed_off_us AND c.handed_off_us < b.next_us
    JOIN working AS e ON e.start_us <= c.stopped_us AND c.stopped_us < e.next_us
  ) AS w
) AS k
LEFT JOIN working AS d
  ON d.before_us < k.due_at_us AND k.due_at_us <= d.before_us + d.end_us - d.start_us"""


def _share(minutes: int, share: int) -> int:
    """Return a share of some minutes in microseconds."""
    return minutes * _MINUTE_US * share // _MILLION


def _worked(instant: str, span: str) -> str:
    """Return the working time up to an instant, from the span that it lies in or follows."""
    return (
        f"{span}.before_us - {span}.start_us"
        f" + CASE WHEN {instant} < {span}.end_us THEN {instant} ELSE {span}.end_us END"
    )

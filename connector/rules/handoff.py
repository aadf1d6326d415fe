"""Closing and gates of the hand-off: `docs/semantics.md` section 7 as SQL.

Columns over the facts, as in `connector.rules.stages`.
"""

from connector.rules import sla, sql
from connector.rules.layers import Columns
from connector.rules.model import RuleSet

_CLOSING: Columns = {
    "hand_off_closed": """CASE WHEN NOT was_hand_off_open THEN NULL
      WHEN is_task_done THEN 'task_done'
      WHEN verdict_us > was_handed_off_us THEN 'verdict'
      WHEN touch_us > was_handed_off_us THEN 'touched'
      WHEN is_open OR is_won THEN 'opportunity' END""",
    "is_still_open": "was_hand_off_open AND hand_off_closed IS NULL",
}


def judged(rules: RuleSet) -> Columns:
    """Return whether an open hand-off closes, the gates, and whether a hand-off happens."""
    setting = rules.hand_off
    has_points = f"points >= {setting.threshold}"
    not_rejected = (
        "(rejected_us IS NULL OR has_need OR CASE WHEN back_on_day IS NOT NULL"
        " THEN as_of_day >= back_on_day"
        f" ELSE rejected_age >= {setting.not_rejected_within_days} END)"
    )
    gates = {
        "gate_points": f"{has_points} OR has_need",
        "gate_fit": "grade IN ('A', 'B') OR (grade IN ('C', 'U') AND has_need)",
        "gate_families": f"families >= {setting.families} OR has_need",
        "gate_reachable": "is_reachable",
        "gate_free": (
            "NOT is_open AND NOT is_still_open"
            f" AND stage NOT IN ('client', 'disqualified', 'recycled') AND {not_rejected}"
        ),
        "gate_unblocked": "blocker IS NULL",
        "ripe_since_us": (
            f"CASE WHEN {has_points} AND was_ripe_since_us IS NULL THEN as_of_us"
            f" WHEN points < {rules.stages.hot_leave} THEN NULL ELSE was_ripe_since_us END"
        ),
    }
    cause = (
        f"CASE WHEN has_need AND {_is_news('need_us')} THEN 'need'"
        f" WHEN {has_points} AND ripe_since_us IS NOT NULL AND {_is_news('ripe_since_us')}"
        " THEN 'points' END"
    )
    all_gates = sql.all_of([name for name in gates if name.startswith("gate_")])
    return {
        **_CLOSING,
        **gates,
        "cause": f"CASE WHEN {all_gates} THEN {cause} END",
        "handed_off": "cause IS NOT NULL",
        "handed_off_us": "CASE WHEN cause IS NULL THEN was_handed_off_us ELSE as_of_us END",
        "hand_off_reason": "COALESCE(cause, was_hand_off_reason)",
        "hand_off_open": "cause IS NOT NULL OR is_still_open",
        "last_answered_us": sla.answered(),
        "answered_us": "CASE WHEN cause IS NULL THEN last_answered_us END",
        "escalated_us": "CASE WHEN cause IS NULL THEN was_escalated_us END",
        "episode_us": "CASE cause WHEN 'need' THEN need_us WHEN 'points' THEN ripe_since_us END",
    }


def _is_news(instant: str) -> str:
    """Return whether an instant is later than the last hand-off."""
    return f"(was_handed_off_us IS NULL OR {instant} > was_handed_off_us)"

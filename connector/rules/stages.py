# ruff: noqa: S608  every value in this SQL went through connector.rules.sql
"""Stage, temperature and moves: `docs/semantics.md` section 6 as SQL.

`judged` stands over the facts; `move_sql` reads what comes of it.
"""

from connector.rules import sql
from connector.rules.layers import Columns
from connector.rules.model import RuleSet, Stages

_HOUR_US = 3_600_000_000
_RANK = "CASE {} WHEN 'hot' THEN 3 WHEN 'warm' THEN 2 WHEN 'cold' THEN 1 ELSE 0 END"
_RUNG = "CASE {} WHEN 'lead' THEN 1 WHEN 'prospect' THEN 2 WHEN 'client' THEN 3 ELSE 0 END"


def judged(rules: RuleSet) -> Columns:
    """Return stage and temperature, and what leads to them."""
    stages = rules.stages
    return {
        "has_need": "need_us IS NOT NULL",
        "matches_persona": "grade IN ('A', 'B')",
        "meeting_stands": _meeting_stands(stages),
        "is_accepted": "verdict = 'accepted' AND is_alive",
        "is_prospect_hot": _is_prospect_hot(stages),
        "is_prospect": sql.any_of(
            [
                "has_forecast",
                "is_accepted",
                "(matches_persona AND has_need)",
                "(was_stage = 'prospect' AND (is_alive OR is_open))",
            ]
        ),
        "is_cooling_off": (
            "COALESCE(CASE WHEN back_on_day IS NOT NULL THEN as_of_day < back_on_day"
            f" ELSE rejected_age < {stages.cooling_off_days} END, FALSE) AND NOT has_need"
        ),
        "lead_band": _lead_band(stages),
        "was_lead_rank": (
            f"CASE WHEN was_stage = 'lead' THEN {_RANK.format('was_temperature')} ELSE 0 END"
        ),
        "stage": _STAGE,
        "climb_reason": _CLIMB_REASON,
        "is_lower": f"{_RANK.format('lead_band')} < was_lead_rank",
        "is_kept_up": (
            "is_lower AND COALESCE(as_of_us - was_lower_since_us"
            f" < {stages.fall_after_hours * _HOUR_US}, TRUE)"
        ),
        "temperature": _TEMPERATURE,
        "stage_since_us": (
            "CASE WHEN stage <> was_stage THEN as_of_us"
            " ELSE COALESCE(was_stage_since_us, as_of_us) END"
        ),
        "lower_since_us": (
            "CASE WHEN stage = 'lead' AND is_kept_up"
            " THEN COALESCE(was_lower_since_us, as_of_us) END"
        ),
        "rung": _RUNG.format("stage"),
        "was_rung": _RUNG.format("was_stage"),
    }


def _meeting_stands(stages: Stages) -> str:
    """Return whether a meeting was obtained that still counts."""
    return (
        "meeting_us IS NOT NULL AND is_alive AND (lost_us IS NULL OR meeting_us > lost_us"
        f" OR lost_age < {stages.meeting_replaced_within_days})"
    )


def _is_prospect_hot(stages: Stages) -> str:
    """Return line 5 of the table of stages."""
    was = "was_stage = 'prospect' AND was_temperature = 'hot'"
    still = f"COALESCE(probability >= {stages.cold_probability}, FALSE)"
    return f"has_hot_deal OR meeting_stands OR ({was} AND {still})"


def _lead_band(stages: Stages) -> str:
    """Return the temperature that a lead's points and need speak for."""
    was_hot = "was_stage = 'lead' AND was_temperature = 'hot'"
    was_warm = "was_stage = 'lead' AND was_temperature IN ('warm', 'hot')"
    return (
        f"CASE WHEN points >= {stages.hot_enter} OR has_need"
        f" OR ({was_hot} AND (points >= {stages.hot_leave} OR is_still_open)) THEN 'hot'"
        f" WHEN points >= {stages.warm_enter}"
        f" OR ({was_warm} AND points >= {stages.warm_leave}) THEN 'warm' ELSE 'cold' END"
    )


_STAGE = """CASE WHEN human_stage IS NOT NULL THEN human_stage
      WHEN is_won OR was_stage = 'client' THEN 'client'
      WHEN was_stage = 'disqualified' THEN 'disqualified'
      WHEN is_cooling_off THEN 'recycled'
      WHEN is_prospect_hot OR is_prospect THEN 'prospect'
      WHEN engaged_us IS NOT NULL OR is_open OR was_stage <> 'suspect' THEN 'lead'
      ELSE 'suspect' END"""

_CLIMB_REASON = """CASE WHEN has_hot_deal THEN 'opportunity' WHEN meeting_stands THEN 'meeting'
      WHEN has_forecast THEN 'opportunity' WHEN is_accepted THEN 'accepted'
      WHEN matches_persona AND has_need THEN 'persona_and_need' ELSE 'opportunity' END"""
"""Why a contact becomes a prospect, by lines 5 and 6."""

_PROSPECT_TEMPERATURE = "CASE WHEN is_prospect_hot THEN 'hot' ELSE 'cold' END"

_TEMPERATURE = f"""CASE WHEN stage = 'prospect' THEN {_PROSPECT_TEMPERATURE}
      WHEN stage = 'lead' AND is_kept_up THEN was_temperature
      WHEN stage = 'lead' THEN lead_band ELSE '' END"""


# ---------------------------------------------------------------------- moves


ASKED_BY_MOVES = frozenset(
    {
        "was_stage",
        "was_temperature",
        "was_lead_rank",
        "was_rung",
        "rung",
        "human_stage",
        "engaged_us",
        "has_need",
        "has_hot_deal",
        "is_open",
        "is_prospect_hot",
        "lead_band",
        "climb_reason",
    }
)
"""What `move_sql` reads of `outcome` beside the score's columns."""


def move_sql(rules: RuleSet) -> str:
    """Return the moves, read from `outcome`: one for each rung climbed, or a single one."""
    climbs = [_climb(rung, name, reason) for rung, (name, reason) in enumerate(_RUNGS, start=1)]
    return "\nUNION ALL\n".join([*climbs, _single_move(rules)]) + "\nORDER BY contact, position"


_IS_CLIMB = "human_stage IS NULL AND stage <> was_stage AND rung > was_rung"

_RUNGS = (
    (
        "lead",
        """CASE WHEN was_stage IN ('recycled', 'disqualified')
         THEN CASE WHEN has_need THEN 'need' ELSE 'cooling_off_over' END
         WHEN engaged_us IS NOT NULL THEN 'first_activity' ELSE 'opportunity' END""",
    ),
    ("prospect", "climb_reason"),
    ("client", "'won'"),
)

_TEMPERATURE_ON_THE_WAY = {
    "lead": "lead_band",
    "prospect": _PROSPECT_TEMPERATURE,
    "client": "''",
}


def _climb(rung: int, name: str, reason: str) -> str:
    """Return the moves onto one rung of the ladder."""
    below = _RUNGS[rung - 2][0] if rung > 1 else ""
    is_first = f"was_rung = {rung - 1}"
    from_stage, from_temperature = "was_stage", "was_temperature"
    if below:
        from_stage = f"CASE WHEN {is_first} THEN was_stage ELSE '{below}' END"
        from_temperature = (
            f"CASE WHEN {is_first} THEN was_temperature ELSE {_TEMPERATURE_ON_THE_WAY[below]} END"
        )
    return f"""SELECT contact, CAST({rung} - was_rung AS BIGINT) AS position,
       {from_stage} AS from_stage, {from_temperature} AS from_temperature,
       '{name}' AS to_stage, {_TEMPERATURE_ON_THE_WAY[name]} AS to_temperature,
       {reason} AS reason
FROM outcome
WHERE {_IS_CLIMB} AND rung >= {rung} AND was_rung < {rung}"""


def _single_move(rules: RuleSet) -> str:
    """Return the moves that are no climb: a person's, those down, those of temperature alone."""
    is_by_need = f"has_need AND temperature = 'hot' AND points < {rules.stages.hot_enter}"
    lead_up = f"CASE WHEN {is_by_need} THEN 'need' ELSE 'engagement' END"
    is_lead_up = f"{_RANK.format('temperature')} > was_lead_rank"
    return f"""SELECT contact, CAST(1 AS BIGINT) AS position, was_stage AS from_stage,
       was_temperature AS from_temperature, stage AS to_stage, temperature AS to_temperature,
       CASE WHEN stage <> was_stage THEN
              CASE WHEN human_stage IS NOT NULL THEN 'person'
                   WHEN stage = 'recycled' THEN 'rejected' ELSE 'untouched' END
            WHEN stage = 'lead' THEN
              CASE WHEN {is_lead_up} THEN {lead_up} ELSE 'cooled' END
            WHEN temperature = 'hot' THEN
              CASE WHEN has_hot_deal THEN 'opportunity' ELSE 'meeting' END
            WHEN is_open THEN 'probability_fell' ELSE 'meeting_lost' END AS reason
FROM outcome
WHERE (stage <> was_stage OR temperature <> was_temperature) AND NOT ({_IS_CLIMB})"""

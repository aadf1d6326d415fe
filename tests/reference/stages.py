"""Section 6: stage, temperature, and the moves that led there."""

from dataclasses import dataclass

from connector.domain.stages import Stage, Temperature
from connector.rules.model import Stages
from tests.reference.facts import Facts, previous_stage
from tests.reference.scoring import Match
from tests.reference.story import US_PER_HOUR, Instant, State

LADDER = (Stage.SUSPECT, Stage.LEAD, Stage.PROSPECT, Stage.CLIENT)
RANK = {Temperature.COLD: 0, Temperature.WARM: 1, Temperature.HOT: 2}

Place = tuple[Stage, Temperature]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that decides a stage. `hand_off_open` is looked at after section 7's closing."""

    settings: Stages
    facts: Facts
    match: Match
    points: int
    state: State
    hand_off_open: bool
    as_of: Instant

    @property
    def was(self) -> Place:
        """Where the contact stood."""
        return previous_stage(self.state), Temperature(self.state.temperature or "")


@dataclass(frozen=True, slots=True)
class Move:
    """A change of stage or temperature. `reason` is None where the rules give none."""

    start: Place
    end: Place
    reason: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a contact stands now, how it came there, and what is noted for the next evaluation."""

    stage: Stage
    temperature: Temperature
    stage_since_us: int
    lower_since_us: int | None
    moves: tuple[Move, ...]


def stand(evidence: Evidence) -> Standing:
    """Decide stage and temperature."""
    stage = decide_stage(evidence)
    temperature, lower_since_us = decide_temperature(evidence, stage)
    since_us = evidence.state.stage_since_us
    if since_us is None or stage is not evidence.was[0]:
        since_us = evidence.as_of.us
    moves = decide_moves(evidence, (stage, temperature))
    return Standing(stage, temperature, since_us, lower_since_us, tuple(moves))


# ---------------------------------------------------------------- the table


def decide_stage(evidence: Evidence) -> Stage:
    """Return the stage of the first line of the table that applies."""
    facts, was = evidence.facts, evidence.was[0]
    table = (
        (evidence.state.human_stage is not None, Stage(evidence.state.human_stage or was)),
        (facts.is_won or was is Stage.CLIENT, Stage.CLIENT),
        (was is Stage.DISQUALIFIED, Stage.DISQUALIFIED),
        (is_cooling_off(evidence) and not facts.has_need, Stage.RECYCLED),
        (is_hot_prospect(evidence), Stage.PROSPECT),
        (is_cold_prospect(evidence), Stage.PROSPECT),
        (facts.engaged is not None or facts.is_open or was is not Stage.SUSPECT, Stage.LEAD),
        (True, Stage.SUSPECT),
    )
    return next(stage for applies, stage in table if applies)


def is_cooling_off(evidence: Evidence) -> bool:
    """Line 4, apart from a need: sales rejected the contact not long ago."""
    days, back_on_day = evidence.facts.days_since_rejected, evidence.facts.back_on_day
    if back_on_day is not None:
        return evidence.as_of.day < back_on_day
    return days is not None and days < evidence.settings.cooling_off_days


def is_hot_prospect(evidence: Evidence) -> bool:
    """Line 5."""
    facts = evidence.facts
    holds_on = (
        evidence.was == (Stage.PROSPECT, Temperature.HOT)
        and facts.probability is not None
        and facts.probability >= evidence.settings.cold_probability
    )
    return facts.has_hot_deal or facts.meeting_stands or holds_on


def is_cold_prospect(evidence: Evidence) -> bool:
    """Line 6."""
    facts = evidence.facts
    return (
        facts.has_forecast
        or (evidence.state.verdict == "accepted" and facts.is_alive)
        or (evidence.match.is_good and facts.has_need)
        or (evidence.was[0] is Stage.PROSPECT and (facts.is_alive or facts.is_open))
    )


# ---------------------------------------------------------------- temperature


def decide_temperature(evidence: Evidence, stage: Stage) -> tuple[Temperature, int | None]:
    """Return the temperature, and since when a lower one is seen but not yet taken."""
    if stage is Stage.PROSPECT:
        return prospect_temperature(evidence), None
    if stage is not Stage.LEAD:
        return Temperature.NONE, None
    if evidence.was[0] is not Stage.LEAD:
        return lead_band(evidence, Temperature.NONE), None
    return fall_slowly(evidence, old=evidence.was[1])


def prospect_temperature(evidence: Evidence) -> Temperature:
    """Hot by the condition of line 5."""
    return Temperature.HOT if is_hot_prospect(evidence) else Temperature.COLD


def lead_band(evidence: Evidence, old: Temperature) -> Temperature:
    """Return the band a lead is in, with the dead bands that an old temperature brings."""
    settings, points = evidence.settings, evidence.points
    stays_hot = points >= settings.hot_leave or evidence.hand_off_open
    if points >= settings.hot_enter or evidence.facts.has_need:
        return Temperature.HOT
    if old is Temperature.HOT and stays_hot:
        return Temperature.HOT
    if points >= settings.warm_enter:
        return Temperature.WARM
    if old in (Temperature.WARM, Temperature.HOT) and points >= settings.warm_leave:
        return Temperature.WARM
    return Temperature.COLD


def fall_slowly(evidence: Evidence, old: Temperature) -> tuple[Temperature, int | None]:
    """Go up at once, down only when the lower band was seen long enough ago."""
    band = lead_band(evidence, old)
    if RANK[band] >= RANK[old]:
        return band, None
    since_us = evidence.state.lower_since_us
    if since_us is None:
        return old, evidence.as_of.us
    if evidence.as_of.us - since_us < evidence.settings.fall_after_hours * US_PER_HOUR:
        return old, since_us
    return band, None


# ---------------------------------------------------------------- moves


def decide_moves(evidence: Evidence, now: Place) -> list[Move]:
    """Return the moves from where the contact was to where it is, in order."""
    was = evidence.was
    if now == was:
        return []
    if now[0] is was[0]:
        return [Move(was, now, temperature_reason(evidence, now))]
    if evidence.state.human_stage is not None:
        return [Move(was, now, "person")]
    if now[0] is Stage.RECYCLED:
        return [Move(was, now, "rejected")]
    if was[0] is Stage.PROSPECT and now[0] is Stage.LEAD:
        return [Move(was, now, "untouched")]
    return climb(evidence, now)


def climb(evidence: Evidence, now: Place) -> list[Move]:
    """Enter every stage on the way. From beside the ladder one starts before lead."""
    start = LADDER.index(evidence.was[0]) if evidence.was[0] in LADDER else 0
    moves, place = [], evidence.was
    for stage in LADDER[start + 1 : LADDER.index(now[0]) + 1]:
        reached = now if stage is now[0] else (stage, temperature_on_the_way(evidence, stage))
        moves.append(Move(place, reached, entry_reason(evidence, stage)))
        place = reached
    return moves


def temperature_on_the_way(evidence: Evidence, stage: Stage) -> Temperature:
    """Return the temperature with which a stage is passed through."""
    if stage is Stage.PROSPECT:
        return prospect_temperature(evidence)
    return lead_band(evidence, Temperature.NONE)


def entry_reason(evidence: Evidence, stage: Stage) -> str | None:
    """Say why a stage is entered on the way up."""
    if stage is Stage.CLIENT:
        return "won"
    if stage is Stage.PROSPECT:
        return prospect_reason(evidence)
    if evidence.was[0] not in LADDER:
        return "need" if evidence.facts.has_need else "cooling_off_over"
    return "first_activity" if evidence.facts.engaged else "opportunity"


def prospect_reason(evidence: Evidence) -> str | None:
    """Lines 5 and 6: the first evidence that makes a prospect."""
    facts = evidence.facts
    if is_hot_prospect(evidence):
        return hot_reason(evidence)
    reasons = (
        (facts.has_forecast, "opportunity"),
        (evidence.state.verdict == "accepted" and facts.is_alive, "accepted"),
        (evidence.match.is_good and facts.has_need, "persona_and_need"),
        (facts.is_won, "opportunity"),  # on the way to client, where no line made a prospect
    )
    return next((reason for holds, reason in reasons if holds), None)


def hot_reason(evidence: Evidence) -> str | None:
    """Line 5."""
    if evidence.facts.has_hot_deal:
        return "opportunity"
    return "meeting" if evidence.facts.meeting_stands else None


def temperature_reason(evidence: Evidence, now: Place) -> str | None:
    """Say why the temperature alone changed."""
    stage, temperature = now
    is_up = RANK[temperature] > RANK[evidence.was[1]]
    if stage is Stage.PROSPECT:
        if is_up:
            return hot_reason(evidence)
        return "probability_fell" if evidence.facts.is_open else "meeting_lost"
    if not is_up:
        return "cooled"
    is_by_need = temperature is Temperature.HOT and evidence.points < evidence.settings.hot_enter
    return "need" if is_by_need else "engagement"

"""Section 7: when a contact is handed to sales."""

from collections.abc import Mapping
from dataclasses import dataclass

from connector.domain.contact import Value
from connector.domain.stages import Stage
from connector.rules.model import RuleSet
from tests.reference.conditions import holds, is_known
from tests.reference.facts import Facts
from tests.reference.scoring import Match
from tests.reference.story import Instant, State

OUT_OF_REACH = (Stage.CLIENT, Stage.DISQUALIFIED, Stage.RECYCLED)


def closing(state: State, facts: Facts) -> str | None:
    """Say why an open hand-off closes now; None if none is open, or it stays."""
    if not state.hand_off_open:
        return None
    handed_off_us = state.handed_off_us or 0
    touched = facts.touch is not None and facts.touch.occurred_us > handed_off_us
    reasons = (
        (bool(state.task_done), "task_done"),
        (state.verdict_us is not None and state.verdict_us > handed_off_us, "verdict"),
        (touched, "touched"),
        (facts.is_open or facts.is_won, "opportunity"),
    )
    return next((reason for holds_now, reason in reasons if holds_now), None)


@dataclass(frozen=True, slots=True)
class Gates:
    """The six gates; `blocker` names the first that holds."""

    points: bool
    fit: bool
    families: bool
    reachable: bool
    free: bool
    blocker: str | None

    @property
    def unblocked(self) -> bool:
        """The sixth gate."""
        return self.blocker is None

    @property
    def all_hold(self) -> bool:
        """Tell whether nothing stands against a hand-off."""
        return (
            self.points
            and self.fit
            and self.families
            and self.reachable
            and self.free
            and self.unblocked
        )


def gates(
    rules: RuleSet,
    fields: Mapping[str, Value],
    facts: Facts,
    match: Match,
    points: int,
    *,
    stage: Stage,
    is_handed_off: bool,
    as_of: Instant,
) -> Gates:
    """Look at each gate. `is_handed_off`: a hand-off is still open after the closing."""
    settings, need = rules.hand_off, facts.has_need
    is_forgiven = need or is_back(rules, facts, as_of)
    return Gates(
        points=points >= settings.threshold or need,
        fit=match.is_good or (match.grade in ("C", "U") and need),
        families=facts.families >= settings.families or need,
        reachable=any(is_known(fields.get(name)) for name in settings.name_fields)
        and any(is_known(fields.get(name)) for name in settings.reach_fields),
        free=not facts.is_open and not is_handed_off and stage not in OUT_OF_REACH and is_forgiven,
        blocker=next(
            (
                each.id
                for each in settings.blockers
                if holds(each.where, fields) and not (each.unless_need and need)
            ),
            None,
        ),
    )


def is_back(rules: RuleSet, facts: Facts, as_of: Instant) -> bool:
    """Tell whether nobody rejected the contact, or that is over."""
    if facts.back_on_day is not None:
        return as_of.day >= facts.back_on_day
    days = facts.days_since_rejected
    return days is None or days >= rules.hand_off.not_rejected_within_days


def ripe_since(rules: RuleSet, points: int, before_us: int | None, as_of: Instant) -> int | None:
    """Return since when the points suffice; they must fall below `hot_leave` to be forgotten."""
    if points < rules.stages.hot_leave:
        return None
    if points >= rules.hand_off.threshold and before_us is None:
        return as_of.us
    return before_us


def cause(
    rules: RuleSet, facts: Facts, points: int, ripe_us: int | None, handed_off_us: int | None
) -> tuple[str, int] | None:
    """Return a cause newer than the last hand-off, with the instant its episode began."""
    if facts.need is not None and is_later(facts.need.occurred_us, handed_off_us):
        return "need", facts.need.occurred_us
    if points >= rules.hand_off.threshold and ripe_us is not None:
        return ("points", ripe_us) if is_later(ripe_us, handed_off_us) else None
    return None


def is_later(instant_us: int, than_us: int | None) -> bool:
    """Tell whether an instant is later than another that may not have been."""
    return than_us is None or instant_us > than_us

"""Section 5: what is known of a contact, beside the points."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from connector.domain.stages import Stage
from connector.rules.model import RuleSet, Stages
from tests.reference.counting import Counted
from tests.reference.story import Activity, Instant, Opportunity, State


@dataclass(frozen=True, slots=True)
class Facts:
    """The table of section 5. `days_since_rejected` is None where nobody rejected the contact.

    `back_on_day`: the day to come back that section 6 speaks of, if there is one.
    """

    need: Activity | None
    engaged: Activity | None
    touch: Activity | None
    is_open: bool
    is_won: bool
    probability: int | None
    is_alive: bool
    meeting_stands: bool
    has_forecast: bool
    has_hot_deal: bool
    families: int
    days_since_rejected: int | None
    back_on_day: int | None

    @property
    def has_need(self) -> bool:
        """Tell whether an explicit need stands."""
        return self.need is not None


def gather(
    rules: RuleSet,
    activities: Sequence[Activity],
    opportunities: Sequence[Opportunity],
    state: State,
    counted: Sequence[Counted],
    as_of: Instant,
) -> Facts:
    """Read the facts. `activities` and `opportunities` are those that exist at `as_of`."""
    stages, sales = rules.stages, rules.sales
    engaging = [
        each for each in activities if not each.is_outbound and each.type not in stages.not_engaging
    ]
    engaged, touch = latest(engaging), latest(of_types(activities, sales.touch))
    alive = is_alive(stages, engaged, touch, opportunities, as_of)
    meeting = latest(of_types(activities, sales.meeting_obtained))
    lost = latest(of_types(activities, sales.meeting_lost))
    still_open = [each for each in opportunities if not each.is_closed]
    probabilities = [each.probability for each in still_open if each.probability is not None]
    rejected_us = state.verdict_us if state.verdict == "rejected" else None
    return Facts(
        need=standing_need(stages, counted, rejected_us),
        engaged=engaged,
        touch=touch,
        is_open=bool(still_open),
        is_won=any(each.is_won for each in opportunities),
        probability=max(probabilities, default=None),
        is_alive=alive,
        meeting_stands=meeting is not None and alive and is_kept(stages, meeting, lost, as_of),
        has_forecast=any(is_forecast(each) for each in still_open),
        has_hot_deal=any(is_hot(stages, each) for each in still_open),
        families=count_families(rules, counted),
        days_since_rejected=None if rejected_us is None else as_of.days_since(rejected_us),
        back_on_day=None if rejected_us is None else back_on_day(state, rejected_us, as_of),
    )


def back_on_day(state: State, rejected_us: int, as_of: Instant) -> int | None:
    """Return the day that sales named when it rejected the contact, if that is later."""
    day = state.not_before_day
    is_later = day is not None and day > as_of.day - as_of.days_since(rejected_us)
    return day if is_later else None


def latest(activities: Iterable[Activity]) -> Activity | None:
    """Return the latest activity, if there is one."""
    return max(activities, key=lambda each: each.recency, default=None)


def of_types(activities: Sequence[Activity], types: Set[str]) -> list[Activity]:
    """Return the activities of some types, inbound or outbound."""
    return [each for each in activities if each.type in types]


def standing_need(
    stages: Stages, counted: Sequence[Counted], rejected_us: int | None
) -> Activity | None:
    """Return the latest need, unless it is too old or was rejected."""
    needs = [each for each in counted if each.rule.is_need]
    if not needs:
        return None
    need = max(needs, key=lambda each: each.activity.recency)
    if need.age >= stages.need_valid_days:
        return None
    if rejected_us is not None and need.activity.occurred_us <= rejected_us:
        return None
    return need.activity


def is_alive(
    stages: Stages,
    engaged: Activity | None,
    touch: Activity | None,
    opportunities: Sequence[Opportunity],
    as_of: Instant,
) -> bool:
    """Tell whether the latest sign of life is recent enough."""
    signs = [(each.occurred_us, as_of.day - each.day) for each in (engaged, touch) if each]
    if opportunities:
        changed_us = max(each.changed_us for each in opportunities)
        signs.append((changed_us, as_of.days_since(changed_us)))
    if not signs:
        return False
    # At the same instant the activity comes first in the list: its own day is the one that counts.
    _, days_ago = max(signs, key=lambda sign: sign[0])
    return days_ago < stages.untouched_prospect_days


def is_kept(stages: Stages, meeting: Activity, lost: Activity | None, as_of: Instant) -> bool:
    """Tell whether a meeting was not lost, or was lost so lately that it can still be replaced."""
    if lost is None or meeting.occurred_us > lost.occurred_us:
        return True
    return as_of.day - lost.day < stages.meeting_replaced_within_days


def is_forecast(deal: Opportunity) -> bool:
    """Tell whether sales put a probability and an amount on an open opportunity."""
    return deal.amount is not None and deal.probability is not None and deal.probability > 0


def is_hot(stages: Stages, deal: Opportunity) -> bool:
    """Tell whether an open opportunity is likely, with amount and close date."""
    return (
        deal.probability is not None
        and deal.probability >= stages.hot_probability
        and deal.amount is not None
        and deal.close_us is not None
    )


def count_families(rules: RuleSet, counted: Sequence[Counted]) -> int:
    """Count the signal families that counted lately."""
    within = rules.hand_off.families_within_days
    return len({each.rule.family for each in counted if each.rule.family and each.age < within})


def previous_stage(state: State) -> Stage:
    """Return the stage a contact was in; one never seen before was a suspect."""
    return Stage(state.stage) if state.stage else Stage.SUSPECT

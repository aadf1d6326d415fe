"""Section 11: how much a contact is pressed."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from connector.rules.model import OPEN_TASK, Budget, RuleSet
from tests.reference.story import Activity, Instant


@dataclass(frozen=True, slots=True)
class Pressure:
    """How many touches there were, and from which day on every budget has room again."""

    touches_7d: int
    touches_30d: int
    until_day: int | None


def pressure(
    rules: RuleSet, activities: Sequence[Activity], as_of: Instant, *, is_handed_off: bool
) -> Pressure | None:
    """Return the pressure on a contact; None where nothing presses it.

    `is_handed_off`: a hand-off is open after this evaluation.
    """
    if rules.pressure is None:
        return None
    touches = [(each.type, each.day) for each in activities]
    if is_handed_off:
        touches.append((OPEN_TASK, as_of.day))

    def within(days: int, types: Set[str]) -> list[int]:
        return [day for kind, day in touches if kind in types and as_of.day - day < days]

    def room_again(budget: Budget) -> int | None:
        latest = sorted(within(budget.within, budget.touches), reverse=True)
        is_used_up = len(latest) >= budget.most
        return latest[budget.most - 1] + budget.within if is_used_up else None

    budgets = rules.pressure.budgets
    counted = [within(30, rules.pressure.touches)]
    counted += [within(each.within, each.touches) for each in budgets]
    if not any(counted):
        return None
    days = [room_again(each) for each in budgets]
    return Pressure(
        touches_7d=len(within(7, rules.pressure.touches)),
        touches_30d=len(within(30, rules.pressure.touches)),
        until_day=max((day for day in days if day is not None), default=None),
    )
